"""Boxes of successive pictures become tracks.

Why no tracking library: only some pictures (crops, tiles) look at a given track, at uneven times,
and only a look that could have shown it counts as a miss. Libraries take every call for a look at
everything. Checked in November 2026: norfair 2.3 needs NumPy below 2; trackers 2.6 (ByteTrack,
SORT) brings opencv-python, which overwrites the headless build that is locked here, and counts its
patience in pictures; supervision has moved its tracker there; motpy 0.0.10 steps by a fixed time,
names tracks at random and brings filterpy. The optimal assignment is SciPy's.
"""

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from .detector.port import Candidates, Floats, Region
from .evidence import look_weight
from .merging import iou, one_animal
from .settings import Settings
from .track import Track, center, judge, patience

# Boxes that overlap less with the expected box belong to another animal, unless they are close (see
# below).
_LEAST_IOU = 0.15

# Who steps in front of an animal must not become it. A look contradicts a track whose species has
# this posterior if another species scores so high, and its own at most this share of that; then it
# only belongs to the track if it overlaps so much with the expected box.
_SURE, _OTHER, _OWN_SHARE, _IN_PLACE = 0.8, 0.4, 0.5, 0.5

# A person, cat or dog, or who else is protected, of such a score is followed however high
# `min_score` is set: without a track it would be no hint either.
_HOUSEHOLD_SCORE = Settings.min_score

# A small animal can leave its box between two pictures: centres this close, in sizes of the box,
# still match.
_NEAR = 1.0


class Tracker:
    """Assigns boxes to tracks, confirms by hits among the last looks, drops who stays away."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self._count = 0

    def update(
        self,
        found: Candidates,
        evidence: Floats,
        weights: Floats,
        looks: list[Region],
        stamp: float,
        input_size: int,
        settings: Settings,
    ) -> list[Track | None]:
        """Take in what the ``looks`` at one picture found; return each box's track or None.

        ``found`` has the highest scores of all looks: they start a track, from `min_score` on, of a
        person, cat or dog at the latest from its default on. ``evidence`` (N, len(SPECIES)) is what
        the looks say together: that confirms it and tells its species; ``weights`` (N,) is how well
        they saw it.
        """
        owner = self._assign(found, evidence, stamp)
        parts = self._parts(found, evidence, owner, stamp)
        for index, track in enumerate(self.tracks):
            if index in owner:
                box = owner.index(index)
                least, weight = _least(evidence[box], settings), float(weights[box])
                track.hit(found.boxes[box], evidence[box], stamp, least, weight)
            else:
                expected = track.expected(stamp)[None]
                weight = max((look_weight(expected, r, input_size)[0] for r in looks), default=0.0)
                if weight > 0:
                    track.miss(stamp, settings.min_score, float(weight))
            judge(track, settings)
        for box in range(len(found)):
            scores = found.scores[box]
            if owner[box] < 0 and not parts[box] and scores.max() >= _least(scores, settings):
                owner[box] = len(self.tracks)
                self._start(found.boxes[box], evidence[box], stamp, settings, float(weights[box]))
        owners = [self.tracks[i] if i >= 0 else None for i in owner]
        self.tracks = [t for t in self.tracks if stamp - t.last_hit <= patience(t, stamp, settings)]
        self._drop_doubles(stamp)
        alive = {t.identity for t in self.tracks}
        return [t if t and t.identity in alive else None for t in owners]

    def _parts(
        self, found: Candidates, evidence: Floats, owner: list[int], stamp: float
    ) -> npt.NDArray[np.bool_]:
        """Tell, (N,), which boxes are parts of a track that has another box of this picture.

        Where two tiles meet, each shows half an animal.
        """
        owners = [self.tracks[i] for i in set(owner) - {-1}]
        if not owners:
            return np.zeros(len(found), bool)
        expected = np.stack([t.expected(stamp) for t in owners])
        species, theirs = evidence.argmax(axis=1), np.array([t.species for t in owners])
        same = species[:, None] == theirs[None, :]
        return np.asarray((same & one_animal(found.boxes, expected, species, theirs)).any(axis=1))

    def _drop_doubles(self, stamp: float) -> None:
        """Drop tracks that were not hit now and lie where one that was hit is."""
        hit = [t for t in self.tracks if t.last_look == stamp and t.last_hit == stamp]
        if not hit:
            return
        now, species = np.stack([t.box for t in hit]), np.array([t.species for t in hit])
        self.tracks = [
            t
            for t in self.tracks
            if t.last_hit == stamp
            or not one_animal(t.expected(stamp)[None], now, np.array([t.species]), species).any()
        ]

    def _start(
        self, box: Floats, scores: Floats, stamp: float, settings: Settings, weight: float
    ) -> None:
        self._count += 1
        track = Track(str(self._count), box.copy(), stamp, start=center(box))
        track.last_hit = stamp
        track.disturb(stamp)
        track.hit(box, scores, stamp, _least(scores, settings), weight)
        judge(track, settings)
        self.tracks.append(track)

    def _assign(self, found: Candidates, evidence: Floats, stamp: float) -> list[int]:
        owner = [-1] * len(found)
        if not (len(found) and self.tracks):
            return owner
        expected = np.stack([t.expected(stamp) for t in self.tracks])
        overlap = iou(expected, found.boxes)
        centers = [(b[:, :2] + b[:, 2:]) / 2 for b in (expected, found.boxes)]
        reach = np.sqrt(np.prod(expected[:, 2:] - expected[:, :2], axis=1))
        distance = np.linalg.norm(centers[0][:, None] - centers[1][None], axis=2) / reach[:, None]
        possible = (overlap >= _LEAST_IOU) | (distance < _NEAR)
        contradicted = np.stack([_contradicts(t, evidence) for t in self.tracks])
        possible &= ~contradicted | (overlap >= _IN_PLACE)
        # Confirmed tracks choose first; a score that is higher decides between equals.
        benefit = overlap + 0.5 / (1 + distance) + 0.1 * found.scores.max(axis=1)[None, :]
        benefit += np.array([[0.2 * t.confirmed] for t in self.tracks])
        rows, columns = linear_sum_assignment(np.where(possible, benefit, 0), maximize=True)
        for row, column in zip(rows, columns, strict=True):
            if possible[row, column]:
                owner[column] = int(row)
        return owner


def _least(scores: Floats, settings: Settings) -> float:
    """Score from which ``scores`` (len(SPECIES),) are a hit."""
    if scores[settings.hinted_columns].max() < _HOUSEHOLD_SCORE:
        return settings.min_score
    return min(settings.min_score, _HOUSEHOLD_SCORE)


def _contradicts(track: Track, evidence: Floats) -> npt.NDArray[np.bool_]:
    """Tell, (N,), which of the scores ``evidence`` (N, len(SPECIES)) are of another species."""
    sure = max(track.posterior.probabilities().values()) >= _SURE
    best = evidence.max(axis=1)
    own = evidence[:, track.species]
    return np.asarray(sure & (best >= _OTHER) & (own <= _OWN_SHARE * best))
