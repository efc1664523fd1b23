"""What is written to the robot next. Core: no I/O, time comes in as an argument (s, steady clock).

The robot may latch motion, so nothing here trusts silence: every motion command carries the time
until which it holds, and when that passes without a newer one a stop goes out. A stop overtakes
everything.
"""

import math
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass

from ..errors import CommandRejectedError, RejectReason
from ..hermes import Codec, Command, HeadColourSet, KinematicStance, StanceType

# Writes without response have no back-pressure; at a usual connection interval of 30 ms more than
# 50 writes a second only pile up in the controller, s.
WRITE_INTERVAL = 0.02

# Known drivers leave this long between a change of stance and what follows, s.
STANCE_TIME = 0.1

# A neutral frame that is lost would leave the robot walking.
STOP_REPEATS = 3

# More waiting one-off commands than this means that something floods; the newest are refused.
_MAX_WAITING = 32

# Commands of which only the newest matters and which hold for a limited time.
STREAMED = frozenset({Command.TRANSFORM, Command.SET_LEG_JOINT_ANGLES})

# One-off commands after which the robot may move by itself.
SELF_MOVING = frozenset({Command.TAKE_STEPS, Command.PLAY_ANIMATION, Command.TWITCH})


@dataclass(frozen=True)
class Item:
    """One payload to write, the time until which that makes sense, and the caller's mark for it."""

    payload: bytes
    until: float
    token: int = 0


class Outbox:
    """Orders the writes of one link.

    Stop first, then one-off commands in order, then the newest motion. ``still`` is for a robot
    that nobody drives and whose form of the drive command is not known: no stop is sent, as the
    neutral of one form makes firmware of the other walk.
    """

    def __init__(
        self, codec: Codec, interval: float = WRITE_INTERVAL, *, still: bool = False
    ) -> None:
        self._codec = codec
        self._still = still
        self._interval = interval
        self._stop: list[bytes] = []
        self._stop_begun = False
        self._streamed: Item | None = None
        self._holds_until = 0.0  # of the motion written last
        self._waiting: OrderedDict[bytes, Item] = OrderedDict()
        self._free_at = 0.0
        self.moving = False
        self.joints = False  # the robot takes joint angles instead of walking
        self.lit = False  # its head shines
        self.dropped: list[Item] = []  # will not be written; the owner empties it

    def offer(self, item: Item) -> None:
        """Take a command; a newer one of the same kind replaces the one that still waits.

        Raise CommandRejectedError where it may not be sent or too much waits.
        """
        self._codec.wire(item.payload)
        if item.payload == self._codec.neutral:
            if not self._stop:
                self.stop()
        elif item.payload[0] in STREAMED:
            self._streamed = item
            if self._stop_begun:
                # One neutral is out; the rest would only fight the newer command.
                self._stop = []
        else:
            key = self._key(item.payload)
            if key not in self._waiting and len(self._waiting) >= _MAX_WAITING:
                raise CommandRejectedError(
                    RejectReason.BUSY, f'More than {_MAX_WAITING} commands wait.'
                )
            if key in self._waiting:
                self.dropped.append(self._waiting.pop(key))
            self._waiting[key] = item

    def stop(self) -> None:
        """Send neutral several times, before anything else, and forget every motion that waits."""
        self._streamed = None
        self._drop(SELF_MOVING)
        neutral = self._codec.neutral
        self._stop = [neutral] * STOP_REPEATS
        if self.joints:
            back = self._codec.payload(KinematicStance(StanceType.KINEMATIC))
            self._stop = [neutral, back] + [neutral] * (STOP_REPEATS - 1)
        if self._still:
            self._stop = []
        self._stop_begun = False

    def end(self) -> None:
        """Stop, and leave no light on: nobody is left who could put it out."""
        self.stop()
        self._drop({Command.HEAD_COLOUR_SET})
        if self.lit:
            self._stop.insert(1, self._codec.payload(HeadColourSet(0, 0, 0)))

    def _drop(self, kinds: Collection[int]) -> None:
        for key in [k for k in self._waiting if k[0] in kinds]:
            self.dropped.append(self._waiting.pop(key))

    def clear(self) -> None:
        """Forget everything: a link that was lost must not deliver old commands when it is back.

        Its handshake puts the robot back on its feet.
        """
        self._stop = []
        self._streamed = None
        self.dropped += self._waiting.values()
        self._waiting.clear()
        self.moving = self.joints = False

    def next(self, now: float) -> Item | None:
        """Return what is to be written now, or None; a returned item counts as written."""
        if self.moving and now >= self._holds_until and not self._stop and not self._fresh(now):
            self.stop()
        if self._stop:
            # Only the first neutral of a moving robot is worth more than the rate limit.
            if not self.moving and now < self._free_at:
                return None
            return self._written(Item(self._stop.pop(0), now), now, stop=True)
        if now < self._free_at:
            return None
        while self._waiting:
            _, item = self._waiting.popitem(last=False)
            if now < item.until:
                return self._written(item, now)
            self.dropped.append(item)
        streamed, self._streamed = self._streamed, None
        if streamed is None or now >= streamed.until:
            return None
        joints = streamed.payload[0] == Command.SET_LEG_JOINT_ANGLES
        if joints is not self.joints:
            self._streamed = streamed
            return self._change_stance(joints, streamed.until, now)
        return self._written(streamed, now)

    def wake(self, now: float) -> float | None:
        """Time at which ``next`` is worth another call; None: only an offer changes anything."""
        if self._stop:
            return now if self.moving else max(now, self._free_at)
        if self._waiting or self._streamed:
            return max(now, self._free_at)
        return max(now, self._holds_until) if self.moving and self._holds_until < math.inf else None

    def _fresh(self, now: float) -> bool:
        return self._streamed is not None and now < self._streamed.until

    def _written(self, item: Item, now: float, *, stop: bool = False) -> Item:
        self._free_at = now + self._interval
        kind = item.payload[0]
        if stop:
            self._stop_begun = True
        if kind == Command.KINEMATIC_STANCE:
            self.joints = item.payload[1] == StanceType.LEG_JOINT_ANGLES
            if self.joints:
                self.moving, self._holds_until = True, item.until
        elif item.payload == self._codec.neutral:
            self.moving = False
        elif kind == Command.HEAD_COLOUR_SET:
            self.lit = any(item.payload[1:])
        elif kind in STREAMED:
            self.moving, self._holds_until = True, item.until
        elif kind in SELF_MOVING:
            # It ends by itself, nobody knows when, nor whether the stop that is sent then ends it.
            self.moving, self._holds_until = True, math.inf
        return item

    def _change_stance(self, joints: bool, until: float, now: float) -> Item:
        stance = StanceType.LEG_JOINT_ANGLES if joints else StanceType.KINEMATIC
        item = self._written(Item(self._codec.payload(KinematicStance(stance)), until), now)
        self._free_at = now + STANCE_TIME
        return item

    @staticmethod
    def _key(payload: bytes) -> bytes:
        # Gait parameters are settings of their own; of any other command the newest is enough.
        return payload[:3] if payload[0] == Command.GAIT_SET else payload[:1]
