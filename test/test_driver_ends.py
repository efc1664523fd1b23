"""Every end of the driver node and of its radio process stops the robot."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest
from diagnostic_msgs.msg import DiagnosticArray
from driving import CODEC, NEUTRAL, STOP_LIMIT, driver, ends, robot
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from sentinel_driver.hermes import Drive, DriveForm, HeadColourSet, KinematicStance, StanceType
from sentinel_driver.radio.client import RadioClient
from sentinel_sim.robot.mekamon import MekaMon
from sentinel_sim.robot.peripheral import Packing
from std_msgs.msg import ColorRGBA
from std_srvs.srv import Trigger

# A radio process that hangs is noticed within 2.5 s; then another one starts, which takes a busy
# machine some time, s.
HUNG_LIMIT = 15.0


@pytest.mark.parametrize('number', [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_every_end_of_the_node_stops_the_robot(number, meka, quiet):
    with driver(quiet.domain, meka.transport) as process:
        quiet.walk(meka)
        radio = psutil.Process(process.pid).children()
        assert len(radio) == 1
        since = time.monotonic()
        process.send_signal(number)
        assert ends(meka, since) < STOP_LIMIT
        assert process.wait(20) == (-9 if number == signal.SIGKILL else 0)
        radio[0].wait(20)  # leaves nothing behind
        assert not meka.emulated.connected


def test_a_shut_down_node_stops_the_robot(meka, quiet):
    with driver(quiet.domain, meka.transport):
        quiet.walk(meka)
        since = time.monotonic()
        request = ChangeState.Request(
            transition=Transition(id=Transition.TRANSITION_ACTIVE_SHUTDOWN)
        )
        assert quiet.call(ChangeState, 'driver/change_state', request).success
        assert ends(meka, since) < STOP_LIMIT
        quiet.until(lambda: not meka.emulated.connected)


def test_a_killed_node_leaves_no_light_on(meka, quiet):
    with driver(quiet.domain, meka.transport) as process:
        head = quiet.node.create_publisher(ColorRGBA, 'head_color', 10)
        quiet.guarding = True
        quiet.until(lambda: meka.emulated.connected and head.get_subscription_count())
        red = CODEC.payload(HeadColourSet(255, 0, 0))
        quiet.until(lambda: meka.head == red or quiet.spin(0.1) or head.publish(ColorRGBA(r=1.0)))
        process.kill()
        quiet.until(lambda: not meka.emulated.connected)
        assert meka.head == CODEC.payload(HeadColourSet(0, 0, 0))


def test_a_frozen_node_stops_the_robot(meka, quiet):
    with driver(quiet.domain, meka.transport) as process:
        quiet.walk(meka)
        since = time.monotonic()
        process.send_signal(signal.SIGSTOP)
        assert ends(meka, since) < STOP_LIMIT
        process.send_signal(signal.SIGCONT)


def test_a_killed_radio_process_is_replaced(meka, quiet):
    with driver(quiet.domain, meka.transport) as process:
        quiet.walk(meka)
        before = len(meka.got)
        psutil.Process(process.pid).children()[0].kill()
        # The handshake of the new one carries a neutral, so the robot is stopped when it is back.
        quiet.until(lambda: NEUTRAL in meka.payloads[before:])
        quiet.walk(meka)


def test_a_radio_process_that_hangs_is_replaced_and_the_robot_stopped_first(meka, quiet):
    with driver(quiet.domain, meka.transport) as process:
        quiet.walk(meka)
        hung = psutil.Process(process.pid).children()[0]
        hung.suspend()
        since = time.monotonic()
        quiet.spin(0.5)  # what it had sent already arrives
        before = len(meka.got)
        quiet.until(lambda: meka.payloads[before:])
        assert meka.payloads[before] == NEUTRAL
        print(f'stopped after {meka.got[before][0] - since:.1f} s')
        assert meka.got[before][0] - since < HUNG_LIMIT
        assert not hung.is_running()
        quiet.walk(meka)


def test_a_robot_that_was_left_under_joint_control_walks(meka, quiet):
    quiet.until(lambda: not meka.emulated.connected)
    mekamon = meka.emulated.mekamon
    mekamon.handle(CODEC.payload(KinematicStance(StanceType.LEG_JOINT_ANGLES)))
    with driver(quiet.domain, meka.transport):
        quiet.walk(meka)

        def walks():
            mekamon.step(0.02)
            return mekamon.walking.vx > 0.1

        quiet.until(walks)


def test_an_absent_robot_is_a_diagnostic_not_a_failure(meka, quiet):
    diagnostics = quiet.hear(DiagnosticArray, '/diagnostics')
    with driver(quiet.domain, meka.transport, robot='nobody') as process:
        quiet.until(lambda: any("'nobody'" in s.message for m in diagnostics for s in m.status))
        assert process.poll() is None
        quiet.guard()
        answer = quiet.call(Trigger, 'stand')
        assert not answer.success and 'not connected' in answer.message


def test_the_other_firmware_generation(quiet):
    with robot(packing=Packing.SPLIT) as old:
        old.emulated.mekamon = MekaMon(form=DriveForm.LEGACY4)
        with driver(quiet.domain, old.transport, drive_form='legacy4'):
            quiet.asks = (0.15, 0.0, 0.0)
            quiet.commanding = quiet.guarding = True
            quiet.until(lambda: b'\x06\x00\x40\x00' in old.payloads)
            assert old.emulated.mekamon.mixed_forms == 0


FOREIGN = """
import rclpy, time
from geometry_msgs.msg import TwistStamped
rclpy.init()
publisher = rclpy.create_node('foreign').create_publisher(TwistStamped, 'cmd_vel', 10)
command = TwistStamped()
command.twist.linear.x = 0.1
while True:
    publisher.publish(command)
    time.sleep(0.1)
