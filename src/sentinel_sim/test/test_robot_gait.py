"""Each of the ten gait parameters does what its name says; kinematics only."""

from dataclasses import replace

import numpy as np
import pytest
from gaits import SLOW_CRAWL
from hypothesis import given, settings
from hypothesis import strategies as st
from sentinel_common.geometry import STOP, Twist
from sentinel_driver.hermes import GaitSetAll, GaitType
from sentinel_sim.robot import gait
from sentinel_sim.robot.gait import BodyPose, Gait

DT = 0.02
AHEAD = Twist(vx=0.1)


def feet(parameters: GaitSetAll, command: Twist = AHEAD, seconds: float = 4.0, **options):
    """Feet (n, 4, 3) in the body frame over a walk, the first second left out."""
    walk = Gait(parameters, **options)
    steps = [walk.step(DT, command, BodyPose()) for _ in range(round((seconds + 1) / DT))]
    return np.stack([gait.forward(joints) for joints in steps[round(1 / DT) :]])


def with_(parameters: GaitSetAll = gait.FAST_TROT, **changes: int) -> GaitSetAll:
    return replace(parameters, **changes)


def standing(parameters: GaitSetAll) -> np.ndarray:
    return feet(parameters, STOP, seconds=0.1)[-1]


def lifted(walk: np.ndarray) -> np.ndarray:
    """Which feet (n, 4) are in the air."""
    return walk[..., 2] > walk[..., 2].min(axis=0) + 0.002


def test_stance_angle_moves_the_feet_sideways():
    low, high = standing(with_(stance_angle=0)), standing(with_(stance_angle=255))
    assert np.all(np.abs(high[:, 1]) > np.abs(low[:, 1]) + 0.03)
    assert np.all(np.abs(high[:, 0]) < np.abs(low[:, 0]) - 0.03)


def test_stance_distance_spreads_the_feet():
    low, high = standing(with_(stance_distance=0)), standing(with_(stance_distance=255))
    spread = np.linalg.norm(high[:, :2], axis=1) - np.linalg.norm(low[:, :2], axis=1)
    assert spread == pytest.approx([0.05] * 4, abs=1e-3)


def test_step_duration_slows_the_feet_down():
    def steps(byte: int) -> int:
        air = lifted(feet(with_(step_duration=byte), Twist(vx=0.05)))
        return int((np.diff(air.astype(int), axis=0) == 1).sum())

    assert steps(0) > 1.5 * steps(128) > 1.5 * steps(255) > 0


def test_step_height_lifts_the_feet():
    def lift(byte: int) -> float:
        return float(np.ptp(feet(with_(step_height=byte))[..., 2]))

    assert lift(0) == pytest.approx(0.0, abs=1e-6)
    assert lift(128) == pytest.approx(0.0176, abs=0.001)
    assert lift(255) == pytest.approx(0.035, abs=0.001)


def test_step_shift_leans_away_from_the_lifted_foot_in_a_crawl():
    def leaning(byte: int) -> float:
        walk = feet(with_(SLOW_CRAWL, step_shift=byte), Twist(vx=0.02))
        air = lifted(walk)
        outwards = walk[..., :2].mean(axis=0)
        outwards /= np.linalg.norm(outwards, axis=1)[:, None]
        # The middle of the standing feet moves towards the lifted one as the body leans away.
        shifts = [
            walk[t, ~air[t], :2].mean(axis=0) @ outwards[np.flatnonzero(air[t])[0]]
            for t in range(len(walk))
            if air[t].sum() == 1
        ]
        return float(np.mean(shifts))

    assert leaning(255) > leaning(0) + 0.015


def test_gait_type_decides_how_many_feet_are_in_the_air():
    trot = lifted(feet(gait.FAST_TROT)).sum(axis=1)
    crawl = lifted(feet(SLOW_CRAWL, Twist(vx=0.05))).sum(axis=1)
    assert trot.max() == 2
    assert crawl.max() == 1


def test_a_crawl_knows_that_it_is_slower_than_told():
    walk = Gait(SLOW_CRAWL)
    for _ in range(100):
        walk.step(DT, Twist(vx=0.3), BodyPose())
    assert 0.1 < walk.velocity.vx < 0.25


def test_trot_lifts_diagonal_feet_together():
    air = lifted(feet(gait.FAST_TROT))
    assert np.array_equal(air[:, 0], air[:, 3])
    assert np.array_equal(air[:, 1], air[:, 2])


def test_body_height_is_that_above_the_feet():
    for byte, height in ((0, 0.050), (255, 0.1227)):
        walk = feet(with_(body_height=byte), STOP)
        assert walk[-1, :, 2] == pytest.approx([gait.FOOT_RADIUS - height] * 4, abs=1e-3)


def test_crank_randomness_varies_the_pace():
    def spread(byte: int) -> float:
        air = lifted(feet(with_(crank_randomness=byte), seconds=20.0))[:, 0]
        starts = np.flatnonzero(np.diff(air.astype(int)) == 1)
        return float(np.diff(starts).std())

    assert spread(255) > spread(0) + 1.0


def test_stance_randomness_varies_the_footholds():
    def spread(byte: int) -> float:
        walk = feet(with_(stance_randomness=byte), seconds=20.0)
        air = lifted(walk)[:, 0]
        landings = walk[1:, 0, :2][np.diff(air.astype(int)) == -1]
        return float(landings.std(axis=0).max())

    assert spread(255) > spread(0) + 0.003


def test_randomness_ends_when_the_robot_stands():
    walk = Gait(with_(stance_randomness=255, crank_randomness=255))
    for _ in range(200):
        walk.step(DT, AHEAD, BodyPose())
    for _ in range(100):
        last = walk.step(DT, STOP, BodyPose())
    assert walk.step(DT, STOP, BodyPose()) == pytest.approx(last)


@settings(max_examples=40, deadline=None)
@given(
    parameters=st.tuples(*[st.integers(0, 255)] * 10),
    crawl=st.booleans(),
    x=st.floats(-0.3, 0.3),
    y=st.floats(-0.3, 0.3),
    yaw=st.floats(-1.5, 1.5),
)
def test_any_parameters_give_joint_angles_within_limits_and_without_jumps(
    parameters, crawl, x, y, yaw
):
    kind = GaitType.CRAWL if crawl else GaitType.TROT
    walk = Gait(with_(GaitSetAll(*parameters), gait_type=kind))
    before = walk.step(DT, STOP, BodyPose())
    for _ in range(100):
        joints = walk.step(DT, Twist(x, y, yaw), BodyPose())
        assert np.all(np.isfinite(joints))
        assert np.all(joints >= gait.LOWER) and np.all(joints <= gait.UPPER)
        assert np.abs(joints - before).max() <= gait.JOINT_RATE * DT + 1e-9
        before = joints
