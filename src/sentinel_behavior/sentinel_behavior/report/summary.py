"""The figures of a period, drawn from the incident log and from what lies beside it."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from sentinel_common.species import OTHER_ANIMAL, PROTECTED

from ..incidents.model import (
    CUT_SHORT,
    INTERRUPTED,
    LOST,
    REPELLED,
    SWITCHED_OFF,
    Log,
    Stimulus,
    Visit,
)
from ..incidents.recorder import LATENCY
from ..incidents.store import SqliteStore
from ..policy.trial import HOLD_OUT
from . import wording
from .holds import Stretch, stretches

SIMULATION, COSTS = 'simulation.json', 'stack.json'


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What happened in a period; all figures come from ``log`` unless they say otherwise.

    ``latency`` has the samples of ``incidents.latency.match``, ``simulation`` what the simulator
    knows to be true, where there was one, ``costs`` what the runner measured of its processes: both
    only of all that the folder holds, which is from minus to plus infinity.
    """

    folder: Path
    log: Log
    latency: tuple[Mapping[str, float], ...] = ()
    simulation: Mapping[str, Any] | None = None
    costs: Mapping[str, Any] | None = None
    since: float = float('-inf')
    until: float = float('inf')

    @property
    def whole(self) -> bool:
        """Whether all that the folder holds is in it."""
        return self.since == float('-inf') and self.until == float('inf')

    @property
    def silent(self) -> bool:
        """Whether nobody listened in this time."""
        return not self.log.runs and not self.log.visits

    @property
    def started(self) -> float | None:
        """When the recorder began to listen, s."""
        return self.log.runs[0].started if self.log.runs else None

    @property
    def ended(self) -> float | None:
        """When the recorder listened last, s."""
        return max((run.last_alive for run in self.log.runs), default=None)

    @property
    def listened(self) -> float:
        """Seconds in which the recorder listened."""
        return sum(run.last_alive - run.started for run in self.log.runs)

    @property
    def targets(self) -> tuple[Visit, ...]:
        """Visits of animals that are to be kept away; those marked as false alarms do not count."""
        return tuple(v for v in self.log.visits if is_target(v) and not v.false_alarm)

    @property
    def others(self) -> Counter[str]:
        """Number of visits of everybody else, by species."""
        return Counter(v.species for v in self.log.visits if not is_target(v))

    @property
    def false_alarms(self) -> tuple[Visit, ...]:
        """Visits that a person marked as no target."""
        return tuple(v for v in self.log.visits if v.false_alarm)

    @property
    def repelled(self) -> int:
        """Number of targets that left after a stimulus."""
        return sum(v.outcome == REPELLED for v in self.targets)

    @property
    def left_alone(self) -> int:
        """Number of targets about which nothing was to be done."""
        return sum(is_left_alone(v) for v in self.targets)

    @property
    def unknown_ends(self) -> int:
        """Number of targets that were not left alone and of which nobody knows what came of it."""
        return len(self.targets) - self.left_alone - self.answerable

    @property
    def answerable(self) -> int:
        """Number of targets that were not left alone on purpose, and whose end is known."""
        return self.outcomes.total()

    @property
    def outcomes(self) -> Counter[str]:
        """Number of answerable targets by outcome."""
        found = (v for v in self.targets if not is_left_alone(v) and has_known_end(v))
        return Counter(v.outcome for v in found)

    @property
    def stimuli(self) -> tuple[Stimulus, ...]:
        """Stimuli that began, at whomever."""
        return tuple(s for v in self.log.visits for s in v.stimuli)

    @property
    def actions(self) -> Counter[str]:
        """Number of stimuli that began, by deterrent, at whomever."""
        return Counter(s.deterrent for s in self.stimuli)

    @property
    def cut_short(self) -> tuple[Stimulus, ...]:
        """Stimuli that the guard ended before their time.

        It forbade them, or the tree turned to what the guard had to say.
        """
        return tuple(
            s
            for s in self.stimuli
            if s.end_detail.get('reason') == 'guard'
            or (s.end_detail.get('reason') in CUT_SHORT and s.end_detail.get('rules'))
        )

    @property
    def actions_at_household(self) -> tuple[Stimulus, ...]:
        """Stimuli in visits of people and pets, as far as the log knows."""
        return tuple(s for v in self.log.visits if v.species in PROTECTED for s in v.stimuli)

    @property
    def actions_at_false_alarms(self) -> tuple[Stimulus, ...]:
        """Stimuli in visits of target species that a person marked as a false alarm."""
        return tuple(s for v in self.false_alarms if v.species not in PROTECTED for s in v.stimuli)

    @property
    def times_to_stimulus(self) -> tuple[float, ...]:
        """Seconds from confirmation to the first stimulus, of each target that met one."""
        return _known(v.time_to_stimulus for v in self.targets)

    @property
    def times_to_departure(self) -> tuple[float, ...]:
        """Seconds from the first stimulus to the last sight, of each target that was repelled."""
        return _known(v.time_to_departure for v in self.targets)

    @cached_property
    def holds(self) -> tuple[Stretch, ...]:
        """Stretches of time in which a rule forbade to act."""
        return stretches(self.log.holds)

    @property
    def rules(self) -> Counter[str]:
        """In how many stretches each rule forbade to act."""
        return Counter(rule for stretch in self.holds for rule in stretch.rules)

    @property
    def noise(self) -> float:
        """Seconds of sound that were made."""
        return sum(sound.seconds for sound in self.log.sounds)

    def latency_quantiles(self) -> dict[str, float]:
        """``p50``, ``p95``, ``p99`` from picture to radio, s; empty where nothing is known."""
        writes = [sample['write'] for sample in self.latency]
        if not writes:
            return {}
        return {f'p{q}': float(np.quantile(writes, q / 100)) for q in (50, 95, 99)}


