"""Who is there, since when, until when: confirmed tracks in visits, one per species at a time.

A visit survives changes of track ids (a tracker loses an animal and finds it again) and holds
several animals of one species: what is measured is how long anybody of them stays.
"""

import math
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sentinel_common.detections import Target, TargetFrame
from sentinel_common.geometry import Point

from .geometry import Z_95_ONE_SIDED

# So many pictures must agree on a species before a visit of it is opened, and so many must show
# more than one animal before it is a family: one wavering picture is not enough.
OPENING = 3

# A stimulus that ended sooner than this says nothing about what it does, s.
FELT = 0.5

# A track counts for its most probable species from this posterior on.
LIKELY = 0.5


def distance(target: Target) -> float:
    """Distance to ``target`` in m."""
    return math.hypot(target.x, target.y)


def distance_low(target: Target) -> float:
    """Lower 5 % bound of the distance to ``target`` in m; 0 where nobody knows how far it is."""
    sigma = target.range_sigma
    return distance(target) - Z_95_ONE_SIDED * sigma if math.isfinite(sigma) else 0.0


def bearing(target: Target) -> float:
    """Direction of ``target``, rad to the left."""
    return math.atan2(target.y, target.x)


@dataclass
class Stimulus:
    """One stimulus of a visit; times in s of the stamps. ``zone``: where the animal was."""

    name: str
    step: int
    start: float
    zone: str = ''
    end: float | None = None
    reason: str = ''
    vetoed: bool = False  # it ended as a person or pet came
    disturbed: bool = False  # a person or pet came before the animal was out of sight
    success: bool | None = None

    @property
    def felt(self) -> bool:
        """Whether what came after it was its effect: it lasted long enough, and nobody came."""
        return self.end is not None and self.end - self.start >= FELT and not self.vetoed


@dataclass
class Track:
    """A track of late; stamps in s. ``sure``: the species that it surely was once, or ''."""

    first: float
    last: float
    sure: str = ''


@dataclass
class Visit:
    """Somebody's stay. Times are stamps (s, ROS time); ``context`` is day or night.

    ``start``: of the picture that opened it; ``first_seen``: of the first one that counted for it.
    """

    visit_id: str
    species: str
    start: float
    first_seen: float = 0.0
    context: str = ''
    zone: str = ''
    arm: str = 'treatment'
    group: str = ''
    last_seen: float = 0.0
    targets: tuple[Target, ...] = ()
    stimuli: list[Stimulus] = field(default_factory=list)
    tracks: set[str] = field(default_factory=set)
    zone_seconds: dict[str, float] = field(default_factory=dict)
    distance_min: float = math.inf
    held: set[str] = field(default_factory=set)
    engaged: str = ''
    sure: bool = False  # one of them surely was of the species
    in_view: int = 0  # animals, also those that may be none
    together: int = 0  # pictures that showed more than one of them

    @property
    def several(self) -> bool:
        """Whether more than one animal is here: now, or in enough pictures before.

        A family stays one while the mother hides her young. One picture with two may be a tracker
        that lost an animal and found it again. What may be no animal counts too: a young one is
        hardly ever sure, and nobody walks up to a family.
        """
        return self.in_view > 1 or self.together >= OPENING

    def summary(self) -> dict[str, Any]:
        """What the log tells of it at its end."""
        first = self.stimuli[0].start if self.stimuli else None
        return {
            'last_seen': self.last_seen,
            'seconds': round(self.last_seen - self.start, 3),
            'actions': len(self.stimuli),
            'first_stimulus': None if first is None else round(first - self.start, 3),
            'to_departure': None if first is None else round(self.last_seen - first, 3),
            'stimuli': [
                {
                    'name': s.name,
                    'step': s.step,
                    'start': s.start,
                    'seconds': None if s.end is None else round(s.end - s.start, 3),
                    'reason': s.reason,
                    'success': s.success,
                }
                for s in self.stimuli
            ],
            'min_range': round(self.distance_min, 3),
            'zone_seconds': {z: round(s, 3) for z, s in self.zone_seconds.items()},
            'tracks': sorted(self.tracks),
            'arm': self.arm,
            'group': self.group,
            'context': self.context,
        }

    def target(self, sure: Collection[str] = ()) -> Target | None:
        """The animal that is engaged.

        Of the tracks ``sure`` first; the same as before as long as it is seen, else the nearest.
        """
        return min(
            self.targets,
            key=lambda t: (t.track_id not in sure, t.track_id != self.engaged, distance(t)),
            default=None,
        )


