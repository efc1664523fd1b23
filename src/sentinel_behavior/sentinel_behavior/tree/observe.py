"""The action that watches what a deterrent did."""

from collections import deque

from py_trees.common import Status

from ..blackboard import Blackboard
from ..settings import MORE_TIME
from ..visits import distance
from .leaf import Leaf, turn_to

# Further away by so much (m) within so long (s), and an animal counts as leaving: half the walk of
# a raccoon, and more than its range scatters.
LEAVING_METRES, LEAVING_SECONDS = 0.5, 2.0


class Observe(Leaf):
    """Watches what the animal does; SUCCESS once it left or the time is over.

    One that is on its way is not driven on: it gets as much time again.
    """

    def __init__(self, *, name: str, board: Blackboard) -> None:
        super().__init__(name=name, board=board)
        self._visit_id = ''
        self._ranges: deque[tuple[float, float]] = deque()

    def initialise(self) -> None:
        """Watch the visit that goes on, if it is the one at which something was done."""
        visit = self.board.visit
        self._visit_id = visit.visit_id if visit and visit.stimuli else ''
        self._ranges.clear()

    def update(self) -> Status:
        """See py_trees."""
        board = self.board
        visit = board.visit
        if visit is None or visit.visit_id != self._visit_id:
            return self.say(Status.SUCCESS, 'it is gone')
        board.state = 'observing'
        board.explanation = 'Watches what the animal does.'
        board.wants.twist = turn_to(board)
        stimulus = visit.stimuli[-1]
        waited = board.stamp - (stimulus.end or stimulus.start)
        leaving = self._leaving()
        if waited < board.settings.observe:
            return self.say(Status.RUNNING, f'{waited:.0f} s')
        if board.out_of_sight(visit):
            return self.say(Status.RUNNING, 'out of sight')
        if leaving and waited < board.settings.observe * MORE_TIME:
            return self.say(Status.RUNNING, 'it is leaving')
        if stimulus.felt:
            stimulus.success = False
            board.learn(visit, stimulus, 0.0)
        if len(visit.stimuli) >= board.settings.stimuli:
            board.rest(board.settings.cool_down)
        return self.say(Status.SUCCESS, 'it stayed')

    def _leaving(self) -> bool:
        """Whether the animal went further away of late."""
        board, target = self.board, self.board.target
        if target is not None:
            self._ranges.append((board.stamp, distance(target)))
        while self._ranges and self._ranges[0][0] < board.stamp - LEAVING_SECONDS:
            self._ranges.popleft()
        return bool(self._ranges) and self._ranges[-1][1] - self._ranges[0][1] >= LEAVING_METRES
