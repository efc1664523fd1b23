"""The safety rules that forbid acts. Each says why; those that clip a motion are in ``limits``.

A rule's ``objection`` is a sentence, empty where it has none. A missing input always counts against
acting. Rules that need a watching person's judgement less than the machine's (``binds_teleop``
False) do not bind somebody who drives by hand and sees the garden.
"""

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Protocol

from ..hours import in_span
from .scene import Scene


class Act(Enum):
    """What a rule can forbid."""

    TRANSLATION = 'translation'
    TURNING = 'turning'
    SOUND = 'sound'
    LIGHT = 'light'


EVERYTHING = frozenset(Act)


class Rule(Protocol):
    """Forbids acts as long as it objects."""

    name: ClassVar[str]
    forbids: ClassVar[frozenset[Act]]
    binds_teleop: ClassVar[bool]

    def objection(self, scene: Scene) -> str:
        """Why the acts are forbidden now; empty where they are not."""
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
class Restarted:
    """The guard before this one died: whom it saw within the last ``seconds`` is forgotten."""

    name: ClassVar[str] = 'restarted'
    forbids: ClassVar[frozenset[Act]] = EVERYTHING
    binds_teleop: ClassVar[bool] = False
    seconds: float = 10.0

    def objection(self, scene: Scene) -> str:
        """See class."""
        age = scene.restart_age
        if _too_old(age, self.seconds):
            return ''
        return f'The guard started again {_seconds(age)}; whom it saw before is forgotten.'


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
    quiet: tuple[float, float] = (22.0, 7.0)
    # The speaker tells at 1 Hz how much it used; three missed ones mean that nobody knows.
    seconds: float = 3.5

    def objection(self, scene: Scene) -> str:
        """See class."""
        if _too_old(scene.sound_age, self.seconds):
            return f'The speaker told {_seconds(scene.sound_age)} how much sound it made.'
        if scene.hour is None:
            return 'The time of day is not known, so quiet hours may be now.'
        quiet = in_span(scene.hour, *self.quiet)
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
