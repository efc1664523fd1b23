"""The same night without physics: an ideal robot, and time that jumps while nobody is there."""

from typing import Any

import numpy as np

from .agents import Sentinel
from .night import MAX_STEP, Night
from .scenarios import Scenario

# Length of an animal's stride where nobody looks at feet, m.
_STRIDE = 0.3


class KinematicWorld:
    """A night on a drawing board, thousands of times faster than real time.

    The robot reaches every commanded velocity at once (``World`` tells how well the real gait
    does). Use ``walk``, ``light`` and ``sound`` as in ``World``, and ``skip`` to pass time in which
    nothing can happen.
    """

    control_step = MAX_STEP

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.night = Night(scenario, seed, {v.name: _STRIDE for v in scenario.animals})
        self.sound: tuple[str, float] | None = None
        self.light = 0.0
        self.x, self.y, self.yaw = scenario.robot
        self._velocity = (0.0, 0.0, 0.0)
        self._path = 0.0

    def walk(self, x: float, y: float, yaw: float) -> None:
        """Walk at this velocity in base_link (m/s, m/s, rad/s) until told otherwise."""
        self._velocity = (x, y, yaw)

    def sentinel(self) -> Sentinel:
        """What animals perceive of the robot now."""
        vx, vy, _ = self._velocity
        c, s = float(np.cos(self.yaw)), float(np.sin(self.yaw))
        sound, volume = self.sound or ('', 0.0)
        return Sentinel(self.x, self.y, c * vx - s * vy, s * vx + c * vy, self.light, sound, volume)

    def step(self) -> None:
        """Advance everything by ``control_step`` s."""
        now = self.sentinel()
        self.x += now.vx * self.control_step
        self.y += now.vy * self.control_step
        self.yaw += self._velocity[2] * self.control_step
        self._path += float(np.hypot(now.vx, now.vy)) * self.control_step
        self.night.step(self.control_step, self.sentinel())

    def skip(self) -> None:
        """Jump to the next moment in which somebody comes.

        Nothing happens while somebody is there.
        """
        until = self.night.quiet_until
        if until is not None and self._velocity == (0.0, 0.0, 0.0):
            self.night.skip_to(until)

    def truth(self) -> dict[str, Any]:
        """Everything about the night, as ``World.truth``; an ideal robot does not fall."""
        return {**self.night.truth(), 'robot': {'falls': 0, 'path_m': self._path}}
