"""The few statistics that a garden's small numbers allow, always with an interval."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

# Two-sided 95 % of a standard normal distribution.
Z_95_TWO_SIDED = 1.959964

# Fewer trials than this say nothing about a trend, and fewer visits nothing about a mean.
LEAST_TRIALS = 10
LEAST_ARM = 10

_NEWTON_STEPS = 200
_NEWTON_EXACT = 1e-7  # of the slope's size
_ROUNDING = 1e-9  # of a likelihood's logarithm

_PERMUTATIONS = 2000
_PERMUTATION_SEED = 1
_BISECTIONS = 25
_WIDEST = 20.0  # of an interval, from its middle, in the logarithm of the ratio


def wilson(successes: int, trials: int, z: float = Z_95_TWO_SIDED) -> tuple[float, float]:
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


def within(part: float, done: Sequence[float], cut: Sequence[float]) -> float | None:
    """Time within which ``part`` (0..1) of all waits end, by E. L. Kaplan and P. Meier (1958).

    ``done`` has the waits that ended, ``cut`` those of which only that much was watched. None where
    too few were seen to end.
    """
    waiting, share = len(done) + len(cut), 1.0
    for at, ended in sorted([(at, 0) for at in done] + [(at, 1) for at in cut]):
        if ended == 0:
            share *= 1 - 1 / waiting
            if share <= 1 - part + _ROUNDING:
                return at
        waiting -= 1
    return None


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval, drawn from ``count`` observations."""

    value: float
    low: float
    high: float
    count: int


def slope(outcomes: Sequence[bool]) -> Estimate | None:
    """Change of the log-odds of success from one trial to the next.

    A logistic regression over the number of the trial with Firth's penalty (D. Firth, Biometrika
    80:27-38, 1993): plain maximum likelihood runs off to infinity as soon as all successes come
    before all failures, which few trials often do. The interval is Wald's.

    Returns:
        None where there are fewer than ``LEAST_TRIALS``, or where the regression does not settle.

    """
    if len(outcomes) < LEAST_TRIALS:
        return None
    y = np.asarray(outcomes, float)
    number = np.arange(len(y), dtype=float)
    scale = number.std()
    x = np.column_stack([np.ones(len(y)), (number - number.mean()) / scale])
    beta = np.zeros(2)
    likelihood = _penalized(x, y, beta)
    for _ in range(_NEWTON_STEPS):
        p = _logistic(x @ beta)
        weights = p * (1 - p)
        covariance = np.linalg.inv(x.T @ (weights[:, None] * x))
        leverage = weights * np.einsum('ij,jk,ik->i', x, covariance, x)
        step = covariance @ (x.T @ (y - p + leverage * (0.5 - p)))
        if np.abs(step).max() < _NEWTON_EXACT * max(1.0, float(np.abs(beta).max())):
            break
        # A step knows nothing of how the penalty bends: it may be too long, or far too short.
        while (reached := _penalized(x, y, beta + step)) < likelihood - _ROUNDING:
            step /= 2
        while (further := _penalized(x, y, beta + 2 * step)) > reached:
            step, reached = 2 * step, further
        beta, likelihood = beta + step, reached
    else:
        return None
    half = Z_95_TWO_SIDED * math.sqrt(covariance[1, 1])
    low, value, high = ((beta[1] + d) / scale for d in (-half, 0.0, half))
    return Estimate(float(value), float(low), float(high), len(y))


def _logistic(eta: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * eta)), float)


def _penalized(x: Floats, y: Floats, beta: Floats) -> float:
    """Logarithm of the likelihood with Firth's penalty; minus infinity where it has no bound."""
    eta = x @ beta
    p = _logistic(eta)
    sign, information = np.linalg.slogdet(x.T @ ((p * (1 - p))[:, None] * x))
    if sign <= 0:
        return -math.inf
    return float(0.5 * information - np.logaddexp(0.0, np.where(y > 0, -eta, eta)).sum())


def _divided(treated: Floats, control: Floats) -> tuple[Floats, Floats]:
    """Divide all values by chance, again and again, into two arms as large as the real ones.

    Returns:
        Sum and sum of squares of the treated values in the first arm, and the same of the control
        values: (divisions, 4), the real division first; and those of all values (4,).

    """
    first, count = len(treated), len(treated) + len(control)
    columns = np.zeros((count, 4))
    columns[:first, :2] = np.column_stack([treated, treated**2])
    columns[first:, 2:] = np.column_stack([control, control**2])
    arms = np.tile(np.arange(count) < first, (_PERMUTATIONS, 1))
    np.random.default_rng(_PERMUTATION_SEED).permuted(arms[1:], axis=1, out=arms[1:])
    # A part at a time: the product makes floats of the arms, and a season has many visits.
    parts = np.concatenate([some @ columns for some in np.array_split(arms, 20)])
    return parts, columns.sum(axis=0)


def _spread(total: Floats, squares: Floats, count: int) -> Floats:
    """Variance of the mean of ``count`` values; never quite 0."""
    return np.maximum((squares - total**2 / count) / (count - 1) / count, np.finfo(float).tiny)


def reduction(treated: Sequence[float], control: Sequence[float]) -> Estimate | None:
    """How much smaller the mean of ``treated`` is than that of ``control``, as a part of it.

    The interval holds every ratio of the means that a permutation test of Welch's t does not reject
    (A. Janssen, Statistics & Probability Letters 36:9-21, 1997), the treated values being divided
    by that ratio; with a fixed seed, so that the same log gives the same page. It is exact where
    the treated stays are distributed as the others times a factor, as they are without any effect.
    Measured in 1000 trials each with 10 + 10, 90 + 10, 180 + 20 and 90 + 30 visits, it misses the
    true ratio in 3 to 6 % of them if both arms are exponential, log-normal (sigma 1.2) or gamma
    (shape 0.5), and in 5 to 11 % if one is exponential and the other log-normal or gamma (shape 4).

    Returns:
        None where one of the two has fewer than ``LEAST_ARM`` values, or so many zeros that the
        ratio has no bound.

    """
    if min(len(treated), len(control)) < LEAST_ARM or not np.mean(control) * np.mean(treated):
        return None
    ratio = float(np.mean(treated) / np.mean(control))
    parts, whole = _divided(np.asarray(treated, float) / ratio, np.asarray(control, float))

    def rejected(logarithm: float) -> bool:
        """Whether less than 2.5 % of the divisions say so much against ``ratio`` times this."""
        factor = np.exp([-logarithm, -2 * logarithm, 0.0, 0.0])
        one, other = parts * factor, (whole - parts) * factor
        means, variances = [], []
        for arm, count in ((one, len(treated)), (other, len(control))):
            total, squares = arm[:, 0] + arm[:, 2], arm[:, 1] + arm[:, 3]
            means.append(total / count)
            variances.append(_spread(total, squares, count))
        t = (means[0] - means[1]) / np.sqrt(variances[0] + variances[1])
        return bool(np.mean(t >= t[0] if logarithm < 0 else t <= t[0]) <= 0.025)

    bounds = []
    for sign in (1.0, -1.0):
        inside, outside = 0.0, 0.1
        while not rejected(sign * outside):
            inside, outside = outside, 2 * outside
            if outside > _WIDEST:
                return None
        for _ in range(_BISECTIONS):
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if rejected(sign * middle) else (middle, outside)
        bounds.append(1 - ratio * math.exp(sign * outside))
    return Estimate(1 - ratio, bounds[0], bounds[1], len(treated) + len(control))
