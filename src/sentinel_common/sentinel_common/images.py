"""sensor_msgs/Image and NumPy arrays, converted in one place.

cv_bridge reads the bytes where the distribution brings a working one; elsewhere (PyPI has none for
ROS 2) the short functions below do. What becomes of the channels is decided here alone, for
cv_bridge refuses 8UC1 and 8UC3 as colours; a test holds both ways to the same answers.
"""

import array
from typing import Any

import numpy as np
import numpy.typing as npt

try:
    from cv_bridge import CvBridge, CvBridgeError
except ImportError:
    CvBridge, CvBridgeError = None, TypeError

from .errors import SentinelError

_CHANNELS = {'mono8': 1, '8UC1': 1, 'rgb8': 3, 'bgr8': 3, '8UC3': 3, 'rgba8': 4, 'bgra8': 4}
_SIXTEEN_BIT = {'mono16', '16UC1'}


class ImageError(SentinelError):
    """A picture whose fields contradict each other or whose encoding is unknown."""


def _rows(message: Any) -> npt.NDArray[Any]:
    """View of the pixels, (height, width, channels), uint8 or uint16, without a copy."""
    encoding = message.encoding
    if encoding in _SIXTEEN_BIT:
        item: np.dtype[Any] = np.dtype('>u2' if message.is_bigendian else '<u2')
        channels = 1
    elif encoding in _CHANNELS:
        item, channels = np.dtype(np.uint8), _CHANNELS[encoding]
    else:
        raise ImageError(
            f'Pictures encoded as {encoding!r} are not understood.',
            'Use rgb8, bgr8, mono8 or mono16.',
        )
    row = message.width * channels * item.itemsize
    data = np.frombuffer(message.data, np.uint8)
    if not message.width or not message.height:
        raise ImageError(f'The picture is empty ({message.width}x{message.height}).')
    if message.step < row or data.size < message.step * (message.height - 1) + row:
        raise ImageError(
            f'The picture is cut short: {data.size} bytes for {message.width}x{message.height} '
            f'{encoding} with a step of {message.step}.'
        )
    rows = np.lib.stride_tricks.as_strided(
        data, (message.height, row), (message.step, 1), writeable=False
    )
    if item.itemsize == 1:
        return rows.reshape(message.height, message.width, channels)
    return np.ascontiguousarray(rows).view(item).reshape(message.height, message.width, channels)


def image_to_bgr(message: Any) -> npt.NDArray[np.uint8]:
    """Return a sensor_msgs/Image as a C-contiguous (height, width, 3) uint8 array, blue first.

    Grey becomes three equal channels, alpha is dropped, 16 bit is reduced to its high byte.
    Raises ImageError where the message is empty, cut short or of an unknown encoding.
    """
    pixels = _rows(message)
    # Some releases of cv_bridge read padded rows askew, or 16 bit in this machine's byte order.
    if CvBridge is not None and message.step == message.width * _CHANNELS.get(message.encoding, 0):
        try:
            pixels = CvBridge().imgmsg_to_cv2(message, 'passthrough').reshape(pixels.shape)
        except CvBridgeError as error:
            raise ImageError(f'cv_bridge cannot read the picture: {error}.') from error
    if pixels.dtype.itemsize == 2:
        pixels = (pixels >> 8).astype(np.uint8)
    if pixels.shape[2] == 1:
        return np.repeat(pixels, 3, axis=2)
    pixels = pixels[..., :3]
    return np.ascontiguousarray(pixels[..., ::-1] if message.encoding.startswith('rgb') else pixels)


def image_from_array(pixels: npt.NDArray[np.uint8], encoding: str, header: Any) -> Any:
    """Return the sensor_msgs/Image of a (height, width[, channels]) uint8 array."""
    from sensor_msgs.msg import Image

    height, width = pixels.shape[:2]
    channels = _CHANNELS[encoding]
    if pixels.dtype != np.uint8 or pixels.size != height * width * channels:
        raise ImageError(
            f'An array of shape {pixels.shape} and type {pixels.dtype} is no {encoding} picture.'
        )
    return Image(
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=0,
        step=width * channels,
        # array.array is assigned without a check of every element: 0.1 ms instead of 93 ms.
        data=array.array('B', np.ascontiguousarray(pixels).tobytes()),
    )
