"""How the file of the incident log is opened: to write, or to read where nothing can be written."""

import os
import shutil
import sqlite3
from pathlib import Path
from tempfile import TemporaryDirectory

# How long a writer waits for another process that has the file open, s.
_BUSY_TIMEOUT = 5.0


def is_read_only(path: Path) -> bool:
    """Whether ``path``, which is there, or what SQLite lays beside it cannot be written."""
    return not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def to_write(path: Path) -> sqlite3.Connection:
    """Open the file, made if it is missing; raises sqlite3.Error."""
    # The recorder's disk thread uses the store that the node made; never two at once.
    db = sqlite3.connect(path, timeout=_BUSY_TIMEOUT, isolation_level=None, check_same_thread=False)
    try:
        for pragma in ('journal_mode = WAL', 'synchronous = FULL', 'foreign_keys = ON'):
            db.execute(f'PRAGMA {pragma}')
    except sqlite3.Error:
        db.close()
        raise
    return db


def to_read(path: Path, version: int) -> tuple[sqlite3.Connection, TemporaryDirectory[str] | None]:
    """Open the file of a folder that is read-only, as a file of ``version``.

    Raises sqlite3.Error or OSError. Returns the connection, and where there is one the copy that it
    reads: SQLite lays files beside one with a write-ahead log, unless a recorder of another user,
    which may be at work, has done so.
    """
    if path.with_name(path.name + '-shm').exists():
        db = sqlite3.connect(f'{path.absolute().as_uri()}?mode=ro', uri=True, isolation_level=None)
        try:
            if db.execute('PRAGMA user_version').fetchone()[0] == version:
                return db, None
        except sqlite3.OperationalError:
            pass  # what that recorder left when it was killed
        db.close()
    copy = TemporaryDirectory(prefix='sentinel-')
    for file in (path, path.with_name(path.name + '-wal')):
        if file.exists():
            shutil.copyfile(file, Path(copy.name) / file.name)
    return to_write(Path(copy.name) / path.name), copy
