"""The emulated firmware: payloads in, replies and joint targets out, without radio and physics.

What is published about the protocol is in ``sentinel_driver.hermes``; what had to be invented is in
``invented``. Choices where the sources are silent: motion is latched (the robot walks on until told
otherwise, also when the link is lost); drive 127 means ``gait.FULL_SPEED`` and ``gait.FULL_TURN``
at walking speed 1.0; a robot that fell stops walking and stepping, and forgets what it is told of
either until it stands upright again.
"""

import math
import threading
from collections.abc import Callable
from dataclasses import astuple, dataclass, fields, replace
from enum import IntEnum

import numpy as np
import numpy.typing as npt
from sentinel_common.geometry import STOP, Pose, Twist
from sentinel_driver.hermes import (
    ACKNOWLEDGES,
    MAX_DRIVE,
    Codec,
    Command,
    Drive,
    DriveForm,
    GaitParameter,
    GaitSetAll,
    GaitType,
    Reply,
    StanceType,
)

from . import invented
from .gait import FAST_TROT, FULL_SPEED, FULL_TURN, BodyPose, Gait

Array = npt.NDArray[np.float64]


class Mode(IntEnum):
    """First byte of the newer drive command."""

    ROTATION = 0
    TRANSLATION = 1
    CENTER_POINT = 2
    WALKING = 3
    DEAD_RECKONING = 4


@dataclass(frozen=True)
class Axes:
    """One drive command: -1..1 forward, to the right, and clockwise, as on the wire."""

    forward: float = 0.0
    right: float = 0.0
    clockwise: float = 0.0


# How far the body leans (rad) and moves (m) over planted feet at full drive.
FULL_TILT = 0.30
FULL_SHIFT = 0.022

# Where a centre-point command at full drive puts the point that turns stay around, m.
FULL_PIVOT = 0.15

# Changes between walking, joint control and animations are blended over this, s.
BLEND_TIME = 0.35

# Twitch at full severity displaces the body by this, m, and dies away with this time constant, s.
TWITCH_SHIFT = 0.020
TWITCH_DECAY = 0.15

# The robot counts as fallen when its up axis points this little upwards (60 degrees of tilt) for
# this long, s.
FALLEN_UP = 0.5
FALLEN_TIME = 0.4

_GAIT_FIELDS = dict(enumerate(f.name for f in fields(GaitSetAll)))


def _signed(byte: int) -> float:
    """Drive byte as -1..1; -128, which no app sends, counts as -127."""
    value = byte - 256 if byte > 127 else byte
    return max(-1.0, value / MAX_DRIVE)