class VisitBook:
    """Opens and closes visits. ``absence``: s without a sight after which the animal has left.

    Once an animal was sure, what was in view long before it was last seen, and never was sure
    itself, is something else: a stone, a plant in the wind. It neither opens a visit nor keeps one
    open. What came later may be the same animal under a new id.
    """

    def __init__(self, *, absence: float, prefix: str) -> None:
        """``prefix`` makes ids unique among runs."""
        self._absence = absence
        self._prefix = prefix
        self._count = 0
        self._seen: dict[str, list[float]] = {}
        self._tracks: dict[str, Track] = {}
        self._sure_seen: dict[str, float] = {}  # stamp of the last sight of a sure one, by species
        self.open: dict[str, Visit] = {}

    def see(
        self, frame: TargetFrame, zones: dict[str, str], sure: Collection[str] = ()
    ) -> tuple[list[Visit], list[Visit]]:
        """Count one picture's confirmed tracks; returns visits that it opened, and that it closed.

        ``zones``: zone by track id; ``sure``: the tracks that surely are of their species. A visit
        of something that never was sure ends with the sure animal that came long after it.
        """
        stamp = frame.stamp
        opened, closed = [], []
        by_species = self._sort(frame, sure)
        for species in set(self._seen) - set(by_species):
            del self._seen[species]
        for visit in self.open.values():
            visit.targets, visit.in_view = (), 0
        for species, targets in by_species.items():
            tracks = {t.track_id: self._tracks[t.track_id] for t in targets}
            came = min((t.first for t in tracks.values() if t.sure == species), default=-math.inf)
            counting = [t for t in targets if self._counts(t, species)]
            known = self.open.get(species)
            if not counting:
                self._seen.pop(species, None)
                continue
            if known is None:
                seen = self._seen.setdefault(species, [])
                seen.append(stamp)
                if len(seen) < OPENING:
                    continue
                del self._seen[species]
                known = self._open(species, min(seen[0], stamp), stamp)
                opened.append(known)
            elif not known.sure and any(
                t.first + self._absence < came for i, t in tracks.items() if i in known.tracks
            ):
                closed.append(known)
                known = self._open(species, came, stamp)
                opened.append(known)
            known.sure |= math.isfinite(came)
            known.in_view = len(targets)
            self._update(known, counting, stamp, zones)
        return opened, closed

    def _sort(self, frame: TargetFrame, sure: Collection[str]) -> dict[str, list[Target]]:
        """Note the tracks of one picture; returns them by species."""
        by_species: dict[str, list[Target]] = {}
        for target in frame.targets:
            species, probability = target.best
            if probability < LIKELY:
                continue
            by_species.setdefault(species, []).append(target)
            track = self._tracks.setdefault(target.track_id, Track(frame.stamp, frame.stamp))
            track.last = frame.stamp
            if target.track_id in sure:
                track.sure = species
            if track.sure == species:
                self._sure_seen[species] = frame.stamp
        oldest = frame.stamp - self._absence
        self._tracks = {i: t for i, t in self._tracks.items() if t.last >= oldest}
        return by_species

    def _counts(self, target: Target, species: str) -> bool:
        track = self._tracks[target.track_id]
        sure_seen = self._sure_seen.get(species, -math.inf)
        return track.sure == species or track.first + self._absence >= sure_seen

    def _open(self, species: str, first_seen: float, stamp: float) -> Visit:
        self._count += 1
        visit_id = f'{self._prefix}-{self._count:04d}'
        visit = Visit(visit_id, species, stamp, first_seen=first_seen, last_seen=stamp)
        self.open[species] = visit
        return visit

    def _update(
        self, visit: Visit, targets: list[Target], stamp: float, zones: dict[str, str]
    ) -> None:
        seconds = max(0.0, stamp - visit.last_seen)
        visit.last_seen = stamp
        visit.targets = tuple(targets)
        visit.tracks.update(t.track_id for t in targets)
        visit.distance_min = min(visit.distance_min, *map(distance, targets))
        visit.together += visit.in_view > 1
        visit.zone = next((zones[t.track_id] for t in targets if zones.get(t.track_id)), '')
        if visit.zone:
            spent = visit.zone_seconds.get(visit.zone, 0.0)
            visit.zone_seconds[visit.zone] = spent + seconds

    def gone(self, stamp: float) -> list[Visit]:
        """Close and return visits whose animal was not seen for the absence time by ``stamp``."""
        closed = [v for v in self.open.values() if stamp - v.last_seen > self._absence]
        for visit in closed:
            del self.open[visit.species]
        return closed

    def clear(self) -> None:
        """Close all visits, and forget every sight."""
        for kept in (self.open, self._seen, self._tracks, self._sure_seen):
            kept.clear()


def place(target: Target) -> Point:
    """Where ``target`` stands in ``base_link``, m."""
    return target.x, target.y
