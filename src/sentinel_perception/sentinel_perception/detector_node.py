"""Node ``detector``: pictures to confirmed animals."""

import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
from sentinel_common.detections import (
    GLIMPSE_SCORE,
    Box,
    Detection,
    frame_to_message,
    targets_to_message,
    to_seconds,
)
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.errors import SentinelError
from sentinel_common.files import share
from sentinel_common.lifecycle import AUTOSTART, ManagedNode
from sentinel_common.parameters import Parameter, Parameters
from sentinel_common.species import PERSON, PROTECTED, RACCOON, SPECIES

from sentinel_common import images, node, qos

from . import settings as knobs
from . import zones
from .detector.classifier import load_or_shipped
from .detector.model import TfliteDetector, fingerprint, load
from .detector.port import ModelError
from .draw import annotate
from .meter import Meter
from .own_motion import OwnMotion
from .pipeline import Pipeline, Sight
from .position import FIELD_OF_VIEW, Intrinsics
from .worker import LatestOnlyWorker

PARAMETERS = (
    AUTOSTART,
    Parameter(
        'model', '', 'TFLite file; empty: models/detector.tflite of the sentinel', read_only=True
    ),
    Parameter(
        'labels',
        '',
        'file with a label per class; empty: <model>_labels.txt beside the model, or its metadata',
        read_only=True,
    ),
    Parameter(
        'classifier',
        '',
        'TFLite file of the second look; empty: models/classifier.tflite, where there is one',
        read_only=True,
    ),
    Parameter(
        'watch_only',
        False,
        'no robot acts on what it sees: a model without a class person, cat or dog is a warning',
        read_only=True,
    ),
    Parameter('threads', 1, 'threads of the interpreter', 1, 16, read_only=True),
    Parameter(
        'field_of_view',
        FIELD_OF_VIEW,
        'vertical field of view until camera_info comes, rad',
        0.05,
        3.0,
        read_only=True,
    ),
    Parameter(
        'include_zones',
        [],
        "polygons where animals count, as shares of the picture: '0,0.5 1,0.5 1,1 0,1'; none: all",
    ),
    Parameter('exclude_zones', [], 'polygons where animals do not count; the household does'),
    Parameter('draw_looks', False, 'also draw motion and crops into detections/image'),
    *knobs.PARAMETERS,
)

# Without a picture for this long the detector is blind, s.
_SILENCE = 1.0

# A driver does not stamp its pictures where so many in a row have the stamp of the one before;
# without time no sweep is ever completed.
_UNSTAMPED = 5

# Who is told of a picture later than this has another clock, or shows a recording, s.
_LONGEST_DELAY = 2.0


def preflight(values: Mapping[str, Any]) -> None:
    """Raise SentinelError where the model cannot be used, or could not protect anybody."""
    _load_model(values)
    load_or_shipped(values['classifier'])


def _model_path(values: Any) -> Path:
    path = values['model']
    return Path(path).expanduser() if path else share('models/detector.tflite')


def _load_model(values: Any) -> TfliteDetector:
    labels = values['labels']
    model = load(
        _model_path(values),
        Path(labels).expanduser() if labels else None,
        threads=values['threads'],
    )
    unknown = _unprotected(model)
    if unknown and not values['watch_only']:
        raise ModelError(
            f'The model {model.name} has no class {unknown}: a robot would not spare them.',
            'Take one that has, or watch without a robot: --robot none, or robot:=none.',
        )
    return model


def _unprotected(model: TfliteDetector) -> str:
    """Whom of those that are protected the model cannot see, as text."""
    return ', '.join(s for s in SPECIES if s in PROTECTED and not model.knows(s))


