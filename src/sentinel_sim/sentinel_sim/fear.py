"""Fear and habituation of one animal.

The figures and where they come from are in config/animals.yaml.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
from sentinel_common.files import share

from sentinel_common import configuration

# A sound without an entry of its own counts as this: noise that means nothing.
_ANY_SOUND = 'sound'

_POSITIVE = {'type': 'number', 'exclusiveMinimum': 0}
_NUMBERS = ('alert', 'flee', 'calm', 'reaction', 'two_modes', 'walk', 'run', 'young')
_KIND = {
    'type': 'object',
    'required': [*_NUMBERS, 'spread', 'stimuli'],
    'additionalProperties': False,
    'properties': {
        **{n: _POSITIVE for n in _NUMBERS},
        'spread': {'type': 'number', 'minimum': 0},
        'stimuli': {
            'type': 'object',
            'required': [_ANY_SOUND, 'light', 'looming'],
            'additionalProperties': {
                'type': 'object',
                'required': ['strength', 'reach', 'habituation', 'recovery'],
                'additionalProperties': False,
                'properties': {
                    'strength': {'type': 'number', 'minimum': 0},
                    **{n: _POSITIVE for n in ('reach', 'habituation', 'recovery')},
                },
            },
        },
    },
}  # fmt: skip
_SCHEMA = {
    'type': 'object',
    'properties': {'defaults': {}},
    'additionalProperties': _KIND,
}


@dataclass(frozen=True)
class Effect:
    """What one kind of stimulus does.

    ``strength`` is the fear per second, which halves at ``reach`` (m). It wears out with the time
    constant ``habituation`` and comes back with ``recovery`` (s).
    """

    strength: float
    reach: float
    habituation: float
    recovery: float


@dataclass(frozen=True)
class Temperament:
    """One kind of animal, as in config/animals.yaml."""

    alert: float
    flee: float
    spread: float
    calm: float
    reaction: float
    two_modes: float
    walk: float
    run: float
    young: float
    stimuli: Mapping[str, Effect]


@dataclass(frozen=True)
class Stimulus:
    """Something that acts on an animal now: its kind, intensity (1 is full), and distance in m."""

    kind: str
    intensity: float
    distance: float


@lru_cache
def temperaments() -> dict[str, Temperament]:
    """Read config/animals.yaml; raise ConfigurationError with one sentence where it is wrong."""
    tables = configuration.load(share('config/animals.yaml'), _SCHEMA)
    made = {}
    for kind, table in tables.items():
        if kind == 'defaults':
            continue
        effects = {name: Effect(**entry) for name, entry in table['stimuli'].items()}
        made[kind] = Temperament(**{**table, 'stimuli': effects})
    return made


@dataclass
class Fear:
    """The state of one animal.

    ``alert`` and ``flee`` are its own thresholds, ``reaction`` its own delay (s).
    """

    temperament: Temperament
    alert: float
    flee: float
    reaction: float
    level: float = 0.0
    sensitivity: dict[str, float] = field(default_factory=dict)

    @classmethod
    def draw(
        cls,
        temperament: Temperament,
        rng: np.random.Generator,
        *,
        boldness: float = 1.0,
        young: bool = False,
    ) -> 'Fear':
        """Draw an individual; ``boldness`` above 1 raises its thresholds."""
        factor = float(np.exp(rng.normal() * temperament.spread)) * boldness
        if young:
            factor *= temperament.young
        reaction = temperament.reaction * float(np.exp(rng.normal() * 0.3))
        return cls(temperament, temperament.alert * factor, temperament.flee * factor, reaction)

    def feel(self, dt: float, stimuli: Sequence[Stimulus]) -> None:
        """Live through ``dt`` seconds of constant stimuli, at most one of each kind."""
        drive = 0.0
        kinds = 0
        for stimulus in stimuli:
            name = stimulus.kind if stimulus.kind in self.temperament.stimuli else _ANY_SOUND
            effect = self.temperament.stimuli[name]
            near = 1 / (1 + (stimulus.distance / effect.reach) ** 2)
            dose = stimulus.intensity * near
            if dose <= 0:
                continue
            sensitivity = self.sensitivity.get(name, 1.0)
            drive += effect.strength * dose * sensitivity
            kinds += 1
            self.sensitivity[name] = sensitivity * math.exp(-dt * dose / effect.habituation)
        if kinds > 1:
            drive *= self.temperament.two_modes
        # Exact for a constant drive, so that the size of the step does not matter.
        settled = drive * self.temperament.calm
        self.level = settled + (self.level - settled) * math.exp(-dt / self.temperament.calm)

    def rest(self, seconds: float) -> None:
        """Live through ``seconds`` of peace."""
        self.level *= math.exp(-seconds / self.temperament.calm)
        for name, value in self.sensitivity.items():
            effect = self.temperament.stimuli[name]
            self.sensitivity[name] = 1 - (1 - value) * math.exp(-seconds / effect.recovery)
