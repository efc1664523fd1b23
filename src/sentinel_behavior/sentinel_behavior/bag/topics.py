"""What is recorded, and how it is listened to."""

from dataclasses import dataclass
from enum import Enum


class Manner(Enum):
    """How a topic is written, and so how it must be read."""

    RELIABLE = 'reliable'
    SENSOR = 'sensor'
    LATCHED = 'latched'


@dataclass(frozen=True)
class Topic:
    """A topic, and whether its messages are pictures."""

    name: str
    datatype: str
    manner: Manner = Manner.RELIABLE
    image: bool = False


CAMERA = Topic('camera/image_raw', 'sensor_msgs/msg/Image', Manner.SENSOR, True)
DETECTIONS = Topic('detections', 'vision_msgs/msg/Detection2DArray')
INCIDENTS = Topic('incidents', 'sentinel_msgs/msg/Incident')
# Several nodes publish it, each its own transforms.
STATIC = Topic('/tf_static', 'tf2_msgs/msg/TFMessage', Manner.LATCHED)
ROBOT = Topic('robot_description', 'std_msgs/msg/String', Manner.LATCHED)

TOPICS = (
    CAMERA,
    Topic('camera/camera_info', 'sensor_msgs/msg/CameraInfo', Manner.SENSOR),
    # Only a simulator has one: nobody in it is real.
    Topic('spectator/image_raw', 'sensor_msgs/msg/Image', Manner.SENSOR, True),
    DETECTIONS,
    Topic('targets', 'vision_msgs/msg/Detection3DArray'),
    Topic('sweep', 'std_msgs/msg/Header'),
    Topic('label_info', 'vision_msgs/msg/LabelInfo', Manner.LATCHED),
    Topic('cmd_vel_auto', 'geometry_msgs/msg/TwistStamped'),
    Topic('cmd_vel_teleop', 'geometry_msgs/msg/TwistStamped'),
    Topic('cmd_vel', 'geometry_msgs/msg/TwistStamped'),
    Topic('safety_state', 'sentinel_msgs/msg/SafetyState'),
    Topic('emergency_stop_state', 'std_msgs/msg/Bool', Manner.LATCHED),
    Topic('head_color', 'std_msgs/msg/ColorRGBA'),
    Topic('body_height', 'std_msgs/msg/Float32'),
    Topic('sound_state', 'sentinel_msgs/msg/SoundState'),
    Topic('pose_fix', 'geometry_msgs/msg/PoseWithCovarianceStamped', Manner.SENSOR),
    Topic('odom', 'nav_msgs/msg/Odometry', Manner.SENSOR),
    Topic('/tf', 'tf2_msgs/msg/TFMessage'),
    STATIC,
    Topic('joint_states', 'sensor_msgs/msg/JointState', Manner.SENSOR),
    Topic('imu', 'sensor_msgs/msg/Imu', Manner.SENSOR),
    Topic('battery_state', 'sensor_msgs/msg/BatteryState', Manner.SENSOR),
    Topic('hermes/tx', 'sentinel_msgs/msg/HermesFrame'),
    Topic('hermes/rx', 'sentinel_msgs/msg/HermesFrame'),
    Topic('status', 'sentinel_msgs/msg/Status'),
    INCIDENTS,
    Topic('tree', 'std_msgs/msg/String', Manner.LATCHED),
    Topic('markers', 'visualization_msgs/msg/MarkerArray'),
    ROBOT,
    Topic('ground_truth/detections', 'vision_msgs/msg/Detection2DArray', Manner.SENSOR),
    Topic('ground_truth/odom', 'nav_msgs/msg/Odometry', Manner.SENSOR),
    Topic('ground_truth/animals', 'vision_msgs/msg/Detection3DArray', Manner.SENSOR),
    Topic('/diagnostics', 'diagnostic_msgs/msg/DiagnosticArray'),
)
