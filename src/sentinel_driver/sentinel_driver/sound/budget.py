"""How much sound was made within the last hour. Core; times in s of one steady clock."""

from collections import deque

_HOUR = 3600.0


class HourlyBudget:
    """Seconds of sound allowed in any sixty minutes."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self._made: deque[tuple[float, float]] = deque()

    def add(self, start: float, end: float) -> None:
        """Remember that it sounded from ``start`` to ``end``."""
        if end > start:
            self._made.append((start, end))

    def used(self, now: float) -> float:
        """Seconds of sound since an hour ago."""
        since = now - _HOUR
        while self._made and self._made[0][1] <= since:
            self._made.popleft()
        return sum((end - max(start, since) for start, end in self._made), 0.0)

    def left(self, now: float) -> float:
        """Seconds that may still sound now."""
        return max(0.0, self.limit - self.used(now))
