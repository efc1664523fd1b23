"""What the recorder keeps of pictures, sounds and incidents, and what it refuses to keep."""

import json
import os
import sqlite3
import threading
import time
from collections import namedtuple
from pathlib import Path

import cv2
import numpy as np
import pytest
from sentinel_behavior.incidents import connection, disk, pictures
from sentinel_behavior.incidents.film_frame import SIZE, Caption, compose
from sentinel_behavior.incidents.latency import LatencyLog, match
from sentinel_behavior.incidents.model import Incident, Kind
from sentinel_behavior.incidents.pairs import Pairs
from sentinel_behavior.incidents.recorder import FILMS, Options, Recorder
from sentinel_behavior.incidents.store import FILE_NAME, SqliteStore, StoreError
from sentinel_behavior.report import page
from sentinel_common.detections import Box, Detection, Frame
from sentinel_common.images import ImageError

Usage = namedtuple('Usage', 'free')

NOISE = np.random.default_rng(1).integers(0, 255, (240, 320, 3), np.uint8)
NOISE[..., 2] //= 4  # little red, so that mistaken channels show
RACCOON = Detection(Box(40, 60, 80, 50), {'raccoon': 0.9, 'person': 0.02}, '7')
PERSON = Detection(Box(90, 20, 60, 200), {'person': 0.1})


GLIMPSE = Detection(PERSON.box, {'person': 0.1})


def seen(*detections, stamp=1.0, glimpses=()):
    return Frame(stamp, 'camera_optical_frame', detections, glimpses)


def said(**more):
    fields = {
        'elapsed': 61.25,
        'state': 'engaging',
        'species': 'raccoon',
        'probability': 0.9,
        'deterrent': 'bark_and_advance',
        'explanation': 'because',
        'sound': 'bark 80%',
        'rules': (),
    }
    return Caption(**(fields | more))


class Bench:
    """A recorder over a real store, with a clock that is set by hand."""

    def __init__(self, folder, now=1.0, started=0.0, **options):
        self.folder, self.now, self.started, self.complaints = folder, now, started, []
        self.store = None
        self.recorder = Recorder(
            open_store=self.open,
            folder=folder,
            options=Options(**({'min_free': 0.0} | options)),
            now=lambda: self.now,
            complain=self.complaints.append,
        )

    def open(self):
        self.store = SqliteStore.for_run(self.folder, self.started, {})
        return self.store

    def look(self, stamp, *detections, glimpses=()):
        self.recorder.image(stamp, lambda: NOISE)
        self.recorder.frame(seen(*detections, stamp=stamp, glimpses=glimpses))

    def tell(self, kind, stamp, **detail):
        self.recorder.incident(
            Incident(
                kind=kind,
                stamp=stamp,
                visit_id='v1',
                track_id='7',
                species='raccoon',
                deterrent='bark',
                detail=detail,
            )
        )

    def finish(self):
        assert self.recorder.stop()
        with SqliteStore(self.folder) as store:
            return store.read()


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


def test_detections_are_of_the_one_picture_with_their_stamp_or_of_none():
    pairs = Pairs()
    for second in (1.0, 2.0, 3.0, 3.0, 0.0):
        pairs.hold(second, f'picture of {second}')
    assert pairs.take(2.0) == 'picture of 2.0' and pairs.take(1.0) == 'picture of 1.0'
    assert pairs.take(2.0) is None  # no second chance
    assert pairs.take(3.0) is pairs.take(0.0) is pairs.take(9.0) is None
    pairs.hold(3.0, 'a third')
    pairs.hold(1.0, 'another')
    assert pairs.take(3.0) is pairs.take(1.0) is None


def test_of_pictures_without_a_time_of_their_own_none_is_kept(tmp_path):
    bench = Bench(tmp_path)
    for _ in range(2):
        bench.recorder.image(1.0, lambda: NOISE)
    bench.recorder.frame(seen(RACCOON))
    bench.tell(Kind.VISIT_STARTED, 1.0)
    assert bench.finish().visits[0].pictures == ()


