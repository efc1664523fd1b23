"""No picture with somebody in it is told to be empty of people."""

import numpy as np
import pytest
from color_detector import ColorDetector, scene
from sentinel_common.detections import Box
from sentinel_common.species import SPECIES
from sentinel_perception.detector.port import Candidates, Region
from sentinel_perception.glimpses import Glimpses
from sentinel_perception.pipeline import Pipeline
from sentinel_perception.position import Intrinsics
from sentinel_perception.settings import Settings

CAMERA = Intrinsics.from_field_of_view(640, 480, 0.7854)
SIZE = 416  # of the input
WHOLE = Region(0, 0, 640, 480)
CLOSE = Region(350, 100, 600, 350)
BOX = (450.0, 150.0, 500.0, 300.0)


class Doubtful(ColorDetector):
    """Sees a person of ``doubt`` in every raccoon."""

    doubt = 0.0

    def look(self, picture, region, floor):
        found = super().look(picture, region, floor)
        if len(found):
            found.scores[:, SPECIES.index('person')] = self.doubt
        return found


def person(score, box=BOX):
    scores = np.zeros((1, len(SPECIES)), np.float32)
    scores[0, SPECIES.index('person')] = score
    return Candidates(np.array([box], np.float32), scores)


def look(glimpses, stamp, found=None, looks=(WHOLE,)):
    """Look at one or several regions; what is ``found`` is found in the first."""
    nothing = Candidates.none()
    seen = [(region, nothing if i or not found else found) for i, region in enumerate(looks)]
    return glimpses.update(seen, stamp, SIZE)


def test_a_person_below_the_level_of_a_hint_is_a_glimpse():
    pipeline = Pipeline(ColorDetector(score=0.12), Settings())
    frame = pipeline.process(scene(('person', 300, 200, 70, 140)), 1.0, CAMERA).frame
    assert frame.detections == ()
    assert frame.glimpses
    for glimpse in frame.glimpses:  # one for each look that shows it
        assert glimpse.scores == pytest.approx({'person': 0.12})
        assert glimpse.box.iou(Box(300, 200, 70, 140)) > 0.3


def test_a_doubt_in_the_box_of_a_raccoon_that_is_told_is_a_glimpse():
    detector = Doubtful()
    pipeline = Pipeline(detector, Settings())
    for i in range(20):
        picture = scene(('raccoon', 100 + 6 * i, 240, 70, 40), seed=i)
        frame = pipeline.process(picture, 0.1 * i, CAMERA).frame
    (raccoon,) = frame.detections
    assert raccoon.track_id and frame.glimpses == ()
    detector.doubt = 0.11
    frame = pipeline.process(picture, 2.0, CAMERA).frame
    assert [d.track_id for d in frame.detections] == [raccoon.track_id]
    assert frame.glimpses[0].box.iou(raccoon.box) > 0.5


def test_half_a_person_in_a_bigger_raccoon_is_a_glimpse():
    class Tiles(ColorDetector):
        """A raccoon in the whole picture, and in each tile half a person at its edge."""

        def look(self, picture, region, floor):
            if region == WHOLE:
                found = person(0.05, (250.0, 100.0, 400.0, 400.0))
                found.scores[:, SPECIES.index('raccoon')] = 0.8
                return found
            if region.right >= 640 or region.bottom >= 480 or region.right <= 260:
                return Candidates.none()
            right, bottom = float(region.right), float(region.bottom)
            return person(0.3, (260.0, 110.0, right, min(390.0, bottom)))

    pipeline = Pipeline(Tiles(), Settings())
    sights = [pipeline.process(scene(seed=i), 0.2 * i, CAMERA) for i in range(10)]
    merged = max(s.found.scores[:, SPECIES.index('person')].max(initial=0.0) for s in sights)
    assert merged < 0.1
    assert any(sight.frame.glimpses for sight in sights)


def test_who_is_almost_too_small_to_be_seen_is_a_glimpse_too():
    glimpses = Glimpses()
    assert look(glimpses, 1.0, person(0.3, (450.0, 150.0, 460.0, 170.0)))
    assert look(glimpses, 1.2, looks=())


def test_less_than_a_tenth_is_none():
    assert look(Glimpses(), 1.0, person(0.09)) == ()


def test_who_was_seen_in_a_place_is_still_there_while_nobody_looks():
    glimpses = Glimpses()
    look(glimpses, 1.0, person(0.3))
    (glimpse,) = look(glimpses, 1.5, looks=(Region(0, 0, 320, 240),))
    assert glimpse.scores == pytest.approx({'person': 0.3})
    # And may have walked.
    assert glimpse.box.x < BOX[0] - 60 and glimpse.box.x + glimpse.box.width > BOX[2] + 60
    assert look(glimpses, 2.1, looks=()) == ()


def test_all_who_were_seen_are_there_in_every_picture_for_a_second():
    glimpses = Glimpses()
    other = (50.0, 150.0, 100.0, 300.0)
    two = Candidates(
        np.array([BOX, other], np.float32), np.concatenate([person(s).scores for s in (0.3, 0.2)])
    )
    look(glimpses, 1.0, two)
    for stamp in (1.2, 1.4, 1.9, 1.95):
        scores = [g.scores['person'] for g in look(glimpses, stamp, looks=())]
        assert scores == pytest.approx([0.3, 0.2])
    assert look(glimpses, 2.05, looks=()) == ()


@pytest.mark.parametrize(('later', 'there'), [(0.2, False), (0.9, True)])
def test_who_may_have_walked_out_of_a_close_look_is_not_taken_away_by_it(later, there):
    glimpses = Glimpses()
    look(glimpses, 1.0, person(0.3), looks=(CLOSE,))
    assert bool(look(glimpses, 1.0 + later, looks=(CLOSE,))) is there


def test_a_look_from_afar_takes_nobody_away_and_a_close_one_does():
    glimpses = Glimpses()
    look(glimpses, 1.0, person(0.3), looks=(CLOSE,))
    assert look(glimpses, 1.1, looks=(WHOLE,))
    assert look(glimpses, 1.2, looks=(CLOSE,)) == ()
    assert look(glimpses, 1.3, looks=()) == ()


def test_a_clock_that_is_set_back_keeps_nobody_for_ever():
    glimpses = Glimpses()
    look(glimpses, 1000.0, person(0.3))
    assert look(glimpses, 10.0, looks=()) == ()


def test_what_is_remembered_turns_with_the_camera():
    glimpses = Glimpses()
    look(glimpses, 1.0, person(0.3))
    glimpses.move(30.0, -5.0)
    (glimpse,) = look(glimpses, 1.0, looks=())
    assert (glimpse.box.x, glimpse.box.y) == (BOX[0] + 30, BOX[1] - 5)
