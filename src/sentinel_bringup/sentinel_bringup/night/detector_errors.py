"""How the detector errs: counts of config/detector_errors.yaml, and what it says look by look."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from sentinel_behavior.tracks import SURENESS
from sentinel_common.configuration import load
from sentinel_common.errors import ConfigurationError
from sentinel_common.species import PROTECTED, RACCOON, SPECIES
from sentinel_perception.settings import Settings
from sentinel_perception.track import Track, judge, may_be_furniture

_SCORES = {'type': 'array', 'items': {'type': 'number', 'minimum': 0, 'maximum': 1}, 'minItems': 1}
_COUNT = {'type': 'array', 'items': {'type': 'integer', 'minimum': 0}, 'minItems': 2, 'maxItems': 2}
_SHARE = {'type': 'number', 'minimum': 0, 'exclusiveMaximum': 1}


def _table(keys: tuple[str, ...], value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        'type': 'object',
        'required': list(keys),
        'additionalProperties': False,
        'properties': {key: value for key in keys},
    }


_HOUSEHOLD = tuple(sorted(PROTECTED))
_OTHERS = (*_HOUSEHOLD, 'other_animal', 'nothing')
_SET = _table(('raccoon_missed', 'raccoon_called_pet', 'false_veto'), _COUNT)
_SET['required'] += ['missed', 'called_raccoon']
_SET['properties'] |= {
    'correlation': _SHARE,
    'missed': _table(_HOUSEHOLD, _COUNT),
    'called_raccoon': _table(_OTHERS, _COUNT),
}
_SCHEMA: dict[str, Any] = _table(('model', 'source', 'set'), {'type': 'string'})
_VALUES: dict[str, Any] = {
    'sets': {'type': 'object', 'minProperties': 1, 'additionalProperties': _SET},
    'correlation': _SHARE,
    'lasts': {'type': 'number', 'exclusiveMinimum': 0},
    'scores': _table(('raccoon', 'household', 'called_raccoon', 'imagined'), _SCORES),
    'passers': _table(_OTHERS, {'type': 'number', 'minimum': 0}),
}
_VALUES['scores']['required'] += ['noise']
_VALUES['scores']['properties']['noise'] = _SHARE
_SCHEMA['required'] += list(_VALUES)
_SCHEMA['properties'] |= _VALUES

_SETTINGS = Settings()

# Box of every watched body, px: where it stands makes no difference here.
_PLACE = np.array([0, 0, 100, 100], np.float32)


def upper(count: tuple[int, int]) -> float:
    """Upper end of the one-sided 95 % Clopper-Pearson interval of a share."""
    from scipy.stats import beta

    hits, of = count
    if hits > of:
        raise ConfigurationError(f'{hits} of {of} is no count.')
    return 1.0 if hits == of else float(beta.ppf(0.95, hits + 1, of - hits))


def plain(count: tuple[int, int]) -> float:
    """The share as it was counted."""
    return count[0] / count[1]


@dataclass(frozen=True)
class DetectorErrors:
    """Shares of looks, and how they hang together; see config/detector_errors.yaml.

    ``never``: share of encounters in which a person or pet is never seen, whatever else is drawn.
    ``sure_hits`` of ``sure_window`` pictures make a sure target of guard and brain.
    """

    missed: Mapping[str, float]
    called_raccoon: Mapping[str, float]
    raccoon_missed: float
    raccoon_called_pet: float
    false_veto: float
    correlation: float
    lasts: float
    scores: Mapping[str, Any]
    never: float = 0.0
    sure_hits: int = SURENESS.hits
    sure_window: int = SURENESS.window

    def share(self, chance: random.Random, mean: float) -> float:
        """Share of the looks of one encounter: beta-distributed, two looks correlate as given."""
        if self.correlation == 0.0 or mean in (0.0, 1.0):
            return mean
        spread = 1.0 / self.correlation - 1.0
        return chance.betavariate(mean * spread, (1.0 - mean) * spread)


def perfect() -> DetectorErrors:
    """A detector that does not err."""
    return DetectorErrors(
        {s: 0.0 for s in _HOUSEHOLD}, {s: 0.0 for s in _OTHERS},
        0.0, 0.0, 0.0, 0.0, 1.0, {'raccoon': [0.9], 'household': [0.9]},
    )  # fmt: skip


def read_errors(
    path: Path, name: str = '', *, bound: Callable[[tuple[int, int]], float] = upper
) -> tuple[DetectorErrors, dict[str, float]]:
    """Errors of the set ``name`` ('': the one that the file names), and who passes in a night.

    ``bound`` makes a share of a count: the upper end of its interval, or the share itself.
    Raise ConfigurationError with one sentence for the first fault.
    """
    data = load(path, _SCHEMA)
    name = name or data['set']
    if name not in data['sets']:
        raise ConfigurationError(f'{path}: there are no counts of the set {name}.')
    counts = data['sets'][name]
    errors = DetectorErrors(
        {s: bound(c) for s, c in counts['missed'].items()},
        {s: bound(c) for s, c in counts['called_raccoon'].items()},
        bound(counts['raccoon_missed']),
        bound(counts['raccoon_called_pet']),
        bound(counts['false_veto']),
        counts.get('correlation', data['correlation']),
        data['lasts'],
        data['scores'],
    )
    return errors, data['passers']


def sets(path: Path) -> list[str]:
    """Names of the sets that were measured."""
    return list(load(path, _SCHEMA)['sets'])


def measured_model(path: Path) -> str:
    """First digits of the hash of the model whose errors were counted."""
    return str(load(path, _SCHEMA)['model'])


def variations(errors: DetectorErrors) -> dict[str, DetectorErrors]:
    """The assumptions about how looks hang together, halved and doubled."""
    found = {}
    for factor, word in ((0.5, 'halved'), (2.0, 'doubled')):
        correlation = min(0.99, errors.correlation * factor)
        found[f'correlation {word}'] = replace(errors, correlation=correlation)
        found[f'lasts {word}'] = replace(errors, lasts=errors.lasts * factor)
    return found


def slower(errors: DetectorErrors) -> dict[str, DetectorErrors]:
    """What sureness that takes longer would do."""
    return {'sure takes 16 of 40 pictures': replace(errors, sure_hits=16, sure_window=40)}


class Lasting:
    """Something that a share of all looks shows, and that stays for a while when it comes."""

    def __init__(
        self, errors: DetectorErrors, chance: random.Random, share: float, rate: float
    ) -> None:
        self._chance, self._share = chance, share
        self._fresh = min(1.0, 1.0 / (errors.lasts * rate))
        self._there: bool | None = None

    def look(self) -> bool:
        """Whether this look shows it."""
        if self._there is None or self._chance.random() < self._fresh:
            self._there = self._chance.random() < self._share
        return self._there


class Told(NamedTuple):
    """What one look gave: ``scores`` by species, none where nothing is reported.

    ``tracked``: they are those of a confirmed track; ``furniture``: nothing is done about it.
    """

    scores: dict[str, float]
    tracked: bool = False
    furniture: bool = False


class Watched:
    """What the pipeline makes of one animal, look by look: a hint, or a track and its species.

    ``body``: a species, or 'nothing' for clutter. The rules are the pipeline's own: an animal walks
    all the time, something stirs where clutter stands. Every look is a close one.
    """

    def __init__(
        self, errors: DetectorErrors, chance: random.Random, body: str, rate: float
    ) -> None:
        self._errors, self._chance, self.body = errors, chance, body
        self._fresh = min(1.0, 1.0 / (errors.lasts * rate))
        draw = errors.share
        if body == RACCOON:
            self._raccoon = 1.0 - draw(chance, errors.raccoon_missed)
            self._named = draw(chance, errors.raccoon_called_pet)
        else:
            self._raccoon = draw(chance, errors.called_raccoon[body])
            self._named = 1.0 - draw(chance, errors.missed[body]) if body in PROTECTED else 0.0
            if body in PROTECTED and chance.random() < errors.never:
                self._named = 0.0
        self.misled = False  # whether any look called somebody else a raccoon
        self._says = ''
        self._score = 0.0
        self._first = True
        self._track: Track | None = None

    def look(self, now: float) -> Told:
        """One look at ``now`` (s)."""
        chance = self._chance
        if self._first or chance.random() < self._fresh:
            self._first = False
            self._says = self._answer()
            self.misled = self.misled or RACCOON == self._says != self.body
            if self._says:
                self._score = chance.choice(self._errors.scores[self._kind()])
        scores = {}
        if self._says:
            scores[self._says] = self._score
            if self.body in SPECIES and self.body != self._says:
                scores[self.body] = chance.uniform(0.0, self._errors.scores['noise'])
        track = self._followed(scores, now)
        if track and track.confirmed and now - track.last_hit <= _SETTINGS.coast:
            furniture = may_be_furniture(track, _SETTINGS)
            return Told(track.posterior.probabilities(), True, furniture)
        return Told({s: v for s, v in scores.items() if s in PROTECTED})

    def _followed(self, scores: Mapping[str, float], now: float) -> Track | None:
        track = self._track
        if track and now - track.last_hit > _SETTINGS.lost_after:
            track = None
        least = _SETTINGS.min_score
        if scores:
            track = track or Track('', _PLACE, now, unsteady=True, arrived=True)
            row = np.array([scores.get(s, 0.0) for s in SPECIES], np.float32)
            track.hit(_PLACE, row, now, least, 1.0)
        elif track:
            track.miss(now, least, 1.0)
        if track:
            track.travelled, track.rested = self.body != 'nothing', 0
            judge(track, _SETTINGS)
        self._track = track
        return track

    def _kind(self) -> str:
        if self._says == self.body:
            return 'raccoon' if self.body == RACCOON else 'household'
        return 'called_raccoon' if self._says == RACCOON else 'imagined'

    def _answer(self) -> str:
        u = self._chance.random()
        if u < self._raccoon:
            return RACCOON
        if u < self._raccoon + self._named:
            return self.body if self.body in PROTECTED else self._chance.choice(_HOUSEHOLD)
        return ''