@pytest.mark.parametrize('after', [-2_600_000.0, 30_000.0], ids=['set back', 'slept'])
def test_a_clock_that_jumps_is_no_time_that_was_listened_to(tmp_path, after):
    first = 3_000_000.0
    bench = Bench(tmp_path, now=first)

    def listen(seconds):
        for _ in range(seconds // 10):
            bench.now += 10.0
            bench.recorder.alive()

    listen(30)
    bench.now += after
    listen(50)
    runs = sorted((run.started, run.last_alive) for run in bench.finish().runs)
    again = first + 40.0 + after
    assert runs == [(0.0, first + 30.0), (again, again + 40.0)]


def test_an_incident_brings_a_crop_and_the_whole_picture(bench):
    bench.look(1.0, RACCOON)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    crop, frame = sorted(bench.finish().visits[0].pictures, key=lambda p: p.kind)
    assert (crop.kind, crop.x, crop.y, crop.width, crop.height) == ('crop', 20, 47, 120, 76)
    assert crop.boxes[0]['x'] == 20 and crop.boxes[0]['scores']['raccoon'] == 0.9
    assert (frame.kind, frame.width, frame.height) == ('frame', 320, 240)
    stored = cv2.imread(str(bench.folder / crop.path))
    assert stored.shape == (76, 120, 3)
    means = stored.mean((0, 1)), NOISE[47:123, 20:140].mean((0, 1))
    assert np.allclose(*means, atol=10)  # JPEG is bad at noise


def test_no_whole_picture_where_there_is_a_hint_of_a_person(bench):
    bench.look(1.0, RACCOON, PERSON)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    assert [p.kind for p in bench.finish().visits[0].pictures] == ['crop']


def test_no_whole_picture_where_a_single_look_took_something_for_a_person(bench):
    bench.look(1.0, RACCOON, glimpses=(GLIMPSE,))
    bench.tell(Kind.VISIT_STARTED, 1.0)
    (crop,) = bench.finish().visits[0].pictures
    assert crop.kind == 'crop'
    assert [box['scores'] for box in crop.boxes] == [RACCOON.scores, {'person': 0.1}]


@pytest.mark.parametrize(
    'frame', [seen(RACCOON, PERSON), seen(RACCOON, glimpses=(GLIMPSE,))], ids=['hint', 'glimpse']
)
def test_a_person_in_a_crop_is_a_mosaic(frame):
    part, place = pictures.crop(NOISE, frame, '7', 0.25)
    covered = part[:, int(81 - place.x) :]  # the person's box begins at 90, less 15 % of 60
    assert len(np.unique(covered.reshape(-1, 3), axis=0)) <= 8 * 8
    clear = part[:, : int(81 - place.x)]
    assert np.array_equal(clear, NOISE[47:123, 20:81])


def test_a_person_is_never_cropped():
    person = Detection(Box(90, 20, 60, 200), {'person': 0.6, 'raccoon': 0.3}, '7')
    assert pictures.crop(NOISE, seen(person), '7', 0.25) is None


@pytest.mark.parametrize(
    'frame', [seen(PERSON), seen(glimpses=(GLIMPSE,))], ids=['hint', 'glimpse']
)
def test_the_film_shows_nothing_of_a_picture_with_a_person(frame):
    shown = np.asarray(compose(NOISE, frame, None, said()))
    pane = shown[60:200, 10:150]  # away from boxes and words
    assert len(np.unique(pane.reshape(-1, 3), axis=0)) < 20
    clear = np.asarray(compose(NOISE, seen(RACCOON), None, said()))[60:110, 10:60]
    assert len(np.unique(clear.reshape(-1, 3), axis=0)) > 500


def test_the_film_of_a_simulation_hides_the_place_of_a_hint_only():
    shown = np.asarray(compose(NOISE, seen(PERSON), None, said(), withhold=False))
    hint, rest = shown[100:400, 185:295], shown[60:200, 10:150]  # twice the size of the picture
    assert len(np.unique(rest.reshape(-1, 3), axis=0)) > 500
    assert len(np.unique(hint.reshape(-1, 3), axis=0)) < 1000


@pytest.mark.parametrize(('width', 'height'), [(640, 480), (1280, 720), (720, 1280), (320, 200)])
def test_the_film_keeps_the_aspect_of_every_camera_and_its_boxes_on_the_animal(width, height):
    eye, side = np.zeros((height, width, 3), np.uint8), height // 4
    left, top = width // 2, height // 2
    eye[top : top + side, left : left + side] = (200, 60, 40)  # BGR
    square = Detection(Box(left, top, side, side), {'raccoon': 0.9}, '7')
    pane = np.asarray(compose(eye, seen(square), None, said()), int)[:480, :640]
    inside = np.argwhere(np.abs(pane - (40, 60, 200)).max(axis=2) < 8)
    frame = np.argwhere(np.abs(pane - (255, 176, 32)).max(axis=2) < 8)
    assert frame[:, 0].max() == pytest.approx(inside[:, 0].max(), abs=4)
    assert frame[:, 1].min() == pytest.approx(inside[:, 1].min(), abs=4)
    # What is a square in the garden is one in the film (its edge lies under the box, 3 px wide).
    assert np.ptp(inside[:, 0]) == pytest.approx(np.ptp(inside[:, 1]), abs=1)
    assert np.ptp(inside[:, 0]) == pytest.approx(side * min(640 / width, 480 / height), abs=8)


def test_the_bar_forbids_nothing_where_nobody_is():
    def bar(**more):
        return np.asarray(compose(NOISE, seen(), NOISE, said(explanation='', **more)))[480:]

    nobody = bar(species='', rules=('unsure_target',))
    assert np.array_equal(nobody, bar(species='', rules=()))
    assert not np.array_equal(nobody, bar(species='', rules=('unsure_target', 'quiet_hours')))
    assert not np.array_equal(bar(rules=('unsure_target',)), bar(rules=()))


def test_the_bar_says_names_as_people_do():
    said_so = [
        np.asarray(compose(NOISE, seen(), NOISE, said(explanation=f'bark{c}advance'))) for c in '_ '
    ]
    assert np.array_equal(*said_so)


def test_long_explanations_stay_in_the_bar():
    film = compose(NOISE, seen(), NOISE, said(explanation='very ' * 500, rules=('quiet_hours',)))
    assert film.size == SIZE


def test_pictures_come_at_intervals_and_end_with_the_visit(tmp_path):
    bench = Bench(tmp_path, snapshot_interval=1.0)
    bench.look(1.0, RACCOON)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    for tenth in range(11, 31):
        bench.look(tenth / 10, RACCOON)
    bench.tell(Kind.VISIT_ENDED, 3.0, outcome='left')
    bench.look(9.0, RACCOON)
    crops = [p.stamp for p in bench.finish().visits[0].pictures if p.kind == 'crop']
    assert crops == [1.0, 2.0, 3.0]


def test_a_visit_of_a_brain_that_died_gets_no_more_pictures(bench):
    def starts(visit, track):
        incident = Incident(kind=Kind.VISIT_STARTED, stamp=1.0, visit_id=visit, track_id=track)
        bench.recorder.incident(incident)

    starts('a-1', '7')
    starts('b-1', '8')
    bench.look(5.0, RACCOON)
    assert [visit.pictures for visit in bench.finish().visits] == [(), ()]


def test_of_visits_that_are_over_nothing_stays_in_memory(bench):
    for brain in 'ab':
        for number in range(20):
            for kind in (Kind.VISIT_STARTED, Kind.DECISION, Kind.VISIT_ENDED):
                if (kind, number) != (Kind.VISIT_ENDED, 19):  # the brain dies
                    visit = f'{brain}-{number}'
                    bench.recorder.incident(
                        Incident(kind=kind, stamp=1.0, visit_id=visit, track_id=str(number))
                    )
    assert list(bench.recorder._taken) == ['b-19']
    assert len(bench.finish().visits) == 40


def test_pictures_of_a_visit_are_limited(tmp_path):
    bench = Bench(tmp_path, snapshot_interval=0.1, snapshot_limit=3)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    for second in range(2, 12):
        bench.look(float(second), RACCOON)
    assert len(bench.finish().visits[0].pictures) == 3


def test_detections_without_their_picture_keep_nothing(bench):
    bench.recorder.frame(seen(RACCOON))
    bench.tell(Kind.VISIT_STARTED, 1.0)
    assert bench.finish().visits[0].pictures == ()


def test_a_track_id_cannot_leave_the_folder(bench):
    raccoon = Detection(RACCOON.box, RACCOON.scores, '../../7')
    bench.look(1.0, raccoon)
    bench.recorder.incident(
        Incident(kind=Kind.VISIT_STARTED, stamp=1.0, visit_id='v1', track_id='../../7')
    )
    paths = [Path(p.path) for p in bench.finish().visits[0].pictures]
    assert paths and all(path.parent == Path('snapshots') for path in paths)
    assert all((bench.folder / path).is_file() for path in paths)


def test_sounds_are_measured_and_the_last_one_ends_with_the_run(bench):
    bench.recorder.sound(10.0, True, 'bark', 0.5)
    bench.recorder.sound(11.0, True, 'bark', 0.5)  # the speaker says it again every second
    bench.recorder.sound(12.5, False, 'bark', 0.5)
    bench.recorder.sound(20.0, True, 'voice', 1.0)
    bench.now = 21.0
    sounds = bench.finish().sounds
    assert [(s.name, s.started, s.seconds) for s in sounds] == [
        ('bark', 10.0, 2.5),
        ('voice', 20.0, 1.0),
    ]


def test_the_film_is_a_row_of_pictures(tmp_path):
    bench = Bench(tmp_path, film=True)
    bench.look(1.0, RACCOON)
    bench.recorder.garden = lambda: NOISE
    for now in (5.0, 5.25):
        bench.now = now
        bench.recorder.film(lambda elapsed: said(elapsed=elapsed))
    bench.finish()
    assert sorted(p.name for p in (tmp_path / 'film').iterdir()) == [
        '00000000005000.jpg',
        '00000000005250.jpg',
    ]


def test_incidents_wait_while_the_disk_is_full_and_pictures_are_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, '_RETRY', 0.01)
    bench = Bench(tmp_path)
    bench.look(1.0, RACCOON)
    _until(lambda: bench.recorder.disk.backlog == 0)
    other = sqlite3.connect(tmp_path / 'incidents.sqlite3', isolation_level=None)
    limit = other.execute('PRAGMA page_count').fetchone()[0]
    bench.store._db.execute(f'PRAGMA max_page_count = {limit}')  # SQLite's own "disk is full"
    bench.tell(Kind.VISIT_STARTED, 1.0, note='x' * 20_000)
    _until(lambda: bench.complaints)
    assert 'full' in bench.complaints[0]
    assert bench.recorder.disk.unsaved

    bench.store._db.execute('PRAGMA max_page_count = 100000')
    _until(lambda: not bench.recorder.disk.unsaved)
    other.close()
    assert bench.finish().visits[0].detail['note'] == 'x' * 20_000
    assert bench.complaints[-1] == ''


