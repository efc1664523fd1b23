"""What all leaves share."""

from collections.abc import Mapping
from typing import Any, ClassVar

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from sentinel_common.geometry import STOP, Twist

from ..blackboard import Blackboard
from ..visits import bearing

# Only what is this far off the nose (rad) or less is walked at: the eye sees nothing at the sides.
AHEAD = 0.5

# Schemas of options.
TEXT = {'type': 'string'}
NUMBER = {'type': 'number'}
POSITIVE = {'type': 'number', 'exclusiveMinimum': 0}
NOT_NEGATIVE = {'type': 'number', 'minimum': 0}
POINTS = {
    'type': 'array',
    'minItems': 1,
    'items': {'type': 'array', 'items': NUMBER, 'minItems': 2, 'maxItems': 2},
}


class Leaf(Behaviour):
    """A leaf over the board. ``OPTIONS``: JSON schema of each option that its file may give."""

    OPTIONS: ClassVar[Mapping[str, Any]] = {}

    def __init__(self, *, name: str, board: Blackboard) -> None:
        super().__init__(name=name)
        self.board = board

    def terminate(self, new_status: Status) -> None:
        """What a leaf said last is no news once it is not ticked any more."""
        if new_status == Status.INVALID:
            self.feedback_message = ''

    def say(self, status: Status, why: str) -> Status:
        """Return ``status`` with its reason."""
        self.feedback_message = why
        return status


class Condition(Leaf):
    """SUCCESS while ``holds`` gives a reason, FAILURE while it gives none; then ``lacks`` may."""

    def holds(self) -> str:
        """Why it holds; '' where it does not."""
        raise NotImplementedError

    def lacks(self) -> str:
        """What is missing where it does not hold; '' where that goes without saying."""
        return ''

    def update(self) -> Status:
        """See py_trees."""
        why = self.holds()
        return self.say(Status.SUCCESS, why) if why else self.say(Status.FAILURE, self.lacks())


def turn_to(board: Blackboard) -> Twist:
    """Turn on the spot towards the target; stand still where there is none or it is ahead."""
    target = board.target
    return STOP if target is None else turn(board, bearing(target))


def turn(board: Blackboard, angle: float) -> Twist:
    """Turn on the spot by ``angle`` rad; stand still where that is little."""
    settings = board.settings
    if abs(angle) < settings.facing:
        return STOP
    rate = settings.turn_gain * angle
    return Twist(wz=max(-settings.turn_rate, min(settings.turn_rate, rate)))
