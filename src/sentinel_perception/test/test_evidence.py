"""What several looks say together, and what stays in its place."""

from dataclasses import replace

import numpy as np
import pytest
from color_detector import ColorDetector, scene
from sentinel_common.species import CAT, RACCOON, SPECIES
from sentinel_perception.detector.port import Candidates, Region
from sentinel_perception.draw import annotate
from sentinel_perception.evidence import weigh
from sentinel_perception.pipeline import Pipeline
from sentinel_perception.position import Intrinsics
from sentinel_perception.settings import Settings

CAMERA = Intrinsics.from_field_of_view(640, 480, 0.7854)
WHOLE, CLOSE = Region(0, 0, 640, 480), Region(220, 140, 428, 348)
BOX = (300, 220, 340, 260)


def found(box=BOX, **scores):
    row = [scores.get(name, 0.0) for name in SPECIES]
    return Candidates(np.array([box], np.float32), np.array([row], np.float32))


def evidence(*looks):
    merged = found(raccoon=0.9)
    return dict(zip(SPECIES, weigh(merged, list(looks), 416)[0][0].tolist(), strict=True))


def test_a_close_look_weighs_more_than_the_whole_picture():
    scores = evidence((WHOLE, found(raccoon=0.8)), (CLOSE, found(cat=0.8)))
    assert scores[CAT] > 2 * scores[RACCOON] > 0


def test_a_look_that_finds_nothing_there_counts():
    both = evidence((WHOLE, found(raccoon=0.8)), (CLOSE, Candidates.none()))
    assert both[RACCOON] < 0.4


def test_a_look_that_holds_half_of_it_says_nothing():
    half = Region(320, 140, 528, 348)
    scores = evidence((WHOLE, found(raccoon=0.8)), (half, Candidates.none()))
    assert scores[RACCOON] == pytest.approx(0.8)


def test_what_no_look_holds_keeps_its_scores():
    assert evidence((Region(320, 140, 528, 348), Candidates.none()))[RACCOON] == pytest.approx(0.9)


class Flickering(ColorDetector):
    """Takes what it sees for an animal in three of five pictures, as it does with leaves."""

    picture = 0

    def look(self, picture, region, floor):
        found = super().look(picture, region, floor)
        return found if self.picture % 5 in (0, 2, 3) else Candidates.none()


def eye(detector):
    return Pipeline(detector, Settings(finest_grid=1))


def play(detector, pictures, pipeline=None):
    pipeline, sights = pipeline or eye(detector), []
    for i, picture in enumerate(pictures):
        detector.picture = i
        sights.append(pipeline.process(picture, i * 0.1, CAMERA))
    return sights


def patch(left, i):
    return scene(('raccoon', left, 240, 70, 40), seed=i)


def test_a_leaf_that_flickers_in_its_place_is_never_seen():
    sights = play(Flickering(score=0.5), [patch(300, i) for i in range(150)])
    assert not any(s.targets.targets for s in sights)


def test_known_clutter_costs_no_crops():
    detector = Flickering(score=0.3)
    sights = play(detector, [patch(300, i) for i in range(200)])
    assert not any(s.engaged for s in sights[100:])
    assert sum(len(s.looks) for s in sights[100:]) <= 10  # ten seconds of the idle sweep


def test_what_never_convinced_and_never_moved_costs_no_crops_in_the_end():
    detector = Flickering(score=0.5)
    sights = play(detector, [patch(300, i) for i in range(200)])
    assert not any(s.engaged for s in sights[30:])
    assert sum(len(s.looks) for s in sights[100:]) <= 10  # ten seconds of the idle sweep


class OverTheEdge(ColorDetector):
    """Its boxes reach far over the left edge of the picture; sees nothing after five seconds."""

    picture = 0

    def look(self, picture, region, floor):
        found = super().look(picture, region, floor) if self.picture < 50 else Candidates.none()
        return Candidates(found.boxes - np.array([120, 0, 0, 0], np.float32), found.scores)


def test_a_parked_thing_over_the_edge_is_rechecked_as_seldom_as_others():
    detector = OverTheEdge(score=0.9)
    pipeline = Pipeline(detector, Settings(finest_grid=1, parked_after=3.0, recheck_period=1.0))
    sights = play(detector, [patch(0, i) for i in range(100)], pipeline)
    assert sights[40].frame.detections[0].box.x == 0  # cut to the picture
    assert sum(len(s.looks) for s in sights[50:]) <= 12  # five seconds


