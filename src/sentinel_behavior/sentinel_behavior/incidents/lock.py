"""One recorder per folder: a second one would end the visits of the first as interrupted."""

import fcntl
from pathlib import Path
from typing import IO

from .port import FULL, StoreError

FILE_NAME = 'incidents.lock'


def claim(folder: Path) -> IO[str]:
    """Be the only one who records into ``folder`` until the file is closed or the process dies.

    Raises StoreError where somebody else does.
    """
    path = folder / FILE_NAME
    try:
        file = path.open('w')
    except OSError as error:
        raise StoreError(
            f'{path} cannot be written: {error.strerror}.',
            'Did another user start the sentinel here? Give it a folder that is yours.',
            passing=error.errno in FULL,
        ) from error
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise StoreError(
            f'Another sentinel already records into {folder}.',
            'End that one, or give this one another --folder or --namespace.',
        ) from None
    return file


def check(folder: Path) -> None:
    """Raise StoreError where somebody records into ``folder``; leaves nothing behind."""
    if (folder / FILE_NAME).exists():
        claim(folder).close()
