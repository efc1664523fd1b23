"""Node ``camera``: pictures from a file, a folder, a camera or a stream onto topics."""

import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
from sentinel_common.detections import to_stamp
from sentinel_common.diagnostics import Diagnostics, Level, Report
from sentinel_common.lifecycle import AUTOSTART, ManagedNode
from sentinel_common.parameters import Parameter, Parameters
from sentinel_common.timers import every

from sentinel_common import images, node, qos

from .camera import calibration
from .camera.capture import Capture
from .camera.sources import HOLD, LONGEST_SIDE, SourceError, next_picture, open_source, shrunk
from .position import FIELD_OF_VIEW, Intrinsics

PARAMETERS = (
    AUTOSTART,
    Parameter(
        'source',
        '0',
        'video file, picture, folder of pictures, camera number, rtsp:// or http:// address; '
        '@FILE: what stands in that file',
        read_only=True,
    ),
    Parameter(
        'rate', 0.0, 'pictures per second; 0: the pace of the source', 0.0, 120.0, read_only=True
    ),
    Parameter('paced', True, 'false: files as fast as the pictures are taken', read_only=True),
    Parameter('loop', False, 'start files and folders again at their end', read_only=True),
    Parameter(
        'exit_at_end', True, 'end the process, successfully, at the end of a file', read_only=True
    ),
    HOLD,
    Parameter(
        'wait_for_detector',
        0.0,
        's that a file or folder waits at most for a detector before it begins and, at the end, '
        'for a look at the last picture; 0: not at all. A camera or stream never waits',
        0.0,
        3600.0,
        read_only=True,
    ),
    Parameter(
        'give_up_after',
        0.0,
        's without any picture after which the process ends with an error; 0: try for ever',
        0.0,
        3600.0,
        read_only=True,
    ),
    Parameter('width', 640, 'pixels asked of a camera', 16, 7680, read_only=True),
    Parameter('height', 480, 'pixels asked of a camera', 16, 4320, read_only=True),
    LONGEST_SIDE,
    Parameter(
        'calibration', '', "YAML file of ROS' camera_calibration; empty: none", read_only=True
    ),
    Parameter(
        'field_of_view',
        FIELD_OF_VIEW,
        'vertical field of view where there is no calibration, rad',
        0.05,
        3.0,
        read_only=True,
    ),
    Parameter('frame_id', 'camera_optical_frame', 'frame of the pictures', read_only=True),
    Parameter('jpeg_quality', 80, 'quality of the compressed pictures', 1, 100, read_only=True),
)

# How often the end of the source is looked for, s.
_WATCH_PERIOD = 0.1

# A look at the last picture takes at most as long as this, s, or will not come.
_LAST_LOOK = 5.0

# A source that delivers pictures less often than this is reported, s.
_SILENCE = 2.0


def preflight(values: Mapping[str, Any]) -> None:
    """Raise SentinelError at a fault in the calibration, or where the source gives no picture now.

    A run by hand should not wait.
    """
    _calibration(values)
    source = open_source(values['source'], width=values['width'], height=values['height'])
    try:
        next_picture(source)
    finally:
        source.close()


def _calibration(values: Any) -> Intrinsics | None:
    path = values['calibration']
    return calibration.read(Path(path).expanduser()) if path else None


