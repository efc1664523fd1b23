"""Fit of the drive axes to what a person measured. Core."""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import yaml
from sentinel_common.errors import SentinelError

from .hermes import MAX_DRIVE
from .velocity_control import Axis

# Units below which a robot may not move are a property of its gait; more than this is a mistake.
_MAX_OFFSET = 100.0

# What more units may be slower by, as a share of the fastest run: so much a person mismeasures.
_TOLERANCE = 0.1

# Slower than this is standing: m/s or rad/s.
_STANDING = 0.003


class CalibrationError(SentinelError):
    """The measurements make no sense together."""


@dataclass(frozen=True)
class Trial:
    """One run: positive ``units`` for ``seconds``, and the signed way (m or rad) that came of it.

    Positive is forward, to the left, counter-clockwise, as the wire counts after the driver's
    signs.
    """

    units: int
    seconds: float
    way: float

    @property
    def velocity(self) -> float:
        """Mean velocity, m/s or rad/s."""
        return self.way / self.seconds


def fit(trials: Sequence[Trial]) -> tuple[Axis, float]:
    """Return the axis that fits best and the largest deviation from it, in its unit per second.

    Least squares of a straight line through the trials that moved, as in ``Axis``, which is zero at
    least up to the units that did not move. Raises CalibrationError where nothing moved, directions
    disagree or more units gave a slower walk.
    """
    moved = [t for t in trials if abs(t.velocity) > _STANDING]
    if not moved:
        raise CalibrationError('Nothing moved.', 'Is the drive form right? See docs/hardware.md.')
    sign = np.sign(moved[0].way)
    if any(np.sign(t.way) != sign for t in moved):
        raise CalibrationError('Some runs went one way and some the other.', 'Measure again.')
    units = np.array([t.units for t in moved], dtype=float)
    speeds = np.array([abs(t.velocity) for t in moved])
    less = [
        f'{b.units} units gave less speed than {a.units}.'
        for a in moved
        for b in trials
        if (a.units < b.units or (a.units == b.units and b not in moved))
        and abs(a.velocity) - abs(b.velocity) > _TOLERANCE * float(speeds.max())
    ]
    if less:
        raise CalibrationError(less[0], 'Measure again.')
    # A robot does not move without being told, nor on what was seen not to move it.
    offset = max((float(t.units) for t in trials if t not in moved), default=0.0)
    if len(set(units)) > 1:
        slope, start = (float(v) for v in np.polyfit(units, speeds, 1))
        if slope <= 0:
            raise CalibrationError('More units gave less speed.', 'Measure again.')
        offset = max(offset, -start / slope)
    if offset > _MAX_OFFSET:
        raise CalibrationError(f'The first {offset:.0f} units do nothing?', 'Measure again.')
    beyond = units - offset
    slope = float(beyond @ speeds / (beyond @ beyond))
    axis = Axis(round(float(sign) * slope * (MAX_DRIVE - offset), 4), round(offset, 1))
    worst = max(abs(axis.velocity(t.units) - t.velocity) for t in trials)
    return axis, worst


def parameters(name: str, axis: Axis) -> dict[str, float]:
    """Return the driver's parameters of the axis ``name``: forward, left or turn."""
    return {f'{name}_full': axis.full, f'{name}_offset': axis.offset}


def robot_parameters(robot: str, form: str, transport: str) -> dict[str, Any]:
    """Return the driver's parameters that say which robot was measured, and how it is reached."""
    found = {'robot': robot, 'drive_form': form}
    return found if transport == 'system' else {**found, 'transport': transport}


def document(values: Mapping[str, Any]) -> str:
    """Return the file of the driver's parameters ``values``."""
    return (
        '# Written by `./sentinel calibrate`. Use it with:\n'
        f'#   ./sentinel run --source 0 --robot {shlex.quote(values["robot"])} --params THIS_FILE\n'
        '/**/driver:\n'
        '  ros__parameters:\n'
    ) + ''.join(f'    {name}: {json.dumps(value)}\n' for name, value in values.items())


def read(text: str) -> dict[str, Any]:
    """Return the parameters in a file of ``document``; raise CalibrationError where it is none."""
    try:
        (values,) = yaml.safe_load(text).values()
        return {'robot': '', 'drive_form': '', **values['ros__parameters']}
    except (yaml.YAMLError, AttributeError, ValueError, TypeError, KeyError):
        raise CalibrationError('That is no file of a calibration.') from None
