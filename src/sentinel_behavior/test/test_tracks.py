"""How boxes lie in one another."""

import pytest
from sentinel_behavior.tracks import covered
from sentinel_common.detections import Box

WHOLE, HEAD, BESIDE = Box(300, 190, 80, 80), Box(350, 195, 28, 28), Box(400, 190, 40, 40)


def test_how_much_of_a_box_lies_in_another():
    assert covered(HEAD, WHOLE) == 1.0
    assert covered(WHOLE, HEAD) == pytest.approx(28 * 28 / 6400)
    assert covered(HEAD, BESIDE) == covered(Box(0, 0, 0, 0), WHOLE) == 0.0