def test_while_the_disk_hangs_pictures_are_given_up_incidents_wait_and_somebody_is_told(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(disk, '_HANGS', 0.05)
    bench = Bench(tmp_path, snapshot_interval=0.1, snapshot_limit=1000)
    hangs, answers, take = threading.Event(), threading.Event(), bench.store.record

    def slow(incident, told):
        hangs.set()
        answers.wait()
        take(incident, told)

    monkeypatch.setattr(bench.store, 'record', slow)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    assert hangs.wait(20)
    for second in range(2, 202):
        bench.look(float(second), RACCOON)
    waits = bench.recorder.disk.backlog
    for second in range(2, 12):
        bench.tell(Kind.DECISION, float(second))
    _until(lambda: bench.recorder.disk.trouble)
    bench.recorder.alive()
    bench.recorder.alive()
    told, bench.complaints[:] = list(bench.complaints), []
    monkeypatch.setattr(disk, '_HANGS', 1e9)
    answers.set()
    _until(lambda: bench.recorder.disk.backlog == 0)
    (visit,) = bench.finish().visits
    assert waits < 30 and len(visit.pictures) < 30
    assert len(told) == 1 and 'does not answer' in told[0]
    assert len(visit.decisions) == 10
    assert bench.complaints == ['']


def test_incidents_wait_for_a_disk_that_is_full_from_the_start(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, '_RETRY', 0.01)
    opened = connection.to_write

    def full(path):
        db = opened(path)
        db.execute('PRAGMA max_page_count = 1')  # SQLite's own "disk is full"
        return db

    monkeypatch.setattr(connection, 'to_write', full)
    bench = Bench(tmp_path)
    bench.look(1.0, RACCOON)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    _until(lambda: bench.complaints and bench.recorder.disk.unsaved)
    assert 'full' in bench.complaints[0]
    assert 'full' in bench.recorder.mark('v1', True, '')

    monkeypatch.setattr(connection, 'to_write', opened)
    _until(lambda: not bench.recorder.disk.unsaved)
    bench.tell(Kind.VISIT_ENDED, 2.0, outcome='left')
    log = bench.finish()
    assert [visit.outcome for visit in log.visits] == ['left']
    assert [run.started for run in log.runs] == [0.0]
    assert bench.complaints[-1] == ''


def test_a_log_that_is_damaged_from_the_start_is_not_waited_for(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b'no database at all' * 100)
    with pytest.raises(StoreError, match='not a database'):
        Bench(tmp_path)


def test_too_little_room_gives_up_pictures_with_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, '_RETRY', 0.01)
    bench = Bench(tmp_path, min_free=1e18)
    _until(lambda: bench.complaints)
    assert 'no pictures are kept' in bench.complaints[0]
    bench.look(1.0, RACCOON)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    log = bench.finish()
    assert len(log.visits) == 1 and log.visits[0].pictures == ()
    assert len(bench.complaints) == 1


