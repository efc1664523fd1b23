"""Geometry that every package needs once. SI units, REP-103 axes."""

import math
from dataclasses import dataclass

# How far the robot may be from where its commands lead, one sigma, as a share of the way walked: an
# open-loop gait slips. An assumption: nobody has published a measurement of this robot;
# docs/calibration.md says how to get a better one.
SLIP = 0.25

# The same of the angle turned.
TURN_SLIP = 0.25

Point = tuple[float, float]


def wrap(angle: float) -> float:
    """Return ``angle`` (rad) brought into -pi..pi, pi itself as -pi."""
    return (angle + math.pi) % (2 * math.pi) - math.pi


@dataclass(frozen=True)
class Twist:
    """Planar velocity in ``base_link``: m/s forward, m/s to the left, rad/s counter-clockwise."""

    vx: float = 0.0
    vy: float = 0.0
    wz: float = 0.0

    @property
    def speed(self) -> float:
        """Planar speed in m/s."""
        return math.hypot(self.vx, self.vy)

    @property
    def is_zero(self) -> bool:
        """Whether nothing moves."""
        return not (self.vx or self.vy or self.wz)

    def scaled(self, factor: float) -> 'Twist':
        """The same direction and turn at ``factor`` (0..1) of the planar speed."""
        return Twist(self.vx * factor, self.vy * factor, self.wz)


STOP = Twist()


@dataclass(frozen=True)
class Pose:
    """Place and heading in a fixed frame: m, m, rad."""

    x: float = 0.0
    y: float = 0.0
    yaw: float = 0.0

    def to_world(self, point: Point) -> Point:
        """``point`` of ``base_link`` in the fixed frame."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        return self.x + c * point[0] - s * point[1], self.y + s * point[0] + c * point[1]

    def to_base(self, point: Point) -> Point:
        """``point`` of the fixed frame in ``base_link``."""
        c, s = math.cos(self.yaw), math.sin(self.yaw)
        dx, dy = point[0] - self.x, point[1] - self.y
        return c * dx + s * dy, -s * dx + c * dy

    def seen_from(self, before: 'Pose', after: 'Pose') -> 'Pose':
        """Where this pose is if all was seen from ``after``, and not from ``before``."""
        x, y = after.to_world(before.to_base((self.x, self.y)))
        return Pose(x, y, self.yaw + after.yaw - before.yaw)

    def moved(self, twist: Twist, seconds: float) -> 'Pose':
        """Where ``twist`` leads within ``seconds``, along an arc."""
        half = twist.wz * seconds / 2  # of the turn; the chord points this way
        chord = seconds * (math.sin(half) / half if half else 1.0)
        c, s = math.cos(self.yaw + half), math.sin(self.yaw + half)
        return Pose(
            self.x + (c * twist.vx - s * twist.vy) * chord,
            self.y + (s * twist.vx + c * twist.vy) * chord,
            self.yaw + twist.wz * seconds,
        )


ORIGIN = Pose()
