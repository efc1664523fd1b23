"""The gait engine: velocities and ten gait parameters in, twelve joint angles out.

What a real MekaMon makes of its gait parameters is not known (only their names and their 0..1 scale
are); the ranges below are ours, chosen so that the fast trot preset of the published app data walks
well. Lengths in metres, angles in radians, body frame x forward, y left, z up, legs in the order of
``model.LEGS``.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from sentinel_common.geometry import Twist
from sentinel_driver.hermes import GaitSetAll, GaitType

Array = npt.NDArray[np.float64]

# Geometry, as in mekamon.urdf.xacro (a test compares).
HIP_LENGTH, THIGH_LENGTH, SHANK_LENGTH = 0.035, 0.065, 0.090
FOOT_RADIUS = 0.010
HIPS: Array = 0.055 * np.array([(1, 1), (1, -1), (-1, 1), (-1, -1)], dtype=float)
YAWS: Array = np.arctan2(HIPS[:, 1], HIPS[:, 0])
_ALONG, _ACROSS = np.cos(YAWS), np.sin(YAWS)
LOWER: Array = np.tile((-0.9, -1.75, 0.1), (4, 1))
UPPER: Array = np.tile((0.9, 1.2, 2.6), (4, 1))

# The fast trot preset of the published app data: what the emulated robot starts with.
FAST_TROT = GaitSetAll(128, 140, 255, 136, 187, 178, GaitType.TROT, 88, 0, 0)

# Drive 127 with walking speed 1.0: m/s forward and sideways, rad/s.
FULL_SPEED = 0.30
FULL_TURN = 1.5

# Ranges over which a parameter byte 0..255 runs.
STANCE_ANGLE = (-0.35, 0.35)  # rad that the feet stand further to the side than 45 degrees
STANCE_DISTANCE = (0.0675, 0.1175)  # m from hip axis to foot
SWING_TIME = (0.08, 0.24)  # s that one foot is in the air
STEP_SHIFT = (0.0, 0.030)  # m that the body leans away from a single lifted foot
STEP_HEIGHT = (0.0, 0.035)  # m
BODY_HEIGHT = (0.050, 0.1227)  # m of base_link above the ground
CRANK_RANDOMNESS = (0.0, 0.35)  # largest relative change of the pace from one cycle to the next
STANCE_RANDOMNESS = (0.0, 0.012)  # m, largest displacement of a foothold

# A foot passes at most this far under the body in one step, m; faster commands shorten the cycle
# instead.
MAX_STRIDE = 0.055
MIN_CYCLE = {GaitType.TROT: 0.30, GaitType.CRAWL: 0.48}

# When each foot lifts within the cycle, and which part of it a foot stands.
OFFSETS = {
    GaitType.TROT: np.array((0.0, 0.5, 0.5, 0.0)),
    GaitType.CRAWL: np.array((0.25, 0.75, 0.5, 0.0)),
}
DUTY = {GaitType.TROT: 0.5, GaitType.CRAWL: 0.78}

# How fast the walking command (m/s^2, rad/s^2), the body's height (m/s) and its lean (m/s, rad/s)
# may change.
ACCELERATION = 1.5
TURN_ACCELERATION = 8.0
HEIGHT_RATE = 0.10
POSE_RATE = 1.0

# No joint is asked to turn faster than this, rad/s: near a hip a foot's path has kinks. Walking at
# full speed needs about 12.
JOINT_RATE = 20.0

# Feet nearer than this to their places need no correcting step, m.
_AT_REST = 0.003


def between(limits: tuple[float, float], byte: int) -> float:
    """Value of a parameter byte 0..255 on the range ``limits``."""
    low, high = limits
    return low + (high - low) * byte / 255


def clip(value: Array, low: Any, high: Any) -> Array:
    """``np.clip``, which takes three times as long for so few numbers."""
    return np.minimum(np.maximum(value, low), high)


def approach(value: Array, goal: Array, limit: float) -> Array:
    """Move ``value`` towards ``goal`` by at most ``limit`` in each component."""
    return value + clip(goal - value, -limit, limit)


def inverse(feet: Array) -> Array:
    """Joint angles (4, 3: hip, thigh, knee) that put the feet (4, 3, body frame) nearest there."""
    dx, dy = (feet[:, :2] - HIPS).T
    out, side = _ALONG * dx + _ACROSS * dy, _ALONG * dy - _ACROSS * dx
    joints = np.empty((4, 3))
    joints[:, 0] = np.arctan2(side, out)
    reach, drop = np.hypot(out, side) - HIP_LENGTH, -feet[:, 2]
    cosine = (reach**2 + drop**2 - THIGH_LENGTH**2 - SHANK_LENGTH**2) / (
        2 * THIGH_LENGTH * SHANK_LENGTH
    )
    joints[:, 2] = knee = np.arccos(clip(cosine, -1, 1))
    joints[:, 1] = np.arctan2(drop, reach) - np.arctan2(
        SHANK_LENGTH * np.sin(knee), THIGH_LENGTH + SHANK_LENGTH * np.cos(knee)
    )
    return clip(joints, LOWER, UPPER)


def forward(joints: Array) -> Array:
    """Positions of the feet (4, 3, body frame) at joint angles (4, 3)."""
    hip, thigh, knee = joints.T
    reach = HIP_LENGTH + THIGH_LENGTH * np.cos(thigh) + SHANK_LENGTH * np.cos(thigh + knee)
    drop = THIGH_LENGTH * np.sin(thigh) + SHANK_LENGTH * np.sin(thigh + knee)
    heading = YAWS + hip
    return np.stack(
        (
            HIPS[:, 0] + reach * np.cos(heading),
            HIPS[:, 1] + reach * np.sin(heading),
            -drop,
        ),
        axis=1,
    )


@lru_cache(maxsize=8)
def _places(stance_angle: int, stance_distance: int) -> Array:
    """Where the feet stand (4, 2) with these parameter bytes; not to be written to."""
    turn = np.sign(HIPS[:, 0] * HIPS[:, 1]) * between(STANCE_ANGLE, stance_angle)
    heading = YAWS + turn
    distance = between(STANCE_DISTANCE, stance_distance)
    places: Array = HIPS + distance * np.stack((np.cos(heading), np.sin(heading)), axis=1)
    places.flags.writeable = False
    return places


@dataclass(frozen=True)
class BodyPose:
    """Where the body is, feet planted: displacement in metres, rotation in radians."""

    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    roll: float = 0.0
    pitch: float = 0.0
    yaw: float = 0.0

    def array(self) -> Array:
        """The six components."""
        return np.array((self.x, self.y, self.z, self.roll, self.pitch, self.yaw))


def rotation(roll: float, pitch: float, yaw: float) -> Array:
    """Rotation matrix of yaw after pitch after roll."""
    cr, sr, cp, sp = math.cos(roll), math.sin(roll), math.cos(pitch), math.sin(pitch)
    cy, sy = math.cos(yaw), math.sin(yaw)
    return np.array(
        (
            (cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr),
            (sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr),
            (-sp, cp * sr, cp * cr),
        )
    )


class Gait:
    """Feet that follow a commanded velocity, step by step.

    A standing foot moves backwards under the body exactly as the body should move forward; a lifted
    one swings to where it will stand. Set ``parameters`` at any time; ``seed`` makes the two
    randomness parameters repeatable.
    """

    def __init__(self, parameters: GaitSetAll = FAST_TROT, *, seed: int = 0) -> None:
        self.parameters = parameters
        self.pivot = np.zeros(2)  # the point that turns stay around, m in the body frame
        self.cycles = 0.0  # gait cycles walked since the start
        self._random = np.random.default_rng(seed)
        self._pace = 1.0
        self._phase = 0.0
        self._velocity = np.zeros(3)
        self._slow_down = 1.0
        self._height = between(BODY_HEIGHT, parameters.body_height)
        self._pose = np.zeros(6)
        self._sway = np.zeros(2)
        self._feet = self._places()
        self._lift_off = self._feet.copy()
        self._scatter = np.zeros((4, 2))
        self._swinging = np.zeros(4, dtype=bool)
        self._joints = inverse(self._in_body(np.zeros(4)))

    @property
    def velocity(self) -> Twist:
        """The velocity that is being walked now."""
        return Twist(*(self._slow_down * self._velocity))

    @property
    def type(self) -> GaitType:
        """The gait; any other value than that of the crawl is taken for a trot."""
        crawl = self.parameters.gait_type == GaitType.CRAWL
        return GaitType.CRAWL if crawl else GaitType.TROT

    def stance(self) -> Array:
        """Where the feet (4, 3, body frame) are when the robot stands."""
        feet = np.column_stack((self._places(), np.full(4, FOOT_RADIUS - self._height)))
        return feet

    def step(self, dt: float, command: Twist, pose: BodyPose, *, marching: bool = False) -> Array:
        """Advance by ``dt`` seconds (at most 0.03) and return joint angles (4, 3).

        ``marching`` steps on the spot where the command stands still.
        """
        goal = np.array((command.vx, command.vy, command.wz))
        self._velocity[:2] = approach(self._velocity[:2], goal[:2], ACCELERATION * dt)
        self._velocity[2:] = approach(self._velocity[2:], goal[2:], TURN_ACCELERATION * dt)
        height = between(BODY_HEIGHT, self.parameters.body_height)
        self._height += min(max(height - self._height, -HEIGHT_RATE * dt), HEIGHT_RATE * dt)
        self._pose = approach(self._pose, pose.array(), POSE_RATE * dt)
        lift = np.zeros(4)
        if self._velocity.any() or marching or self._must_settle():
            lift = self._walk(dt)
        goal = inverse(self._in_body(lift))
        # Rounding may carry a joint past its limit by the last bit.
        self._joints = clip(approach(self._joints, goal, JOINT_RATE * dt), LOWER, UPPER)
        return self._joints

    def _walk(self, dt: float) -> Array:
        """Move all feet by ``dt``; return how high each is lifted."""
        kind, duty = self.type, DUTY[self.type]
        places = self._places()
        flow = self._flow(places)
        fastest = float(np.hypot(*flow.T).max())
        slowest = between(SWING_TIME, self.parameters.step_duration) / (1 - duty)
        cycle = slowest
        if fastest * duty * slowest > MAX_STRIDE:
            cycle = max(MIN_CYCLE[kind], MAX_STRIDE / (fastest * duty))
        # Beyond the shortest cycle the robot is as fast as its legs are: keep the direction, walk
        # slower.
        self._slow_down = min(1.0, 1.3 * MAX_STRIDE / max(1e-9, fastest * duty * cycle))
        previous = self._phase
        self._phase = (self._phase + dt * self._pace / cycle) % 1.0
        self.cycles += dt * self._pace / cycle
        if self._phase < previous:
            spread = between(CRANK_RANDOMNESS, self.parameters.crank_randomness)
            self._pace = 1 + spread * self._random.uniform(-1, 1)
        phases = (self._phase + OFFSETS[kind]) % 1.0
        swinging = phases >= duty
        self._begin_swings(swinging & ~self._swinging)
        self._swinging = swinging

        standing = self._feet - self._slow_down * self._flow(self._feet) * dt
        share = clip((phases - duty) / (1 - duty), 0, 1)
        eased = share - np.sin(2 * np.pi * share) / (2 * np.pi)
        landing = places + self._scatter + self._slow_down * flow * duty * cycle / 2
        swung = self._lift_off + (landing - self._lift_off) * eased[:, None]
        self._feet = np.where(swinging[:, None], swung, standing)

        away = between(STEP_SHIFT, self.parameters.step_shift)
        outwards = places / np.linalg.norm(places, axis=1)[:, None]
        # The lean leads the lift by a little, so that the weight has left a foot before it rises.
        weight = np.maximum(0, np.cos(np.pi * (phases - (1 + duty) / 2 + 0.03) * 2)) ** 2
        self._sway = -away * (outwards * weight[:, None]).sum(axis=0)
        return np.where(
            swinging,
            between(STEP_HEIGHT, self.parameters.step_height) * np.sin(np.pi * share),
            0.0,
        )

    def _begin_swings(self, lifted: npt.NDArray[np.bool_]) -> None:
        self._lift_off[lifted] = self._feet[lifted]
        spread = between(STANCE_RANDOMNESS, self.parameters.stance_randomness)
        self._scatter[lifted] = spread * self._random.uniform(-1, 1, (int(lifted.sum()), 2))

    def _flow(self, feet: Array) -> Array:
        """Velocity of the ground against the body, reversed, at the feet (4, 2)."""
        vx, vy, yaw = self._velocity
        arm = feet - self.pivot
        flow = np.empty((4, 2))
        flow[:, 0], flow[:, 1] = vx - yaw * arm[:, 1], vy + yaw * arm[:, 0]
        return flow

    def _places(self) -> Array:
        """Where the feet stand (4, 2) when nothing moves."""
        return _places(self.parameters.stance_angle, self.parameters.stance_distance)

    def _must_settle(self) -> bool:
        """Whether a foot is in the air or stands off its place, so that the robot must step on."""
        off = np.abs(self._feet - self._places() - self._scatter).max() > _AT_REST
        return bool(off or self._swinging_high())

    def _swinging_high(self) -> bool:
        phases = (self._phase + OFFSETS[self.type]) % 1.0
        share = (phases - DUTY[self.type]) / (1 - DUTY[self.type])
        return bool(((share > 0.05) & (share < 0.95)).any())

    def _in_body(self, lift: Array) -> Array:
        feet = np.empty((4, 3))
        feet[:, :2], feet[:, 2] = self._feet - self._sway, lift + FOOT_RADIUS - self._height
        if not self._pose.any():  # walking, as a rule
            return feet
        turned: Array = (feet - self._pose[:3]) @ rotation(*self._pose[3:].tolist())
        return turned
