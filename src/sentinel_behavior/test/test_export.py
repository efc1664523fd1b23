"""The exports say what the log says, and a false alarm becomes a picture of nothing."""

import argparse
import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sentinel_behavior.incidents.model import Incident, Kind, Log, Picture, Visit
from sentinel_behavior.incidents.pictures import boxes_in, crop
from sentinel_behavior.incidents.store import SqliteStore
from sentinel_behavior.report import export_command
from sentinel_behavior.report.export import coco
from sentinel_common.detections import Box, Detection, Frame
from sentinel_common.errors import SentinelError
from sentinel_common.species import SPECIES


def box(track, **scores):
    return {
        'track_id': track,
        'x': 10.0,
        'y': 20.0,
        'width': 30.0,
        'height': 40.0,
        'scores': scores,
    }


def tell(store, kind, at, deterrent='', **detail):
    store.record(
        Incident(
            kind=kind,
            stamp=at,
            visit_id='v1',
            track_id='7',
            species='raccoon',
            probability=0.9,
            deterrent=deterrent,
            detail=detail,
        ),
        at,
    )


@pytest.fixture
def folder(tmp_path):
    """A log of one visit with one stimulus and one picture."""
    log = tmp_path / 'log'
    with SqliteStore(log) as store:
        store.start_run(0.0, {})
        tell(store, Kind.VISIT_STARTED, 100.0, zone='beds', context='night')
        tell(store, Kind.STIMULUS_STARTED, 101.5, 'bark', volume=0.5, range=2.5)
        tell(store, Kind.STIMULUS_ENDED, 103.0, 'bark', seconds=1.5, completed=True)
        tell(store, Kind.VISIT_ENDED, 110.0, outcome='repelled', last_seen=105.0)
        (log / 'snapshots').mkdir()
        Image.new('RGB', (200, 100)).save(log / 'snapshots' / 'a.jpg')
        store.add_picture(
            Picture(
                path='snapshots/a.jpg',
                stamp=100.0,
                visit_id='v1',
                track_id='7',
                kind='frame',
                why='visit started',
                x=0,
                y=0,
                width=200,
                height=100,
                boxes=(
                    box('7', raccoon=0.9, cat=0.1),
                    box('8', cat=0.8),
                    box('', cat=0.2),
                    box('', person=0.05),
                ),
            )
        )
    return log


def export(folder, out):
    parser = argparse.ArgumentParser()
    export_command.add_arguments(parser)
    assert export_command.main(parser.parse_args([str(folder), '--to', str(out)])) == 0
    return json.loads((out / 'annotations.json').read_text())


def labels(data):
    names = {category['id']: category['name'] for category in data['categories']}
    return [(names[a['category_id']], a['iscrowd'], a['bbox']) for a in data['annotations']]


def test_it_says_of_which_run_it_is(folder, tmp_path, capsys):
    export(folder, tmp_path / 'out')
    assert f'pictures of {folder}' in capsys.readouterr().out.splitlines()[0]


def test_the_categories_are_those_of_the_detector(folder, tmp_path):
    data = export(folder, tmp_path / 'out')
    assert [category['name'] for category in data['categories']] == list(SPECIES)


def test_tracks_are_labelled_hints_are_not_and_people_are_left_out_of_training(folder, tmp_path):
    place = [10.0, 20.0, 30.0, 40.0]
    assert labels(export(folder, tmp_path / 'out')) == [
        ('raccoon', 0, place),
        ('cat', 0, place),
        ('person', 1, place),
    ]


def test_what_a_hint_of_a_person_blurred_is_left_out_of_training():
    """In a crop: of the raccoon itself, beside it, and by a person of whom it shows nothing."""
    raccoon = Detection(Box(200, 200, 80, 60), {'raccoon': 0.86}, '7')
    itself = replace(raccoon, scores={'raccoon': 0.86, 'person': 0.12})
    beside = Detection(Box(240, 190, 90, 70), {'person': 0.11})
    outside = Detection(Box(305, 100, 300, 300), {'person': 0.6}, '8')
    far = Detection(Box(400, 200, 80, 60), {'person': 0.6}, '8')
    pixels = np.zeros((480, 640, 3), np.uint8)

    def told(*seen):
        frame = Frame(1.0, 'camera', seen)
        _, place = crop(pixels, frame, '7', 0.25)
        picture = Picture(
            path='a.jpg', stamp=1.0, visit_id='v', track_id='7', kind='crop', why='', x=0, y=0,
            width=int(place.width), height=int(place.height), boxes=boxes_in(frame, place),
        )  # fmt: skip
        visit = Visit(
            id='v', track_id='7', species='raccoon', probability=0.9, started=0.0, ended=2.0,
            outcome='left', false_alarm=False, note='', detail={}, end_detail={},
            pictures=(picture,),
        )  # fmt: skip
        return [(name, crowd) for name, crowd, _ in labels(coco(Log(visits=(visit,))))]

    assert told(raccoon) == told(raccoon, far) == [('raccoon', 0)]
    assert told(itself) == told(raccoon, outside) == [('raccoon', 1)]
    assert told(raccoon, beside) == [('raccoon', 1), ('person', 1)]


