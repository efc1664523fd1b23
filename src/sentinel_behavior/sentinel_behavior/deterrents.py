"""Deterrents as data.

What each does, for whom, how often, and how much of the neighbours' patience it costs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentinel_common.configuration import digest, load
from sentinel_common.errors import ConfigurationError
from sentinel_common.species import PROTECTED

_UNIT = {'type': 'number', 'minimum': 0, 'maximum': 1}
_NAMES = {'type': 'array', 'items': {'type': 'string', 'minLength': 1}}
_ROS_NAME = {
    'type': 'string',
    'pattern': r'^(~?/)?[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*\Z',
    'description': 'ROS name (letters, digits, "_" and "/"; no part begins with a digit)',
}
_ARGUMENT = {
    'type': 'string',
    'pattern': r'^[^\0]*\Z',
    'description': 'argument of a program (it holds a zero byte)',
}
MOTIONS = ('face', 'advance', 'retreat', 'lunge', 'strafe', 'stomp')

SCHEMA: dict[str, Any] = {
    'type': 'object',
    'required': ['target_species', 'never_engage', 'deterrents'],
    'additionalProperties': False,
    'properties': {
        'target_species': {**_NAMES, 'minItems': 1},
        'never_engage': _NAMES,
        'silent_first': {'type': 'boolean'},
        'deterrents': {
            'type': 'object',
            'minProperties': 1,
            'additionalProperties': {
                'type': 'object',
                'required': ['duration', 'step'],
                'additionalProperties': False,
                'properties': {
                    'about': {'type': 'string'},
                    'duration': {'type': 'number', 'exclusiveMinimum': 0, 'maximum': 15},
                    'step': {'type': 'integer', 'minimum': 1, 'maximum': 5},
                    'species': _NAMES,
                    'cool_down': {'type': 'number', 'minimum': 0},
                    'per_hour': {'type': 'integer', 'minimum': 1},
                    'quiet_hours': {'enum': ['allowed', 'forbidden']},
                    'neutral': {'type': 'boolean'},
                    'prior': {
                        'type': 'object',
                        'required': ['repelled', 'stayed', 'source'],
                        'additionalProperties': False,
                        'properties': {
                            'repelled': {'type': 'number', 'exclusiveMinimum': 0},
                            'stayed': {'type': 'number', 'exclusiveMinimum': 0},
                            'source': {'type': 'string', 'minLength': 1},
                        },
                    },
                    'sound': {
                        'type': 'object',
                        'required': ['name', 'volume'],
                        'additionalProperties': False,
                        'properties': {
                            'name': {'type': 'string', 'minLength': 1},
                            'volume': _UNIT,
                        },
                    },
                    'light': {
                        'type': 'object',
                        'required': ['color'],
                        'additionalProperties': False,
                        'properties': {
                            'color': {
                                'type': 'array',
                                'items': _UNIT,
                                'minItems': 3,
                                'maxItems': 3,
                            },
                            # Below 3 Hz: flashes from 3 Hz on can trigger photosensitive epilepsy
                            # (WCAG 2.3.1).
                            'flash_hz': {'type': 'number', 'minimum': 0, 'exclusiveMaximum': 3},
                        },
                    },
                    'motion': {
                        'type': 'object',
                        'required': ['kind'],
                        'additionalProperties': False,
                        'properties': {
                            'kind': {'enum': list(MOTIONS)},
                            'speed': {'type': 'number', 'exclusiveMinimum': 0, 'maximum': 1},
                            'stop_at': {'type': 'number', 'minimum': 0.7},
                        },
                    },
                    'hook': {
                        'type': 'object',
                        'additionalProperties': False,
                        'minProperties': 1,
                        'maxProperties': 1,
                        'properties': {
                            'topic': _ROS_NAME,
                            'service': _ROS_NAME,
                            'command': {'type': 'array', 'items': _ARGUMENT, 'minItems': 1},
                        },
                    },
                },
                'anyOf': [{'required': [k]} for k in ('sound', 'light', 'motion', 'hook')],
            },
        },
    },
}


@dataclass(frozen=True)
class Sound:
    """A sound of the speaker; ``volume`` 0..1."""

    name: str
    volume: float


@dataclass(frozen=True)
class Light:
    """The head light: colour (red, green, blue, 0..1); ``flash_hz`` 0 is steady."""

    color: tuple[float, float, float]
    flash_hz: float = 0.0

    def at(self, elapsed: float) -> tuple[float, float, float]:
        """Colour ``elapsed`` seconds after the start."""
        if self.flash_hz and int(elapsed * self.flash_hz * 2) % 2:
            return 0.0, 0.0, 0.0
        return self.color


@dataclass(frozen=True)
class Motion:
    """What the legs do: ``speed`` in m/s.

    The robot stops going nearer at ``stop_at`` m (lower bound of the distance).
    """

    kind: str
    speed: float = 0.2
    stop_at: float = 1.2

    @property
    def walks(self) -> bool:
        """Whether it needs more than turning and stance."""
        return self.kind not in ('face', 'stomp')


@dataclass(frozen=True)
class Hook:
    """Something outside the robot.

    ``kind`` is topic (std_msgs/Bool), service (std_srvs/Trigger) or command (no shell).
    """

    kind: str
    target: tuple[str, ...]


@dataclass(frozen=True)
class Deterrent:
    """One thing to do.

    ``prior``: pseudo-counts (repelled, stayed) that stand for what others measured.
    """

    name: str
    duration: float
    step: int
    species: frozenset[str]
    cool_down: float = 0.0
    per_hour: int = 1000
    in_quiet_hours: bool = True
    neutral: bool = False
    prior: tuple[float, float] = (1.0, 1.0)
    sound: Sound | None = None
    light: Light | None = None
    motion: Motion | None = None
    hook: Hook | None = None


@dataclass(frozen=True)
class Deterrents:
    """The catalogue, in the order of the file, and whom it is for.

    ``silent_first``: in quiet hours what makes a sound stands one rung higher.
    """

    target_species: tuple[str, ...]
    never_engage: frozenset[str]
    by_name: Mapping[str, Deterrent]
    digest: str = ''
    silent_first: bool = False

    def rung(self, deterrent: Deterrent, *, quiet: bool) -> int:
        """Rung of the ladder on which ``deterrent`` stands now; ``quiet``: in quiet hours."""
        return deterrent.step + (self.silent_first and quiet and deterrent.sound is not None)

    def lowest_rung(self, species: str, *, quiet: bool) -> int:
        """The mildest rung that holds something for ``species``."""
        return min(
            self.rung(d, quiet=quiet)
            for d in self.by_name.values()
            if species in d.species and not d.neutral
        )


def _deterrent(name: str, data: Mapping[str, Any], targets: list[str]) -> Deterrent:
    prior = data.get('prior', {'repelled': 1.0, 'stayed': 1.0})
    light = data.get('light')
    hook = data.get('hook')
    return Deterrent(
        name=name,
        duration=float(data['duration']),
        step=data['step'],
        species=frozenset(data.get('species', targets)),
        cool_down=float(data.get('cool_down', 0.0)),
        per_hour=data.get('per_hour', 1000),
        in_quiet_hours=data.get('quiet_hours', 'allowed') == 'allowed',
        neutral=data.get('neutral', False),
        prior=(float(prior['repelled']), float(prior['stayed'])),
        sound=Sound(**data['sound']) if 'sound' in data else None,
        light=Light(tuple(light['color']), light.get('flash_hz', 0.0)) if light else None,
        motion=Motion(**data['motion']) if 'motion' in data else None,
        hook=_hook(hook) if hook else None,
    )


def _hook(data: Mapping[str, Any]) -> Hook:
    ((kind, target),) = data.items()
    return Hook(kind, (target,) if isinstance(target, str) else tuple(target))


def read_deterrents(path: Path) -> Deterrents:
    """Read a catalogue; raise ConfigurationError with one sentence for the first fault."""
    data = load(path, SCHEMA)
    targets, never = data['target_species'], set(data['never_engage']) | PROTECTED
    for species in targets:
        if species in never:
            raise ConfigurationError(f'{path}: {species} is never engaged and cannot be a target.')
    for name, item in data['deterrents'].items():
        for species in item.get('species', ()):
            if species not in targets:
                raise ConfigurationError(
                    f'{path}: deterrents.{name}: {species} is not among target_species.'
                )
    found = {n: _deterrent(n, item, targets) for n, item in data['deterrents'].items()}
    for species in targets:
        if not any(species in d.species and not d.neutral for d in found.values()):
            raise ConfigurationError(f'{path}: there is no deterrent for {species}.')
    silent = data.get('silent_first', False)
    return Deterrents(tuple(targets), frozenset(never), found, digest(path), silent)
