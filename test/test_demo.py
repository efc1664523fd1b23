"""The main job, with every part real: a raccoon seen becomes a Bluetooth frame and a bark.

A night and a day. A run in real time is a matter of chance: a doubt of the detector may cut a bark
short, and an animal that was hardly startled stays. So up to three nights are played until one
raccoon flees, and the tests look at what that run left behind.
"""

import json
import re
import sqlite3
import wave

import numpy as np
import pytest
from PIL import Image
from running import left_over, sentinel

# Each run takes a minute of garden time, plus start and report on a busy machine.
pytestmark = pytest.mark.timeout(560)


SEEDS = (1, 2, 3)


@pytest.fixture(scope='module', params=['raccoon_night', 'raccoon_day'])
def demo(request, tmp_path_factory):
    for seed in SEEDS:
        folder = tmp_path_factory.mktemp(f'{request.param}_{seed}_')
        options = '--scenario', request.param, '--seed', seed, '--folder', folder
        call = sentinel('demo', *options, folder=folder, timeout=180)
        assert call.status == 0, call.err
        visits = json.loads((folder / 'simulation.json').read_text())['visits']
        if re.search(r'repelled +1 of \d', call.out) and visits[0]['fled'] is not None:
            break
    return call


@pytest.fixture
def truth(demo):
    return json.loads((demo.folder / 'simulation.json').read_text())


@pytest.fixture
def log(demo):
    with sqlite3.connect(demo.folder / 'incidents.sqlite3') as connection:
        yield connection
    connection.close()


def test_it_ends_well_and_leaves_no_process(demo):
    assert demo.status == 0, demo.err
    assert left_over(demo.folder) == []


def test_the_raccoon_really_fled(truth):
    visit = truth['visits'][0]
    assert truth['finished'] and visit['kind'] == 'raccoon'
    assert visit['fled'] is not None and visit['left'] is not None
    assert visit['entered'] < visit['first_stimulus'] < visit['fled'] < visit['left']


def test_the_robot_walked_and_kept_its_distance(truth):
    assert truth['robot']['path_m'] > 0.1
    assert truth['robot']['falls'] == 0
    assert truth['visits'][0]['closest_distance'] > 0.7


def test_a_sound_was_rendered(demo):
    # The guard may cut a bark short, so its length says nothing; that it is loud does.
    loudest = 0
    for sound in demo.folder.rglob('*.wav'):
        with wave.open(str(sound)) as file:
            samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
        loudest = max(loudest, int(np.abs(samples.astype(int)).max(initial=0)))
    assert loudest > 3000


def test_the_log_agrees_with_the_truth(truth, log):
    repelled = log.execute(
        "SELECT count(*) FROM visits WHERE species = 'raccoon' AND outcome = 'repelled'"
    ).fetchone()[0]
    assert repelled == sum(visit['fled'] is not None for visit in truth['visits'])


def test_the_time_of_day_is_that_of_the_scene(truth, log):
    contexts = {
        json.loads(detail)['context'] for (detail,) in log.execute('SELECT detail FROM visits')
    }
    assert contexts == {truth['scenario'].removeprefix('raccoon_')}


def test_frames_went_over_the_air_soon_after_the_picture(demo):
    samples = json.loads((demo.folder / 'latency.json').read_text())
    assert samples['samples']


def test_the_table_tells_what_happened(demo):
    assert re.search(r'visits to keep away +[1-9]', demo.out)
    assert re.search(r'repelled +1 of \d', demo.out)
    assert re.search(r'time to first stimulus +\d', demo.out)
    assert re.search(r'at people or pets +0\b', demo.out)


def test_the_report_stands_alone(demo):
    page = (demo.folder / 'report.html').read_text()
    assert 'raccoon' in page and '<img' in page
    # Nothing is loaded from anywhere: every source is inside the page or beside it.
    for source in re.findall(r'(?:src|href)="([^"]+)"', page):
        assert not source.startswith(('http:', 'https:', '//')), source


def test_the_film_moves(demo):
    with Image.open(demo.folder / 'film.webp') as film:
        assert film.n_frames > 20
        assert film.size[0] >= 600
    assert (demo.folder / 'film.webp').stat().st_size < 8e6
