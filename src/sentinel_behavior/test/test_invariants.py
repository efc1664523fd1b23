"""The invariants of docs/safety.md against random worlds, some made up by hypothesis."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentinel_behavior.bench.invariants import WORLDS
from sentinel_behavior.geometry import Pose
from sentinel_behavior.guard.parameters import DEFAULTS
from sentinel_behavior.lockstep import make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame

COUNTS = {'person_or_pet': 400, 'distance': 60, 'silence': 60}


@pytest.mark.parametrize('name', WORLDS)
def test_no_random_world_breaks_it(name):
    for seed in range(COUNTS[name]):
        assert WORLDS[name](random.Random(f'{name} {seed}')) == [], seed


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


@settings(max_examples=60, deadline=None)
@given(st.lists(picture, min_size=5, max_size=60), st.sampled_from(sorted(POLICIES)))
def test_no_stimulus_with_a_person_or_pet_about(pictures, policy):
    world = make_lockstep(policy=POLICIES[policy], run='t')
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
