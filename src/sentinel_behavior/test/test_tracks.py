"""When two tracks are one animal."""

import pytest
from sentinel_behavior.tracks import Parts, covered
from sentinel_common.detections import Box, Detection, Frame

WHOLE, HEAD, BESIDE = Box(300, 190, 80, 80), Box(350, 195, 28, 28), Box(400, 190, 40, 40)
RACCOON = {'raccoon': 0.95}


def frame(**boxes):
    found = tuple(Detection(box, RACCOON, track) for track, box in boxes.items())
    return Frame(0.0, 'camera', found)


def test_how_much_of_a_box_lies_in_another():
    assert covered(HEAD, WHOLE) == 1.0
    assert covered(WHOLE, HEAD) == pytest.approx(28 * 28 / 6400)
    assert covered(HEAD, BESIDE) == covered(Box(0, 0, 0, 0), WHOLE) == 0.0


def test_a_head_with_a_track_of_its_own_is_part_of_the_animal():
    parts = Parts()
    parts.see(frame(a=WHOLE, b=HEAD))
    assert parts.one('a', 'b') and parts.one('b', 'a')
    parts.see(frame(a=WHOLE))
    assert not parts.one('a', 'b')


def test_who_was_seen_side_by_side_stays_two():
    parts = Parts()
    parts.see(frame(a=WHOLE, b=BESIDE))
    parts.see(frame(a=WHOLE, b=HEAD))
    assert not parts.one('a', 'b')
    parts.forget()
    parts.see(frame(a=WHOLE, b=HEAD))
    assert parts.one('a', 'b')
