"""The core from pictures to confirmed animals, with a detector that sees colours."""

import itertools

import cv2
import numpy as np
import pytest
from color_detector import COLORS, ColorDetector, scene
from sentinel_common.species import SPECIES
from sentinel_perception.detector.port import Candidates, ModelError
from sentinel_perception.draw import annotate
from sentinel_perception.motion import shift, small_luma
from sentinel_perception.pipeline import Pipeline
from sentinel_perception.position import Intrinsics
from sentinel_perception.settings import Settings, from_values
from sentinel_perception.zones import parse

CAMERA = Intrinsics.from_field_of_view(640, 480, 0.7854)
STEP = 0.1


def play(pipeline, pictures, start=0.0, camera=CAMERA):
    return [
        pipeline.process(picture, start + i * STEP, camera) for i, picture in enumerate(pictures)
    ]


def walk(count, speed=6, species='raccoon', first=0):
    return [
        scene((species, 100 + (first + i) * speed, 240, 70, 40), seed=first + i)
        for i in range(count)
    ]


def empty(count, first=0):
    return [scene(seed=1000 + first + i) for i in range(count)]


def test_a_walking_raccoon_is_confirmed_by_three_of_five_and_keeps_its_name():
    sights = play(Pipeline(ColorDetector(), Settings()), walk(20))
    confirmed = [bool(s.targets.targets) for s in sights]
    assert confirmed[:2] == [False, False]
    assert confirmed.index(True) <= 4
    names = {t.track_id for s in sights for t in s.targets.targets}
    assert len(names) == 1
    assert sights[-1].targets.targets[0].best[0] == 'raccoon'
    assert sights[-1].targets.targets[0].best[1] > 0.9


def raccoon_at(left, top, width=70, height=40):
    return scene(('raccoon', left, top, width, height), seed=left)


def test_the_box_that_is_told_is_the_one_that_was_found_also_after_a_turn():
    there = [raccoon_at(100 + 10 * i, 240) for i in range(15)]
    back = [raccoon_at(240 - 14 * i, 240) for i in range(1, 5)]
    *_, sight = play(Pipeline(ColorDetector(), Settings()), there + back)
    (target,) = sight.targets.targets
    (box,) = (d.box for d in sight.frame.detections if d.track_id == target.track_id)
    assert box.x == pytest.approx(184, abs=3) and box.width == pytest.approx(70, abs=3)


def test_a_box_that_is_suddenly_another_size_is_not_believed_at_once():
    pictures = [*walk(15), raccoon_at(100 + 15 * 6 - 60, 180, 190, 160)]
    *_, sight = play(Pipeline(ColorDetector(), Settings()), pictures)
    (box,) = (d.box for d in sight.frame.detections if d.track_id)
    assert box.width < 130


def test_an_animal_that_was_there_at_the_start_is_found():
    still = [scene(('raccoon', 300, 250, 60, 40), seed=i) for i in range(10)]
    assert play(Pipeline(ColorDetector(), Settings()), still)[-1].targets.targets


def test_a_low_score_never_confirms():
    sights = play(Pipeline(ColorDetector(score=0.3), Settings(threshold=0.4)), walk(15))
    assert not any(s.targets.targets for s in sights)


def test_every_picture_gives_a_frame_with_its_stamp_and_id():
    pipeline = Pipeline(ColorDetector(), Settings())
    sight = pipeline.process(scene(), 12.5, CAMERA, 'eye')
    assert (sight.frame.stamp, sight.frame.frame_id) == (12.5, 'eye')
    assert sight.frame.detections == ()
    assert sight.targets.frame_id == 'base_link'


def test_a_hint_of_a_person_is_reported_below_the_threshold_without_a_name():
    pipeline = Pipeline(ColorDetector(score=0.4), Settings(veto_level=0.15, threshold=0.45))
    sights = play(pipeline, walk(10, species='person'))
    hints = [d for s in sights for d in s.frame.detections]
    assert hints
    assert {d.track_id for d in hints} == {''}
    assert {d.tentative for d in hints} == {'1'}
    assert 0.15 <= hints[0].best[1] < hints[-1].best[1] < 0.45
    assert not any(s.targets.targets for s in sights)


