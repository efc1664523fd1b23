"""Writes what the nodes say to each other into MCAP files, for Foxglove and for replay."""

import importlib
import struct
import sys
from pathlib import Path
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sentinel_common.detections import frame_from_message
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.parameters import Parameter, Parameters

from sentinel_common import node

from .bag.bag import BagError, Entry, Gate, Recording
from .bag.topics import CAMERA, DETECTIONS, INCIDENTS, TOPICS, Manner, Topic
from .incidents.pictures import hints_at_person

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
    Parameter(
        'images',
        True,
        'record pictures too (about 9 MB/s uncompressed), but none with a hint of a person',
        read_only=True,
    ),
)

# Bursts must not be lost while a chunk is compressed.
_DEPTH = 100
# Pictures are large; a few may wait.
_PICTURES = 5

# Encapsulation of CDR, then builtin_interfaces/Time of the header: seconds, nanoseconds.
_STAMP_AT = 4


class BagNode(Node):
    """Subscribes all topics of ``bag.topics`` and writes MCAP files into ``folder``."""

    def __init__(self) -> None:
        super().__init__('bag')
        self.parameters = p = Parameters(self, PARAMETERS)
        folder = Path(p['folder']).expanduser()
        self._gate = Gate()
        self._trouble = ''

        def path(visit: str) -> Path:
            name = ''.join(c if c.isalnum() or c in '._-' else '-' for c in visit)
            now = self.get_clock().now().nanoseconds // 1_000_000_000
            return folder / (f'visit-{name}.mcap' if name else f'garden-{now}.mcap')

        self._recording = Recording(path, visits_only=p['visits_only'], before=p['before'])
        for topic in TOPICS:
            if p['images'] or not topic.image:
                self._subscribe(topic)
        Diagnostics(self).add('recording', self._report)
        self.get_logger().info(f'recording into {self._recording.file or folder}')

    def stop(self) -> None:
        """Finish the file."""
        try:
            done = self._recording.close()
        except BagError as error:
            self.get_logger().error(str(error))
            return
        if done:
            self.get_logger().info(f'{done} is finished')

    def _subscribe(self, topic: Topic) -> None:
        package, _, name = topic.datatype.partition('/msg/')
        kind = getattr(importlib.import_module(f'{package}.msg'), name)
        reliable = topic.manner != Manner.SENSOR
        profile = QoSProfile(
            depth=_PICTURES if topic.image else _DEPTH,
            reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
            durability=DurabilityPolicy.TRANSIENT_LOCAL
            if topic.manner == Manner.LATCHED
            else DurabilityPolicy.VOLATILE,
        )
        full = self.resolve_topic_name(topic.name)

        def callback(data: bytes) -> None:
            entry = Entry(full, topic.datatype, data, self.get_clock().now().nanoseconds)
            try:
                self._take(topic, entry, kind)
            except BagError as error:
                if not self._trouble:
                    self.get_logger().error(str(error))
                self._trouble = str(error)

        self.create_subscription(kind, topic.name, callback, profile, raw=True)

    def _take(self, topic: Topic, entry: Entry, kind: Any) -> None:
        if topic == CAMERA:
            self._gate.hold(_stamp(entry.data), entry)
            return
        if topic == INCIDENTS:
            incident = deserialize_message(entry.data, kind)
            if incident.kind == kind.VISIT_STARTED:
                self._recording.visit_started(incident.visit_id)
            self._recording.add(entry)
            if incident.kind == kind.VISIT_ENDED:
                done = self._recording.visit_ended(incident.visit_id)
                if done:
                    self.get_logger().info(f'{done} is finished')
            return
        if topic == DETECTIONS:
            frame = frame_from_message(deserialize_message(entry.data, kind))
            hint = any(hints_at_person(detection) for detection in frame.detections)
            picture = self._gate.judge(_stamp(entry.data), hint)
            if picture:
                # Written where its detections are: a reader sorts by time, and that stays.
                self._recording.add(picture)
        self._recording.add(entry, latched=topic.manner == Manner.LATCHED)

    def _report(self) -> Report:
        if self._trouble:
            return Report(Level.ERROR, self._trouble)
        file = self._recording.file
        return Report(Level.OK, f'writing {file}' if file else 'waiting for a visit')


def _stamp(data: bytes) -> tuple[int, int]:
    """Seconds and nanoseconds of the header that a serialized message begins with."""
    order = '<' if data[1] & 1 else '>'
    seconds, nanoseconds = struct.unpack_from(f'{order}iI', data, _STAMP_AT)
    return seconds, nanoseconds


def main() -> int:
    """Run the node until it is told to stop."""
    return node.run(BagNode)


if __name__ == '__main__':
    sys.exit(main())
