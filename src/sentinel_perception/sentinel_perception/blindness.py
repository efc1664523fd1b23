"""When the camera delivers pictures but shows nothing."""

import numpy as np
import numpy.typing as npt

from .motion import levels

# Brightest spots below this (0..255): a raccoon two metres away would not stand out from the noise.
_DARK = 24

# Spread between dark and bright below this: a cloth, snow or dew on the lens.
_FLAT = 6

# A real sensor is never exactly still for this long, s.
_FROZEN_AFTER = 10.0

# What was twice as bright this short a time ago, s, has lost its lamp: dusk is slower.
_SUDDEN = 3.0


class Blindness:
    """Judges the small grey pictures of the motion gate. Time comes with the pictures."""

    def __init__(self) -> None:
        self._last: npt.NDArray[np.uint8] | None = None
        self._changed = 0.0
        self._lit = -np.inf
        self._dark = ''

    def update(self, luma: npt.NDArray[np.uint8], stamp: float) -> str:
        """Return why nothing can be seen, '' if it can."""
        if self._last is None or not np.array_equal(self._last, luma):
            self._last, self._changed = luma, stamp
        low, high = levels(luma, (0.02, 0.995))
        if high < _DARK:
            sudden = stamp - self._lit < _SUDDEN
            self._dark = self._dark or ('lamp dead or lens covered' if sudden else 'too dark')
            return self._dark
        self._dark = ''
        if high >= 2 * _DARK:
            self._lit = stamp
        if high - low < _FLAT:
            return 'lens covered'
        return 'picture frozen' if stamp - self._changed > _FROZEN_AFTER else ''
