"""The safety rules. Each can only take away, and each says why.

A rule forbids acts (``Rule``) or limits a motion (``Limit``). Its ``objection`` is a sentence,
empty where it has none. A missing input always counts against acting. Rules that need a watching
person's judgement less than the machine's (``binds_teleop`` False) do not bind somebody who drives
by hand and sees the garden.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from typing import ClassVar, Protocol

from ..geometry import ORIGIN, STOP, Z_95, Point, Pose, Twist, inside_by, segment_distance, wrap
from ..hours import in_span
from .scene import Animal, Scene


class Act(Enum):
    """What a rule can forbid."""

    TRANSLATION = 'translation'
    TURNING = 'turning'
    SOUND = 'sound'
    LIGHT = 'light'


EVERYTHING = frozenset(Act)
STIMULUS = EVERYTHING - {Act.TURNING}
MOTION = frozenset({Act.TRANSLATION, Act.TURNING})

# How long a command may stay in force before the next judgement reaches the legs, s: the age at
# which a command is dropped (0.5 s). A limit must hold for that long.
HORIZON = 0.5


class Rule(Protocol):
    """Forbids acts as long as it objects."""

    name: ClassVar[str]
    forbids: ClassVar[frozenset[Act]]
    binds_teleop: ClassVar[bool]

    def objection(self, scene: Scene) -> str:
        """Why the acts are forbidden now; empty where they are not."""
        ...


class Limit(Protocol):
    """Clips a motion."""

    name: ClassVar[str]

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """``twist`` with what must not be taken away."""
        ...

    def objection(self, scene: Scene) -> str:
        """What is limited now; empty where nothing is."""
        ...


def _too_old(age: float | None, limit: float) -> bool:
    return age is None or age > limit


def _seconds(age: float | None) -> str:
    return 'never' if age is None else f'{age:.1f} s ago'


@dataclass(frozen=True)
class EmergencyStop:
    """Somebody pressed the emergency stop; it latches until it is released."""

    name: ClassVar[str] = 'emergency_stop'
    forbids: ClassVar[frozenset[Act]] = EVERYTHING
    binds_teleop: ClassVar[bool] = True

    def objection(self, scene: Scene) -> str:
        """See class."""
        return 'The emergency stop is latched.' if scene.emergency_stop else ''


@dataclass(frozen=True)
class Disarmed:
    """Nobody has armed the sentinel."""

    name: ClassVar[str] = 'disarmed'
    forbids: ClassVar[frozenset[Act]] = EVERYTHING
    binds_teleop: ClassVar[bool] = True

    def objection(self, scene: Scene) -> str:
        """See class."""
        return '' if scene.armed else 'The sentinel is not armed.'


@dataclass(frozen=True)
class PersonOrPet:
    """A person, cat or dog was there within the last ``seconds``."""

    name: ClassVar[str] = 'person_or_pet'
    forbids: ClassVar[frozenset[Act]] = EVERYTHING
    binds_teleop: ClassVar[bool] = False
    seconds: float = 10.0

    def objection(self, scene: Scene) -> str:
        """See class."""
        seen = scene.evidence
        if seen is None or seen.age > self.seconds:
            return ''
        return f'A {seen.species} (score {seen.score:.2f}) was seen {seen.age:.1f} s ago.'


@dataclass(frozen=True)
class StalePerception:
    """The newest picture that was looked at is too old: standing still is all that is safe."""

    name: ClassVar[str] = 'stale_perception'
    forbids: ClassVar[frozenset[Act]] = EVERYTHING
    binds_teleop: ClassVar[bool] = False
    seconds: float = 1.0

    def objection(self, scene: Scene) -> str:
        """See class."""
        if _too_old(scene.frame_age, self.seconds):
            return f'The newest picture that was looked at was taken {_seconds(scene.frame_age)}.'
        return ''


@dataclass(frozen=True)
class NoSweep:
    """No full look, past the motion gate, ended within the last ``seconds``."""

    name: ClassVar[str] = 'no_sweep'
    forbids: ClassVar[frozenset[Act]] = EVERYTHING
    binds_teleop: ClassVar[bool] = False
    seconds: float = 1.0

    def objection(self, scene: Scene) -> str:
        """See class."""
        if _too_old(scene.sweep_age, self.seconds):
            return f'The last full look for people and pets ended {_seconds(scene.sweep_age)}.'
        return ''


@dataclass(frozen=True)
class UnsureTarget:
    """No track is surely a target species."""

    name: ClassVar[str] = 'unsure_target'
    forbids: ClassVar[frozenset[Act]] = frozenset({Act.SOUND, Act.LIGHT})
    binds_teleop: ClassVar[bool] = False

    def objection(self, scene: Scene) -> str:
        """See class."""
        return '' if scene.sure else 'Nothing in view is surely a target.'


@dataclass(frozen=True)
class UnsureApproach:
    """Something in view is not surely a target: the legs stay where they are until it is known."""

    name: ClassVar[str] = 'unsure_approach'
    forbids: ClassVar[frozenset[Act]] = frozenset({Act.TRANSLATION})
    binds_teleop: ClassVar[bool] = False

    def objection(self, scene: Scene) -> str:
        """See class."""
        unsure = scene.unsure_tracks
        if scene.sure or not unsure:
            return ''
        return f'Track {unsure[0]} is not surely a target.'


@dataclass(frozen=True)
class NoPoseFix:
    """Nobody has told where the robot is within the last ``path`` metres of walking."""

    name: ClassVar[str] = 'no_pose_fix'
    forbids: ClassVar[frozenset[Act]] = frozenset({Act.TRANSLATION})
    binds_teleop: ClassVar[bool] = False
    path: float = 2.0

    def objection(self, scene: Scene) -> str:
        """See class."""
        if scene.pose is None:
            return 'Nobody has told where the robot is; it turns and changes its stance only.'
        if scene.pose.path > self.path:
            return f'The robot walked {scene.pose.path:.1f} m since it was last told where it is.'
        return ''


@dataclass(frozen=True)
class RangeUnknown:
    """There are tracks, but no distances to them."""

    name: ClassVar[str] = 'range_unknown'
    forbids: ClassVar[frozenset[Act]] = frozenset({Act.TRANSLATION})
    binds_teleop: ClassVar[bool] = False
    seconds: float = 1.0

    def objection(self, scene: Scene) -> str:
        """See class."""
        tracks = scene.frame is not None and any(d.track_id for d in scene.frame.detections)
        if tracks and _too_old(scene.targets_age, self.seconds):
            return f'An animal is in view; distances were told {_seconds(scene.targets_age)}.'
        return ''


@dataclass(frozen=True)
class SoundBudget:
    """So many seconds of sound per hour, fewer in quiet hours (0 forbids sound there)."""

    name: ClassVar[str] = 'sound_budget'
    forbids: ClassVar[frozenset[Act]] = frozenset({Act.SOUND})
    binds_teleop: ClassVar[bool] = False
    per_hour: float = 60.0
    per_quiet_hour: float = 30.0
    quiet: tuple[float, float] | None = (22.0, 7.0)
    # The speaker tells at 1 Hz how much it used; three missed ones mean that nobody knows.
    seconds: float = 3.5

    def objection(self, scene: Scene) -> str:
        """See class."""
        if _too_old(scene.sound_age, self.seconds):
            return f'The speaker told {_seconds(scene.sound_age)} how much sound it made.'
        if scene.hour is None:
            return 'The time of day is not known, so quiet hours may be now.'
        quiet = self.quiet is not None and in_span(scene.hour, *self.quiet)
        budget = self.per_quiet_hour if quiet else self.per_hour
        if scene.sound_used >= budget:
            when = 'in quiet hours' if quiet else 'per hour'
            return (
                f'{scene.sound_used:.0f} s of sound were made; {budget:.0f} s are allowed {when}.'
            )
        return ''


@dataclass(frozen=True)
class LightBudget:
    """Light only as configured: not at all, or so many seconds per hour."""

    name: ClassVar[str] = 'light_budget'
    forbids: ClassVar[frozenset[Act]] = frozenset({Act.LIGHT})
    binds_teleop: ClassVar[bool] = False
    per_hour: float = 120.0

    def objection(self, scene: Scene) -> str:
        """See class."""
        if scene.light_used >= self.per_hour:
            return (
                f'{scene.light_used:.0f} s of light were shown; {self.per_hour:.0f} s are allowed.'
            )
        return ''


@dataclass(frozen=True)
class LightSilence:
    """Who wants light says so again and again; without a word it goes out."""

    name: ClassVar[str] = 'light_silence'
    forbids: ClassVar[frozenset[Act]] = frozenset({Act.LIGHT})
    binds_teleop: ClassVar[bool] = False
    # The brain says it at 2 Hz; three missed words, as for the speaker.
    seconds: float = 1.5

    def objection(self, scene: Scene) -> str:
        """See class."""
        if scene.light_age is None or scene.light_age <= self.seconds:
            return ''
        return f'The light was asked for {_seconds(scene.light_age)} and shines on.'


def closing_speed(twist: Twist, towards: Point, horizon: float = HORIZON) -> float:
    """Largest speed (m/s) at which ``twist`` may approach ``towards`` within ``horizon`` s.

    ``towards`` is a point of base_link; 0 means that it recedes. The turn within the horizon is
    counted in favour of approaching.
    """
    if not twist.speed:
        return 0.0
    off = abs(wrap(math.atan2(towards[1], towards[0]) - math.atan2(twist.vy, twist.vx)))
    off = max(0.0, off - abs(twist.wz) * horizon)
    return max(0.0, twist.speed * math.cos(off))


@dataclass(frozen=True)
class SpeedLimit:
    """Never faster than configured."""

    name: ClassVar[str] = 'speed_limit'
    speed: float = 0.3
    turn: float = 1.5

    def objection(self, scene: Scene) -> str:
        """A speed limit forbids nothing by itself."""
        return ''

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """See class."""
        if not all(map(math.isfinite, (twist.vx, twist.vy, twist.wz))):
            return STOP
        wz = max(-self.turn, min(self.turn, twist.wz))
        factor = min(1.0, self.speed / twist.speed) if twist.speed else 1.0
        return Twist(twist.vx * factor, twist.vy * factor, wz)


@dataclass(frozen=True)
class MinimumDistance:
    """The robot's own motion never makes the distance to an animal smaller than ``distance``.

    Measured by the lower 5 % bound of the distance. Sights are remembered; an older one counts as
    nearer by what an animal may have walked since (``animal_speed``, a raccoon's walk). A box that
    touches the lower edge of the picture means near, whatever the distance says.
    """

    name: ClassVar[str] = 'minimum_distance'
    distance: float = 0.7
    animal_speed: float = 0.5
    edge: float = 3.0  # px

    def _room(self, animal: Animal) -> float:
        return animal.distance_low - self.animal_speed * animal.age - self.distance

    def _at_edge(self, scene: Scene) -> bool:
        if scene.frame is None or not scene.frame.detections:
            return False
        if scene.image_height is None:
            return True
        limit = scene.image_height - self.edge
        return any(d.box.bottom >= limit for d in scene.frame.detections)

    def objection(self, scene: Scene) -> str:
        """See class."""
        if self._at_edge(scene):
            return 'An animal stands at the lower edge of the picture, so it is near.'
        near = min(scene.animals, key=self._room, default=None)
        if near is None or self._room(near) > 0:
            return ''
        return f'Track {near.track_id} may be only {max(0.0, near.distance_low):.2f} m away.'

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """See class."""
        if twist.vx > 0 and self._at_edge(scene):
            return twist.scaled(0.0)
        for animal in scene.animals:
            closing = closing_speed(twist, animal.position)
            granted = max(0.0, self._room(animal)) / HORIZON
            if closing > granted:
                twist = twist.scaled(granted / closing)
        return twist


@dataclass(frozen=True)
class Geofence:
    """The robot stays inside ``polygon`` (map, m), drawn in by what its place is uncertain.

    Outside it may only return.
    """

    name: ClassVar[str] = 'geofence'
    polygon: tuple[Point, ...]

    def _room(self, scene: Scene, pose: Pose) -> float:
        assert scene.pose is not None
        return inside_by((pose.x, pose.y), self.polygon) - Z_95 * scene.pose.sigma

    def objection(self, scene: Scene) -> str:
        """See class."""
        if scene.pose is None or self._room(scene, scene.pose.pose) >= 0:
            return ''
        return 'The robot may be outside its area and only walks back into it.'

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """See class.

        Without a pose nothing is known to clip against; ``no_pose_fix`` forbids walking then.
        """
        if scene.pose is None or not twist.speed:
            return twist
        here = self._room(scene, scene.pose.pose)
        there = self._room(scene, scene.pose.pose.moved(twist, HORIZON))
        return twist if there >= 0 or there > here else twist.scaled(0.0)


def between(point: Point, a: Point, b: Point, width: float) -> bool:
    """Whether ``point`` lies beside the way from ``a`` to ``b``, nearer to it than ``width`` m.

    Behind one of the ends it does not.
    """
    if segment_distance(point, a, b) >= width:
        return False
    along = b[0] - a[0], b[1] - a[1]
    t = (point[0] - a[0]) * along[0] + (point[1] - a[1]) * along[1]
    return 0 < t < along[0] ** 2 + along[1] ** 2


@dataclass(frozen=True)
class WayOut:
    """Never between an animal and where it came in, nor between two animals (a mother and young).

    Beside such a way the robot walks towards none of them, and it does not step there.
    """

    name: ClassVar[str] = 'way_out'
    width: float = 1.0
    moved: float = 0.5  # m from its entry before the entry says anything
    family: float = 4.0  # m apart; further away two animals have nothing to do with each other

    def _ways(self, scene: Scene) -> list[tuple[Point, Point, str]]:
        ways = [
            (a.position, a.entry, f'track {a.track_id} and its way out')
            for a in scene.animals
            if a.entry is not None and math.dist(a.entry, a.position) >= self.moved
        ]
        return ways + [
            (a.position, b.position, f'track {a.track_id} and track {b.track_id}')
            for a, b in combinations(scene.animals, 2)
            if math.dist(a.position, b.position) <= self.family
        ]

    def objection(self, scene: Scene) -> str:
        """See class."""
        for a, b, what in self._ways(scene):
            if between((0.0, 0.0), a, b, self.width):
                return f'The robot stands between {what}.'
        return ''

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """See class."""
        if not twist.speed:
            return twist
        there = ORIGIN.moved(twist, HORIZON)
        nearer = any(closing_speed(twist, animal.position) > 0 for animal in scene.animals)
        for a, b, _ in self._ways(scene):
            if between((0.0, 0.0), a, b, self.width):
                if nearer:
                    return twist.scaled(0.0)
            elif between((there.x, there.y), a, b, self.width):
                return twist.scaled(0.0)
        return twist


@dataclass(frozen=True)
class ChargeLimit:
    """So many metres towards animals per minute: it warns, it does not hunt."""

    name: ClassVar[str] = 'charge_limit'
    metres: float = 3.0

    def objection(self, scene: Scene) -> str:
        """See class."""
        if scene.approached < self.metres:
            return ''
        return f'The robot went {scene.approached:.1f} m towards animals within a minute.'

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """See class."""
        if scene.approached >= self.metres:
            for animal in scene.animals:
                if closing_speed(twist, animal.position) > 0:
                    return twist.scaled(0.0)
        return twist


@dataclass(frozen=True)
class RuleSet:
    """All rules, most severe first."""

    rules: Sequence[Rule]
    limits: Sequence[Limit]