class OthersDetector(ColorDetector):
    """Takes each cat for some other animal."""

    def look(self, picture, region, floor):
        found = super().look(picture, region, floor)
        order = [SPECIES.index(n) for n in ('raccoon', 'other_animal', 'dog', 'person', 'cat')]
        return Candidates(found.boxes, found.scores[:, order])


def test_who_else_is_protected_is_told_below_the_threshold_and_where_animals_do_not_count():
    nowhere = parse([], ['0,0 1,0 1,1 0,1'])
    settings = from_values({'also_protected': ['other_animal'], 'min_score': 0.6})
    for zones, score in ((None, 0.4), (nowhere, 0.9)):
        *_, sight = play(Pipeline(OthersDetector(score), settings, zones), walk(10, species='cat'))
        assert max(d.scores['other_animal'] for d in sight.frame.detections) >= 0.2
        sights = play(Pipeline(OthersDetector(score), Settings(), zones), walk(10, species='cat'))
        assert not any(s.frame.detections for s in sights)


def test_a_high_lowest_score_of_hits_hides_no_person():
    pipeline = Pipeline(ColorDetector(score=0.55), Settings(min_score=0.6))
    walker = [scene(('person', 100 + 6 * i, 200, 60, 150), seed=i) for i in range(40)]
    sights = play(pipeline, walker)
    assert all('person' in {d.best[0] for d in s.frame.detections} for s in sights[2:])
    raccoons = play(Pipeline(ColorDetector(score=0.55), Settings(min_score=0.6)), walk(40))
    assert not any(s.frame.detections for s in raccoons)


@pytest.mark.parametrize('species', ['person', 'cat'])
def test_who_steps_where_a_raccoon_was_is_told_in_the_same_picture(species):
    pipeline = Pipeline(ColorDetector(), Settings())
    play(pipeline, walk(20))
    other = [scene((species, 220, 180, 60, 100), seed=50 + i) for i in range(10)]
    sights = play(pipeline, other, start=2.0)
    assert all(species in {d.best[0] for d in s.frame.detections} for s in sights)
    first, *_, last = sights
    (raccoon,) = first.targets.targets
    assert [d.best[0] for d in first.frame.detections if not d.track_id] == [species]
    # It never becomes the raccoon that it hides, nor the raccoon it.
    names = {t.track_id: t.best[0] for t in last.targets.targets}
    assert species in names.values() and names.get(raccoon.track_id, 'raccoon') == 'raccoon'


def test_a_raccoon_that_is_called_a_cat_where_it_stands_stays_one_animal():
    pipeline = Pipeline(ColorDetector(), Settings())
    play(pipeline, walk(20))
    called = [scene(('cat', 220, 240, 70, 40), seed=50)]
    (sight,) = play(pipeline, called, start=2.0)
    # Its scores count in the posterior of the track alone.
    assert [(d.best[0], d.track_id) for d in sight.frame.detections] == [('raccoon', '1')]


def test_a_hint_of_a_raccoon_is_no_veto():
    pipeline = Pipeline(ColorDetector(score=0.17), Settings())
    assert not any(s.frame.detections for s in play(pipeline, walk(10)))


def test_cat_beside_raccoon_are_two_tracks():
    both = [
        scene(('raccoon', 100 + 4 * i, 240, 70, 40), ('cat', 420, 320, 50, 40), seed=i)
        for i in range(20)
    ]
    last = play(Pipeline(ColorDetector(), Settings()), both)[-1]
    assert sorted(t.best[0] for t in last.targets.targets) == ['cat', 'raccoon']


def test_a_raccoon_that_leaves_is_no_longer_reported():
    pipeline = Pipeline(ColorDetector(), Settings(coast=0.5, lost_after=2.0))
    play(pipeline, walk(10))
    after = play(pipeline, empty(30), start=1.0)
    assert not any(s.frame.detections for s in after[6:])


def test_when_stamps_go_back_everything_begins_afresh():
    pipeline = Pipeline(ColorDetector(), Settings())
    names = {t.track_id for s in play(pipeline, walk(20), start=1000.0) for t in s.targets.targets}
    again = play(pipeline, [*empty(20), *walk(20)], start=5.0)
    assert not any(s.frame.detections for s in again[:20])
    assert not names & {t.track_id for s in again for t in s.targets.targets}
    assert pipeline.restarts == 1
    # From there on it is as if the pipeline were new, its sweeps too.
    fresh = play(Pipeline(ColorDetector(), Settings()), [*empty(20), *walk(20)], start=5.0)
    for old, new in zip(again, fresh, strict=True):
        assert (old.swept, old.engaged, old.looks) == (new.swept, new.engaged, new.looks)
        assert old.motion == new.motion
        assert len(old.targets.targets) == len(new.targets.targets)


