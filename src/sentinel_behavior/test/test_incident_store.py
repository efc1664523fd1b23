"""The incident log keeps what it was told, whatever happens to the process or to the file."""

import errno
import os
import random
import shutil
import signal
import sqlite3
import time
from pathlib import Path

import pytest
from sentinel_behavior.incidents import connection, lock
from sentinel_behavior.incidents import store as store_module
from sentinel_behavior.incidents.model import INTERRUPTED, Incident, Kind, Picture, Sound
from sentinel_behavior.incidents.store import FILE_NAME, MIGRATIONS, SqliteStore, StoreError
from sentinel_behavior.policy.trial import HOLD_OUT
from sentinel_behavior.report.trends import stay


@pytest.fixture
def store(tmp_path):
    with SqliteStore(tmp_path) as opened:
        opened.start_run(0.0, {})
        yield opened


def tell(store, kind, at, *, told=None, visit='v1', deterrent='', **detail):
    incident = Incident(
        kind=kind,
        stamp=at,
        visit_id=visit,
        track_id='7',
        species='raccoon',
        probability=0.9,
        deterrent=deterrent,
        detail=detail,
    )
    store.record(incident, at if told is None else told)


def test_a_visit_is_read_back_with_all_that_belongs_to_it(store):
    tell(store, Kind.VISIT_STARTED, 10.0, zone='beds')
    tell(store, Kind.DECISION, 10.5, deterrent='bark', explanation='it is new')
    tell(store, Kind.STIMULUS_STARTED, 10.5, told=10.75, deterrent='bark', volume=0.5)
    tell(store, Kind.HELD_FIRE, 11.0, rules=['person_or_pet'], reasons=['A person is near.'])
    tell(store, Kind.STIMULUS_ENDED, 12.0, deterrent='bark', seconds=1.5, completed=True)
    tell(store, Kind.VISIT_ENDED, 20.0, outcome='repelled', last_seen=15.0)

    (visit,) = store.read().visits
    assert (visit.started, visit.ended, visit.outcome) == (10.0, 20.0, 'repelled')
    assert visit.detail == {'zone': 'beds'}
    assert visit.decisions[0].detail['explanation'] == 'it is new'
    assert visit.stimuli[0].seconds == 1.5
    assert visit.stimuli[0].end_detail['completed'] is True
    assert visit.holds[0].rules == ('person_or_pet',)
    assert visit.time_to_stimulus == 0.75
    assert visit.time_to_departure == 4.25


def test_a_visit_whose_start_was_missed_is_kept(store):
    tell(store, Kind.STIMULUS_STARTED, 5.0, visit='late', deterrent='bark')
    (visit,) = store.read().visits
    assert (visit.id, visit.started, len(visit.stimuli)) == ('late', 5.0, 1)
    assert visit.time_to_departure is None


def test_each_stimulus_gets_its_own_end(store):
    for at, seconds in ((1.0, 0.5), (2.0, 0.75)):
        tell(store, Kind.STIMULUS_STARTED, at, deterrent='bark')
        tell(store, Kind.STIMULUS_ENDED, at + seconds, deterrent='bark', seconds=seconds)
    (visit,) = store.read().visits
    assert [s.seconds for s in visit.stimuli] == [0.5, 0.75]


def test_the_end_of_a_stimulus_without_its_length_is_measured(store):
    tell(store, Kind.STIMULUS_STARTED, 1.0, told=1.25, deterrent='bark')
    tell(store, Kind.STIMULUS_ENDED, 3.0, told=3.5, deterrent='bark')
    assert store.read().visits[0].stimuli[0].seconds == 2.25


def test_a_hold_needs_no_visit_but_everything_else_does(store):
    tell(store, Kind.HELD_FIRE, 1.0, visit='', rules=['quiet_hours'])
    assert [hold.visit_id for hold in store.read().holds] == ['']
    with pytest.raises(StoreError, match='names no visit'):
        tell(store, Kind.DECISION, 1.0, visit='')


