"""Figures of the benchmarks, where the right answer is known."""

import argparse
import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from color_detector import scene
from sentinel_common.detections import Box
from sentinel_common.errors import SentinelError
from sentinel_common.species import SPECIES
from sentinel_perception.bench import annotations, metrics, perception, pipeline
from sentinel_perception.bench.dataset import Sample, Truth
from sentinel_perception.bench.metrics import Average, Prediction
from sentinel_perception.detector import classifier
from sentinel_perception.detector.port import Candidates


def prediction(name, truths=(), found=(), group='g'):
    """One picture of 100x100; truths (x, species), found (x, species, score): boxes of 20x20."""
    boxes = np.array([(x, 0, x + 20, 20) for x, _, _ in found], np.float32).reshape(-1, 4)
    scores = np.zeros((len(found), len(SPECIES)), np.float32)
    for row, (_, species, score) in enumerate(found):
        scores[row, SPECIES.index(species)] = score
    real = tuple(Truth(Box(x, 0, 20, 20), species) for x, species in truths)
    return Prediction(Sample(name, None, group, real), Candidates(boxes, scores), 100, 100)


def test_average_precision_of_known_rankings():
    perfect = [prediction('a', [(0, 'raccoon')], [(0, 'raccoon', 0.9)])]
    assert Average(perfect).at()['ap50'] == pytest.approx(1)
    half = [prediction('a', [(0, 'raccoon'), (50, 'raccoon')], [(0, 'raccoon', 0.9)])]
    assert Average(half).at()['ap50'] == pytest.approx(0.5, abs=0.01)
    # The false one is louder: precision is one half wherever there is recall.
    loud = [prediction('a', [(0, 'raccoon')], [(0, 'raccoon', 0.5), (60, 'raccoon', 0.9)])]
    assert Average(loud).at()['ap50'] == pytest.approx(0.5)


def test_a_looser_overlap_forgives_a_shifted_box():
    shifted = [prediction('a', [(0, 'raccoon')], [(9, 'raccoon', 0.9)])]  # IoU .38
    assert Average(shifted).at()['ap30'] == pytest.approx(1)
    assert Average(shifted).at()['ap50'] == 0


def test_no_answers_and_no_raccoons_are_no_crash():
    assert Average([prediction('a', [(0, 'raccoon')])]).at()['ap50'] == 0
    assert np.isnan(Average([prediction('a')]).at()['ap50'])


def test_resampled_pictures_change_the_figure():
    both = [
        prediction('a', [(0, 'raccoon')], [(0, 'raccoon', 0.9)]),
        prediction('b', [(0, 'raccoon')]),
    ]
    average = Average(both)
    assert average.at(np.array([0, 0]))['ap50'] == pytest.approx(1)
    assert average.at(np.array([1, 1]))['ap50'] == 0
    assert average.at()['ap50'] == pytest.approx(0.5, abs=0.01)


def test_recall_at_a_number_of_false_positives():
    pictures = [
        prediction('a', [(0, 'raccoon')], [(0, 'raccoon', 0.9)]),
        prediction('b', [(0, 'raccoon')], [(0, 'raccoon', 0.3)]),
        *(prediction(f'n{i}', [], [(0, 'raccoon', 0.5)] if i == 0 else []) for i in range(8)),
    ]
    strict, loose = Average(pictures).recall_at((0.02, 0.1), 0.5)
    assert (strict['recall'], strict['threshold']) == (0.5, pytest.approx(0.9))
    assert (loose['recall'], loose['threshold']) == (1.0, pytest.approx(0.3))


def test_area_under_curve():
    assert metrics.area_under_curve([3, 4], [1, 2]) == 1
    assert metrics.area_under_curve([1, 3], [2]) == 0.5
    assert metrics.area_under_curve([2], [2]) == 0.5


def test_exact_interval_of_nothing_found():
    row = metrics.proportion(0, 14)
    assert row['interval'] == [0, pytest.approx(0.2316, abs=1e-4)]


def test_confusion_tells_who_is_taken_for_whom():
    table = metrics.confusion(
        [
            prediction('a', [(0, 'cat')], [(0, 'raccoon', 0.9)]),
            prediction('b', [(0, 'raccoon')], []),
            prediction('c', [], [(0, 'dog', 0.9), (50, 'person', 0.2)]),
        ],
        0.4,
    )
    assert table['cat']['raccoon'] == table['raccoon']['missed'] == table['nothing']['dog'] == 1
    assert table['nothing']['person'] == 0


def crowd(found=()):
    """A picture whose left half is a crowd of raccoons."""
    told = prediction('crowd', [], found, group='set/none')
    truth = Truth(Box(0, 0, 50, 100), 'raccoon', ignore=True)
    return replace(told, sample=replace(told.sample, truths=(truth,)))


