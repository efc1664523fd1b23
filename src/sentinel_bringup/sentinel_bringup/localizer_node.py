"""Ties ``odom`` to ``map``: where somebody tells where the robot is, as REP 105 wants it."""

import sys
from collections import deque
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped
from nav_msgs.msg import Odometry
from rclpy.node import Node
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

    Both frames lie on the ground: of a fix only x, y and yaw count. Some know the height of
    ``base_link`` and some leave it at 0; ``odom`` has it.
    """

    def __init__(self) -> None:
        super().__init__('localizer')
        self.parameters = Parameters(self, PARAMETERS)
        self._odometry: deque[tuple[float, Transform]] = deque(maxlen=_KEPT)
        self._map_to_odom: Transform | None = None
        self._frames = ('map', 'odom')
        self._tf = self.create_publisher(TFMessage, '/tf', qos.RELIABLE)
        self.create_subscription(Odometry, 'odom', self._on_odometry, qos.RELIABLE)
        self.create_subscription(PoseWithCovarianceStamped, 'pose_fix', self._on_fix, qos.RELIABLE)

    def _on_odometry(self, message: Any) -> None:
        self._odometry.append((to_seconds(message.header.stamp), from_pose(message.pose.pose)))
        self._frames = (self._frames[0], message.header.frame_id)
        if self._map_to_odom is not None:
            transform = self._map_to_odom.to_message(message.header.stamp, *self._frames)
            self._tf.publish(TFMessage(transforms=[transform]))

    def _on_fix(self, message: Any) -> None:
        stamp = to_seconds(message.header.stamp)
        if not self._odometry:
            return
        at, odometry = min(self._odometry, key=lambda sample: abs(sample[0] - stamp))
        if abs(at - stamp) <= self.parameters['tolerance']:
            self._frames = (message.header.frame_id, self._frames[1])
            fix = from_pose(message.pose.pose)
            self._map_to_odom = fix.on_ground() @ odometry.on_ground().inverse()


def main() -> int:
    """Run the node."""
    return node.run(LocalizerNode)


if __name__ == '__main__':
    sys.exit(main())
