"""How a raccoon comes over the fence: up the boards, over the top, head first down again."""

import numpy as np

from .layout import FENCE_HEIGHT

# Where the climb begins and ends, m before and behind the fence.
OUTER_FOOT, INNER_FOOT = 0.40, 0.40

# Speed along the fence, m/s: at leisure and in flight. Assumptions; raccoons climb nimbly.
_SPEED, _FLIGHT = 0.45, 1.2

# The way of the middle of the trunk seen from the side, from one foot to the other: distance from
# the fence (m, negative is before it), height (m), pitch (rad, negative is nose up).
_NEAR = 0.15
_WAY = np.array(
    [
        (-OUTER_FOOT, 0.0, 0.0),
        (-_NEAR, 0.22, -1.35),
        (-_NEAR, FENCE_HEIGHT - 0.18, -1.35),
        (0.0, FENCE_HEIGHT, -0.1),
        (_NEAR, FENCE_HEIGHT - 0.18, 1.35),
        (_NEAR, 0.22, 1.35),
        (INNER_FOOT, 0.0, 0.0),
    ]
)
_LENGTHS = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(_WAY[:, :2], axis=0).T))])


class Climb:
    """One way over the fence, from the place where the animal stands to the foot beyond.

    ``place`` is ((x, y) m, height m, pitch rad), ``yaw`` (rad) where it looks, ``done`` whether it
    is over.
    """

    def __init__(
        self,
        here: tuple[float, float],
        foot: tuple[float, float],
        beyond: tuple[float, float],
        *,
        inwards: bool,
    ) -> None:
        self._off = np.array(here) - np.array(foot)
        self._from, self._to = np.array(foot), np.array(beyond)
        self._inwards = inwards
        self._gone = 0.0

    @property
    def done(self) -> bool:
        """Whether the animal stands on the ground again."""
        return bool(self._gone >= _LENGTHS[-1])

    @property
    def yaw(self) -> float:
        """Heading, rad."""
        x, y = self._to - self._from
        return float(np.arctan2(y, x))

    @property
    def place(self) -> tuple[tuple[float, float], float, float]:
        """Where it is: (x, y) m, height above the ground m, pitch rad."""
        across, height, pitch = (np.interp(self._gone, _LENGTHS, column) for column in _WAY.T)
        share = (across + OUTER_FOOT) / (OUTER_FOOT + INNER_FOOT)
        # What it stood beside the foot is made good on the way.
        x, y = self._from + share * (self._to - self._from) + (1 - share) * self._off
        return (float(x), float(y)), float(height), float(pitch)

    def step(self, dt: float, *, running: bool) -> float:
        """Climb on for ``dt`` s; return the speed, m/s."""
        speed = _FLIGHT if running else _SPEED
        self._gone += speed * dt
        return speed

    def flee(self) -> tuple[float, float]:
        """Turn back if it was on its way in; return the foot outside, which it now climbs to."""
        if self._inwards:
            self._off = np.zeros(2)
            self._from, self._to = self._to, self._from
            self._gone = float(_LENGTHS[-1]) - self._gone
            self._inwards = False
        return float(self._to[0]), float(self._to[1])
