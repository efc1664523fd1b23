"""The parts of training that a wrong line would break silently; needs requirements.txt."""

import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip('torch')
sys.path.insert(0, str(Path(__file__).parents[1]))

import augment  # noqa: E402
import classifier  # noqa: E402
import train as training  # noqa: E402
from classifier import FEATURES, Classifier, load_mean  # noqa: E402
from classifier_crops import NOTHING, SIDE, crops  # noqa: E402
from cutouts import cutouts  # noqa: E402
from export import run_tflite  # noqa: E402
from loss import assign, yolox_loss  # noqa: E402
from pictures import IGNORE, NO_TEACHER, UNLABELLED, Picture, read_coco  # noqa: E402
from train import BASE, groups, load_trained, mean, save  # noqa: E402
from yolox import CAT, COCO_CLASSES, OTHER, RACCOON, SPECIES, YoloxNano  # noqa: E402


@pytest.fixture(scope='module')
def model() -> YoloxNano:
    torch.manual_seed(0)
    return YoloxNano()


def cells(model: YoloxNano) -> tuple:
    return (model.grid + 0.5) * model.strides, model.strides


def blank(model: YoloxNano) -> tuple:
    """Return an output that sees nothing, with a sane box in every cell."""
    centres, strides = cells(model)
    boxes = torch.cat((centres, strides.expand(-1, 2) * 4), 1)[None].clone()
    count = boxes.shape[1]
    return (
        boxes.requires_grad_(),
        torch.full((1, count, 1), -4.0, requires_grad=True),
        torch.full((1, count, len(SPECIES)), -2.0, requires_grad=True),
    )


def test_output_has_one_row_per_cell(model: YoloxNano) -> None:
    boxes, objectness, classes = model(torch.zeros(1, 3, 416, 416))
    assert boxes.shape == (1, 3549, 4)
    assert objectness.shape == (1, 3549, 1)
    assert classes.shape == (1, 3549, 5)


def test_every_box_gets_a_prediction_near_it(model: YoloxNano) -> None:
    boxes, objectness, classes = (o[0].detach() for o in blank(model))
    half = boxes[:, 2:] / 2
    corners = torch.cat((boxes[:, :2] - half, boxes[:, :2] + half), 1)
    truth = torch.tensor([[100.0, 100.0, 140.0, 140.0], [300.0, 200.0, 312.0, 210.0]])
    centres, strides = cells(model)
    used, owner, _ = assign(
        corners, objectness, classes, truth, torch.tensor([RACCOON, CAT]), centres, strides
    )
    assert set(owner.tolist()) == {0, 1}
    assert len(set(used.tolist())) == len(used)
    middle = (truth[owner, :2] + truth[owner, 2:]) / 2
    assert ((centres[used] - middle).abs() < 3 * strides[used]).all()


@pytest.mark.parametrize(('region', 'free'), [(IGNORE, True), (UNLABELLED, True), (0, False)])
def test_nothing_is_said_about_unknown_regions(model: YoloxNano, region: int, free: bool) -> None:
    output = blank(model)
    rows = torch.tensor([[0.0, 0.0, 416.0, 416.0, float(region)]])
    yolox_loss(output, [rows], *cells(model)).total.backward()
    assert (output[1].grad.abs().max() == 0) == free


def test_teacher_is_silent_inside_raccoons_and_renders(model: YoloxNano) -> None:
    centres, strides = cells(model)
    teacher = torch.zeros(1, len(centres), len(SPECIES))
    teacher[..., CAT] = 0.9
    taught = {}
    for name, rows in {
        'photograph': torch.zeros(0, 5),
        'raccoon': torch.tensor([[0.0, 0.0, 416.0, 416.0, RACCOON]]),
        'render': torch.tensor([[0.0, 0.0, 416.0, 416.0, NO_TEACHER]]),
    }.items():
        taught[name] = yolox_loss(blank(model), [rows], centres, strides, teacher).teacher
    assert taught['photograph'] > 0
    assert taught['raccoon'] == taught['render'] == 0


def test_first_layers_stay_frozen() -> None:
    model = YoloxNano()
    trained = {id(p) for g in groups(model) for p in g['params']}
    frozen = [n for n, p in model.named_parameters() if id(p) not in trained]
    assert frozen
    assert all(n.startswith(('stem', 'stage2')) for n in frozen)


