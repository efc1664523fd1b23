"""TFLite models of every known form give the same boxes; damaged ones give one clear sentence."""

import io
import itertools
import zipfile

import blob_model
import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as s
from flatbuffers import flexbuffers
from sentinel_common.species import SPECIES
from sentinel_perception.detector import interpreter, outputs
from sentinel_perception.detector.model import TfliteDetector, fingerprint, load
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


@pytest.mark.parametrize('label', ['Boy', 'children', 'Men', 'Human body', 'human-face', 'Girl'])
def test_a_part_of_mankind_is_a_person(model, label):
    labels = model.with_name('blobs_labels.txt')
    labels.write_text(f'raccoon\ncat\ndog\n{label}\nbench\n', encoding='utf-8')
    detector = load(model)
    assert detector.knows('person') and detector.ignored == ['bench']


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
    elif how == 'two pictures':
        builder = blob_model._Builder()
        rows = builder.tensor('rows', (1, 9, 10), np.zeros((1, 9, 10), np.float32))
        source = builder.tensor('pictures', (2, 96, 96, 3))
        path.write_bytes(builder.finish([source], [rows]))
    elif how in ('damaged name', 'damaged text'):
        path.with_name('blobs_labels.txt').unlink()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, 'w') as archive:
            archive.writestr('labels.txt', '\n'.join(blob_model.LABELS))
        content = bytearray(packed.getvalue())
        content[content.index(b'labels.txt' if how == 'damaged name' else b'raccoon')] ^= 0xFF
        path.write_bytes(path.read_bytes() + content)


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
        ('two pictures', r'input\(s\) of shape \[2, 96, 96, 3\]'),
        ('damaged name', 'labels inside .* are damaged'),
        ('damaged text', 'labels inside .* are damaged'),
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


@pytest.mark.parametrize('classes', [1, 3, 4])
@pytest.mark.parametrize('order', itertools.permutations(range(3)))
def test_three_tensors_may_come_in_any_order(order, classes):
    scores = np.full((1, 84, classes), 0.1, np.float32)
    scores[0, 5] = 0.8
    boxes = np.tile(np.float32([[32, 32, 8, 8], [60, 60, 8, 8]]), (42, 1))[None]
    usual = [boxes, np.full((1, 84, 1), 0.5, np.float32), scores]
    tensors = [usual[i] for i in order]
    form = outputs.recognise(tensors, labels=classes, width=64, height=64)
    corners, found = form.decode(tensors)
    assert corners[0].tolist() == [28, 28, 36, 36]
    assert found[5].tolist() == pytest.approx([0.4] * classes)


def ssd(scores=(0.9, 0.4), classes=(1, 0)):
    """The four outputs of an SSD model as the operator orders them, with room for one box more."""
    return [
        np.array([[[0.1, 0.2, 0.5, 0.6], [0, 0, 1, 1], [0, 0, 0, 0]]], np.float32),
        np.array([[*classes, 0]], np.float32),
        np.array([[*scores, 0]], np.float32),
        np.array([2], np.float32),
    ]


TF1 = [f'TFLite_Detection_PostProcess{n}' for n in ('', ':1', ':2', ':3')]
TF2 = [f'StatefulPartitionedCall:{n}' for n in (3, 2, 1, 0)]


@pytest.mark.parametrize('order', itertools.permutations(range(4)))
@pytest.mark.parametrize(
    ('scores', 'names'),
    [
        ((0.9, 0.4), []),
        ((1.0, 0.0), TF1),  # where values tell nothing, names do
        ((0.0, 0.0), TF2),
        ((1.0, 0.0), ['boxes', 'detection_classes', 'detection_scores', 'number']),
    ],
)
def test_outputs_of_an_ssd_model_may_come_in_any_order(order, scores, names):
    tensors, named = [ssd(scores)[i] for i in order], [names[i] for i in order if names]
    form = outputs.recognise(tensors, labels=2, width=100, height=200, names=named)
    corners, found = form.decode(tensors)
    assert corners[0] == pytest.approx(np.array([20, 20, 60, 100]))
    assert found == pytest.approx(np.array([[0, scores[0]], [scores[1], 0]], np.float32))


