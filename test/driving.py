"""A driver under test.

Emulated robot, driver node as a process, and a guard and a brain that the test plays.
"""

import contextlib
import os
import signal
import subprocess
import sys
import time

import rclpy
from geometry_msgs.msg import TwistStamped
from rclpy.context import Context
from rclpy.executors import SingleThreadedExecutor
from rclpy.node import Node
from sentinel_bringup.domains import LAST
from sentinel_driver.hermes import Codec, Command
from sentinel_sim.robot.mekamon import MekaMon
from sentinel_sim.robot.peripheral import EmulatedRobot

from sentinel_msgs.msg import SafetyState

CODEC = Codec()
NEUTRAL = CODEC.neutral

# Generous, as a test machine may be busy, s; `./sentinel bench driver` measures the figures.
STOP_LIMIT = 3.0


class Robot:
    """The emulated robot and all that it was told: (steady time in s, payload)."""

    def __init__(self, **options):
        self.got = []
        self.emulated = EmulatedRobot(MekaMon(), **options)
        self.emulated.on_payload = lambda moment, payload: self.got.append((moment, payload))

    @property
    def transport(self):
        return f'hci:tcp-client:127.0.0.1:{self.emulated.port}'

    @property
    def payloads(self):
        return [payload for _, payload in self.got]

    @property
    def walking(self):
        """Whether the last drive command was not neutral."""
        drives = [p for p in self.payloads if CODEC.is_drive(p)]
        return bool(drives) and drives[-1] != NEUTRAL

    @property
    def head(self):
        """The last frame that set the colour of the head."""
        return next((p for p in reversed(self.payloads) if p[0] == Command.HEAD_COLOUR_SET), b'')

    def stopped_at(self, since):
        """Steady time of the first neutral after ``since`` that no other drive command follows."""
        stop = None
        for moment, payload in self.got:
            if moment >= since and CODEC.is_drive(payload):
                stop = (stop or moment) if payload == NEUTRAL else None
        return stop


@contextlib.contextmanager
def robot(**options):
    one = Robot(**options)
    one.emulated.start()
    try:
        yield one
    finally:
        one.emulated.stop()


class People:
    """Guard and brain of the test, on a DDS domain of its own."""

    def __init__(self):
        # Tests that run side by side must not hear each other (pids differ), nor may a robot that
        # somebody runs: they take lower domains.
        self.domain = LAST + 1 + os.getpid() % 100
        self.context = Context()
        rclpy.init(context=self.context, domain_id=self.domain)
        self.node = Node('people', context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self.commands = self.node.create_publisher(TwistStamped, 'cmd_vel', 10)
        self.safety = self.node.create_publisher(SafetyState, 'safety_state', 10)
        self.armed = True
        self.allowed = {'translation_allowed': True, 'turning_allowed': True, 'light_allowed': True}
        self.asks = (0.0, 0.0, 0.0)
        self.commanded_at = 0.0
        self.commanding = self.guarding = False
        self.node.create_timer(0.05, self._command)
        self.node.create_timer(0.1, self._guard)

    def _command(self):
        if self.commanding:
            message = TwistStamped()
            message.header.stamp = self.node.get_clock().now().to_msg()
            message.twist.linear.x, message.twist.linear.y, message.twist.angular.z = self.asks
            self.commands.publish(message)
            self.commanded_at = time.monotonic()

    def _guard(self):
        if self.guarding:
            self.safety.publish(SafetyState(armed=self.armed, max_speed=1.0, **self.allowed))

    def spin(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.executor.spin_once(timeout_sec=0.01)

    def until(self, wanted, timeout=60.0):
        end = time.monotonic() + timeout
        while not wanted():
            assert time.monotonic() < end, 'it did not happen in time'
            self.executor.spin_once(timeout_sec=0.01)

    def guard(self):
        """Let the guard be heard."""
        self.guarding = True
        self.spin(0.5)

    def call(self, kind, name, request=None):
        client = self.node.create_client(kind, name)
        self.until(client.service_is_ready)
        future = client.call_async(request or kind.Request())
        self.until(future.done)
        return future.result()

    def wait(self, future):
        self.until(future.done)
        return future.result()

    def hear(self, kind, topic, profile=10):
        heard = []
        self.node.create_subscription(kind, topic, heard.append, profile)
        return heard

    def walk(self, robot, x=0.2):
        """Command and allow until the robot walks."""
        self.asks = (x, 0.0, 0.0)
        self.commanding = self.guarding = True
        self.until(lambda: robot.walking)

    def close(self):
        self.executor.shutdown()
        self.node.destroy_node()
        rclpy.shutdown(context=self.context)


@contextlib.contextmanager
def people():
    some = People()
    try:
        yield some
    finally:
        some.close()


@contextlib.contextmanager
def driver(domain, transport, **parameters):
    """Run the driver node; killed at the end, as tests of its proper end do that themselves."""
    parameters = {'transport': transport, **parameters}
    options = [o for k, v in parameters.items() for o in ('-p', f'{k}:={v}')]
    process = subprocess.Popen(
        [sys.executable, '-m', 'sentinel_driver.driver_node', '--ros-args', *options],
        env={**os.environ, 'ROS_DOMAIN_ID': str(domain)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        # As from a terminal; a shell may have started the tests with SIGINT ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    try:
        yield process
    finally:
        process.kill()
        print(process.communicate(timeout=20)[0])


def ends(robot, since):
    """Wait until the robot was told to stop; return how long after ``since`` that was, s."""
    deadline = time.monotonic() + 10
    while robot.stopped_at(since) is None:
        assert time.monotonic() < deadline, 'the robot was not stopped'
        time.sleep(0.01)
    time.sleep(0.4)  # nothing may follow
    return robot.stopped_at(since) - since
