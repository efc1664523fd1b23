"""Which species a track is, from all looks at it."""

import numpy as np
import numpy.typing as npt
from sentinel_common.species import SPECIES

from .detector.port import Floats

# What a score of zero is worth: one look never excludes a species.
_FLOOR = 0.02

# Successive pictures show nearly the same view, so each counts for half of an independent look.
_WEIGHT = 0.5

# Share of the evidence that stays from look to look: about ten looks are remembered.
_MEMORY = 0.9


class Posterior:
    """Leaky sums of logarithmic evidence over SPECIES, starting from no preference.

    The detector's scores and the probabilities of the second look count alike.
    """

    def __init__(self) -> None:
        self._evidence: npt.NDArray[np.float64] = np.zeros(len(SPECIES))
        self._second: npt.NDArray[np.float64] = np.zeros(len(SPECIES))

    def keep(self, share: float) -> None:
        """Keep only so much, 0..1, of what was learned: who was seen may have been another."""
        self._evidence *= share
        self._second *= share

    def update(self, scores: Floats, weight: float = 1.0) -> None:
        """Take in the detector's scores (len(SPECIES),) of one look of ``weight`` 0..1."""
        share = scores.astype(np.float64) + _FLOOR
        evidence = weight * _WEIGHT * np.log(share / share.sum())
        self._evidence = self._evidence * _MEMORY**weight + evidence

    def look_again(self, probabilities: Floats) -> None:
        """Take in what the second look says: (len(SPECIES) + 1,), the last for nothing.

        That is no species, so the surer the classifier is of it, the less its answer counts.
        """
        share = probabilities[: len(SPECIES)].astype(np.float64) + _FLOOR
        self._second = self._second * _MEMORY + _WEIGHT * np.log(share / share.sum())

    def probabilities(self) -> dict[str, float]:
        """Probability of each species; they sum to one."""
        evidence = self._evidence + self._second
        weights = np.exp(evidence - evidence.max())
        return dict(zip(SPECIES, (weights / weights.sum()).tolist(), strict=True))
