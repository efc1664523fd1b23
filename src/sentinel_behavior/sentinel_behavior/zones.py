"""Zones of the garden: where the robot may walk, and which beds it protects.

All in ``map``, metres.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sentinel_common.configuration import load
from sentinel_common.errors import ConfigurationError
from sentinel_common.geometry import Point

from .geometry import inside_by

_POLYGON = {
    'type': 'array',
    'minItems': 3,
    'items': {'type': 'array', 'items': {'type': 'number'}, 'minItems': 2, 'maxItems': 2},
}
SCHEMA: dict[str, Any] = {
    'type': 'object',
    'required': ['geofence', 'zones', 'home'],
    'additionalProperties': False,
    'properties': {
        'geofence': _POLYGON,
        'home': {
            'type': 'array',
            'items': {'type': 'number'},
            'minItems': 3,
            'maxItems': 3,
        },
        'zones': {'type': 'object', 'additionalProperties': _POLYGON},
    },
}


@dataclass(frozen=True)
class Zones:
    """``geofence``: where the robot may be.

    ``zones``: named areas to protect; ``home``: x, y, yaw of its place.
    """

    geofence: tuple[Point, ...]
    zones: Mapping[str, tuple[Point, ...]]
    home: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def at(self, point: Point) -> str:
        """Name of the zone that ``point`` lies in, empty where it is in none."""
        return next((n for n, p in self.zones.items() if inside_by(point, p) >= 0), '')


def read_zones(path: Path) -> Zones:
    """Read a zones file; raise ConfigurationError for the first fault."""
    data = load(path, SCHEMA)
    x, y, yaw = data['home']
    geofence = _corners(data['geofence'])
    if inside_by((x, y), geofence) < 0:
        raise ConfigurationError(f'{path}: home ({x:g}, {y:g}) lies outside the geofence.')
    return Zones(
        geofence=geofence,
        zones={name: _corners(polygon) for name, polygon in data['zones'].items()},
        home=(float(x), float(y), float(yaw)),
    )


def _corners(polygon: list[list[float]]) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y in polygon)
