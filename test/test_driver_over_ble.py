"""The driver node drives an emulated MekaMon over emulated Bluetooth; every silence stops it."""

import time

import psutil
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from driving import CODEC, NEUTRAL, STOP_LIMIT, driver, ends
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from nav_msgs.msg import Odometry
from rclpy.action import ActionClient
from rclpy.qos import QoSDurabilityPolicy, QoSProfile
from sensor_msgs.msg import BatteryState
from sentinel_driver.hermes import Drive, HeadColourSet
from sentinel_sim.robot.peripheral import Fault
from std_msgs.msg import Bool, ColorRGBA, Float32
from std_srvs.srv import SetBool, Trigger

from sentinel_msgs.action import PlayMotion
from sentinel_msgs.msg import Gait, HermesFrame, LegPoses
from sentinel_msgs.srv import PlayAnimation, SetGait, TakeSteps, Twitch

HANDSHAKE = [b'\x10', b'\x07\x01', NEUTRAL, b'\x08\x03', NEUTRAL]
RED, BLACK = CODEC.payload(HeadColourSet(255, 0, 0)), CODEC.payload(HeadColourSet(0, 0, 0))


@pytest.fixture(scope='module')
def running(someone, meka):
    with driver(someone.domain, meka.transport, raw_input='true') as process:
        someone.until(lambda: meka.payloads[:5] == HANDSHAKE)
        yield process


def test_it_walks_and_turns_as_commanded(running, meka, quiet):
    odometry = quiet.hear(Odometry, 'odom')
    echo = quiet.hear(HermesFrame, 'hermes/tx')
    quiet.asks = (0.15, 0.0, 0.6)
    quiet.commanding = quiet.guarding = True
    wanted = CODEC.payload(Drive(forward=64, turn=-51))
    quiet.until(lambda: wanted in meka.payloads)
    quiet.until(lambda: any(bytes(f.payload) == wanted for f in echo))
    quiet.until(lambda: odometry and odometry[-1].pose.pose.position.x > 0.05)
    assert odometry[-1].twist.twist.angular.z == pytest.approx(0.6, abs=0.02)
    assert odometry[-1].pose.covariance[0] > 0


def test_commands_that_end_stop_it(running, meka, quiet):
    quiet.walk(meka)
    quiet.commanding = False
    assert 0.15 < ends(meka, quiet.commanded_at) < STOP_LIMIT


def test_a_guard_that_falls_silent_stops_it(running, meka, quiet):
    quiet.walk(meka)
    quiet.guarding = False
    since = time.monotonic()
    quiet.until(lambda: meka.stopped_at(since))


def test_a_guard_that_forbids_stops_it(running, meka, quiet):
    quiet.walk(meka)
    quiet.allowed['translation_allowed'] = False
    since = time.monotonic()
    quiet.until(lambda: meka.stopped_at(since))


def test_the_emergency_stop_stops_it(running, meka, quiet):
    latched = QoSProfile(depth=1, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL)
    publisher = quiet.node.create_publisher(Bool, 'emergency_stop_state', latched)
    quiet.walk(meka)
    quiet.commanding = False
    publisher.publish(Bool(data=True))
    since = time.monotonic()
    quiet.until(lambda: meka.stopped_at(since))
    # The guard's state may come later than its latch: what was latched counts.
    quiet.spin(0.5)
    quiet.commanding = True
    for kind, name in ((Trigger, 'stand'), (TakeSteps, 'take_steps')):
        answer = quiet.call(kind, name)
        assert not answer.success and 'emergency stop' in answer.message
    assert not meka.walking
    publisher.publish(Bool(data=False))
    quiet.walk(meka)


