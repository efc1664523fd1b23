"""A process that commands: ``cmd_vel`` at a steady rate, until it is killed or told to pause.

On standard input: ``go`` or ``pause``; on standard output the steady time in s of the last command
at each pause.
"""

import select
import sys
import time

import rclpy
from geometry_msgs.msg import TwistStamped

from sentinel_common import qos

_RATE = 20.0  # Hz


def main() -> int:
    """Run until standard input ends."""
    rclpy.init()
    node = rclpy.create_node('commander')
    publisher = node.create_publisher(TwistStamped, 'cmd_vel', qos.RELIABLE)
    going, last, due = False, 0.0, time.monotonic()
    while True:
        if select.select([sys.stdin], [], [], max(0.0, due - time.monotonic()))[0]:
            word = sys.stdin.readline().strip()
            if not word:
                break
            if going and word == 'pause':
                print(last, flush=True)
            going = word == 'go'
        if time.monotonic() < due:
            continue
        due = time.monotonic() + 1 / _RATE
        if going:
            message = TwistStamped()
            message.header.stamp = node.get_clock().now().to_msg()
            message.twist.linear.x = 0.2
            publisher.publish(message)
            last = time.monotonic()
    rclpy.try_shutdown()
    return 0


if __name__ == '__main__':
    sys.exit(main())
