"""Pictures survive the border, and broken ones are refused."""

import numpy as np
import pytest
from sensor_msgs.msg import Image
from sentinel_common.images import _CHANNELS, ImageError, image_from_array, image_to_bgr
from std_msgs.msg import Header

from sentinel_common import images

RNG = np.random.default_rng(1)

# The blue, green and red of a pixel, by the order of its channels in the message.
ORDER = {'mono8': (0, 0, 0), '8UC1': (0, 0, 0), 'rgb8': (2, 1, 0), 'rgba8': (2, 1, 0)}


class StandIn:
    """What is used of CvBridge, with its faults: one channel has no axis, the step is not read.

    Only for machines without a real one: it comes with a distribution of ROS 2, not from PyPI.
    """

    def imgmsg_to_cv2(self, message, desired_encoding):
        assert desired_encoding == 'passthrough'
        channels = _CHANNELS[message.encoding]
        shape = (message.height, message.width, channels)[: 2 + (channels > 1)]
        return np.ndarray(shape, np.uint8, bytes(message.data))


@pytest.fixture(params=['without cv_bridge', 'with cv_bridge'], autouse=True)
def bridge(request, monkeypatch):
    """Every test here runs both ways."""
    with_it = images.CvBridge or StandIn
    monkeypatch.setattr(images, 'CvBridge', with_it if request.param == 'with cv_bridge' else None)


@pytest.mark.parametrize('encoding', _CHANNELS)
def test_every_encoding_becomes_blue_green_red(encoding):
    pixels = RNG.integers(0, 255, (5, 7, _CHANNELS[encoding]), np.uint8)
    got = image_to_bgr(image_from_array(pixels, encoding, Header()))
    np.testing.assert_array_equal(got, pixels[..., ORDER.get(encoding, (0, 1, 2))])
    assert got.flags.c_contiguous


def test_what_cv_bridge_refuses_is_no_picture(monkeypatch):
    class Refuses:
        def imgmsg_to_cv2(self, *_):
            raise images.CvBridgeError('unrecognised')

    monkeypatch.setattr(images, 'CvBridge', Refuses)
    message = image_from_array(np.zeros((2, 2, 3), np.uint8), 'bgr8', Header())
    with pytest.raises(ImageError, match='unrecognised'):
        image_to_bgr(message)


def test_padded_rows_are_cut():
    pixels = RNG.integers(0, 255, (4, 3, 3), np.uint8)
    padded = np.zeros((4, 16), np.uint8)
    padded[:, :9] = pixels.reshape(4, 9)
    message = Image(height=4, width=3, encoding='bgr8', step=16, data=padded.tobytes())
    np.testing.assert_array_equal(image_to_bgr(message), pixels)


@pytest.mark.parametrize('big', [0, 1])
def test_sixteen_bit_keeps_the_high_byte(big):
    values = np.array([[0x1234, 0xFF00]], '>u2' if big else '<u2')
    message = Image(
        height=1, width=2, encoding='mono16', step=4, is_bigendian=big, data=values.tobytes()
    )
    assert image_to_bgr(message)[0, :, 0].tolist() == [0x12, 0xFF]


@pytest.mark.parametrize(
    'message',
    [
        Image(),
        Image(height=0, width=4, encoding='bgr8', step=12),
        Image(height=2, width=2, encoding='bgr8', step=6, data=bytes(11)),
        Image(height=2, width=2, encoding='bgr8', step=5, data=bytes(12)),
        Image(height=2, width=2, encoding='yuv422', step=4, data=bytes(8)),
    ],
    ids=['blank', 'no rows', 'cut short', 'step too small', 'unknown encoding'],
)
def test_broken_pictures_are_refused(message):
    with pytest.raises(ImageError):
        image_to_bgr(message)
