"""The robot's own motion, by the stamps of its commands and of the pictures."""

import pytest
from sentinel_perception.own_motion import OwnMotion


def motion(*commands, newest=None):
    """What the robot does after (stamp, walks) came, the newest picture being ``newest``."""
    made = OwnMotion()
    if newest is not None:
        made.shown(newest)
    for stamp, walks in commands:
        made.commanded(stamp, walks=walks)
    return made


@pytest.mark.parametrize(
    ('stamp', 'moves'), [(9.9, False), (10.0, True), (11.4, True), (11.6, False)]
)
def test_a_command_moves_the_pictures_from_its_stamp_on_for_a_while(stamp, moves):
    assert motion((10.0, True)).moves_at(stamp) is moves


def test_later_commands_change_nothing_for_a_picture_that_waited_for_the_model():
    made = motion((10.0, True), (10.1, False), (13.0, True))
    assert made.moves_at(10.3)
    assert not made.moves_at(11.0)
    assert made.moves_at(13.1)


def test_the_last_of_two_commands_with_one_stamp_is_in_force():
    assert not motion((10.0, True), (10.0, False)).moves_at(10.8)
    assert motion((10.0, True), (10.0, False), (10.0, True)).moves_at(10.8)


def test_it_walks_until_the_stop_and_sways_after_it():
    made = motion((10.0, True), (10.5, False), (10.9, False))
    assert made.moves_at(11.1)
    assert not made.moves_at(11.3)


def test_standing_still_is_no_motion():
    assert not motion((10.0, False), (10.1, False)).moves_at(10.1)


def test_a_command_without_a_stamp_counts_from_the_newest_picture():
    made = motion((0.0, True), (0.0, False), newest=10.0)
    assert made.moves_at(10.1)
    assert not made.moves_at(10.8)
    assert not motion((0.0, True)).moves_at(0.1)  # no picture came yet


def test_an_old_command_moves_nothing_now():
    assert not motion((2.0, True), newest=10.0).moves_at(10.0)


def test_commands_of_before_the_stamps_went_back_are_forgotten():
    made = motion((10.0, True), newest=10.0)
    made.shown(5.0)
    assert not made.moves_at(10.1)


def test_a_long_walk_is_kept_as_far_as_pictures_wait():
    made = motion(*((10 + 0.05 * i, True) for i in range(500)))
    assert made.moves_at(33.0)
    assert not made.moves_at(37.0)