class Wandering(ColorDetector):
    """Puts its box now on one leaf and now on the next, though nothing moves."""

    picture = 0

    def look(self, picture, region, floor):
        found = super().look(picture, region, floor)
        aside = np.array([60, 0, 60, 0], np.float32) * (self.picture % 20 // 5)
        return Candidates(found.boxes + aside, found.scores)


def test_a_box_that_wanders_over_a_still_picture_is_nobody_on_its_way():
    sights = play(Wandering(score=0.5), [patch(300, i) for i in range(100)])
    assert not any(s.frame.detections or s.engaged for s in sights[30:])


def test_what_is_not_confirmed_is_told_below_the_threshold():
    detector = Flickering(score=0.5)
    pipeline = eye(detector)
    sight = play(detector, [patch(300, i) for i in range(15)], pipeline)[-1]
    assert not sight.frame.detections
    assert 0.1 < pipeline.doubts(sight.frame.stamp).scores.max() < Settings().threshold


def test_an_animal_that_flickers_but_walks_is_seen():
    sights = play(Flickering(score=0.7), [patch(100 + 4 * i, i) for i in range(60)])
    assert any(species_told(s) == {'raccoon'} for s in sights)


@pytest.mark.parametrize(('score', 'counts'), [(0.5, False), (0.67, True)])
def test_an_animal_that_sat_there_at_the_start_counts_if_it_is_clear(score, counts):
    sights = play(ColorDetector(score=score), [patch(300, i) for i in range(15)])
    assert bool(sights[-1].targets.targets) == counts


def species_told(sight):
    return {t.best[0] for t in sight.targets.targets}


@pytest.mark.parametrize(('score', 'known'), [(0.67, False), (0.8, True)])
def test_what_never_walked_is_told_with_a_place_only_unless_it_is_sure(score, known):
    sight = play(ColorDetector(score=score), [patch(300, i) for i in range(40)])[-1]
    assert sight.frame.detections[0].best[0] == 'raccoon'
    assert species_told(sight) == ({'raccoon'} if known else {''})


def test_a_thing_at_rest_is_drawn_as_one():
    picture = patch(300, 0)
    sight = play(ColorDetector(score=0.67), [picture] * 40)[-1]
    (rests,) = sight.targets.targets
    walks = replace(sight.targets, targets=(replace(rests, scores={'raccoon': 0.9}),))
    corner = (slice(236, 244), slice(296, 304))  # a bold line is wider

    def drawn(sight):
        return int((annotate(picture, sight)[corner] != picture[corner]).any(axis=2).sum())

    assert 0 < drawn(sight) < drawn(replace(sight, targets=walks))


def test_a_person_who_sits_still_is_told_as_one_without_proof():
    person = [scene(('person', 300, 160, 60, 100), seed=i) for i in range(40)]
    assert species_told(play(ColorDetector(score=0.67), person)[-1]) == {'person'}


def test_an_animal_that_sat_there_at_the_start_counts_once_it_walks():
    still = [patch(300, i) for i in range(20)]
    walk = [patch(300 + 5 * i, i) for i in range(15)]
    sights = play(ColorDetector(score=0.67), [*still, *walk])
    assert species_told(sights[19]) == {''}
    assert species_told(sights[-1]) == {'raccoon'}


class Slipping(ColorDetector):
    """Puts its box aside in one of ten pictures."""

    picture = 0

    def look(self, picture, region, floor):
        found = super().look(picture, region, floor)
        aside = np.array([48, 0, 48, 0], np.float32) * (self.picture % 10 == 5)
        return Candidates(found.boxes + aside, found.scores)


def test_one_look_aside_is_no_walk():
    pictures = [patch(300, i) for i in range(60)]
    for i, picture in enumerate(pictures):
        picture[240:280, 364:400] = 255 * (i % 2)  # something stirs there
    sights = play(Slipping(score=0.67), pictures)
    assert set().union(*map(species_told, sights)) == {''}


def test_what_walked_long_ago_is_judged_by_how_it_looks_now():
    pipeline = eye(ColorDetector(score=0.9))
    play(pipeline._detector, [patch(100 + 5 * i, i) for i in range(100)], pipeline)
    assert [t.confirmed and t.walked_lately for t in pipeline._tracker.tracks] == [True]
    pipeline._detector.score = 0.3  # it has left; what it sat on looks a little like it
    for i in range(80):
        sight = pipeline.process(patch(595, i), 10 + i * 0.1, CAMERA)
    assert not sight.frame.detections


class LateSeeing(ColorDetector):
    """Sees nothing for ten seconds."""

    picture = 0

    def look(self, picture, region, floor):
        return super().look(picture, region, floor) if self.picture > 100 else Candidates.none()


@pytest.mark.parametrize(('score', 'counts'), [(0.5, False), (0.8, True)])
def test_what_always_lay_there_must_score_higher(score, counts):
    sights = play(LateSeeing(score=score), [patch(300, i) for i in range(140)])
    assert bool(sights[-1].targets.targets) == counts


def test_an_animal_that_arrives_unseen_and_sits_down_counts():
    pictures = [scene(seed=i) if i < 95 else patch(300, i) for i in range(140)]
    assert species_told(play(LateSeeing(score=0.75), pictures)[-1]) == {'raccoon'}


def test_a_leaf_does_not_walk_because_the_robot_does():
    pipeline = eye(Flickering(score=0.5))
    for i in range(60):
        pipeline._detector.picture = i
        picture = patch(100 + 4 * i, i)
        sight = pipeline.process(picture, i * 0.1, CAMERA, moving=True)
        assert not sight.targets.targets


def test_insects_do_not_take_the_looks_of_an_animal():
    generator = np.random.default_rng(3)
    detector, pictures = ColorDetector(least=30), []  # only a crop shows the animal big enough
    for i in range(25):
        picture = scene(('raccoon', 100 + 4 * i, 240, 24, 18), seed=i)
        for x, y in generator.integers((0, 0), (600, 440), (6, 2)):
            picture[y : y + 40, x : x + 8] = 250
        pictures.append(picture)
    sights = play(detector, pictures)
    assert any(s.targets.targets for s in sights[:12])


def test_who_lies_still_is_told_but_nothing_is_swept_for_his_sake_until_something_comes():
    detector = ColorDetector()
    pipeline = eye(detector)
    person = ('person', 300, 160, 60, 100)
    sights = play(detector, [scene(person, seed=i) for i in range(60)], pipeline)
    assert sights[-1].frame.detections[0].best[0] == 'person'
    assert not any(s.engaged for s in sights[30:])
    visit = [scene(person, ('raccoon', 6 * i, 380, 70, 40), seed=i) for i in range(10)]
    sights = [pipeline.process(p, 6.0 + i * 0.1, CAMERA) for i, p in enumerate(visit)]
    assert sights[-1].engaged