def test_a_sweep_is_completed_every_second_while_something_moves():
    pipeline = Pipeline(ColorDetector(), Settings(finest_grid=2))
    sights = play(pipeline, walk(40))
    times = [s.frame.stamp for s in sights if s.swept]
    assert max(b - a for a, b in itertools.pairwise(times)) <= 1.0


def test_an_idle_scene_costs_few_model_calls():
    detector = ColorDetector()
    pipeline = Pipeline(detector, Settings(idle_calls_per_second=1.0))
    play(pipeline, empty(50))
    detector.calls.clear()
    sights = play(pipeline, empty(100, first=50), start=5.0)
    assert not any(s.engaged for s in sights)
    assert 8 <= len(detector.calls) <= 12  # ten seconds at one call per second
    assert len(set(detector.calls)) == 5  # the whole picture and four tiles


def test_a_small_animal_is_found_by_the_tiles_only():
    far = [scene(('raccoon', 500, 130, 9, 9), seed=i) for i in range(25)]
    whole = Pipeline(ColorDetector(least=8), Settings(finest_grid=1, smallest=0.0))
    tiles = Pipeline(ColorDetector(least=8), Settings(finest_grid=2, smallest=0.0))
    assert not any(s.targets.targets for s in play(whole, far))
    assert play(tiles, far)[-1].targets.targets


def test_the_same_pictures_give_the_same_answer():
    first, second = (
        [s.frame for s in play(Pipeline(ColorDetector(), Settings()), walk(12))] for _ in range(2)
    )
    assert first == second


@pytest.mark.parametrize('size', [(1, 1), (1, 300), (300, 1), (7, 3), (33, 700), (2000, 30)])
def test_odd_sizes_do_no_harm(size):
    camera = Intrinsics.from_field_of_view(*size, 0.7854)
    detector = ColorDetector()
    pipeline = Pipeline(detector, Settings(finest_grid=3))
    for i in range(20):
        pipeline.process(scene(size=size, seed=i), i * STEP, camera)
    assert all(region.width > 0 and region.height > 0 for region in detector.calls)


def test_a_change_of_size_in_mid_stream_does_no_harm():
    pipeline = Pipeline(ColorDetector(), Settings())
    play(pipeline, walk(5))
    for i in range(5):
        pipeline.process(scene(size=(320, 240), seed=i), 1 + i * STEP, CAMERA)


def test_blindness_is_told_and_is_no_look():
    pipeline = Pipeline(ColorDetector(), Settings())
    dark = [scene(grey=6, noise=1, seed=i)[200:, 210:400].copy() for i in range(20)]
    sights = play(pipeline, dark)
    assert sights[-1].blind == 'too dark'
    assert not any(s.swept for s in sights)


def covered(i):
    """A cloth before the lens: grey, hardly any structure."""
    return np.random.default_rng(i).integers(110, 114, (480, 640, 3)).astype(np.uint8)


def dark(i):
    return np.random.default_rng(i).integers(0, 9, (480, 640, 3)).astype(np.uint8)


@pytest.mark.parametrize(
    ('later', 'pause', 'words'),
    [
        (covered, 0.0, 'lens covered'),
        (dark, 0.0, 'lamp dead or lens covered'),
        (dark, 60.0, 'too dark'),  # a night that fell while nobody looked
        (lambda i: scene(seed=1), 0.0, 'picture frozen'),
    ],
)
def test_why_nothing_can_be_seen(later, pause, words):
    pipeline = Pipeline(ColorDetector(), Settings())
    assert not any(s.blind for s in play(pipeline, empty(5)))
    sights = play(pipeline, [later(i) for i in range(110)], start=0.5 + pause)
    assert sights[-1].blind == words
    assert not sights[-1].swept
    back = play(pipeline, empty(5), start=12 + pause)
    assert not back[-1].blind


