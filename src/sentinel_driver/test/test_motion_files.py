"""Motion and gait files.

Keys, gaps, damage, and that nothing outside the joints' ranges is ever sent.
"""

import base64
import gzip
import json
import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sentinel_driver.hermes import JOINT_RANGES, LegPose
from sentinel_driver.motion_files import BLEND_FRAMES, MotionError

from sentinel_driver import motion_files

LOW = LegPose(knee=190, thigh=100, hip=150)
HIGH = LegPose(knee=170, thigh=140, hip=130)


def motion_file(length, keys):
    """Text of a .motion of ``length`` frames; ``keys`` maps frames to poses for each leg."""
    frames = []
    for index in range(length):
        legs = []
        for leg in keys:
            pose = leg.get(index)
            values = {j: getattr(pose, j.lower()) if pose else 0 for j in ('Hip', 'Knee', 'Thigh')}
            legs.append({**values, 'HasValue': pose is not None})
        frames.append({'Frame': index, 'Legs': legs})
    data = json.dumps({'NumFrames': length, 'Frames': frames}).encode()
    packed = struct.pack('<I', len(data)) + gzip.compress(data)
    return json.dumps({'title': 'A', 'data': base64.b64encode(packed).decode()})


@pytest.fixture
def saved(tmp_path):
    """Save a motion of ten frames with the given keys and load it again."""

    def save(*legs, length=10):
        path = tmp_path / 'a.motion'
        path.write_text(motion_file(length, legs))
        return motion_files.load_motion(path)

    return save


def front_left(motion, frame):
    return motion.pose(frame + BLEND_FRAMES).legs[0]


def test_between_keys_it_is_linear_and_outside_them_held(saved):
    motion = saved({2: LOW, 6: HIGH}, {}, {}, {})
    assert front_left(motion, 0) == front_left(motion, 2) == LOW
    assert front_left(motion, 4) == LegPose(knee=180, thigh=120, hip=140)
    assert front_left(motion, 9) == HIGH


def test_a_leg_without_a_key_stands(saved):
    motion = saved({0: LOW}, {}, {}, {})
    assert all(motion.pose(i).legs[3] == LegPose() for i in range(motion.frames))


def test_it_starts_and_ends_standing_without_a_jump(saved):
    motion = saved({0: LOW}, {0: HIGH}, {0: LOW}, {0: HIGH})
    poses = [motion.pose(i) for i in range(motion.frames)]
    assert poses[-1].legs == (LegPose(),) * 4
    steps = [
        abs(getattr(a.legs[leg], joint) - getattr(b.legs[leg], joint))
        for a, b in pairwise(poses)
        for leg in range(4)
        for joint in JOINT_RANGES
    ]
    assert max(steps) <= 50 / BLEND_FRAMES + 1


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.dictionaries(
            st.integers(0, 19),
            st.builds(
                LegPose,
                knee=st.integers(107, 200),
                thigh=st.integers(50, 150),
                hip=st.integers(100, 200),
            ),
        ),
        min_size=4,
        max_size=4,
    )
)
def test_every_frame_of_any_motion_is_within_the_ranges(keys):
    motion = motion_files.Motion(
        'any', 20, tuple(tuple(motion_files.Key(i, p) for i, p in sorted(k.items())) for k in keys)
    )
    for index in range(motion.frames):
        motion.pose(index)  # a pose out of range cannot be made


def packed(path, inner, size=None):
    data = json.dumps(inner).encode()
    head = struct.pack('<I', len(data) if size is None else size)
    body = base64.b64encode(head + gzip.compress(data)).decode()
    path.write_text(json.dumps({'title': 'T', 'data': body}))
    return path


def frame(index, **values):
    leg = {'Hip': 150, 'Knee': 180, 'Thigh': 125, 'HasValue': True, **values}
    return {'Frame': index, 'Legs': [leg] * 4}


def test_values_out_of_range_are_clipped_and_counted(tmp_path):
    path = packed(tmp_path / 'a.motion', {'NumFrames': 1, 'Frames': [frame(0, Hip=250, Knee=0)]})
    motion = motion_files.load_motion(path)
    assert motion.clipped == 8
    assert front_left(motion, 0).hip == 200 and front_left(motion, 0).knee == 107


