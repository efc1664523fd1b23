"""How much a thing looks like a person, cat or dog, over all looks at it."""

from math import exp, log

import numpy as np
from sentinel_common.species import PROTECTED, RACCOON, SPECIES

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

# A second look that shows a raccoon or nothing counts against a person or pet with this power of
# its odds: of the mean of some five answers, the first of which stands beside one that tells
# nothing. No answer is surer than the floor allows, so that a score of .65 stays above the guard's
# level of .2 whatever is answered. What else was tried: training/EXPERIMENTS.md.
_AGAINST, _ANSWERS_KEPT, _NO_ANSWER, _FLOOR = 0.5, 0.8, 1.0, 0.02

# Columns of a person, cat and dog in a row of scores.
PROTECTED_COLUMNS = [i for i, name in enumerate(SPECIES) if name in PROTECTED]
_RACCOON, _NOTHING = SPECIES.index(RACCOON), len(SPECIES)


class Suspicion:
    """Leaky mean of the scores of a thing, which begins at nothing."""

    def __init__(self) -> None:
        self._sum = np.zeros(len(SPECIES), np.float32)
        self._weight = 0.0
        self._share = 0.0
        self._against = 0.0
        self._answers = _NO_ANSWER

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

    def look_again(self, probabilities: Floats) -> None:
        """Take in what the second look says: (len(SPECIES) + 1,), the last for nothing.

        It only ever takes away: a cat in it is for the posterior, no hint by itself.
        """
        # Rounded probabilities may add up to a little more than one.
        nobody = min(max(float(probabilities[_RACCOON] + probabilities[_NOTHING]), 0.0), 1.0)
        odds = log((nobody + _FLOOR) / (1.0 - nobody + _FLOOR))
        self._against = self._against * _ANSWERS_KEPT + odds
        self._answers = self._answers * _ANSWERS_KEPT + 1.0

    @property
    def scores(self) -> Floats:
        """What to believe of each species, (len(SPECIES),), 0..1."""
        return self.reconsider(self._detected)

    def reconsider(self, scores: Floats) -> Floats:
        """Return ``scores`` (len(SPECIES),), with what is left of a person, cat and dog."""
        again = np.clip(scores, 0.0, 1.0)
        power = np.float32(exp(_AGAINST * max(self._against / self._answers, 0.0)))
        household = again[PROTECTED_COLUMNS]
        again[PROTECTED_COLUMNS] = household / (household + (1.0 - household) * power)
        return again

    @property
    def highest(self) -> float:
        """Of a person, cat or dog."""
        return float(self.scores[PROTECTED_COLUMNS].max())

    @property
    def detected(self) -> float:
        """The same by the detector alone, which decides what a second look is spent on."""
        return float(self._detected[PROTECTED_COLUMNS].max())

    @property
    def _detected(self) -> Floats:
        return np.float32(self._share) * self._sum
