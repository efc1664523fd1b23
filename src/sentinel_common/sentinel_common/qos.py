"""The quality of service of every topic, chosen once.

Publishers of pictures are reliable (a best-effort reader can join them, a reliable recorder too),
readers of sensor data are best effort with a short queue: a late picture is worth less than the
next one.
"""

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

# Writer of pictures: reliable, only the newest.
IMAGE_WRITER = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.RELIABLE
)

# Reader of pictures and other sensor data: best effort, only the newest.
SENSOR_READER = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT
)

# Detections, targets, commands, states: small, reliable, short queue.
RELIABLE = QoSProfile(
    history=HistoryPolicy.KEEP_LAST, depth=10, reliability=ReliabilityPolicy.RELIABLE
)

# Information that a late joiner must still get.
LATCHED = QoSProfile(
    history=HistoryPolicy.KEEP_LAST,
    depth=1,
    reliability=ReliabilityPolicy.RELIABLE,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
)