def test_a_lamp_keeps_the_tracks_and_a_new_picture_drops_them():
    pipeline = Pipeline(ColorDetector(), Settings())
    play(pipeline, walk(10))
    lamp = scene(('raccoon', 160, 240, 70, 40))
    lamp[300:] = np.clip(lamp[300:].astype(int) + 80, 0, 255)  # lights the lawn in front
    assert play(pipeline, [lamp], start=1.0)[0].motion.scene_changed
    assert pipeline.process(lamp, 1.1, CAMERA).targets.targets
    other = np.clip(200 - lamp.astype(int), 0, 255).astype(np.uint8)
    sight = pipeline.process(other, 1.2, CAMERA)
    assert sight.motion.cut
    assert not sight.frame.detections


def test_the_second_animal_gets_its_turn():
    detector = ColorDetector(least=30)  # too small for the whole picture: crops are needed
    both = [
        scene(('raccoon', 60 + 3 * i, 380, 24, 18), ('cat', 560, 90 + 2 * i, 24, 18), seed=i)
        for i in range(30)
    ]
    pipeline = Pipeline(detector, Settings(crops_per_frame=1, finest_grid=1))
    species = {t.best[0] for s in play(pipeline, both) for t in s.targets.targets if t.scores}
    assert species == {'cat', 'raccoon'}


def test_a_thing_that_never_moves_parks_is_no_target_and_costs_little():
    detector = ColorDetector()
    pipeline = Pipeline(detector, Settings(parked_after=3.0, recheck_period=1.0))
    still = [scene(('raccoon', 300, 250, 60, 40), seed=i) for i in range(60)]
    sights = play(pipeline, still)
    assert sights[25].targets.targets
    assert not sights[-1].targets.targets
    assert sights[-1].frame.detections[0].track_id
    assert not sights[-1].engaged
    detector.calls.clear()
    play(pipeline, still[:20], start=6.0)
    assert len(detector.calls) <= 5  # two seconds: two rechecks and the idle sweep


def test_a_parked_thing_that_moves_is_a_target_again():
    pipeline = Pipeline(ColorDetector(), Settings(parked_after=2.0))
    play(pipeline, [scene(('raccoon', 100, 240, 70, 40), seed=i) for i in range(40)])
    assert play(pipeline, walk(5), start=4.0)[-1].targets.targets


def test_a_thing_known_for_long_is_no_animal_because_somebody_passed_before_it():
    pipeline = Pipeline(ColorDetector(score=0.68), Settings())
    log = [scene(('raccoon', 100, 100, 70, 50), seed=i) for i in range(500)]
    for i, picture in enumerate(log[400:420]):
        picture[70:125, 9 * i : 9 * i + 90] = (40, 200, 200)
    sights = play(pipeline, log)
    assert not [t for s in sights for t in s.targets.targets if t.scores]


@pytest.mark.parametrize('left', [100, 300])
def test_a_thing_that_came_and_stays_parks_on_a_seam_of_the_tiles_too(left):
    pipeline = Pipeline(ColorDetector(), Settings(parked_after=10.0))
    came = [scene(('raccoon', left - 90 + 6 * i, 260, 70, 50), seed=i) for i in range(15)]
    # The background takes 38 s to learn so stark a contrast: until then something moves there.
    stays = [scene(('raccoon', left, 260, 70, 50), seed=i) for i in range(520)]
    sights = play(pipeline, came + stays)
    assert any(t.scores for s in sights[15:60] for t in s.targets.targets)
    assert not [s for s in sights[-20:] if s.targets.targets]


def test_in_pictures_of_another_size_nothing_is_where_it_was():
    pipeline = Pipeline(ColorDetector(), Settings())
    small = walk(50)
    large = [cv2.resize(picture, (1280, 960), interpolation=cv2.INTER_NEAREST) for picture in small]
    sights = play(pipeline, small[:25])
    sights += play(pipeline, large[25:], start=2.5, camera=CAMERA.scaled(1280, 960))
    places = [t.x for s in sights for t in s.targets.targets]
    assert max(places) < 1.5 * min(places)
    assert sights[-1].targets.targets
    assert pipeline.restarts == 1


def test_a_person_who_sits_still_is_still_reported():
    pipeline = Pipeline(ColorDetector(), Settings(parked_after=2.0))
    still = [scene(('person', 300, 150, 80, 200), seed=i) for i in range(50)]
    sights = play(pipeline, still)
    assert all(d.best[0] == 'person' for s in sights[5:] for d in s.frame.detections)
    assert all(s.frame.detections for s in sights[5:])


