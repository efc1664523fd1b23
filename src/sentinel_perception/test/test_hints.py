"""What the guard is told of people, cats and dogs that are no reported track."""

import numpy as np
import pytest
from sentinel_common.species import SPECIES
from sentinel_perception.detector.port import Candidates
from sentinel_perception.hints import hints
from sentinel_perception.settings import Settings, from_values
from sentinel_perception.suspicion import Suspicion
from sentinel_perception.track import Track

BOX = np.array([300, 200, 340, 260], np.float32)
SETTINGS = Settings()


def row(**scores):
    return np.array([scores.get(name, 0.0) for name in SPECIES], np.float32)


class Suspected(Suspicion):
    """Says what the test says."""

    def __init__(self, **scores):
        super().__init__()
        self._sum, self._share = row(**scores), 1.0


def told(look, owner, *, reported=False, settings=SETTINGS):
    found = Candidates(BOX[None], row(**look)[None])
    return [
        (d.scores, d.track_id, d.tentative)
        for d in hints(found, [owner], [owner] if reported else [], settings)
    ]


def track(**suspected):
    return Track('7', BOX, 0.0, suspicion=Suspected(**suspected))


def about(**scores):
    return pytest.approx(scores)


def test_a_hint_says_what_all_looks_at_a_thing_say_and_which_track_it_may_become():
    assert told({'person': 0.9}, track(cat=0.3, dog=0.2)) == [(about(cat=0.3, dog=0.2), '', '7')]


@pytest.mark.parametrize('species', ['person', 'cat', 'dog'])
def test_a_hint_is_told_from_the_veto_level_on(species):
    level = SETTINGS.veto_level
    assert told({}, track(**{species: level + 0.01}))
    assert not told({}, track(**{species: level - 0.01}))


def test_who_else_is_protected_is_told_like_a_cat():
    settings = from_values({'also_protected': ['other_animal']})
    other = {'other_animal': settings.veto_level + 0.01}
    assert told({}, track(**other), settings=settings) == [(about(**other), '', '7')]
    assert not told({}, track(**other))


def test_a_raccoon_is_no_hint_and_is_not_named_in_one():
    assert not told({'raccoon': 0.9}, track(raccoon=0.9))
    assert told({}, track(raccoon=0.9, cat=0.3)) == [(about(cat=0.3), '', '7')]


def test_what_never_began_a_track_is_no_hint():
    assert not told({'person': 0.9}, None)


def test_a_strong_person_in_the_box_of_a_reported_track_is_told_as_strong_as_this_look_shows_it():
    level = SETTINGS.household_threshold
    strong, weak = {'person': level + 0.01, 'cat': 0.1}, {'person': level - 0.01, 'cat': 0.9}
    assert told(strong, track(), reported=True) == [(about(**strong), '', '')]
    assert not told(weak, track(person=0.9, cat=0.9), reported=True)
