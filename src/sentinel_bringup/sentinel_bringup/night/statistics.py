"""Intervals without assumptions about the shape of what is measured."""

from collections.abc import Sequence

import numpy as np

# Resamples of a bootstrap: the third digit of a percentile no longer moves.
RESAMPLES = 2000


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """Mean of ``values`` and the 95 % percentile-bootstrap interval around it."""
    data = np.asarray(values, dtype=float)
    index = np.random.default_rng(0).integers(len(data), size=(RESAMPLES, len(data)))
    low, high = np.percentile(data[index].mean(axis=1), (2.5, 97.5))
    return float(data.mean()), float(low), float(high)


def ratio(values: Sequence[float], baseline: Sequence[float]) -> tuple[float, float, float] | None:
    """Mean of ``values`` over mean of ``baseline``, resampled in pairs, with its 95 % interval.

    None where the baseline is nothing in some resample, so that there is no ratio to it.
    """
    a, b = np.asarray(values, dtype=float), np.asarray(baseline, dtype=float)
    index = np.random.default_rng(0).integers(len(a), size=(RESAMPLES, len(a)))
    below = b[index].mean(axis=1)
    if not below.all():
        return None
    low, high = np.percentile(a[index].mean(axis=1) / below, (2.5, 97.5))
    return float(a.mean() / b.mean()), float(low), float(high)


def share(hits: int, trials: int) -> tuple[float, float, float]:
    """Share of ``hits`` and its 95 % Clopper-Pearson interval (exact, also for none)."""
    from scipy.stats import beta

    low = float(beta.ppf(0.025, hits, trials - hits + 1)) if hits else 0.0
    high = float(beta.ppf(0.975, hits + 1, trials - hits)) if hits < trials else 1.0
    return hits / trials, low, high


def excludes_zero(a: Sequence[float], b: Sequence[float]) -> bool:
    """Whether the 95 % Welch interval of the difference of two means excludes zero."""
    from scipy.stats import ttest_ind

    if len(a) < 2 or len(b) < 2:
        return False
    return bool(ttest_ind(a, b, equal_var=False).pvalue < 0.05)
