"""Pictures survive the border, and broken ones are refused."""

import numpy as np
import pytest
from sensor_msgs.msg import Image
from sentinel_common.images import ImageError, image_from_array, image_to_bgr
from std_msgs.msg import Header

RNG = np.random.default_rng(1)


@pytest.mark.parametrize('encoding', ['bgr8', 'rgb8'])
def test_colour_round_trip(encoding):
    pixels = RNG.integers(0, 255, (5, 7, 3), np.uint8)
    got = image_to_bgr(image_from_array(pixels, encoding, Header()))
    np.testing.assert_array_equal(got, pixels if encoding == 'bgr8' else pixels[..., ::-1])


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
