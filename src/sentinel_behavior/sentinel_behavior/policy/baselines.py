"""Policies that do not learn: what the learned one is measured against."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from .choice import Choice, Context, StaticPolicy


class First(StaticPolicy):
    """Always the first that may be used, in the order of the catalogue: the rule-based choice."""

    name = 'first'

    def choose(self, names: Sequence[str], context: Context) -> Choice:
        """See Policy."""
        return Choice(names[0])


class Uniform(StaticPolicy):
    """Any of them, all alike."""

    name = 'random'

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance

    def choose(self, names: Sequence[str], context: Context) -> Choice:
        """See Policy."""
        return Choice(self._chance.choice(names))


class RoundRobin(StaticPolicy):
    """The one that was used longest ago."""

    name = 'round_robin'

    def __init__(self) -> None:
        self._turn = 0
        self._used: dict[str, int] = {}

    def choose(self, names: Sequence[str], context: Context) -> Choice:
        """See Policy."""
        self._turn += 1
        values = {n: float(-self._used.get(n, 0)) for n in names}
        chosen = max(names, key=values.__getitem__)
        self._used[chosen] = self._turn
        return Choice(chosen, values)

    def state(self) -> dict[str, Any]:
        """Turns, by name."""
        return {'turn': self._turn, 'used': self._used}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See Policy."""
        if state:
            self._turn = int(state['turn'])
            self._used = {str(n): int(t) for n, t in state['used'].items()}
