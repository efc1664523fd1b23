"""Commands whose layout is known, as typed values that cannot be out of range.

A value out of range raises CommandRejectedError at construction; clipping is the caller's decision,
never silent.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from enum import IntEnum
from typing import ClassVar, Self

from ..errors import CommandRejectedError, RejectReason
from .ids import Command


def in_range(name: str, value: float, low: float, high: float) -> None:
    """Raise CommandRejectedError unless ``low <= value <= high`` (NaN is refused)."""
    if not low <= value <= high:
        raise CommandRejectedError(
            RejectReason.OUT_OF_RANGE, f'{name} is {value}, outside {low} to {high}.'
        )


def signed(byte: int) -> int:
    """Value of a two's complement byte."""
    return byte - 256 if byte > 127 else byte


@dataclass(frozen=True)
class Message:
    """Base of the commands with one unsigned byte per field."""

    ID: ClassVar[Command]
    RANGES: ClassVar[dict[str, tuple[int, int]]] = {}

    def __post_init__(self) -> None:
        for field in fields(self):
            in_range(
                f'{type(self).__name__} {field.name}',
                getattr(self, field.name),
                *self.RANGES.get(field.name, (0, 255)),
            )

    def body(self) -> bytes:
        """Bytes after the id."""
        return bytes(value & 0xFF for value in astuple(self))

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the bytes after the id; raise CommandRejectedError where they do not fit."""
        if len(body) != len(fields(cls)):
            raise CommandRejectedError(
                RejectReason.BAD_LENGTH,
                f'{cls.__name__} has {len(fields(cls))} bytes after the id, not {len(body)}.',
            )
        values = [
            signed(byte) if cls.RANGES.get(field.name, (0, 255))[0] < 0 else byte
            for field, byte in zip(fields(cls), body, strict=True)
        ]
        return cls(*values)


@dataclass(frozen=True)
class ConnectionEstablished(Message):
    """First message of the handshake."""

    ID = Command.CONNECTION_ESTABLISHED


@dataclass(frozen=True)
class GameState(Message):
    """Second message of the handshake; 1 = active (free drive), the other values are unknown.

    ``force_defaults`` (0 or 1) is left out of the payload where it is None, as in the handshake.
    """

    ID = Command.GAME_STATE
    state: int = 1
    force_defaults: int | None = None

    def __post_init__(self) -> None:
        in_range('GameState state', self.state, 1, 1)
        in_range('GameState force_defaults', self.force_defaults or 0, 0, 1)

    def body(self) -> bytes:
        """Bytes after the id."""
        tail = () if self.force_defaults is None else (self.force_defaults,)
        return bytes((self.state, *tail))

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the one or two bytes after the id."""
        if len(body) not in (1, 2):
            raise CommandRejectedError(
                RejectReason.BAD_LENGTH,
                f'GameState has 1 or 2 bytes after the id, not {len(body)}.',
            )
        return cls(*body)


# Largest magnitude of a drive axis in robot units; the app clamps to it.
MAX_DRIVE = 127


@dataclass(frozen=True)
class Drive(Message):
    """Walk: robot units -127..127; forward, strafe to the right, turn clockwise seen from above.

    The sign of the turn is known from one source only, of the older firmware generation.
    How it is laid out depends on the generation: see ``Codec``.
    """

    ID = Command.TRANSFORM
    RANGES = dict.fromkeys(('forward', 'strafe', 'turn'), (-MAX_DRIVE, MAX_DRIVE))
    forward: int = 0
    strafe: int = 0
    turn: int = 0

    @property
    def neutral(self) -> bool:
        """Whether this stands still."""
        return not (self.forward or self.strafe or self.turn)


class StanceType(IntEnum):
    """What moves the legs."""

    GYRATE = 0
    MIMIC = 1
    LINEAR = 2
    KINEMATIC = 3  # normal walking
    LEG_CONTROL_POINT = 4
    LEG_JOINT_ANGLES = 5  # joint streaming
    CREATE = 6


@dataclass(frozen=True)
class KinematicStance(Message):
    """Choose what moves the legs."""

    ID = Command.KINEMATIC_STANCE
    RANGES = {'stance': (0, 6)}
    stance: int = StanceType.KINEMATIC


class GaitParameter(IntEnum):
    """Index of a gait parameter."""

    STANCE_ANGLE = 0
    STANCE_DISTANCE = 1
    WALKING_SPEED = 2
    STEP_DURATION = 3
    STEP_SHIFT = 4
    STEP_HEIGHT = 5
    GAIT_TYPE = 6
    BODY_HEIGHT = 7
    CRANK_RANDOMNESS = 8
    STANCE_RANDOMNESS = 9


@dataclass(frozen=True)
class GaitSet(Message):
    """Set one gait parameter, 0..255; ``gait_id`` 0 is the only one ever seen."""

    ID = Command.GAIT_SET
    RANGES = {'gait_id': (0, 0), 'parameter': (0, 9)}
    gait_id: int
    parameter: int
    value: int


class GaitType(IntEnum):
    """The two gaits seen in preset files; other values are unknown."""

    TROT = 2
    CRAWL = 4