def test_window_moves_boxes_with_the_picture() -> None:
    image = np.zeros((200, 300, 3), np.uint8)
    image[50:90, 100:160] = 255
    boxes = np.array([[100, 50, 160, 90, RACCOON]], np.float32)
    sample, moved = augment.window(image, boxes, 80, -20, 208)
    bright = cv2.boundingRect((sample[..., 0] > 200).astype(np.uint8))
    x1, y1, x2, y2 = moved[0, :4]
    assert np.allclose(bright, (x1, y1, x2 - x1, y2 - y1), atol=2)


def test_half_hidden_animals_are_ignored_not_forgotten() -> None:
    boxes = np.array([[-90, 10, 10, 60, CAT], [10, 10, 60, 60, CAT]], np.float32)
    assert augment.clip(boxes)[:, 4].tolist() == [IGNORE, CAT]


def test_boxes_at_night_hold_what_can_be_seen() -> None:
    image = np.zeros((416, 416, 3), np.uint8)
    image[100:200, 150:200] = 120  # the left half of the first animal lies in the dark
    boxes = np.array([[100, 100, 199, 199, RACCOON], [300, 300, 380, 380, CAT]], np.float32)
    seen = augment.visible(image, boxes)
    assert seen[0, 0] == 150
    assert seen[:, 4].tolist() == [RACCOON, IGNORE]


@pytest.fixture
def pictures(tmp_path: Path) -> list[Picture]:
    """One picture with a raccoon, one without any animal."""
    rng = np.random.default_rng(0)
    for n in range(2):
        cv2.imwrite(str(tmp_path / f'{n}.png'), rng.integers(0, 255, (240, 320, 3), np.uint8))
    (tmp_path / 'a.json').write_text(
        '{"images": [{"id": 1, "file_name": "0.png", "width": 320, "height": 240},'
        ' {"id": 2, "file_name": "1.png", "width": 320, "height": 240}],'
        ' "categories": [{"id": 7, "name": "raccoon"}, {"id": 9, "name": "chair"}],'
        ' "annotations": [{"image_id": 1, "category_id": 7, "bbox": [50, 60, 100, 80]},'
        ' {"image_id": 2, "category_id": 9, "bbox": [5, 6, 50, 40]}]}'
    )
    return read_coco(tmp_path / 'a.json')


@pytest.mark.parametrize(
    ('name', 'labels'),
    [('Raccoon', {RACCOON}), ('racoon', {RACCOON}), ('red fox', {OTHER}), ('mouse', set())],
)
def test_names_of_other_tools_are_no_background(
    pictures: list[Picture], name: str, labels: set[int], capsys: pytest.CaptureFixture[str]
) -> None:
    file = pictures[0].path.with_name('a.json')
    file.write_text(file.read_text().replace('"raccoon"', f'"{name}"'))
    assert read_coco(file, rendered=True)[0].labels == labels
    left_out = 'chair' if labels else 'chair, mouse'
    assert capsys.readouterr().err == f'{file}: boxes of {left_out} are left out.\n'


def test_samples_depend_on_seed_and_number_only(pictures: list[Picture]) -> None:
    assert [p.labels for p in pictures] == [frozenset({RACCOON}), frozenset()]
    mixers = [augment.Mixer(pictures, [], [], seed) for seed in (0, 0, 1)]
    first, again, other = (m.sample(3) for m in mixers)
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_the_mean_of_runs_lies_between_them(model: YoloxNano) -> None:
    other = YoloxNano()
    mixed = mean([model, other]).state_dict()
    for name, value in model.state_dict().items():
        assert torch.allclose(mixed[name], (value + other.state_dict()[name]) / 2)


