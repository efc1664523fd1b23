"""TFLite models of every known form give the same boxes; damaged ones give one clear sentence."""

import blob_model
import numpy as np
import pytest
from sentinel_common.species import SPECIES
from sentinel_perception.detector import interpreter, outputs
from sentinel_perception.detector.model import fingerprint, load
from sentinel_perception.detector.port import ModelError, Region


@pytest.fixture
def picture():
    canvas = np.full((192, 288, 3), 60, np.uint8)
    canvas[0:96, 96:192] = (0, 0, 255)
    return canvas


def test_a_red_blob_is_a_raccoon_in_pixels_of_the_picture(model, picture):
    found = load(model).look(picture, Region.whole(picture), 0.5)
    assert len(found) == 1
    assert SPECIES[found.scores[0].argmax()] == 'raccoon'
    assert found.boxes[0] == pytest.approx([96, 0, 192, 96], abs=2)


def test_boxes_of_a_crop_lie_in_the_picture(model, picture):
    found = load(model).look(picture, Region(96, 0, 192, 96), 0.5)
    assert found.boxes[:, 0].min() == pytest.approx(96, abs=1)
    assert found.boxes[:, 2].max() == pytest.approx(192, abs=1)


def test_one_tensor_gives_what_three_give(model, picture, tmp_path):
    single = tmp_path / 'single.tflite'
    single.write_bytes(blob_model.build(single=True))
    labels = model.with_name('blobs_labels.txt')
    first = load(model).look(picture, Region.whole(picture), 0.5)
    second = load(single, labels).look(picture, Region.whole(picture), 0.5)
    assert np.allclose(first.boxes, second.boxes)
    assert np.allclose(first.scores, second.scores)


def test_a_model_without_a_raccoon_may_merge_all_animals(model, picture, tmp_path):
    labels = tmp_path / 'coco.txt'
    labels.write_text('cat\nbird\ndog\nperson\nbench\n', encoding='utf-8')
    detector = load(model, labels, merge_animals=True)
    assert not detector.knows('raccoon')
    scores = detector.look(picture, Region.whole(picture), 0.5).scores[0]
    assert scores[SPECIES.index('raccoon')] == scores[SPECIES.index('cat')] > 0.5


def spoil(path, how):
    if how == 'missing':
        path.unlink()
    elif how == 'empty':
        path.write_bytes(b'')
    elif how == 'cut':
        path.write_bytes(path.read_bytes()[:5000])
    elif how == 'text':
        path.write_text('<html>not found</html>', encoding='utf-8')
    elif how == 'nan':
        path.write_bytes(blob_model.build(nan=True))
    elif how == 'labels':
        path.with_name('blobs_labels.txt').write_text('raccoon\ncat\n', encoding='utf-8')
    elif how == 'no labels':
        path.with_name('blobs_labels.txt').unlink()
    elif how == 'strange labels':
        path.with_name('blobs_labels.txt').write_text('a\nb\nc\nd\ne\n', encoding='utf-8')
    elif how == 'binary labels':
        path.with_name('blobs_labels.txt').write_bytes(b'\xff\xfe\x00')


@pytest.mark.parametrize(
    ('how', 'words'),
    [
        ('missing', 'cannot be read'),
        ('empty', 'no TFLite model'),
        ('cut', 'damaged'),
        ('text', 'no TFLite model'),
        ('nan', 'no numbers'),
        ('labels', '5 classes apart, but there are 2 labels'),
        ('no labels', 'has no labels'),
        ('strange labels', 'None of the labels'),
        ('binary labels', 'no UTF-8'),
    ],
)
def test_a_bad_model_is_one_clear_sentence(model, how, words):
    spoil(model, how)
    with pytest.raises(ModelError, match=words):
        load(model)


def test_a_model_that_fails_on_one_picture_is_one_clear_sentence(model, monkeypatch):
    def fails():
        raise RuntimeError('gather index out of bounds.\nNode number 2 (GATHER) failed to invoke.')

    picture = np.full((96, 96, 3), 50, np.uint8)
    tflite = interpreter.TfliteInterpreter(model, 1)
    monkeypatch.setattr(tflite._interpreter, 'invoke', fails)
    with pytest.raises(ModelError, match=r'blobs\.tflite failed: gather index out of bounds'):
        tflite.run(picture, normalise=False)


def test_a_missing_runtime_is_named_with_its_cure():
    with pytest.raises(ModelError, match=r'nowhere.*pip install ai-edge-litert'):
        interpreter.find_runtime(('nowhere',))


def test_the_first_runtime_is_preferred():
    assert interpreter.find_runtime()[0] == 'ai_edge_litert'


def test_raw_yolox_rows_are_put_on_their_grid():
    rows = sum((64 // stride) ** 2 for stride in (8, 16, 32))
    tensor = np.zeros((1, rows, 6), np.float32)
    form = outputs.recognise([tensor], labels=1, width=64, height=64)
    boxes, _ = form.decode([tensor])
    # An offset of zero is the corner of the cell, a logarithm of zero one stride.
    assert boxes[1].tolist() == [4, -4, 12, 4]
    assert boxes[-1].tolist() == [16, 16, 48, 48]


def test_post_process_outputs_are_spread_over_the_classes():
    boxes = np.array([[[0.1, 0.2, 0.5, 0.6], [0, 0, 1, 1]]], np.float32)
    tensors = [
        boxes,
        np.array([[1, 0]], np.float32),
        np.array([[0.9, 0.8]], np.float32),
        np.array([1], np.float32),
    ]
    form = outputs.recognise(tensors, labels=2, width=100, height=200)
    corners, scores = form.decode(tensors)
    assert corners == pytest.approx(np.array([[20, 20, 60, 100]]))
    assert scores.tolist() == [[0, pytest.approx(0.9)]]


@pytest.mark.parametrize('shapes', [[(1, 7)], [(1, 9, 4), (1, 9, 1)], [(1, 9, 3)], [(2, 9, 10)]])
def test_unknown_outputs_are_refused(shapes):
    tensors = [np.zeros(shape, np.float32) for shape in shapes]
    with pytest.raises(ModelError, match='unknown form'):
        outputs.recognise(tensors, labels=5, width=64, height=64)


def test_the_fingerprint_names_the_content(model):
    before = fingerprint(model)
    model.write_bytes(blob_model.build(single=True))
    assert fingerprint(model) != before
