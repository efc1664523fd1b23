"""The emulator as a node of its own."""

import os
import signal
import subprocess
import sys
import time

import pytest
import rclpy
from geometry_msgs.msg import PoseWithCovarianceStamped
from nav_msgs.msg import Odometry
from rclpy.parameter import Parameter
from sensor_msgs.msg import Imu, JointState
from sentinel_sim.robot.emulator_node import MekaMonEmulator
from sentinel_sim.robot.model import JOINTS
from sentinel_sim.robot.peripheral import Fault
from std_msgs.msg import Float64
from std_srvs.srv import SetBool

from sentinel_common import qos

COMMAND = [sys.executable, '-m', 'sentinel_sim.robot.emulator_node', '--ros-args']


@pytest.fixture
def emulator(request):
    arguments = ['--ros-args', *getattr(request, 'param', ())]
    rclpy.init(args=arguments, domain_id=120 + os.getpid() % 60)
    node = MekaMonEmulator()
    yield node
    node.stop()
    node.destroy_node()
    rclpy.shutdown()


def call(emulator: MekaMonEmulator, name: str, value: bool) -> SetBool.Response:
    """What a person gets who calls the service, over DDS."""
    client = emulator.create_client(SetBool, f'~/{name}')
    assert client.wait_for_service(timeout_sec=20.0)
    future = client.call_async(SetBool.Request(data=value))
    rclpy.spin_until_future_complete(emulator, future, timeout_sec=20.0)
    return future.result()


def test_faults_are_services(emulator):
    assert call(emulator, 'vanish', True).success
    assert emulator._robot.fault is Fault.VANISH
    assert call(emulator, 'vanish', False).message == 'none'
    assert emulator._robot.fault is Fault.NONE


def test_a_rate_that_would_have_no_effect_is_refused(emulator):
    (answer,) = emulator.set_parameters([Parameter('rate', value=100.0)])
    assert not answer.successful


def test_a_fault_of_some_seconds_ends_by_itself(emulator):
    emulator.set_parameters([Parameter('fault_duration', value=0.3)])
    assert call(emulator, 'stall', True).message == 'stall'
    end = time.monotonic() + 10
    while emulator._robot.fault is not Fault.NONE:
        assert time.monotonic() < end
        time.sleep(0.02)


def heard(emulator: MekaMonEmulator, kind: type, topic: str):
    """The first message on a topic."""
    messages: list = []
    emulator.create_subscription(kind, topic, messages.append, qos.SENSOR_READER)
    end = time.monotonic() + 20
    while not messages:
        assert time.monotonic() < end, f'nothing on {topic}'
        rclpy.spin_once(emulator, timeout_sec=0.1)
    return messages[0]


def test_without_a_body_the_gait_is_followed_perfectly(emulator):
    emulator._mekamon.handle(bytes((6, 3, 127, 0, 0)))
    assert list(heard(emulator, JointState, 'joint_states').name) == list(JOINTS)
    assert heard(emulator, Odometry, 'ground_truth/odom').twist.twist.linear.x > 0


@pytest.mark.parametrize('emulator', [('-p', 'body:=gazebo')], indirect=True)
def test_gazebo_gets_joint_commands_and_its_imu_tells_of_falls(emulator):
    assert heard(emulator, Float64, 'joint_command/fl_knee').data == pytest.approx(1.966, abs=0.05)
    assert emulator.count_publishers('joint_states') == 0
    upside_down = Imu()
    upside_down.orientation.x = 1.0
    publisher = emulator.create_publisher(Imu, 'imu', qos.RELIABLE)
    end = time.monotonic() + 20
    while not emulator._mekamon.fallen:
        assert time.monotonic() < end
        publisher.publish(upside_down)
        rclpy.spin_once(emulator, timeout_sec=0.05)


@pytest.mark.parametrize('emulator', [('-p', 'body:=gazebo')], indirect=True)
def test_where_gazebo_has_the_robot_is_a_pose_fix_twice_a_second(emulator):
    fixes: list = []
    emulator.create_subscription(PoseWithCovarianceStamped, 'pose_fix', fixes.append, qos.RELIABLE)
    truth = emulator.create_publisher(Odometry, 'ground_truth/odom', qos.RELIABLE)
    end = time.monotonic() + 20
    while not truth.get_subscription_count() or not emulator._body._fix.get_subscription_count():
        assert time.monotonic() < end
        rclpy.spin_once(emulator, timeout_sec=0.05)
    for step in range(21):  # 20 Hz, as Gazebo has it, in its own time
        odometry = Odometry(child_frame_id='base_link')
        odometry.header.frame_id = 'map'
        odometry.header.stamp.sec, rest = divmod(step * 50_000_000, 10**9)
        odometry.header.stamp.nanosec = rest
        odometry.pose.pose.position.x = float(step)
        truth.publish(odometry)
        for _ in range(4):  # the control cycle takes its turns too
            rclpy.spin_once(emulator, timeout_sec=0.02)
    while len(fixes) < 3:
        assert time.monotonic() < end
        rclpy.spin_once(emulator, timeout_sec=0.05)
    assert [fix.pose.pose.position.x for fix in fixes] == [0.0, 10.0, 20.0]
    assert {fix.header.frame_id for fix in fixes} == {'map'}


def test_writes_its_port_and_ends_on_sigint(tmp_path):
    port_file = tmp_path / 'port'
    process = subprocess.Popen(
        [*COMMAND, '-p', f'hci_port_file:={port_file}'],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        end = time.monotonic() + 30
        while not (port_file.exists() and port_file.read_text().endswith('\n')):
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.05)
        assert 1024 <= int(port_file.read_text()) <= 65535
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
        process.wait()
    assert process.returncode == 0, output
    assert 'Traceback' not in output


def test_misfit_parameter_is_one_sentence():
    done = subprocess.run(
        [*COMMAND, '-p', 'packing:=tight'], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert 'packing' in done.stderr and 'Traceback' not in done.stderr
