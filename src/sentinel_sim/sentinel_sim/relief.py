"""How high the ground of the garden is: level, or with a bank at the back and a mound on the lawn.

Beds, pond, shed and side fences stand on level ground; whatever stands on the lawn follows it.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from .layout import BACK

Array = npt.NDArray[np.float64]

# The bank before the back fence: how high, and where (x, m) it begins and ends. Its steepest part
# is 14 degrees, about what the gait still climbs at half its speed (see the benchmark ``walking``).
BANK_HEIGHT, _FOOT, _TOP = 0.22, 3.9, 5.3

# The bank runs out to both sides, where pond and shed are, between these distances from the middle.
_LEVEL_FROM, _FULL_UNTIL = 3.0, 1.6

# A mound in the middle of the lawn: place, how high, how wide (standard deviation), m.
MOUND, _MOUND_HEIGHT, _MOUND_WIDTH = (1.0, -0.5), 0.07, 0.35

# Where animals come from, behind the fence, is as high as the fence's foot.
_RUN_OUT = BACK + 2.0


def height(x: Any, y: Any, slopes: float) -> Array:
    """Height of the ground at ``x``, ``y`` (m in the map, any shape), m; ``slopes`` 0..1."""
    x, y = np.asarray(x, float), np.asarray(y, float)
    bank = BANK_HEIGHT * _smooth((x - _FOOT) / (_TOP - _FOOT))
    bank = bank * _smooth((_LEVEL_FROM - np.abs(y)) / (_LEVEL_FROM - _FULL_UNTIL))
    bank = bank * _smooth((_RUN_OUT - x) / 0.3)
    away = ((x - MOUND[0]) ** 2 + (y - MOUND[1]) ** 2) / (2 * _MOUND_WIDTH**2)
    ground: Array = slopes * (bank + _MOUND_HEIGHT * np.exp(-away))
    return ground


def pitch(x: float, y: float, yaw: float, slopes: float) -> float:
    """Pitch of who stands there looking along ``yaw``, rad; uphill is negative (nose up)."""
    step = 0.1
    dx, dy = step * np.cos(yaw), step * np.sin(yaw)
    before, behind = height(x + dx, y + dy, slopes), height(x - dx, y - dy, slopes)
    return -float(np.arctan2(before - behind, 2 * step))


def _smooth(t: Array) -> Array:
    t = np.clip(t, 0.0, 1.0)
    return t * t * (3 - 2 * t)
