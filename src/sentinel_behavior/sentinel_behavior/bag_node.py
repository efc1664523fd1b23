"""Writes what the nodes say to each other into MCAP files, for Foxglove and for replay."""

import importlib
import shutil
import struct
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message, serialize_message
from sensor_msgs.msg import CompressedImage, Image
from sentinel_common.detections import frame_from_message
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.errors import SentinelError
from sentinel_common.files import share
from sentinel_common.parameters import Parameter, Parameters
from sentinel_common.timers import every

from sentinel_common import images, node

from .bag.bag import BagError, Entry, Recording, file_name
from .bag.meshes import with_meshes
from .bag.topics import CAMERA, DETECTIONS, INCIDENTS, ROBOT, STATIC, TOPICS, Manner, Topic
from .incidents.pairs import Pairs
from .incidents.pictures import persons

PARAMETERS = (
    Parameter(
        'folder',
        '~/.local/share/garden-sentinel/mcap',
        'where the files go; made if it is missing',
        read_only=True,
    ),
    Parameter(
        'visits_only',
        False,
        'one file for each visit instead of one for everything',
        read_only=True,
    ),
    Parameter(
        'before',
        5.0,
        'what the file of a visit begins with, s before the visit; kept in memory',
        minimum=0.0,
        maximum=60.0,
        read_only=True,
    ),
    Parameter('images', True, 'record pictures too', read_only=True),
    Parameter(
        'withhold',
        True,
        'leave out camera pictures with a hint of a person; false in simulations: nobody is real',
        read_only=True,
    ),
    Parameter(
        'jpeg_quality',
        80,
        'pictures are recorded as <topic>/compressed of this quality; 0: as they are, 9 MB/s',
        minimum=0,
        maximum=100,
        read_only=True,
    ),
    Parameter(
        'min_free_mb',
        500.0,
        'free disk space below which nothing more is written, MB',
        minimum=0.0,
        read_only=True,
    ),
)

# Bursts must not be lost while a chunk is compressed.
_DEPTH = 100
# Pictures are large; a few may wait.
_PICTURES = 5

# How often the free space is looked at, s.
_SPACE_PERIOD = 5.0

_COMPRESSED = 'sensor_msgs/msg/CompressedImage'

# Encapsulation of CDR, then builtin_interfaces/Time of the header: seconds, nanoseconds.
_STAMP_AT = 4


class BagNode(Node):
    """Subscribes all topics of ``bag.topics`` and writes MCAP files into ``folder``."""

    def __init__(self) -> None:
        super().__init__('bag')
        self.parameters = p = Parameters(self, PARAMETERS)
        folder = Path(p['folder']).expanduser()
        self._waiting: Pairs[Entry] = Pairs()
        self._trouble = ''

        def path(visit: str) -> Path:
            # Simulated time begins at 0 in each run.
            return folder / file_name(visit, int(time.time()))

        self._folder = folder
        self._recording = Recording(path, visits_only=p['visits_only'], before=p['before'])
        for topic in TOPICS:
            if p['images'] or not topic.image:
                self._subscribe(topic)
        every(self, _SPACE_PERIOD, self._look_at_space)
        Diagnostics(self).add('recording', self._report)
        self.get_logger().info(f'recording into {self._recording.file or folder}')

    def stop(self) -> None:
        """Finish the file."""
        try:
            done = self._recording.close()
        except BagError as error:
            self.get_logger().error(str(error))
            return
        self._finished(done)

    def _finished(self, file: Path | None) -> None:
        if file:
            self.get_logger().info(f'{file} is finished')

    def _subscribe(self, topic: Topic) -> None:
        package, _, name = topic.datatype.partition('/msg/')
        kind = getattr(importlib.import_module(f'{package}.msg'), name)
        reliable = topic.manner != Manner.SENSOR
        latched = topic.manner == Manner.LATCHED
        profile = QoSProfile(
            depth=_PICTURES if topic.image else _DEPTH,
            reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
            durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
        )
        full = self.resolve_topic_name(topic.name)

        def callback(data: bytes) -> None:
            now = self.get_clock().now().nanoseconds
            entry = Entry(full, topic.datatype, data, now, latched)
            try:
                if not self._trouble:
                    self._take(topic, entry, kind)
            except BagError as error:
                self._end(str(error))

        self.create_subscription(kind, topic.name, callback, profile, raw=True)

    def _look_at_space(self) -> None:
        if not self._folder.is_dir():  # made with the first file
            return
        free = shutil.disk_usage(self._folder).free / 1e6
        if free < self.parameters['min_free_mb'] and not self._trouble:
            self._end(f'The recording ends: only {free:.0f} MB are free in {self._folder}.')

    def _end(self, trouble: str) -> None:
        """Give up what comes from now on; what is written is finished when the node stops."""
        self._trouble = trouble
        self.get_logger().error(trouble)

    def _take(self, topic: Topic, entry: Entry, kind: Any) -> None:
        if topic.image:
            if topic == CAMERA and self.parameters['withhold']:
                self._waiting.hold(_stamp(entry.data), entry)
            else:
                self._add_picture(entry)
            return
        if topic == INCIDENTS:
            incident = deserialize_message(entry.data, kind)
            if incident.kind == kind.VISIT_STARTED:
                self._finished(self._recording.visit_started(incident.visit_id))
            self._recording.add(entry)
            if incident.kind == kind.VISIT_ENDED:
                self._finished(self._recording.visit_ended(incident.visit_id))
            return
        if topic == DETECTIONS:
            frame = frame_from_message(deserialize_message(entry.data, kind))
            somebody = any(detection.track_id for detection in frame.detections)
            self._finished(self._recording.look(entry.at, somebody))
            picture = self._waiting.take(frame.stamp)
            if picture and not persons(frame):
                self._add_picture(picture)  # readers sort by time, so later is no harm
        if topic == ROBOT:
            robot = deserialize_message(entry.data, kind)
            robot.data = with_meshes(robot.data, share('urdf/meshes'))
            entry = replace(entry, data=serialize_message(robot))
        if topic == STATIC:
            transforms = deserialize_message(entry.data, kind).transforms
            entry = replace(entry, about=' '.join(t.child_frame_id for t in transforms))
        self._recording.add(entry)

    def _add_picture(self, entry: Entry) -> None:
        quality = self.parameters['jpeg_quality']
        if not quality:
            self._recording.add(entry)
            return
        message = deserialize_message(entry.data, Image)
        try:
            pixels = images.image_to_bgr(message)
        except SentinelError as error:
            self.get_logger().warning(str(error), throttle_duration_sec=10.0)
            return
        done, data = cv2.imencode('.jpg', pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if done:
            small = CompressedImage(header=message.header, format='jpeg', data=data.tobytes())
            topic = f'{entry.topic}/compressed'
            self._recording.add(Entry(topic, _COMPRESSED, serialize_message(small), entry.at))

    def _report(self) -> Report:
        if self._trouble:
            return Report(Level.ERROR, self._trouble)
        file = self._recording.file
        return Report(Level.OK, f'writing {file}' if file else 'waiting for a visit')


def _stamp(data: bytes) -> float:
    """Stamp of the header that a serialized message begins with, s, as ``to_seconds`` tells it."""
    order = '<' if data[1] & 1 else '>'
    seconds, nanoseconds = struct.unpack_from(f'{order}iI', data, _STAMP_AT)
    return float(seconds + nanoseconds * 1e-9)


def main() -> int:
    """Run the node until it is told to stop."""
    return node.run(BagNode)


if __name__ == '__main__':
    sys.exit(main())
