"""The driver node by itself: its pace, and parameters that are set while it runs."""

import os
import time
from types import SimpleNamespace

import pytest
import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.executors import SingleThreadedExecutor
from rclpy.parameter import Parameter
from rclpy.time import Time
from sentinel_common.diagnostics import Level
from sentinel_common.geometry import Twist
from sentinel_driver.errors import CommandRejectedError, RejectReason
from sentinel_driver.hermes import (
    HeadColourSet,
    JointAngles,
    LegPose,
    PlayAnimation,
    TakeSteps,
    Twitch,
)
from sentinel_driver.radio import pipe
from std_msgs.msg import ColorRGBA

from sentinel_driver import driver_node
from sentinel_msgs.msg import SafetyState

SLOWEST = 5.0  # Hz: the least that the parameter rate allows
SECONDS = 2.0


class Radio:
    """Notes when it heard that the node lives."""

    running = True

    def __init__(self, _, **options):
        self.heard = []
        self.options = options
        self.sent = []

    def alive(self):
        self.heard.append(time.monotonic())

    def send(self, payload, until=None):
        self.sent.append(payload)
        return len(self.sent)

    def stop(self):
        self.sent.append('stop')

    def close(self, wait):
        pass


@pytest.fixture
def node(monkeypatch):
    monkeypatch.setattr(driver_node, 'RadioClient', Radio)
    # The clock of a simulation that has not begun, or was stopped: what watches must not mind.
    arguments = ['--ros-args', '-p', f'rate:={SLOWEST}', '-p', 'use_sim_time:=true']
    rclpy.init(args=arguments, domain_id=100 + os.getpid() % 100)
    one = driver_node.Driver()
    try:
        yield one
    finally:
        one.stop()
        one.destroy_node()
        rclpy.shutdown()


def spin(node):
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        executor.spin_once(timeout_sec=pipe.ALIVE_PERIOD)
    executor.shutdown()


def test_the_driver_watches_while_the_clock_stands(node, monkeypatch):
    looks = []
    monkeypatch.setattr(node._requests, 'watch_light', lambda: looks.append(1))
    node.autostart()
    spin(node)
    assert len(looks) > 0.75 * SECONDS * SLOWEST


def test_odometry_goes_by_the_clock_that_stamps_it(node):
    telemetry, clock, heard = node._telemetry, node.get_clock(), []
    telemetry._odom = SimpleNamespace(publish=heard.append)
    telemetry.walks(Twist(vx=0.1))
    for seconds in (10.0, 10.5, 10.5, 11.0, 3.0, 3.5):  # a simulation may start anew
        clock.set_ros_time_override(
            Time(nanoseconds=round(seconds * 1e9), clock_type=clock.clock_type)
        )
        telemetry.publish_pose()
    way = [message.pose.pose.position.x - heard[0].pose.pose.position.x for message in heard]
    assert way == pytest.approx([0.0, 0.05, 0.05, 0.1, 0.1, 0.15])


def test_the_radio_process_hears_a_slow_node_often_enough(node):
    node.autostart()
    spin(node)
    heard = len(node.robot._radio.heard)
    # With the node's own rate it would be half as many; a busy machine may swallow a few.
    assert heard > 0.75 * SECONDS / pipe.ALIVE_PERIOD > SECONDS * SLOWEST


def test_a_radio_process_in_the_place_of_one_that_died_stops_the_robot_first(node):
    node.autostart()
    died = node.robot._radio
    died.running = False
    node.robot.tick(time.monotonic() + 2.0)
    assert node.robot._radio is not died
    assert (died.options['may_walk'], node.robot._radio.options['may_walk']) == (False, True)


def command(node, waited=0.0):
    """Command a walk in a message that waited so many seconds."""
    state = SafetyState(armed=True, translation_allowed=True, turning_allowed=True, max_speed=1.0)
    node._permissions.on_safety(state)
    message = TwistStamped()
    message.twist.linear.x = 0.2
    node._on_command(message, {'received_timestamp': time.time_ns() - int(waited * 1e9)})


def walk(node):
    node.autostart()
    deadline = time.monotonic() + 30.0
    while not node._walking:
        assert time.monotonic() < deadline
        time.sleep(0.02)  # it begins slowly
        command(node)


def test_the_time_that_a_command_waited_counts_as_age(node):
    walk(node)
    command(node, waited=0.45)
    assert not node._walking


def test_after_a_halt_no_old_command_goes_on(node):
    walk(node)
    node.halt()
    node._tick()
    assert not node._walking and node.robot._radio.sent[-1] == 'stop'


@pytest.mark.parametrize('command', [TakeSteps(3), PlayAnimation(3), Twitch(1, 1)])
def test_what_the_robot_does_by_itself_ends_with_its_permission(node, command):
    node.autostart()
    node.robot.status = {'state': 'connected'}
    free = {'armed': True, 'translation_allowed': True, 'turning_allowed': True}
    node._permissions.on_safety(SafetyState(**free))
    node.send(command)
    node._tick()
    assert 'stop' not in node.robot._radio.sent
    node._permissions.on_safety(SafetyState(armed=True))
    node._tick()
    assert node.robot._radio.sent[-1] == 'stop'


def test_parameters_of_which_one_is_refused_change_nothing(node):
    before = node._walker.limits, node._calibration
    given = [Parameter('max_speed', value=1.0), Parameter('forward_full', value=0.0)]
    result = node.set_parameters_atomically(given)
    assert not result.successful and 'never move' in result.reason
    assert (node._walker.limits, node._calibration) == before
    assert node.set_parameters_atomically(given[:1]).successful
    assert node._walker.limits.speed == 1.0


def test_disabled_it_says_so_and_how_to_enable_it(node):
    node.autostart()
    node.enabled = False
    report = node._report_walking()
    assert report.level is Level.WARN and report.message.startswith('Disabled.')
    with pytest.raises(CommandRejectedError, match='~/enable with true') as refused:
        node.send(HeadColourSet(255, 0, 0))
    assert refused.value.kind is RejectReason.DISABLED
    node.enabled = True
    assert 'Disabled' not in node._report_walking().message


@pytest.mark.parametrize('state', [SafetyState(armed=True), SafetyState()])
@pytest.mark.parametrize('by_person', [True, False])
def test_a_pose_ends_with_its_permission_before_it_ends_by_itself(node, state, by_person):
    node.autostart()
    node.robot.status = {'state': 'connected'}
    node._permissions.on_safety(SafetyState(armed=True, turning_allowed=True))
    node.stream(JointAngles.of([LegPose()] * 4), time.monotonic() + 60.0, by_person=by_person)
    node._tick()
    assert 'stop' not in node.robot._radio.sent
    node._permissions.on_safety(state)
    node._tick()
    allowed = by_person and state.armed
    assert ('stop' in node.robot._radio.sent) is not allowed


@pytest.mark.parametrize(('red', 'refused'), [(0.0, False), (1.0, True)])
def test_darkness_is_nothing_to_refuse_where_no_robot_is_connected(node, capfd, red, refused):
    node.autostart()
    node._requests._on_head_color(ColorRGBA(r=red))
    assert ('[WARN]' in capfd.readouterr().err) == refused