def test_what_lies_in_a_crowd_of_raccoons_is_no_false_alarm():
    inside, outside = crowd([(10, 'raccoon', 0.9)]), crowd([(70, 'raccoon', 0.9)])
    groups = perception._groups([inside, outside], 0.5)
    assert (groups['set/none']['alarms']['count'], groups['set/none']['alarms']['of']) == (1, 2)
    table = metrics.confusion([inside, outside], 0.5)
    assert table['nothing']['raccoon'] == 1
    # As a whole such a picture shows raccoons, but none that counts.
    positive = prediction('a', [(0, 'raccoon')], [(0, 'raccoon', 0.5)])
    negative = prediction('b', [], [(0, 'raccoon', 0.2)], group='set/other')
    curves = perception._curves([positive, negative, inside], [])
    assert curves.keys() == {'set/other'}
    assert curves['set/other']['value'] == 1


def test_an_alarm_needs_raccoon_to_be_the_likeliest():
    doubtful = prediction('a', [], [(0, 'raccoon', 0.5)])
    doubtful.found.scores[0, SPECIES.index('cat')] = 0.6
    assert len(doubtful.alarms(0.4)[1]) == 0
    assert doubtful.image_score == 0.5


@pytest.fixture
def coco(tmp_path):
    """Two pictures with a red blob, two with nothing."""
    images, notes = [], []
    for i in range(4):
        picture = scene(size=(96, 96), grey=60, seed=i)
        if i < 2:
            picture[32:64, 32:64] = (0, 0, 255)
            box = [32, 32, 32, 32]
            notes.append({'id': i + 1, 'image_id': i, 'category_id': 7, 'bbox': box})
        cv2.imwrite(str(tmp_path / f'{i}.png'), picture)
        images.append({'id': i, 'file_name': f'{i}.png', 'width': 96, 'height': 96})
    categories = [{'id': 7, 'name': 'raccoon'}, {'id': 9, 'name': 'bench'}]
    path = tmp_path / 'set.json'
    path.write_text(
        json.dumps({'images': images, 'annotations': notes, 'categories': categories}), 'utf-8'
    )
    return path


def run(module, *arguments):
    parser = argparse.ArgumentParser()
    module.add_arguments(parser)
    return module.main(parser.parse_args([str(a) for a in arguments]))


@pytest.mark.parametrize('mode', ['whole', 'tiles', 'pipeline'])
def test_the_benchmark_of_a_folder(coco, model, tmp_path, mode, capsys):
    out, sheet = tmp_path / 'out.json', tmp_path / 'sheet.jpg'
    options = ('--mode', mode, '--json', out, '--sheet', sheet, '--resamples', 20)
    assert run(perception, '--data', coco, '--model', model, '--baseline', model, *options) == 0
    report = json.loads(out.read_text())
    figures = report['model']
    assert figures['groups']['set/raccoon']['recall']['count'] == 2
    assert figures['groups']['set/none']['alarms']['count'] == 0
    assert figures['auc']['set/none']['value'] == 1
    if mode == 'whole':
        assert figures['ap']['ap50']['value'] == pytest.approx(1)
    assert report['gain']['ap50']['value'] == 0
    assert cv2.imread(str(sheet)) is not None
    assert 'AP@.5' in capsys.readouterr().out


def test_a_model_may_be_its_own_baseline_in_another_mode(coco, model, tmp_path):
    out = tmp_path / 'out.json'
    options = ('--mode', 'tiles', '--baseline-mode', 'whole', '--json', out, '--resamples', 5)
    run(perception, '--data', coco, '--model', model, '--baseline', model, *options)
    report = json.loads(out.read_text())
    assert (report['mode'], report['baseline']['mode']) == ('tiles', 'whole')


def test_a_second_look_is_measured_beside_none(coco, model, tmp_path, monkeypatch):
    class AllCats:
        name = 'cats.tflite'

        def classify(self, picture, box):
            return np.eye(len(SPECIES) + 1, dtype=np.float32)[SPECIES.index('cat')]

    monkeypatch.setattr(classifier, 'load_classifier', lambda path: AllCats())
    out = tmp_path / 'out.json'
    options = ('--mode', 'pipeline', '--json', out, '--resamples', 5, '--baseline', model)
    second = ('--classifier', 'cats.tflite', '--baseline-classifier', 'none')
    run(perception, '--data', coco, '--model', model, *options, *second)
    report = json.loads(out.read_text())
    told = [(report[who]['classifier'], report[who]['groups']) for who in ('model', 'baseline')]
    assert [name for name, _ in told] == ['cats.tflite', None]
    assert [groups['set/raccoon']['recall']['count'] for _, groups in told] == [0, 2]


