"""Figures of a series of measurements."""

from collections.abc import Sequence
from typing import Any

import numpy as np


def summary(values: Sequence[float], limit: float | None = None) -> dict[str, Any]:
    """Number, median, high percentiles and maximum of ``values``; against a ``limit`` if any."""
    if not values:
        return {'n': 0}
    figures: dict[str, Any] = {'n': len(values), 'max': float(np.max(values))}
    for percent in (50, 95, 99):
        figures[f'p{percent}'] = float(np.percentile(values, percent))
    if limit is not None:
        figures['limit'] = limit
        figures['beyond_limit'] = int(np.sum(np.asarray(values) > limit))
        figures['holds_at_p99'] = bool(figures['p99'] <= limit)
    return figures
