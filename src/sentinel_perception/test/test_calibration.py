"""Camera matrices from files and from a field of view."""

import math

import pytest
from sentinel_common.errors import ConfigurationError
from sentinel_perception.camera import calibration
from sentinel_perception.position import Intrinsics
from std_msgs.msg import Header

from sentinel_perception import camera_node

FILE = """
image_width: 640
image_height: 480
camera_name: garden
camera_matrix: {rows: 3, cols: 3, data: [600, 0, 320, 0, 610, 240, 0, 0, 1]}
distortion_model: plumb_bob
distortion_coefficients: {rows: 1, cols: 5, data: [0.1, 0, 0, 0, 0]}
"""


def test_the_field_of_view_gives_the_focal_length():
    view = Intrinsics.from_field_of_view(640, 480, math.radians(45))
    assert view.fy == pytest.approx(579.4, abs=0.1)


def test_a_file_of_ros_is_read_and_scaled(tmp_path):
    path = tmp_path / 'c.yaml'
    path.write_text(FILE, encoding='utf-8')
    view = calibration.read(path).scaled(320, 240)
    assert (view.fx, view.fy, view.cx, view.cy) == (300, 305, 160, 120)
    assert view.distortion[0] == 0.1
    message = calibration.to_message(view, Header(frame_id='camera_optical_frame'))
    assert list(message.k) == [300, 0, 160, 0, 305, 120, 0, 0, 1]
    assert (message.width, message.height, message.d[0]) == (320, 240, 0.1)


@pytest.mark.parametrize(
    ('size', 'fits'),
    [((320, 240), True), ((1280, 970), True), ((1280, 720), False), ((480, 640), False)],
)
def test_a_calibration_fits_pictures_of_its_own_aspect_ratio_only(tmp_path, size, fits):
    path = tmp_path / 'c.yaml'
    path.write_text(FILE, encoding='utf-8')
    assert calibration.read(path).fits(*size) is fits


def test_a_calibration_that_is_missing_is_told_before_anything_starts(tmp_path):
    with pytest.raises(ConfigurationError, match=r'calibration .* cannot be read'):
        camera_node.preflight({'calibration': str(tmp_path / 'c.yaml'), 'source': 'none'})


@pytest.mark.parametrize(
    'content',
    [
        '',
        '[]',
        'image_width: 640',
        FILE.replace('600', '-1'),
        FILE.replace('320', 'x'),
        FILE.replace('600', '.nan'),
        FILE.replace('320', '.nan'),
        FILE.replace('0.1', '.inf'),
        FILE.replace('640', '.inf'),
        FILE.replace('640', '.nan'),
    ],
)
def test_a_wrong_file_is_one_clear_sentence(tmp_path, content):
    path = tmp_path / 'c.yaml'
    path.write_text(content, encoding='utf-8')
    with pytest.raises(ConfigurationError):
        calibration.read(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match='cannot be read'):
        calibration.read(tmp_path / 'nothing.yaml')