def to_byte(name: str, value: float) -> int:
    """Gait value 0..1 as a byte.

    Round half to even of 255 times the value, as in the known presets.
    """
    in_range(name, value, 0.0, 1.0)
    return round(255 * value)


@dataclass(frozen=True)
class GaitSetAll(Message):
    """Set all ten gait parameters; bytes 0..255, the gait type raw."""

    ID = Command.GAIT_SET_ALL
    RANGES = {'gait_type': (0, 255)}
    stance_angle: int
    stance_distance: int
    walking_speed: int
    step_duration: int
    step_shift: int
    step_height: int
    gait_type: int
    body_height: int
    crank_randomness: int
    stance_randomness: int

    @classmethod
    def from_unit(cls, *, gait_type: int, **values: float) -> Self:
        """Make one from values 0..1 (the scale of preset files).

        ``gait_type`` must be a known one.
        """
        if gait_type not in tuple(GaitType):
            raise CommandRejectedError(
                RejectReason.OUT_OF_RANGE,
                f'gait_type is {gait_type}; known are 2 (trot) and 4 (crawl).',
            )
        return cls(gait_type=gait_type, **{k: to_byte(k, v) for k, v in values.items()})


@dataclass(frozen=True)
class HeadColourSet(Message):
    """Colour of the head light, 0..255 each."""

    ID = Command.HEAD_COLOUR_SET
    red: int
    green: int
    blue: int


@dataclass(frozen=True)
class TakeSteps(Message):
    """Step on the spot or along the drive for a number of cycles."""

    ID = Command.TAKE_STEPS
    cycles: int


@dataclass(frozen=True)
class Twitch(Message):
    """A short jerk.

    What direction and severity mean is unknown beyond that they are signed bytes.
    """

    ID = Command.TWITCH
    RANGES = {'direction': (-127, 127), 'severity': (-127, 127)}
    direction: int
    severity: int


@dataclass(frozen=True)
class PlayAnimation(Message):
    """Play a stored animation.

    ``layering`` in percent; ``transform`` 0 none, 1 mirror left/right, 2 mirror front/back, 3, 4, 5
    rotate by 90, 180, 270 degrees counter-clockwise. No table of animation ids is known.
    """

    ID = Command.PLAY_ANIMATION
    RANGES = {'layering': (0, 100), 'transform': (0, 5)}
    animation: int
    blend_in: int = 0
    blend_out: int = 0
    layering: int = 100
    transform: int = 0


@dataclass(frozen=True)
class SetupHeartbeat(Message):
    """Ask for heartbeats (the field is a guess: neither its unit nor its need is known)."""

    ID = Command.SETUP_HEARTBEAT
    RANGES = {'value': (0, 127)}
    value: int = 1


@dataclass(frozen=True)
class SetupJointAngles(Message):
    """Ask for the stream of joint angles (a guess: 1 on, 0 off)."""

    ID = Command.SETUP_JOINT_ANGLES
    RANGES = {'on': (0, 1)}
    on: int = 1


@dataclass(frozen=True)
class KillStreams(Message):
    """Stop the telemetry; not a brake."""

    ID = Command.KILL_STREAMS


LEGS = ('front_left', 'front_right', 'back_left', 'back_right')

# Ranges measured over known motion files, robot units. 0 is an extreme, not neutral.
JOINT_RANGES = {'knee': (107, 200), 'thigh': (50, 150), 'hip': (100, 200)}
STANDING = {'knee': 180, 'thigh': 125, 'hip': 150}


@dataclass(frozen=True)
class LegPose:
    """Joints of one leg in robot units (unit and zero unknown).

    The field order is that on the wire.
    """

    knee: int = STANDING['knee']
    thigh: int = STANDING['thigh']
    hip: int = STANDING['hip']

    def __post_init__(self) -> None:
        for joint, (low, high) in JOINT_RANGES.items():
            in_range(joint, getattr(self, joint), low, high)


@dataclass(frozen=True)
class JointAngles:
    """All twelve joints: front left, front right, back left, back right."""

    ID: ClassVar[Command] = Command.SET_LEG_JOINT_ANGLES
    legs: tuple[LegPose, LegPose, LegPose, LegPose]

    def body(self) -> bytes:
        """Bytes after the id."""
        return bytes(v for leg in self.legs for v in (leg.knee, leg.thigh, leg.hip))

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read the twelve bytes after the id."""
        if len(body) != 12:
            raise CommandRejectedError(RejectReason.BAD_LENGTH, f'12 joints, not {len(body)}.')
        return cls.of([LegPose(*body[i : i + 3]) for i in range(0, 12, 3)])

    @classmethod
    def of(cls, legs: Sequence[LegPose]) -> Self:
        """Make one from four legs."""
        front_left, front_right, back_left, back_right = legs
        return cls((front_left, front_right, back_left, back_right))


AnyCommand = Message | JointAngles

TYPED: dict[int, type[Message] | type[JointAngles]] = {
    kind.ID: kind
    for kind in (
        ConnectionEstablished,
        GameState,
        Drive,
        KinematicStance,
        GaitSet,
        GaitSetAll,
        HeadColourSet,
        TakeSteps,
        Twitch,
        PlayAnimation,
        SetupHeartbeat,
        SetupJointAngles,
        KillStreams,
        JointAngles,
    )
}