class MekaMon:
    """One emulated robot, whose firmware reads drive commands of ``form``.

    ``handle`` and ``step`` may be called from different threads. ``on_telemetry`` is called with
    each stream payload from within ``step``.
    """

    def __init__(self, *, form: DriveForm = DriveForm.WALKING5, seed: int = 0) -> None:
        self._codec = Codec(form)
        self.on_telemetry: Callable[[bytes], None] = lambda payload: None
        self.mixed_forms = 0  # drive commands of the other form
        self.refused = 0  # commands answered with CommandError
        self._seed = seed
        self._lock = threading.Lock()
        self._handlers: dict[int, Callable[[bytes], bool]] = {
            Command.CONNECTION_ESTABLISHED: lambda body: not body,
            Command.GAME_STATE: self._game_state,
            Command.TRANSFORM: self._transform,
            Command.GAIT_SET: self._gait_set,
            Command.GAIT_SET_ALL: self._gait_set_all,
            Command.KINEMATIC_STANCE: self._kinematic_stance,
            Command.HEAD_COLOUR_SET: self._head_colour,
            Command.SET_LEG_JOINT_ANGLES: self._joint_angles,
            Command.TAKE_STEPS: self._take_steps,
            Command.TWITCH: self._twitch,
            Command.PLAY_ANIMATION: self._play_animation,
            Command.KILL_STREAMS: self._kill_streams,
            **{c: self._stream_switch(c) for c in invented.STREAMS},
        }
        self._charge = 1.0
        self._reset()

    def reboot(self) -> None:
        """Forget everything but the battery, as when the power was cut; the robot stands."""
        with self._lock:
            self._reset()

    def _reset(self) -> None:
        self.head_color = (0.25, 0.75, 1.0)  # 0..1 each; the colour after power-on is a guess
        self.fallen = False
        self._gait = Gait(seed=self._seed)
        self._axes, self._mode = Axes(), Mode.WALKING
        self._stance = StanceType.KINEMATIC
        self._steps_end: float | None = None
        self._joint_goal = self._gait.step(0.0, STOP, BodyPose())
        self._joints = self._joint_goal
        self._blend_from, self._blend = self._joints, 1.0
        self._animation: _Animation | None = None
        self._twitch_shift = np.zeros(2)
        self._streams: dict[int, float] = {}
        self._beats = 0
        self._up = 1.0
        self._tilted_for = 0.0
        self._pose = Pose()

    # What comes over the radio.

    def handle(self, payload: bytes) -> list[bytes]:
        """Obey one payload and return the replies."""
        with self._lock:
            handler = self._handlers.get(payload[0]) if payload else None
            if handler is None or not handler(payload[1:]):
                self.refused += 1
                return [bytes((Reply.COMMAND_ERROR, *payload[:1]))]
            reply = ACKNOWLEDGES.get(Command(payload[0]))
            return [bytes((reply,))] if reply is not None else []

    def walk(self, x: float, y: float, yaw: float) -> None:
        """Obey the drive command that a driver sends for a velocity (m/s, m/s, rad/s)."""
        drive = Drive(
            forward=round(x / FULL_SPEED * MAX_DRIVE),
            strafe=round(-y / FULL_SPEED * MAX_DRIVE),
            turn=round(-yaw / FULL_TURN * MAX_DRIVE),
        )
        self.handle(self._codec.payload(drive))

    def _game_state(self, body: bytes) -> bool:
        if len(body) not in (1, 2):
            return False
        if body[1:] == b'\1':
            self._gait.parameters = FAST_TROT
        return True

    def _transform(self, body: bytes) -> bool:
        if len(body) not in (3, 4):
            return False
        native = 4 if self._codec.form is DriveForm.WALKING5 else 3
        self.mixed_forms += len(body) != native
        mode = Mode.WALKING
        if native == 4 and len(body) == 4:
            if body[0] not in tuple(Mode):
                return False
            mode = Mode(body[0])
            forward, right, clockwise = body[1:]
        else:
            right, forward, clockwise = body[:3]
        axes = Axes(_signed(forward), _signed(right), _signed(clockwise))
        if mode is Mode.CENTER_POINT:
            self._gait.pivot = FULL_PIVOT * np.array((axes.forward, -axes.right))
            return True
        self._mode, self._axes, self._steps_end = mode, axes, None
        if mode is Mode.DEAD_RECKONING:
            self._steps_end = self._gait.cycles + 1
        return True

    def _gait_set(self, body: bytes) -> bool:
        if len(body) != 3 or body[0] != 0 or body[1] not in _GAIT_FIELDS:
            return False
        if body[1] == GaitParameter.GAIT_TYPE and body[2] not in tuple(GaitType):
            return False
        name = _GAIT_FIELDS[body[1]]
        self._gait.parameters = replace(self._gait.parameters, **{name: body[2]})
        return True

    def _gait_set_all(self, body: bytes) -> bool:
        if len(body) != len(_GAIT_FIELDS) or body[GaitParameter.GAIT_TYPE] not in tuple(GaitType):
            return False
        self._gait.parameters = GaitSetAll(*body)
        return True

    def _kinematic_stance(self, body: bytes) -> bool:
        if len(body) != 1 or body[0] not in tuple(StanceType):
            return False
        if StanceType(body[0]) is not self._stance:
            self._stance = StanceType(body[0])
            self._axes, self._mode = Axes(), Mode.WALKING
            self._joint_goal = self._joints
            self._start_blend()
        return True

    def _head_colour(self, body: bytes) -> bool:
        if len(body) != 3:
            return False
        self.head_color = (body[0] / 255, body[1] / 255, body[2] / 255)
        return True

    def _joint_angles(self, body: bytes) -> bool:
        if len(body) != 12 or self._stance is not StanceType.LEG_JOINT_ANGLES:
            return False
        units = np.frombuffer(body, dtype=np.uint8).reshape(4, 3)[:, ::-1]
        self._joint_goal = invented.joints_from_units(units.astype(float))
        return True

    def _take_steps(self, body: bytes) -> bool:
        if len(body) != 1:
            return False
        self._steps_end = self._gait.cycles + body[0]
        return True

    def _twitch(self, body: bytes) -> bool:
        if len(body) != 2:
            return False
        heading, severity = math.pi * _signed(body[0]), _signed(body[1])
        self._twitch_shift = (
            TWITCH_SHIFT * severity * np.array((math.cos(heading), math.sin(heading)))
        )
        return True

    def _play_animation(self, body: bytes) -> bool:
        if len(body) != 5 or body[0] not in invented.ANIMATIONS or body[3] > 100 or body[4] > 5:
            return False
        self._animation = _Animation(body[0], layering=body[3] / 100, transform=body[4])
        self._start_blend()
        return True

    def _kill_streams(self, body: bytes) -> bool:
        self._streams.clear()
        return not body

    def _stream_switch(self, command: int) -> Callable[[bytes], bool]:
        def switch(body: bytes) -> bool:
            if len(body) > 1:
                return False
            if body == b'\0':
                self._streams.pop(command, None)
            else:
                self._streams.setdefault(command, 0.0)
            return True

        return switch

    # What the body does.

    def sense(self, *, up: float) -> None:
        """Take what the IMU feels: ``up`` is the vertical part (-1..1) of the body's z axis."""
        self._up = up

    def step(self, dt: float) -> Array:
        """Advance by ``dt`` s (at most 0.03); return targets in rad, as in ``JOINTS``."""
        with self._lock:
            self._watch_for_falls(dt)
            twist, pose = self._intent(dt)
            marching = self._steps_end is not None
            if self._steps_end is not None and self._gait.cycles >= self._steps_end:
                self._steps_end, marching, self._axes = None, False, Axes()
            walked = self._gait.step(dt, twist, pose, marching=marching)
            self._advance_odometry(dt)
            goal = self._joint_goal if self._stance is StanceType.LEG_JOINT_ANGLES else walked
            if self._animation is not None:
                goal = self._animation.step(dt, goal)
                if self._animation.over:
                    self._animation = None
                    self._start_blend()
            self._blend = min(1.0, self._blend + dt / BLEND_TIME)
            eased = self._blend * self._blend * (3 - 2 * self._blend)
            self._joints = self._blend_from + (goal - self._blend_from) * eased
            due = self._due_telemetry(dt)
            targets = self._joints.ravel().copy()
        for payload in due:
            self.on_telemetry(payload)
        return targets

    @property
    def walking(self) -> Twist:
        """The velocity that the gait walks now: what an ideal robot would do."""
        return self._gait.velocity

    def _start_blend(self) -> None:
        self._blend_from, self._blend = self._joints, 0.0

    def _intent(self, dt: float) -> tuple[Twist, BodyPose]:
        """Walking velocity and body pose of the latched drive command."""
        self._twitch_shift *= math.exp(-dt / TWITCH_DECAY)
        shift_x, shift_y = self._twitch_shift
        a = self._axes
        turning = self._stance is StanceType.GYRATE or self._mode is Mode.ROTATION
        sliding = self._stance is StanceType.LINEAR or self._mode is Mode.TRANSLATION
        if turning:
            tilt = FULL_TILT
            return STOP, BodyPose(
                shift_x, shift_y, 0.0, tilt * a.right, tilt * a.forward, -tilt * a.clockwise
            )
        if sliding:
            far = FULL_SHIFT
            return STOP, BodyPose(
                shift_x + far * a.forward, shift_y - far * a.right, far * a.clockwise
            )
        pose = BodyPose(shift_x, shift_y)
        if self.fallen or self._stance is not StanceType.KINEMATIC:
            return STOP, pose
        pace = FULL_SPEED * self._gait.parameters.walking_speed / 255
        turn = FULL_TURN * self._gait.parameters.walking_speed / 255
        return Twist(pace * a.forward, -pace * a.right, -turn * a.clockwise), pose

    def _watch_for_falls(self, dt: float) -> None:
        self._tilted_for = self._tilted_for + dt if self._up < FALLEN_UP else 0.0
        if self._tilted_for >= FALLEN_TIME:
            self.fallen = True
        elif self._tilted_for == 0.0:
            self.fallen = False
        if self.fallen:
            self._axes, self._steps_end = Axes(), None

    def _advance_odometry(self, dt: float) -> None:
        v = self._gait.velocity
        self._pose = self._pose.moved(v, dt)
        lasts = invented.STANDING_TIME if v.is_zero else invented.WALKING_TIME
        self._charge = max(0.0, self._charge - dt / lasts)

    def _due_telemetry(self, dt: float) -> list[bytes]:
        due = []
        for command, waited in self._streams.items():
            reply, rate = invented.STREAMS[command]
            self._streams[command] = waited + dt
            if waited + dt >= 1 / rate:
                self._streams[command] = waited + dt - 1 / rate
                due.append(self._telemetry(reply))
        return due

    def _telemetry(self, reply: Reply) -> bytes:
        if reply is Reply.STREAM_BATTERY:
            return invented.battery(self._charge)
        if reply is Reply.STREAM_COMPASS:
            return invented.compass(self._pose.yaw)
        if reply is Reply.STREAM_JOINT_ANGLES:
            return invented.joint_angles(self._joints)
        if reply is Reply.STREAM_IS_ON_FLOOR:
            return invented.on_floor(self._up > FALLEN_UP)
        if reply is Reply.STREAM_ODOMETRY:
            return invented.odometry(*astuple(self._pose))
        self._beats += 1
        return invented.heartbeat(self._beats)


