"""Where a picture may show a person, for those who keep pictures: every doubt, and none weighed.

The hints for the guard say what all looks at a thing say together, so a single doubtful look is
hardly heard there. It must be heard before a picture is kept (sentinel_common.detections.Frame).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sentinel_common.detections import GLIMPSE_SCORE, Detection
from sentinel_common.species import PERSON, SPECIES

from .detector.port import Candidates, Floats, Region
from .evidence import look_weight
from .hints import box_of

# A glimpse counts for so long, s, in pictures that were not looked at there: a sweep while anybody
# is there takes 0.7 s.
_REMEMBERED = 1.0

# What a look counts that can hardly see what it found after all.
_FAINT = 0.1

# What may be a person walks up to so many lengths of its box in a second: 1.5 m/s of 1.7 m.
_PACE = 0.9

_PERSON = SPECIES.index(PERSON)


@dataclass
class _Glimpse:
    box: Floats  # left, top, right, bottom, px
    score: float
    weight: float  # 0..1, how closely it was looked at
    stamp: float


class Glimpses:
    """Collects the raw scores of a person in each picture, and carries them on for a moment."""

    def __init__(self) -> None:
        self._known: list[_Glimpse] = []

    def move(self, right: float, down: float) -> None:
        """Shift what is remembered by what the camera's own motion shifts the picture, px."""
        for glimpse in self._known:
            glimpse.box = glimpse.box + np.array([right, down, right, down], np.float32)

    def update(
        self,
        looks: Sequence[tuple[Region, Candidates]],
        stamp: float,
        input_size: int,
    ) -> tuple[Detection, ...]:
        """Return what ``looks`` found now, and what was found where none is as close since.

        Nothing is merged: half a person in one look is no part of a raccoon in another.
        """
        told = []
        kept = []
        for old in self._known:
            age = abs(stamp - old.stamp)  # a clock may be set back
            place = _within_reach(old.box, age)
            again = max((look_weight(place[None], r, input_size)[0] for r, _ in looks), default=0.0)
            if age <= _REMEMBERED and again < old.weight:
                kept.append(old)
                told.append(_detection(place, old.score))
        for region, found in looks:
            weights = np.maximum(look_weight(found.boxes, region, input_size), _FAINT)
            for box, scores, weight in zip(found.boxes, found.scores, weights, strict=True):
                score = float(scores[_PERSON])
                if score >= GLIMPSE_SCORE:
                    kept.append(_Glimpse(box, score, float(weight), stamp))
                    told.append(_detection(box, score))
        self._known = kept
        return tuple(told)


def _within_reach(box: Floats, seconds: float) -> Floats:
    """Where who was in ``box`` may be after so many seconds."""
    steps = np.float32(_PACE * seconds) * (box[2:] - box[:2]).max()
    return np.asarray(box + np.array([-steps, 0.0, steps, 0.0], np.float32), np.float32)


def _detection(corners: Floats, score: float) -> Detection:
    return Detection(box_of(corners), {PERSON: score})
