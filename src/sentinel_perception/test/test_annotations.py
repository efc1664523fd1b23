"""COCO files as people have them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from color_detector import scene
from sentinel_perception.bench import annotations
from sentinel_perception.bench.dataset import DatasetError

BOX = [32, 32, 32, 32]


def write(
    folder: Path, files, *, notes=(), names=('raccoon', 'cat'), where='set.json', info=None, **more
):
    """Write pictures and their COCO file; ``notes`` are (number of the picture, category)."""
    images = []
    for i, file in enumerate(files):
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(folder / file), scene(size=(96, 72), seed=i))
        images.append({'id': i, 'file_name': file, 'width': 96, 'height': 72, **more})
    boxes = [
        {'id': n, 'image_id': i, 'category_id': names.index(c), 'bbox': BOX}
        for n, (i, c) in enumerate(notes)
    ]
    path = folder / where
    path.parent.mkdir(exist_ok=True)
    content = {'images': images, 'annotations': boxes, 'info': info or {}}
    content['categories'] = [{'id': i, 'name': name} for i, name in enumerate(names)]
    path.write_text(json.dumps(content), 'utf-8')
    return path


def change(path, change_it):
    content = json.loads(path.read_text('utf-8'))
    change_it(content)
    path.write_text(json.dumps(content), 'utf-8')


@pytest.mark.parametrize(
    ('name', 'species'),
    [
        ('Raccoon', 'raccoon'),
        ('racoon', 'raccoon'),
        ('Procyon lotor', 'raccoon'),
        ('northern-raccoon', 'raccoon'),
        ('domestic cat', 'cat'),
        ('Felis catus', 'cat'),
        ('Domestic Dog', 'dog'),
        ('human', 'person'),
        ('Virginia opossum', 'other_animal'),
        ('mouse', ''),
        ('empty', ''),
    ],
)
def test_names_of_other_tools_are_understood(tmp_path, name, species):
    path = write(tmp_path, ['a.png'], notes=[(0, name)], names=(name,))
    data = annotations.load(path)
    assert data.categories == {name: species}
    assert [t.species for t in data.samples[0].truths] == ([species] if species else [])


def test_a_label_of_nothing_needs_no_box(tmp_path):
    path = write(tmp_path, ['a.png'], notes=[(0, 'empty')], names=('empty', 'raccoon'))
    change(path, lambda c: c['annotations'][0].pop('bbox'))
    assert annotations.load(path).samples[0].group == 'set/none'


@pytest.mark.parametrize(
    ('files', 'prefix', 'where'),
    [
        (['day/a.png', 'night/b.png'], '', 'set.json'),
        (['images/a.png'], 'images/', 'set.json'),
        (['set/a.png'], 'set/', 'set.json'),
        (['images/a.png'], 'images/', 'annotations/set.json'),
        (['images/a.png'], '', 'annotations/set.json'),
        (['images/val/a.png'], 'images/', 'annotations/val.json'),
        (['val2017/a.png'], 'val2017/', 'annotations/instances_val2017.json'),
        (['images/default/a.png'], 'images/default/', 'annotations/instances_default.json'),
        (['data/a.png'], 'data/', 'labels.json'),
    ],
)
def test_pictures_are_found_in_the_usual_folders(tmp_path, files, prefix, where):
    path = write(tmp_path, files, where=where)

    def shorten(content):
        for image in content['images']:
            image['file_name'] = image['file_name'].removeprefix(prefix).replace('/', '\\')

    change(path, shorten)
    assert len(list(annotations.load(path).pictures())) == len(files)


def test_a_folder_stands_for_the_one_coco_file_in_it(tmp_path):
    write(tmp_path, ['a.png'], where='_annotations.coco.json')
    (tmp_path / 'notes.json').write_text('{}')
    assert len(annotations.load(tmp_path).samples) == 1


def test_a_folder_of_several_files_is_one_sentence(tmp_path):
    write(tmp_path, ['a.png'], where='one.json')
    write(tmp_path, ['a.png'], where='two.json')
    with pytest.raises(DatasetError, match=r'2 JSON files \(one.json, two.json\)'):
        annotations.load(tmp_path)


@pytest.mark.parametrize('told', ['my garden, 2024', None, [], {'fps': None}])
def test_what_other_tools_leave_empty_or_write_as_text_is_no_harm(tmp_path, told):
    path = write(tmp_path, ['7.png'])
    change(path, lambda c: c.update(info=told))
    change(path, lambda c: c['images'][0].update(frame=None, frame_id=None, width=None))
    (sample,) = annotations.load(path).samples
    assert (sample.clip, sample.frame, sample.size) == ('', 7, None)


def test_the_folder_where_one_is_has_a_name(tmp_path, monkeypatch):
    write(tmp_path, ['a.png'], where='_annotations.coco.json')
    monkeypatch.chdir(tmp_path)
    assert annotations.load(Path('.')).name == tmp_path.name
    (data,) = annotations.load_all([Path('.')])
    assert data.samples[0].name == f'{tmp_path.name}/a.png'


def test_data_sets_have_as_many_folders_in_their_names_as_it_takes(tmp_path):
    places = 'porch/valid', 'pond/valid', 'pond/train'
    files = []
    for place in places:
        (tmp_path / place).mkdir(parents=True)
        files.append(write(tmp_path / place, ['a.png'], where='_annotations.coco.json'))
    files.append(write(tmp_path, ['a.png'], where='roof.json'))
    names = [data.name for data in annotations.load_all(files)]
    assert names == [
        'porch/valid/_annotations.coco',
        'pond/valid/_annotations.coco',
        'train/_annotations.coco',
        'roof',
    ]
    with pytest.raises(DatasetError, match='given twice'):
        annotations.load_all([files[0], files[0]])


def test_missing_pictures_are_counted_before_the_first_look(tmp_path):
    path = write(tmp_path, ['a.png', 'b.png', 'c.png'])
    (tmp_path / 'b.png').unlink()
    with pytest.raises(DatasetError, match=r'1 of 3 pictures .* first b\.png'):
        annotations.load(path)


def test_folders_are_groups_where_there_are_several(tmp_path):
    path = write(tmp_path, ['porch/a.png', 'porch/b.png', 'tree/c.png'], notes=[(0, 'cat')])
    groups = [s.group for s in annotations.load(path).samples]
    assert groups == ['set/porch/cat', 'set/porch/none', 'set/tree/none']


def test_a_group_that_mixes_cats_and_nothing_is_told_apart(tmp_path):
    path = write(tmp_path, ['a.png', 'b.png', 'c.png'], notes=[(0, 'cat')], group='porch')
    change(path, lambda c: c['images'][2].update(group='tree'))
    groups = [s.group for s in annotations.load(path).samples]
    assert groups == ['porch/cat', 'porch/none', 'tree']


def note(content):
    return content['annotations'][0]


@pytest.mark.parametrize(
    ('change_it', 'words'),
    [
        (lambda c: note(c).update(category_id=7), 'unknown category 7'),
        (lambda c: note(c).update(image_id=7), 'unknown picture 7'),
        (lambda c: note(c).update(bbox=[1, 2, -3, 4]), r'box \[1, 2, -3, 4\]'),
        (lambda c: note(c).update(bbox=[1, 2, float('nan'), 4]), 'has the box'),
        (lambda c: note(c).pop('bbox'), 'no bbox of four numbers'),
        (lambda c: note(c).update(bbox=[0.1, 0.2, 0.3, 0.4]), 'not shares'),
        (lambda c: c['images'].append(c['images'][0]), 'same id'),
        (lambda c: c['images'][0].update(width=float('inf')), 'no COCO file: OverflowError'),
        (lambda c: c.update(info={'fps': -5}), 'pictures per second'),
        (lambda c: c.update(info={'fps': float('inf')}), 'pictures per second'),
    ],
)
def test_a_contradiction_is_one_sentence(tmp_path, change_it, words):
    path = write(tmp_path, ['a.png'], notes=[(0, 'raccoon')])
    change(path, change_it)
    with pytest.raises(DatasetError, match=words):
        annotations.load(path)


def test_a_smaller_copy_is_brought_to_the_size_of_its_boxes(tmp_path):
    path = write(tmp_path, ['a.png'])
    change(path, lambda c: c['images'][0].update(width=192, height=144))
    ((_, picture, _),) = annotations.load(path).pictures()
    assert picture.shape == (144, 192, 3)


def test_a_picture_of_another_shape_than_its_boxes_is_one_sentence(tmp_path):
    path = write(tmp_path, ['a.png'])
    change(path, lambda c: c['images'][0].update(width=96, height=96))
    with pytest.raises(DatasetError, match='96x72 pixels, its boxes are for 96x96'):
        list(annotations.load(path).pictures())


def test_a_picture_that_asks_to_be_turned_is_left_where_its_boxes_are(tmp_path):
    path = write(tmp_path, ['a.jpg'])
    plain = (tmp_path / 'a.jpg').read_bytes()
    # Exif with orientation 6, a quarter turn, right after the start of the file.
    exif = b'Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0'
    segment = b'\xff\xe1' + (len(exif) + 2).to_bytes(2, 'big') + exif
    (tmp_path / 'a.jpg').write_bytes(plain[:2] + segment + plain[2:])
    assert cv2.imread(str(tmp_path / 'a.jpg')).shape == (96, 72, 3)
    ((_, picture, _),) = annotations.load(path).pictures()
    assert picture.shape == (72, 96, 3)


def video(path, count=5):
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*'MJPG'), 10.0, (96, 72))
    for i in range(count):
        writer.write(np.full((72, 96, 3), 40 * i, np.uint8))
    writer.release()


@pytest.mark.parametrize('first', [0, 1])
def test_frames_of_a_video_may_count_from_zero_or_one(tmp_path, first):
    path = write(tmp_path, [f'clip_{i + first:04d}.png' for i in range(5)], where='clip.json')
    video(tmp_path / 'clip.avi')
    data = annotations.load(tmp_path / 'clip.avi')
    assert [s.frame for s in data.samples] == [0, 1, 2, 3, 4]
    assert data.samples[1].time == pytest.approx(0.1)
    assert path.exists()


def test_a_coco_file_of_frames_finds_its_video_beside_it(tmp_path):
    path = write(tmp_path, [f'{i}.png' for i in range(5)], where='clip.json')
    for i in range(5):
        (tmp_path / f'{i}.png').unlink()
    video(tmp_path / 'clip.avi')
    assert annotations.load(path).video == tmp_path / 'clip.avi'


def test_the_only_coco_file_of_a_folder_belongs_to_its_video(tmp_path):
    write(tmp_path, [f'frames/{i}.png' for i in range(5)], where='labels.json')
    video(tmp_path / 'clip.avi')
    data = annotations.load(tmp_path / 'clip.avi')
    assert (data.name, len(data.samples), data.video) == ('clip', 5, tmp_path / 'clip.avi')


@pytest.mark.parametrize(
    ('change_it', 'words'),
    [
        (lambda c: c['images'][3].update(video_id=7), 'boxes of 2 videos'),
        (
            lambda c: c['images'][3].update(frame_index=2),
            'gives frame 2 of the clip clip/0 2 times',
        ),
        (lambda c: c['images'][3].update(width=48, height=36), 'several sizes'),
        (lambda c: c['images'][3].pop('width'), 'several sizes'),
    ],
)
def test_a_file_that_does_not_fit_its_video_is_one_sentence(tmp_path, change_it, words):
    path = write(tmp_path, [f'{i}.png' for i in range(5)], where='clip.json')
    video(tmp_path / 'clip.avi')
    change(path, change_it)
    with pytest.raises(DatasetError, match=words):
        annotations.load(tmp_path / 'clip.avi')


def test_all_frames_of_a_video_have_the_size_of_the_boxes(tmp_path):
    path = write(tmp_path, ['0.png', '4.png'], where='clip.json')
    change(path, lambda c: [image.update(width=48, height=36) for image in c['images']])
    video(tmp_path / 'clip.avi')
    shapes = {p.shape for _, p, _ in annotations.load(tmp_path / 'clip.avi').pictures()}
    assert shapes == {(36, 48, 3)}


def test_a_video_is_one_clip_from_its_first_frame_on(tmp_path):
    write(tmp_path, ['3.png', '4.png'], where='clip.json')
    video(tmp_path / 'clip.avi')
    data = annotations.load(tmp_path / 'clip.avi')
    assert [data.clip_of(sample) for sample, _, _ in data.pictures()] == ['clip/0'] * 5


def test_frames_that_went_through_roboflow_are_found(tmp_path):
    names = [f'clip_mp4-{i:04d}_jpg.rf.0a1b{i}c99.jpg' for i in range(5)]
    write(tmp_path, names, where='clip.json')
    video(tmp_path / 'clip.avi')
    assert [s.frame for s in annotations.load(tmp_path / 'clip.avi').samples] == [0, 1, 2, 3, 4]


def test_a_video_without_boxes_is_one_sentence(tmp_path):
    video(tmp_path / 'clip.avi')
    with pytest.raises(DatasetError, match=r'clip\.avi has no boxes'):
        annotations.load(tmp_path / 'clip.avi')


def test_pictures_with_a_pace_are_one_clip(tmp_path):
    path = write(tmp_path, ['f_0.png', 'f_1.png'], info={'fps': 5})
    assert [(s.clip, s.time) for s in annotations.load(path).samples] == [
        ('set/0', 0.0),
        ('set/0', 0.2),
    ]


@pytest.mark.parametrize('first', [0, 1, 9000])
def test_times_of_a_clip_of_pictures_count_from_its_first(tmp_path, first):
    path = write(tmp_path, [f'f_{first + i:06d}.png' for i in range(3)], info={'fps': 5})
    change(path, lambda c: c['images'][2].update(video_id='b'))
    assert [(s.clip, s.time) for s in annotations.load(path).samples] == [
        ('set/0', 0.0),
        ('set/0', 0.2),
        ('set/b', 0.0),
    ]


def test_a_clip_of_pictures_that_has_a_frame_twice_is_one_sentence(tmp_path):
    path = write(tmp_path, ['a_0000.png', 'a_0001.png', 'b_0000.png'], info={'fps': 5})
    with pytest.raises(DatasetError, match='gives frame 0 of the clip set/0 2 times'):
        annotations.load(path)
    change(path, lambda c: c['images'][2].update(video_id='b'))
    assert len(annotations.load(path).samples) == 3


@pytest.mark.parametrize(
    'names',
    [
        ('2026-11-25_23-10-59', '2026-11-25_23-11-00'),
        ('25_23-59-59', '26_00-00-00'),
        ('2026-11-25-23-10-59', '2026-11-25-23-11-07'),
        ('20261125_231059', '20261125_231100'),
        ('cam20261125231059', 'cam20261125231100'),
    ],
)
def test_a_time_of_day_is_no_number_of_a_frame(tmp_path, names):
    path = write(tmp_path, [f'{name}.png' for name in names], info={'fps': 1})
    with pytest.raises(DatasetError, match=rf'{names[1]}\.png .* has a time of day'):
        annotations.load(path)
    change(path, lambda c: [i.update(frame_index=i['id']) for i in c['images']])
    assert [s.time for s in annotations.load(path).samples] == [0.0, 1.0]


@pytest.mark.parametrize(
    'names',
    [
        ('23-10-56', '23-10-57'),
        ('visit_23-10-56_0001', 'visit_23-10-56_0002'),
        ('site_01_02_0123', 'site_01_03_0124'),
        ('frame_231056', 'frame_231057'),
        ('2026-11-25_cam_1', '2026-11-26_cam_2'),
    ],
)
def test_names_that_count_pictures_are_no_time_of_day(tmp_path, names):
    path = write(tmp_path, [f'{name}.png' for name in names], info={'fps': 1})
    assert [s.time for s in annotations.load(path).samples] == [0.0, 1.0]
    # Stills have no order.
    change(path, lambda c: c['images'][0].update(file_name=f'{names[1]}.png'))
    change(path, lambda c: c.pop('info'))
    assert {s.clip for s in annotations.load(path).samples} == {''}
