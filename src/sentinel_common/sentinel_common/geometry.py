"""Geometry that every package needs once."""

import math


def wrap(angle: float) -> float:
    """Return ``angle`` (rad) brought into -pi..pi, pi itself as -pi."""
    return (angle + math.pi) % (2 * math.pi) - math.pi