# Which leg's part each leg plays, and whether hips are mirrored, per transform byte of
# PlayAnimation: none, left and right swapped, front and back swapped, turned by 90, 180, 270
# degrees counter-clockwise.
_ROLES = ((0, 1, 2, 3), (1, 0, 3, 2), (2, 3, 0, 1), (1, 3, 0, 2), (3, 2, 1, 0), (2, 0, 3, 1))
_MIRRORS = (False, True, True, False, False, False)


class _Animation:
    """A stored animation on its way."""

    def __init__(self, number: int, *, layering: float, transform: int) -> None:
        frames = invented.ANIMATIONS[number]
        self._times = np.array([t for t, _ in frames])
        poses = np.stack(
            [invented.joints_from_units(np.array(legs, dtype=float)) for _, legs in frames]
        )[:, _ROLES[transform]]
        if _MIRRORS[transform]:
            poses = poses * (-1, 1, 1)
        self._poses = poses
        self._layering = layering
        self._time = 0.0
        self._start: Array | None = None

    @property
    def over(self) -> bool:
        """Whether the last key frame was reached."""
        return bool(self._time >= self._times[-1])

    def step(self, dt: float, base: Array) -> Array:
        """Joint angles (4, 3) ``dt`` later: the animation laid over ``base``."""
        if self._start is None:
            self._start = base
        self._time += dt
        times = np.concatenate(([0.0], self._times))
        poses = np.concatenate((self._start[None], self._poses))
        at = int(np.clip(np.searchsorted(times, self._time) - 1, 0, len(times) - 2))
        share = np.clip((self._time - times[at]) / (times[at + 1] - times[at]), 0, 1)
        pose = poses[at] + (poses[at + 1] - poses[at]) * share
        return base + self._layering * (pose - base)
