"""The emulated firmware without radio: payloads in, replies and joint targets out."""

from dataclasses import astuple

import numpy as np
import pytest
from gaits import SLOW_CRAWL
from sentinel_driver.hermes import (
    ACKNOWLEDGES,
    Codec,
    Command,
    Drive,
    DriveForm,
    GaitSet,
    GaitSetAll,
    GameState,
    HeadColourSet,
    JointAngles,
    KinematicStance,
    LegPose,
    PlayAnimation,
    Reply,
    StanceType,
    TakeSteps,
    Twitch,
)
from sentinel_sim.robot import gait, invented
from sentinel_sim.robot.mekamon import MekaMon

DT = 0.02
NEWER, OLDER = Codec(DriveForm.WALKING5), Codec(DriveForm.LEGACY4)


def run(robot: MekaMon, seconds: float) -> np.ndarray:
    """Joint targets (n, 4, 3) over ``seconds``."""
    return np.stack([robot.step(DT).reshape(4, 3) for _ in range(round(seconds / DT))])


def moves(robot: MekaMon, seconds: float = 0.5) -> bool:
    return bool(np.ptp(run(robot, seconds), axis=0).max() > 0.02)


@pytest.mark.parametrize(
    'command',
    [
        GameState(),
        GaitSet(0, 7, 40),
        SLOW_CRAWL,
        KinematicStance(StanceType.GYRATE),
        HeadColourSet(1, 2, 3),
        PlayAnimation(1),
    ],
)
def test_known_commands_are_acknowledged(command):
    payload = NEWER.payload(command)
    assert MekaMon().handle(payload) == [bytes((ACKNOWLEDGES[Command(payload[0])],))]


@pytest.mark.parametrize(
    'payload',
    [
        b'',
        bytes((99,)),
        bytes((18,)),  # firmware: not emulated at all
        bytes((4, 0, 10, 1)),  # no such gait parameter
        bytes((4, 0, 6, 3)),  # no such gait
        bytes((8, 9)),  # no such stance
        bytes((6, 1)),  # neither form of the drive command
        bytes((46, 1, 2)),
        bytes((220, 77, 0, 0, 100, 0)),  # no such animation
    ],
)
def test_what_is_not_understood_is_refused(payload):
    robot = MekaMon()
    assert robot.handle(payload) == [bytes((Reply.COMMAND_ERROR, *payload[:1]))]
    assert robot.refused == 1


@pytest.mark.parametrize(
    ('codec', 'form'), [(NEWER, DriveForm.WALKING5), (OLDER, DriveForm.LEGACY4)]
)
@pytest.mark.parametrize(
    ('drive', 'expected'),
    [
        (Drive(forward=127), (0.30, 0, 0)),
        (Drive(forward=-127), (-0.30, 0, 0)),
        (Drive(strafe=127), (0, -0.30, 0)),  # + is to the right on the wire, left in ROS
        (Drive(turn=127), (0, 0, -1.5)),  # + is clockwise on the wire, counter-clockwise in ROS
    ],
)
def test_both_generations_drive_the_same_way(codec, form, drive, expected):
    robot = MekaMon(form=form)
    robot.handle(codec.payload(drive))
    run(robot, 1.0)
    assert astuple(robot.walking) == pytest.approx(expected)
    assert robot.mixed_forms == 0


def test_newer_neutral_makes_the_older_firmware_stomp():
    robot = MekaMon(form=DriveForm.LEGACY4)
    robot.handle(NEWER.neutral)
    assert moves(robot, 2.0)
    assert abs(robot.walking.vy) == pytest.approx(0.30 * 3 / 127)
    assert robot.mixed_forms == 1


def test_newer_firmware_tolerates_the_older_form_and_it_is_flagged():
    robot = MekaMon()
    robot.handle(OLDER.payload(Drive(forward=64)))
    run(robot, 1.0)
    assert robot.walking.vx == pytest.approx(0.30 * 64 / 127)
    assert robot.mixed_forms == 1


def test_motion_is_latched_until_neutral():
    robot = MekaMon()
    robot.handle(NEWER.payload(Drive(forward=60)))
    run(robot, 10.0)
    assert moves(robot)
    robot.handle(NEWER.neutral)
    run(robot, 2.0)
    assert not moves(robot)


