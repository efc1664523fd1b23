"""Boxes of successive pictures become tracks.

Why no tracking library: only some pictures (crops, tiles) look at a given track, at uneven times,
and only a look that could have shown it counts as a miss. Libraries take every call for a look at
everything. Checked in November 2026: norfair 2.3 needs NumPy below 2; trackers 2.6 (ByteTrack,
SORT) brings opencv-python, which overwrites the headless build that is locked here, and counts its
patience in pictures; supervision has moved its tracker there; motpy 0.0.10 steps by a fixed time,
names tracks at random and brings filterpy. The optimal assignment is SciPy's.
"""

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from scipy.optimize import linear_sum_assignment
from sentinel_common.species import PROTECTED, SPECIES

from .detector.port import Candidates, Floats, Region
from .merging import iou, one_animal
from .posterior import Posterior
from .settings import Settings

# Boxes that overlap less with the expected box belong to another animal, unless they are close (see
# below).
_LEAST_IOU = 0.15

# A small animal can leave its box between two pictures: centres this close, in sizes of the box,
# still match.
_NEAR = 1.0

# Share of the new box in the smoothed one; shape changes more slowly than place.
_PLACE_SHARE, _SHAPE_SHARE = 0.8, 0.4

# Share of the new velocity in the smoothed one, and how long a track is expected to keep it, s.
_VELOCITY_SHARE, _KEEPS_VELOCITY = 0.3, 0.5

# A box that overlaps this much with where it was has not moved; boxes of a still animal wander.
_SAME_PLACE = 0.6

# A track whose centre is this many lengths of its box from where it began has come from elsewhere:
# far more than the box of a still thing wanders.
_TRAVEL = 0.5

# What was there before anything moved is furniture unless it scores this much above the threshold.
_FURNITURE = 0.3

# What stays in its place is judged by the average of this many last looks, misses included, and
# after at least the second number of them; it is given up below this share of the threshold.
_REMEMBERED, _LEAST_LOOKS, _DOUBT = 20, 5, 0.75

# A look counts for a track if it holds this much of its box, and shows it at least this big, px of
# the input.
_LOOK_SHARE, _LOOK_SIZE = 0.7, 16.0


