"""Planar motion, zones as polygons, and where the robot believes it is. SI units, REP-103 axes."""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from sentinel_common.geometry import SLIP, STOP, TURN_SLIP, Point, Pose, Twist

# One-sided 95 % quantile of the normal distribution: a lower bound that is too high once in twenty
# times.
Z_95_ONE_SIDED = 1.645

# How far back a pose is known, s: images are older than that only where all stands still.
TRAIL = 2.0


def yaw_of(x: float, y: float, z: float, w: float) -> float:
    """Heading of a quaternion of any length but 0, rad."""
    return math.atan2(2 * (w * z + x * y), w * w + x * x - y * y - z * z)


def segment_distance(point: Point, a: Point, b: Point) -> float:
    """Distance in metres from ``point`` to the segment ``a``-``b``."""
    dx, dy = b[0] - a[0], b[1] - a[1]
    length = dx * dx + dy * dy
    t = 0.0
    if length > 0:
        t = max(0.0, min(1.0, ((point[0] - a[0]) * dx + (point[1] - a[1]) * dy) / length))
    return math.hypot(point[0] - a[0] - t * dx, point[1] - a[1] - t * dy)


def inside_by(point: Point, polygon: Sequence[Point]) -> float:
    """How far ``point`` lies inside ``polygon`` in metres; negative outside."""
    inside = False
    near = math.inf
    for a, b in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if (a[1] > point[1]) != (b[1] > point[1]):
            if point[0] < a[0] + (point[1] - a[1]) / (b[1] - a[1]) * (b[0] - a[0]):
                inside = not inside
        near = min(near, segment_distance(point, a, b))
    return near if inside else -near


@dataclass(frozen=True)
class PoseEstimate:
    """Where the robot believes it is in ``map``.

    ``sigma`` is the standard deviation of the place in m, ``path`` the metres walked since the last
    fix. A metre more leads ``astray`` by so many, one sigma, for the heading that was turned since.
    """

    pose: Pose
    sigma: float
    path: float
    astray: float = 0.0


class DeadReckoning:
    """Integrates commanded motion from fix to fix: the robot reports no decoded odometry.

    Without a first fix the pose is relative to where the node started and ``estimate`` is None;
    ``pose`` works always, for what only needs a locally steady frame.
    """

    def __init__(self) -> None:
        self._variance: float | None = None
        self._path = self._turned = self._aside = 0.0
        self._time: float | None = None
        self._twist = STOP
        # Since when it moved how from where: the newest last.
        self._trail: deque[tuple[float, Pose, Twist]] = deque()
        self.pose = Pose()

    def command(self, twist: Twist, now: float) -> None:
        """``twist`` moves the robot from ``now`` on."""
        self.advance(now)
        if twist != self._twist:
            self._twist = twist
            self._trail.append((now, self.pose, twist))
            while len(self._trail) > 1 and self._trail[1][0] <= now - TRAIL:
                self._trail.popleft()

    def advance(self, now: float) -> None:
        """Integrate up to ``now`` (s); an earlier time than the last one changes nothing."""
        seconds = 0.0 if self._time is None else now - self._time
        if seconds < 0.0:
            return
        self._time = now
        if self._twist.is_zero:
            return
        self.pose = self.pose.moved(self._twist, seconds)
        self._path += self._twist.speed * seconds
        self._turned += abs(self._twist.wz) * seconds
        self._aside += self._astray * self._twist.speed * seconds

    def pose_at(self, time: float) -> Pose:
        """Pose at ``time`` (s), up to TRAIL ago: an image shows what was where at its capture."""
        if self._time is None or not self._trail:
            return self.pose
        if time >= self._time:
            return self.pose.moved(self._twist, time - self._time)
        for since, pose, twist in reversed(self._trail):
            if since <= time:
                return pose.moved(twist, time - since)
        return self._trail[0][1]

    def fix(self, pose: Pose, variance: float, now: float) -> Pose:
        """Somebody saw the robot at ``pose`` in ``map`` with ``variance`` of its place in m^2.

        Returns where it was believed to be: what is remembered around it must move along.
        """
        self.advance(now)
        before = self.pose
        self._trail = deque((t, p.seen_from(before, pose), w) for t, p, w in self._trail)
        self.pose = pose
        self._variance = variance
        self._path = self._turned = self._aside = 0.0
        return before

    @property
    def _astray(self) -> float:
        return 2 * math.sin(min(math.pi, TURN_SLIP * self._turned) / 2)

    @property
    def estimate(self) -> PoseEstimate | None:
        """Pose in ``map``, or None before the first fix."""
        if self._variance is None:
            return None
        sigma = math.hypot(math.sqrt(self._variance), SLIP * self._path, self._aside)
        return PoseEstimate(self.pose, sigma, self._path, self._astray)