def test_feet_end_where_they_stand_after_a_walk():
    robot = MekaMon()
    stance = run(robot, DT)[0]
    robot.handle(NEWER.payload(Drive(forward=100, turn=-50)))
    run(robot, 3.13)
    robot.handle(NEWER.neutral)
    run(robot, 2.0)
    assert run(robot, DT)[0] == pytest.approx(stance, abs=0.05)


def test_walking_speed_scales_the_drive():
    robot = MekaMon()
    robot.handle(NEWER.payload(GaitSet(0, 2, 51)))
    robot.handle(NEWER.payload(Drive(forward=127)))
    run(robot, 1.0)
    assert robot.walking.vx == pytest.approx(0.06)


def test_force_defaults_restores_the_gait():
    robot = MekaMon()
    robot.handle(NEWER.payload(SLOW_CRAWL))
    robot.handle(NEWER.payload(GameState(force_defaults=0)))
    assert robot._gait.parameters == SLOW_CRAWL
    robot.handle(NEWER.payload(GameState(force_defaults=1)))
    assert robot._gait.parameters == gait.FAST_TROT


def test_gait_set_reaches_each_of_the_ten_parameters():
    robot = MekaMon()
    wanted = (1, 2, 3, 4, 5, 6, 4, 8, 9, 10)
    for index, value in enumerate(wanted):
        assert robot.handle(bytes((4, 0, index, value))) == [bytes((Reply.GAIT_SET_ACK,))]
    assert robot._gait.parameters == GaitSetAll(*wanted)


def test_head_colour():
    robot = MekaMon()
    robot.handle(NEWER.payload(HeadColourSet(255, 51, 0)))
    assert robot.head_color == (1.0, 0.2, 0.0)


def test_take_steps_ends_by_itself():
    robot = MekaMon()
    robot.handle(NEWER.payload(TakeSteps(3)))
    assert moves(robot)
    run(robot, 4.0)
    assert not moves(robot)


def test_dead_reckoning_walks_one_cycle():
    robot = MekaMon()
    robot.handle(bytes((6, 4, 127, 0, 0)))
    assert moves(robot)
    run(robot, 3.0)
    assert not moves(robot)


def test_centre_point_moves_the_centre_of_a_turn():
    robot = MekaMon()
    robot.handle(bytes((6, 2, 127, 0, 0)))
    robot.handle(NEWER.payload(Drive(turn=60)))
    feet = np.stack([gait.forward(j) for j in run(robot, 2.0)])[:, :, 1]
    sweep = np.ptp(feet, axis=0)
    assert sweep[2:].min() > 1.5 * sweep[:2].max()  # the turn is around a point in front


@pytest.mark.parametrize(
    ('setup', 'drive'),
    [
        (None, bytes((6, 0, 127, 0, 0))),
        (None, bytes((6, 1, 127, 0, 0))),
        (StanceType.GYRATE, bytes((6, 3, 127, 0, 0))),
        (StanceType.LINEAR, bytes((6, 3, 127, 0, 0))),
    ],
)
def test_body_moves_over_planted_feet(setup, drive):
    robot = MekaMon()
    before = gait.forward(run(robot, DT)[0])
    if setup is not None:
        robot.handle(NEWER.payload(KinematicStance(setup)))
    robot.handle(drive)
    after = gait.forward(run(robot, 2.0)[-1])
    assert np.abs(after - before).max() > 0.01
    # Planted: the feet keep their distances from each other.
    for a, b in ((0, 1), (0, 3), (1, 2)):
        apart = np.linalg.norm(after[a] - after[b])
        assert apart == pytest.approx(np.linalg.norm(before[a] - before[b]), abs=1e-3)


def test_joint_mode_obeys_joints_and_leaves_again():
    robot = MekaMon()
    standing = run(robot, DT)[0]
    pose = JointAngles.of([LegPose(knee=190, thigh=110, hip=160)] * 4)
    assert robot.handle(NEWER.payload(pose)) == [bytes((Reply.COMMAND_ERROR, 58))]  # not in mode
    robot.handle(NEWER.payload(KinematicStance(StanceType.LEG_JOINT_ANGLES)))
    assert robot.handle(NEWER.payload(pose)) == [bytes((Reply.SET_LEG_JOINT_ANGLES_ACK,))]
    reached = run(robot, 1.0)[-1]
    assert invented.units_from_joints(reached)[0].tolist() == [160, 110, 190]
    robot.handle(NEWER.payload(KinematicStance(StanceType.KINEMATIC)))
    assert run(robot, 1.0)[-1] == pytest.approx(standing, abs=1e-3)


