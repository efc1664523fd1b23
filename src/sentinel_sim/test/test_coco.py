import json

from sentinel_common.species import SPECIES
from sentinel_sim.coco import Coco
from sentinel_sim.render import Label

WHOLE = Label('raccoon-1', 'raccoon', (10, 20, 30, 40), 700, 1.0)
BEHIND = Label('cat-1', 'cat', (50, 60, 20, 10), 150, 0.2)
TINY = Label('dog-1', 'dog', (0, 0, 8, 7), 40, 0.9)


def written(folder, coco):
    coco.write(folder / 'annotations.json')
    return json.loads((folder / 'annotations.json').read_text())


def test_what_a_reader_finds(tmp_path):
    coco = Coco(info={'seed': 3})
    coco.add('empty.jpg', (640, 480), [])
    coco.add('two.jpg', (320, 240), [WHOLE, BEHIND], frame_index=7)
    content = written(tmp_path, coco)
    assert content['info'] == {'seed': 3}
    assert content['images'][1] == {
        'id': 2, 'file_name': 'two.jpg', 'width': 320, 'height': 240, 'frame_index': 7,
    }  # fmt: skip
    names = {c['id']: c['name'] for c in content['categories']}
    assert sorted(names.values()) == sorted(SPECIES)
    found = [(a['image_id'], names[a['category_id']], a['bbox']) for a in content['annotations']]
    assert found == [(2, 'raccoon', [10, 20, 30, 40]), (2, 'cat', [50, 60, 20, 10])]
    assert [(a['area'], a['visible']) for a in content['annotations']] == [(700, 1.0), (150, 0.2)]


def ignored(folder, **limits):
    coco = Coco(info={}, **limits)
    coco.add('three.jpg', (640, 480), [WHOLE, BEHIND, TINY])
    return [a['iscrowd'] for a in written(folder, coco)['annotations']]


def test_every_label_counts_unless_told_otherwise(tmp_path):
    assert ignored(tmp_path) == [0, 0, 0]


def test_what_is_hidden_becomes_a_region_to_ignore(tmp_path):
    assert ignored(tmp_path, least_visible=0.25) == [0, 1, 0]


def test_what_is_too_small_becomes_a_region_to_ignore(tmp_path):
    assert ignored(tmp_path, least_pixels=60) == [0, 0, 1]