def test_a_false_alarm_is_marked_and_the_mark_taken_back(store):
    tell(store, Kind.VISIT_STARTED, 1.0)
    store.mark('v1', True, 'a bush')
    assert (store.read().visits[0].false_alarm, store.read().visits[0].note) == (True, 'a bush')
    store.mark('v1', False)
    assert not store.read().visits[0].false_alarm
    with pytest.raises(StoreError, match="no visit 'v2'"):
        store.mark('v2', True)


def test_a_second_mark_without_a_note_keeps_the_first(store):
    def note():
        return store.read().visits[0].note

    tell(store, Kind.VISIT_STARTED, 1.0)
    store.mark('v1', True, 'two garden gnomes')
    store.mark('v1', True)
    assert note() == 'two garden gnomes'
    store.mark('v1', True, 'three')
    assert note() == 'three'
    store.mark('v1', False)
    assert note() == ''


def test_only_the_period_is_read(store):
    for at in (1.0, 2.0, 3.0):
        tell(store, Kind.VISIT_STARTED, at, visit=f'v{at:.0f}')
        tell(store, Kind.HELD_FIRE, at, visit=f'v{at:.0f}', rules=[])
        store.add_sound(Sound(started=at, seconds=1.0, name='bark', volume=0.5))
    log = store.read(since=2.0, until=3.0)
    assert [visit.id for visit in log.visits] == ['v2']
    assert [hold.stamp for hold in log.holds] == [2.0]
    assert [sound.started for sound in log.sounds] == [2.0]


def test_a_long_log_is_read_with_few_questions(store):
    asked = []
    for number in range(20):
        visit = f'v{number:02d}'
        tell(store, Kind.VISIT_STARTED, number, visit=visit)
        tell(store, Kind.DECISION, number, visit=visit, deterrent='bark', number=number)
        tell(store, Kind.HELD_FIRE, number + 0.5, visit=visit, rules=[str(number)])
    tell(store, Kind.HELD_FIRE, 30.0, visit='', rules=['armed'])
    store._db.set_trace_callback(asked.append)
    log = store.read(since=5.0)
    store._db.set_trace_callback(None)
    assert len(asked) < 10
    assert [visit.decisions[0].detail['number'] for visit in log.visits] == [*range(5, 20)]
    assert all(visit.holds[0].rules == (str(visit.started)[:-2],) for visit in log.visits)
    # What is held in no visit, or in one that began before the period, counts for itself.
    assert len(log.holds) == 16 and log.holds[-1].visit_id == ''


@pytest.mark.parametrize('live', [True, False])
def test_a_log_that_is_read_only_is_read_whole_and_not_changed(tmp_path, monkeypatch, live):
    store = SqliteStore(tmp_path / 'log')
    store.start_run(0.0, {})
    tell(store, Kind.VISIT_STARTED, 1.0)  # lies in the write-ahead log
    folder = tmp_path / 'log'
    if not live:  # as a recorder leaves it that was killed, without what only a live one needs
        folder = shutil.copytree(folder, tmp_path / 'copy', ignore=shutil.ignore_patterns('*-shm'))
        store.close()
    before = sorted(path.name for path in folder.iterdir())
    monkeypatch.setattr(connection.os, 'access', lambda *_: False)
    folder.chmod(0o555)
    with SqliteStore(folder, create=False) as reader:
        assert [visit.id for visit in reader.read().visits] == ['v1']
        with pytest.raises(StoreError, match='readonly'):
            reader.mark('v1', True)
    folder.chmod(0o755)
    assert sorted(path.name for path in folder.iterdir()) == before
    store.close()


def test_an_older_log_that_is_read_only_is_read_by_a_copy(tmp_path, monkeypatch):
    with SqliteStore(tmp_path) as store:
        store.start_run(0.0, {})
        tell(store, Kind.VISIT_STARTED, 1.0)
    monkeypatch.setattr(connection.os, 'access', lambda *_: False)
    monkeypatch.setattr(store_module, 'MIGRATIONS', (*MIGRATIONS, 'CREATE TABLE more (id)'))
    with SqliteStore(tmp_path, create=False) as reader:
        assert len(reader.read().visits) == 1
    monkeypatch.undo()
    with SqliteStore(tmp_path) as store:
        assert len(store.read().visits) == 1


