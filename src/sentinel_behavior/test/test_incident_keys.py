"""docs/incidents.md names every key that the brain writes into the log, and no other."""

import re
from pathlib import Path

import pytest
from sentinel_behavior.lockstep import make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.geometry import Pose

DOCS = Path(__file__).parents[3] / 'docs' / 'incidents.md'
SIGHT = {'range', 'range_low', 'scores', 'zone', 'box'}


@pytest.fixture(scope='module')
def written():
    """Keys of a night by kind: a raccoon comes, is deterred, a cat comes by, both leave."""
    world = make_lockstep(policy=POLICIES['first'], seed=1)
    scores = {'raccoon': 0.95}
    raccoon = Detection(Box(300, 200, 80, 60), scores, '1')
    cat = Detection(Box(20, 200, 60, 60), {'cat': 0.9}, '')
    keys, pose = {}, Pose()
    for picture in range(400):
        now = 1000.0 + picture / 8
        found = (raccoon,) * (picture < 200) + (cat,) * (100 < picture < 200)
        places = (Target('1', scores, 3.0, 0.0),) * (picture < 200)
        world.place(pose, 0.001, now)
        deeds = world.step(Frame(now, 'c', found), TargetFrame(now, 'b', places), hour=1.0)
        pose = pose.moved(deeds.twist, 1 / 8)
    for incident in world.incidents:
        keys.setdefault(incident.kind.name, set()).update(incident.detail)
    return keys


def documented():
    """Keys by kind, of the table in the docs; those in braces belong to a key's own value."""
    rows = re.findall(r'^\| `([A-Z_]+)` \|[^|]*\|(.*)\|$', DOCS.read_text(), re.MULTILINE)
    plain = {kind: re.sub(r'\{.*?\}|\(.*?\)', '', keys) for kind, keys in rows}
    return {kind: set(re.findall(r'`(\w+)`', keys)) for kind, keys in plain.items()}


def test_every_key_is_described(written):
    told = documented()
    assert {kind: keys - SIGHT for kind, keys in written.items()} == told


def test_what_is_told_of_an_animal_in_sight(written):
    for kind, keys in written.items():
        assert (keys >= SIGHT) == (kind != 'VISIT_ENDED'), kind
    line = next(line for line in DOCS.read_text().splitlines() if line.startswith('While the'))
    assert {*re.findall(r'`([a-z_]+)`', line)} == SIGHT