@dataclass
class Track:
    """One animal over time; ``box`` left, top, right, bottom in px, ``velocity`` of its centre."""

    identity: str
    box: Floats
    stamp: float
    velocity: Floats = field(default_factory=lambda: np.zeros(2, np.float32))
    last_hit: float = 0.0
    last_look: float = 0.0
    anchor: Floats = field(default_factory=lambda: np.zeros(4, np.float32))
    still_since: float = 0.0
    last_second_look: float = -np.inf
    start: Floats = field(default_factory=lambda: np.zeros(2, np.float32))
    travelled: bool = False
    arrived: bool = False
    looks: int = 0
    average: float = 0.0
    confirmed: bool = False
    history: deque[float] = field(default_factory=deque)
    posterior: Posterior = field(default_factory=Posterior)

    def expected(self, stamp: float) -> Floats:
        """Box at ``stamp`` if the animal keeps going for a while."""
        ahead = min(stamp - self.stamp, _KEEPS_VELOCITY)
        return np.asarray(self.box + np.tile(self.velocity * ahead, 2), np.float32)

    @property
    def hits(self) -> int:
        """Hits among the last looks."""
        return sum(score > 0 for score in self.history)

    @property
    def strength(self) -> float:
        """Median score of the hits among the last looks, 0..1."""
        hits = [score for score in self.history if score > 0]
        return float(np.median(hits)) if hits else 0.0

    @property
    def species(self) -> int:
        """Index into SPECIES of the likeliest one."""
        likely = self.posterior.probabilities()
        return SPECIES.index(max(likely, key=lambda name: likely[name]))

    @property
    def speed(self) -> float:
        """Lengths of its box per second."""
        length = max(float(_size(self.box).max()), 1.0)
        return float(np.linalg.norm(self.velocity)) / length

    def move(self, right: float, down: float) -> None:
        """Shift the box by what the camera's own motion shifts the picture, px."""
        self.box = self.box + np.array([right, down, right, down], np.float32)
        self.start = self.start + np.array([right, down], np.float32)

    def disturb(self, stamp: float) -> None:
        """Something moves here: the animal is not parked."""
        self.anchor, self.still_since = self.box, stamp

    def look(self, score: float, stamp: float) -> None:
        """Note a look that could have shown this track; ``score`` is 0 where it did not."""
        self.history.append(score)
        self.last_look = stamp
        self.looks += 1
        self.average += (score - self.average) / min(self.looks, _REMEMBERED)

    def hit(self, box: Floats, scores: Floats, stamp: float, least: float) -> None:
        """Take in a box that belongs to this track; below ``least`` it moves it, but is no hit."""
        expected, elapsed = self.expected(stamp), stamp - self.stamp
        place = _center(expected) + (_center(box) - _center(expected)) * _PLACE_SHARE
        size = _size(expected) + (_size(box) - _size(expected)) * _SHAPE_SHARE
        if elapsed > 0:
            measured = (place - _center(self.box)) / np.float32(elapsed)
            self.velocity = self.velocity + (measured - self.velocity) * _VELOCITY_SHARE
        self.box = np.concatenate([place - size / 2, place + size / 2]).astype(np.float32)
        self.stamp = stamp
        self.posterior.update(scores)
        score = float(scores.max())
        self.look(score if score >= least else 0.0, stamp)
        if score >= least:
            self.last_hit = stamp
        self.travelled |= float(np.linalg.norm(place - self.start)) > _TRAVEL * float(size.max())
        if iou(self.anchor[None], self.box[None])[0, 0] < _SAME_PLACE:
            self.disturb(stamp)


def _center(box: Floats) -> Floats:
    return np.asarray((box[:2] + box[2:]) / 2, np.float32)


def _size(box: Floats) -> Floats:
    return np.asarray(box[2:] - box[:2], np.float32)


