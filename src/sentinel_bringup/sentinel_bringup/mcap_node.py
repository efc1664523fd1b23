"""Records every topic of the robot to an MCAP file, pictures as JPEG, for Foxglove and replay."""

import importlib
import shutil
import sys
from pathlib import Path
from typing import Any

import cv2
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile
from rclpy.serialization import serialize_message
from sensor_msgs.msg import CompressedImage
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.errors import ConfigurationError, SentinelError
from sentinel_common.parameters import Parameter, Parameters

from sentinel_common import images, node, qos

from .mcap_file import McapFile

PARAMETERS = (
    Parameter('file', 'sentinel.mcap', 'MCAP file to write', read_only=True),
    Parameter('jpeg_quality', 80, 'quality of the pictures', minimum=1, maximum=100),
    Parameter(
        'min_free_mb',
        500.0,
        'free disk space below which nothing more is written, MB',
        minimum=0.0,
        read_only=True,
    ),
)

# How often new topics and the free space are looked for, s.
_SEARCH_PERIOD = 1.0
_IMAGE = 'sensor_msgs/msg/Image'
_COMPRESSED = 'sensor_msgs/msg/CompressedImage'
# Traffic of ROS itself, which no viewer wants.
_LEFT_OUT = ('/parameter_events', '/rosout')
# Messages that may wait: a busy writer must not lose commands.
_DEPTH = 50


class McapNode(Node):
    """Subscribes to all topics as they appear; raw pictures become ``<topic>/compressed``."""

    def __init__(self) -> None:
        super().__init__('mcap')
        self.parameters = Parameters(self, PARAMETERS)
        path = Path(self.parameters['file']).expanduser()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = McapFile(path)
        except OSError as error:
            raise ConfigurationError(f'{path} cannot be written: {error.strerror}.') from error
        self._path = path
        self._topics: set[str] = set()
        self._count = 0
        self._full = False
        Diagnostics(self).add('recording', self._report)
        self.create_timer(_SEARCH_PERIOD, self._search)
        self._search()

    def _search(self) -> None:
        free = shutil.disk_usage(self._path.parent).free / 1e6
        if free < self.parameters['min_free_mb'] and not self._full:
            self._full = True
            self.get_logger().error(f'Recording ends: only {free:.0f} MB are free.')
        for topic, types in self.get_topic_names_and_types():
            if topic not in self._topics and topic not in _LEFT_OUT and len(types) == 1:
                self._subscribe(topic, types[0])

    def _subscribe(self, topic: str, type_name: str) -> None:
        publishers = self.get_publishers_info_by_topic(topic)
        # Pictures that nodes compress themselves would come twice.
        if not publishers or (type_name == _COMPRESSED and topic.endswith('/compressed')):
            return
        self._topics.add(topic)
        try:
            package, _, name = type_name.split('/')
            kind = getattr(importlib.import_module(f'{package}.msg'), name)
        except (ImportError, AttributeError, ValueError):
            self.get_logger().warning(f'{topic} is left out: {type_name} is not known here.')
            return
        if type_name == _IMAGE:
            self.create_subscription(
                kind, topic, lambda m: self._on_image(topic, m), qos.SENSOR_READER
            )
            return
        durability = DurabilityPolicy.TRANSIENT_LOCAL  # only where somebody keeps messages
        if all(p.qos_profile.durability != durability for p in publishers):
            durability = DurabilityPolicy.VOLATILE
        self.create_subscription(
            kind,
            topic,
            lambda data: self._write(topic, type_name, data),
            QoSProfile(
                depth=_DEPTH,
                reliability=min(p.qos_profile.reliability for p in publishers),
                durability=DurabilityPolicy.TRANSIENT_LOCAL
                if durability
                else DurabilityPolicy.VOLATILE,
            ),
            raw=True,
        )

    def _on_image(self, topic: str, message: Any) -> None:
        try:
            picture = images.image_to_bgr(message)
        except SentinelError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=10.0)
            return
        quality = [cv2.IMWRITE_JPEG_QUALITY, self.parameters['jpeg_quality']]
        done, data = cv2.imencode('.jpg', picture, quality)
        if done:
            small = CompressedImage(header=message.header, format='jpeg', data=data.tobytes())
            self._write(f'{topic}/compressed', _COMPRESSED, serialize_message(small))

    def _write(self, topic: str, type_name: str, data: bytes) -> None:
        if not self._full:
            self._file.write(topic, type_name, data, self.get_clock().now().nanoseconds)
            self._count += 1

    def _report(self) -> Report:
        values = {'file': self._path, 'messages': self._count, 'topics': len(self._topics)}
        if self._full:
            return Report(Level.ERROR, 'The disk is full.', values)
        return Report(Level.OK, f'{self._count} messages written', values)

    def stop(self) -> None:
        """Close the file."""
        self._file.close()
        self.get_logger().info(f'{self._count} messages are in {self._path}.')


def main() -> int:
    """Run the node."""
    return node.run(McapNode)


if __name__ == '__main__':
    sys.exit(main())
