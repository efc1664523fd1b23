"""The second look: the file, the port, and what the pipeline makes of it."""

import numpy as np
import pytest
from color_detector import ColorDetector, scene
from sentinel_common.species import SPECIES
from sentinel_perception.detector.classifier import NOTHING, TfliteClassifier, load_classifier
from sentinel_perception.detector.port import ModelError
from sentinel_perception.pipeline import Pipeline
from sentinel_perception.position import Intrinsics
from sentinel_perception.posterior import Posterior
from sentinel_perception.settings import Settings
from sentinel_perception.suspicion import Suspicion

CAMERA = Intrinsics.from_field_of_view(640, 480, 0.7854)
LABELS = [*SPECIES, NOTHING]


class Fixed:
    """An interpreter at the port that answers the same to every crop, and keeps the crop."""

    name, width, height = 'fixed', 128, 128

    def __init__(self, *answer):
        self.answer, self.crop = np.array([answer], np.float32), None

    def run(self, picture, *, normalise):
        self.crop = picture
        return [self.answer]


class Says:
    """A classifier at the port that says one species, or nothing, of everything."""

    def __init__(self, name):
        self.row = np.full(len(LABELS), 0.02, np.float32)
        self.row[LABELS.index(name)] = 0.9
        self.calls = 0

    def classify(self, picture, box):
        self.calls += 1
        return self.row


def play(classifier, settings, count=15, score=0.7, species='raccoon'):
    pipeline = Pipeline(ColorDetector(score=score), settings, classifier=classifier)
    return [
        pipeline.process(scene((species, 100 + 6 * i, 240, 70, 40), seed=i), i * 0.1, CAMERA)
        for i in range(count)
    ]


def best(sight):
    return sight.frame.detections[0].best


def test_a_second_look_that_sees_a_cat_makes_the_raccoon_unsure():
    alone = best(play(None, Settings())[-1])
    doubted = best(play(Says('cat'), Settings())[-1])
    assert alone[0] == 'raccoon'
    assert alone[1] > 0.9
    assert doubted[0] == 'cat' or doubted[1] < 0.8


def test_a_second_look_that_agrees_changes_no_name():
    assert best(play(Says('raccoon'), Settings())[-1])[0] == 'raccoon'


def test_second_looks_are_switched_off_by_a_setting():
    off = Says('cat')
    sights = play(off, Settings(second_looks=0))
    assert off.calls == 0
    assert [s.frame for s in sights] == [s.frame for s in play(None, Settings())]


def test_an_empty_garden_and_a_single_hit_cost_no_second_look():
    classifier = Says('cat')
    pipeline = Pipeline(ColorDetector(), Settings(), classifier=classifier)
    for i in range(30):
        pipeline.process(scene(seed=i), i * 0.1, CAMERA)
    pipeline.process(scene(('raccoon', 100, 240, 70, 40)), 3.0, CAMERA)
    assert classifier.calls == 0


def test_a_hint_is_looked_at_again_and_taken_back_where_nothing_is():
    def hints(classifier):
        sights = play(classifier, Settings(), score=0.4, species='cat')
        return [max((d.best[1] for d in s.frame.detections), default=0.0) for s in sights]

    alone, nothing = hints(None), Says('nothing')
    assert max(alone) >= 0.2
    assert max(hints(nothing)) < 0.2
    assert nothing.calls > 10
    assert hints(Says('cat')) == alone


def places(second_looks):
    """Which of two walkers, 0 and 1, were looked at again in each picture."""

    class Notes(Says):
        def classify(self, picture, box):
            asked[-1].append(int(box[1] > 240))
            return super().classify(picture, box)

    asked = []
    settings = Settings(second_looks=second_looks, crops_per_frame=2)
    pipeline = Pipeline(ColorDetector(), settings, classifier=Notes('raccoon'))
    for i in range(20):
        asked.append([])
        both = [('raccoon', 100 + 6 * i, top, 70, 40) for top in (120, 340)]
        pipeline.process(scene(*both, seed=i), i * 0.1, CAMERA)
    return asked


