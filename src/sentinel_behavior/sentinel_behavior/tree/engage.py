"""Decisions while a target is there: choose a deterrent, or choose none."""

from collections.abc import Mapping
from typing import Any

from py_trees.common import Status

from ..blackboard import Blackboard
from ..incidents.model import Kind
from ..policy.candidates import candidates
from ..policy.trial import NEUTRAL
from ..visits import Visit
from .leaf import Leaf, turn_to


class Choose(Leaf):
    """Chooses a deterrent; FAILURE where none may be used."""

    def update(self) -> Status:
        """See py_trees."""
        board = self.board
        visit = board.visit
        if visit is None:
            return self.say(Status.FAILURE, 'nobody is there')
        self._judge_last(visit)
        target = board.target
        visit.engaged = target.track_id if target else visit.engaged
        board.considered = candidates(
            board.catalogue,
            species=visit.species,
            allowed=board.allowed,
            usage=board.usage,
            step=self._step(visit),
            now=board.now,
            neutral=visit.arm == NEUTRAL,
            several=visit.several,
            hooks=board.hooks,
        )
        names = [c.name for c in board.considered if not c.rejected]
        if not names:
            board.deterrent = ''
            return self.say(Status.FAILURE, 'no deterrent may be used now')
        choice = board.policy.choose(names, board.context(visit))
        board.deterrent = choice.name
        board.explanation = f'{choice.name}: chosen by the policy {board.policy.name}.'
        detail = decision(board, visit, choice.values)
        detail['level'] = self._step(visit)
        board.tell(Kind.DECISION, visit, detail, choice.name)
        return self.say(Status.SUCCESS, choice.name)

    def _judge_last(self, visit: Visit) -> None:
        """The animal is still there: what came last, if nobody has judged it, did not help."""
        last = visit.stimuli[-1] if visit.stimuli else None
        if last is not None and last.success is None and last.felt:
            last.success = False
            self.board.learn(visit, last, 0.0)

    def _step(self, visit: Visit) -> int:
        """Highest open rung: one more for every stimulus of this visit that did not help.

        The mildest that exists at least.
        """
        board = self.board
        lowest = board.catalogue.lowest_rung(visit.species, quiet=board.quiet)
        in_vain = sum(s.success is False for s in visit.stimuli)
        return max(lowest, board.settings.first_step) + in_vain


def decision(
    board: Blackboard, visit: Visit, values: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """What the log says about a choice, or about choosing nothing."""
    values = values or {}
    return {
        'arm': visit.arm,
        'group': visit.group,
        'policy': board.policy.name,
        'context': visit.context,
        **board.sight(visit),
        'candidates': [
            {'name': c.name, 'value': values.get(c.name), 'rejected': c.rejected}
            for c in board.considered
        ],
        'explanation': board.explanation,
        'seed': board.seed,
        **board.hashes,
    }


class Abstain(Leaf):
    """Watches a held-out visit and does nothing; the log gets one decision for nothing."""

    def __init__(self, *, name: str, board: Blackboard) -> None:
        super().__init__(name=name, board=board)
        self._told = ''

    def update(self) -> Status:
        """See py_trees."""
        board = self.board
        visit = board.visit
        if visit is None:
            return self.say(Status.FAILURE, 'nobody is there')
        board.state, board.explanation = (
            'observing',
            'This visit is held out: it only watches.',
        )
        board.wants.twist = turn_to(board)
        if visit.visit_id != self._told and board.target_is_sure:
            self._told = visit.visit_id
            board.tell(Kind.DECISION, visit, decision(board, visit))
        return self.say(Status.RUNNING, 'watches')
