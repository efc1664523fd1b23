"""Scenarios: what happens in a night, as data.

With a seed, the same scenario gives the same night.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentinel_common.errors import ConfigurationError
from sentinel_common.files import share

from sentinel_common import configuration

from .layout import BACK, FRONT, LAYOUT, SIDE

FOLDER = 'config/scenarios'
KINDS = ('raccoon', 'cat', 'dog', 'fox', 'rabbit', 'opossum', 'person')
# Light of a scenario, and the local hour at which it is so.
HOURS = {'day': 12.0, 'dusk': 21.0, 'ir': 1.0, 'torch': 1.0}
PLANS = ('forage', 'cross', 'wander')

Range = tuple[float, float]

_SPAN = {
    'type': ['number', 'array'],
    'minimum': 0,
    'items': {'type': 'number', 'minimum': 0},
    'minItems': 2,
    'maxItems': 2,
}
_SHARE = {'type': 'number', 'minimum': 0, 'maximum': 1}
_PLACE = {
    'type': 'object',
    'additionalProperties': False,
    'properties': {
        'x': {'type': 'number', 'minimum': FRONT, 'maximum': BACK},
        'y': {'type': 'number', 'minimum': -SIDE, 'maximum': SIDE},
        'yaw': {'type': 'number'},
    },
}
_ANIMAL = {
    'type': 'object',
    'required': ['kind'],
    'additionalProperties': False,
    'properties': {
        'kind': {'enum': list(KINDS)},
        'name': {'type': 'string', 'minLength': 1},
        'plan': {'enum': list(PLANS)},
        'enters': _SPAN,
        'stays': _SPAN,
        'gap': {'type': 'integer', 'minimum': 0, 'maximum': len(LAYOUT.ways) - 1},
        'leaves_by': {'type': 'integer', 'minimum': 0, 'maximum': len(LAYOUT.ways) - 1},
        'bed': {'type': 'integer', 'minimum': 0, 'maximum': len(LAYOUT.beds) - 1},
        'variant': {'type': 'integer', 'minimum': 0},
        'boldness': {'type': 'number', 'exclusiveMinimum': 0},
        'young': {'type': 'boolean'},
        'returns': {'type': 'integer', 'minimum': 0},
        'returns_after': _SPAN,
    },
}
_SCHEMA = {
    'type': 'object',
    'required': ['about', 'duration', 'light', 'animals'],
    'additionalProperties': False,
    'properties': {
        'about': {'type': 'string', 'minLength': 1},
        'duration': {'type': 'number', 'exclusiveMinimum': 0},
        'linger': {'type': 'number', 'minimum': 0},
        'light': {'enum': list(HOURS)},
        'garden': {'type': 'integer', 'minimum': 0},
        'slopes': _SHARE,
        'robot': _PLACE,
        'weather': {
            'type': 'object',
            'additionalProperties': False,
            'properties': {'rain': _SHARE, 'wind': _SHARE, 'insects': _SHARE},
        },
        'animals': {'type': 'array', 'items': _ANIMAL},
    },
}


@dataclass(frozen=True, kw_only=True)
class Visitor:
    """One animal or person of a scenario.

    ``enters`` and ``stays`` are ranges in s from which the seed draws; ``gap``, ``bed`` and
    ``variant`` are numbers or None for any. ``plan``: forage in a bed, cross the garden (and leave
    by the way ``leaves_by``), or wander about in it.
    """

    kind: str
    name: str
    plan: str = 'forage'
    enters: Range = (0.0, 0.0)
    stays: Range = (60.0, 60.0)
    gap: int | None = None
    leaves_by: int | None = None
    bed: int | None = None
    variant: int | None = None
    boldness: float = 1.0
    young: bool = False
    returns: int = 0
    returns_after: Range = (30.0, 60.0)


@dataclass(frozen=True, kw_only=True)
class Weather:
    """0..1 each: rain before the lens, wind in the plants, insects at the lamp."""

    rain: float = 0.0
    wind: float = 0.0
    insects: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A night: ``duration`` s at most; it ends ``linger`` s after the last visitor has left.

    ``slopes`` 0..1: how steep the garden is, see ``relief``.
    """

    name: str
    about: str
    duration: float
    light: str
    linger: float = 8.0
    garden: int = 3
    slopes: float = 0.0
    robot: tuple[float, float, float] = (0.0, 0.0, 0.0)
    weather: Weather = Weather()
    animals: tuple[Visitor, ...] = ()

    @property
    def hour(self) -> float:
        """Local time of day of the whole scenario, 0..24: its light does not change."""
        return HOURS[self.light]


def _span(value: Any) -> Range:
    return (
        (float(value[0]), float(value[1])) if isinstance(value, Sequence) else (float(value),) * 2
    )


def parse(name: str, table: Mapping[str, Any], where: str) -> Scenario:
    """Check a scenario's data and return it.

    Raise ConfigurationError that names ``where`` and the first fault.
    """
    configuration.check(table, _SCHEMA, where)
    visitors = []
    for number, entry in enumerate(table['animals'], 1):
        values = dict(entry)
        values.setdefault('name', f'{entry["kind"]}-{number}')
        place = f'{where}: animals.{number - 1}'
        if not re.fullmatch(r'[\w .-]+', values['name']):
            raise ConfigurationError(
                f'{place}.name: {values["name"]!r} has more than letters, digits, spaces and "._-".'
            )
        if 'leaves_by' in values and values.get('plan') != 'cross':
            raise ConfigurationError(
                f'{place}.leaves_by: only with the plan cross; others leave by the way they came.'
            )
        for span in ('enters', 'stays', 'returns_after'):
            if span in values:
                values[span] = _span(values[span])
                if values[span][0] > values[span][1]:
                    raise ConfigurationError(f'{place}.{span}: {entry[span]} runs backwards.')
        visitors.append(Visitor(**values))
    names = [v.name for v in visitors]
    twice = next((n for n in names if names.count(n) > 1), None)
    if twice is not None:
        raise ConfigurationError(f'{where}: two animals are called {twice!r}.')
    robot = table.get('robot', {})
    return Scenario(
        name=name,
        **{k: v for k, v in table.items() if k not in ('robot', 'weather', 'animals')},
        robot=(robot.get('x', 0.0), robot.get('y', 0.0), robot.get('yaw', 0.0)),
        weather=Weather(**table.get('weather', {})),
        animals=tuple(visitors),
    )


def names() -> list[str]:
    """Names of the bundled scenarios."""
    return sorted(path.stem for path in share(FOLDER).glob('*.yaml'))


def load(name: str) -> Scenario:
    """Return a bundled scenario by name, or the one in a YAML file by its path."""
    path = Path(name)
    if path.suffix not in ('.yaml', '.yml'):
        if name not in names():
            raise ConfigurationError(
                f'There is no scenario {name!r}.',
                f'Use one of: {", ".join(names())}; or a YAML file.',
            )
        path = share(f'{FOLDER}/{name}.yaml')
    return parse(path.stem, configuration.read(path), str(path))