def test_an_excluded_zone_hides_raccoons_but_never_people():
    zones = parse([], ['0,0 1,0 1,1 0,1'])
    both = [
        scene(('raccoon', 100 + 4 * i, 240, 70, 40), ('person', 420, 220, 60, 160), seed=i)
        for i in range(15)
    ]
    last = play(Pipeline(ColorDetector(), Settings(), zones), both)[-1]
    assert {d.best[0] for d in last.frame.detections} == {'person'}


@pytest.mark.parametrize(('species', 'told'), [('raccoon', False), ('cat', True)])
def test_what_is_too_small_to_be_deterred_is_no_target_but_may_be_a_pet(species, told):
    pipeline = Pipeline(ColorDetector(), Settings(smallest=0.3))
    sights = play(pipeline, walk(20, species=species))
    assert any(d.track_id for s in sights for d in s.frame.detections) is told


def test_an_insect_is_too_fast_to_be_confirmed():
    pipeline = Pipeline(ColorDetector(), Settings(fastest=3.0, crops_per_frame=2))
    sights = play(pipeline, walk(12, speed=45))  # six of its lengths per second
    assert not any(s.targets.targets for s in sights)


def test_branches_that_never_rest_cease_to_be_motion():
    pipeline = Pipeline(ColorDetector(), Settings())
    generator = np.random.default_rng(1)

    def windy(i):
        picture = scene(size=(160, 120), seed=i)
        picture[10:35, 60:100] = 90 + 15 * generator.integers(-1, 2)
        return picture

    sights = play(pipeline, [windy(i) for i in range(400)])
    early, late = ([len(s.motion.boxes) for s in part] for part in (sights[5:55], sights[-50:]))
    assert sum(late) < sum(early) / 2


def test_while_the_camera_moves_motion_is_bypassed_and_the_whole_picture_watched():
    detector = ColorDetector()
    pipeline = Pipeline(detector, Settings(finest_grid=1))
    for i in range(10):
        sight = pipeline.process(scene(seed=i), i * STEP, CAMERA, moving=True)
        assert sight.motion.boxes == ()
        assert sight.looks[0].width == 640


def test_an_idle_round_that_took_long_is_no_sweep():
    pipeline = Pipeline(ColorDetector(), Settings(idle_calls_per_second=0.5))
    play(pipeline, empty(40))
    assert not any(s.swept for s in play(pipeline, empty(110, first=40), start=4.0))


def sweeps(pipeline, pictures, spacing, start=0.0, delay=None):
    """Stamps of completed sweeps, with the finest grid then.

    A picture that is worked on for ``spacing`` (s) is as old when it is told of.
    """
    found = []
    for i, picture in enumerate(pictures):
        stamp = start + i * spacing
        sight = pipeline.process(picture, stamp, CAMERA, delay=spacing if delay is None else delay)
        if sight.swept:
            found.append((stamp, pipeline.grid_in_use))
    return found


def oldest(found, delay):
    """How old the newest sweep ever is when the next one is told of, s."""
    return max(b - a for (a, _), (b, _) in itertools.pairwise(found)) + delay


def test_a_slow_computer_leaves_out_the_tiles_to_keep_looking_at_everything():
    pipeline, spacing = Pipeline(ColorDetector(), Settings(finest_grid=3)), 0.4
    found = sweeps(pipeline, walk(40, speed=2), spacing)
    assert found[-1][1] == 1
    assert oldest(found[2:], spacing) < 1.0  # the guard's sweep_timeout


