"""Messages of the driver, made in one place."""

import math
from typing import Any

from .odometry import Odometry

# Not measured and not meant: roll, pitch and height are those of a flat lawn.
_UNKNOWN_VARIANCE = 0.01

# Height of base_link above the ground at stance, m.
_STANCE_HEIGHT = 0.075


def _quaternion(yaw: float) -> Any:
    from geometry_msgs.msg import Quaternion

    return Quaternion(z=math.sin(yaw / 2), w=math.cos(yaw / 2))


def odometry(robot: Odometry, stamp: Any) -> Any:
    """nav_msgs/Odometry of ``robot``."""
    from nav_msgs.msg import Odometry as Message

    message = Message(child_frame_id='base_link')
    message.header.stamp = stamp
    message.header.frame_id = 'odom'
    message.pose.pose.position.x = robot.pose.x
    message.pose.pose.position.y = robot.pose.y
    message.pose.pose.position.z = _STANCE_HEIGHT
    message.pose.pose.orientation = _quaternion(robot.pose.yaw)
    message.twist.twist.linear.x = robot.velocity.vx
    message.twist.twist.linear.y = robot.velocity.vy
    message.twist.twist.angular.z = robot.velocity.wz
    planar = (0, 1, 5)  # x, y, yaw among the six components
    where, moving = [0.0] * 36, [0.0] * 36
    for i in (2, 3, 4):
        where[7 * i] = moving[7 * i] = _UNKNOWN_VARIANCE
    for i, row in enumerate(planar):
        for j, column in enumerate(planar):
            where[6 * row + column] = float(robot.covariance[i, j])
    for variance, i in zip(robot.velocity_variances(), planar, strict=True):
        moving[7 * i] = variance
    message.pose.covariance = where
    message.twist.covariance = moving
    return message


def transform(robot: Odometry, stamp: Any) -> Any:
    """tf2_msgs/TFMessage of odom -> base_link."""
    from geometry_msgs.msg import TransformStamped
    from tf2_msgs.msg import TFMessage

    message = TransformStamped(child_frame_id='base_link')
    message.header.stamp = stamp
    message.header.frame_id = 'odom'
    message.transform.translation.x = robot.pose.x
    message.transform.translation.y = robot.pose.y
    message.transform.translation.z = _STANCE_HEIGHT
    message.transform.rotation = _quaternion(robot.pose.yaw)
    return TFMessage(transforms=[message])


def frame(payload: bytes, nanoseconds: int) -> Any:
    """sentinel_msgs/HermesFrame stamped with ``nanoseconds`` of ROS time."""
    from builtin_interfaces.msg import Time

    from sentinel_msgs.msg import HermesFrame

    message = HermesFrame(payload=list(payload))
    seconds, rest = divmod(max(0, nanoseconds), 1_000_000_000)
    message.header.stamp = Time(sec=seconds, nanosec=rest)
    return message


def battery(stamp: Any) -> Any:
    """sensor_msgs/BatteryState that claims nothing.

    The robot's battery messages are not decoded.
    """
    from sensor_msgs.msg import BatteryState

    message = BatteryState(present=True)
    message.header.stamp = stamp
    for name in ('voltage', 'temperature', 'current', 'charge', 'capacity', 'design_capacity'):
        setattr(message, name, math.nan)
    message.percentage = math.nan
    return message
