"""What the pipeline needs of a detector."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from sentinel_common.errors import SentinelError
from sentinel_common.species import SPECIES

Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]


class ModelError(SentinelError):
    """The model or its labels cannot be used; the sentence says why."""


@dataclass(frozen=True)
class Region:
    """A part of a picture, in whole pixels; ``right`` and ``bottom`` lie outside."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def width(self) -> int:
        """Width in pixels."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Height in pixels."""
        return self.bottom - self.top

    def crop(self, picture: Pixels) -> Pixels:
        """View of the region in ``picture`` (height, width, channels)."""
        return picture[self.top : self.bottom, self.left : self.right]

    @staticmethod
    def whole(picture: Pixels) -> 'Region':
        """Return the region that is all of ``picture``."""
        return Region(0, 0, picture.shape[1], picture.shape[0])


@dataclass(frozen=True)
class Candidates:
    """Boxes with one score per species, best first.

    ``boxes`` is (N, 4) float32: left, top, right, bottom in pixels of the source picture;
    ``scores`` is (N, len(SPECIES)) float32 in 0..1 in the order of SPECIES.
    """

    boxes: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.boxes)

    @staticmethod
    def none() -> 'Candidates':
        """Return no box at all."""
        return Candidates(np.zeros((0, 4), np.float32), np.zeros((0, len(SPECIES)), np.float32))

    @staticmethod
    def join(parts: Sequence['Candidates']) -> 'Candidates':
        """All boxes of ``parts`` in one, unmerged."""
        parts = [p for p in parts if len(p)] or [Candidates.none()]
        return Candidates(
            np.concatenate([p.boxes for p in parts]), np.concatenate([p.scores for p in parts])
        )

    def take(self, keep: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> 'Candidates':
        """Return those that ``keep`` (indices or mask) names."""
        return Candidates(self.boxes[keep], self.scores[keep])


class Detector(Protocol):
    """Looks at one region of a picture."""

    @property
    def input_size(self) -> int:
        """Longer side of the model's input in pixels."""
        ...

    def look(self, picture: Pixels, region: Region, floor: float) -> Candidates:
        """Return what ``region`` of a BGR picture shows with a score from ``floor`` on."""
        ...


class Classifier(Protocol):
    """Looks a second time, at one animal only."""

    def classify(self, picture: Pixels, box: Floats) -> Floats:
        """Return what the corner ``box`` of a BGR picture shows.

        Probabilities (len(SPECIES) + 1,): of each of SPECIES, then of nothing at all.
        """
        ...
