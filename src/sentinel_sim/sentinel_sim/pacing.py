"""Keeps simulated time in step with real time, and says when something periodic is due."""


class Pacer:
    """How much to simulate now.

    ``speed`` is simulated per real seconds. A machine that cannot keep up makes the simulation
    slower, never jumpy: what is more than ``patience`` s behind is given up and counted in ``lost``
    (s).
    """

    def __init__(self, step: float, speed: float = 1.0, patience: float = 0.25) -> None:
        self._step = step
        self._speed = speed
        self._patience = patience
        self._last: float | None = None
        self._owed = 0.0
        self.lost = 0.0

    def due(self, now: float) -> int:
        """Return the number of steps to make at steady time ``now`` (s)."""
        if self._last is None:
            self._last = now
        self._owed += (now - self._last) * self._speed
        self._last = now
        if self._owed > self._patience:
            self.lost += self._owed - self._patience
            self._owed = self._patience
        steps = int(self._owed / self._step + 1e-9)
        self._owed -= steps * self._step
        return steps


class Every:
    """Says whether something that happens ``rate`` times per simulated second is due.

    A rate of 0 is never. A time that goes back, as by a reset of the simulation, begins anew.
    """

    def __init__(self, rate: float) -> None:
        self._period = 1 / rate if rate > 0 else None
        self._next = 0.0

    def due(self, time: float) -> bool:
        """Say whether it is due at simulated ``time`` (s); it is then taken as done."""
        if self._period is None:
            return False
        if time < self._next - self._period - 1e-9:  # earlier than when it last was
            self._next = time
        if time < self._next - 1e-9:
            return False
        self._next += self._period
        if self._next <= time:  # what was missed is not made up for
            self._next = time + self._period
        return True
