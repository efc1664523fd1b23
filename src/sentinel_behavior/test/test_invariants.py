"""The invariants of docs/safety.md against random worlds, some made up by hypothesis."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentinel_behavior.bench.invariants import WORLDS
from sentinel_behavior.guard.parameters import DEFAULTS
from sentinel_behavior.lockstep import make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.geometry import Pose

COUNTS = {'person_or_pet': 400, 'distance': 60, 'silence': 60}


@pytest.mark.parametrize('name', WORLDS)
def test_no_random_world_breaks_it(name):
    for seed in range(COUNTS[name]):
        assert WORLDS[name](random.Random(f'{name} {seed}')) == [], seed


# Each way to act stands alone, so that each must end by itself; a hook is the brain's own to end.
CATALOGUE = """
target_species: [raccoon]
never_engage: [skunk]
deterrents:
  bark: {duration: 3.0, step: 1, sound: {name: bark, volume: 0.8}}
  flash: {duration: 3.0, step: 1, light: {color: [1, 1, 1], flash_hz: 2}}
  advance: {duration: 3.0, step: 1, motion: {kind: advance, speed: 0.2, stop_at: 1.2}}
  water: {duration: 3.0, step: 1, hook: {topic: valve}}
"""

RACCOON_BOX, OTHER_BOX = Box(300, 200, 80, 60), Box(20, 100, 60, 120)
score = st.floats(DEFAULTS['veto_level'], 1.0)
picture = st.fixed_dictionaries(
    {
        'wait': st.sampled_from([0.05, 0.1, 0.2]),
        'raccoon': st.one_of(st.none(), st.floats(0.5, 1.0)),
        'x': st.floats(0.5, 4.0),
        'y': st.floats(-1.0, 1.0),
        'other': st.one_of(
            st.none(), st.none(), st.none(),
            st.tuples(st.sampled_from(['person', 'cat', 'dog']), score, st.sampled_from(['', '9'])),
        ),
    }
)  # fmt: skip


@pytest.fixture(scope='module')
def catalogue(tmp_path_factory):
    path = tmp_path_factory.mktemp('invariants') / 'deterrents.yaml'
    path.write_text(CATALOGUE)
    return path


def watch(brain):
    """What the brain wanted at each tick, and the hooks that are open."""
    tick, wanted, hooks = brain.tick, [], set()

    def watched(now, hour):
        wants = tick(now, hour)
        wanted.append(wants)
        hooks.update({wants.hook} - {''})
        hooks.discard(wants.end_hook)
        return wants

    brain.tick = watched
    return wanted, hooks


def test_the_worlds_reach_every_way_to_act(catalogue):
    started = set()
    for policy in sorted(POLICIES):
        world = make_lockstep(policy=POLICIES[policy], run='t', deterrents=catalogue)
        world.place(Pose(), 0.001, 100.0)
        found, scores = (Detection(RACCOON_BOX, {'raccoon': 0.95}, '1'),), {'raccoon': 0.95}
        for tick in range(300):
            now = 100.0 + tick / 10
            places = (Target('1', scores, 3.0, 0.0),)
            world.step(Frame(now, 'c', found), TargetFrame(now, 'b', places), hour=12.0)
        started |= {i.deterrent for i in world.incidents}
    assert started >= {'bark', 'flash', 'advance', 'water'}


@settings(max_examples=60, deadline=None)
@given(st.lists(picture, min_size=5, max_size=60), st.sampled_from(sorted(POLICIES)))
def test_no_stimulus_with_a_person_or_pet_about(catalogue, pictures, policy):
    world = make_lockstep(policy=POLICIES[policy], run='t', deterrents=catalogue)
    wanted, hooks = watch(world.brain)
    now, shown = 100.0, -100.0
    world.place(Pose(), 0.001, now)
    for item in pictures:
        now += item['wait']
        found, places = [], []
        if item['raccoon'] is not None:
            scores = {'raccoon': item['raccoon'], 'cat': 1 - item['raccoon']}
            found.append(Detection(RACCOON_BOX, scores, '1'))
            places.append(Target('1', scores, item['x'], item['y']))
        if item['other'] is not None:
            species, value, track = item['other']
            found.append(Detection(OTHER_BOX, {species: value}, track))
            if track:
                places.append(Target(track, {species: value}, 3.0, 1.0))
            shown = now
        deeds = world.step(
            Frame(now, 'c', tuple(found)), TargetFrame(now, 'b', tuple(places)), hour=12.0
        )
        if now - shown <= 10.0:
            # Nothing starts, and what ran has ended with this very picture.
            assert deeds.play is None and not deeds.lit and deeds.twist.is_zero
            assert deeds.stop_sound
            # The brain itself wants nothing either: no guard stands before a hook.
            wants = wanted[-1]
            assert wants.play is None and not any(wants.color) and not hooks
            assert wants.twist is None or wants.twist.is_zero