def test_too_little_room_is_known_from_the_start_and_seen_while_there_is_much_to_do(
    tmp_path, monkeypatch
):
    free = [0.0]
    monkeypatch.setattr(disk, '_RETRY', 0.05)
    monkeypatch.setattr(disk.shutil, 'disk_usage', lambda _: Usage(free[0]))
    written = []

    def write():
        written.append(kept.write(tmp_path / 'a.jpg', b'x'))

    kept = disk.Disk(tmp_path, min_free=1e6, complain=lambda _: None)
    kept.do(write)
    _until(lambda: written == [False])
    free[0] = 2e6
    end = time.monotonic() + 20
    while not written[-1] and time.monotonic() < end:  # jobs come more often than it looks
        kept.do(write)
        time.sleep(0.005)
    free[0] = 0.0
    while written[-1] and time.monotonic() < end:
        kept.do(write)
        time.sleep(0.005)
    assert kept.stop() and time.monotonic() < end


@pytest.mark.parametrize('keep', ['do', 'save'])
def test_a_job_that_fails_in_a_way_nobody_thought_of_is_told_and_ends_nothing(tmp_path, keep):
    complaints = []
    kept = disk.Disk(tmp_path, min_free=0.0, complain=complaints.append)

    def odd():
        raise ValueError('cannot convert float NaN to integer')

    getattr(kept, keep)(odd)
    _until(lambda: complaints)
    assert 'ValueError: cannot convert float NaN' in kept.trouble
    assert 'ValueError' in kept.ask(odd)
    assert kept.ask(lambda: None) == ''
    assert kept.stop()


