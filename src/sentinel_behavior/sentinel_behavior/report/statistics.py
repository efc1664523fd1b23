"""The few statistics that a garden's small numbers allow, always with an interval."""

import math
from collections.abc import Sequence

import numpy as np

# Two-sided 95 % of a standard normal distribution.
Z_95 = 1.959964


def wilson(successes: int, trials: int, z: float = Z_95) -> tuple[float, float]:
    """Interval of a proportion (E. B. Wilson, 1927); ``(0, 1)`` where nothing was tried."""
    if not trials:
        return 0.0, 1.0
    p = successes / trials
    middle = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(p * (1 - p) / trials + (z / (2 * trials)) ** 2)
    return max(0.0, middle - half), min(1.0, middle + half)


def bins(values: Sequence[float], count: int) -> list[tuple[float, float, int]]:
    """Histogram of ``values`` (at least one) as (from, to, how many), from 0 to a round figure."""
    top = max(values)
    step = _round_up(top / count) if top > 0 else 1.0
    counts, edges = np.histogram(values, bins=np.arange(math.ceil(top / step) + 1) * step)
    return [
        (float(a), float(b), int(n)) for a, b, n in zip(edges[:-1], edges[1:], counts, strict=True)
    ]


def _round_up(value: float) -> float:
    """Return the next of 1, 2, 2.5, 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(value))
    return next(f * power for f in (1, 2, 2.5, 5, 10) if f * power >= value * (1 - 1e-9))


def ticks(length: float, most: int = 6) -> list[float]:
    """Round marks from 0 to at most ``length``, no more than about ``most``."""
    if length <= 0:
        return [0.0]
    step = _round_up(length / most)
    return [float(i * step) for i in range(int(length / step + 1e-9) + 1)]