def test_no_question_of_retention_reads_the_whole_season_also_in_an_older_log(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(store_module, 'MIGRATIONS', MIGRATIONS[:1])
    with SqliteStore(tmp_path) as store:
        store.start_run(0.0, {})
        for number in range(3):
            tell(store, Kind.VISIT_STARTED, number, visit=f'v{number}')
            tell(store, Kind.HELD_FIRE, number, visit=f'v{number}', rules=['armed'])
            tell(store, Kind.VISIT_ENDED, number, visit=f'v{number}', outcome='left')
    monkeypatch.undo()
    with SqliteStore(tmp_path) as store:
        asked = []
        store._db.set_trace_callback(asked.append)
        store.start_run(9.0, {})
        assert store.forget(1.5) == 2
        store._db.set_trace_callback(None)
        assert [visit.id for visit in store.read().visits] == ['v2']
        questions = [text for text in asked if text.startswith(('DELETE', 'SELECT', 'UPDATE'))]
        # With what each visit that goes takes along. Runs are few.
        plans = [
            (question, step)
            for question in questions
            for *_, step in store._db.execute(f'EXPLAIN QUERY PLAN {question}')
        ]
        scans = [p for p in plans if p[1].startswith('SCAN') and 'INDEX visits_open' not in p[1]]
        assert {step for _, step in scans} == {'SCAN runs'}, scans
        assert any(step.startswith('SEARCH holds') for _, step in plans)


def test_of_a_run_only_what_lies_in_the_period_is_read(tmp_path):
    with SqliteStore(tmp_path) as store:
        store.start_run(10.0, {})
        store.alive(100.0)

        def listened(*span):
            return [(run.started, run.last_alive) for run in store.read(*span).runs]

        assert listened() == [(10.0, 100.0)]
        assert listened(40.0, 60.0) == [(40.0, 60.0)]
        assert listened(0.0, 20.0) == [(10.0, 20.0)]
        assert listened(200.0) == []


def test_the_arm_of_the_last_decision_counts(store):
    tell(store, Kind.DECISION, 1.0, arm='hold_out')
    assert store.read().visits[0].arm == HOLD_OUT


def test_a_picture_keeps_its_boxes(store):
    tell(store, Kind.VISIT_STARTED, 1.0)
    box = {'track_id': '7', 'x': 1.0, 'y': 2.0, 'width': 3.0, 'height': 4.0, 'scores': {'cat': 0.5}}
    picture = Picture(
        path='snapshots/a.jpg',
        stamp=1.0,
        visit_id='v1',
        track_id='7',
        kind='crop',
        why='visit started',
        x=1,
        y=2,
        width=30,
        height=40,
        boxes=(box,),
    )
    store.add_picture(picture)
    assert store.read().visits[0].pictures == (picture,)


def test_a_new_run_ends_the_visits_of_one_that_died(tmp_path):
    with SqliteStore(tmp_path) as store:
        store.start_run(0.0, {})
        tell(store, Kind.VISIT_STARTED, 5.0)
        tell(store, Kind.STIMULUS_STARTED, 6.0, deterrent='bark')
        tell(store, Kind.HELD_FIRE, 7.0, rules=['armed'])
        store.alive(9.0)
    with SqliteStore(tmp_path) as store:
        store.start_run(100.0, {})
        log = store.read()
    # It may have lasted longer; the recorder's own end (9.0) says nothing about it.
    assert (log.visits[0].outcome, log.visits[0].ended) == (INTERRUPTED, 7.0)
    assert [run.last_alive for run in log.runs] == [9.0, 100.0]


def test_the_first_visit_of_a_brain_ends_those_of_one_that_died(store):
    tell(store, Kind.VISIT_STARTED, 5.0, visit='20260531T220000-0001')
    tell(store, Kind.VISIT_STARTED, 6.0, visit='20260531T230000-0001')
    tell(store, Kind.VISIT_STARTED, 7.0, visit='20260531T230000-0002')
    outcomes = [(visit.outcome, visit.ended) for visit in store.read().visits]
    assert outcomes == [(INTERRUPTED, 5.0), ('', None), ('', None)]
    assert store.forget(10.0) == 1


def test_a_visit_whose_end_nobody_told_is_forgotten_a_day_later(store):
    tell(store, Kind.VISIT_STARTED, 5.0, visit='a-1')
    assert store.forget(86_400.0) == 0
    assert store.forget(86_406.0) == 1


@pytest.mark.parametrize('again', [True, False], ids=['set within the run', 'started so'])
def test_a_clock_that_is_far_ahead_is_believed_once_a_day_was_recorded_by_it(tmp_path, again):
    day = 86_400.0
    with SqliteStore(tmp_path) as store:
        store.start_run(0.0, {})
        store.alive(100 * day)
        assert store.believed(100 * day) == 100 * day
        if again:
            store.alive(500 * day, again)
    with SqliteStore(tmp_path) as store:
        store.start_run(500 * day, {})
        assert store.believed(500 * day) == pytest.approx(130 * day, rel=0.01)
        store.alive(500.75 * day)
    with SqliteStore(tmp_path) as store:
        store.start_run(501 * day, {})
        store.alive(501.2 * day)
        assert store.believed(501.2 * day) == pytest.approx(130 * day, rel=0.01)
        store.alive(501.3 * day)
        assert store.believed(501.3 * day) == 501.3 * day
        assert store.believed(90 * day) == 90 * day


def test_a_garden_that_is_watched_a_night_now_and_then_has_a_clock_that_is_believed(store):
    for night in range(30):
        store.alive(night * 86_400.0, again=True)
        store.alive(night * 86_400.0 + 4000.0)
    assert store.believed(30 * 86_400.0) == 30 * 86_400.0


def test_of_what_is_forgotten_nobody_says_that_nobody_came(store):
    for at in (5.0, 60.0):
        tell(store, Kind.VISIT_STARTED, at, visit=f'a-{at}')
        tell(store, Kind.VISIT_ENDED, at + 1, visit=f'a-{at}', outcome='left')
    store.alive(100.0)
    assert store.forget(50.0) == 1
    assert [(run.started, run.last_alive) for run in store.read().runs] == [(50.0, 100.0)]


def test_nobody_knows_how_long_an_interrupted_visit_lasted(store):
    tell(store, Kind.VISIT_STARTED, 5.0, visit='a-1')
    tell(store, Kind.HELD_FIRE, 7.0, visit='a-1', rules=['armed'])
    tell(store, Kind.VISIT_STARTED, 90.0, visit='b-1')
    tell(store, Kind.VISIT_ENDED, 95.0, visit='b-1', outcome='left', last_seen=93.0)
    dead, whole = store.read().visits
    assert (dead.ended, dead.last_seen, stay(dead)) == (7.0, None, None)
    assert stay(whole) == 3.0


def test_the_arm_is_known_from_the_start(store):
    tell(store, Kind.VISIT_STARTED, 1.0, arm='hold_out', group='B')
    (visit,) = store.read().visits
    assert (visit.arm, visit.group) == (HOLD_OUT, 'B')


def test_a_file_of_a_newer_version_is_refused(tmp_path):
    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        db.execute(f'PRAGMA user_version = {len(MIGRATIONS) + 1}')
    db.close()
    with pytest.raises(StoreError, match='newer version'):
        SqliteStore(tmp_path)


def test_a_damaged_file_is_one_sentence(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b'no database at all' * 100)
    with pytest.raises(StoreError, match=r'not a database.*Move the file away') as caught:
        SqliteStore(tmp_path)
    assert not caught.value.passing


def test_a_missing_log_is_one_sentence(tmp_path):
    with pytest.raises(StoreError, match='There is no incident log'):
        SqliteStore(tmp_path, create=False)


def test_the_folder_of_several_robots_leads_to_theirs(tmp_path):
    for robot in ('robot2', 'robot1'):
        SqliteStore(tmp_path / robot).close()
    with pytest.raises(StoreError) as told:
        SqliteStore(tmp_path, create=False)
    assert f'such as {tmp_path}/robot1, {tmp_path}/robot2.' in str(told.value)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / 'file').write_text('')
    with pytest.raises(StoreError, match='cannot be made'):
        SqliteStore(tmp_path / 'file' / 'folder')


