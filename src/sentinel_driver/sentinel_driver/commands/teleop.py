"""``./sentinel teleop``: drive from the keyboard, through the guard."""

import argparse
import contextlib
import os
import select
import shutil
import sys
import termios
import time
import tty
from collections.abc import Iterator
from typing import Any

from sentinel_common.errors import SentinelError
from sentinel_common.joining import add_domain, add_namespace, joined
from sentinel_common.safety import PERMISSION_AGE

from ..teleop import Keys

SUMMARY = 'drive from the keyboard; it stops when the key is let go'

_RATE = 20.0  # commands per second, Hz

# Rules of docs/safety.md by which the guard clips or stops what a person commands; the others that
# it tells bind the brain alone.
_LIMITS = frozenset({'minimum_distance', 'way_out', 'charge_limit', 'geofence'})

_HELP = """Hold a key to move, let go to stop:
   q  w  e     turn left, forward, turn right
   a  s  d     left, back, right
   +  -        faster, slower        x  emergency stop        any other key  stop        Ctrl-C  end
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument('--speed', type=float, default=0.25, help='full speed, m/s (%(default)s)')
    parser.add_argument('--turn', type=float, default=1.2, help='full turn, rad/s (%(default)s)')
    add_domain(parser)
    add_namespace(parser)


def main(args: argparse.Namespace) -> int:
    """Publish ``cmd_vel_teleop`` until Ctrl-C; raise SentinelError without a terminal."""
    if not sys.stdin.isatty():
        raise SentinelError('teleop reads the keyboard.', 'Start it in a terminal.')
    with (
        contextlib.suppress(KeyboardInterrupt),
        joined('teleop', args.namespace) as node,
        _raw_keyboard(),
    ):
        _Teleop(node, Keys(args.speed, args.turn)).run()
    return 0


@contextlib.contextmanager
def _raw_keyboard() -> Iterator[None]:
    """Give single keys without echo; Ctrl-C still interrupts."""
    before = termios.tcgetattr(sys.stdin)
    tty.setcbreak(sys.stdin)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
        print()


def _pressed() -> str:
    """Return all keys that wait."""
    keys = b''
    while select.select([sys.stdin], [], [], 0)[0]:
        data = os.read(sys.stdin.fileno(), 256)
        if not data:
            raise KeyboardInterrupt
        keys += data
    return keys.decode(errors='replace')


def guard_line(state: Any) -> str:
    """What a SafetyState says to somebody who drives; rules that bind the brain alone stay out."""
    if state.emergency_stop:
        return 'EMERGENCY STOP, until ./sentinel estop --release.'
    if not state.armed:
        return 'The sentinel is not armed: ./sentinel arm.'
    binding = [why for rule, why in zip(state.rules, state.reasons, strict=True) if rule in _LIMITS]
    return binding[0] if binding else 'The guard allows to move.'


class Line:
    """One line of a terminal that is written over and over."""

    def __init__(self) -> None:
        self._shown = ''

    def show(self, text: str) -> None:
        """Write ``text``, cut to the width, where another one stands there."""
        text = text[: shutil.get_terminal_size().columns - 1]  # a full line would scroll
        if text != self._shown:
            self._shown = text
            print(f'\r\x1b[K{text}', end='', flush=True)


class _Teleop:
    def __init__(self, node: Any, keys: Keys) -> None:
        from geometry_msgs.msg import TwistStamped
        from std_srvs.srv import SetBool

        from sentinel_common import qos
        from sentinel_msgs.msg import SafetyState

        self._keys = keys
        self._node = node
        self._publisher = self._node.create_publisher(TwistStamped, 'cmd_vel_teleop', qos.RELIABLE)
        self._emergency: Any = self._node.create_client(SetBool, 'emergency_stop')
        self._stop_wanted = False
        self._stop_call: Any = None
        self._guard = ''
        self._guard_heard = -PERMISSION_AGE
        self._node.create_subscription(SafetyState, 'safety_state', self._on_safety, qos.RELIABLE)

    def _on_safety(self, message: Any) -> None:
        self._guard_heard = time.monotonic()
        self._guard = guard_line(message)

    def _stop(self) -> None:
        """Bring a stop that is wanted to the guard; one may yet have to be found, or to restart."""
        from std_srvs.srv import SetBool

        if not self._emergency.service_is_ready():
            self._stop_call = None  # whoever was called is gone
        elif self._stop_call is None:
            self._stop_call = self._emergency.call_async(SetBool.Request(data=True))
        elif self._stop_call.done():
            self._stop_wanted, self._stop_call = False, None

    def _allowed(self, now: float) -> str:
        if self._stop_wanted:
            return 'Emergency stop: no guard has heard it yet.'
        if now - self._guard_heard > PERMISSION_AGE:
            return 'No guard is heard: nothing will move.'
        return self._guard

    def run(self) -> None:
        import rclpy
        from geometry_msgs.msg import TwistStamped

        print(_HELP)
        moving, line = False, Line()
        while True:
            rclpy.spin_once(self._node, timeout_sec=1 / _RATE)
            now = time.monotonic()
            for key in _pressed():
                if key.lower() == 'x':
                    self._stop_wanted, self._stop_call = True, None
                self._keys.press(key, now)
            if self._stop_wanted:
                self._stop()
            velocity = self._keys.velocity(now)
            if moving or not velocity.is_zero:
                # One zero after the last motion, then silence, so that others may command.
                message = TwistStamped()
                message.header.stamp = self._node.get_clock().now().to_msg()
                message.header.frame_id = 'base_link'
                message.twist.linear.x, message.twist.linear.y = velocity.vx, velocity.vy
                message.twist.angular.z = velocity.wz
                self._publisher.publish(message)
            moving = not velocity.is_zero
            line.show(
                f'{self._allowed(now)}  {velocity.vx:+.2f} {velocity.vy:+.2f} m/s '
                f'{velocity.wz:+.2f} rad/s (scale {self._keys.scale:.1f})'
            )
