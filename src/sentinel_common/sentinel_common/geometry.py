"""Geometry that every package needs once."""

import math

# How far the robot may be from where its commands lead, one sigma, as a share of the way walked: an
# open-loop gait slips. An assumption: nobody has published a measurement of this robot;
# docs/calibration.md says how to get a better one.
SLIP = 0.25


def wrap(angle: float) -> float:
    """Return ``angle`` (rad) brought into -pi..pi, pi itself as -pi."""
    return (angle + math.pi) % (2 * math.pi) - math.pi