@pytest.mark.parametrize('left', [60, 250])
def test_a_cut_leaves_a_part_of_the_animal_at_the_edge(left: int) -> None:
    image = np.zeros((416, 416, 3), np.uint8)
    image[200:260, left : left + 100] = 255
    boxes = np.array([[left, 200, left + 100, 260, RACCOON]], np.float32)
    for seed in range(20):
        part, found = augment.cut(np.random.default_rng(seed), image, boxes)
        x1, y1, x2, y2, label = found[0]
        assert label == RACCOON
        assert x1 == 0 if left < 158 else x2 == 416
        # As wide for its height as is left of it.
        assert 0.33 < (x2 - x1) / (y2 - y1) * 60 / 100 < 0.87
        inside = part[int(y1) + 3 : int(y2) - 3, int(x1) + 3 : int(x2) - 3]
        assert inside.min() > 200


def test_a_narrow_animal_is_not_cut() -> None:
    image, boxes = np.zeros((416, 416, 3), np.uint8), np.array([[9, 9, 40, 90, CAT]], np.float32)
    assert augment.cut(np.random.default_rng(0), image, boxes)[0] is image


def test_the_shipped_file_can_be_trained_on() -> None:
    shipped = Path(__file__).parents[2] / 'models' / 'detector.tflite'
    rng = np.random.default_rng(0)
    picture = cv2.resize(rng.uniform(0, 255, (9, 9, 3)).astype(np.float32), (416, 416))
    objectness, boxes, classes = run_tflite(shipped, [picture])[0]
    with torch.no_grad():
        answer = load_trained(shipped)(torch.from_numpy(picture).permute(2, 0, 1)[None])
    assert np.allclose(answer[0], boxes, atol=0.05)
    assert np.allclose(answer[1].sigmoid(), objectness, atol=1e-4)
    assert np.allclose(answer[2].sigmoid(), classes, atol=1e-4)


def test_a_file_of_8_bit_weights_is_refused() -> None:
    with pytest.raises(ValueError, match='no float weights'):
        load_trained(Path(__file__).parents[2] / 'models' / 'detector_w8.tflite')


def test_a_file_that_is_no_weights_is_refused_with_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / 'detector.pt'
    for content in (b'', b'no weights', (Path(__file__).parents[1] / 'README.md').read_bytes()):
        file.write_bytes(content)
        with pytest.raises(ValueError, match='no file that training has written'):
            load_trained(file)
    torch.save(Classifier(YoloxNano()).state_dict(), file)
    with pytest.raises(ValueError, match='another kind of training'):
        load_trained(file)


def test_the_mean_of_second_looks_answers_like_each_of_them(tmp_path: Path) -> None:
    look, file = Classifier(YoloxNano()).eval(), tmp_path / 'classifier.pt'
    look.usual.copy_(torch.randn(FEATURES))
    look.spread.copy_(torch.rand(FEATURES) + 0.5)
    torch.save(look.state_dict(), file)
    picture = torch.rand(1, 3, SIDE, SIDE) * 255
    with torch.no_grad():
        assert torch.allclose(load_mean([file, file])(picture), look(picture), atol=1e-3)


def test_a_mistake_of_the_detector_is_a_crop_of_nothing(pictures: list[Picture]) -> None:
    mixer = augment.Mixer(pictures, [], [], 0)
    wrong = [(pictures[1], np.array([10, 10, 60, 60], np.float32))]
    scenes = [crops(mixer, number, wrong) for number in range(12)]
    assert any(scene and all(label == NOTHING for _, label in scene) for scene in scenes)
    assert all(image.shape == (SIDE, SIDE, 3) for scene in scenes for image, _ in scene)


@pytest.fixture
def data(pictures: list[Picture], tmp_path: Path) -> Path:
    """The photographs of a data folder, two in each file, and random weights to start from."""
    coco = (tmp_path / 'a.json').read_text()
    for name in ('raccoon_train.json', 'coco128.json', 'animals/animals.json'):
        file = tmp_path / 'data' / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(coco)
        for picture in pictures:
            (file.parent / picture.path.name).write_bytes(picture.path.read_bytes())
    arrays: dict[str, np.ndarray] = {}
    for number, conv in enumerate(YoloxNano(COCO_CLASSES).convolutions()):
        shape = conv.weight.shape if number else (16, 12, 3, 3)
        arrays[f'conv{number:03d}.w'] = np.full(shape, 0.01, np.float32)
        arrays[f'conv{number:03d}.b'] = np.zeros(len(conv.bias), np.float32)
    base = tmp_path / 'data' / BASE
    base.parent.mkdir()
    np.savez(base, **arrays)
    return tmp_path / 'data'


