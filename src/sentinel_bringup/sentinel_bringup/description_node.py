"""Publishes the robot's shape and its transforms where there is no robot_state_publisher."""

import sys
from typing import Any

from rclpy.node import Node
from sensor_msgs.msg import JointState
from sentinel_common.files import share
from sentinel_common.parameters import Parameter, Parameters
from std_msgs.msg import String
from tf2_msgs.msg import TFMessage

from sentinel_common import node, qos

from . import description

PARAMETERS = (
    Parameter('urdf', 'urdf/mekamon.urdf.xacro', 'xacro file of the robot', read_only=True),
    Parameter(
        'camera',
        'onboard',
        'where the camera is mounted',
        choices=('onboard', 'none'),
        read_only=True,
    ),
    Parameter(
        'publish_frequency',
        20.0,
        'most transforms of a joint per second, Hz',
        minimum=1.0,
        maximum=200.0,
    ),
)


def urdf(parameters: Any) -> str:
    """Return the URDF text that the parameters ask for."""
    return description.load(share(parameters['urdf']), {'camera': parameters['camera']})


class DescriptionNode(Node):
    """Latched ``robot_description`` and ``/tf_static``; ``/tf`` from ``joint_states``."""

    def __init__(self) -> None:
        super().__init__('description')
        self.parameters = Parameters(self, PARAMETERS)
        text = urdf(self.parameters)
        found = description.joints(text)
        self._moving = {joint.name: joint for joint in found if not joint.fixed}
        self._last = -1.0

        self._robot = self.create_publisher(String, 'robot_description', qos.LATCHED)
        self._static = self.create_publisher(TFMessage, '/tf_static', qos.LATCHED)
        self._tf = self.create_publisher(TFMessage, '/tf', qos.RELIABLE)
        self._robot.publish(String(data=text))
        stamp = self.get_clock().now().to_msg()
        self._static.publish(
            TFMessage(transforms=[_message(joint, 0.0, stamp) for joint in found if joint.fixed])
        )
        self.create_subscription(JointState, 'joint_states', self._on_joints, qos.SENSOR_READER)

    def _on_joints(self, message: Any) -> None:
        now = message.header.stamp.sec + message.header.stamp.nanosec * 1e-9
        if 0.0 <= now - self._last < 1.0 / self.parameters['publish_frequency']:
            return
        self._last = now
        transforms = [
            _message(self._moving[name], position, message.header.stamp)
            for name, position in zip(message.name, message.position, strict=False)
            if name in self._moving and position == position  # NaN: the robot does not tell
        ]
        self._tf.publish(TFMessage(transforms=transforms))


def _message(joint: description.Joint, position: float, stamp: Any) -> Any:
    return joint.transform(position).to_message(stamp, joint.parent, joint.child)


def main() -> int:
    """Run the node."""
    return node.run(DescriptionNode)


if __name__ == '__main__':
    sys.exit(main())
