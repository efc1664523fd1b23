"""The one thread that touches the disk, and what happens when the disk does not want to."""

import math
import os
import queue
import shutil
import threading
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from sentinel_common.errors import SentinelError

from .port import StoreError

# Unsaved incidents kept while the disk is full; a garden has a few hundred in a night.
_WAITING = 10_000

# How often unsaved incidents are tried again and the free space is looked at, s.
_RETRY = 1.0

# How long a disk may be busy with one thing before that is trouble, s.
_HANGS = 10.0

# How long the stop sequence waits for the disk, s.
_LAST_WORDS = 5.0

# How long somebody who asked waits for the disk, s; pictures that wait are written in far less.
_PATIENCE = 2.0


class Disk:
    """Runs jobs in order in a thread of its own, which no job can end.

    On a full disk files are given up and incidents wait in memory. ``complain`` takes one sentence
    for the operator whenever the trouble changes; '' means that it is over. A disk that hangs is
    told by whoever calls ``tell``.
    """

    def __init__(self, folder: Path, *, min_free: float, complain: Callable[[str], None]) -> None:
        self._folder, self._min_free, self._complain = folder, min_free, complain
        self._jobs: queue.SimpleQueue[Callable[[], object] | None] = queue.SimpleQueue()
        self._unsaved: deque[Callable[[], None]] = deque()
        self._lost = 0
        self._full = self._log_trouble = self._file_trouble = self._told = ''
        self._looked = 0.0
        self._busy_since = math.inf
        self._thread = threading.Thread(target=self._work, name='recorder-disk', daemon=True)
        self._thread.start()

    @property
    def trouble(self) -> str:
        """One sentence that says what is wrong, or ''."""
        lost = f'{self._lost} incidents are lost: too many waited.' if self._lost else ''
        hangs = (
            f'The disk of {self._folder} does not answer: no pictures are kept.'
            if time.monotonic() - self._busy_since > _HANGS
            else ''
        )
        now = hangs or self._log_trouble or self._full or self._file_trouble
        return ' '.join(filter(None, (lost, now)))

    @property
    def unsaved(self) -> int:
        """Number of incidents that wait for the disk."""
        return len(self._unsaved)

    @property
    def backlog(self) -> int:
        """Number of jobs that wait."""
        return self._jobs.qsize()

    def do(self, job: Callable[[], object]) -> None:
        """Run ``job`` in the thread, after those before it."""
        self._jobs.put(job)

    def save(self, operation: Callable[[], None]) -> None:
        """Run an operation of the store in the thread, again and again until the store takes it."""
        if threading.current_thread() is self._thread:
            self._wait(operation)  # from within a job: the last one has no successor
        else:
            self._jobs.put(lambda: self._wait(operation))

    def _wait(self, operation: Callable[[], None]) -> None:
        if len(self._unsaved) < _WAITING:
            self._unsaved.append(operation)
        else:
            self._lost += 1

    def ask(self, operation: Callable[[], None]) -> str:
        """Run an operation of the store in the thread and wait for it; '' or why it failed."""
        answer: queue.SimpleQueue[str] = queue.SimpleQueue()

        def job() -> None:
            try:
                operation()
            except Exception as error:
                answer.put(_said(error))
                if not isinstance(error, StoreError):  # a mark that does not exist is no trouble
                    raise
            else:
                answer.put('')

        self._jobs.put(job)
        try:
            return answer.get(timeout=_PATIENCE)
        except queue.Empty:
            return 'The disk does not answer.'

    def write(self, path: Path, data: bytes) -> bool:
        """Write a file, from within a job, whole or not at all; say whether it is there.

        It is still there after a power cut, so a row about it may follow.
        """
        if self._full:
            return False
        part = path.with_name(path.name + '.part')
        try:
            path.parent.mkdir(exist_ok=True)
            with part.open('wb') as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(part, path)
            _sync(path.parent)
        except OSError as error:
            part.unlink(missing_ok=True)
            self._file_trouble = f'{path} cannot be written: {error.strerror}.'
            return False
        self._file_trouble = ''
        return True

    def tell(self) -> None:
        """Complain where the trouble has changed."""
        trouble = self.trouble
        if trouble != self._told:
            self._told = trouble
            self._complain(trouble)

    def stop(self) -> bool:
        """Do what waits and end; return False where the disk took too long or refused incidents."""
        self._jobs.put(None)
        self._thread.join(_LAST_WORDS)
        return not self._thread.is_alive() and not self._unsaved

    def _work(self) -> None:
        job: Callable[[], object] | None = self._look_at_space
        while job is not None:
            self._busy_since = time.monotonic()
            if time.monotonic() - self._looked >= _RETRY:  # however many jobs there are
                self._look_at_space()
            try:
                job()
            except Exception as error:  # this thread must outlive a bad picture, whatever is bad
                self._file_trouble = f'Something could not be kept: {_said(error)}'
            self._flush()
            self._busy_since = math.inf
            self.tell()
            try:
                job = self._jobs.get(timeout=_RETRY)
            except queue.Empty:
                job = self._look_at_space
        self._flush()

    def _look_at_space(self) -> None:
        self._looked = time.monotonic()
        try:
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            self._full = f'The folder {self._folder} is gone: {error.strerror}.'
            return
        self._full = (
            f'Only {free / 1e6:.0f} MB are free in {self._folder}: no pictures are kept below '
            f'{self._min_free / 1e6:.0f} MB.'
            if free < self._min_free
            else ''
        )

    def _flush(self) -> None:
        while self._unsaved:
            self._busy_since = time.monotonic()
            try:
                self._unsaved[0]()
            except StoreError as error:
                self._log_trouble = str(error)
                if error.passing:
                    return
            except Exception as error:
                self._log_trouble = f'Something could not be kept or deleted: {_said(error)}'
            else:
                self._log_trouble = ''
            self._unsaved.popleft()


def _sync(folder: Path) -> None:
    """Bring the names of a folder's files to the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _said(error: Exception) -> str:
    """What went wrong, in a sentence; with its type where nobody thought of it."""
    return str(error) if isinstance(error, SentinelError) else f'{type(error).__name__}: {error}.'
