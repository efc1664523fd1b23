"""The leaves of the tree by their names in the data file.

Conditions look, actions want; each says in ``feedback_message`` why. No leaf reads a clock or
waits: time is ``board.now``.
"""

from . import calm, conditions, engage, hold
from .act import Act
from .leaf import Leaf
from .observe import Observe

LEAVES: dict[str, type[Leaf]] = {
    'disarmed': conditions.Disarmed,
    'fault': conditions.Fault,
    'vetoed': conditions.Vetoed,
    'target_present': conditions.TargetPresent,
    'target_sure': conditions.TargetSure,
    'resting': conditions.Resting,
    'rested': conditions.Rested,
    'held_out': conditions.HeldOut,
    'abstain': engage.Abstain,
    'target_lost': conditions.TargetLost,
    'search': calm.Search,
    'away_from_home': conditions.AwayFromHome,
    'turned_away': conditions.TurnedAway,
    'go_home': calm.GoHome,
    'quiet': conditions.Quiet,
    'sit': calm.Sit,
    'scan': calm.Scan,
    'patrol': calm.Patrol,
    'state': calm.State,
    'face': calm.Face,
    'choose': engage.Choose,
    'act': Act,
    'observe': Observe,
    'hold_fire': hold.HoldFire,
    'refrain': hold.Refrain,
}
