"""The judge of an encounter: from when on a raccoon should be answered, and what is an action."""

from types import SimpleNamespace

import pytest
from sentinel_behavior.guard.rules import PersonOrPet, UnsureTarget
from sentinel_bringup.night.judge import Judge


def world(*rules, sure=()):
    """What the judge reads of brain and guard in lock step."""
    findings = [SimpleNamespace(rule=rule.name) for rule in rules]
    guard = SimpleNamespace(scene=lambda _: SimpleNamespace(sure=frozenset(sure)))
    return SimpleNamespace(verdict=SimpleNamespace(findings=findings), guard=guard)


def met(*pictures, protected=True):
    """Result of pictures of .1 s: (acts, somebody is seen, a sign of them, world, confirmable)."""
    judge = Judge(protected, 'visitor')
    for i, (acts, seen, sign, told, confirmable) in enumerate(pictures):
        judge.see(i / 10, acts, seen, sign, told, confirmable=confirmable)
    return judge.result


@pytest.mark.parametrize(
    ('sure_from', 'clear_from', 'acts_from', 'first'),
    [
        (2, 0, 5, 0.3),
        (0, 2, 5, 0.3),  # a sure one that is still too small or half hidden is not due
        (0, 4, 2, 0.0),  # but nobody is blamed for an answer that comes before
        (2, 0, 9, None),
    ],
)
def test_a_raccoon_is_due_once_it_is_sure_and_can_be_confirmed(
    sure_from, clear_from, acts_from, first
):
    told = [world() if i >= sure_from else world(UnsureTarget) for i in range(8)]
    pictures = [(i >= acts_from, False, False, told[i], i >= clear_from) for i in range(8)]
    found = met(*pictures, protected=False)
    assert found.first == (None if first is None else pytest.approx(first))
    assert found.answered == (acts_from < 8) and not found.held


def test_a_veto_counts_as_held_only_while_an_answer_is_due():
    held, free = world(PersonOrPet), world()
    due = [(False, False, False, held, True), (True, False, False, free, True)]
    early = [(False, False, False, held, False), (True, False, False, free, True)]
    assert met(*due).held and not met(*early).held


@pytest.mark.parametrize(
    ('acts', 'action'),
    [
        ([0, 0, 1, 1, 1, 1] + [0] * 8, False),  # begun within .3 s, over within 1 s
        ([0, 0, 0, 0, 1, 0] + [0] * 8, True),  # begun later
        ([1] * 10 + [0] * 4, False),  # it ran before, and ends within 1 s
        ([1] * 14, True),
    ],
)
def test_what_is_an_action_at_somebody(acts, action):
    found = met(*((bool(a), i > 0, False, world(), True) for i, a in enumerate(acts)))
    assert found.action == action


def test_why_something_was_done_at_somebody():
    def why(sign, sure=()):
        return met(*((i > 4, True, sign and i == 0, world(sure=sure), True) for i in range(6))).why

    assert why(False) == 'starts: not seen up to then'
    assert why(True) == 'starts: a sign of it was excused'
    assert why(False, ['visitor']) == 'starts: taken for a raccoon, never a sign'
    assert why(True, ['visitor']) == 'starts: taken for a raccoon, a sign before'
