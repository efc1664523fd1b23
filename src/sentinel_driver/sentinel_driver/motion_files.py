"""Files of the robot's app: recorded motions (.motion) and gaits (.gait).

A .motion is JSON whose ``data`` is base64 of a little-endian uint32 (size) and a gzip stream of
JSON: ``NumFrames`` and ``Frames`` of four legs (front left, front right, back left, back right)
with Hip, Knee, Thigh, HasValue. Only key frames have a value; the others hold zeros, which are an
extreme and must never be sent. The frame rate is not in the file.
"""

import base64
import json
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Any

from sentinel_common.errors import SentinelError

from .errors import CommandRejectedError
from .hermes import JOINT_RANGES, LEGS, GaitSetAll, JointAngles, LegPose

# Largest unpacked motion: 218 frames, the longest known, have about 60 kB; a bomb has more.
_MAX_SIZE = 8_000_000
_MAX_FRAMES = 18_000  # ten minutes at 30 Hz

# A leg goes from where it stands to its first key, and back from its last, over this many frames:
# a jump over the whole range would throw the robot over.
BLEND_FRAMES = 15

_JOINTS = ('Hip', 'Knee', 'Thigh')


class MotionError(SentinelError):
    """A motion or gait file cannot be used."""


@dataclass(frozen=True)
class Key:
    """One leg at one frame."""

    frame: int
    pose: LegPose


@dataclass(frozen=True)
class Motion:
    """Key frames of four legs, blended in from and out to the standing pose."""

    title: str
    length: int  # frames, without blending
    keys: tuple[tuple[Key, ...], ...]  # per leg, by rising frame
    clipped: int = 0  # values that were outside the ranges of the joints

    @property
    def frames(self) -> int:
        """Number of frames to play."""
        return self.length + 2 * BLEND_FRAMES

    def pose(self, index: int) -> JointAngles:
        """Return all joints at frame 0..``frames`` - 1: between keys linear, outside them held."""
        frame = index - BLEND_FRAMES
        standing = LegPose()
        share = min(1.0, (index + 1) / BLEND_FRAMES, (self.frames - 1 - index) / BLEND_FRAMES)
        return JointAngles.of(
            [_mix(standing, _at(keys, frame), max(0.0, share)) for keys in self.keys]
        )


def _at(keys: Sequence[Key], frame: float) -> LegPose:
    if not keys:
        return LegPose()
    if frame <= keys[0].frame:
        return keys[0].pose
    for before, after in pairwise(keys):
        if frame <= after.frame:
            share = (frame - before.frame) / (after.frame - before.frame)
            return _mix(before.pose, after.pose, share)
    return keys[-1].pose


def _mix(one: LegPose, other: LegPose, share: float) -> LegPose:
    return LegPose(
        **{
            joint: round(getattr(one, joint) * (1 - share) + getattr(other, joint) * share)
            for joint in JOINT_RANGES
        }
    )


def find(name: str, kind: str) -> Path:
    """Return the file of a bundled preset (``name`` without suffix) or of a path.

    ``kind`` is ``motion`` or ``gait``. Raises MotionError where there is neither.
    """
    bundled = resources.files(__package__) / 'presets' / f'{name}.{kind}'
    path = Path(name)
    try:
        if '/' not in name and bundled.is_file():
            return Path(str(bundled))
        path = path.expanduser()
        there = path.is_file()
    except (OSError, RuntimeError, ValueError):  # too long a name, an unknown user, a NUL
        there = False
    if not there:
        known = ', '.join(presets(kind))
        raise MotionError(
            f'There is no {kind} {name!r}.', f'Bundled are {known}; else give the path of a file.'
        )
    return path


def presets(kind: str) -> list[str]:
    """Names of the bundled presets of ``kind``."""
    folder = resources.files(__package__) / 'presets'
    names = (entry.name for entry in folder.iterdir())
    return sorted(n.removesuffix(f'.{kind}') for n in names if n.endswith(f'.{kind}'))


