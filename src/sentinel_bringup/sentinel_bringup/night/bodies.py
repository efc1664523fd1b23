"""Bodies that cross the garden, and the pinhole through which the robot sees them."""

import math
import random

from sentinel_common.detections import Box
from sentinel_common.geometry import Point

# How long an encounter is watched, s.
LENGTH = 30.0

# Further away nobody is met, m.
REACH = 6.0

# The eye: 640x480, focal length px, height above the ground m.
_FOCAL, WIDTH, _HEIGHT, _EYE = 579.4, 640.0, 480.0, 0.105

# Height and length of bodies, m, and walking speed, m/s. 'nothing' is clutter: it stays.
SIZES = {
    'raccoon': (0.3, 0.5, 0.4),
    'cat': (0.27, 0.45, 0.6),
    'dog': (0.5, 0.8, 0.9),
    'person': (1.7, 0.5, 1.1),
    'other_animal': (0.3, 0.5, 0.5),
    'nothing': (0.3, 0.3, 0.0),
}


class Body:
    """Somebody who crosses the garden in a straight line, with a stop on the way."""

    def __init__(self, chance: random.Random, species: str) -> None:
        self.species = species
        self.speed = SIZES[species][2] * chance.uniform(0.5, 1.2)
        side = chance.choice((-1, 1))
        self._from = chance.uniform(1.2, 5.0), side * chance.uniform(2.5, 4.0)
        self._to = chance.uniform(1.2, 5.0), -side * chance.uniform(2.5, 4.0)
        self._length = math.dist(self._from, self._to)
        self._start = chance.uniform(0.0, LENGTH * 0.6)
        self._stop_at = chance.uniform(0.2, 0.8) * self._length
        self._stop = chance.choice((0.0, chance.uniform(1.0, 15.0)))

    def at(self, time: float) -> Point | None:
        """Where it is, None while it is not in the garden."""
        if not self.speed:
            return self._on_the_way(self._stop_at)
        walked = (time - self._start) * self.speed
        if walked < 0:
            return None
        if walked > self._stop_at:
            walked = max(self._stop_at, walked - self._stop * self.speed)
        return None if walked > self._length else self._on_the_way(walked)

    def _on_the_way(self, walked: float) -> Point:
        share = walked / self._length
        return (
            self._from[0] + share * (self._to[0] - self._from[0]),
            self._from[1] + share * (self._to[1] - self._from[1]),
        )


def box_of(place: Point, tall: float, long: float) -> Box | None:
    """Box in the picture of a body at ``place`` (base_link); None outside the picture."""
    x, y = place
    if x < 0.3 or x > REACH:
        return None
    left = WIDTH / 2 - _FOCAL * (y + long / 2) / x
    right = WIDTH / 2 - _FOCAL * (y - long / 2) / x
    bottom = _HEIGHT / 2 + _FOCAL * _EYE / x
    top = bottom - _FOCAL * tall / x
    visible = min(right, WIDTH) - max(left, 0.0)
    if visible < 0.4 * (right - left):
        return None
    left, top = max(left, 0.0), max(top, 0.0)
    return Box(left, top, min(right, WIDTH) - left, min(bottom, _HEIGHT) - top)