def clip(tmp_path, count=40, first=10, last=25):
    """A video of a blob that is there from frame ``first`` to ``last``, with its COCO file.

    So small that every crop is the whole picture, where the blob fills one cell of the model.
    """
    path = tmp_path / 'clip.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (54, 54))
    images, notes = [], []
    for i in range(count):
        picture = scene(size=(54, 54), grey=60, seed=i)
        if first <= i <= last:
            picture[18:36, 18:36] = (0, 0, 255)
            notes.append({'id': i + 1, 'image_id': i, 'category_id': 1, 'bbox': [18, 18, 18, 18]})
        writer.write(picture)
        images.append({'id': i, 'file_name': f'frame_{i:04d}', 'width': 54, 'height': 54})
    writer.release()
    content = {
        'images': images,
        'annotations': notes,
        'categories': [{'id': 1, 'name': 'raccoon'}],
    }
    path.with_suffix('.json').write_text(json.dumps(content), 'utf-8')
    return path


def test_events_of_a_clip(model, tmp_path):
    out = tmp_path / 'out.json'
    options = ('--mode', 'pipeline', '--threshold', 0.3, '--json', out, '--resamples', 5)
    run(perception, '--data', clip(tmp_path), '--model', model, *options)
    (events,) = json.loads(out.read_text())['model']['clips'].values()
    assert (events['raccoon_from'], events['raccoon_until']) == (1.0, 2.5)
    assert 0 < events['seconds_to_alarm'] <= 1.0
    assert (events['alarms_before'], events['alarms_after']) == (0, 0)


def test_frames_before_the_first_annotated_one_belong_to_the_clip(model, tmp_path):
    path, out = clip(tmp_path), tmp_path / 'out.json'
    content = json.loads(path.with_suffix('.json').read_text())
    content['images'] = content['images'][10:]
    path.with_suffix('.json').write_text(json.dumps(content))
    options = ('--mode', 'pipeline', '--threshold', 0.3, '--json', out, '--resamples', 5)
    run(perception, '--data', path, '--model', model, *options)
    (events,) = json.loads(out.read_text())['model']['clips'].values()
    assert (events['raccoon_from'], events['raccoon_until']) == (1.0, 2.5)


def test_the_pipeline_benchmark(model, tmp_path, coco, capsys, monkeypatch):
    monkeypatch.setattr(pipeline, '_START_FRAMES', 10)
    monkeypatch.setattr(pipeline, '_STILL_FRAMES', 20)
    out = tmp_path / 'out.json'
    run(pipeline, '--data', clip(tmp_path, 20), coco, '--model', model, '--json', out)
    report = json.loads(out.read_text())
    assert report['bare']['pictures'] > 0
    assert report['busy']['calls_per_picture'] > 0
    assert {'whole', 'pipeline'} == set(report['small'])
    assert report['classifier'] == 'classifier.tflite'
    assert 'idle' in capsys.readouterr().out


@pytest.mark.parametrize(
    ('content', 'words'),
    [
        (None, 'cannot be read'),
        ('{}', 'no COCO file'),
        ('[]', 'no COCO file'),
        ('x', 'no COCO file'),
        ('{"images": [], "annotations": [], "categories": []}', 'names no pictures'),
    ],
)
def test_a_strange_data_set_is_one_sentence(tmp_path, content, words):
    path = tmp_path / 'set.json'
    if content is not None:
        path.write_text(content, 'utf-8')
    with pytest.raises(SentinelError, match=words):
        annotations.load(path)


def test_an_unreadable_picture_stops_the_benchmark(coco, model):
    (coco.parent / '1.png').write_bytes(b'')
    with pytest.raises(SentinelError, match=r'1\.png cannot be read'):
        run(perception, '--data', coco, '--model', model)


def test_data_sets_of_one_name_are_told_apart_by_their_folder(coco, tmp_path):
    other = tmp_path / 'night' / 'set.json'
    other.parent.mkdir()
    other.write_text(coco.read_text(), 'utf-8')
    first, second = annotations.load_all([coco, other])
    assert (first.name, second.name) == (f'{tmp_path.name}/set', 'night/set')
    assert second.samples[0].group == 'night/set/raccoon'
    assert not {s.name for s in first.samples} & {s.name for s in second.samples}


def test_groups_come_from_the_file_or_from_what_is_shown(coco):
    content = json.loads(coco.read_text())
    content['images'][0]['group'] = 'porch'
    coco.write_text(json.dumps(content), 'utf-8')
    groups = [s.group for s in annotations.load(coco).samples]
    assert groups == ['porch', 'set/raccoon', 'set/none', 'set/none']


def test_pictures_may_lie_in_a_folder_images_beside_the_file(coco, model):
    content = json.loads(coco.read_text())
    (coco.parent / 'images').mkdir()
    for image in content['images']:
        name = image['file_name']
        (coco.parent / name).rename(coco.parent / 'images' / name)
    assert len(list(annotations.load(coco).pictures())) == len(content['images'])
