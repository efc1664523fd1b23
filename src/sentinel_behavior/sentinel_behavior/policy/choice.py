"""Candidates and choices, as plain values, and what every policy must do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Context:
    """The little that a choice may depend on: a garden gives perhaps 180 trials a month."""

    species: str
    period: str  # day or night
    zone: str = ''


@dataclass(frozen=True)
class Choice:
    """``name`` was chosen.

    ``values`` is what the policy thought of each candidate (higher is better).
    """

    name: str
    values: Mapping[str, float] = field(default_factory=dict)


class Policy(Protocol):
    """Chooses among the names that may be used, and hears how it went."""

    name: str

    def choose(self, names: Sequence[str], context: Context) -> Choice:
        """Choose one of ``names`` (never empty, in the order of the catalogue)."""
        ...

    def learn(self, name: str, context: Context, success: bool) -> None:
        """``name`` was used; ``success``: the animal left within the observation time."""
        ...


class First:
    """Always the first that may be used, in the order of the catalogue: the rule-based choice."""

    name = 'first'

    def choose(self, names: Sequence[str], context: Context) -> Choice:
        """See Policy."""
        return Choice(names[0])

    def learn(self, name: str, context: Context, success: bool) -> None:
        """It does not learn."""
