"""Limits, permission, calibration and odometry, with time as an argument."""

import math
from dataclasses import astuple, fields

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sentinel_common.geometry import SLIP, STOP, Twist, wrap
from sentinel_driver.hermes import (
    Codec,
    Drive,
    GaitParameter,
    GaitSet,
    GaitSetAll,
    HeadColourSet,
    JointAngles,
    KinematicStance,
    LegPose,
    PlayAnimation,
    TakeSteps,
    Twitch,
)
from sentinel_driver.odometry import DRIFT, Odometry
from sentinel_driver.velocity_control import (
    COMMAND_AGE,
    Axis,
    Calibration,
    Limits,
    Permission,
    Walker,
    forbids,
)

LIMITS = Limits(
    speed=0.25,
    turn=1.2,
    acceleration=1.0,
    turn_acceleration=6.0,
    dead_speed=0.01,
    dead_turn=0.03,
)
CALIBRATION = Calibration(Axis(0.3), Axis(0.3), Axis(1.5))
FREE = {'translation': True, 'turning': True, 'light': True, 'max_speed': 1.0}


def walk(asked, seconds=2.0, permission=FREE, walker=None):
    """Ask for the same velocity at 20 Hz under a permission that stays young."""
    walker = walker or Walker(LIMITS)
    for i in range(int(seconds * 20) + 1):
        now = 10.0 + i / 20
        walker.permission = Permission(now, **permission)
        walker.ask(asked, now)
        decision = walker.step(now)
    return decision


@pytest.mark.parametrize(
    ('asked', 'walked'),
    [
        (Twist(vx=0.2), Twist(vx=0.2)),
        (Twist(vx=3.0), Twist(vx=0.25)),
        (Twist(vx=3.0, vy=4.0), Twist(vx=0.15, vy=0.2)),
        (Twist(wz=-9.0), Twist(wz=-1.2)),
        (Twist(vx=0.009, wz=0.029), STOP),
        (Twist(vx=math.nan), STOP),
        (Twist(vx=math.inf), STOP),
    ],
)
def test_limits_and_dead_band(asked, walked):
    got = walk(asked).velocity
    assert astuple(got) == pytest.approx(astuple(walked))


@pytest.mark.parametrize(
    ('permission', 'walked', 'why'),
    [
        ({}, STOP, 'walking'),
        ({'turning': True}, Twist(wz=0.5), 'walking'),
        ({'translation': True, 'max_speed': 0.1}, Twist(vx=0.1), 'speed limit 0.10'),
        ({**FREE, 'max_speed': 0.0}, Twist(wz=0.5), 'speed limit 0.00'),
        ({**FREE, 'emergency_stop': True}, STOP, 'emergency stop'),
    ],
)
def test_the_guard_takes_away(permission, walked, why):
    decision = walk(Twist(vx=0.2, wz=0.5), permission=permission)
    got = decision.velocity
    assert astuple(got) == pytest.approx(astuple(walked))
    assert why in decision.clipped


@pytest.mark.parametrize(
    ('heard', 'asked', 'moves'), [(0.4, 0.3, True), (0.51, 0.1, False), (0.1, 0.41, False)]
)
def test_age_counts_from_receipt(heard, asked, moves):
    walker = Walker(LIMITS)
    walker.permission = Permission(100.0 - heard, **FREE)
    walker.ask(Twist(vx=0.2), 100.0 - asked)
    decision = walker.step(100.0)
    assert decision.velocity.is_zero is not moves
    if moves:
        assert decision.until == pytest.approx(100.1)


@pytest.mark.parametrize(
    ('heard', 'asked', 'left'), [(0.4, 0.1, 0.1), (0.1, 0.3, 0.1), (0.0, 0.0, 0.4)]
)
def test_what_is_walked_holds_no_longer_than_command_and_permission(heard, asked, left):
    walker = Walker(LIMITS)
    walker.permission = Permission(100.0 - heard, **FREE)
    walker.ask(Twist(vx=0.2), 100.0 - asked)
    assert walker.step(100.0).until == pytest.approx(100.0 + left)


