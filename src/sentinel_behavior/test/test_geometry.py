"""Dead reckoning: where the robot is, and where it was when a picture was taken."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentinel_behavior.geometry import TRAIL, DeadReckoning, inside_by, segment_distance, yaw_of
from sentinel_common.geometry import Pose, Twist

speed, turn = st.floats(-0.3, 0.3), st.floats(-1.5, 1.5)
moves = st.lists(
    st.tuples(st.builds(Twist, speed, speed, turn), st.floats(0.01, 0.5)), min_size=1, max_size=20
)


def near(a, b):
    return (a.x, a.y, a.yaw) == pytest.approx((b.x, b.y, b.yaw), abs=1e-9)


def test_half_a_circle_ends_beside_its_start():
    end = Pose().moved(Twist(0.2, 0.0, 0.5), math.pi / 0.5)
    assert near(end, Pose(0.0, 2 * 0.2 / 0.5, math.pi))


@given(moves)
def test_the_way_back_is_the_way_that_was_commanded(commands):
    reckoning, now, past = DeadReckoning(), 100.0, []
    for twist, seconds in commands:
        reckoning.command(twist, now)
        for _ in range(4):
            past.append((now, reckoning.pose))
            now += seconds / 4
            reckoning.advance(now)
    for time, pose in past:
        if time >= now - TRAIL:
            assert near(reckoning.pose_at(time), pose)
    assert near(reckoning.pose_at(now), reckoning.pose)


@given(moves)
def test_a_time_that_is_over_moves_nothing(commands):
    once, twice = DeadReckoning(), DeadReckoning()
    now = 100.0
    for twist, seconds in commands:
        once.command(twist, now)
        twice.command(twist, now)
        now += seconds
        twice.advance(now - 0.01)
        twice.advance(now - 0.3)
        for reckoning in (once, twice):
            reckoning.advance(now)
    assert near(once.pose, twice.pose)


def test_a_fix_moves_the_past_as_well():
    reckoning = DeadReckoning()
    reckoning.command(Twist(0.2), 100.0)
    reckoning.fix(Pose(5.0, 5.0, math.pi / 2), 0.01, 101.0)
    assert near(reckoning.pose_at(100.5), Pose(5.0, 4.9, math.pi / 2))
    assert near(reckoning.pose, Pose(5.0, 5.0, math.pi / 2))


@pytest.mark.parametrize(
    ('point', 'distance'), [((1, 1), 1.0), ((-3, 4), 5.0), ((5, 4), 5.0), ((2, 0), 0.0)]
)
def test_how_far_a_point_is_from_a_way(point, distance):
    assert segment_distance(point, (0, 0), (2, 0)) == pytest.approx(distance)
    assert segment_distance(point, (2, 0), (0, 0)) == pytest.approx(distance)


# An L: its inner corner is at 1, 1.
L_SHAPE = ((0, 0), (3, 0), (3, 1), (1, 1), (1, 3), (0, 3))


@pytest.mark.parametrize(
    ('point', 'inside'),
    [((0.5, 2), 0.5), ((2, 0.75), 0.25), ((2, 2), -1.0), ((-3, -4), -5.0), ((0.5, 1), 0.5)],
)
def test_how_far_a_point_lies_inside_a_polygon(point, inside):
    for polygon in (L_SHAPE, L_SHAPE[::-1]):
        assert inside_by(point, polygon) == pytest.approx(inside)


@pytest.mark.parametrize('yaw', [-3.0, -1.0, 0.0, 0.5, 2.0])
@pytest.mark.parametrize('roll', [0.0, 0.3])
def test_heading_of_a_quaternion(yaw, roll):
    c, s, c_roll, s_roll = (f(a / 2) for a in (yaw, roll) for f in (math.cos, math.sin))
    assert yaw_of(c * s_roll, s * s_roll, s * c_roll, c * c_roll) == pytest.approx(yaw)