def load_motion(path: Path) -> Motion:
    """Read a .motion; raise MotionError where that is impossible."""
    outer = _json(path, _content(path))
    try:
        packed = base64.b64decode(outer['data'], validate=True)
        inner = _json(path, _unpack(packed))
        length, frames = int(inner['NumFrames']), inner['Frames']
        if not 1 <= length <= _MAX_FRAMES or not isinstance(frames, list):
            raise MotionError(f'{path} has {length} frames, not 1 to {_MAX_FRAMES}.')
        keys, clipped = _keys(frames, length)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise MotionError(f'{path} is no motion: {type(error).__name__} {error}.') from error
    return Motion(str(outer.get('title', path.stem)), length, keys, clipped)


def _keys(frames: Sequence[Any], length: int) -> tuple[tuple[tuple[Key, ...], ...], int]:
    keys: list[dict[int, LegPose]] = [{} for _ in LEGS]
    clipped = 0
    for frame in frames:
        index, legs = int(frame['Frame']), frame['Legs']
        if not 0 <= index < length or len(legs) != len(LEGS):
            raise ValueError(f'frame {index} of {length} with {len(legs)} legs')
        for leg, found in enumerate(legs):
            if not found['HasValue']:
                continue
            values = {}
            for joint in _JOINTS:
                low, high = JOINT_RANGES[joint.lower()]
                value = round(float(found[joint]))
                values[joint.lower()] = min(high, max(low, value))
                clipped += values[joint.lower()] != value
            keys[leg][index] = LegPose(**values)
    return tuple(tuple(Key(i, p) for i, p in sorted(leg.items())) for leg in keys), clipped


def _unpack(packed: bytes) -> bytes:
    if len(packed) < 4:
        raise ValueError('too short')
    (size,) = struct.unpack_from('<I', packed)
    if size > _MAX_SIZE:
        raise ValueError(f'{size} bytes unpacked are too many')
    engine = zlib.decompressobj(wbits=31)
    try:
        data = engine.decompress(packed[4:], size + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from error
    if len(data) != size:
        raise ValueError(f'{len(data)} bytes unpacked where {size} were announced')
    return data


# Names in a .gait, in the order of GaitSetAll.
_GAIT_NAMES = (
    'stanceAngle',
    'stanceDistance',
    'walkingSpeed',
    'stepDuration',
    'stepShift',
    'stepHeight',
    'gaitType',
    'bodyHeight',
    'crankRandomness',
    'stanceRandomness',
)


def load_gait(path: Path) -> GaitSetAll:
    """Read a .gait; raise MotionError where that is impossible.

    The head colour that comes with some is left: what shines is the guard's to allow.
    """
    try:
        given = _json(path, _content(path))['gaitParameters']
        values: dict[str, Any] = {}
        for name in _GAIT_NAMES:
            snake = ''.join(f'_{c.lower()}' if c.isupper() else c for c in name)
            values[snake] = int(given[name]) if name == 'gaitType' else float(given[name])
        return GaitSetAll.from_unit(**values)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise MotionError(f'{path} is no gait: {type(error).__name__} {error}.') from error
    except CommandRejectedError as error:
        raise MotionError(f'{path}: {error.reason}') from error


def _content(path: Path) -> bytes:
    try:
        with path.open('rb') as file:
            data = file.read(_MAX_SIZE + 1)
    except OSError as error:
        raise MotionError(f'{path} cannot be read: {error.strerror}.') from error
    if len(data) > _MAX_SIZE:
        raise MotionError(f'{path} has more than {_MAX_SIZE} bytes.')
    return data


def _json(path: Path, data: bytes) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MotionError(f'{path} is no JSON: {error}.') from error
    if not isinstance(value, dict):
        raise MotionError(f'{path} holds no JSON object.')
    return value
