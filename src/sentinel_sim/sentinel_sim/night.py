"""One night: its visitors, what they live through, and the truth about it.

Pure and deterministic.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any
from zlib import crc32

import numpy as np

from .agents import Agent, Sentinel, State
from .fear import temperaments
from .scenarios import Scenario

# Longest step that agents take at once, s: at a run of 4 m/s that is 20 cm.
MAX_STEP = 0.05


@dataclass
class Visit:
    """What really happened in one visit.

    Times in s of the scenario, None where it did not happen.
    """

    animal: str
    kind: str
    entered: float
    left: float | None = None
    seconds_inside: float = 0.0
    seconds_in_beds: float = 0.0
    closest_distance: float = field(default=float('inf'))
    first_stimulus: float | None = None
    alerted: float | None = None
    fled: float | None = None
    reaction: float | None = None


class Night:
    """Runs the visitors of a scenario.

    Same scenario and seed, same inputs: same night, bit for bit.
    """

    def __init__(
        self, scenario: Scenario, seed: int, strides: dict[str, float] | None = None
    ) -> None:
        self.scenario = scenario
        self.seed = seed
        self.time = 0.0
        self.visits: list[Visit] = []
        self._open: dict[str, Visit] = {}
        self._empty_since: float | None = None
        self.agents = []
        for visitor in scenario.animals:
            rng = np.random.default_rng([seed, crc32(visitor.name.encode())])
            stride = (strides or {}).get(visitor.name, 0.3)
            self.agents.append(Agent(visitor, temperaments()[visitor.kind], rng, stride=stride))

    @property
    def over(self) -> bool:
        """Whether the time is up, or everybody has left and the night has lingered long enough."""
        if self.time >= self.scenario.duration:
            return True
        return (
            self._empty_since is not None and self.time - self._empty_since >= self.scenario.linger
        )

    @property
    def quiet_until(self) -> float | None:
        """Time until which nobody comes, s; None while somebody is there."""
        if any(agent.present for agent in self.agents):
            return None
        coming = [a.enters for a in self.agents if a.state is State.WAITING]
        end = (
            self._empty_since + self.scenario.linger
            if self._empty_since is not None
            else self.scenario.duration
        )
        return min(coming, default=min(end, self.scenario.duration))

    def skip_to(self, time: float) -> None:
        """Let time pass in which nobody is there."""
        self.time = max(self.time, time)

    def step(self, dt: float, *robots: Sentinel) -> None:
        """Live through ``dt`` s with the robots as they are."""
        pieces = max(1, int(np.ceil(dt / MAX_STEP - 1e-9)))
        for _ in range(pieces):
            self.time += dt / pieces
            for agent in self.agents:
                before = agent.state
                agent.step(self.time, dt / pieces, *robots)
                self._note(agent, before, dt / pieces, robots)
        if all(agent.done for agent in self.agents) and self.agents:
            if self._empty_since is None:
                self._empty_since = self.time

    def _note(self, agent: Agent, before: State, dt: float, robots: Sequence[Sentinel]) -> None:
        name = agent.visitor.name
        if before is State.WAITING and agent.present:
            self._open[name] = Visit(name, agent.visitor.kind, self.time)
            self.visits.append(self._open[name])
        visit = self._open.get(name)
        if visit is None:
            return
        if not agent.present:
            visit.left = self.time
            del self._open[name]
            return
        visit.seconds_inside += dt * agent.inside
        visit.seconds_in_beds += dt * agent.in_bed
        distance = min(float(np.hypot(agent.x - r.x, agent.y - r.y)) for r in robots)
        visit.closest_distance = min(visit.closest_distance, distance)
        if visit.first_stimulus is None and any(r.sound or r.light > 0 for r in robots):
            visit.first_stimulus = self.time
        if agent.state is State.ALERT and before is not State.ALERT and visit.alerted is None:
            visit.alerted = self.time
        if agent.state is State.FLEEING and visit.fled is None:
            visit.fled = self.time
            if visit.first_stimulus is not None:
                visit.reaction = self.time - visit.first_stimulus

    def truth(self) -> dict[str, Any]:
        """Everything about the night as JSON-ready values; the keys are those of ``Visit``."""
        visits = [asdict(visit) for visit in self.visits]
        for visit in visits:
            if not np.isfinite(visit['closest_distance']):
                visit['closest_distance'] = None
        return {
            'scenario': self.scenario.name,
            'seed': self.seed,
            'seconds': self.time,
            'visits': visits,
            'raccoon_seconds_in_beds': sum(
                v.seconds_in_beds for v in self.visits if v.kind == 'raccoon'
            ),
        }