def is_target(visit: Visit) -> bool:
    """Whether the visitor is to be kept away: the brain says it, else the species does."""
    fallback = visit.species not in PROTECTED and visit.species != OTHER_ANIMAL
    return bool(visit.detail.get('target', fallback))


def has_known_end(visit: Visit) -> bool:
    """Whether somebody saw what came of the visit: it lasts no more, and was watched to its end."""
    return visit.outcome not in ('', INTERRUPTED, LOST)


def was_off(visit: Visit) -> bool:
    """Whether the sentinel was not armed, or stopped, and so did nothing in this visit."""
    return not visit.stimuli and any(SWITCHED_OFF.intersection(hold.rules) for hold in visit.holds)


def is_left_alone(visit: Visit) -> bool:
    """Whether nothing was to be done about the visitor: by a trial, or as the sentinel was off."""
    return visit.arm == HOLD_OUT or was_off(visit)


def _known(values: Iterable[float | None]) -> tuple[float, ...]:
    return tuple(value for value in values if value is not None)


def _json(path: Path) -> Any:
    """Content of a JSON file that may be missing or cut short by a process that was killed."""
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def summarise(
    folder: Path, *, since: float = float('-inf'), until: float = float('inf')
) -> Summary:
    """Read what the recorder left in ``folder`` from ``since`` until ``until`` (s, ROS time).

    Raises StoreError where there is no incident log or it cannot be read.
    """
    with SqliteStore(folder, create=False) as store:
        log = store.read(since, until)
    # Before its clock is set a computer may be at 1970: that is no time of the garden.
    dated = tuple(run for run in log.runs if run.started >= wording.DATES_FROM)
    log = replace(log, runs=dated or log.runs)
    latency = _json(folder / LATENCY) or {}
    samples = (s for s in latency.get('samples', ()) if since <= s['capture'] < until)
    period = Summary(folder=folder, log=log, latency=tuple(samples), since=since, until=until)
    if not period.whole:
        return period  # the others are figures of the whole run
    simulation, costs = _json(folder / SIMULATION), _json(folder / COSTS)
    return replace(
        period,
        simulation=simulation if isinstance(simulation, dict) else None,
        costs=costs if isinstance(costs, dict) else None,
    )