@pytest.mark.parametrize(
    ('rate', 'holds'), [(50, 0.2), (20, 0.2), (10, 0.3), (8, 0.375), (5, 0.4), (2.2, 0.4)]
)
def test_a_steady_publisher_is_missed_sooner(rate, holds):
    walker = Walker(LIMITS)
    for i in range(30):
        now = i / rate
        walker.permission = Permission(now, **FREE)
        walker.ask(Twist(vx=0.2), now)
        decision = walker.step(now)
    assert decision.until == pytest.approx(now + holds)
    assert not walker.step(now + holds - 0.01).velocity.is_zero
    assert walker.step(now + holds + 0.001).velocity.is_zero


def test_a_publisher_with_gaps_is_given_more_time():
    walker = Walker(LIMITS)
    now = 0.0
    for i in range(30):
        now += 0.12 if i % 5 == 0 else 0.05
        walker.ask(Twist(vx=0.2), now)
    assert walker.holds == pytest.approx(0.36)


def test_after_a_pause_the_pace_is_learnt_afresh():
    walker = Walker(LIMITS)
    for i in range(30):
        walker.ask(Twist(vx=0.2), i / 20)
    walker.ask(Twist(vx=0.2), 10.0)
    assert walker.holds == COMMAND_AGE


def test_no_word_from_the_guard_means_standing():
    walker = Walker(LIMITS)
    walker.ask(Twist(vx=0.2), 1.0)
    assert walker.step(1.0).velocity.is_zero


ARMED = {'armed': True, 'turning': True}
GAIT_VALUES = [f.name for f in fields(GaitSetAll) if f.name != 'gait_type']


@pytest.mark.parametrize(
    ('permission', 'age', 'person', 'brain'),
    [
        (None, 0.0, 'No word', 'No word'),
        ({**FREE, 'armed': True}, 0.6, 'No word', 'No word'),
        ({**FREE, 'armed': True, 'emergency_stop': True}, 0.1, 'emergency', 'emergency'),
        (FREE, 0.1, 'disarmed', 'disarmed'),
        (ARMED, 0.1, '', 'forbids'),
        ({**ARMED, 'translation': True}, 0.1, '', ''),
    ],
)
def test_what_may_move_the_robot_away(permission, age, person, brain):
    steps = Codec().payload(TakeSteps(3))
    said = permission and Permission(100.0 - age, **permission)
    for why, by_person in ((person, True), (brain, False)):
        found = forbids(steps, said, 100.0, by_person=by_person)
        assert why in found and bool(why) == bool(found)


@pytest.mark.parametrize(
    'motion',
    [
        Drive(forward=1),
        TakeSteps(1),
        GaitSet(0, GaitParameter.BODY_HEIGHT, 9),
        GaitSetAll.from_unit(gait_type=2, **dict.fromkeys(GAIT_VALUES, 0.5)),
        KinematicStance(),
        PlayAnimation(3),
        JointAngles.of([LegPose()] * 4),
        Twitch(1, 1),
    ],
    ids=lambda m: type(m).__name__,
)
def test_nothing_that_moves_is_sent_without_the_guard(motion):
    payload = Codec().payload(motion)
    assert 'No word' in forbids(payload, None, 100.0, by_person=True)
    assert forbids(payload, Permission(100.0, armed=True), 100.0)
    turning = Permission(100.0, armed=True, turning=True)
    assert bool(forbids(payload, turning, 100.0)) is isinstance(motion, Drive | TakeSteps)


@pytest.mark.parametrize(
    ('red', 'permission', 'age', 'allowed'),
    [
        (9, None, 0.0, False),
        (9, FREE, 0.6, False),
        (9, {**FREE, 'light': False}, 0.1, False),
        (9, FREE, 0.1, True),
        (0, None, 0.0, True),
    ],
)
def test_light_needs_permission_and_darkness_does_not(red, permission, age, allowed):
    colour = Codec().payload(HeadColourSet(red, 0, 0))
    said = permission and Permission(100.0 - age, **permission)
    assert forbids(colour, said, 100.0) is not allowed


