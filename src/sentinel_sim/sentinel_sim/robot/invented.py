"""EMULATOR ONLY. Everything here is invented: nobody has published what the real robot does.

The layouts of all telemetry, the meaning of joint units, the stored animations, and what
unpublished switches take. A driver must not decode any of it; it is here so that a driver meets
payloads of plausible shapes and rates.
"""

import math
import struct

import numpy as np
import numpy.typing as npt
from sentinel_driver.hermes import STANDING, Command, Reply

from . import gait

Array = npt.NDArray[np.float64]

# Telemetry: which command switches which stream on (a second byte of 0 switches it off), and its
# rate in Hz.
STREAMS: dict[int, tuple[Reply, float]] = {
    Command.SETUP_BATTERY: (Reply.STREAM_BATTERY, 1.0),
    Command.SETUP_COMPASS: (Reply.STREAM_COMPASS, 5.0),
    Command.SETUP_HEARTBEAT: (Reply.STREAM_HEARTBEAT, 2.0),
    Command.SETUP_JOINT_ANGLES: (Reply.STREAM_JOINT_ANGLES, 10.0),
    Command.SETUP_IS_ON_FLOOR: (Reply.STREAM_IS_ON_FLOOR, 5.0),
    Command.SETUP_ODOMETRY: (Reply.STREAM_ODOMETRY, 10.0),
}

# Battery: seconds from full to empty while walking, and while standing.
WALKING_TIME = 3600.0
STANDING_TIME = 3 * 3600.0


def battery(charge: float) -> bytes:
    """Charge 0..1 in percent, and millivolts of a two-cell pack, little endian."""
    return struct.pack(
        '<BBH', Reply.STREAM_BATTERY, round(100 * charge), round(6600 + 1800 * charge)
    )


def compass(yaw: float) -> bytes:
    """Heading in tenths of a degree, clockwise, 0..3599."""
    return struct.pack('<BH', Reply.STREAM_COMPASS, round(-math.degrees(yaw) * 10) % 3600)


def heartbeat(count: int) -> bytes:
    """A counter that wraps at 256."""
    return bytes((Reply.STREAM_HEARTBEAT, count % 256))


def on_floor(standing: bool) -> bytes:
    """One flag."""
    return bytes((Reply.STREAM_IS_ON_FLOOR, int(standing)))


def odometry(x: float, y: float, yaw: float) -> bytes:
    """Millimetres and hundredths of a degree, int16 little endian, wrapping."""
    values = (round(1000 * x), round(1000 * y), round(100 * math.degrees(yaw)))
    wrapped = ((v + 0x8000) % 0x10000 - 0x8000 for v in values)
    return struct.pack('<Bhhh', Reply.STREAM_ODOMETRY, *wrapped)


# Joint units: one degree each, the published standing pose being the stance of the fast trot; a
# larger hip byte swings a leg forward on the left and backward on the right, a smaller thigh byte
# raises it, a smaller knee byte stretches it.
_STANCE = gait.inverse(gait.Gait().stance())[0]
_HIP_SIGN = np.array((-1.0, 1.0, -1.0, 1.0))
_ZERO = np.array((STANDING['hip'], STANDING['thigh'], STANDING['knee']), dtype=float)


def joints_from_units(units: Array) -> Array:
    """Angles in rad (4, 3: hip, thigh, knee) of joint units (4, 3) in the same order."""
    angles = np.radians(np.asarray(units, dtype=float) - _ZERO)
    angles[:, 0] *= _HIP_SIGN
    angles[:, 1:] += _STANCE[1:]
    return np.clip(angles, gait.LOWER, gait.UPPER)


def units_from_joints(joints: Array) -> Array:
    """Joint units (4, 3) of angles in rad (4, 3), whole numbers 0..255."""
    angles = joints.copy()
    angles[:, 1:] -= _STANCE[1:]
    angles[:, 0] *= _HIP_SIGN
    return np.clip(np.round(np.degrees(angles) + _ZERO), 0, 255)


def joint_angles(joints: Array) -> bytes:
    """Twelve bytes in the order of SetLegJointAngles: per leg knee, thigh, hip."""
    units = units_from_joints(joints)[:, ::-1].astype(int).ravel()
    return bytes((Reply.STREAM_JOINT_ANGLES, *units.tolist()))


# The stored animations: key frames (seconds, twelve joint units: per leg hip, thigh, knee). Whoever
# plays an id that is not here gets a CommandError.
_S = (150, 125, 180)
# The body 35 mm lower and 25 mm higher over the same foot, and a foot off the ground.
_LOW = (150, 88, 199)
_HIGH = (150, 148, 160)
_UP = (150, 85, 180)
_REACH = (150, 60, 115)
ANIMATIONS: dict[int, tuple[tuple[float, tuple[tuple[int, int, int], ...]], ...]] = {
    # 0 bow: the front goes down and comes up again
    0: (
        (0.4, (_LOW, _LOW, _HIGH, _HIGH)),
        (0.9, (_LOW, _LOW, _HIGH, _HIGH)),
        (1.3, (_S, _S, _S, _S)),
    ),
    # 1 wave: three legs stand, the front right one waves
    1: (
        (0.4, (_S, _S, (150, 116, 187), _S)),
        (0.7, (_S, _REACH, (150, 116, 187), _S)),
        (0.9, (_S, (175, 60, 115), (150, 116, 187), _S)),
        (1.1, (_S, (125, 60, 115), (150, 116, 187), _S)),
        (1.3, (_S, (175, 60, 115), (150, 116, 187), _S)),
        (1.5, (_S, _REACH, (150, 116, 187), _S)),
        (1.9, (_S, _S, _S, _S)),
    ),
    # 2 stomp: the front feet hit the ground in turn
    2: tuple(
        frame
        for i in range(4)
        for frame in (
            (0.15 + 0.3 * i, (_UP if i % 2 else _S, _S if i % 2 else _UP, _S, _S)),
            (0.30 + 0.3 * i, (_S, _S, _S, _S)),
        )
    ),
    # 3 shake: the body twists left and right over planted feet
    3: (
        *(
            (
                0.12 * (i + 1),
                tuple((150 + (12 if i % 2 else -12) * s, 125, 180) for s in (1, -1, 1, -1)),
            )
            for i in range(6)
        ),
        (0.9, (_S, _S, _S, _S)),
    ),
    # 4 duck: down fast, up slowly
    4: ((0.15, (_LOW,) * 4), (0.8, (_LOW,) * 4), (1.6, (_S, _S, _S, _S))),
}
