"""How much a thing looks like a person, cat or dog, over all looks at it."""

import numpy as np
from sentinel_common.species import PROTECTED, SPECIES

from .detector.port import Floats

# So many close looks at nothing stand before the first one, so that it alone convinces only if it
# is sure: a leaf is a cat in one look of ten, a cat in most of them. Measured (docs/perception.md).
_PRIOR = 3.0

# What remains of a look with the next close one: of things that stay where they are some twenty
# looks are remembered, of what moves or has come five, for it may show another side.
_STAYS, _MOVES = 0.95, 0.8

# What was looked at for so many close looks and never moved or came is worth this share of it: a
# log that looks like a dog all night must not end the watch for ever, and who is no furniture
# moves some time. A pet that sleeps there since before the start counts if it is clear.
_KNOWN, _FURNITURE_SHARE = 12.0, 0.6

# Columns of a person, cat and dog in a row of scores.
PROTECTED_COLUMNS = [i for i, name in enumerate(SPECIES) if name in PROTECTED]


class Suspicion:
    """Leaky mean of the scores of a thing, which begins at nothing."""

    def __init__(self) -> None:
        self._sum = np.zeros(len(SPECIES), np.float32)
        self._weight = 0.0
        self._share = 0.0

    def update(self, scores: Floats | None, weight: float, *, stays: bool) -> None:
        """Take in a look of ``weight`` 0..1: ``scores`` (len(SPECIES),), None if it showed nothing.

        ``stays``: the thing was never seen to move or to come.
        """
        memory = _STAYS if stays else _MOVES
        most = 1.0 / (1.0 - memory)
        # What was furniture until now is forgotten at once down to what is remembered of a visitor.
        kept = min(memory**weight, most / max(self._weight, 1e-6))
        self._sum *= kept
        self._weight = self._weight * kept + weight
        if scores is not None:
            self._sum += np.float32(weight) * scores
        # As looks come in, this grows until the prior is made up for.
        self._share = (most + _PRIOR) / most / (self._weight + _PRIOR)
        if self._weight > _KNOWN:
            self._share *= _FURNITURE_SHARE

    @property
    def scores(self) -> Floats:
        """What to believe of each species, (len(SPECIES),), 0..1."""
        return np.float32(self._share) * self._sum

    @property
    def highest(self) -> float:
        """Of a person, cat or dog."""
        return float(self.scores[PROTECTED_COLUMNS].max())
