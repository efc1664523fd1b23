"""A calibration file as ROS writes it, and the message of a calibrated camera."""

import math
from pathlib import Path
from typing import Any

import yaml
from sentinel_common.errors import ConfigurationError

from ..position import Intrinsics


def to_message(view: Intrinsics, header: Any) -> Any:
    """sensor_msgs/CameraInfo of ``view``, without rectification."""
    from sensor_msgs.msg import CameraInfo

    fx, fy, cx, cy = view.fx, view.fy, view.cx, view.cy
    return CameraInfo(
        header=header,
        width=view.width,
        height=view.height,
        distortion_model=view.model,
        d=view.distortion or (0.0,) * 5,
        k=[fx, 0.0, cx, 0.0, fy, cy, 0.0, 0.0, 1.0],
        r=[1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0],
        p=[fx, 0.0, cx, 0.0, 0.0, fy, cy, 0.0, 0.0, 0.0, 1.0, 0.0],
    )


def read(path: Path) -> Intrinsics:
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
    fx, _, cx, _, fy, cy, *_ = matrix
    return Intrinsics(fx, fy, cx, cy, width, height, model, distortion)
