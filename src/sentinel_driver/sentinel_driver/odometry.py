"""Open-loop odometry: where the robot would be if it did what it was told. Core."""

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from sentinel_common.geometry import ORIGIN, SLIP, STOP, TURN_SLIP, Pose, Twist

# How far the heading may stray, one sigma, rad per metre walked. An assumption, as SLIP is.
DRIFT = 0.20

# Velocity noise that does not depend on the command (a leg that slips), one sigma.
_SPEED_FLOOR = 0.02  # m/s
_TURN_FLOOR = 0.05  # rad/s


@dataclass
class Odometry:
    """Pose in ``odom`` (m, m, rad) with its 3x3 covariance, from commanded velocities."""

    pose: Pose = ORIGIN
    velocity: Twist = STOP
    covariance: npt.NDArray[np.float64] = field(default_factory=lambda: np.zeros((3, 3)))

    def advance(self, dt: float) -> None:
        """Go on with the present velocity for ``dt`` s; the covariance grows with what is moved."""
        v = self.velocity
        before, self.pose = self.pose, self.pose.moved(v, dt)
        if not v.is_zero:
            # First order propagation; the noise of one step is proportional to the step but, as
            # slip has one sign for long, fully correlated in time: sigma, not variance, adds up.
            turn = TURN_SLIP * abs(v.wz) * dt + DRIFT * v.speed * dt
            dx, dy = self.pose.x - before.x, self.pose.y - before.y
            self._grow(dx, dy, SLIP * v.speed * dt, turn)

    def _grow(self, dx: float, dy: float, shift: float, turn: float) -> None:
        jacobian = np.array([[1.0, 0.0, -dy], [0.0, 1.0, dx], [0.0, 0.0, 1.0]])
        grown = jacobian @ self.covariance @ jacobian.T
        for i, step in enumerate((shift, shift, turn)):
            grown[i, i] = (math.sqrt(max(0.0, grown[i, i])) + step) ** 2
        self.covariance = grown

    def velocity_variances(self) -> tuple[float, float, float]:
        """Variances of the three components of the velocity."""
        v = self.velocity
        speed = (SLIP * v.speed + (0.0 if v.is_zero else _SPEED_FLOOR)) ** 2
        turn = TURN_SLIP * abs(v.wz) + DRIFT * v.speed + (0.0 if v.is_zero else _TURN_FLOOR)
        return speed, speed, turn**2
