"""One animal over time, and what its looks say: seen, parked, dull or urgent."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np
from sentinel_common.species import PROTECTED, SPECIES

from .detector.port import Floats
from .merging import iou
from .posterior import Posterior
from .settings import Settings
from .suspicion import Suspicion

# Share of the new box in the smoothed one; shape changes more slowly than place.
_PLACE_SHARE, _SHAPE_SHARE = 0.8, 0.4

# Share of the new velocity in the smoothed one, and how long a track is expected to keep it, s.
_VELOCITY_SHARE, _KEEPS_VELOCITY = 0.3, 0.5

# A box that overlaps this much with where it was has not moved; boxes of a still animal wander.
_SAME_PLACE = 0.6

# A box that overlaps by no more than the first with the expected one is as likely another animal's,
# from the second on it is the same one: in between, so much counts of what its species was before.
_ANOTHER, _THE_SAME = 0.1, 0.3

# A track whose centre is this many lengths of its box from where it began has come from elsewhere:
# far more than the box of a still thing wanders. It must be there in so many looks, one after the
# other: a single one may show a part of it.
_TRAVEL, _TRAVEL_LOOKS = 0.5, 2

# What stays in its place must score so much more than the threshold on the average: if something
# moved there before; if nobody can tell what came, at start-up and while the camera moves; and if
# nothing did, else it is furniture.
_ARRIVED, _UNTOLD, _FURNITURE = -0.15, 0.0, 0.15

# So much more is asked before anything is done about what was never seen to walk: if something
# moved there before, and if not.
_CLEARLY_ARRIVED, _CLEAR = -0.05, 0.05

# What stays in its place is judged by the average of this many last close looks, misses included,
# and after at least the second number of any; it is given up below this share of what it must have.
# After as many looks a walk is forgotten, and whatever moves at a track no longer makes it one that
# arrived.
_REMEMBERED, _LEAST_LOOKS, _DOUBT = 20.0, 5, 0.75

# Below this suspicion (suspicion.py) what stays in its place is no cat, dog or person either.
_HOUSEHOLD_DOUBT = 0.2

# What is parked and known clutter are remembered for this long without a hit, s.
_KEPT_IN_MIND = 60.0

# A look of less weight (evidence.py) that shows nothing is no miss.
_FAR = 0.25


@dataclass
class Track:
    """One animal over time. Boxes are left, top, right, bottom in px of the picture; times in s."""

    identity: str

    # Where it is: the box, smoothed over the pictures up to ``stamp``; the one that was found in
    # that picture; and the velocity of the centre, px/s (right, down).
    box: Floats
    stamp: float
    newest: Floats = field(default_factory=lambda: np.zeros(4, np.float32))
    velocity: Floats = field(default_factory=lambda: np.zeros(2, np.float32))

    # When it was last found with a hit; in a look that held it, found or not; in a crop that was
    # cut for it, whether or not that held enough of the box for a look; by the classifier.
    last_hit: float = 0.0
    last_look: float = 0.0
    last_crop: float = -np.inf
    last_second_look: float = -np.inf

    # Whether it rests: the box since when nothing moved there, and when something last did.
    anchor: Floats = field(default_factory=lambda: np.zeros(4, np.float32))
    still_since: float = 0.0
    stirred: float = -np.inf

    # Where it came from. Its centre at first and after each walk, px; in how many looks up to now
    # it was away from there, which counts anew while it is ``unsteady``: the camera moves, or
    # nothing does where it is. Whether it has walked, and in how many looks it has rested since.
    # Whether something moved there as it was found; whether nobody can tell, as at start-up.
    start: Floats = field(default_factory=lambda: np.zeros(2, np.float32))
    away: int = 0
    travelled: bool = False
    rested: int = 0
    unsteady: bool = False
    arrived: bool = False
    arrival_unknown: bool = True

    # What its looks say. Their number; the sum of their weights, bounded, and the mean score with
    # these weights, 0..1; the scores of the last ones, 0 for a miss; whether all this convinces.
    looks: int = 0
    seen: float = 0.0
    average: float = 0.0
    history: deque[float] = field(default_factory=deque)
    confirmed: bool = False

    # Which species it is, and how much it looks like a person, cat or dog.
    posterior: Posterior = field(default_factory=Posterior)
    suspicion: Suspicion = field(default_factory=Suspicion)

    def expected(self, stamp: float) -> Floats:
        """Box at ``stamp`` if the animal keeps going for a while."""
        ahead = min(stamp - self.stamp, _KEEPS_VELOCITY)
        return np.asarray(self.box + np.tile(self.velocity * ahead, 2), np.float32)

    def place(self, stamp: float) -> Floats:
        """Box to tell of at ``stamp``: as it was found in that picture, where that is plausible.

        Smoothed boxes are for following: they lag behind an animal that turns. But one found box in
        ten is that of a part, or of something else as well.
        """
        expected = self.expected(stamp)
        found = stamp == self.stamp and iou(expected[None], self.newest[None])[0, 0] >= _SAME_PLACE
        return self.newest if found else expected

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
    def is_confirmed_animal(self) -> bool:
        """Whether it is confirmed, and no person, cat or dog."""
        return self.confirmed and SPECIES[self.species] not in PROTECTED

    @property
    def speed(self) -> float:
        """Lengths of its box per second."""
        length = max(float(size_of(self.box).max()), 1.0)
        return float(np.linalg.norm(self.velocity)) / length

    def waits_since(self) -> float:
        """When something was last tried to see it, s."""
        return max(self.last_look, self.last_crop)

    def move(self, right: float, down: float) -> None:
        """Shift the box by what the camera's own motion shifts the picture, px."""
        self.box = self.box + np.array([right, down, right, down], np.float32)
        self.start = self.start + np.array([right, down], np.float32)

    def disturb(self, stamp: float) -> None:
        """Something moves here: the animal is not parked."""
        self.anchor, self.still_since = self.box, stamp

    def arrive(self) -> None:
        """Something moved here: this track, or what passes before a thing known for longer."""
        self.arrived |= self.looks <= _REMEMBERED

    @property
    def stays(self) -> bool:
        """Whether it was never seen to move or to come."""
        return not (self.travelled or self.arrived)

    @property
    def walked_lately(self) -> bool:
        """Whether it has walked in the looks that are remembered."""
        return self.travelled and self.rested <= _REMEMBERED

    def miss(self, stamp: float, least: float, weight: float) -> None:
        """Note a look of ``weight`` 0..1 that did not show this track."""
        self.suspicion.update(None, weight, stays=self.stays)
        self._look(0.0, stamp, least, weight)

    def _look(self, score: float, stamp: float, least: float, weight: float) -> None:
        # From far away only a hit, a score from ``least`` on, is worth to be remembered.
        if score >= least:
            self.history.append(score)
        elif weight >= _FAR:
            self.history.append(0.0)
        self.last_look = stamp
        self.looks += 1
        self.rested += not self.arrival_unknown
        self.seen = min(self.seen + weight, _REMEMBERED)
        self.average += (score - self.average) * weight / max(self.seen, 1e-6)

    def hit(self, box: Floats, scores: Floats, stamp: float, least: float, weight: float) -> None:
        """Take in a box that belongs to this track; below ``least`` it moves it, but is no hit."""
        expected, elapsed = self.expected(stamp), stamp - self.stamp
        overlap = float(iou(expected[None], box[None])[0, 0])
        place = center(expected) + (center(box) - center(expected)) * _PLACE_SHARE
        size = size_of(expected) + (size_of(box) - size_of(expected)) * _SHAPE_SHARE
        if elapsed > 0:
            measured = (place - center(self.box)) / np.float32(elapsed)
            self.velocity = self.velocity + (measured - self.velocity) * _VELOCITY_SHARE
        self.box = np.concatenate([place - size / 2, place + size / 2]).astype(np.float32)
        self.stamp, self.newest = stamp, box
        self.posterior.keep(min(max((overlap - _ANOTHER) / (_THE_SAME - _ANOTHER), 0.0), 1.0))
        self.posterior.update(scores, weight)
        self.suspicion.update(scores, weight, stays=self.stays)
        score = float(scores.max())
        self._look(score, stamp, least, weight)
        if score >= least:
            self.last_hit = stamp
        if self.unsteady:
            # The camera moves, and what that does to the picture is known only roughly; or nothing
            # moves, and the box wanders from leaf to leaf.
            self.start = place
        distance = float(np.linalg.norm(place - self.start))
        self.away = self.away + 1 if distance > _TRAVEL * float(size.max()) else 0
        if self.away >= _TRAVEL_LOOKS:
            self.start, self.away, self.travelled, self.rested = place, 0, True, 0
        # The box of a thing that never moved wanders with the looks, not with the thing. While
        # nothing moves, so does that of any other: between the whole and what a tile shows of it.
        same = _ANOTHER if self.unsteady else _SAME_PLACE
        if not self.stays and iou(self.anchor[None], self.box[None])[0, 0] < same:
            self.disturb(stamp)