@pytest.mark.parametrize(
    ('guarding', 'armed', 'words'),
    [(False, True, 'No word from the guard'), (True, False, 'disarmed')],
)
def test_a_guard_that_is_silent_or_disarmed_binds_people_too(
    running, meka, quiet, guarding, armed, words
):
    quiet.guarding, quiet.armed = guarding, armed
    quiet.spin(0.7)  # an earlier permission ends
    start = len(meka.got)
    for kind, name, request in (
        (Trigger, 'stand', None),
        (Trigger, 'sit', None),
        (SetGait, 'set_gait', SetGait.Request(preset='crawl')),
        (TakeSteps, 'take_steps', TakeSteps.Request(cycles=3)),
        (Twitch, 'twitch', Twitch.Request(severity=9)),
        (PlayAnimation, 'play_animation', PlayAnimation.Request(animation=1)),
    ):
        answer = quiet.call(kind, name, request)
        assert not answer.success and words in answer.message
        if kind is SetGait:
            assert answer.applied == SetGait.Response().applied, 'nothing was sent'
    client = ActionClient(quiet.node, PlayMotion, 'play_motion')
    quiet.until(client.server_is_ready)
    goal = quiet.wait(client.send_goal_async(PlayMotion.Goal(name='bow')))
    result = quiet.wait(goal.get_result_async()).result
    assert not result.success and words in result.message
    assert {*meka.payloads[start:]} <= {NEUTRAL}


def test_light_only_while_allowed(running, meka, quiet):
    publisher = quiet.node.create_publisher(ColorRGBA, 'head_color', 10)
    quiet.spin(0.7)  # an earlier permission ends
    red = CODEC.payload(HeadColourSet(255, 128, 0))
    quiet.until(publisher.get_subscription_count)
    publisher.publish(ColorRGBA(r=1.0, g=0.5))
    quiet.spin(0.3)
    assert red not in meka.payloads
    quiet.guarding = True
    quiet.spin(0.3)
    publisher.publish(ColorRGBA(r=7.0, g=0.5, b=-1.0))
    quiet.until(lambda: red in meka.payloads)
    start = len(meka.got)
    quiet.allowed['light_allowed'] = False
    quiet.until(lambda: BLACK in meka.payloads[start:])


@pytest.fixture
def lit(running, meka, quiet):
    """The head shines, as the guard allows."""
    publisher = quiet.node.create_publisher(ColorRGBA, 'head_color', 10)
    quiet.guarding = True
    quiet.until(publisher.get_subscription_count)
    quiet.spin(0.3)
    publisher.publish(ColorRGBA(r=1.0))
    quiet.until(lambda: meka.head == RED)
    return publisher


def test_a_guard_that_falls_silent_puts_the_light_out(lit, meka, quiet):
    quiet.guarding = False
    quiet.until(lambda: meka.head == BLACK)


def test_light_forbidden_while_the_link_is_lost_goes_out_when_it_is_back(lit, meka, quiet):
    meka.emulated.cause(Fault.VANISH, 1.5)
    quiet.until(lambda: not meka.emulated.connected)
    quiet.allowed['light_allowed'] = False
    quiet.spin(0.3)
    lit.publish(ColorRGBA())  # dark, but there is no link
    quiet.until(lambda: meka.emulated.connected)
    quiet.until(lambda: meka.head == BLACK)


def test_after_a_restart_of_the_radio_process_the_head_is_dark(lit, running, meka, quiet):
    quiet.allowed['light_allowed'] = False  # heard by nobody who could tell the robot
    psutil.Process(running.pid).children()[0].kill()
    quiet.until(lambda: meka.head == BLACK)


def test_raw_frames_make_no_light_that_is_forbidden(running, meka, quiet):
    publisher = quiet.node.create_publisher(HermesFrame, 'hermes/send', 10)
    quiet.allowed['light_allowed'] = False
    quiet.guarding = True
    quiet.until(publisher.get_subscription_count)
    quiet.spin(0.3)
    start = len(meka.got)
    for payload in (RED, b'\x0b'):
        publisher.publish(HermesFrame(payload=list(payload)))
    quiet.until(lambda: b'\x0b' in meka.payloads[start:])
    assert RED not in meka.payloads[start:]


def test_body_height_goes_in_the_robots_scale(running, meka, quiet):
    publisher = quiet.node.create_publisher(Float32, 'body_height', 10)
    quiet.guarding = True
    quiet.until(publisher.get_subscription_count)
    quiet.spin(0.3)
    publisher.publish(Float32(data=0.4))
    quiet.until(lambda: bytes((4, 0, 7, 102)) in meka.payloads)