def test_one_picture_costs_at_most_as_many_second_looks_as_allowed_and_all_get_their_turn():
    one, two = places(1), places(2)
    assert max(len(asked) for asked in one) == 1
    assert max(len(asked) for asked in two) == 2
    turns = [place for asked in one for place in asked]
    assert len(turns) > 10 and abs(turns.count(0) - turns.count(1)) <= 2
    assert sum(map(len, two)) > 1.5 * len(turns)


def test_nothing_says_nothing_about_the_species():
    posterior = Posterior()
    row = np.array([0.01, 0.01, 0.01, 0.01, 0.01, 0.95], np.float32)
    posterior.look_again(row)
    assert list(posterior.probabilities().values()) == pytest.approx([0.2] * 5)


def test_labels_in_another_order_are_sorted_into_that_of_the_species():
    labels = [NOTHING, *reversed(SPECIES)]
    answer = TfliteClassifier(Fixed(0.5, 0.1, 0.1, 0.1, 0.1, 0.1), labels, name='x').classify(
        scene(), np.array([10, 10, 60, 50], np.float32)
    )
    assert answer.tolist() == pytest.approx([0.1] * 5 + [0.5])


def test_a_crop_at_the_edge_of_the_picture_is_filled_with_grey():
    interpreter = Fixed(1, 0, 0, 0, 0, 0)
    classifier = TfliteClassifier(interpreter, LABELS, name='x')
    picture = np.full((100, 100, 3), 255, np.uint8)
    classifier.classify(picture, np.array([-20, 30, 20, 70], np.float32))
    assert interpreter.crop.shape == (128, 128, 3)
    assert interpreter.crop[64, 2].tolist() == [114] * 3
    assert interpreter.crop[64, 120].tolist() == [255] * 3


@pytest.mark.parametrize('box', [(0, 0, 0, 0), (-900, -900, -800, -800), (0, 0, 5000, 5000)])
def test_boxes_without_pixels_and_huge_ones_do_no_harm(box):
    classifier = TfliteClassifier(Fixed(1, 0, 0, 0, 0, 0), LABELS, name='x')
    assert classifier.classify(scene(), np.array(box, np.float32)).shape == (6,)


@pytest.mark.parametrize(
    ('answer', 'labels', 'reason'),
    [
        ((1, 0, 0, 0, 0), LABELS, 'has 6 labels'),
        ((np.nan, 0, 0, 0, 0, 0), LABELS, 'no probability'),
        ((3, 2, 1, 0, 0, 0), LABELS, 'no probability'),
        ((3, -2, 0, 0, 0, 0), LABELS, 'no probability'),
        ((1, 0, 0, 0, 0, 0), ['raccoon', 'cat'], 'once'),
    ],
)
def test_a_model_that_is_no_such_classifier_is_refused_with_a_reason(answer, labels, reason):
    with pytest.raises(ModelError, match=reason):
        TfliteClassifier(Fixed(*answer), labels, name='x')


def test_rounded_probabilities_stay_between_nothing_and_certainty():
    # Together more than one, and one of them less than nothing.
    classifier = TfliteClassifier(Fixed(0.54, 0.0, 0.0, 0.0, -0.02, 0.5), LABELS, name='x')
    answer = classifier.classify(scene(), np.array([10, 10, 60, 50], np.float32))
    assert answer.min() == 0
    suspicion, posterior = Suspicion(), Posterior()
    suspicion.look_again(answer)
    posterior.look_again(answer)
    assert np.isfinite(suspicion.scores).all()
    assert all(0 <= p <= 1 for p in posterior.probabilities().values())


def test_a_file_that_is_no_model_is_refused(tmp_path):
    (tmp_path / 'x.tflite').write_bytes(b'no model at all')
    with pytest.raises(ModelError, match='no TFLite model'):
        load_classifier(tmp_path / 'x.tflite')