def test_outputs_that_nothing_tells_apart_are_refused_but_in_the_usual_order():
    usual = ssd((1.0, 0.0))
    assert outputs.recognise(usual, labels=2, width=9, height=9).decode(usual)[1][0, 1] == 1
    with pytest.raises(ModelError, match='which output has the classes'):
        outputs.recognise([usual[i] for i in (2, 0, 3, 1)], labels=2, width=9, height=9)


class Ssd:
    """An interpreter at the port of an SSD model that tells ``classes`` classes."""

    name, width, height, output_names = 'fixed', 100, 100, TF1

    def __init__(self, classes):
        self.classes = classes

    def run(self, picture, *, normalise):
        return ssd()


@pytest.mark.parametrize('classes', [2, None])
@pytest.mark.parametrize('first', [[], ['???'], ['background'], ['Background']])
def test_a_first_label_of_nothing_shifts_no_class(classes, first):
    detector = TfliteDetector(Ssd(classes), [*first, 'cat', 'raccoon'])
    picture = np.zeros((50, 50, 3), np.uint8)
    found = detector.look(picture, Region.whole(picture), 0.5)
    assert [SPECIES[s.argmax()] for s in found.scores] == ['raccoon']
    assert detector.labels == ['cat', 'raccoon']


@pytest.mark.parametrize(
    ('classes', 'labels'),
    [
        (2, ['cat', 'raccoon', 'dog']),
        (2, ['raccoon']),
        (2, ['???', 'raccoon', 'cat', 'dog']),
        (90, ['cat', 'raccoon']),
        (None, ['raccoon']),  # the file does not tell, but a class without a label was named
    ],
)
def test_the_labels_of_an_ssd_model_are_counted(classes, labels):
    with pytest.raises(ModelError, match='classes apart, but there are'):
        TfliteDetector(Ssd(classes), labels)


def post_process_file(options):
    """A file of one operator TFLite_Detection_PostProcess with these options."""
    code, operator, graph, content = s.OperatorCodeT(), s.OperatorT(), s.SubGraphT(), s.ModelT()
    code.customCode = 'TFLite_Detection_PostProcess'
    operator.customOptions = np.frombuffer(options, np.uint8)
    graph.operators, content.subgraphs, content.operatorCodes = [operator], [graph], [code]
    builder = flatbuffers.Builder(256)
    builder.Finish(content.Pack(builder), b'TFL3')
    return bytes(builder.Output())


@pytest.mark.parametrize(
    ('runtime', 'options', 'classes'),
    [
        ('ai_edge_litert', flexbuffers.Dumps({'num_classes': 90, 'max_detections': 10}), 90),
        ('ai_edge_litert', flexbuffers.Dumps({'max_detections': 10}), None),
        ('ai_edge_litert', b'\x01', None),
        ('nowhere', flexbuffers.Dumps({'num_classes': 90}), None),
    ],
)
def test_the_file_of_an_ssd_model_tells_how_many_classes_it_has(runtime, options, classes):
    assert interpreter._declared_classes(runtime, post_process_file(options)) == classes


def test_labels_of_an_editor_that_puts_a_mark_before_them_are_read(model):
    path = model.with_name('blobs_labels.txt')
    path.write_text(path.read_text('utf-8'), 'utf-8-sig')
    assert load(model).knows('raccoon')


@pytest.mark.parametrize('shapes', [[(1, 7)], [(1, 9, 4), (1, 9, 1)], [(1, 9, 3)], [(2, 9, 10)]])
def test_unknown_outputs_are_refused(shapes):
    tensors = [np.zeros(shape, np.float32) for shape in shapes]
    with pytest.raises(ModelError, match='unknown form'):
        outputs.recognise(tensors, labels=5, width=64, height=64)


def test_the_fingerprint_names_the_content(model):
    before = fingerprint(model)
    model.write_bytes(blob_model.build(single=True))
    assert fingerprint(model) != before