def test_stand_and_sit_answer_with_what_was_sent(running, meka, quiet):
    quiet.guard()
    for name, payload in (('stand', '04 00 07 58'), ('sit', '04 00 07 00')):
        answer = quiet.call(Trigger, name)
        assert answer.success and answer.message == f'sent {payload}'
        quiet.until(lambda payload=payload: bytes.fromhex(payload) in meka.payloads)


def test_disabled_it_refuses(running, meka, quiet):
    assert quiet.call(SetBool, 'driver/enable', SetBool.Request(data=False)).success
    answer = quiet.call(Trigger, 'stand')
    assert not answer.success
    assert answer.message == 'disabled: The driver is disabled. Call ~/enable with true.'
    assert quiet.call(SetBool, 'driver/enable', SetBool.Request(data=True)).success


def test_raw_frames_pass_the_allow_list_only(running, meka, quiet):
    publisher = quiet.node.create_publisher(HermesFrame, 'hermes/send', 10)
    quiet.guarding = True
    quiet.until(publisher.get_subscription_count)
    quiet.spin(0.3)
    for payload in ((18, 1), (33, 0x55, 0xAA), (208,), (6, 0, 40, 0), (11,)):
        publisher.publish(HermesFrame(payload=list(payload)))
    quiet.until(lambda: b'\x0b' in meka.payloads)
    assert {p[0] for p in meka.payloads}.isdisjoint({18, 33, 208})
    assert b'\x06\x00\x28\x00' not in meka.payloads


def test_the_battery_is_not_invented(running, quiet):
    battery = quiet.hear(BatteryState, 'battery_state')
    diagnostics = quiet.hear(DiagnosticArray, '/diagnostics')

    def said(name):
        return [s for m in diagnostics for s in m.status if s.name.endswith(name)]

    quiet.until(lambda: battery and said(': battery') and said(': link'))
    assert battery[-1].percentage != battery[-1].percentage
    assert said(': battery')[-1].level == b'\x01'
    assert said(': link')[-1].level == b'\x00' and 'Connected' in said(': link')[-1].message


def test_a_lost_robot_is_reported_and_found_again(running, meka, quiet):
    diagnostics = quiet.hear(DiagnosticArray, '/diagnostics')

    def link():
        return [s for m in diagnostics for s in m.status if s.name.endswith(': link')][-1:]

    meka.emulated.cause(Fault.VANISH, 1.5)
    quiet.until(lambda: link() and link()[0].level == b'\x02')
    quiet.until(lambda: link()[0].level == b'\x00')
    quiet.walk(meka)


def test_deactivation_stops_and_activation_recovers(running, meka, quiet):
    quiet.walk(meka)
    since = time.monotonic()

    def change(transition):
        request = ChangeState.Request(transition=Transition(id=transition))
        assert quiet.call(ChangeState, 'driver/change_state', request).success

    change(Transition.TRANSITION_DEACTIVATE)
    ends(meka, since)
    assert meka.payloads[-3:] == [NEUTRAL] * 3
    quiet.until(lambda: not meka.emulated.connected)
    change(Transition.TRANSITION_ACTIVATE)
    quiet.until(lambda: meka.emulated.connected)
    quiet.walk(meka)


def test_gaits_steps_twitches_and_animations_answer_with_what_was_sent(running, meka, quiet):
    quiet.guard()
    answer = quiet.call(SetGait, 'set_gait', SetGait.Request(preset='crawl'))
    assert answer.success and answer.applied.gait_type == 4
    assert answer.applied.walking_speed == pytest.approx(115 / 255)
    for kind, name, request, sent in (
        (
            SetGait,
            'set_gait',
            SetGait.Request(gait=Gait(step_height=1.0)),
            '0d 00 00 00 00 00 ff 02 00 00 00',
        ),
        (TakeSteps, 'take_steps', TakeSteps.Request(cycles=3), 'e0 03'),
        (Twitch, 'twitch', Twitch.Request(direction=-2, severity=9), '1f fe 09'),
        (PlayAnimation, 'play_animation', PlayAnimation.Request(animation=1), 'dc 01 00 00 64 00'),
    ):
        # A machine that stalls makes a command too old, which the driver rightly refuses.
        for _ in range(3):
            answer = quiet.call(kind, name, request)
            if 'too old' not in answer.message:
                break
        assert answer.success and answer.message == f'sent {sent}'
    quiet.until(lambda: bytes.fromhex('dc 01 00 00 64 00') in meka.payloads)


