"""Ties ``odom`` to ``map``: where somebody tells where the robot is, as REP 105 wants it."""

import sys
from collections import deque
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
from sentinel_behavior.border import TimeBridge, fix_from_message
from sentinel_common.detections import to_seconds
from sentinel_common.parameters import Parameter, Parameters
from tf2_msgs.msg import TFMessage

from sentinel_common import node, qos

from .transforms import Transform, from_pose

PARAMETERS = (
    Parameter(
        'tolerance',
        0.3,
        'difference in time up to which a fix and an odometry belong together, s',
        minimum=0.01,
        maximum=5.0,
    ),
)

# Odometry that is kept until the fix for its time comes; 5 s at 20 Hz.
_KEPT = 100


class LocalizerNode(Node):
    """Publishes map -> odom on ``/tf`` from ``pose_fix`` and ``odom``; nothing before a fix.

    A fix counts where guard and brain take it, so that a robot is shown where they believe it is.

    Both frames lie on the ground: of a fix only x, y and yaw count. Some know the height of
    ``base_link`` and some leave it at 0; ``odom`` has it.
    """

    def __init__(self) -> None:
        super().__init__('localizer')
        self.parameters = Parameters(self, PARAMETERS)
        self._odometry: deque[tuple[float, Transform]] = deque(maxlen=_KEPT)
        self._map_to_odom: Transform | None = None
        self._time = TimeBridge(self, hour=-1.0)
        self._tf = self.create_publisher(TFMessage, '/tf', qos.RELIABLE)
        self.create_subscription(Odometry, 'odom', self._on_odometry, qos.RELIABLE)
        self.create_subscription(PoseWithCovarianceStamped, 'pose_fix', self._on_fix, qos.RELIABLE)

    def _on_odometry(self, message: Any) -> None:
        self._odometry.append((to_seconds(message.header.stamp), from_pose(message.pose.pose)))
        if self._map_to_odom is not None:
            header = message.header
            transform = self._map_to_odom.to_message(header.stamp, 'map', header.frame_id)
            self._tf.publish(TFMessage(transforms=[transform]))

    def _on_fix(self, message: Any) -> None:
        age = self._time.age(message.header.stamp)
        if not self._odometry or fix_from_message(message, age) is None:  # the guard tells of it
            return
        # Without a stamp it is of now.
        stamp = to_seconds(message.header.stamp) or self._odometry[-1][0]
        at, odometry = min(self._odometry, key=lambda sample: abs(sample[0] - stamp))
        if abs(at - stamp) <= self.parameters['tolerance']:
            fix = from_pose(message.pose.pose)
            self._map_to_odom = fix.on_ground() @ odometry.on_ground().inverse()


def main() -> int:
    """Run the node."""
    return node.run(LocalizerNode)


if __name__ == '__main__':
    sys.exit(main())