def _write_until_killed(folder, pipe, start):
    """Body of a child process: incidents one after the other, each told once it is recorded."""
    with SqliteStore(folder) as store:
        store.start_run(float(start), {})
        for number in range(start, start + 10_000):
            tell(store, Kind.VISIT_STARTED, float(number), visit=str(number))
            tell(store, Kind.DECISION, float(number), visit=str(number), deterrent='bark')
            tell(store, Kind.VISIT_ENDED, float(number), visit=str(number), outcome='left')
            os.write(pipe, f'{number}\n'.encode())


def test_a_hundred_kills_lose_no_finished_incident_and_leave_a_sound_file(tmp_path):
    chance = random.Random(1)
    SqliteStore(tmp_path).close()
    told = set()
    for kill in range(100):
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _write_until_killed(tmp_path, writing, kill * 10_000)
            os._exit(0)
        os.close(writing)
        first = os.read(reading, 4096)  # it has recorded something: now any moment will do
        time.sleep(chance.uniform(0.0, 0.03))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with os.fdopen(reading, 'rb') as rest:
            told.update((first + rest.read()).decode().split())

    with sqlite3.connect(tmp_path / FILE_NAME) as db:
        assert db.execute('PRAGMA integrity_check').fetchall() == [('ok',)]
        assert db.execute('PRAGMA foreign_key_check').fetchall() == []
        finished = {row[0] for row in db.execute("SELECT id FROM visits WHERE outcome = 'left'")}
        decided = {row[0] for row in db.execute('SELECT visit_id FROM decisions')}
    db.close()
    assert len(told) >= 100
    assert told <= finished <= decided


