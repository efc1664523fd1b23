"""What may be used now: every deterrent of the catalogue, with the reason where it may not."""

from collections import deque
from dataclasses import dataclass

from sentinel_common.hourly import HOUR

from ..deterrents import Deterrent, Deterrents


@dataclass(frozen=True)
class Candidate:
    """A deterrent and why it is rejected; '' where it may be used."""

    name: str
    rejected: str = ''


@dataclass(frozen=True)
class Allowed:
    """What the guard allows now, and whether quiet hours are."""

    sound: bool
    light: bool
    translation: bool
    turning: bool
    quiet: bool = False


class Usage:
    """When what was used: for cool-downs, budgets, and never the same twice running."""

    def __init__(self) -> None:
        self._used: dict[str, deque[float]] = {}
        self.last = ''

    def note(self, name: str, now: float) -> None:
        """``name`` starts at ``now`` (s)."""
        self._used.setdefault(name, deque()).append(now)
        self.last = name

    def since(self, name: str, now: float) -> float:
        """Seconds since ``name`` was used last."""
        used = self._used.get(name)
        return now - used[-1] if used else float('inf')

    def per_hour(self, name: str, now: float) -> int:
        """How often ``name`` was used within the last hour."""
        used = self._used.get(name)
        if not used:
            return 0
        while used and used[0] <= now - HOUR:
            # The newest one stays: it tells the cool-down, whatever its length.
            if len(used) == 1:
                return 0
            used.popleft()
        return len(used)


def candidates(
    catalogue: Deterrents,
    *,
    species: str,
    allowed: Allowed,
    usage: Usage,
    step: int,
    now: float,
    neutral: bool = False,
    several: bool = False,
    hooks: bool = True,
) -> list[Candidate]:
    """All deterrents with their rejections. Never the same twice running, unless there is no other.

    ``step``: highest open rung; ``neutral``: the visit gets the control of a trial; ``several``:
    animals are many; ``hooks``: whether somebody carries hooks out.
    """

    def rejection(deterrent: Deterrent) -> str:
        """Why it may not be used now; '' where it may."""
        if species not in deterrent.species:
            return f'not for {species}'
        if deterrent.neutral != neutral:
            return 'this visit gets the control sound' if neutral else 'control sound of a trial'
        if deterrent.hook and not hooks:
            return 'hooks are switched off'
        if deterrent.sound and not allowed.sound:
            return 'the guard forbids sound'
        if deterrent.light and not allowed.light:
            return 'the guard forbids light'
        if deterrent.motion and not (
            allowed.translation if deterrent.motion.walks else allowed.turning
        ):
            return 'the guard forbids motion'
        if several and deterrent.motion and deterrent.motion.walks:
            return 'several animals: it walks up to none of them'
        if not (allowed.sound or allowed.light or allowed.translation):
            return 'the guard forbids every stimulus'
        if allowed.quiet and not deterrent.in_quiet_hours:
            return 'not in quiet hours'
        rung = catalogue.rung(deterrent, quiet=allowed.quiet)
        if rung > step and not neutral:
            return f'rung {rung} is not reached yet'
        since = usage.since(deterrent.name, now)
        if since < deterrent.cool_down:
            return f'cools down for another {deterrent.cool_down - since:.0f} s'
        if usage.per_hour(deterrent.name, now) >= deterrent.per_hour:
            return f'used {deterrent.per_hour} times within the hour'
        return ''

    found = {name: rejection(deterrent) for name, deterrent in catalogue.by_name.items()}
    usable = [name for name, reason in found.items() if not reason]
    if len(usable) > 1 and usage.last in usable:
        found[usage.last] = 'used last time'
    return [Candidate(name, reason) for name, reason in found.items()]
