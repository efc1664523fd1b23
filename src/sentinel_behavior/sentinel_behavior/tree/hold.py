"""Actions while a target is there and nothing may be done: they say why, and the log is told."""

from collections.abc import Sequence

from py_trees.common import Status

from ..blackboard import Blackboard
from ..incidents.model import SWITCHED_OFF, Kind
from .calm import State
from .leaf import Leaf

# What holds fire where no rule of the guard does: every deterrent has a reason of its own.
_NO_DETERRENT = 'no_deterrent'


class HoldFire(Leaf):
    """Nothing may be done about a target that is there."""

    def __init__(self, *, name: str, board: Blackboard) -> None:
        super().__init__(name=name, board=board)
        self._since = 0.0

    def initialise(self) -> None:
        """Count from now."""
        self._since = self.board.now

    def update(self) -> Status:
        """See py_trees."""
        board = self.board
        safety = board.safety
        board.state = 'holding_fire'
        rules = safety.rules if safety else ()
        reasons = safety.reasons if safety else ()
        if not rules:
            reasons = tuple(f'{c.name}: {c.rejected}' for c in board.considered)
            rules = (_NO_DETERRENT,) if reasons else ()
        board.explanation = ' '.join(reasons)
        if board.visit is None:
            return self.say(Status.RUNNING, 'nobody is there')
        if not rules:
            return self.say(Status.RUNNING, 'nothing to do')
        tell(board, self._since, rules, reasons)
        return self.say(Status.RUNNING, ', '.join(rules))


class Refrain(State):
    """As ``State``, where that forbids everything: also tells of a target that is left alone.

    Of an unsure one only where a person switched it off: else it may have been left alone anyway.
    """

    def initialise(self) -> None:
        """Count from now."""
        self._since = self.board.now

    def update(self) -> Status:
        """See py_trees."""
        status = super().update()
        board = self.board
        rules: tuple[str, ...] = (self._state,)
        reasons: tuple[str, ...] = (board.explanation,)
        if board.safety is not None and board.safety_is_fresh and board.safety.rules:
            rules, reasons = board.safety.rules, board.safety.reasons
        off = SWITCHED_OFF.intersection(rules)
        if board.target_is_there and (board.target_is_sure or off):
            tell(board, self._since, rules, reasons)
        return status


def tell(board: Blackboard, since: float, rules: Sequence[str], reasons: Sequence[str]) -> None:
    """Tell the log of the visit that fire is held since ``since``, once it has lasted.

    Lesser rules come and go; the most severe one, the first, is told once a visit.
    """
    visit = board.visit
    if visit is None or rules[0] in visit.held or board.now - since < board.settings.held:
        return
    visit.held.add(rules[0])
    detail = {'rules': list(rules), 'reasons': list(reasons), **board.sight(visit)}
    board.tell(Kind.HELD_FIRE, visit, detail)