def test_a_second_recorder_is_turned_away_and_ends_no_visit_of_the_first(store, tmp_path):
    tell(store, Kind.VISIT_STARTED, 5.0)
    with SqliteStore(tmp_path) as second, pytest.raises(StoreError, match='already records into'):
        second.start_run(6.0, {})
    assert store.read().visits[0].ended is None


def test_a_lock_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / lock.FILE_NAME).mkdir()
    with pytest.raises(StoreError, match='cannot be written'):
        lock.check(tmp_path)


def test_a_folder_is_free_again_when_its_recorder_has_ended(tmp_path):
    lock.check(tmp_path)
    assert not list(tmp_path.iterdir())
    with SqliteStore(tmp_path) as store:
        store.start_run(0.0, {})
        with pytest.raises(StoreError, match='another --folder'):
            lock.check(tmp_path)
    lock.check(tmp_path)


def test_a_run_that_the_disk_does_not_take_leaves_the_folder_free(tmp_path, monkeypatch):
    SqliteStore(tmp_path).close()
    opened = connection.to_write

    def full(path):
        db = opened(path)
        db.execute('PRAGMA max_page_count = 1')  # as few as there are: the next one is too many
        return db

    with monkeypatch.context() as patch, pytest.raises(StoreError, match='full') as caught:
        patch.setattr(connection, 'to_write', full)
        SqliteStore.for_run(tmp_path, 0.0, {'note': 'x' * 20_000})
    assert caught.value.passing
    SqliteStore.for_run(tmp_path, 0.0, {}).close()


def test_a_folder_without_permission_is_no_full_disk(tmp_path, monkeypatch):
    monkeypatch.setattr(os, 'access', lambda *_: False)
    with pytest.raises(StoreError, match='no permission') as caught:
        SqliteStore(tmp_path)
    assert not caught.value.passing


@pytest.mark.parametrize('make', [lock.claim, lambda folder: SqliteStore(folder / 'new')])
@pytest.mark.parametrize(('number', 'passing'), [(errno.ENOSPC, True), (errno.EACCES, False)])
def test_a_full_disk_may_pass_also_before_there_is_a_log(
    tmp_path, monkeypatch, make, number, passing
):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(Path, 'open', refuse)
    monkeypatch.setattr(Path, 'mkdir', refuse)
    with pytest.raises(StoreError) as caught:
        make(tmp_path)
    assert caught.value.passing == passing