"""


def test_a_foreign_publisher_at_ten_hertz_walks_without_a_break_and_is_missed(meka, quiet):
    quiet.guarding = True
    with driver(quiet.domain, meka.transport):
        foreign = subprocess.Popen(
            [sys.executable, '-c', FOREIGN],
            env={**os.environ, 'ROS_DOMAIN_ID': str(quiet.domain)},
        )
        try:
            forward = CODEC.payload(Drive(forward=42))
            quiet.until(lambda: meka.payloads[-20:] == [forward] * 20)
            since = time.monotonic()
        finally:
            foreign.kill()
            foreign.wait()
        assert ends(meka, since) < STOP_LIMIT


@pytest.mark.parametrize(
    ('parameter', 'words'),
    [
        ('transport:=bluetooth', 'transport'),
        ('drive_form:=walking6', 'must be one of'),
        ('rate:=1.0', 'outside'),
        ('turn_full:=0.0', 'never move'),
    ],
)
def test_a_wrong_parameter_is_one_sentence(parameter, words):
    done = subprocess.run(
        [sys.executable, '-m', 'sentinel_driver.driver_node', '--ros-args', '-p', parameter],
        env={**os.environ, 'ROS_AUTOMATIC_DISCOVERY_RANGE': 'OFF'},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert words in done.stderr and 'Traceback' not in done.stderr


class Radio:
    """A radio process without a node."""

    def __init__(self, transport, **options):
        self.events = []
        self.client = RadioClient(self.events.append, transport=transport, **options)

    def until(self, wanted):
        deadline = time.monotonic() + 60
        while not wanted():
            assert time.monotonic() < deadline, self.events[-8:]
            self.client.alive()
            time.sleep(0.02)

    def connected(self):
        return any(e.get('state') == 'connected' for e in self.events)

    def walk(self, robot, form=DriveForm.WALKING5):
        self.until(self.connected)
        self.client.send(CODEC.payload(Drive(forward=50)), time.monotonic() + 60)
        self.until(lambda: robot.walking)


@pytest.fixture
def radio(meka):
    one = Radio(meka.transport)
    yield one
    one.client.close()


def test_the_end_of_the_pipe_stops_the_robot(radio, meka):
    radio.walk(meka)
    since = time.monotonic()
    radio.client.close()
    assert meka.stopped_at(since) and meka.payloads[-3:] == [NEUTRAL] * 3
    assert radio.events[-1] == {'ev': 'exit', 'code': 0}


def test_silence_on_the_pipe_stops_the_robot_and_then_ends(radio, meka):
    radio.walk(meka)
    since = time.monotonic()
    assert ends(meka, since) < STOP_LIMIT
    assert radio.client.running, 'a short silence may pass'
    deadline = time.monotonic() + 20
    while radio.client.running:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_sigterm_stops_the_robot_and_sigint_is_left_to_the_node(radio, meka):
    radio.walk(meka)
    os.kill(radio.client.pid, signal.SIGINT)
    radio.until(lambda: True)
    time.sleep(0.1)
    assert radio.client.running and meka.walking
    since = time.monotonic()
    os.kill(radio.client.pid, signal.SIGTERM)
    assert ends(meka, since) < STOP_LIMIT


def test_nonsense_on_the_pipe_is_skipped(radio, meka):
    radio.until(radio.connected)
    os.write(
        radio.client._descriptor,
        b'nonsense\n{"op": "send"}\n[1]\n{"op": "send", "payload": "zz"}\n',
    )
    radio.walk(meka)
    radio.until(lambda: any(e.get('bad_lines', 0) >= 3 for e in radio.events))


def test_a_forbidden_payload_comes_back_with_the_reason(radio, meka):
    radio.until(radio.connected)
    token = radio.client.send(bytes((18, 1)))
    radio.until(lambda: any(e['ev'] == 'dropped' for e in radio.events))
    event = next(e for e in radio.events if e['ev'] == 'dropped')
    assert (event['token'], event['kind']) == (token, 'firmware or bootloader')
    assert all(p[0] != 18 for p in meka.payloads)


def test_a_wrong_transport_ends_the_radio_process_with_a_sentence():
    done = subprocess.run(
        [sys.executable, '-m', 'sentinel_driver.radio.process', '--transport', 'x'],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2 and 'unknown' in done.stderr
