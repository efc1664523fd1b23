"""The raccoons of the night benchmark: data of config/nights.yaml, and one visit of one of them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sentinel_common.configuration import load
from sentinel_common.species import RACCOON
from sentinel_sim.agents import Sentinel, perceive
from sentinel_sim.fear import Fear, Stimulus, Temperament, temperaments

_POSITIVE = {'type': 'number', 'exclusiveMinimum': 0}
_SHARE = {'type': 'number', 'minimum': 0, 'maximum': 1}
_SPAN = {'type': 'array', 'items': {'type': 'number', 'minimum': 0}, 'minItems': 2, 'maxItems': 2}
_GARDEN = {
    'raccoons': {'type': 'integer', 'minimum': 1},
    'visits': _POSITIVE,
    'stays': _SPAN,
    'night': _SPAN,
    'enters': _SPAN,
    'beds': _SPAN,
    'sight': _POSITIVE,
    'missed': _SHARE,
    'sure_after': _POSITIVE,
    'returns': _SHARE,
    'returns_after': _SPAN,
}
_MODEL = {
    'type': 'object',
    'required': ['boldness', 'habituation', 'recovery'],
    'additionalProperties': False,
    'properties': {
        'boldness': _POSITIVE,
        'habituation': _POSITIVE,
        'recovery': _POSITIVE,
        'strengths': {'type': 'object', 'additionalProperties': {'type': 'number', 'minimum': 0}},
    },
}
SCHEMA: dict[str, Any] = {
    'type': 'object',
    'required': ['garden', 'models'],
    'additionalProperties': False,
    'properties': {
        'garden': {
            'type': 'object',
            'required': list(_GARDEN),
            'additionalProperties': False,
            'properties': _GARDEN,
        },
        'models': {'type': 'object', 'minProperties': 1, 'additionalProperties': _MODEL},
    },
}

# Step in which a visit is lived through while something acts on the animal, s. Fear is exact for a
# constant drive.
STEP = 0.5

# It goes on with what it did once its fear has fallen below this share of the alert threshold.
_CALMED = 0.6

Span = tuple[float, float]


@dataclass(frozen=True)
class Garden:
    """Who comes how often; see config/nights.yaml."""

    raccoons: int
    visits: float
    stays: Span
    night: Span
    enters: Span
    beds: Span
    sight: float
    missed: float
    sure_after: float
    returns: float
    returns_after: Span


@dataclass(frozen=True)
class Model:
    """How the raccoons of a garden take it; see config/nights.yaml."""

    name: str
    boldness: float
    habituation: float
    recovery: float
    strengths: Mapping[str, float]

    def temperament(self) -> Temperament:
        """Temperament of config/animals.yaml, changed by this model."""
        base = temperaments()[RACCOON]
        return replace(
            base,
            stimuli={
                name: replace(
                    effect,
                    strength=self.strengths.get(name, effect.strength),
                    habituation=effect.habituation * self.habituation,
                    recovery=effect.recovery * self.recovery,
                )
                for name, effect in base.stimuli.items()
            },
        )


def read_nights(path: Path) -> tuple[Garden, dict[str, Model]]:
    """Read config/nights.yaml; raise ConfigurationError with one sentence for the first fault."""
    data = load(path, SCHEMA)
    values: dict[str, Any] = data['garden']
    spans: dict[str, Any] = {k: tuple(v) for k, v in values.items() if isinstance(v, list)}
    garden = Garden(**(values | spans))
    models = {n: Model(n, **{'strengths': {}, **m}) for n, m in data['models'].items()}
    return garden, models


@dataclass(frozen=True)
class Plan:
    """One visit as chance wants it, before anybody interferes.

    Times in s since the campaign began.
    """

    start: float
    resident: int
    stays: float
    enters: float
    bed: float
    zone: str
    missed: bool
    returns: tuple[float, ...]  # after how many s it comes back, if it is driven off


def plans(garden: Garden, nights: int, seed: int) -> list[Plan]:
    """All visits of a campaign in order: the same for every policy (common random numbers)."""
    chance = random.Random(f'plans {seed}')
    length = (garden.night[1] - garden.night[0]) % 24 * 3600.0
    found = []
    for night in range(nights):
        for resident in range(garden.raccoons):
            for _ in range(_poisson(chance, garden.visits)):
                returns: tuple[float, ...] = ()
                while len(returns) < 2 and chance.random() < garden.returns:
                    returns += (chance.uniform(*garden.returns_after),)
                bed = chance.randrange(len(garden.beds))
                found.append(
                    Plan(
                        night * 86400.0 + chance.uniform(0, length),
                        resident,
                        chance.uniform(*garden.stays),
                        chance.uniform(*garden.enters),
                        garden.beds[bed],
                        ('left_bed', 'right_bed')[bed],
                        chance.random() < garden.missed,
                        returns,
                    )
                )
    return sorted(found, key=lambda p: p.start)


def _poisson(chance: random.Random, mean: float) -> int:
    count, total = 0, chance.expovariate(1.0)
    while total < mean:
        count, total = count + 1, total + chance.expovariate(1.0)
    return count


class Resident:
    """One raccoon that comes again and again, with its fear and what it got used to."""

    def __init__(self, model: Model, seed: int, index: int) -> None:
        temperament = model.temperament()
        rng = np.random.default_rng([seed, index])
        self.fear = Fear.draw(temperament, rng, boldness=model.boldness)
        self.walk, self.run = temperament.walk, temperament.run
        self._last = 0.0

    def rest_until(self, now: float) -> None:
        """Nothing happened to it up to ``now``."""
        self.fear.rest(max(0.0, now - self._last))
        self._last = now


class Stay:
    """One visit, lived through in steps; distances in m from where the robot stands at first."""

    def __init__(self, resident: Resident, plan: Plan, start: float) -> None:
        self._resident, self._plan = resident, plan
        resident.rest_until(start)
        self.elapsed = 0.0
        self.distance = plan.enters
        self.bed_seconds = 0.0
        self.gone = False
        self.fled = False
        self._frozen = False
        self._decided: float | None = None

    @property
    def in_bed(self) -> bool:
        """Whether it stands in the bed."""
        return not self.gone and self.distance <= self._plan.bed

    def skip(self, seconds: float) -> None:
        """Nothing acts on it for ``seconds``, and it is not afraid: one step, however long."""
        walk = max(0.0, self.distance - self._plan.bed) / self._resident.walk
        until = min(seconds, self._plan.stays - self.elapsed)
        self.bed_seconds += max(0.0, until - walk)
        self.distance = max(self._plan.bed, self.distance - until * self._resident.walk)
        self._resident.fear.rest(seconds)
        self.elapsed += seconds
        self.gone = self.elapsed >= self._plan.stays

    def step(self, robot: float, speed: float, light: float, sound: str, volume: float) -> None:
        """Live through one STEP.

        The robot stands ``robot`` m ahead and comes with ``speed`` m/s.
        """
        fear = self._resident.fear
        felt: list[Stimulus] = []
        if sound or light > 0.0 or speed > 0.0:  # else there is nothing to notice
            sentinel = Sentinel(x=robot, vx=speed, light=light, sound=sound, volume=volume)
            felt = perceive(self.distance, 0.0, sentinel)
        fear.feel(STEP, felt)
        self.elapsed += STEP
        self.bed_seconds += STEP if self.in_bed else 0.0
        if self._decided is not None and self.elapsed - self._decided >= fear.reaction:
            self.gone = self.fled = True
        elif fear.level > fear.flee:
            self._decided = self.elapsed if self._decided is None else self._decided
        elif self._decided is None:
            self._frozen = fear.level > (fear.alert * _CALMED if self._frozen else fear.alert)
        if not self._frozen and self._decided is None:
            self.distance = max(self._plan.bed, self.distance - STEP * self._resident.walk)
            self.gone = self.gone or self.elapsed >= self._plan.stays
