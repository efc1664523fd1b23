"""A source that is over in a moment is still looked at, and one that was not is no quiet night."""

import cv2
import numpy as np
import pytest
from running import left_over, sentinel


@pytest.fixture
def run(tmp_path):
    picture = tmp_path / 'only.png'
    noise = np.random.default_rng(1).integers(0, 255, (480, 640, 3), np.uint8)
    cv2.imwrite(str(picture), cv2.GaussianBlur(noise, (0, 0), 8))

    def call(*options):
        folder = tmp_path / 'run'
        words = 'run', '--source', picture, '--robot', 'none', '--folder', folder
        found = sentinel(*words, *options, folder=folder)
        assert left_over(folder) == [] and 'Traceback' not in found.err
        return found

    return call


def test_a_single_picture_is_looked_at(run):
    call = run()
    assert call.status == 0, call.err
    assert 'No visit began' in call.out and (call.folder / 'report.html').is_file()


def test_where_nobody_looked_nobody_says_that_nothing_came(run):
    call = run('--duration', '0.1')
    assert call.status == 1
    assert 'No picture was ever looked at' in call.err and str(call.folder / 'logs') in call.err
    assert 'No visit began' not in call.out and not (call.folder / 'report.html').exists()
