"""The simplest sentinel, by which the simulator is measured: it barks and walks at what is near."""

from typing import Protocol

import numpy as np
from sentinel_common.geometry import wrap

from ..agents import Sentinel
from ..night import Night

# It sees this far, m, and so far to each side of its heading, rad.
_SIGHT, _HALF_VIEW = 2.7, 0.6

# It barks this long, s, and then not again for so long, s, and does not walk nearer than this, m.
_BARK, _PAUSE, _STOP_AT = 1.5, 8.0, 1.0

# So timid that animals often reach the beds: nights that all end alike would compare nothing.
_VOLUME = 0.35

_SPEED, _TURN_GAIN, _TURN_MOST = 0.2, 1.5, 1.0


class Stage(Protocol):
    """What physics and drawing board have in common."""

    night: Night
    sound: tuple[str, float] | None
    control_step: float

    def walk(self, x: float, y: float, yaw: float) -> None:
        """Command a velocity in base_link."""

    def sentinel(self) -> Sentinel:
        """Where the robot is."""
        ...

    @property
    def yaw(self) -> float:
        """Heading of the robot, rad."""
        ...

    def step(self) -> None:
        """Advance by ``control_step``."""


class Reflex:
    """Decides ten times a second, from the truth."""

    def __init__(self) -> None:
        self._next = 0.0
        self._bark_until = -1.0
        self._quiet_until = 0.0

    def act(self, stage: Stage) -> None:
        """Command the robot on ``stage`` for this moment."""
        time = stage.night.time
        if time < self._next:
            return
        self._next = time + 0.1
        me = stage.sentinel()
        seen = None
        for agent in stage.night.agents:
            dx, dy = agent.x - me.x, agent.y - me.y
            bearing = float(wrap(np.arctan2(dy, dx) - stage.yaw))
            if agent.present and np.hypot(dx, dy) < _SIGHT and abs(bearing) < _HALF_VIEW:
                seen = bearing, float(np.hypot(dx, dy))
                break
        if seen is not None and time >= self._quiet_until:
            self._bark_until, self._quiet_until = time + _BARK, time + _BARK + _PAUSE
        barking = time < self._bark_until
        stage.sound = ('bark', _VOLUME) if barking else None
        if seen is None or not barking:
            stage.walk(0.0, 0.0, 0.0)
            return
        turn = float(np.clip(_TURN_GAIN * seen[0], -_TURN_MOST, _TURN_MOST))
        stage.walk(_SPEED if seen[1] > _STOP_AT else 0.0, 0.0, turn)
