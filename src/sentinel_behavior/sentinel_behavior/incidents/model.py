"""The incident log as plain values.

Times are ROS time in seconds; what ``detail`` carries is described in docs/incidents.md.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from sentinel_common.detections import to_seconds

from ..policy.trial import TREATMENT

REPELLED, LEFT, STAYED, LOST = 'repelled', 'left', 'stayed', 'lost'
INTERRUPTED = 'interrupted'  # by the end of the recorder or of the brain

# Ends of a stimulus that the guard brought about, by itself or through a higher branch of the tree.
CUT_SHORT = frozenset({'guard', 'interrupted'})

# Rules of a hold by which a person keeps the sentinel from acting; ``brain/enable`` disables.
SWITCHED_OFF = frozenset({'disarmed', 'emergency_stop', 'disabled'})


class Kind(IntEnum):
    """Kind of an incident, as in sentinel_msgs/Incident."""

    VISIT_STARTED = 1
    DECISION = 2
    STIMULUS_STARTED = 3
    STIMULUS_ENDED = 4
    VISIT_ENDED = 5
    HELD_FIRE = 6


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One line that the brain told; ``stamp`` is the capture time of the picture it answers."""

    kind: Kind
    stamp: float
    visit_id: str = ''
    track_id: str = ''
    species: str = ''
    probability: float = 0.0
    deterrent: str = ''
    detail: Mapping[str, Any] = field(default_factory=dict)

    def json(self) -> str:
        """``detail`` as JSON text."""
        return json.dumps(self.detail, separators=(',', ':'))


def from_message(message: Any) -> Incident:
    """Read a sentinel_msgs/Incident.

    Raises ValueError where the kind is unknown or ``detail`` is no JSON object.
    """
    detail = json.loads(message.detail) if message.detail else {}
    if not isinstance(detail, dict):
        raise ValueError(f'detail is no JSON object: {message.detail[:80]!r}')
    return Incident(
        kind=Kind(message.kind),
        stamp=to_seconds(message.header.stamp),
        visit_id=message.visit_id,
        track_id=message.track_id,
        species=message.species,
        probability=round(float(message.probability), 4),
        deterrent=message.deterrent,
        detail=detail,
    )


def brain_of(visit_id: str) -> str:
    """Which start of the brain a visit belongs to; its ids are that and a number."""
    return visit_id.rpartition('-')[0]


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A choice of a deterrent, ``told`` being when the recorder heard of it."""

    stamp: float
    told: float
    deterrent: str
    detail: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Stimulus:
    """A deterrent that was really begun; ``seconds`` is None while its end is unknown."""

    stamp: float
    told: float
    deterrent: str
    seconds: float | None
    detail: Mapping[str, Any]
    end_detail: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Hold:
    """A moment at which a target was there and ``rules`` forbade to act."""

    stamp: float
    told: float
    visit_id: str
    track_id: str
    species: str
    probability: float
    detail: Mapping[str, Any]

    @property
    def rules(self) -> tuple[str, ...]:
        """Names of the rules."""
        return tuple(str(rule) for rule in self.detail.get('rules', ()))

    @property
    def reasons(self) -> tuple[str, ...]:
        """One sentence for each rule."""
        return tuple(str(reason) for reason in self.detail.get('reasons', ()))


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A stored picture, relative to the folder of the log.

    ``kind`` is ``crop`` or ``frame``, ``x``, ``y`` its upper left corner in the source image (px),
    and ``boxes`` what was seen in it: {track_id, x, y, width, height, scores}, in its own pixels.
    """

    path: str
    stamp: float
    visit_id: str
    track_id: str
    kind: str
    why: str
    x: int
    y: int
    width: int
    height: int
    boxes: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, kw_only=True)
class Sound:
    """A sound that was made, ``volume`` 0..1."""

    started: float
    seconds: float
    name: str
    volume: float


@dataclass(frozen=True, kw_only=True)
class Run:
    """A stretch of time in which the recorder listened."""

    started: float
    last_alive: float
    info: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Visit:
    """One visit of one animal with all that belongs to it; ``ended`` is None while it lasts."""

    id: str
    track_id: str
    species: str
    probability: float
    started: float
    ended: float | None
    outcome: str
    false_alarm: bool
    note: str
    detail: Mapping[str, Any]
    end_detail: Mapping[str, Any]
    decisions: tuple[Decision, ...] = ()
    stimuli: tuple[Stimulus, ...] = ()
    holds: tuple[Hold, ...] = ()
    pictures: tuple[Picture, ...] = ()

    @property
    def last_seen(self) -> float | None:
        """Stamp of the last picture with the animal, as far as it is known.

        Of an interrupted visit it is not: it tells neither a stay nor a return.
        """
        if self.outcome == INTERRUPTED:
            return None
        value = self.end_detail.get('last_seen', self.ended)
        return None if value is None else float(value)

    @property
    def arm(self) -> str:
        """The arm of a trial that the visit belongs to; ``treatment`` where there is no trial."""
        return self._assigned('arm') or TREATMENT

    @property
    def group(self) -> str:
        """Which of the two groups of an A/A trial, A or B; '' where there is none."""
        return self._assigned('group')

    def _assigned(self, key: str) -> str:
        decided = (d.detail for d in reversed(self.decisions))
        for detail in (self.end_detail, *decided, self.detail):
            if detail.get(key):
                return str(detail[key])
        return ''

    @property
    def time_to_stimulus(self) -> float | None:
        """Seconds from the confirming picture until the recorder heard of the first stimulus."""
        return max(0.0, self.stimuli[0].told - self.started) if self.stimuli else None

    @property
    def time_to_departure(self) -> float | None:
        """Seconds from the first stimulus to the last picture with an animal that was repelled."""
        if self.outcome != REPELLED or not self.stimuli or self.last_seen is None:
            return None
        return max(0.0, self.last_seen - self.stimuli[0].told)


@dataclass(frozen=True, kw_only=True)
class Log:
    """A period of the incident log, oldest first. ``holds`` has those of no visit too."""

    visits: tuple[Visit, ...] = ()
    holds: tuple[Hold, ...] = ()
    sounds: tuple[Sound, ...] = ()
    runs: tuple[Run, ...] = ()
