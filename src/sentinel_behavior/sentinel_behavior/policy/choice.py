"""Candidates and choices, as plain values, and what every policy must do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol


@dataclass(frozen=True)
class Context:
    """The little that a choice may depend on: a garden gives perhaps 180 trials a month."""

    species: str
    period: str  # day or night
    zone: str = ''


@dataclass(frozen=True)
class Choice:
    """``name`` was chosen.

    ``values``: what the policy thought of each candidate, higher is better.
    """

    name: str
    values: Mapping[str, float] = field(default_factory=dict)


def reward(took: float, longest: float) -> float:
    """What a departure ``took`` s after the start is worth: 1 for at once, 0 for ``longest`` s.

    What counts in the end is how long the animal stays in the beds.
    """
    return 1.0 - min(1.0, max(0.0, took) / longest)


class Policy(Protocol):
    """Chooses among the names that may be used, and hears how it went."""

    name: str

    def choose(self, names: Sequence[str], context: Context) -> Choice:
        """Choose one of ``names`` (never empty, in the order of the catalogue)."""
        ...

    def learn(self, name: str, context: Context, reward: float) -> None:
        """``name`` was used; ``reward``: 1 where the animal left at once, 0 where it stayed."""
        ...

    def state(self) -> dict[str, Any]:
        """What must survive a restart, as JSON values."""
        ...

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from ``state``; entries that do not fit raise ValueError, KeyError or TypeError."""
        ...


class StaticPolicy:
    """What policies share that do not learn."""

    def learn(self, name: str, context: Context, reward: float) -> None:
        """It does not learn."""

    def state(self) -> dict[str, Any]:
        """Nothing to keep."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Nothing was kept."""