def test_signs_of_life_push_no_incident_out_while_the_disk_is_full(tmp_path, monkeypatch):
    monkeypatch.setattr(disk, '_WAITING', 5)
    monkeypatch.setattr(disk, '_RETRY', 0.01)
    bench = Bench(tmp_path)
    take = bench.store.record

    def full(*_):
        raise StoreError('full', passing=True)

    monkeypatch.setattr(bench.store, 'record', full)
    for second in range(7):
        bench.tell(Kind.HELD_FIRE, float(second))
        _until(lambda: bench.recorder.disk.backlog == 0 and bench.complaints)
        bench.recorder.alive()
    _until(lambda: bench.recorder.disk.unsaved == 5)
    _until(lambda: bench.complaints[-1].startswith('2 incidents are lost'))
    monkeypatch.setattr(bench.store, 'record', take)
    assert [hold.stamp for hold in bench.finish().holds] == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_picture_is_on_the_disk_before_its_row(bench, monkeypatch):
    done, sync, add = [], os.fsync, bench.store.add_picture

    def watch(descriptor):
        done.append(Path(os.readlink(f'/proc/self/fd/{descriptor}')))
        sync(descriptor)

    monkeypatch.setattr(os, 'fsync', watch)
    monkeypatch.setattr(bench.store, 'add_picture', lambda p: (done.append(p.kind), add(p)))
    bench.look(1.0, RACCOON, PERSON)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    (crop,) = bench.finish().visits[0].pictures
    path = bench.folder / crop.path
    assert done == [path.with_name(path.name + '.part'), path.parent, 'crop']