def center(box: Floats) -> Floats:
    """Return the middle (x, y) of a corner box."""
    return np.asarray((box[:2] + box[2:]) / 2, np.float32)


def size_of(box: Floats) -> Floats:
    """Return width and height of a corner box."""
    return np.asarray(box[2:] - box[:2], np.float32)


def is_parked(track: Track, stamp: float, settings: Settings) -> bool:
    """Tell whether nothing has moved at ``track`` for so long that it is no visitor."""
    return stamp - track.still_since > settings.parked_after


def may_be_furniture(track: Track, settings: Settings) -> bool:
    """Tell whether ``track`` was never seen to walk, and is no clear animal on the average.

    It is told all the same, but nothing is done about it before it walks. Of people, cats and dogs
    no proof is asked.
    """
    if track.travelled or SPECIES[track.species] in PROTECTED:
        return False
    more = _CLEARLY_ARRIVED if track.arrived else _CLEAR
    return track.average < settings.threshold + more


def is_urgent(track: Track, settings: Settings) -> bool:
    """Tell whether a young ``track`` looks like an animal: a few more looks decide."""
    young = track.looks < 2 * _LEAST_LOOKS
    return young and not track.confirmed and track.average >= settings.household_threshold


def is_dull(track: Track, settings: Settings) -> bool:
    """Tell whether ``track`` did not walk of late and scarcely ever looks like an animal.

    Or was never seen to move or to come, and could not convince in as many looks as are remembered.
    """
    if track.stays and not track.confirmed and track.looks >= _REMEMBERED:
        return True
    return (
        not track.walked_lately
        and track.looks >= _LEAST_LOOKS
        and track.average < settings.min_score
    )


