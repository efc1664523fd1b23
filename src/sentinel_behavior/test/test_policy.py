"""Choices: what may be used, what is learned, what survives a restart."""

import math
import random
from collections import Counter
from dataclasses import replace

import pytest
from sentinel_behavior.deterrents import Deterrent, Deterrents, Light, Motion, Sound
from sentinel_behavior.policy.baselines import First, RoundRobin, Uniform
from sentinel_behavior.policy.candidates import Allowed, Usage, candidates
from sentinel_behavior.policy.choice import Context
from sentinel_behavior.policy.store import PolicyStore
from sentinel_behavior.policy.thompson import Thompson
from sentinel_behavior.policy.trial import HOLD_OUT, NEUTRAL, TREATMENT, Trial

NIGHT = Context('raccoon', 'night', 'bed')
DAY = Context('raccoon', 'day', 'bed')
ALL = Allowed(sound=True, light=True, translation=True, turning=True)
WHO = frozenset({'raccoon'})
BARK = Deterrent('bark', 3.0, 1, WHO, cool_down=20.0, per_hour=2, sound=Sound('bark', 1.0))
FLASH = Deterrent('flash', 3.0, 1, WHO, light=Light((1.0, 0.0, 0.0), 2.0))
LUNGE = Deterrent('lunge', 3.0, 2, WHO, motion=Motion('lunge'))
STOMP = Deterrent('stomp', 3.0, 1, WHO, motion=Motion('stomp'), in_quiet_hours=False)
TONE = Deterrent('tone', 3.0, 1, WHO, neutral=True, sound=Sound('tone', 1.0))
CATALOGUE = Deterrents(
    ('raccoon',), frozenset(), {d.name: d for d in (BARK, FLASH, LUNGE, STOMP, TONE)}
)


def rejections(allowed=ALL, usage=None, now=1000.0, **options):
    found = candidates(
        CATALOGUE,
        **{
            'species': 'raccoon',
            'allowed': allowed,
            'usage': usage or Usage(),
            'step': 5,
            'now': now,
            **options,
        },
    )
    return {c.name: c.rejected for c in found if c.rejected}


@pytest.mark.parametrize(
    ('options', 'name', 'words'),
    [
        ({'species': 'opossum'}, 'flash', 'not for opossum'),
        ({'allowed': replace(ALL, sound=False)}, 'bark', 'forbids sound'),
        ({'allowed': replace(ALL, light=False)}, 'flash', 'forbids light'),
        ({'allowed': replace(ALL, translation=False)}, 'lunge', 'forbids motion'),
        ({'allowed': replace(ALL, turning=False)}, 'stomp', 'forbids motion'),
        ({'allowed': replace(ALL, quiet=True)}, 'stomp', 'not in quiet hours'),
        ({'step': 1}, 'lunge', 'rung 2'),
        ({'several': True}, 'lunge', 'several animals'),
        ({'neutral': True}, 'flash', 'control sound'),
        ({}, 'tone', 'control sound'),
    ],
)
def test_a_candidate_is_rejected_with_its_reason(options, name, words):
    assert words in rejections(**options)[name]


@pytest.mark.parametrize(
    ('silent', 'quiet', 'step', 'rejected'),
    [
        (True, True, 1, 'rung 2 is not reached yet'),
        (True, True, 2, ''),
        (True, False, 1, ''),
        (False, True, 1, ''),
    ],
)
def test_a_silent_first_rung_in_quiet_hours_is_a_switch(silent, quiet, step, rejected):
    found = candidates(
        replace(CATALOGUE, silent_first=silent),
        species='raccoon',
        allowed=replace(ALL, quiet=quiet),
        usage=Usage(),
        step=step,
        now=1000.0,
    )
    by_name = {c.name: c.rejected for c in found}
    assert by_name['bark'] == rejected
    assert by_name['flash'] == ''


def test_stamping_on_the_spot_needs_no_walking():
    assert 'stomp' not in rejections(allowed=replace(ALL, translation=False))


def test_a_control_visit_gets_the_control_alone():
    assert set(rejections(neutral=True)) == {'bark', 'flash', 'lunge', 'stomp'}


