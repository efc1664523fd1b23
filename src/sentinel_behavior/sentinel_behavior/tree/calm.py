"""Actions while there is no target to act on: stand, look, go home, sit, walk a round."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from py_trees.common import Status
from sentinel_common.body import STAND_HEIGHT
from sentinel_common.errors import ConfigurationError
from sentinel_common.geometry import STOP, Twist, wrap

from ..blackboard import Blackboard
from ..geometry import inside_by
from ..visits import bearing
from .conditions import TURNED
from .leaf import AHEAD, NOT_NEGATIVE, NUMBER, POINTS, POSITIVE, TEXT, Leaf, turn, turn_to

# A point of a patrol that is not reached within so long is given up, s: something is in the way.
_LONGEST = 120.0


class State(Leaf):
    """Says which state the brain is in and wants nothing; RUNNING for ever."""

    OPTIONS: ClassVar[Mapping[str, Any]] = {'state': TEXT, 'why': TEXT}

    def __init__(self, *, name: str, board: Blackboard, state: str, why: str = '') -> None:
        super().__init__(name=name, board=board)
        self._state, self._why = state, why

    def update(self) -> Status:
        """See py_trees."""
        self.board.state = self._state
        if self._why:
            self.board.explanation = self._why
        elif self.parent is not None:
            self.board.explanation = _reason(self.parent.children)
        return self.say(Status.RUNNING, self._state)


def _reason(siblings: list[Any]) -> str:
    """Feedback of the condition that led here, as a sentence."""
    why = next((s.feedback_message for s in siblings if s.status == Status.SUCCESS), '')
    return why[:1].upper() + why[1:]


class Face(Leaf):
    """Turns towards the target; RUNNING while there is one."""

    def update(self) -> Status:
        """See py_trees."""
        target = self.board.target
        if target is None:
            return self.say(Status.FAILURE, 'no target in view')
        self.board.state = 'watching'
        self.board.explanation = f'Looks at {target.best[0]} {target.track_id}.'
        self.board.wants.twist = turn_to(self.board)
        return self.say(Status.RUNNING, f'bearing {math.degrees(bearing(target)):.0f} deg')


class Search(Leaf):
    """Turns to where the animal was seen last."""

    def update(self) -> Status:
        """See py_trees."""
        board = self.board
        if board.last_place is None:
            return self.say(Status.FAILURE, 'nowhere to look')
        x, y = board.reckoning.pose.to_base(board.last_place)
        board.state, board.explanation = 'watching', 'Looks where it saw the animal last.'
        board.wants.twist = turn(board, math.atan2(y, x))
        return self.say(Status.RUNNING, f'bearing {math.degrees(math.atan2(y, x)):.0f} deg')


class GoHome(Leaf):
    """Faces its place, walks there nose first (where the eye looks), and turns as it stood."""

    def initialise(self) -> None:
        """Set out."""
        self._there = False

    def update(self) -> Status:
        """See py_trees."""
        board = self.board
        x, y = board.reckoning.pose.to_base(board.zones.home[:2])
        away, bearing_home = math.hypot(x, y), math.atan2(y, x)
        board.state, board.explanation = 'watching', f'Goes home, {away:.1f} m.'
        if away < board.settings.home / 2 or self._there:
            self._there = True
            off = wrap(board.zones.home[2] - board.reckoning.pose.yaw)
            board.wants.twist = turn(board, off)
            done = board.wants.twist.is_zero
            return self.say(Status.SUCCESS if done else Status.RUNNING, 'turns as it stood')
        speed = board.settings.walk if abs(bearing_home) < AHEAD else 0.0
        board.wants.twist = Twist(speed, 0.0, turn(board, bearing_home).wz)
        return self.say(Status.RUNNING, f'{away:.1f} m to go')


class Sit(Leaf):
    """Lies down to save the battery; gets up as soon as anything else is to do."""

    def initialise(self) -> None:
        """Down."""
        self.board.wants.height = 0.0

    def update(self) -> Status:
        """See py_trees."""
        self.board.state, self.board.explanation = 'watching', 'Sits and watches.'
        return self.say(Status.RUNNING, 'sits')

    def terminate(self, new_status: Status) -> None:
        """Up."""
        super().terminate(new_status)
        if new_status == Status.INVALID:
            self.board.wants.height = STAND_HEIGHT


class Scan(Leaf):
    """Looks to both sides of its heading at home by ``angle`` rad, one look per ``period`` s.

    It looks ahead where it no longer knows its heading, and FAILURE where it never knew it.
    """

    OPTIONS: ClassVar[Mapping[str, Any]] = {'angle': NUMBER, 'period': POSITIVE}

    def __init__(self, *, name: str, board: Blackboard, angle: float, period: float) -> None:
        super().__init__(name=name, board=board)
        self._angle, self._period = angle, period

    def update(self) -> Status:
        """See py_trees."""
        board = self.board
        estimate = board.reckoning.estimate
        if estimate is None:
            return self.say(Status.FAILURE, 'nobody told where it looks')
        look = int(board.now / self._period) % 4 if estimate.astray < TURNED else 0
        side = (0, 1, 0, -1)[look]
        off = wrap(board.zones.home[2] + side * self._angle - board.reckoning.pose.yaw)
        board.state, board.explanation = 'watching', 'Nobody is there; looks around.'
        board.wants.twist = turn(board, off)
        return self.say(Status.RUNNING, ('ahead', 'left', 'ahead', 'right')[look])


class Patrol(Leaf):
    """Walks from one of the ``points`` (map, m) to the next, standing ``pause`` s at each.

    It stands while the guard forbids to walk, and FAILURE where nobody told where it is.
    Raises ConfigurationError for a point outside the geofence.
    """

    OPTIONS: ClassVar[Mapping[str, Any]] = {'points': POINTS, 'pause': NOT_NEGATIVE}

    def __init__(
        self, *, name: str, board: Blackboard, points: list[list[float]], pause: float
    ) -> None:
        super().__init__(name=name, board=board)
        self._points, self._pause = [(float(x), float(y)) for x, y in points], pause
        for x, y in self._points:
            if inside_by((x, y), board.zones.geofence) < 0:
                raise ConfigurationError(f'the point ({x:g}, {y:g}) lies outside the geofence.')
        self._next = 0
        self._set_out: float | None = None  # or will, at the end of the pause

    def update(self) -> Status:
        """See py_trees."""
        board = self.board
        if board.reckoning.estimate is None:
            return self.say(Status.FAILURE, 'nobody told where it is')
        if self._set_out is None:
            self._set_out = board.now
        board.state, board.explanation = 'watching', 'Nobody is there; walks its round.'
        board.wants.twist = STOP
        if board.now < self._set_out:
            return self.say(Status.RUNNING, 'stands and looks')
        x, y = board.reckoning.pose.to_base(self._points[self._next])
        away, direction = math.hypot(x, y), math.atan2(y, x)
        if away < board.settings.home or board.now - self._set_out > _LONGEST:
            self._set_out = board.now + self._pause
            self._next = (self._next + 1) % len(self._points)
            return self.say(Status.RUNNING, 'stands and looks')
        if not board.allowed.translation:
            board.explanation = 'Nobody is there; it may not walk on.'
            return self.say(Status.RUNNING, 'it may not walk')
        speed = board.settings.walk if abs(direction) < AHEAD else 0.0
        board.wants.twist = Twist(speed, 0.0, turn(board, direction).wz)
        return self.say(Status.RUNNING, f'{away:.1f} m to point {self._next + 1}')
