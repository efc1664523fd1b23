"""What the camera sees where: from a calibration file or from a field of view."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from sentinel_common.errors import ConfigurationError

from ..position import Intrinsics

# Pictures whose sides differ in their ratio by more than this share from those that were
# calibrated show another view: a part of it, or a part that is missing there.
_SAME_ASPECT = 0.02


@dataclass(frozen=True)
class Calibration:
    """Pinhole camera with distortion, for pictures of ``width`` x ``height`` pixels.

    ``matrix`` is the 3x3 camera matrix row by row, ``distortion`` belongs to ``model`` (as in
    sensor_msgs/CameraInfo).
    """

    width: int
    height: int
    matrix: tuple[float, ...]
    model: str = 'plumb_bob'
    distortion: tuple[float, ...] = (0.0,) * 5

    def scaled(self, width: int, height: int) -> 'Calibration':
        """The same camera delivering ``width`` x ``height`` pixels of the same view."""
        fx, _, cx, _, fy, cy, *_ = self.matrix
        view = Intrinsics(fx, fy, cx, cy, self.width, self.height).scaled(width, height)
        return Calibration(width, height, _matrix(view), self.model, self.distortion)

    def fits(self, width: int, height: int) -> bool:
        """Tell whether pictures of ``width`` x ``height`` px can be of the calibrated view."""
        ratio = width * self.height / (height * self.width)
        return 1 / (1 + _SAME_ASPECT) <= ratio <= 1 + _SAME_ASPECT

    def to_message(self, header: Any) -> Any:
        """sensor_msgs/CameraInfo without rectification."""
        from sensor_msgs.msg import CameraInfo

        fx, _, cx, _, fy, cy, *_ = self.matrix
        return CameraInfo(
            header=header,
            width=self.width,
            height=self.height,
            distortion_model=self.model,
            d=list(self.distortion),
            k=list(self.matrix),
            r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
            p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
        )


def from_field_of_view(width: int, height: int, vertical: float) -> Calibration:
    """Square pixels, no distortion, ``vertical`` field of view in radians."""
    view = Intrinsics.from_field_of_view(width, height, vertical)
    return Calibration(width, height, _matrix(view))


def _matrix(view: Intrinsics) -> tuple[float, ...]:
    return (view.fx, 0.0, view.cx, 0.0, view.fy, view.cy, 0.0, 0.0, 1.0)


def read(path: Path) -> Calibration:
    """Read a YAML file of ROS' camera_calibration; ConfigurationError says what is wrong."""
    try:
        content = yaml.safe_load(path.read_text(encoding='utf-8'))
        matrix = tuple(float(v) for v in content['camera_matrix']['data'])
        width, height = int(content['image_width']), int(content['image_height'])
        distortion = tuple(float(v) for v in content['distortion_coefficients']['data'])
        model = str(content.get('distortion_model', 'plumb_bob'))
    except OSError as error:
        raise ConfigurationError(
            f'The calibration {path} cannot be read: {error.strerror}.'
        ) from None
    except (yaml.YAMLError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise ConfigurationError(
            f'{path} is no camera calibration: {type(error).__name__} at {error}.',
            "It takes the YAML file that ROS' camera_calibration writes.",
        ) from None
    if len(matrix) != 9 or matrix[0] <= 0 or matrix[4] <= 0 or min(width, height) <= 0:
        raise ConfigurationError(f'The camera matrix in {path} is impossible.')
    if not all(map(math.isfinite, (*matrix, *distortion))):
        raise ConfigurationError(
            f'The calibration {path} has a number that is not finite.', 'Calibrate again.'
        )
    return Calibration(width, height, matrix, model, distortion)
