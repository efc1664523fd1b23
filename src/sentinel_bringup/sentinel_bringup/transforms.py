"""Rotations and rigid transforms, as ROS writes them: quaternions are x, y, z, w."""

import math
from typing import Any, NamedTuple

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


class Transform(NamedTuple):
    """Where a child frame lies in its parent: ``translation`` in m, and ``rotation``."""

    translation: Vector
    rotation: Quaternion

    def __matmul__(self, other: 'Transform') -> 'Transform':
        """Transform from our parent to the child of ``other``, whose parent is our child."""
        x, y, z = rotate(self.rotation, other.translation)
        ox, oy, oz = self.translation
        return Transform((x + ox, y + oy, z + oz), multiply(self.rotation, other.rotation))

    def inverse(self) -> 'Transform':
        """Transform from the child to the parent."""
        x, y, z, w = self.rotation
        back = (-x, -y, -z, w)
        tx, ty, tz = rotate(back, self.translation)
        return Transform((-tx, -ty, -tz), back)

    def on_ground(self) -> 'Transform':
        """Return the part of it in the plane: x, y and the turn about z."""
        x, y, _ = self.translation
        qx, qy, qz, qw = self.rotation
        yaw = math.atan2(2 * (qw * qz + qx * qy), 1 - 2 * (qy * qy + qz * qz))
        return Transform((x, y, 0.0), about((0.0, 0.0, 1.0), yaw))

    def to_message(self, stamp: Any, parent: str, child: str) -> Any:
        """geometry_msgs/TransformStamped of the transform."""
        from geometry_msgs.msg import TransformStamped

        message = TransformStamped(child_frame_id=child)
        message.header.stamp = stamp
        message.header.frame_id = parent
        to, turn = message.transform.translation, message.transform.rotation
        to.x, to.y, to.z = self.translation
        turn.x, turn.y, turn.z, turn.w = self.rotation
        return message


def from_pose(pose: Any) -> Transform:
    """Read a geometry_msgs/Pose."""
    p, q = pose.position, pose.orientation
    return Transform((p.x, p.y, p.z), (q.x, q.y, q.z, q.w))


def multiply(a: Quaternion, b: Quaternion) -> Quaternion:
    """Rotation ``b`` followed, in the fixed frame, by ``a``."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def about(axis: Vector, angle: float) -> Quaternion:
    """Rotation by ``angle`` (rad) about a unit axis."""
    s = math.sin(angle / 2)
    return axis[0] * s, axis[1] * s, axis[2] * s, math.cos(angle / 2)


def from_rpy(roll: float, pitch: float, yaw: float) -> Quaternion:
    """Rotation by roll, pitch, yaw (rad) about the fixed axes x, y, z, as URDF defines it."""
    x, y, z = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    return multiply(about(z, yaw), multiply(about(y, pitch), about(x, roll)))


def rotate(q: Quaternion, v: Vector) -> Vector:
    """Vector ``v`` turned by ``q``."""
    x, y, z, _ = multiply(multiply(q, (*v, 0.0)), (-q[0], -q[1], -q[2], q[3]))
    return x, y, z