def test_a_folder_of_another_training_is_refused(data: Path, tmp_path: Path) -> None:
    work = tmp_path / 'work'
    first = ['--data', str(data), '--work', str(work), '--batch', '1', '--workers', '0']

    def train(*more: str) -> Path:
        return training.train(training.parse([*first, *more]))

    weights, record = train('--steps', '1'), work / 'options.json'
    before = weights.read_bytes(), record.read_bytes()
    negatives = tmp_path / 'negatives.json'
    negatives.write_text(json.dumps({'annotations': [], 'categories': [], 'images': [
        {'id': 1, 'file_name': '1.png', 'width': 320, 'height': 240}
    ]}))  # fmt: skip
    for more, what in {
        ('--renders', str(negatives)): 'pictures',
        ('--start', str(weights)): 'start',
        ('--rate', '1e-3'): 'rate',
        ('--seed', '1'): 'seed',
    }.items():
        with pytest.raises(ValueError, match=rf'another training \({what} differ\): name another'):
            train('--steps', '2', *more)
    with pytest.raises(ValueError, match='holds 1 steps'):
        train('--steps', '0')
    assert (weights.read_bytes(), record.read_bytes()) == before
    train('--steps', '2')
    assert json.loads(record.read_text())['steps'] == 2
    assert weights.read_bytes() != before[0]


def test_a_folder_of_another_second_look_is_refused(data: Path, tmp_path: Path) -> None:
    options = ['--data', str(data), '--work', str(tmp_path), '--steps', '0']
    told = classifier.parse(options)
    made = training.identity(told, training.photographs(data, ()), ())
    parts = {key: {} for key in ('model', 'average', 'optimiser')}
    save(tmp_path / 'classifier.state.pt', **parts, step=0, scene=0, training=made)
    with pytest.raises(ValueError, match=r'another training \(rate differ\)'):
        classifier.train(classifier.parse([*options, '--rate', '1']))
    with pytest.raises(ValueError, match=r'another training \(pictures differ\)'):
        classifier.train(classifier.parse([*options, '--renders', str(tmp_path / 'a.json')]))


def test_an_interrupted_render_is_rendered_again(tmp_path: Path) -> None:
    script, sentinel = tmp_path / 'training' / 'reproduce.sh', tmp_path / 'sentinel'
    script.parent.mkdir()
    script.write_bytes((Path(__file__).parents[1] / 'reproduce.sh').read_bytes())
    # The first call is stopped, and as `render` does it leaves the annotations of what is there.
    sentinel.write_text(
        '#!/bin/sh\necho "$3" >> calls; mkdir -p "$3"; touch "$3/annotations.json"\n'
        '[ "$(wc -l < calls)" != 1 ]\n'
    )
    sentinel.chmod(0o755)
    for _ in range(3):
        subprocess.run(['bash', script, tmp_path, tmp_path / 'work'], capture_output=True)
    calls = [Path(line).name for line in (tmp_path / 'calls').read_text().splitlines()]
    assert calls == ['any', 'any', 'high', 'eaves']


def test_a_cut_out_that_was_interrupted_is_cut_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = np.full((240, 320, 3), (40, 120, 40), np.uint8)
    cv2.ellipse(image, (160, 120), (70, 45), 0, 0, 360, (90, 90, 200), -1)
    cv2.imwrite(str(tmp_path / 'a.png'), image)
    boxes = np.array([[88, 73, 232, 167, CAT]], np.float32)
    pictures = [Picture(tmp_path / 'a.png', 320, 240, boxes)]
    written = 0

    def stop(*arguments: object, **options: object) -> None:
        nonlocal written
        written += 1
        if written == 2:
            raise KeyboardInterrupt
        write(*arguments, **options)

    write = np.lib.format.write_array
    monkeypatch.setattr(np.lib.format, 'write_array', stop)
    with pytest.raises(KeyboardInterrupt):
        cutouts(pictures, tmp_path / 'cutouts')
    monkeypatch.undo()
    assert [c.label for c in cutouts(pictures, tmp_path / 'cutouts')] == [CAT]
