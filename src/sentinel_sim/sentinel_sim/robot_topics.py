"""Topics of one robot of the simulated garden."""

from typing import TYPE_CHECKING, Any

import numpy as np
from rclpy.node import Node
from sentinel_common.detections import to_seconds

from sentinel_common import qos

if TYPE_CHECKING:
    from .world import World


class RobotTopics:
    """Publishes what robot ``number`` of the world sees and feels, below ``name`` (may be empty).

    Reads its ``sound_state``. ``rng`` draws the errors of ``pose_fix``.
    """

    def __init__(
        self, node: Node, world: 'World', number: int, name: str, rng: np.random.Generator
    ) -> None:
        from geometry_msgs.msg import PoseWithCovarianceStamped
        from nav_msgs.msg import Odometry
        from sensor_msgs.msg import CameraInfo, Image, Imu, JointState
        from vision_msgs.msg import Detection2DArray

        from sentinel_msgs.msg import SoundState

        self._world, self._number, self._rng = world, number, rng
        self._body = world.bodies[number]
        prefix = f'{name}/' if name else ''

        def publish(kind: Any, topic: str, profile: Any = qos.RELIABLE) -> Any:
            return node.create_publisher(kind, prefix + topic, profile)

        self._image = publish(Image, 'camera/image_raw', qos.IMAGE_WRITER)
        self._info = publish(CameraInfo, 'camera/camera_info')
        self._joints = publish(JointState, 'joint_states')
        self._imu = publish(Imu, 'imu')
        self._fix = publish(PoseWithCovarianceStamped, 'pose_fix')
        self._true_boxes = publish(Detection2DArray, 'ground_truth/detections')
        self._true_odom = publish(Odometry, 'ground_truth/odom')
        node.create_subscription(SoundState, f'{prefix}sound_state', self._heard, qos.RELIABLE)

    def _heard(self, message: Any) -> None:
        self._body.sound = (message.name, float(message.volume)) if message.playing else None

    def publish_motion(self, stamp: Any, due: set[str]) -> None:
        """Publish those of joints, imu, truth and fix that are ``due``."""
        from . import truth

        robot = self._body.state()
        if 'joints' in due:
            self._joints.publish(truth.joint_states(stamp, robot))
        if 'imu' in due:
            self._imu.publish(truth.imu(stamp, robot))
        if 'truth' in due:
            self._true_odom.publish(truth.odometry(stamp, robot))
        if 'fix' in due:
            self._fix.publish(truth.pose_fix(stamp, robot, self._rng))

    def publish_picture(self, stamp: Any) -> None:
        """Take a picture and publish it with its calibration and the true boxes in it."""
        from sentinel_common.images import image_from_array
        from std_msgs.msg import Header

        from . import truth

        header = Header(stamp=stamp, frame_id=truth.EYE_FRAME)
        picture = self._world.eye(self._number)
        height, width = picture.shape[:2]
        camera = self._world.cameras[self._number]
        self._image.publish(image_from_array(picture, 'rgb8', header))
        self._info.publish(truth.camera_info(header, (width, height), camera))
        boxes = self._world.boxes(self._number)
        self._true_boxes.publish(truth.detections(to_seconds(stamp), boxes))