@pytest.mark.parametrize(
    'inner',
    [
        {'NumFrames': 0, 'Frames': []},
        {'NumFrames': 1, 'Frames': [frame(1)]},
        {'NumFrames': 1, 'Frames': [{'Frame': 0, 'Legs': []}]},
        {'NumFrames': 1, 'Frames': [frame(0, Hip='x')]},
        {'NumFrames': 1, 'Frames': [frame(0, Hip=float('nan'))]},
        {'NumFrames': 1, 'Frames': [frame(0, Hip=float('inf'))]},
        {'NumFrames': float('inf'), 'Frames': []},
        {'NumFrames': 1},
        {'NumFrames': 10**9, 'Frames': []},
        [],
    ],
)
def test_a_motion_that_makes_no_sense_is_refused(tmp_path, inner):
    with pytest.raises(MotionError):
        motion_files.load_motion(packed(tmp_path / 'a.motion', inner))


@pytest.mark.parametrize('size', [0, 5, 2**31])
def test_a_wrong_size_is_refused(tmp_path, size):
    path = packed(tmp_path / 'a.motion', {'NumFrames': 1, 'Frames': []}, size=size)
    with pytest.raises(MotionError):
        motion_files.load_motion(path)


@pytest.mark.parametrize(
    'text',
    [
        '',
        '{',
        '[]',
        '{}',
        '{"data": 1}',
        '{"data": "%%"}',
        '{"data": ""}',
        pytest.param('[' * 100_000, id='deep'),
    ],
)
@pytest.mark.parametrize('load', [motion_files.load_motion, motion_files.load_gait])
def test_a_damaged_file_is_refused(tmp_path, text, load):
    path = tmp_path / 'a'
    path.write_text(text)
    with pytest.raises(MotionError):
        load(path)


@pytest.mark.parametrize('name', motion_files.presets('motion'))
def test_bundled_motions_can_be_played(name):
    motion = motion_files.load_motion(motion_files.find(name, 'motion'))
    assert motion.clipped == 0 and motion.frames > 30
    assert len({motion.pose(i) for i in range(motion.frames)}) > 10


@pytest.mark.parametrize('name', motion_files.presets('gait'))
def test_bundled_gaits_can_be_set(name):
    gait = motion_files.load_gait(motion_files.find(name, 'gait'))
    assert len(gait.body()) == 10


@pytest.mark.parametrize(
    'change',
    [
        {'gaitType': 3},
        {'gaitType': float('inf')},
        {'stepHeight': 1.5},
        {'stepHeight': None},
    ],
)
def test_a_gait_out_of_range_is_refused(tmp_path, change):
    preset = json.loads(motion_files.find('trot', 'gait').read_text())
    preset['gaitParameters'].update(change)
    path = tmp_path / 'a.gait'
    path.write_text(json.dumps(preset))
    with pytest.raises(MotionError):
        motion_files.load_gait(path)


def test_an_unknown_name_lists_the_known_ones():
    with pytest.raises(MotionError, match='bow'):
        motion_files.find('moonwalk', 'motion')


@pytest.mark.parametrize(
    'name',
    [
        pytest.param('x' * 300, id='long'),
        pytest.param('/' + 'x' * 300, id='long path'),
        '~nosuchuser/x',
        'a\0b',
        '',
        '/',
    ],
)
@pytest.mark.parametrize('kind', ['motion', 'gait'])
def test_a_name_that_is_no_path_is_an_unknown_name(name, kind):
    with pytest.raises(MotionError, match='There is no'):
        motion_files.find(name, kind)


@pytest.mark.parametrize('load', [motion_files.load_motion, motion_files.load_gait])
def test_what_cannot_be_read_is_refused(tmp_path, load):
    huge = tmp_path / 'huge'
    with huge.open('wb') as file:
        file.truncate(10**12)
    for path in (tmp_path, tmp_path / 'gone', huge):
        with pytest.raises(MotionError):
            load(path)