class DetectorNode(ManagedNode):
    """Reads ``camera/image_raw``, ``camera/camera_info`` and, to know its own motion, ``cmd_vel``.

    Publishes ``detections`` (one per processed picture, empty ones too), ``targets``, ``sweep``,
    ``label_info`` (latched) and, while somebody subscribes, ``detections/image``. A worker thread
    takes the newest picture; those that come meanwhile are skipped and counted, so callbacks stay
    responsive and nothing queues up.
    """

    def __init__(self) -> None:
        super().__init__('detector')
        from geometry_msgs.msg import TwistStamped
        from sensor_msgs.msg import CameraInfo, Image
        from std_msgs.msg import Header
        from vision_msgs.msg import Detection2DArray, Detection3DArray, LabelInfo

        self._pipeline: Pipeline | None = None
        self.parameters = Parameters(self, PARAMETERS, self._tune)
        self._tune({p.name: self.parameters[p.name] for p in PARAMETERS})
        self._model = _load_model(self.parameters)
        self._fingerprint = fingerprint(_model_path(self.parameters))
        self._classifier = load_or_shipped(self.parameters['classifier'])
        name = self.parameters['model'] or 'models/detector.tflite'
        self.get_logger().info(f'Model {name} in {self._model.runtime}')
        if not self._model.knows(RACCOON):
            self.get_logger().warning(f'{name} has no class raccoon: no raccoon will be reported.')
        if unknown := _unprotected(self._model):
            self.get_logger().warning(f'{name} has no class {unknown}: none will be reported.')
        self._sees_people = self._model.knows(PERSON)
        if not self._sees_people:
            self.get_logger().warning('All pictures that are kept are blurred altogether.')
        if ignored := self._model.ignored:
            self.get_logger().info(f'Classes that count as nothing: {", ".join(ignored)}')
        self._info: Intrinsics | None = None
        self._own_motion = OwnMotion()
        self._worker: LatestOnlyWorker[Any] = LatestOnlyWorker(self._look)
        self._meter = Meter()
        self._trouble, self._grid, self._delay = '', 0, 0.0
        self._came = self._stamp = float('-inf')
        self._unstamped = 0
        self._size = 0, 0
        self._detections = self.create_publisher(Detection2DArray, 'detections', qos.RELIABLE)
        self._targets = self.create_publisher(Detection3DArray, 'targets', qos.RELIABLE)
        self._sweeps = self.create_publisher(Header, 'sweep', qos.RELIABLE)
        self._labels = self.create_publisher(LabelInfo, 'label_info', qos.LATCHED)
        self._drawn = self.create_publisher(Image, 'detections/image', qos.IMAGE_WRITER)
        self.create_subscription(Image, 'camera/image_raw', self._receive, qos.SENSOR_READER)
        self.create_subscription(TwistStamped, 'cmd_vel', self._receive_command, qos.SENSOR_READER)
        self.create_subscription(
            CameraInfo, 'camera/camera_info', self._receive_info, qos.SENSOR_READER
        )
        Diagnostics(self).add('perception', self._report)

    def configure(self) -> None:
        """Start from an empty memory and say what the classes are."""
        self._pipeline = Pipeline(self._model, self._settings, self._zones, self._classifier)
        self._publish_labels()

    def activate(self) -> None:
        """Begin to look."""
        self._trouble, self._unstamped = '', 0
        self._worker.start()

    def deactivate(self) -> None:
        """Stop to look; waits for the picture in work."""
        self._worker.stop()

    def cleanup(self) -> None:
        """Forget all tracks."""
        self._pipeline = None

    def _tune(self, values: dict[str, Any]) -> None:
        settings = knobs.from_values(values)
        self._zones = zones.parse(values['include_zones'], values['exclude_zones'])
        self._settings = settings
        if self._pipeline is not None:
            self._pipeline.settings, self._pipeline.zones = self._settings, self._zones
            self._publish_labels()

    def _publish_labels(self) -> None:
        from vision_msgs.msg import LabelInfo, VisionClass

        message = LabelInfo(threshold=self._settings.threshold)
        message.header.stamp = self.get_clock().now().to_msg()
        message.class_map = [VisionClass(class_id=i, class_name=s) for i, s in enumerate(SPECIES)]
        self._labels.publish(message)

    def _receive_info(self, message: Any) -> None:
        if message.k[0] > 0 and message.k[4] > 0 and message.width and message.height:
            self._info = _intrinsics(message)
            if not self._info.is_understood:
                self.get_logger().warning(
                    f'The lens {message.distortion_model!r} with {len(message.d)} coefficients is '
                    'not understood: positions off the middle of the picture are wrong. '
                    'Calibrate it as plumb_bob, rational_polynomial or equidistant.',
                    once=True,
                )

    def _receive_command(self, message: Any) -> None:
        twist = message.twist
        walks = any((twist.linear.x, twist.linear.y, twist.angular.z))
        self._own_motion.commanded(to_seconds(message.header.stamp), walks=walks)

    def _receive(self, message: Any) -> None:
        self._own_motion.shown(to_seconds(message.header.stamp))
        if self._worker.running:
            self._came = time.monotonic()
            self._meter.received += 1
            self._meter.skipped += self._worker.offer(message)

    def _look(self, message: Any) -> None:
        try:
            self._process(message)
        except (SentinelError, cv2.error) as error:
            # One bad picture, or a model that fails on one, must not end the watch.
            self._skip(str(error))
            self.get_logger().warning(str(error), throttle_duration_sec=10.0)
        except Exception as error:
            # Nor may what nobody foresaw: without its worker the node would live on, blind.
            self._skip(f'{type(error).__name__}: {error}')
            self.get_logger().error(traceback.format_exc(), throttle_duration_sec=10.0)

    def _skip(self, why: str) -> None:
        self._meter.unusable += 1
        self._trouble = f'picture skipped: {why}'

    def _process(self, message: Any) -> None:
        begin = time.monotonic()
        picture = images.image_to_bgr(message)
        stamp = to_seconds(message.header.stamp)
        self._unstamped = self._unstamped + 1 if stamp == self._stamp else 0
        self._stamp = stamp
        pipeline = self._pipeline
        if pipeline is None:
            return
        sight = pipeline.process(
            picture,
            stamp,
            self._camera(message.width, message.height),
            message.header.frame_id,
            moving=self._own_motion.moves_at(stamp),
            delay=self._delay,
        )
        if self._size != (size := (message.width, message.height)):
            self._size = size
            self.get_logger().info(f'Looking at pictures of {size[0]} x {size[1]}')
        frame = sight.frame
        if not self._sees_people:
            # Anywhere in it may be a person, and whoever keeps pictures goes by this.
            somewhere = Detection(Box(0, 0, *size), {PERSON: GLIMPSE_SCORE})
            frame = replace(frame, glimpses=(somewhere,))
        self._detections.publish(frame_to_message(frame, message.header.stamp))
        self._targets.publish(targets_to_message(sight.targets, message.header.stamp))
        if sight.swept:
            self._sweeps.publish(message.header)
        self._delay = self._delay_of(stamp)
        self._trouble = f'cannot see: {sight.blind}' if sight.blind else ''
        self._grid = pipeline.grid_in_use
        end = time.monotonic()
        self._meter.processed(end, end - begin)
        self.get_logger().debug(
            f'picture {message.header.stamp.sec}.{message.header.stamp.nanosec:09d}: '
            f'{len(sight.looks)} looks, {len(sight.frame.detections)} detections, '
            f'{(end - begin) * 1000:.0f} ms, told {self._delay:.3f} s after it was taken'
        )
        if self._drawn.get_subscription_count():
            self._draw(picture, sight, message.header)

    def _delay_of(self, stamp: float) -> float:
        """Seconds since ``stamp``; 0 if that cannot be (a recording, clocks that differ)."""
        delay = self.get_clock().now().nanoseconds * 1e-9 - stamp
        return delay if 0.0 < delay < _LONGEST_DELAY else 0.0

    def _draw(self, picture: Any, sight: Sight, header: Any) -> None:
        drawn = annotate(picture, sight, looks=self.parameters['draw_looks'])
        self._drawn.publish(images.image_from_array(drawn, 'bgr8', header))

    def _camera(self, width: int, height: int) -> Intrinsics:
        if self._info is None:
            return Intrinsics.from_field_of_view(width, height, self.parameters['field_of_view'])
        if not self._info.fits(width, height):
            self.get_logger().warning(
                f'camera_info is of {self._info.width}x{self._info.height}, the pictures have '
                f'{width}x{height}, another aspect ratio: positions are wrong. Calibrate the '
                'camera in the mode that it runs in, or let its driver tell the roi.',
                once=True,
            )
        return self._info.scaled(width, height)

    def _report(self) -> Report:
        now = time.monotonic()
        values = {
            **self._meter.figures(now),
            'runtime': self._model.runtime,
            'model': self._fingerprint,
            'grid': self._grid,
            'delay': f'{self._delay:.3f}',
            'restarts': self._pipeline.restarts if self._pipeline else 0,
        }
        if not self._worker.running:
            return Report(Level.OK, 'inactive', values)
        if now - self._came > _SILENCE:
            return Report(Level.ERROR, 'no pictures', values)
        if self._meter.idle(now) > _SILENCE:
            return Report(Level.ERROR, self._trouble or 'no pictures', values)
        if self._trouble:
            return Report(Level.WARN, self._trouble, values)
        if self._unstamped >= _UNSTAMPED:
            return Report(Level.WARN, 'time stamps stand still', values)
        return Report(Level.OK, 'looking', values)


def _intrinsics(info: Any) -> Intrinsics:
    """Of what the camera delivers: its matrix is of the full picture, its ``roi`` a part of it."""
    fx, _, cx, _, fy, cy, *_ = info.k
    part = info.roi
    cx, cy = cx - part.x_offset, cy - part.y_offset
    size = part.width or info.width, part.height or info.height
    return Intrinsics(fx, fy, cx, cy, *size, info.distortion_model, tuple(info.d))


def main() -> int:
    """Run the node."""
    return node.run(DetectorNode)


if __name__ == '__main__':
    sys.exit(main())