def test_a_log_that_does_not_say_what_was_blurred_is_judged_by_the_scores(folder, tmp_path):
    with SqliteStore(folder) as store:
        (picture,) = store.read().visits[0].pictures
        store.add_picture(replace(picture, boxes=(box('7', raccoon=0.86, person=0.12),)))
    assert [crowd for _, crowd, _ in labels(export(folder, tmp_path / 'out'))] == [1]


def test_pictures_lie_beside_the_annotations(folder, tmp_path):
    (image,) = export(folder, tmp_path / 'out')['images']
    with Image.open(tmp_path / 'out' / 'images' / image['file_name']) as picture:
        assert picture.size == (image['width'], image['height'])


def test_a_false_alarm_loses_its_own_box_only(folder, tmp_path):
    with SqliteStore(folder) as store:
        store.mark('v1', True)
    data = export(folder, tmp_path / 'out')
    assert data['images'][0]['false_alarm'] is True
    assert [name for name, _, _ in labels(data)] == ['cat', 'person']


def test_no_track_of_a_false_alarm_is_a_raccoon_in_any_picture_of_its_time():
    def seen(visit, stamp, *boxes):
        return Picture(
            path=f'{stamp}.jpg', stamp=stamp, visit_id=visit, track_id='7', kind='frame', why='',
            x=0, y=0, width=200, height=100, boxes=boxes,
        )  # fmt: skip

    def visit(name, started, alarm, *pictures, **end):
        return Visit(
            id=name, track_id='7', species='raccoon', probability=0.9, started=started,
            ended=started + 10.0, outcome='left', false_alarm=alarm, note='', detail={},
            end_detail=end, pictures=pictures,
        )  # fmt: skip

    gnomes, raccoon = (box('7', raccoon=0.9), box('8', raccoon=0.8)), box('9', raccoon=0.9)
    person = box('8', person=0.6)
    log = Log(
        visits=(
            visit('gnomes', 100.0, True, seen('gnomes', 101.0, *gnomes, raccoon), tracks=['8']),
            visit('cat', 105.0, False, seen('cat', 106.0, *gnomes, raccoon, person)),
            # After a new start of the detector the numbers come again.
            visit('later', 900.0, False, seen('later', 901.0, box('8', raccoon=0.9))),
        )
    )
    data = coco(log)
    told = [(a['image_id'], a['track'], a['iscrowd']) for a in data['annotations']]
    assert told == [(1, '9', 0), (2, '9', 0), (2, '8', 1), (3, '8', 0)]


@pytest.mark.parametrize('size', [0, 300])
def test_a_picture_that_was_cut_short_is_left_out(folder, tmp_path, size):
    path = folder / 'snapshots' / 'a.jpg'
    path.write_bytes(path.read_bytes()[:size])
    data = export(folder, tmp_path / 'out')
    assert data['images'] == data['annotations'] == []
    assert list((tmp_path / 'out' / 'images').iterdir()) == []


def test_a_picture_whose_file_is_gone_is_left_out(folder, tmp_path):
    (folder / 'snapshots' / 'a.jpg').unlink()
    data = export(folder, tmp_path / 'out')
    assert data['images'] == data['annotations'] == []


def test_the_tables_carry_the_figures(folder, tmp_path):
    export(folder, tmp_path / 'out')

    def rows(name):
        with Path(tmp_path / 'out' / name).open(newline='') as file:
            return list(csv.DictReader(file))

    (visit,) = rows('visits.csv')
    assert (visit['zone'], visit['outcome'], visit['stimuli']) == ('beds', 'repelled', '1')
    assert (visit['time_to_stimulus_s'], visit['time_to_departure_s']) == ('1.5', '3.5')
    assert visit['started'] == '1970-01-01T00:01:40.000+00:00'
    (stimulus,) = rows('stimuli.csv')
    assert (stimulus['deterrent'], stimulus['seconds'], stimulus['left_after']) == (
        'bark',
        '1.5',
        '1',
    )
    assert stimulus['range_m'] == '2.5'


def test_a_place_that_cannot_be_written_is_one_sentence(folder, tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(SentinelError, match='cannot be written'):
        export(folder, tmp_path / 'file' / 'out')
