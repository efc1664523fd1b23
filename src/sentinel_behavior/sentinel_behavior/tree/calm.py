"""Actions while there is no target to act on: stand, look, go home, sit, walk a round."""

import math
from typing import Any

from py_trees.common import Status

from ..geometry import STOP, Twist, wrap
from ..visits import bearing
from ..world import World
from .leaf import AHEAD, STANCE, Leaf, turn, turn_to


class State(Leaf):
    """Says which state the brain is in and wants nothing; RUNNING for ever."""

    def __init__(self, *, name: str, world: World, state: str, why: str = '') -> None:
        super().__init__(name=name, world=world)
        self._state, self._why = state, why

    def update(self) -> Status:
        """See py_trees."""
        self.world.state = self._state
        if self._why:
            self.world.explanation = self._why
        elif self.parent is not None:
            self.world.explanation = _reason(self.parent.children)
        return self.say(Status.RUNNING, self._state)


def _reason(siblings: list[Any]) -> str:
    """Feedback of the condition that led here, as a sentence."""
    why = next((s.feedback_message for s in siblings if s.status == Status.SUCCESS), '')
    return why[:1].upper() + why[1:]


class Face(Leaf):
    """Turns towards the target; RUNNING while there is one."""

    def update(self) -> Status:
        """See py_trees."""
        target = self.world.target
        if target is None:
            return self.say(Status.FAILURE, 'no target in view')
        self.world.state = 'watching'
        self.world.explanation = f'Looks at {target.best[0]} {target.track_id}.'
        self.world.wants.twist = turn_to(self.world)
        return self.say(Status.RUNNING, f'bearing {math.degrees(bearing(target)):.0f} deg')


class Search(Leaf):
    """Turns to where the animal was seen last."""

    def update(self) -> Status:
        """See py_trees."""
        world = self.world
        if world.last_place is None:
            return self.say(Status.FAILURE, 'nowhere to look')
        x, y = world.reckoning.pose.to_base(world.last_place)
        world.state, world.explanation = 'watching', 'Looks where it saw the animal last.'
        world.wants.twist = turn(world, math.atan2(y, x))
        return self.say(Status.RUNNING, f'bearing {math.degrees(math.atan2(y, x)):.0f} deg')


class GoHome(Leaf):
    """Faces its place, walks there nose first (where the eye looks), and turns as it stood."""

    def initialise(self) -> None:
        """Set out."""
        self._there = False

    def update(self) -> Status:
        """See py_trees."""
        world = self.world
        x, y = world.reckoning.pose.to_base(world.zones.home[:2])
        away, bearing_home = math.hypot(x, y), math.atan2(y, x)
        world.state, world.explanation = 'watching', f'Goes home, {away:.1f} m.'
        if away < world.settings.home / 2 or self._there:
            self._there = True
            off = wrap(world.zones.home[2] - world.reckoning.pose.yaw)
            world.wants.twist = turn(world, off)
            done = world.wants.twist.is_zero
            return self.say(Status.SUCCESS if done else Status.RUNNING, 'turns as it stood')
        speed = world.settings.walk if abs(bearing_home) < AHEAD else 0.0
        world.wants.twist = Twist(speed, 0.0, turn(world, bearing_home).wz)
        return self.say(Status.RUNNING, f'{away:.1f} m to go')


class Sit(Leaf):
    """Lies down to save the battery; gets up as soon as anything else is to do."""

    def initialise(self) -> None:
        """Down."""
        self.world.wants.height = 0.0

    def update(self) -> Status:
        """See py_trees."""
        self.world.state, self.world.explanation = 'watching', 'Sits and watches.'
        return self.say(Status.RUNNING, 'sits')

    def terminate(self, new_status: Status) -> None:
        """Up."""
        super().terminate(new_status)
        if new_status == Status.INVALID:
            self.world.wants.height = STANCE


class Scan(Leaf):
    """Looks to both sides of its heading at home by ``angle`` rad, one look per ``period`` s."""

    def __init__(self, *, name: str, world: World, angle: float, period: float) -> None:
        super().__init__(name=name, world=world)
        self._angle, self._period = angle, period

    def update(self) -> Status:
        """See py_trees."""
        world = self.world
        side = (0, 1, 0, -1)[int(world.now / self._period) % 4]
        off = wrap(world.zones.home[2] + side * self._angle - world.reckoning.pose.yaw)
        world.state, world.explanation = 'watching', 'Nobody is there; looks around.'
        world.wants.twist = turn(world, off)
        return self.say(
            Status.RUNNING, ('ahead', 'left', 'ahead', 'right')[int(world.now / self._period) % 4]
        )


class Patrol(Leaf):
    """Walks from one of the ``points`` (map, m) to the next, standing ``pause`` s at each."""

    def __init__(self, *, name: str, world: World, points: list[list[float]], pause: float) -> None:
        super().__init__(name=name, world=world)
        self._points, self._pause = [(float(x), float(y)) for x, y in points], pause
        self._next, self._arrived = 0, -math.inf

    def update(self) -> Status:
        """See py_trees."""
        world = self.world
        if not self._points or world.reckoning.estimate is None or not world.allowed.translation:
            return self.say(Status.FAILURE, 'it may not walk')
        world.state, world.explanation = 'watching', 'Nobody is there; walks its round.'
        if world.now - self._arrived < self._pause:
            world.wants.twist = STOP
            return self.say(Status.RUNNING, 'stands and looks')
        x, y = world.reckoning.pose.to_base(self._points[self._next])
        if math.hypot(x, y) < world.settings.home:
            self._arrived, self._next = world.now, (self._next + 1) % len(self._points)
        ahead = abs(math.atan2(y, x)) < AHEAD
        speed = world.settings.walk if ahead else 0.0
        world.wants.twist = Twist(speed, 0.0, turn(world, math.atan2(y, x)).wz)
        return self.say(Status.RUNNING, f'{math.hypot(x, y):.1f} m to point {self._next}')
