"""What a track keeps of its species when its box jumps, and of its confirmation when it is lost."""

import numpy as np
import pytest
from sentinel_common.species import RACCOON, SPECIES
from sentinel_perception.settings import Settings
from sentinel_perception.track import Track, center, judge

PLACE = np.array([300, 200, 400, 260], np.float32)
STEP = 0.1
# Further along each time than it is expected to be.
ASIDE = [PLACE + np.array([d, 0, d, 0], np.float32) for d in (75, 170, 260)]


def looks(**scores):
    return np.array([scores.get(s, 0.0) for s in SPECIES], np.float32)


@pytest.fixture
def raccoon():
    track = Track('1', PLACE, 0.0, start=center(PLACE))
    for i in range(20):
        track.hit(PLACE, looks(raccoon=0.9), (i + 1) * STEP, 0.25, 1.0)
    assert track.posterior.probabilities()[RACCOON] > 0.99
    return track


def seen(track, boxes, **scores):
    for box in boxes:
        track.hit(box, looks(**scores), track.stamp + STEP, 0.25, 1.0)
    return track.posterior.probabilities()[RACCOON]


def test_a_few_doubtful_looks_in_place_leave_a_raccoon_a_raccoon(raccoon):
    assert seen(raccoon, [PLACE] * 3, raccoon=0.12, dog=0.38) > 0.99


def test_what_takes_over_a_track_elsewhere_is_judged_by_its_own_looks(raccoon):
    assert seen(raccoon, ASIDE, raccoon=0.12, dog=0.38) < 0.5


def test_a_raccoon_that_runs_is_known_again_as_soon_as_it_is_followed(raccoon):
    seen(raccoon, ASIDE, raccoon=0.7)
    followed = raccoon.expected(raccoon.stamp + STEP)
    assert seen(raccoon, [followed], raccoon=0.7) > 0.8


def confirmed(species):
    settings = Settings()
    track = Track('1', PLACE, 0.0, start=center(PLACE))
    for i in range(6):
        track.travelled = True
        track.hit(PLACE, looks(**{species: 0.9}), (i + 1) * STEP, settings.min_score, 1.0)
        judge(track, settings)
    assert track.confirmed
    return track, settings


def look(track, settings, times, score=0.0):
    """Look ``times`` times; below the least score of a hit the box is found, but is no hit."""
    for _ in range(times):
        stamp = track.stamp + STEP
        track.hit(PLACE, looks(raccoon=score), stamp, settings.min_score, 1.0)
        judge(track, settings)


def test_an_animal_that_no_look_finds_any_more_must_convince_anew():
    track, settings = confirmed('raccoon')
    look(track, settings, settings.confirm_looks - 1)
    assert track.confirmed  # hidden for a moment
    look(track, settings, 1)
    assert not track.confirmed
    look(track, settings, settings.confirm_hits, score=settings.threshold - 0.2)
    assert not track.confirmed  # what it stood in front of
    look(track, settings, settings.confirm_looks, score=0.9)
    assert track.confirmed


def test_a_person_is_believed_in_for_longer():
    track, settings = confirmed('person')
    look(track, settings, settings.confirm_looks)
    assert track.confirmed