def test_speed_grows_slowly_and_falls_at_once():
    walker = Walker(LIMITS)
    first = walk(Twist(vx=0.25), seconds=0.1, walker=walker).velocity.vx
    assert 0 < first <= 0.25 and first <= 1.0 * 0.2 + 1e-9
    walk(Twist(vx=0.25), walker=walker)
    walker.ask(Twist(vx=0.05), 12.0)
    walker.permission = Permission(12.0, **FREE)
    assert walker.step(12.001).velocity.vx == 0.05
    walker.ask(Twist(vx=-0.25), 12.0)
    assert -0.01 < walker.step(12.005).velocity.vx < 0


def test_halt_forgets():
    walker = Walker(LIMITS)
    walk(Twist(vx=0.2), walker=walker)
    walker.halt()
    assert walker.step(12.0).velocity.is_zero


def test_after_a_halt_it_begins_slowly():
    walker = Walker(LIMITS)
    walk(Twist(vx=0.2), walker=walker)  # until 12.0
    walker.halt()
    walker.ask(Twist(vx=0.2), 12.01)
    assert 0 < walker.step(12.01).velocity.vx <= 0.01 + 1e-9


def test_a_pause_is_not_made_up_for():
    walker = Walker(LIMITS)
    walker.step(10.0)
    walker.permission = Permission(11.0, **FREE)
    walker.ask(Twist(vx=0.25), 11.0)
    assert walker.step(11.0).velocity.vx == pytest.approx(0.1)


@pytest.mark.parametrize('asked', [Twist(vx=0.2), Twist(vy=-0.2), Twist(0.1, 0.1)])
def test_walking_is_forbidden_in_every_direction(asked):
    assert walk(asked, permission={'turning': True, 'max_speed': 1.0}).velocity.is_zero


@pytest.mark.parametrize(
    ('velocity', 'drive'),
    [
        (Twist(vx=0.3), Drive(forward=127)),
        (Twist(vx=-0.15), Drive(forward=-64)),
        (Twist(vy=0.3), Drive(strafe=-127)),  # left is negative strafe
        (Twist(wz=1.5), Drive(turn=-127)),  # counter-clockwise is negative turn
        (Twist(vx=99.0), Drive(forward=127)),
    ],
)
def test_signs_and_scale(velocity, drive):
    assert CALIBRATION.drive(velocity) == drive


def test_units_that_do_not_move_it_are_skipped():
    axis = Axis(0.3, offset=27)
    assert axis.units(0.003) == 28 and axis.units(0.3) == 127 and axis.units(0.0) == 0
    assert axis.velocity(27) == 0.0


def test_an_axis_may_count_the_other_way():
    assert Axis(-1.5).units(1.5) == -127 and Axis(-1.5).velocity(-127) == 1.5


@given(
    full=st.floats(0.05, 2.0),
    offset=st.floats(0, 100),
    share=st.floats(-1, 1),
)
def test_units_and_back(full, offset, share):
    axis = Axis(full, offset)
    back = axis.velocity(axis.units(share * full))
    assert back == pytest.approx(share * full, abs=full / (127 - offset))


def test_odometry_follows_a_circle():
    robot = Odometry(velocity=Twist(vx=0.2, wz=0.5))
    for _ in range(1000):
        robot.advance(math.tau / 0.5 / 2000)
    assert (robot.pose.x, robot.pose.y) == pytest.approx((0.0, 0.8), abs=1e-3)
    assert abs(wrap(robot.pose.yaw)) == pytest.approx(math.pi, abs=1e-6)


def test_covariance_grows_with_the_way_and_only_then():
    robot = Odometry(velocity=Twist(vx=0.2))
    for _ in range(500):
        robot.advance(0.01)
    assert math.sqrt(robot.covariance[0, 0]) == pytest.approx(SLIP * 1.0, rel=0.05)
    assert math.sqrt(robot.covariance[2, 2]) == pytest.approx(DRIFT * 1.0, rel=0.05)
    assert robot.covariance[1, 1] > robot.covariance[0, 0], 'heading error moves it sideways'
    assert np.all(np.linalg.eigvalsh(robot.covariance) >= 0)
    before = robot.covariance.copy()
    robot.velocity = STOP
    robot.advance(100.0)
    assert np.array_equal(robot.covariance, before)
