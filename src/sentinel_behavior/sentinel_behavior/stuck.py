"""Whether walking leads anywhere: commanded motion held against fixes of the place."""

import math

from sentinel_common.geometry import Pose

# Over this much commanded walking the place must change, m: fixes scatter by a few centimetres.
_PATH = 1.0

# By this share of it at least, along the commanded way: an open-loop gait slips, but not eight
# steps in ten.
_SHARE = 0.2


class StuckDetector:
    """Compares what was commanded with what somebody saw."""

    def __init__(self) -> None:
        self._last: Pose | None = None
        self._commanded = 0.0
        self._moved = 0.0

    def stuck(self, reckoned: Pose, seen: Pose) -> bool:
        """Whether it walked in vain: a fix says ``seen`` where it reckoned with ``reckoned``."""
        last, self._last = self._last, seen
        if last is None:
            return False
        wanted = reckoned.x - last.x, reckoned.y - last.y
        length = math.hypot(*wanted)
        if not length:
            return False
        self._commanded += length
        self._moved += ((seen.x - last.x) * wanted[0] + (seen.y - last.y) * wanted[1]) / length
        if self._commanded < _PATH:
            return False
        in_vain = self._moved < _SHARE * self._commanded
        self._commanded = self._moved = 0.0
        return in_vain
