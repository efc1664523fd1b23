"""How long something went on within the last hour."""

from collections import deque

HOUR = 3600.0


class HourlyUse:
    """Spans of time, s of one steady clock."""

    def __init__(self) -> None:
        self._spans: deque[tuple[float, float]] = deque()

    def add(self, start: float, end: float) -> None:
        """It went on from ``start`` to ``end``."""
        if end > start:
            self._spans.append((start, end))

    def used(self, now: float) -> float:
        """Seconds of it since an hour ago."""
        since = now - HOUR
        while self._spans and self._spans[0][1] <= since:
            self._spans.popleft()
        return sum((end - max(start, since) for start, end in self._spans), 0.0)
