"""What the driver makes of the guard's words, in whichever order they come."""

from types import SimpleNamespace

import pytest
from sentinel_driver.driver_permissions import Permissions
from sentinel_driver.errors import CommandRejectedError
from sentinel_driver.hermes import Codec, TakeSteps
from std_msgs.msg import Bool

from sentinel_msgs.msg import SafetyState

STEPS = Codec().payload(TakeSteps(3))
FREE = {'armed': True, 'translation_allowed': True, 'turning_allowed': True}


class Bench(Permissions):
    def __init__(self):
        self.changes, self.halts = [], []
        node = SimpleNamespace(create_subscription=lambda *_: None)
        super().__init__(node, self.changes.append, lambda: self.halts.append(1))

    def free(self, **fields):
        self.on_safety(SafetyState(**{**FREE, **fields}))

    def stop(self, pressed):
        self._on_emergency_stop(Bool(data=pressed))

    @property
    def moves(self):
        try:
            self.check(STEPS, by_person=True)
        except CommandRejectedError:
            return False
        return True


@pytest.fixture
def bench():
    return Bench()


def test_the_emergency_stop_halts_at_once_and_is_told(bench):
    bench.free()
    assert bench.moves and not bench.halts
    bench.stop(True)
    assert bench.halts == [1] and not bench.moves
    assert [c.emergency_stop for c in bench.changes] == [False, True]


def test_a_word_of_the_guard_from_before_the_emergency_stop_does_not_release_it(bench):
    bench.stop(True)
    bench.free()  # was under way when it was pressed
    assert not bench.moves
    bench.stop(False)
    assert not bench.moves  # not before the guard says so as well
    bench.free()
    assert bench.moves


@pytest.mark.parametrize(
    ('fields', 'brain_halts', 'person_halts'),
    [
        ({}, False, False),
        ({'translation_allowed': False}, True, False),
        ({'turning_allowed': False}, True, False),
        ({'armed': False}, True, True),
        ({'emergency_stop': True}, True, True),
    ],
)
def test_what_the_robot_does_by_itself_ends_with_its_permission(
    bench, fields, brain_halts, person_halts
):
    for by_person, halts in ((False, brain_halts), (True, person_halts)):
        bench.free()
        bench.acts(STEPS, by_person=by_person)
        bench.free(**fields)
        bench.watch()
        assert bool(bench.halts) is halts
        bench.halts.clear()
        bench.rests()
        bench.watch()
        assert not bench.halts
