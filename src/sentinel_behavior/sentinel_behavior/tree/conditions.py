"""Conditions: they look, and say why they hold."""

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from sentinel_common.geometry import wrap

from ..blackboard import Blackboard
from ..policy.trial import HOLD_OUT
from .leaf import NOT_NEGATIVE, Condition

# Turned away from its heading at home by more than this it turns back, rad.
TURNED = 0.4


class Disarmed(Condition):
    """Nobody has armed the sentinel, or the emergency stop is latched."""

    def holds(self) -> str:
        """See Condition."""
        safety = self.board.safety
        if safety is None or not self.board.safety_is_fresh:
            return ''
        if 'emergency_stop' in safety.rules:
            return 'the emergency stop is latched'
        return '' if safety.armed else 'nobody has armed the sentinel'


class Fault(Condition):
    """Something without which nothing may be done is missing: the guard, pictures, charge."""

    def holds(self) -> str:
        """See Condition."""
        board = self.board
        if not board.safety_is_fresh:
            return 'the guard is silent'
        if board.frame_age > board.settings.perception_timeout:
            return 'no picture was looked at for too long'
        if board.fallen:
            return 'it lies on its side'
        if board.stuck_until > board.now:
            return 'it walked and did not get anywhere'
        if board.battery_is_low:
            return f'the battery is down to {board.battery:.0%}'
        return ''


class Vetoed(Condition):
    """A person or pet is or was just there."""

    def holds(self) -> str:
        """See Condition."""
        safety = self.board.safety
        if safety is None or 'person_or_pet' not in safety.rules:
            return ''
        return safety.reasons[safety.rules.index('person_or_pet')]


class TargetPresent(Condition):
    """A confirmed animal of a target species is in view."""

    def holds(self) -> str:
        """See Condition."""
        target = self.board.target
        return f'{target.best[0]} {target.track_id} is in view' if target else ''

    def lacks(self) -> str:
        """See Condition."""
        visit = self.board.visit
        return 'no target is confirmed' if visit is None else 'it is out of sight'


class TargetSure(Condition):
    """The target is surely of its species."""

    def holds(self) -> str:
        """See Condition."""
        return 'it surely is one' if self.board.target_is_sure else ''

    def lacks(self) -> str:
        """See Condition."""
        target = self.board.target
        if target is None:
            return ''
        species, probability = target.best
        return f'{species} by {probability:.0%} now, not for long enough'


class TargetLost(Condition):
    """An animal was there a moment ago and is out of sight."""

    def holds(self) -> str:
        """See Condition."""
        visit = self.board.visit
        if visit is None or visit.targets or self.board.last_place is None:
            return ''
        return f'out of sight for {self.board.stamp - visit.last_seen:.0f} s'


class Resting(Condition):
    """Enough was done in this visit; rest before more."""

    def holds(self) -> str:
        """See Condition."""
        left = self.board.rest_until - self.board.now
        return f'rests for another {left:.0f} s' if left > 0 else ''


class Rested(Condition):
    """No rest is due, and the last stimulus had its time to work, whatever interrupted."""

    def holds(self) -> str:
        """See Condition."""
        return '' if self.lacks() else 'no rest is due'

    def lacks(self) -> str:
        """See Condition."""
        board = self.board
        left = board.rest_until - board.now
        if left > 0:
            return f'rests for another {left:.0f} s'
        last = board.visit.stimuli[-1] if board.visit and board.visit.stimuli else None
        if last is not None and last.success is None and last.felt:
            left = board.settings.observe - (board.stamp - (last.end or last.start))
            if left > 0:
                return f'{last.name} has another {left:.0f} s to work'
        return ''


class HeldOut(Condition):
    """A trial says that this visit gets nothing."""

    def holds(self) -> str:
        """See Condition."""
        visit = self.board.visit
        return 'this visit is held out' if visit and visit.arm == HOLD_OUT else ''


class AwayFromHome(Condition):
    """It stands elsewhere than at its place, and may walk there."""

    def holds(self) -> str:
        """See Condition."""
        board = self.board
        if board.reckoning.estimate is None or not board.allowed.translation:
            return ''
        pose = board.reckoning.pose
        away = math.dist((pose.x, pose.y), board.zones.home[:2])
        return f'{away:.1f} m from home' if away > board.settings.home else ''


class TurnedAway(Condition):
    """It looks elsewhere than its heading at home, and may walk."""

    def holds(self) -> str:
        """See Condition."""
        board = self.board
        if board.reckoning.estimate is None or not board.allowed.translation:
            return ''
        off = abs(wrap(board.zones.home[2] - board.reckoning.pose.yaw))
        return f'turned away by {math.degrees(off):.0f} deg' if off > TURNED else ''


class Quiet(Condition):
    """Nobody has been there for ``seconds``."""

    OPTIONS: ClassVar[Mapping[str, Any]] = {'seconds': NOT_NEGATIVE}

    def __init__(self, *, name: str, board: Blackboard, seconds: float) -> None:
        super().__init__(name=name, board=board)
        self._seconds = seconds

    def holds(self) -> str:
        """See Condition."""
        board = self.board
        calm = 0.0 if board.busy is None else board.now - board.busy
        return f'nobody for {calm:.0f} s' if calm >= self._seconds else ''