@pytest.mark.parametrize('delay', [0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
def test_pictures_that_are_told_late_are_swept_the_sooner(delay):
    pipeline = Pipeline(ColorDetector(), Settings())
    found = sweeps(pipeline, walk(60, speed=2), STEP, delay=delay)
    assert oldest(found[2:], delay) < 1.0  # the guard's sweep_timeout
    assert found[-1][1] == 2  # there is time for the tiles


def test_a_computer_that_is_too_slow_for_the_finest_tiles_keeps_the_others():
    pipeline = Pipeline(ColorDetector(), Settings(finest_grid=3))
    assert sweeps(pipeline, walk(40, speed=2), 0.2)[-1][1] == 2


def test_tiles_are_tried_again_with_the_next_visit_if_pictures_come_fast_enough():
    pipeline = Pipeline(ColorDetector(), Settings())

    def visit(spacing, start):
        play(pipeline, empty(200), start=start - 20.0)
        return sweeps(pipeline, walk(30, speed=2), spacing, start)[-1][1]

    # In the third visit nobody knows yet that the computer is fast now.
    assert [visit(0.4, 100), visit(0.4, 200), visit(STEP, 300), visit(STEP, 400)] == [1, 1, 1, 2]


def garden(left, *, seed=0):
    """Window at column ``left`` of a wide scene with structure everywhere and a raccoon in it."""
    generator = np.random.default_rng(5)
    wide = cv2.resize(generator.integers(40, 150, (24, 80, 3), np.uint8), (1600, 480))
    wide[240:280, 700:770] = COLORS['raccoon']
    picture = wide[:, left : left + 640].astype(int)
    grain = np.random.default_rng(seed).integers(-4, 5, picture.shape)
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def test_the_shift_of_a_turned_camera_is_measured():
    before, after = small_luma(garden(400)), small_luma(garden(480, seed=1))
    right, down = shift(before, after, 640, 480)
    assert right == pytest.approx(-80, abs=6)
    assert down == pytest.approx(0, abs=4)


def test_an_animal_keeps_its_name_while_the_robot_turns():
    pipeline = Pipeline(ColorDetector(), Settings())
    names, left = set(), 300
    for i in range(30):
        turning = i >= 10
        left += 18 * turning if i < 20 else -18
        sight = pipeline.process(garden(left, seed=i), i * STEP, CAMERA, moving=turning)
        names |= {t.track_id for t in sight.targets.targets}
        assert sight.targets.targets or i < 4
    assert len(names) == 1


def test_a_jerk_of_more_than_its_own_size_loses_no_animal():
    pipeline = Pipeline(ColorDetector(), Settings())
    lefts = [300] * 8 + [430] * 3 + [250] * 3
    for i, left in enumerate(lefts):
        sight = pipeline.process(garden(left, seed=i), i * STEP, CAMERA, moving=i >= 8)
    assert {t.track_id for t in sight.targets.targets} == {'1'}


def test_a_model_that_fails_on_one_picture_does_not_end_the_watch():
    class Failing(ColorDetector):
        def look(self, picture, region, floor):
            if fails:
                raise ModelError('The model gave scores that are no numbers.')
            return super().look(picture, region, floor)

    fails, pipeline = False, Pipeline(Failing(), Settings())
    play(pipeline, walk(10))
    fails = True
    with pytest.raises(ModelError):
        play(pipeline, walk(1, first=10), start=1.0)
    fails = False
    sights = play(pipeline, walk(2, first=11), start=1.1)
    assert [t.track_id for t in sights[-1].targets.targets] == ['1']


@pytest.mark.parametrize(
    ('species', 'walks', 'thickness', 'rests'),
    [('raccoon', True, 2, False), ('raccoon', False, 1, True), ('person', True, 1, False)],
)
def test_only_what_may_be_acted_upon_is_drawn_bold(monkeypatch, species, walks, thickness, rests):
    pictures = [scene((species, 100 + 6 * i * walks, 160, 60, 100), seed=i) for i in range(20)]
    *_, sight = play(Pipeline(ColorDetector(score=0.67), Settings()), pictures)
    drawn, texts = [], []
    monkeypatch.setattr(cv2, 'rectangle', lambda *a: drawn.append(a[4]))
    monkeypatch.setattr(cv2, 'putText', lambda _, text, *a: texts.append(text))
    annotate(pictures[-1], sight)
    # A strong person is told a second time, as a hint.
    assert max(drawn) == thickness
    assert any('at rest' in text for text in texts) is rests


def test_boxes_stay_inside_the_picture_to_the_last():
    pipeline = Pipeline(ColorDetector(), Settings())
    out = [scene(('raccoon', min(400 + 20 * i, 639), 240, 70, 40), seed=i) for i in range(20)]
    for sight in play(pipeline, out):
        for detection in sight.frame.detections:
            assert detection.box.x >= 0
            assert detection.box.x + detection.box.width <= 640
