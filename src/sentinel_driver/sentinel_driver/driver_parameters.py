"""The parameters of the driver, in one list."""

from typing import Any

from sentinel_common.body import STAND_HEIGHT
from sentinel_common.errors import ConfigurationError
from sentinel_common.lifecycle import AUTOSTART
from sentinel_common.parameters import Parameter

from .hermes import DriveForm
from .velocity_control import Axis, Calibration, Limits

# The emulated robot's answer to 127 units; a real one has to be measured (docs/calibration.md).
_FULL_SPEED, _FULL_TURN = 0.30, 1.5

PARAMETERS = (
    AUTOSTART,
    Parameter(
        'transport',
        'system',
        'Bluetooth stack: "system" (BlueZ), or "hci:" and a controller, such as hci:usb:0 or '
        'hci:tcp-client:127.0.0.1:9000',
        read_only=True,
    ),
    Parameter('robot', 'meka', 'address or part of the name; meka, mekamon: any', read_only=True),
    Parameter(
        'drive_form',
        'walking5',
        'layout of the drive command that the firmware reads (docs/hardware.md)',
        choices=tuple(f.value for f in DriveForm),
        read_only=True,
    ),
    Parameter(
        'heartbeat',
        False,
        'ask the robot for heartbeats and count their end as a loss of the link; the payload of '
        'that request is a guess',
        read_only=True,
    ),
    Parameter(
        'rate', 20.0, 'drive commands per second, Hz', minimum=5.0, maximum=50.0, read_only=True
    ),
    Parameter('raw_input', False, 'take raw frames from hermes/send', read_only=True),
    Parameter('max_speed', 0.25, 'upper bound of the speed, m/s', minimum=0.0, maximum=1.0),
    Parameter('max_turn', 1.2, 'upper bound of the turn, rad/s', minimum=0.0, maximum=4.0),
    Parameter(
        'max_acceleration',
        1.0,
        'of walking; braking is not limited, m/s^2',
        minimum=0.1,
        maximum=10.0,
    ),
    Parameter('max_turn_acceleration', 6.0, 'of turning, rad/s^2', minimum=0.1, maximum=50.0),
    Parameter(
        'dead_speed', 0.01, 'smaller components count as zero, m/s', minimum=0.0, maximum=0.1
    ),
    Parameter('dead_turn', 0.03, 'smaller turns count as zero, rad/s', minimum=0.0, maximum=0.5),
    Parameter(
        'forward_full', _FULL_SPEED, 'speed forward at 127 units, m/s', minimum=-2.0, maximum=2.0
    ),
    Parameter('forward_offset', 0.0, 'units that do not move it yet', minimum=0.0, maximum=120.0),
    Parameter(
        'left_full',
        _FULL_SPEED,
        'speed to the left at 127 units of left strafe, m/s',
        minimum=-2.0,
        maximum=2.0,
    ),
    Parameter('left_offset', 0.0, 'units that do not move it yet', minimum=0.0, maximum=120.0),
    Parameter(
        'turn_full',
        _FULL_TURN,
        'counter-clockwise turn at -127 units (negative: the firmware counts the other way), rad/s',
        minimum=-8.0,
        maximum=8.0,
    ),
    Parameter('turn_offset', 0.0, 'units that do not turn it yet', minimum=0.0, maximum=120.0),
    Parameter(
        'stand_height',
        STAND_HEIGHT,
        'body height of a standing robot, 0..1 of its range',
        minimum=0.0,
        maximum=1.0,
    ),
    Parameter(
        'sit_height',
        0.0,
        'body height of a sitting robot, 0..1 of its range',
        minimum=0.0,
        maximum=1.0,
    ),
)

_AXES = ('forward', 'left', 'turn')


def limits(values: Any) -> Limits:
    """Limits of the walker from parameter values."""
    return Limits(
        speed=values['max_speed'],
        turn=values['max_turn'],
        acceleration=values['max_acceleration'],
        turn_acceleration=values['max_turn_acceleration'],
        dead_speed=values['dead_speed'],
        dead_turn=values['dead_turn'],
    )


def calibration(values: Any) -> Calibration:
    """Calibration from parameter values.

    Raise ConfigurationError where an axis would never move.
    """
    for axis in _AXES:
        if values[f'{axis}_full'] == 0:
            raise ConfigurationError(f'Parameter {axis}_full is 0: the robot would never move.')
    return Calibration(*(Axis(values[f'{a}_full'], values[f'{a}_offset']) for a in _AXES))
