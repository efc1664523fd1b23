"""What the emulated robot moves where there is no embedded garden: nothing, or Gazebo's servos."""

import math
from typing import Any

from geometry_msgs.msg import PoseWithCovarianceStamped, Quaternion
from nav_msgs.msg import Odometry
from sensor_msgs.msg import Imu, JointState
from sentinel_common.detections import to_seconds
from sentinel_common.geometry import Pose
from std_msgs.msg import Float64

from sentinel_common import qos

from ..pacing import Every
from .gait import Array
from .mekamon import MekaMon
from .model import JOINTS

# How often Gazebo tells where the robot is, Hz: as often as the embedded simulator's fixed camera.
_FIX_RATE = 2.0


class IdealBody:
    """Joints follow at once and feet never slip.

    Publishes ``joint_states`` and ``ground_truth/odom`` (in ``map``).
    """

    def __init__(self, node: Any, mekamon: MekaMon) -> None:
        self._mekamon = mekamon
        self._pose = Pose()
        self._joints = node.create_publisher(JointState, 'joint_states', qos.RELIABLE)
        self._odom = node.create_publisher(Odometry, 'ground_truth/odom', qos.RELIABLE)

    def follow(self, targets: Array, dt: float, stamp: Any) -> None:
        """Take the twelve joint targets (rad) of the last ``dt`` seconds."""
        joints = JointState(name=list(JOINTS), position=targets.tolist())
        joints.header.stamp = stamp
        self._joints.publish(joints)
        v = self._mekamon.walking
        self._pose = here = self._pose.moved(v, dt)
        message = Odometry(child_frame_id='base_link')
        message.header.stamp = stamp
        message.header.frame_id = 'map'
        pose, twist = message.pose.pose, message.twist.twist
        pose.position.x, pose.position.y = here.x, here.y
        pose.orientation = Quaternion(z=math.sin(here.yaw / 2), w=math.cos(here.yaw / 2))
        twist.linear.x, twist.linear.y, twist.angular.z = v.vx, v.vy, v.wz
        self._odom.publish(message)


class GazeboBody:
    """The servos of gz sim, behind ros_gz_bridge.

    Publishes ``joint_command/<joint>`` (std_msgs/Float64, rad); reads ``imu`` to notice falls.
    Joint states and odometry come from Gazebo itself. Nobody looks at the robot there, so its place
    in ``ground_truth/odom`` is published as ``pose_fix``: the truth, for testing, without errors.
    """

    def __init__(self, node: Any, mekamon: MekaMon) -> None:
        self._mekamon = mekamon
        self._commands = [
            node.create_publisher(Float64, f'joint_command/{joint}', qos.RELIABLE)
            for joint in JOINTS
        ]
        self._fix = node.create_publisher(PoseWithCovarianceStamped, 'pose_fix', qos.RELIABLE)
        self._fix_due = Every(_FIX_RATE)
        node.create_subscription(Imu, 'imu', self._on_imu, qos.SENSOR_READER)
        node.create_subscription(Odometry, 'ground_truth/odom', self._on_truth, qos.SENSOR_READER)

    def follow(self, targets: Array, dt: float, stamp: Any) -> None:
        """Take the twelve joint targets (rad)."""
        for publisher, target in zip(self._commands, targets, strict=True):
            publisher.publish(Float64(data=float(target)))

    def _on_imu(self, message: Any) -> None:
        q = message.orientation
        self._mekamon.sense(up=1.0 - 2.0 * (q.x * q.x + q.y * q.y))

    def _on_truth(self, message: Any) -> None:
        if self._fix_due.due(to_seconds(message.header.stamp)):
            fix = PoseWithCovarianceStamped(header=message.header, pose=message.pose)
            self._fix.publish(fix)


BODIES: dict[str, type[IdealBody] | type[GazeboBody]] = {'none': IdealBody, 'gazebo': GazeboBody}