def test_an_incident_that_the_store_will_never_take_does_not_block_the_others(bench):
    bench.recorder.incident(Incident(kind=Kind.DECISION, stamp=1.0))
    bench.tell(Kind.VISIT_STARTED, 1.0)
    assert len(bench.finish().visits) == 1
    assert 'names no visit' in bench.complaints[0]


def test_what_is_too_old_is_deleted_with_its_pictures(bench):
    bench.look(1.0, RACCOON)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    bench.tell(Kind.VISIT_ENDED, 1.0, outcome='left')
    old_stray = bench.folder / 'snapshots' / '00000000000500_9_crop.jpg'
    new_stray = bench.folder / 'snapshots' / '00000000099500_9_crop.jpg'
    old_stray.parent.mkdir(exist_ok=True)
    for stray in (old_stray, new_stray):
        stray.write_bytes(b'')
    bench.now = 100.0
    bench.look(100.0, RACCOON)
    bench.recorder.incident(
        Incident(kind=Kind.VISIT_STARTED, stamp=100.0, visit_id='v2', track_id='7')
    )
    bench.recorder.forget(50.0)
    log = bench.finish()
    assert [visit.id for visit in log.visits] == ['v2']
    left = {path.name for path in (bench.folder / 'snapshots').iterdir()}
    assert left == {Path(p.path).name for p in log.visits[0].pictures} | {new_stray.name}


def test_copies_and_halves_of_what_is_too_old_are_deleted_too(bench):
    bench.look(1.0, RACCOON)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    bench.tell(Kind.VISIT_ENDED, 1.0, outcome='left')
    bench.now = 100.0
    bench.look(100.0, RACCOON)
    bench.recorder.incident(
        Incident(kind=Kind.VISIT_STARTED, stamp=100.0, visit_id='v2', track_id='7')
    )
    bench.recorder.disk.ask(lambda: None)  # until all before it is done
    (bench.folder / 'film').mkdir()
    page.write(bench.folder)
    assert len(list((bench.folder / 'pictures').iterdir())) == 4
    halves = [
        bench.folder / 'film' / '00000000000750.jpg.part',
        bench.folder / 'snapshots' / '00000000000500_9_crop.jpg.part',
    ]
    for half in halves:
        half.write_bytes(b'half')
    bench.recorder.forget(50.0)
    bench.finish()
    assert not any(half.exists() for half in halves)
    names = sorted(path.name for path in (bench.folder / 'pictures').iterdir())
    assert names == ['00000000100000_7_crop.jpg', '00000000100000_7_frame.jpg']


def test_pages_and_films_that_show_what_is_too_old_are_deleted_too(bench):
    bench.look(1.0, RACCOON)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    bench.tell(Kind.VISIT_ENDED, 1.0, outcome='left')
    bench.recorder.disk.ask(lambda: None)  # until all before it is done
    made = [page.write(bench.folder), page.write(bench.folder, since=0.0)]
    made += [bench.folder / name for name in FILMS]
    for film in made[2:]:
        film.write_bytes(b'film')
    mine = bench.folder / 'report of June.html'
    mine.write_text('mine')
    bench.recorder.forget(5000.0)
    bench.recorder.disk.ask(lambda: None)
    assert all(path.exists() for path in made)  # nothing was that old
    bench.now = 10_000.0
    bench.recorder.forget(5000.0)
    bench.finish()
    assert not any(path.exists() for path in made) and mine.exists()


def test_files_of_an_earlier_run_go_by_their_own_age(bench):
    old, new = (time.time() - days * 86_400.0 for days in (200.0, 100.0))
    for name, made in (
        ('garden-1.mcap', old),
        ('visit-a.mcap', old),
        ('garden-2.mcap', new),
        ('mine.mcap', old),
        ('report.html', old),
        ('film.webp', new),
    ):
        (bench.folder / name).write_text('')
        os.utime(bench.folder / name, (made, made))
    bench.recorder.forget(180 * 86_400.0)
    bench.finish()
    left = {path.name for path in bench.folder.iterdir()}
    assert left >= {'garden-2.mcap', 'mine.mcap', 'film.webp'}
    assert not left & {'garden-1.mcap', 'visit-a.mcap', 'report.html'}