def test_standing_units_are_the_stance():
    robot = MekaMon()
    units = invented.units_from_joints(run(robot, DT)[0])
    assert units.tolist() == [[150, 125, 180]] * 4


@pytest.mark.parametrize('animation', invented.ANIMATIONS)
@pytest.mark.parametrize('transform', range(6))
def test_animations_play_smoothly_and_end(animation, transform):
    robot = MekaMon()
    standing = run(robot, 0.2)[-1]
    robot.handle(NEWER.payload(PlayAnimation(animation, transform=transform)))
    played = run(robot, 3.0)
    assert np.ptp(played, axis=0).max() > 0.1
    assert np.abs(np.diff(played, axis=0)).max() / DT < 12.0  # rad/s: no jump
    assert played[-1] == pytest.approx(standing, abs=0.02)


def test_mirrored_wave_uses_the_other_leg():
    moved = []
    for transform in (0, 1):
        robot = MekaMon()
        run(robot, 0.2)
        robot.handle(NEWER.payload(PlayAnimation(1, transform=transform)))
        moved.append(int(np.ptp(run(robot, 1.5)[:, :, 0], axis=0).argmax()))
    assert moved == [1, 0]


def test_twitch_jerks_and_dies_away():
    robot = MekaMon()
    robot.handle(NEWER.payload(Twitch(0, 127)))
    assert moves(robot, 0.3)
    run(robot, 1.5)
    assert not moves(robot, 0.3)


def test_streams_come_at_their_rate_until_killed():
    robot = MekaMon()
    heard: list[bytes] = []
    robot.on_telemetry = heard.append
    for command in invented.STREAMS:
        assert Reply.COMMAND_ERROR not in [r[0] for r in robot.handle(bytes((command,)))]
    run(robot, 2.01)
    for reply, rate in invented.STREAMS.values():
        assert sum(p[0] == reply for p in heard) == pytest.approx(2 * rate, abs=1)
    robot.handle(bytes((Command.KILL_STREAMS,)))
    heard.clear()
    run(robot, 1.0)
    assert not heard


def test_odometry_stream_tells_what_was_walked():
    robot = MekaMon()
    heard: list[bytes] = []
    robot.on_telemetry = heard.append
    robot.handle(bytes((Command.SETUP_ODOMETRY,)))
    robot.handle(NEWER.payload(Drive(forward=127)))
    run(robot, 5.0)
    forward_mm = int.from_bytes(heard[-1][1:3], 'little', signed=True)
    assert forward_mm == pytest.approx(1500, abs=60)


def test_a_fallen_robot_stops_and_recovers():
    robot = MekaMon()
    robot.handle(NEWER.payload(Drive(forward=127)))
    run(robot, 1.0)
    robot.sense(up=0.1)
    run(robot, 2.0)
    assert robot.fallen
    assert robot.walking.is_zero
    robot.sense(up=0.99)
    run(robot, 1.0)
    assert not robot.fallen
    assert robot.walking.is_zero  # it waits for a new command


def test_a_fallen_robot_takes_no_steps():
    robot = MekaMon()
    robot.handle(NEWER.payload(TakeSteps(20)))
    run(robot, 1.0)
    robot.sense(up=0.0)
    run(robot, 1.5)
    assert robot.fallen and not moves(robot)
    robot.handle(NEWER.payload(TakeSteps(5)))
    assert not moves(robot)


def test_a_reboot_brings_back_the_colour_of_power_on():
    robot = MekaMon()
    robot.handle(NEWER.payload(HeadColourSet(0, 0, 0)))
    robot.reboot()
    assert robot.head_color == MekaMon().head_color


def test_a_short_tilt_is_no_fall():
    robot = MekaMon()
    robot.sense(up=0.1)
    run(robot, 0.2)
    robot.sense(up=0.99)
    run(robot, 1.0)
    assert not robot.fallen


def test_same_seed_same_steps():
    def walk(seed: int) -> np.ndarray:
        robot = MekaMon(seed=seed)
        robot.handle(NEWER.payload(GaitSet(0, 9, 255)))
        robot.handle(NEWER.payload(Drive(forward=80)))
        return run(robot, 2.0)

    assert np.array_equal(walk(1), walk(1))
    assert not np.array_equal(walk(1), walk(2))
