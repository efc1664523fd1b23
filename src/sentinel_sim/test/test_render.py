import argparse
import json

import cv2
import pytest
from sentinel_common.errors import ConfigurationError
from sentinel_common.species import SPECIES
from sentinel_sim.animals import catalog
from sentinel_sim.commands import render as command
from sentinel_sim.render import render


@pytest.fixture(scope='module')
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp('render')
    render(6, out, seed=3, variants=(0, 1))
    return out


def test_pictures_and_labels_fit_together(folder):
    coco = json.loads((folder / 'annotations.json').read_text())
    assert [c['name'] for c in coco['categories']] == list(SPECIES)
    assert len(coco['images']) == 6
    for image in coco['images']:
        picture = cv2.imread(str(folder / 'images' / image['file_name']))
        assert picture.shape == (480, 640, 3)
    for label in coco['annotations']:
        x, y, width, height = label['bbox']
        assert 0 <= x and x + width <= 640 and 0 <= y and y + height <= 480
        assert min(width, height) >= 7 and 0.22 <= label['visible'] <= 1
        assert 0 < label['area'] <= width * height


def test_same_seed_same_pictures(folder, tmp_path):
    render(2, tmp_path, seed=3, variants=(0, 1))
    for path in (tmp_path / 'images').iterdir():
        assert path.read_bytes() == (folder / 'images' / path.name).read_bytes()


def test_a_camera_under_the_eaves_looks_down_at_small_animals(tmp_path):
    render(5, tmp_path, seed=5, variants=(0, 1), mount='eaves')
    coco = json.loads((tmp_path / 'annotations.json').read_text())
    for image in coco['images']:
        assert 2.0 <= image['height_m'] <= 3.0 and 20 <= image['pitch_deg'] <= 50
    raccoon = next(c['id'] for c in coco['categories'] if c['name'] == 'raccoon')
    boxes = [a['bbox'] for a in coco['annotations'] if a['category_id'] == raccoon]
    assert boxes
    assert all(0.002 < width * height / (640 * 480) <= 0.04 for _, _, width, height in boxes)


@pytest.mark.parametrize('variants', ['many', '5-2', '-1', '1-2-3'])
def test_command_refuses_what_is_no_range(variants):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(['--out', 'x', '--variants', variants])


def test_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / 'file').write_text('')
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    with pytest.raises(ConfigurationError, match='cannot be written'):
        command.main(parser.parse_args(['--count', '1', '--out', str(tmp_path / 'file' / 'x')]))


def test_animals_are_kept_on_disk_and_a_damaged_file_is_built_anew(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    catalog.animal.cache_clear()
    first = catalog.animal('cat', 3)
    (stored,) = catalog.cache_folder().iterdir()
    stored.write_bytes(stored.read_bytes()[:1000])
    catalog.animal.cache_clear()
    again = catalog.animal('cat', 3)
    catalog.animal.cache_clear()
    assert (first.meshes['head'].vertices == again.meshes['head'].vertices).all()


def test_unknown_animal_is_refused():
    with pytest.raises(ConfigurationError, match="no animal 'bear'"):
        catalog.animal('bear', 0)


@pytest.mark.parametrize('kind', catalog.KINDS)
def test_every_animal_stands_on_the_ground_and_differs_from_the_next(kind):
    first, second = catalog.animal(kind, 0), catalog.animal(kind, 1)
    soles = [limb.sole[2] for limb in first.limbs if not limb.name.startswith('arm')]
    assert all(sole == 0 for sole in soles)
    lowest = min(mesh.vertices[:, 2].min() for mesh in first.meshes.values())
    assert abs(lowest) < 0.02
    assert first.length != second.length or first.height != second.height
