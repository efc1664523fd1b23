"""Messages and parameters in, plain values out: what guard and brain need at their border."""

import math
import time
from typing import Any

from sentinel_common.detections import to_seconds
from sentinel_common.diagnostics import Level, Report
from sentinel_common.geometry import Pose, Twist
from sentinel_common.parameters import Parameter

from .geometry import yaw_of

# A stamp further ahead of our clock than this comes from another clock, s.
_AHEAD = 0.1

# One older than this may come from another clock, s; it counts as that old all the same.
_BEHIND = 5.0

# A fix that is less sure, one sigma, tells nothing: x and y in m, and the heading in rad that leads
# as far astray on the 2 m that a fix is good for.
_LARGEST_DOUBT = 1.0, 1.0, 0.5

# A fix of a moment longer ago tells where the robot was, s.
_OLDEST_FIX = 1.0

HOUR = Parameter(
    'hour',
    -1.0,
    'local time of day that holds all the time, 0..24 h: that of a simulated scene; '
    "negative: the machine's clock tells it",
    minimum=-1.0,
    maximum=24.0,
    read_only=True,
)


class TimeBridge:
    """Puts ROS stamps on the machine's steady clock, and knows the time of day.

    Age is counted from the steady clock, whatever happens to the time of day. ``hour`` is the value
    of the parameter HOUR.
    """

    def __init__(self, node: Any, hour: float) -> None:
        self._node = node
        self._hour = hour
        self._lag = 0.0

    def now(self) -> float:
        """Seconds of the steady clock."""
        return time.monotonic()

    def hour(self) -> float:
        """Local time of day, 0..24."""
        if self._hour >= 0.0:
            return self._hour
        clock = time.localtime()
        return clock.tm_hour + clock.tm_min / 60

    def captured(self, message: Any) -> float:
        """When the picture behind ``message`` was taken."""
        return self.captured_at(message.header.stamp)

    def captured_at(self, stamp: Any) -> float:
        """``stamp`` of a picture on the steady clock, never in the future; without one, now."""
        if to_seconds(stamp):
            self._lag = self.age(stamp)
            return self.now() - max(0.0, self._lag)
        return self.now()

    def age(self, stamp: Any) -> float:
        """Seconds since ``stamp``, below 0 if it is in the future; without a stamp, 0."""
        seconds = to_seconds(stamp)
        return self._node.get_clock().now().nanoseconds * 1e-9 - seconds if seconds else 0.0

    def report(self) -> Report:
        """Whether the clocks of this node and of the camera agree."""
        values = {'lag': f'{self._lag:.3f}'}
        if self._lag < -_AHEAD:
            return Report(Level.WARN, 'the camera stamps pictures in the future', values)
        if self._lag > _BEHIND:
            return Report(Level.ERROR, 'pictures are very old, or clocks differ', values)
        return Report(Level.OK, 'clocks agree', values)


def fix_from_message(message: Any, age: float) -> tuple[Pose, float] | None:
    """Pose in ``map`` and variance of its place (m^2) of a PoseWithCovarianceStamped.

    None where it does not tell both place and heading of now: ``age`` (s) above ``_OLDEST_FIX``, in
    another frame, not finite, no rotation, or with an uncertainty that is negative or larger than
    ``_LARGEST_DOUBT``.
    """
    p, q = message.pose.pose.position, message.pose.pose.orientation
    variances = [float(message.pose.covariance[i]) for i in (0, 7, 35)]
    known = (
        message.header.frame_id == 'map'
        and age <= _OLDEST_FIX
        and math.isfinite(p.x + p.y)
        and 0.9 <= math.hypot(q.x, q.y, q.z, q.w) <= 1.1
        and all(0.0 <= v <= s * s for v, s in zip(variances, _LARGEST_DOUBT, strict=True))
    )
    return (Pose(p.x, p.y, yaw_of(q.x, q.y, q.z, q.w)), max(variances[:2])) if known else None


def twist_from_message(message: Any) -> Twist:
    """Planar velocity of a geometry_msgs/TwistStamped."""
    twist = message.twist
    return Twist(twist.linear.x, twist.linear.y, twist.angular.z)
