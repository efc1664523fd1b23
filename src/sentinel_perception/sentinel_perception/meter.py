"""How fast the detector is, for diagnostics."""

import statistics
from collections import deque

# Pictures and seconds over which speed is reported.
_WINDOW, _RECENT = 100, 10.0


class Meter:
    """Counts pictures and times their processing; ``now`` is seconds of a steady clock."""

    def __init__(self) -> None:
        self.received = self.skipped = self.unusable = 0
        self._milliseconds: deque[float] = deque(maxlen=_WINDOW)
        self._times: deque[float] = deque(maxlen=_WINDOW)

    def processed(self, now: float, seconds: float) -> None:
        """Note a picture that was done at ``now`` and took ``seconds``."""
        self._times.append(now)
        self._milliseconds.append(seconds * 1000)

    def idle(self, now: float) -> float:
        """Seconds since the last picture that was processed, infinite before the first."""
        return now - self._times[-1] if self._times else float('inf')

    def figures(self, now: float) -> dict[str, object]:
        """Counts, pictures per second and milliseconds per picture."""
        recent = [t for t in list(self._times) if now - t < _RECENT]
        values: dict[str, object] = {
            'received': self.received,
            'skipped': self.skipped,
            'unusable': self.unusable,
            'fps': round(len(recent) / max(now - recent[0], 1.0), 1) if recent else 0.0,
        }
        milliseconds = list(self._milliseconds)
        if milliseconds:
            values['ms'] = round(statistics.median(milliseconds), 1)
            values['ms_worst'] = round(max(milliseconds), 1)
        return values
