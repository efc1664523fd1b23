"""Time comes in from outside: the core never reads a clock of its own."""

import time
from typing import Protocol


class Clock(Protocol):
    """A source of seconds that never runs backwards."""

    def now(self) -> float:
        """Return seconds since an arbitrary start."""
        ...


class SteadyClock:
    """The machine's monotonic clock."""

    def now(self) -> float:
        """Return seconds of ``time.monotonic``."""
        return time.monotonic()


class ManualClock:
    """A clock that moves only when it is told to: for tests and for lock-step simulation."""

    def __init__(self, start: float = 0.0) -> None:
        self._now = start

    def now(self) -> float:
        """Return the time that was set last."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by ``seconds``; raise ValueError where that would go backwards."""
        if seconds < 0:
            raise ValueError(f'a clock cannot go back by {-seconds} s')
        self._now += seconds
