"""What only many visits tell: how often they come, whether they get used to it, what it helps."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from ..incidents.model import REPELLED, Run, Sound, Visit
from ..policy.trial import HOLD_OUT, NEUTRAL, TREATMENT
from .statistics import Estimate, reduction, slope
from .summary import Summary, has_known_end, is_target, was_off

# A bar of the picture of visits over time is an hour in a period of at most so many s, a night in
# one of at most so many, else a week.
_BY_HOURS, _BY_NIGHTS = 2 * 86400.0, 60 * 86400.0

# A night belongs to the day on which it begins: the turn of the day is at noon.
_NOON = timedelta(hours=12)

_HOUR = 3600.0

# Most bars; a longer period shows its newest part.
_MOST_BARS = 62


@dataclass(frozen=True)
class Bar:
    """Visits by species in an hour, night or week that begins at ``start`` (local time)."""

    start: datetime
    counts: Counter[str]


@dataclass(frozen=True)
class Arm:
    """One arm of a trial: how long each visit lasted, s, and how many have an unknown end."""

    name: str
    stays: tuple[float, ...]
    unknown: int

    @property
    def mean(self) -> float | None:
        """Mean stay, s; None where no end is known."""
        return float(np.mean(self.stays)) if self.stays else None


@dataclass(frozen=True, kw_only=True)
class Trends:
    """What the visits of a period have in common; None or empty where there are too few."""

    unit: str
    """What a bar is: ``hour``, ``night`` or ``week``."""
    bars: tuple[Bar, ...]
    returns: tuple[float, ...]
    """How long each visit of a target was followed by none, s, where the next was seen to come."""
    unanswered: tuple[float, ...]
    """The same where the recorder stopped listening before the next came, s."""
    quiet: float | None
    """Seconds of listening after the last target was seen; None where there was none."""
    habituation: Estimate | None
    arms: tuple[Arm, ...]
    lift: Estimate | None
    neutral_lift: Estimate | None
    a_a: Estimate | None
    loudest_hour: float


def stay(visit: Visit) -> float | None:
    """Seconds from the confirmation to the last sight."""
    return None if visit.last_seen is None else max(0.0, visit.last_seen - visit.started)


def _unit(seconds: float) -> str:
    return 'hour' if seconds <= _BY_HOURS else 'night' if seconds <= _BY_NIGHTS else 'week'


def _bars(visits: Sequence[Visit], begin: float, end: float, unit: str) -> tuple[Bar, ...]:
    def floor(stamp: float) -> datetime:
        moment = datetime.fromtimestamp(stamp)
        if unit == 'hour':
            # With its offset, or the hour that comes twice when the clock is put back is one.
            return moment.astimezone().replace(minute=0, second=0, microsecond=0)
        day = (moment - _NOON).replace(hour=0, minute=0, second=0, microsecond=0)
        return day - timedelta(days=day.weekday()) if unit == 'week' else day

    counts: dict[datetime, Counter[str]] = {}
    for visit in visits:
        counts.setdefault(floor(visit.started), Counter())[visit.species] += 1
    bars: list[Bar] = []
    start = floor(end)
    while start >= floor(begin) and len(bars) < _MOST_BARS:
        bars.append(Bar(start, counts.get(start, Counter())))
        start = floor(start.timestamp() - 1.0)
    return tuple(reversed(bars))


def _loudest_hour(sounds: Sequence[Sound]) -> float:
    """Most seconds of sound that began within any one hour."""
    loudest = now = 0.0
    first = 0
    for sound in sounds:
        now += sound.seconds
        while sounds[first].started <= sound.started - _HOUR:
            now -= sounds[first].seconds
            first += 1
        loudest = max(loudest, now)
    return loudest


def _waits(
    targets: Sequence[Visit], runs: Sequence[Run]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """How long nobody came after each visit: until the next one, and until the end of the run, s.

    Several animals may be there at once: a wait begins when the last of them has left. After one of
    which nobody knows when it left, none begins.
    """
    came: list[float] = []
    cut: list[float] = []

    def end(begin: float, after: float) -> None:
        for run in runs:
            if run.started <= begin <= run.last_alive:
                done = after <= run.last_alive
                (came if done else cut).append(min(after, run.last_alive) - begin)
                return

    empty: float | None = None  # since when nobody is there
    for visit in targets:
        if empty is not None and visit.started > empty:
            end(empty, visit.started)
        left = visit.last_seen if has_known_end(visit) else None
        empty = None if left is None else max(left, empty or left)
    if empty is not None:
        end(empty, float('inf'))
    return tuple(came), tuple(cut)


def _quiet(targets: Sequence[Visit], runs: Sequence[Run]) -> float | None:
    if not targets or any(not v.outcome for v in targets):
        return None
    last = max(v.last_seen or v.started for v in targets)
    return sum(max(0.0, run.last_alive - max(run.started, last)) for run in runs)


def _arm(name: str, visits: Iterable[Visit]) -> Arm:
    """How long ``visits`` lasted; of one that nobody saw leave it is not known."""
    own = tuple(visits)
    known = [v for v in own if has_known_end(v)]
    stays = tuple(s for v in known if (s := stay(v)) is not None)
    return Arm(name, stays, len(own) - len(stays))


def trends(summary: Summary) -> Trends:
    """Compare the visits of ``summary`` with each other."""
    visits = [v for v in summary.log.visits if not v.false_alarm]
    unit = 'night'
    bars: tuple[Bar, ...] = ()
    if visits and summary.started is not None and summary.ended is not None:
        end = max(summary.ended, visits[-1].started)
        begin = min(summary.started, visits[0].started)
        unit = _unit(end - begin)
        bars = _bars(visits, begin, end, unit)
    targets = [v for v in visits if is_target(v)]
    returns, unanswered = _waits(targets, summary.log.runs)
    # A visit without a stimulus can show no getting used to stimuli, nor one without a known end.
    met = [
        v.outcome == REPELLED
        for v in targets
        if v.stimuli and v.arm == TREATMENT and has_known_end(v)
    ]
    # Only those among whom chance chose: others came before the trial, or to a sentinel at rest.
    on = [v for v in targets if not was_off(v)]
    drawn = [v for v in on if v.detail.get('trial', True)]
    arms = {
        name: _arm(name, (v for v in drawn if v.arm == name))
        for name in (TREATMENT, NEUTRAL, HOLD_OUT)
    }
    treated = [v for v in on if v.arm == TREATMENT]
    groups = [_arm(name, (v for v in treated if v.group == name)) for name in 'AB']
    return Trends(
        unit=unit,
        bars=bars,
        returns=returns,
        unanswered=unanswered,
        quiet=_quiet(targets, summary.log.runs),
        habituation=slope(met),
        arms=tuple(arm for arm in arms.values() if arm.stays or arm.unknown),
        lift=reduction(arms[TREATMENT].stays, arms[HOLD_OUT].stays),
        neutral_lift=reduction(arms[NEUTRAL].stays, arms[HOLD_OUT].stays),
        a_a=reduction(groups[0].stays, groups[1].stays),
        loudest_hour=_loudest_hour(summary.log.sounds),
    )