@pytest.mark.parametrize(
    ('kind', 'name', 'request_', 'words'),
    [
        (SetGait, 'set_gait', SetGait.Request(preset='moonwalk'), 'crawl'),
        (SetGait, 'set_gait', SetGait.Request(gait=Gait(step_height=1.5)), 'out of range'),
        (Twitch, 'twitch', Twitch.Request(direction=-128), 'out of range'),
        (PlayAnimation, 'play_animation', PlayAnimation.Request(layering=2.0), 'out of range'),
    ],
)
def test_what_cannot_be_sent_is_answered_with_the_reason(
    running, quiet, kind, name, request_, words
):
    answer = quiet.call(kind, name, request_)
    assert not answer.success and words in answer.message


@pytest.mark.parametrize('ends', [{'guarding': False}, {'armed': False}])
def test_steps_that_the_robot_takes_by_itself_end_with_their_permission(running, meka, quiet, ends):
    quiet.guard()
    assert quiet.call(TakeSteps, 'take_steps', TakeSteps.Request(cycles=200)).success
    start = len(meka.got)
    quiet.spin(0.5)
    assert NEUTRAL not in meka.payloads[start:]
    for name, value in ends.items():
        setattr(quiet, name, value)
    quiet.until(lambda: NEUTRAL in meka.payloads[start:])


STAND, JOINTS = b'\x08\x03', b'\x08\x05'


def test_a_motion_is_played_and_left_properly(running, meka, quiet):
    quiet.guard()
    client = ActionClient(quiet.node, PlayMotion, 'play_motion')
    quiet.until(client.server_is_ready)
    start = len(meka.got)
    goal = quiet.wait(client.send_goal_async(PlayMotion.Goal(name='bow')))
    result = quiet.wait(goal.get_result_async()).result
    assert result.success and result.frames == 75
    quiet.until(lambda: meka.payloads[-1] == NEUTRAL and STAND in meka.payloads[start:])
    told = meka.payloads[start:]
    assert told.index(JOINTS) < min(i for i, p in enumerate(told) if p[0] == 58)
    poses = [p for p in told if p[0] == 58]
    assert len(poses) > 10 and all(min(p[1:]) >= 50 for p in poses)


def test_a_cancelled_motion_ends_in_a_stop(running, meka, quiet):
    quiet.guard()
    client = ActionClient(quiet.node, PlayMotion, 'play_motion')
    quiet.until(client.server_is_ready)
    goal = quiet.wait(client.send_goal_async(PlayMotion.Goal(name='sway', loop=True)))
    start = len(meka.got)
    quiet.until(lambda: any(p[0] == 58 for p in meka.payloads[start:]))
    quiet.wait(goal.cancel_goal_async())
    assert not quiet.wait(goal.get_result_async()).result.success
    quiet.until(lambda: STAND in meka.payloads[start:] and meka.payloads[-1] == NEUTRAL)


def test_streamed_poses_need_the_guard_and_are_clipped(running, meka, quiet):
    publisher = quiet.node.create_publisher(LegPoses, 'joint_command', 10)
    quiet.until(publisher.get_subscription_count)
    quiet.spin(0.7)  # an earlier permission ends
    poses = LegPoses(knee=[255] * 4, thigh=[0] * 4, hip=[150] * 4)
    start = len(meka.got)
    publisher.publish(poses)
    quiet.spin(0.3)
    assert not any(p[0] == 58 for p in meka.payloads[start:])
    quiet.guarding = True
    quiet.spin(0.3)
    publisher.publish(poses)
    quiet.until(lambda: bytes((58,)) + bytes((200, 50, 150)) * 4 in meka.payloads[start:])
    quiet.until(lambda: STAND in meka.payloads[start:])  # as no further pose comes
