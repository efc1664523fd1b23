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
