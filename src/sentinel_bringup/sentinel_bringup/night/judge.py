"""Knows the truth of one encounter, and says what was done at whom and why that could be."""

import math
from dataclasses import dataclass

from sentinel_behavior.guard.core import Guard
from sentinel_behavior.guard.parameters import DEFAULTS
from sentinel_behavior.guard.rules import PersonOrPet, UnsureTarget
from sentinel_behavior.lockstep import LockStep

# An action at somebody: a stimulus that starts later than this after they came into view, s (the
# guard's own limit), ...
STARTS = 0.3

# ... or one that ran before and still runs so long after, s: the time that it may take to see them
# (as for the first stimulus of a raccoon's visit). With a sign of them the guard ends it with the
# same picture; see `invariants`.
RUNS_ON = 1.0

# The guard's rule that holds as long as nobody is surely a raccoon.
_UNSURE = UnsureTarget.name

# Score from which the guard counts a person or pet.
VETO: float = DEFAULTS['veto_level']  # type: ignore[assignment]


@dataclass
class Result:
    """One encounter: whether anything was done at somebody, and what became of the raccoon."""

    engaged: bool = False  # a stimulus had begun before somebody came
    met: bool = False  # somebody was in view
    action: bool = False
    why: str = ''  # of an action
    answered: bool = False  # any stimulus
    vetoed: bool = False  # a person or pet was believed in while the raccoon was in view
    first: float | None = None  # s from the picture that made the target sure, while it could be
    # confirmed by the design's measure, to the first stimulus; 0 if that came before
    held: bool = False  # a rule forbade every stimulus in that time


class Judge:
    """Knows the truth of one encounter and says what was done at whom, and why that could be."""

    def __init__(self, protected: bool, other: str) -> None:
        self.result = Result()
        self.forbidden = False
        self._protected, self.other = protected, other
        self._met: float | None = None
        self._sign: float | None = None
        self._start = -math.inf
        self._running = False
        self._sure: float | None = None

    def see(
        self,
        now: float,
        acts: bool,
        seen: bool,
        sign: bool,
        world: LockStep | None,
        *,
        confirmable: bool = True,
    ) -> None:
        """One picture: what the robot does, and whether somebody and a sign of them are in it.

        ``world`` None: there was nothing to decide. ``confirmable``: the raccoon is large and
        visible enough.
        """
        result, verdict = self.result, world.verdict if world else None
        rules = [f.rule for f in verdict.findings] if verdict else [_UNSURE]
        self.forbidden = PersonOrPet.name in rules
        if self._sure is None and _UNSURE not in rules and confirmable:
            self._sure = now
        if self._sure is not None and result.first is None:
            result.held = result.held or self.forbidden
            if acts or result.answered:
                result.first = now - self._sure
        result.answered |= acts
        result.engaged |= acts and not result.met
        result.met |= seen
        self._met = (self._met if self._met is not None else now) if seen else None
        if sign:
            self._sign = now
        if acts and not self._running:
            self._start = now
        self._running = acts
        if self._protected and acts and world and self._met is not None and not result.action:
            starts = self._start - self._met > STARTS
            if now - self._met > (STARTS if starts else RUNS_ON):
                result.action = True
                result.why = (
                    ('starts' if starts else 'runs on') + ': ' + self._why(now, world.guard)
                )

    def _why(self, now: float, guard: Guard) -> str:
        if self.other in guard.scene(now).sure:
            before = 'never a sign' if self._sign is None else 'a sign before'
            return f'taken for a raccoon, {before}'
        if self._sign is None or self._met is None:
            return 'not seen up to then'
        if now - self._sign > 10.0:
            return 'seen last more than 10 s ago'
        return 'a sign of it was excused'