def test_a_clock_that_is_a_year_ahead_deletes_nothing_until_a_day_was_recorded_by_it(tmp_path):
    bench, day = Bench(tmp_path), 86_400.0
    bench.look(1.0, RACCOON)
    bench.tell(Kind.VISIT_STARTED, 1.0)
    bench.tell(Kind.VISIT_ENDED, 1.0, outcome='left')
    kept = [tmp_path / picture.path for picture in bench.finish().visits[0].pictures]
    kept += [tmp_path / 'garden-1.mcap', tmp_path / 'report.html']
    made = time.time() - 300 * day  # by that clock, and it is 100 days ahead
    for path in kept[-2:]:
        path.write_text('')
        os.utime(path, (made, made))
    bench = Bench(tmp_path, now=365 * day, started=365 * day)

    def forget():
        bench.recorder.forget(180 * day)
        assert bench.recorder.disk.ask(lambda: None) == ''

    forget()
    assert all(path.exists() for path in kept) and bench.recorder.doubts
    bench.now += day
    bench.recorder.disk.ask(lambda: bench.store.alive(bench.now))
    forget()
    assert not any(path.exists() for path in kept) and not bench.recorder.doubts
    assert bench.finish().visits == ()


def test_a_picture_that_cannot_be_read_does_not_end_the_recording(bench):
    def damaged():
        raise ImageError('The picture is cut short.')

    bench.recorder.image(1.0, damaged)
    bench.recorder.frame(seen(RACCOON))
    bench.tell(Kind.VISIT_STARTED, 1.0)
    bench.tell(Kind.VISIT_ENDED, 2.0, outcome='left')
    assert bench.finish().visits[0].outcome == 'left'
    assert 'cut short' in bench.complaints[0]


def test_a_visit_is_marked_and_an_unknown_one_is_not(bench):
    bench.tell(Kind.VISIT_STARTED, 1.0)
    assert bench.recorder.mark('v1', True, 'a bush') == ''
    assert "no visit 'v2'" in bench.recorder.mark('v2', True, '')
    visit = bench.finish().visits[0]
    assert (visit.false_alarm, visit.note) == (True, 'a bush')


def test_a_visit_that_lasts_is_not_deleted(bench):
    bench.tell(Kind.VISIT_STARTED, 1.0)
    bench.now = 100.0
    bench.recorder.forget(50.0)
    assert len(bench.finish().visits) == 1


def _until(condition, seconds=20.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, 'it did not happen'
        time.sleep(0.005)


def test_latency_counts_the_first_drive_frame_after_each_new_command():
    detections = {1.0: 1.05, 2.0: 2.05}
    commands = [(1.0, 1.06), (1.0, 1.16), (2.0, 2.06)]  # the second repeats the first picture
    writes = [2.075, 1.04, 1.07, 1.17]
    samples = match(detections, commands, writes)
    assert [round(s['write'], 6) for s in samples] == [0.07, 0.075]
    assert [round(s['command'], 6) for s in samples] == [0.06, 0.06]
    assert [round(s['detection'], 6) for s in samples] == [0.05, 0.05]


def test_a_command_that_a_newer_one_overtook_has_no_latency():
    samples = match({}, [(1.0, 1.1), (2.0, 2.1)], [2.2, 2.3])
    assert [s['capture'] for s in samples] == [2.0]


def test_only_drive_frames_that_answer_a_picture_count():
    log = LatencyLog()
    log.commanded(0.0, 0.5)
    log.commanded(1.0, 1.1)
    log.written(bytes([7, 1]), 1.2)
    assert log.samples() == []
    log.written(bytes([6, 3, 0, 0, 0]), 1.3)
    assert [round(s['write'], 6) for s in log.samples()] == [0.3]


def test_latency_lies_in_the_folder_as_json(bench):
    bench.recorder.latency.commanded(1.0, 1.1)
    bench.recorder.latency.written(bytes([6, 3, 0, 0, 0]), 1.5)
    bench.finish()
    samples = json.loads((bench.folder / 'latency.json').read_text())['samples']
    assert samples[0]['write'] == 0.5


def test_a_store_error_says_whether_a_later_try_may_succeed():
    assert StoreError('full', passing=True).passing
    assert not StoreError('damaged').passing