class CameraNode(ManagedNode):
    """Publishes ``camera/image_raw``, ``camera/camera_info`` and ``camera/image_raw/compressed``.

    The last one is made only while somebody subscribes. A file or folder that cannot be read ends
    the process with one sentence; a camera or stream that is away is a diagnostic, and is tried
    again.
    """

    def __init__(self) -> None:
        super().__init__('camera')
        from sensor_msgs.msg import CameraInfo, CompressedImage, Image

        self.parameters = Parameters(self, PARAMETERS)
        open_source(self.parameters['source']).close()
        self._calibration = _calibration(self.parameters)
        self._capture: Capture | None = None
        self._images = self.create_publisher(Image, 'camera/image_raw', qos.IMAGE_WRITER)
        self._infos = self.create_publisher(CameraInfo, 'camera/camera_info', qos.RELIABLE)
        self._compressed = self.create_publisher(
            CompressedImage, 'camera/image_raw/compressed', qos.IMAGE_WRITER
        )
        self._wait_for_detector()
        self._wake = self.create_guard_condition(self._publish)
        self._published = 0
        self._last = self._started = time.monotonic()
        self._trouble, self._end_told = '', False
        Diagnostics(self).add('pictures', self._report)
        every(self, _WATCH_PERIOD, self._watch)

    def _wait_for_detector(self) -> None:
        """Listen for a detector that is ready (it tells its classes then) and for its looks."""
        from vision_msgs.msg import Detection2DArray, LabelInfo

        self._patience = self.parameters['wait_for_detector']
        self._ready = not self._patience
        self._begin_by: float | None = None
        self._end_by: float | None = None
        self._shown: Any = None  # the newest picture, with its calibration
        self._looked_at: Any = None  # and of that which was looked at last
        if self._patience:
            self.create_subscription(LabelInfo, 'label_info', self._on_ready, qos.LATCHED)
            self.create_subscription(Detection2DArray, 'detections', self._on_look, qos.RELIABLE)

    def _on_ready(self, _: Any) -> None:
        self._ready = True

    def _on_look(self, message: Any) -> None:
        self._looked_at = message.header.stamp

    def _begin(self) -> None:
        """Begin to capture, once a detector is there or has not come for too long."""
        capture, now = self._capture, time.monotonic()
        if capture is None or self._begin_by is None or not (self._ready or now > self._begin_by):
            return
        if not self._ready:
            self.get_logger().warning(
                f'No detector came within {self._patience:.0f} s: perhaps nobody looks.'
            )
        self._begin_by = None
        self._started = now
        capture.start()

    def _is_looked_at(self) -> bool:
        """Whether the detector is through with the last picture, as far as one can wait for it."""
        if (
            not self._patience
            or self._shown is None
            or self._looked_at == self._shown[1].header.stamp
        ):
            return True
        now = time.monotonic()
        self._end_by = self._end_by or now + min(self._patience, _LAST_LOOK)
        return now > self._end_by

    def activate(self) -> None:
        """Begin to capture."""
        values = self.parameters
        source = open_source(values['source'], width=values['width'], height=values['height'])
        self._capture = Capture(
            source,
            now=self._seconds,
            notify=self._wake.trigger,
            rate=values['rate'],
            paced=values['paced'],
            hold=values['hold'],
            loop=values['loop'],
        )
        self._begin_by = time.monotonic() + (0.0 if source.live else self._patience)
        self._end_by = None
        self._end_told = False
        self._ready = self._ready or source.live
        self._begin()

    def deactivate(self) -> None:
        """Give the source back."""
        if self._capture is not None:
            self._capture.stop()
            self._capture = None

    def _seconds(self) -> float:
        return self.get_clock().now().nanoseconds * 1e-9

    def _publish(self) -> None:
        captured = self._capture.take() if self._capture else None
        if captured is None:
            return
        from std_msgs.msg import Header

        picture = shrunk(captured.picture, self.parameters['longest_side'])
        header = Header(stamp=to_stamp(captured.stamp), frame_id=self.parameters['frame_id'])
        height, width = picture.shape[:2]
        view = self._calibration or Intrinsics.from_field_of_view(
            width, height, self.parameters['field_of_view']
        )
        if not view.fits(width, height):
            self.get_logger().warning(
                f'The calibration is for pictures of {view.width}x{view.height} and these have '
                f'{width}x{height}, another aspect ratio: positions are wrong. Calibrate the '
                'camera with the width and height that it is used with.',
                once=True,
            )
        self._shown = (
            calibration.to_message(view.scaled(width, height), header),
            images.image_from_array(picture, 'bgr8', header),
        )
        self._show()
        if self._compressed.get_subscription_count():
            self._publish_compressed(picture, header)
        self._published += 1
        self._last = time.monotonic()

    def _show(self) -> None:
        """Send the newest picture (again)."""
        info, image = self._shown
        self._infos.publish(info)
        self._images.publish(image)

    def _publish_compressed(self, picture: Any, header: Any) -> None:
        from sensor_msgs.msg import CompressedImage

        quality = [cv2.IMWRITE_JPEG_QUALITY, self.parameters['jpeg_quality']]
        good, data = cv2.imencode('.jpg', picture, quality)
        if good:
            self._compressed.publish(
                CompressedImage(
                    header=header, format='bgr8; jpeg compressed bgr8', data=data.tobytes()
                )
            )

    def _watch(self) -> None:
        """Report troubles once, and end the process where there is nothing more to come."""
        self._begin()
        capture = self._capture
        if capture is None or self._begin_by is not None:
            return
        trouble = capture.trouble
        if trouble is not None and str(trouble) != self._trouble:
            self.get_logger().warning(str(trouble))
        self._trouble = str(trouble or '')
        if capture.ended and trouble is not None:
            raise trouble
        patience = self.parameters['give_up_after']
        if patience and not capture.captured and time.monotonic() - self._started > patience:
            raise trouble or SourceError(f'No picture came within {patience:.0f} s.')
        if capture.ended:
            self._publish()
            if not self._end_told:
                self._end_told = True
                self._tell_end(capture.unreadable)
            if not self._is_looked_at():
                # On a busy machine a detector that is ready may not hear us yet.
                if self._looked_at is None:
                    self._show()
            elif self.parameters['exit_at_end']:
                signal.raise_signal(signal.SIGTERM)

    def _tell_end(self, unreadable: int) -> None:
        end = f'The source has ended: {self._published} pictures'
        # Two lines of code: rclpy takes no second severity from one.
        if unreadable:
            self.get_logger().warning(f'{end}, {unreadable} unreadable.')
        else:
            self.get_logger().info(f'{end}.')

    def _report(self) -> Report:
        capture = self._capture
        if capture is None:
            return Report(Level.OK, 'inactive')
        if self._begin_by is not None:
            return Report(Level.OK, 'waiting for the detector')
        values = {
            'captured': capture.captured,
            'published': self._published,
            'skipped': capture.skipped,
            'unreadable': capture.unreadable,
        }
        if capture.trouble is not None:
            return Report(Level.ERROR, str(capture.trouble), values)
        if capture.ended:
            return Report(Level.OK, 'source has ended', values)
        silence = time.monotonic() - max(self._last, self._started)
        if silence > _SILENCE:
            return Report(Level.WARN, f'no picture for {silence:.0f} s', values)
        return Report(Level.OK, 'delivering', values)


def main() -> int:
    """Run the node."""
    return node.run(CameraNode)


if __name__ == '__main__':
    sys.exit(main())