def patience(track: Track, stamp: float, settings: Settings) -> float:
    """Seconds without a hit that a track outlives.

    What is parked or known clutter is looked at seldom, and kept in mind: else it would be a
    promising novelty again and again.
    """
    waits = is_dull(track, settings) or is_parked(track, stamp, settings)
    return _KEPT_IN_MIND if waits else settings.lost_after


def judge(track: Track, settings: Settings) -> None:
    """Confirm ``track`` by its last looks, or take that back."""
    while len(track.history) > settings.confirm_looks:
        track.history.popleft()
    track.confirmed = _convinces(track, settings) or (
        track.confirmed
        and not _is_lost(track, settings)
        and not _like_a_plant(track, settings, _DOUBT)
    )


def _is_lost(track: Track, settings: Settings) -> bool:
    """Tell whether none of the last looks found an animal of which there were enough.

    What is found there next may be what the animal stood in front of, so it must convince anew. The
    household is believed in for longer: that is safer.
    """
    looked = len(track.history) == settings.confirm_looks
    return looked and not track.hits and SPECIES[track.species] not in PROTECTED


def _convinces(track: Track, settings: Settings) -> bool:
    """Enough hits among the last looks, strong in the middle, at the pace of an animal."""
    return (
        track.hits >= settings.confirm_hits
        and track.strength >= settings.threshold_of(SPECIES[track.species])
        and track.speed <= settings.fastest
        and not _like_a_plant(track, settings)
    )


def _like_a_plant(track: Track, settings: Settings, share: float = 1.0) -> bool:
    """Tell whether a track did not walk of late and is no sure animal on the average.

    ``share``: of the score that it must have.

    Looked at for long enough, any leaf scores three times in five looks; and a log scores steadily,
    but nothing moved where it lies. The household is believed in sooner: that is safer.
    """
    if track.walked_lately:
        return False
    young = track.looks < _LEAST_LOOKS
    if SPECIES[track.species] in PROTECTED:
        return not young and track.stays and track.suspicion.highest < _HOUSEHOLD_DOUBT
    more = _ARRIVED if not track.stays else _UNTOLD if track.arrival_unknown else _FURNITURE
    return young or track.average < share * (settings.threshold + more)