def test_cool_down_budget_and_no_repeat():
    usage = Usage()
    usage.note('bark', 1000.0)
    usage.note('flash', 1005.0)
    assert 'cools down for another 10 s' in rejections(usage=usage, now=1010.0)['bark']
    assert rejections(usage=usage, now=1030.0) == {
        'flash': 'used last time',
        'tone': 'control sound of a trial',
    }
    usage.note('bark', 1030.0)
    usage.note('flash', 1040.0)
    assert '2 times' in rejections(usage=usage, now=1100.0)['bark']
    assert 'bark' not in rejections(usage=usage, now=1000.0 + 3601.0)


def thompson(seed=1, **priors):
    names = priors or {n: (1.0, 1.0) for n in ('a', 'b', 'c')}
    return Thompson(random.Random(seed), names)


def play(policy, effect, trials=300, context=NIGHT, seed=2):
    """Let ``policy`` try things that work with the given probability; how often each was used."""
    world, used, last = random.Random(seed), Counter(), ''
    for _ in range(trials):
        name = policy.choose([n for n in effect if n != last], context).name
        policy.learn(name, context, float(world.random() < effect[name]))
        used[name] += 1
        last = name
    return used


def test_it_learns_what_works():
    used = play(thompson(), {'a': 0.2, 'b': 0.8, 'c': 0.2})
    # Never twice running, so the best can have half of the trials at most.
    assert used['b'] > 120


def test_it_forgets_what_no_longer_works():
    policy = thompson()
    play(policy, {'a': 0.9, 'b': 0.2, 'c': 0.2})
    later = play(policy, {'a': 0.1, 'b': 0.8, 'c': 0.1})
    assert later['b'] > 120


def test_the_prior_decides_while_nothing_is_known():
    policy = thompson(good=(20.0, 1.0), bad=(1.0, 20.0))
    assert Counter(policy.choose(['good', 'bad'], NIGHT).name for _ in range(50)) == {'good': 50}


def test_another_context_counts_half():
    policy = thompson()
    policy.learn('a', DAY, 1.0)
    assert policy.belief('a', DAY) == (2.0, 1.0)
    assert policy.belief('a', NIGHT) == (1.5, 1.0)
    assert policy.belief('a', Context('fox', 'day')) == (1.0, 1.0)


def test_another_zone_of_the_night_counts_nearly_as_much():
    policy = thompson()
    policy.learn('a', NIGHT, 1.0)
    assert policy.belief('a', Context('raccoon', 'night', 'lawn')) == (1.9, 1.0)


def test_a_slow_departure_counts_in_part():
    policy = thompson()
    policy.learn('a', NIGHT, 0.6)
    assert policy.belief('a', NIGHT) == (1.6, 1.4)


def test_the_values_explain_the_choice():
    choice = thompson().choose(['a', 'b'], NIGHT)
    assert choice.name == max(choice.values, key=choice.values.get)
    assert set(choice.values) == {'a', 'b'}


def test_the_same_seed_chooses_the_same():
    effect = {'a': 0.3, 'b': 0.5, 'c': 0.4}
    assert play(thompson(7), effect) == play(thompson(7), effect)


def test_a_restart_goes_on_where_it_was(tmp_path):
    store, policy = PolicyStore(tmp_path / 'deep' / 'policy.json'), thompson()
    play(policy, {'a': 0.2, 'b': 0.8, 'c': 0.2})
    store.save(policy, Usage())
    again = thompson()
    assert store.load(again, Usage()) == ''
    assert [again.belief(n, NIGHT) for n in 'abc'] == [policy.belief(n, NIGHT) for n in 'abc']


def test_round_robin_goes_on_too(tmp_path):
    store, policy = PolicyStore(tmp_path / 'policy.json'), RoundRobin()
    assert [policy.choose('abc', NIGHT).name for _ in range(4)] == list('abca')
    store.save(policy, Usage())
    again = RoundRobin()
    assert store.load(again, Usage()) == '' and again.choose('abc', NIGHT).name == 'b'


