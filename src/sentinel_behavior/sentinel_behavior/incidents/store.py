"""Where incidents are kept: SQLite behind the port.

One transaction per incident, a write-ahead log, and a flush to the disk at each commit: whatever
``record`` returned from is there after a power cut, and a process that is killed at any moment
leaves a sound file.
"""

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Self

from . import connection, lock
from .model import Incident, Kind, Log, Picture, Sound
from .port import FULL, StoreError
from .reading import read_log
from .schema import MIGRATIONS
from .writers import WRITERS, as_json, interrupt

FILE_NAME = 'incidents.sqlite3'

_CURE = 'Set the parameter folder of the recorder to a place that can be written.'

# So many folders with a log are named, where one without is given: those of a run's robots.
_NAMED = 3

# No animal stays longer, s.
_LONGEST_VISIT = 86_400.0

# A clock that is ahead must not delete a season. How far it may be beyond what it said so much
# listening ago, s: time enough for a person to see it, and longer than a garden is left alone in
# summer.
_LEAP, _PROOF = 30 * 86_400.0, 86_400.0


class SqliteStore:
    """The incident log in ``folder/incidents.sqlite3``; also a context manager.

    Raises StoreError with one sentence where the folder cannot be written, the file is damaged, or
    a newer version wrote it. With ``create=False`` a missing file is an error too, and one that is
    read-only can be read.
    """

    def __init__(self, folder: Path, *, create: bool = True) -> None:
        self.path = folder / FILE_NAME
        self._run: int | None = None
        self._lock: IO[str] | None = None
        if not create and not self.path.is_file():
            below = [str(log.parent) for log in sorted(folder.glob(f'*/{FILE_NAME}'))]
            such = ', '.join(below[:_NAMED]) or 'that of a demo run'
            raise StoreError(
                f'There is no incident log in {folder}.',
                f'Give the folder that the recorder wrote, such as {such}.',
            )
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f'The folder {folder} cannot be made: {error.strerror}.',
                _CURE,
                passing=error.errno in FULL,
            ) from error
        for place in (folder, self.path):
            if create and place.exists() and not os.access(place, os.W_OK):
                raise StoreError(f'{place} cannot be written: no permission.', _CURE)
        self._copy: TemporaryDirectory[str] | None = None
        with self._explained():
            if not create and connection.is_read_only(self.path):
                self._db, self._copy = connection.to_read(self.path, len(MIGRATIONS))
            else:
                self._db = connection.to_write(self.path)
            try:
                self._migrate()
            except (sqlite3.Error, StoreError):
                self.close()  # or a half-made file stays locked
                raise
            if self._copy is not None:
                self._db.execute('PRAGMA query_only = ON')  # a change would be lost

    @classmethod
    def for_run(cls, folder: Path, now: float, info: Mapping[str, Any]) -> Self:
        """Open the log and ``start_run``; where that fails, nothing stays open or locked."""
        store = cls(folder)
        try:
            store.start_run(now, info)
        except StoreError:
            store.close()
            raise
        return store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; a second call does nothing."""
        self._db.close()
        if self._copy is not None:
            self._copy.cleanup()
        if self._lock is not None:
            self._lock.close()

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, OSError) as error:
            # Locked, full, read-only or not readable; damage and wrong values are other classes.
            passing = isinstance(error, sqlite3.OperationalError | OSError)
            raise StoreError(
                f'The incident log {self.path} cannot be used: {error}.',
                'Is the disk full or the folder read-only?'
                if passing
                else 'Move the file away; a new one is made at the next start.',
                passing=passing,
            ) from error

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._explained():
            self._db.execute('BEGIN IMMEDIATE')
            try:
                yield self._db
                self._db.execute('COMMIT')
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute('ROLLBACK')
                raise

    def _migrate(self) -> None:
        version: int = self._db.execute('PRAGMA user_version').fetchone()[0]
        if version > len(MIGRATIONS):
            raise StoreError(
                f'The incident log {self.path} was written by a newer version ({version}).',
                'Update the sentinel.',
            )
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            self._db.executescript(
                f'BEGIN IMMEDIATE; {script}; PRAGMA user_version = {number}; COMMIT;'
            )

    def start_run(self, now: float, info: Mapping[str, Any]) -> None:
        """Begin to listen at ``now`` (s); end as interrupted what an earlier process left open.

        Raises StoreError where another process listens and writes into this folder.
        """
        self._lock = self._lock or lock.claim(self.path.parent)
        with self._transaction() as db:
            interrupt(db, but='')
            cursor = db.execute(
                'INSERT INTO runs (started, last_alive, info) VALUES (?, ?, ?)',
                (now, now, as_json(info)),
            )
            self._run = cursor.lastrowid

    def alive(self, now: float, again: bool = False) -> None:
        """Note that the recorder still listens at ``now`` (s).

        ``again``: what lies between the last time and ``now`` was not listened to, as the clock was
        set or the computer slept; a further stretch of the run begins.
        """
        with self._transaction() as db:
            if again:
                self._run = db.execute(
                    'INSERT INTO runs (started, last_alive, info) SELECT ?, ?, info FROM runs'
                    ' WHERE id = ?',
                    (now, now, self._run),
                ).lastrowid
            db.execute('UPDATE runs SET last_alive = ? WHERE id = ?', (now, self._run))

    def record(self, incident: Incident, told: float) -> None:
        """Keep ``incident``, which was heard of at ``told`` (s, ROS time), in one transaction."""
        if not incident.visit_id and incident.kind != Kind.HELD_FIRE:
            raise StoreError(f'An incident of kind {incident.kind.name} names no visit.')
        with self._transaction() as db:
            if incident.visit_id:
                self._meet(db, incident)
            WRITERS[incident.kind](db, incident, told)

    def mark(self, visit_id: str, false_alarm: bool, note: str = '') -> None:
        """Say that a visit was a false alarm, or take that back; StoreError where there is none.

        A second mark without a note keeps that of the first.
        """
        with self._transaction() as db:
            cursor = db.execute(
                'UPDATE visits SET note = CASE WHEN false_alarm AND :marked AND length(:note) = 0'
                ' THEN note ELSE :note END, false_alarm = :marked WHERE id = :visit',
                {'marked': int(false_alarm), 'note': note, 'visit': visit_id},
            )
            if cursor.rowcount == 0:
                raise StoreError(
                    f'There is no visit {visit_id!r} in {self.path}.', 'The report lists them.'
                )

    def _meet(self, db: sqlite3.Connection, incident: Incident) -> None:
        """Make the visit if it is new: the recorder may have missed its start.

        With the first visit of a brain, those that one before left open when it died are over.
        """
        if self._run is None:
            raise StoreError('Incidents are recorded within a run.', 'Call start_run first.')
        cursor = db.execute(
            'INSERT OR IGNORE INTO visits (id, run_id, track_id, species, probability, started)'
            ' VALUES (?, ?, ?, ?, ?, ?)',
            (
                incident.visit_id,
                self._run,
                incident.track_id,
                incident.species,
                incident.probability,
                incident.stamp,
            ),
        )
        if cursor.rowcount:
            interrupt(db, but=incident.visit_id)

    def add_picture(self, picture: Picture) -> None:
        """Keep what is known of a picture that lies beside the file already."""
        with self._transaction() as db:
            db.execute(
                'INSERT OR REPLACE INTO pictures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
                (
                    picture.path,
                    picture.visit_id or None,
                    picture.track_id,
                    picture.stamp,
                    picture.kind,
                    picture.why,
                    picture.x,
                    picture.y,
                    picture.width,
                    picture.height,
                    json.dumps([dict(box) for box in picture.boxes], separators=(',', ':')),
                ),
            )

    def add_sound(self, sound: Sound) -> None:
        """Keep that a sound was made."""
        with self._transaction() as db:
            db.execute(
                'INSERT INTO sounds (started, seconds, name, volume) VALUES (?, ?, ?, ?)',
                (sound.started, sound.seconds, sound.name, sound.volume),
            )

    def forget(self, before: float) -> int:
        """Delete what began before ``before`` (s, ROS time); return the number of visits deleted.

        Visits that still last stay; one that began a day earlier lasts no more, though the brain
        that would have told of its end is gone. The pictures' files are the caller's to delete.
        """
        with self._transaction() as db:
            cursor = db.execute(
                'DELETE FROM visits WHERE started < ? AND (ended IS NOT NULL OR started < ?)',
                (before, before - _LONGEST_VISIT),
            )
            db.execute('DELETE FROM holds WHERE stamp < ? AND visit_id IS NULL', (before,))
            db.execute('DELETE FROM pictures WHERE stamp < ? AND visit_id IS NULL', (before,))
            db.execute('DELETE FROM sounds WHERE started < ?', (before,))
            db.execute(
                'DELETE FROM runs WHERE last_alive < ? AND id NOT IN (SELECT run_id FROM visits)'
                ' AND id IS NOT ?',
                (before, self._run),
            )
            # Of that time nothing is known any more, not even that nobody came.
            db.execute(
                'UPDATE runs SET started = max(started, :before) WHERE last_alive >= :before',
                {'before': before},
            )
            return cursor.rowcount

    def believed(self, now: float) -> float:
        """Return ``now`` (s, ROS time), or how much of it may be believed where it is far ahead.

        That is a month beyond what the clock said a day of listening ago: one that leapt, since the
        last run or within one, has to be borne out by a day that is recorded.
        """
        with self._explained():
            runs = self._db.execute('SELECT started, last_alive FROM runs ORDER BY id DESC')
            said, wanted = now, _PROOF
            for started, last_alive in runs:
                said = max(started, last_alive - wanted)
                wanted -= last_alive - started
                if wanted <= 0.0:
                    break
        return min(now, said + _LEAP)

    def picture_paths(self) -> frozenset[str]:
        """Paths of all pictures that the log knows, relative to its folder."""
        with self._explained():
            return frozenset(path for (path,) in self._db.execute('SELECT path FROM pictures'))

    def read(self, since: float = float('-inf'), until: float = float('inf')) -> Log:
        """Return what began in ``since <= t < until`` (s, ROS time), oldest first.

        Of runs it is what lies in that time: of one that goes on all season, a night.
        """
        with self._explained():
            return read_log(self._db, since, until)

    def spans(self) -> list[tuple[float, float]]:
        """Return when each visit began and ended (s, ROS time), oldest first."""
        with self._explained():
            query = 'SELECT started, coalesce(ended, started) FROM visits ORDER BY started'
            return [(float(begin), float(end)) for begin, end in self._db.execute(query)]