class Tracker:
    """Assigns boxes to tracks, confirms by hits among the last looks, drops who stays away."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self._count = 0

    def update(
        self,
        found: Candidates,
        evidence: Floats,
        looks: list[Region],
        stamp: float,
        input_size: int,
        settings: Settings,
    ) -> list[int]:
        """Take in what the ``looks`` at one picture found; return each box's track, -1 for none.

        ``found`` has the highest scores of all looks: they start a track. ``evidence``
        (N, len(SPECIES)) is what the looks say together: that confirms it and tells its species.
        """
        owner = self._assign(found, stamp)
        for index, track in enumerate(self.tracks):
            if index in owner:
                box = owner.index(index)
                track.hit(found.boxes[box], evidence[box], stamp, settings.min_score)
            elif _was_looked_at(track.expected(stamp), looks, input_size):
                track.look(0.0, stamp)
            while len(track.history) > settings.confirm_looks:
                track.history.popleft()
            track.confirmed = _convinces(track, settings) or (
                track.confirmed and not _like_a_plant(track, _DOUBT * settings.threshold)
            )
        for box in range(len(found)):
            if owner[box] < 0 and found.scores[box].max() >= settings.min_score:
                owner[box] = len(self.tracks)
                self._start(found.boxes[box], evidence[box], stamp, settings)
        identities = [self.tracks[i].identity if i >= 0 else '' for i in owner]
        self.tracks = [
            t for t in self.tracks if stamp - t.last_hit <= _patience(t, stamp, settings)
        ]
        self._drop_doubles(stamp)
        places = {t.identity: i for i, t in enumerate(self.tracks)}
        return [places.get(identity, -1) for identity in identities]

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

    def _start(self, box: Floats, scores: Floats, stamp: float, settings: Settings) -> None:
        self._count += 1
        track = Track(str(self._count), box.copy(), stamp, start=_center(box))
        track.last_hit = stamp
        track.hit(box, scores, stamp, settings.min_score)
        track.confirmed = _convinces(track, settings)
        self.tracks.append(track)

    def _assign(self, found: Candidates, stamp: float) -> list[int]:
        owner = [-1] * len(found)
        if not (len(found) and self.tracks):
            return owner
        expected = np.stack([t.expected(stamp) for t in self.tracks])
        overlap = iou(expected, found.boxes)
        centers = [(b[:, :2] + b[:, 2:]) / 2 for b in (expected, found.boxes)]
        reach = np.sqrt(np.prod(expected[:, 2:] - expected[:, :2], axis=1))
        distance = np.linalg.norm(centers[0][:, None] - centers[1][None], axis=2) / reach[:, None]
        possible = (overlap >= _LEAST_IOU) | (distance < _NEAR)
        # Confirmed tracks choose first; a score that is higher decides between equals.
        benefit = overlap + 0.5 / (1 + distance) + 0.1 * found.scores.max(axis=1)[None, :]
        benefit += np.array([[0.2 * t.confirmed] for t in self.tracks])
        rows, columns = linear_sum_assignment(np.where(possible, benefit, 0), maximize=True)
        for row, column in zip(rows, columns, strict=True):
            if possible[row, column]:
                owner[column] = int(row)
        return owner


def is_parked(track: Track, stamp: float, settings: Settings) -> bool:
    """Tell whether nothing has moved at ``track`` for so long that it is no visitor."""
    return stamp - track.still_since > settings.parked_after


def is_urgent(track: Track, settings: Settings) -> bool:
    """Tell whether a young ``track`` looks like an animal: a few more looks decide."""
    young = track.looks < 2 * _LEAST_LOOKS
    return young and not track.confirmed and track.average >= settings.threshold


def is_dull(track: Track, settings: Settings) -> bool:
    """Tell whether ``track`` never came from anywhere and scarcely ever looks like an animal."""
    return (
        not track.travelled and track.looks >= _LEAST_LOOKS and track.average < settings.min_score
    )


def _patience(track: Track, stamp: float, settings: Settings) -> float:
    """Seconds without a hit that a track outlives: a parked one is looked at seldom."""
    rests = is_parked(track, stamp, settings) or is_dull(track, settings)
    rechecks = settings.recheck_period * 2 if rests else 0.0
    return settings.lost_after + rechecks


def _convinces(track: Track, settings: Settings) -> bool:
    """Enough hits among the last looks, strong in the middle, at the pace of an animal."""
    return (
        track.hits >= settings.confirm_hits
        and track.strength >= settings.threshold
        and track.speed <= settings.fastest
        and not _like_a_plant(track, settings.threshold)
    )


def _like_a_plant(track: Track, least: float) -> bool:
    """Tell whether a track never came from anywhere and is no sure animal on the average.

    Looked at for long enough, any leaf scores three times in five looks; and a log scores steadily,
    but nothing moved where it lies. The household is excused: whom it is safer to believe in.
    """
    return (
        not track.travelled
        and SPECIES[track.species] not in PROTECTED
        and (
            track.looks < _LEAST_LOOKS
            or track.average < least + (0.0 if track.arrived else _FURNITURE)
        )
    )


def _was_looked_at(box: Floats, looks: list[Region], input_size: int) -> bool:
    area = max(float(np.prod(_size(box))), 1e-6)
    for look in looks:
        width = min(box[2], look.right) - max(box[0], look.left)
        height = min(box[3], look.bottom) - max(box[1], look.top)
        if width <= 0 or height <= 0:
            continue
        scale = input_size / max(look.width, look.height)
        if width * height / area >= _LOOK_SHARE and area**0.5 * scale >= _LOOK_SIZE:
            return True
    return False
