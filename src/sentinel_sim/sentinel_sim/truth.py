"""What is true in the simulated garden, as messages; behaviour never reads it."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sentinel_common.detections import Box, Detection, Frame, frame_to_message

from .agents import Agent
from .camera_model import CameraModel
from .robot.body import RobotState
from .robot.model import JOINTS
from .world import Seen

# A fixed camera that sees the robot reports its place this exactly: m and rad, and so says its
# covariance.
FIX_SIGMA, FIX_SIGMA_YAW = 0.03, np.radians(2.0)

EYE_FRAME = 'camera_optical_frame'


def detections(stamp: float, seen: Sequence[Seen]) -> Any:
    """vision_msgs/Detection2DArray of exact boxes; ``id`` is the animal's name."""
    found = tuple(Detection(Box(*s.box), {s.species: 1.0}, s.name) for s in seen)
    return frame_to_message(Frame(stamp, EYE_FRAME, found))


def animals(
    stamp: Any,
    agents: Sequence[Agent],
    sizes: dict[str, tuple[float, float, float]],
    ground: Callable[[float, float], float],
) -> Any:
    """vision_msgs/Detection3DArray in map of all animals in or near the garden.

    ``sizes`` are length, width, height, m; ``ground`` tells how high it is at a place, m.
    """
    from geometry_msgs.msg import Point, Pose, PoseWithCovariance, Quaternion, Vector3
    from std_msgs.msg import Header
    from vision_msgs.msg import (
        BoundingBox3D,
        Detection3D,
        Detection3DArray,
        ObjectHypothesis,
        ObjectHypothesisWithPose,
    )

    header = Header(stamp=stamp, frame_id='map')
    message = Detection3DArray(header=header)
    for agent in agents:
        if not agent.present:
            continue
        length, width, height = sizes[agent.visitor.name]
        turn = Quaternion(z=float(np.sin(agent.yaw / 2)), w=float(np.cos(agent.yaw / 2)))
        z = ground(agent.x, agent.y) + agent.z + height / 2
        pose = Pose(position=Point(x=agent.x, y=agent.y, z=z), orientation=turn)
        hypothesis = ObjectHypothesisWithPose(
            hypothesis=ObjectHypothesis(class_id=agent.visitor.kind, score=1.0),
            pose=PoseWithCovariance(pose=pose),
        )
        box = BoundingBox3D(center=pose, size=Vector3(x=length, y=width, z=height))
        message.detections.append(
            Detection3D(header=header, id=agent.visitor.name, results=[hypothesis], bbox=box)
        )
    return message


def camera_info(header: Any, size: tuple[int, int], camera: CameraModel) -> Any:
    """sensor_msgs/CameraInfo of the simulated camera."""
    from sensor_msgs.msg import CameraInfo

    width, height = size
    f, cx, cy = float(camera.focal), width / 2, height / 2
    return CameraInfo(
        header=header, width=width, height=height, distortion_model='plumb_bob',
        d=[camera.lens.k1, camera.lens.k2, 0.0, 0.0, 0.0],
        k=[f, 0.0, cx, 0.0, f, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[f, 0.0, cx, 0.0, 0.0, f, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )  # fmt: skip


def odometry(stamp: Any, robot: RobotState) -> Any:
    """nav_msgs/Odometry of the robot's true motion in map."""
    from geometry_msgs.msg import Vector3
    from nav_msgs.msg import Odometry

    message = Odometry()
    message.header.stamp, message.header.frame_id = stamp, 'map'
    message.child_frame_id = 'base_link'
    _set_pose(message.pose.pose, robot.position, robot.orientation)
    message.twist.twist.linear = Vector3(**_xyz(robot.linear))
    message.twist.twist.angular = Vector3(**_xyz(robot.angular))
    return message


def pose_fix(stamp: Any, robot: RobotState, rng: np.random.Generator) -> Any:
    """geometry_msgs/PoseWithCovarianceStamped as a fixed camera with its errors would report it."""
    from geometry_msgs.msg import PoseWithCovarianceStamped

    message = PoseWithCovarianceStamped()
    message.header.stamp, message.header.frame_id = stamp, 'map'
    x, y = robot.position[:2] + rng.normal(size=2) * FIX_SIGMA
    yaw = robot.yaw + rng.normal() * FIX_SIGMA_YAW
    turn = np.array([np.cos(yaw / 2), 0.0, 0.0, np.sin(yaw / 2)])
    _set_pose(message.pose.pose, np.array([x, y, 0.0]), turn)
    covariance = np.zeros((6, 6))
    covariance[0, 0] = covariance[1, 1] = FIX_SIGMA**2
    covariance[5, 5] = FIX_SIGMA_YAW**2
    message.pose.covariance = covariance.ravel().tolist()
    return message


def joint_states(stamp: Any, robot: RobotState) -> Any:
    """sensor_msgs/JointState of the twelve joints, in the order of ``robot.model.JOINTS``."""
    from sensor_msgs.msg import JointState

    message = JointState(
        name=list(JOINTS),
        position=robot.joints.tolist(),
        velocity=robot.joint_velocities.tolist(),
    )
    message.header.stamp = stamp
    return message


def imu(stamp: Any, robot: RobotState) -> Any:
    """sensor_msgs/Imu: what the chip in the robot would feel, without noise."""
    from geometry_msgs.msg import Vector3
    from sensor_msgs.msg import Imu

    message = Imu(
        angular_velocity=Vector3(**_xyz(robot.angular)),
        linear_acceleration=Vector3(**_xyz(robot.acceleration)),
    )
    message.header.stamp, message.header.frame_id = stamp, 'imu_link'
    w, x, y, z = (float(v) for v in robot.orientation)
    message.orientation.w, message.orientation.x = w, x
    message.orientation.y, message.orientation.z = y, z
    return message


def _set_pose(pose: Any, position: Any, orientation: Any) -> None:
    pose.position.x, pose.position.y, pose.position.z = (float(v) for v in position)
    o = pose.orientation
    o.w, o.x, o.y, o.z = (float(v) for v in orientation)


def _xyz(v: Any) -> dict[str, float]:
    return {'x': float(v[0]), 'y': float(v[1]), 'z': float(v[2])}
