"""Reads a source in a thread of its own and hands over the newest picture only."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from sentinel_common.clock import Clock, SteadyClock

from ..detector.port import Pixels
from .sources import Source, SourceError, next_picture

# Pause before a lost camera or stream is tried again, s; doubled up to the second figure.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0

# A picture of a live source that comes up to this share of the period too early is taken: the
# pictures of a camera jitter, and one in two would be lost where it is as fast as it should be.
_EARLY = 0.25


@dataclass(frozen=True)
class Captured:
    """A picture and the time, s, that ``now`` gave when it was taken."""

    picture: Pixels
    stamp: float


class Capture:
    """Runs a source until it ends or is stopped.

    ``now`` gives the capture time in seconds and ``notify`` is called, both in the thread of the
    source, after a new picture, at the end and after a loss. ``rate`` is in pictures per second, 0
    means the source's own pace. Sources that are not live are slowed down to it, unless ``paced``
    is false: then they are read as fast as possible. A live source is always read at once, because
    it would keep what nobody reads, and what comes too early is left out. Each picture of a source
    without a pace of its own is repeated for ``hold`` seconds.
    """

    def __init__(
        self,
        source: Source,
        *,
        now: Callable[[], float],
        notify: Callable[[], None],
        rate: float = 0.0,
        paced: bool = True,
        hold: float = 0.0,
        loop: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self._source = source
        self._now = now
        self._notify = notify
        self._loop = loop
        self._clock = clock or SteadyClock()
        # Folders have no pace; ten pictures per second is what the pipeline is made for.
        self._rate = rate or source.rate or 10.0
        if source.live:
            self._period = 1.0 / rate if rate else 0.0
        else:
            self._period = 1.0 / self._rate if paced else 0.0
        self._repeats = 1 if source.rate or source.live else max(1, round(hold * self._rate))
        self._newest: Captured | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._taken = threading.Event()
        self._taken.set()
        self._thread = threading.Thread(target=self._run, name='capture', daemon=True)
        self.captured = self.skipped = 0
        # Why there is no picture now, or None.
        self.trouble: SourceError | None = None
        self.ended = False

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self, patience: float = 1.0) -> None:
        """End; waits at most ``patience`` seconds, for a dead stream may hold the thread."""
        self._stopping.set()
        self._taken.set()
        if self._thread.is_alive():
            self._thread.join(patience)

    def take(self) -> Captured | None:
        """Return the newest picture, None if it was taken before."""
        with self._lock:
            newest, self._newest = self._newest, None
        self._taken.set()
        return newest

    @property
    def unreadable(self) -> int:
        """Pictures left out because they could not be decoded."""
        return self._source.unreadable

    def _run(self) -> None:
        pause, due = _FIRST_PAUSE, self._clock.now()
        try:
            while not self._stopping.is_set():
                try:
                    picture = next_picture(self._source)
                except SourceError as error:
                    self.trouble = error
                    self._notify()
                    if not self._source.live:
                        return
                    self._stopping.wait(pause)
                    pause = min(pause * 2, _LONGEST_PAUSE)
                    continue
                if picture is None:
                    if not self._loop:
                        return
                    self._source.rewind()
                    continue
                self.trouble, pause = None, _FIRST_PAUSE
                if self._source.live:
                    due = self._put_if_due(picture, due)
                    continue
                for _ in range(self._repeats):
                    if self._stopping.is_set():
                        return
                    due = self._wait_until(due)
                    self._put(picture)
        finally:
            self._source.close()
            self.ended = True
            self._notify()

    def _put_if_due(self, picture: Pixels, due: float) -> float:
        """Hand over or leave out a picture that came just now; return when the next one is due."""
        if self._clock.now() < due - _EARLY * self._period:
            with self._lock:
                self.skipped += 1
            return due
        self._put(picture)
        return self._after(due)

    def _wait_until(self, due: float) -> float:
        """Wait for the pace; return when the next picture is due."""
        if self._period:
            self._stopping.wait(max(0.0, due - self._clock.now()))
            return self._after(due)
        # As fast as possible means as fast as pictures are taken, without losing one.
        self._taken.wait()
        self._taken.clear()
        return due

    def _after(self, due: float) -> float:
        """When the next picture is due; what is late is not caught up with."""
        return max(due, self._clock.now() - self._period) + self._period

    def _put(self, picture: Pixels) -> None:
        with self._lock:
            self.skipped += self._newest is not None
            self._newest = Captured(picture, self._now())
            self.captured += 1
        self._notify()
