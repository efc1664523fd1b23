"""Detections and targets come back from their messages as they went in."""

import pytest
from builtin_interfaces.msg import Time
from sentinel_common.detections import (
    GLIMPSE,
    Box,
    Detection,
    Frame,
    Target,
    TargetFrame,
    frame_from_message,
    frame_to_message,
    targets_from_message,
    targets_to_message,
    to_seconds,
)


def test_a_frame_round_trip():
    frame = Frame(
        12.25, 'camera', (Detection(Box(1, 2, 30, 40), {'raccoon': 0.75, 'cat': 0.25}, '7'),)
    )
    assert frame_from_message(frame_to_message(frame)) == frame


def test_messages_keep_the_stamp_of_their_picture_to_the_nanosecond():
    stamp = Time(sec=1795800000, nanosec=926756582)
    seconds = to_seconds(stamp)
    frame = frame_to_message(
        Frame(seconds, 'camera', (Detection(Box(0, 0, 9, 9), {'cat': 0.5}),)), stamp
    )
    targets = targets_to_message(TargetFrame(seconds, 'base_link', (Target('7', {}, 2, 0),)), stamp)
    for message in (frame, targets):
        assert message.header.stamp == message.detections[0].header.stamp == stamp
    assert frame_from_message(frame).stamp == targets_from_message(targets).stamp == seconds


def test_a_hint_keeps_the_id_that_it_may_have_as_a_track():
    hint = Detection(Box(1, 2, 30, 40), {'cat': 0.25}, tentative='7')
    frame = Frame(12.25, 'camera', (hint, Detection(Box(0, 0, 9, 9), {'dog': 0.5})))
    message = frame_to_message(frame)
    assert [d.id for d in message.detections] == ['?7', '']
    assert frame_from_message(message) == frame


def test_a_glimpse_of_a_person_stands_apart_from_what_others_decide_by():
    glimpse = Detection(Box(1, 2, 30, 40), {'person': 0.125})
    frame = Frame(12.25, 'camera', (Detection(Box(0, 0, 9, 9), {'raccoon': 0.5}),), (glimpse,))
    message = frame_to_message(frame)
    said = [[r.hypothesis.class_id for r in d.results] for d in message.detections]
    assert said == [['raccoon'], [GLIMPSE]]
    assert frame_from_message(message) == frame


def test_the_most_probable_species_stands_first():
    frame = Frame(0.0, 'camera', (Detection(Box(0, 0, 1, 1), {'cat': 0.2, 'raccoon': 0.8}),))
    assert frame_to_message(frame).detections[0].results[0].hypothesis.class_id == 'raccoon'


def test_a_target_round_trip():
    target = Target(
        '7', {'raccoon': 0.5}, 2.0, -1.0, 0.1, variance_x=0.25, variance_y=0.5, covariance_xy=-0.125
    )
    frame = TargetFrame(3.5, 'base_link', (target,))
    assert targets_from_message(targets_to_message(frame)) == frame


@pytest.mark.parametrize(
    ('other', 'iou'),
    [(Box(0, 0, 10, 10), 1.0), (Box(5, 0, 10, 10), 1 / 3), (Box(10, 0, 5, 5), 0.0)],
)
def test_overlap(other, iou):
    assert Box(0, 0, 10, 10).iou(other) == pytest.approx(iou)