@pytest.mark.parametrize(
    ('text', 'words'),
    [
        ('{', 'damaged'),
        ('[]', 'damaged'),
        ('{"version": 1, "policy": "thompson", "state": {"counts": {"x": {"a": {"k": [-1, 0]}}}}}',
         'damaged'),
        ('{"version": 9}', 'version 9'),
        ('{"version": 1, "policy": "first", "state": {}}', 'of the policy first'),
    ],
)  # fmt: skip
def test_a_file_that_does_not_fit_starts_from_the_prior(tmp_path, text, words):
    path, policy = tmp_path / 'policy.json', thompson()
    path.write_text(text)
    assert words in PolicyStore(path).load(policy, Usage())
    assert policy.belief('a', NIGHT) == (1.0, 1.0)
    aside = {'version 9': 'version-9', 'of the policy first': 'first'}.get(words, words)
    assert path.with_suffix(f'.{aside}').read_text() == text


def test_another_policy_for_one_night_erases_nothing(tmp_path):
    store, policy, guest = PolicyStore(tmp_path / 'policy.json'), thompson(), First()
    policy.learn('a', NIGHT, 1.0)
    store.save(policy, Usage())
    assert 'of the policy thompson' in store.load(guest, Usage())
    store.save(guest, Usage())
    again = thompson()
    assert store.load(again, Usage()) == ''
    assert again.belief('a', NIGHT) == policy.belief('a', NIGHT)
    assert store.load(guest, Usage()) == ''  # and so does the guest


@pytest.mark.parametrize('name', ['"../x"', '["a"]', '""', '"a\\u0000b"'])
def test_a_policy_of_no_name_is_damaged(tmp_path, name):
    path = tmp_path / 'policy.json'
    path.write_text(f'{{"version": 1, "policy": {name}, "state": {{}}}}')
    PolicyStore(path).load(thompson(), Usage())
    assert not path.exists() and len(list(tmp_path.iterdir())) == 1


def test_a_file_of_other_bytes_than_text_is_damaged(tmp_path):
    path = tmp_path / 'policy.json'
    path.write_bytes(b'\x9f\xff\x00{')
    assert 'damaged' in PolicyStore(path).load(thompson(), Usage())


def test_a_damaged_file_that_cannot_be_moved_is_a_sentence_too(tmp_path, monkeypatch):
    path = tmp_path / 'policy.json'
    path.write_text('{')

    def refuse(self, target):
        raise PermissionError(13, 'Permission denied')

    monkeypatch.setattr(type(path), 'replace', refuse)
    assert 'damaged' in PolicyStore(path).load(thompson(), Usage())


def test_what_was_used_last_is_not_the_first_after_a_restart(tmp_path):
    store, before, after = PolicyStore(tmp_path / 'policy.json'), Usage(), Usage()
    before.note('flash', 5.0)
    store.save(thompson(), before)
    store.load(thompson(), after)
    assert after.last == 'flash' and after.since('flash', 10.0) == math.inf


def test_a_deterrent_that_is_gone_is_forgotten(tmp_path):
    store = PolicyStore(tmp_path / 'policy.json')
    policy = thompson()
    policy.learn('a', NIGHT, 1.0)
    policy.learn('b', NIGHT, 1.0)
    store.save(policy, Usage())
    smaller = thompson(b=(1.0, 1.0))
    store.load(smaller, Usage())
    assert list(smaller.state()['counts']['raccoon']) == ['b']


def test_baselines():
    assert First().choose('abc', NIGHT).name == 'a'
    uniform = Uniform(random.Random(1))
    shares = Counter(uniform.choose('abc', NIGHT).name for _ in range(3000))
    assert all(900 < shares[n] < 1100 for n in 'abc')


def test_a_trial_assigns_its_shares():
    chance = random.Random(1)
    arms = Counter(Trial(0.3, 0.1).assign(chance)[0] for _ in range(10_000))
    assert arms[HOLD_OUT] == pytest.approx(3000, rel=0.05)
    assert arms[NEUTRAL] == pytest.approx(1000, rel=0.1)
    assert arms[TREATMENT] == pytest.approx(6000, rel=0.05)


def test_switching_a_trial_on_shifts_no_later_assignment():
    plain, groups = random.Random(1), random.Random(1)
    for _ in range(20):
        Trial().assign(plain)
        Trial(a_a=True).assign(groups)
    assert plain.random() == groups.random()


def test_without_a_trial_everybody_is_treated():
    assert Trial().assign(random.Random(1)) == (TREATMENT, '')
