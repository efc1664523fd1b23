"""Thompson sampling with forgetting: try what may be best, as often as it may be best.

Every deterrent has a Beta distribution of how well it works. A choice draws once from each and
takes the best draw (Thompson 1933; Chapelle and Li, NIPS 2011). A reward between 0 and 1 counts in
part as success and in part as failure (Agrawal and Goyal, COLT 2012, use the same trick with a
coin). Animals get used to things and recover, so what was seen fades: after every trial all counts
of the species shrink towards the prior (discounted Thompson sampling, Raj and Kalyani 2017).
"""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from .choice import Choice, Context

# A trial in another zone, and one by day for the night, counts by so much: a garden gives few
# trials, and contexts differ less than deterrents do.
OTHER_ZONE, OTHER_PERIOD = 0.9, 0.5

# What a trial keeps of all earlier ones: an effective memory of 1 / (1 - 0.99), about 100 trials or
# half a month.
MEMORY = 0.99

# The distributions are drawn in to this variance (about): with so few trials, trying less and using
# more is better (posterior reshaping, Chapelle and Li, with 0.5). 0.1 would do still better where
# the prior is right and worse where it is wrong, on campaigns with the seeds from 1000 on.
RESHAPING = 0.25


class Thompson:
    """Learned choice.

    ``priors``: pseudo-counts (repelled, stayed) by name, from what others measured.
    """

    name = 'thompson'

    def __init__(
        self,
        chance: random.Random,
        priors: Mapping[str, tuple[float, float]],
    ) -> None:
        self._chance = chance
        self._priors = priors
        # species -> name -> context -> [successes, failures]
        self._counts: dict[str, dict[str, dict[str, list[float]]]] = {}

    def belief(self, name: str, context: Context) -> tuple[float, float]:
        """Parameters of the Beta distribution of ``name`` in ``context``."""
        a, b = self._priors[name]
        here = _key(context)
        for key, (good, bad) in self._counts.get(context.species, {}).get(name, {}).items():
            weight = _pooling(key, here)
            a += weight * good
            b += weight * bad
        return a, b

    def choose(self, names: Sequence[str], context: Context) -> Choice:
        """See Policy."""
        values = {n: self._draw(*self.belief(n, context)) for n in names}
        return Choice(max(names, key=values.__getitem__), values)

    def _draw(self, a: float, b: float) -> float:
        return self._chance.betavariate(a / RESHAPING, b / RESHAPING)

    def learn(self, name: str, context: Context, reward: float) -> None:
        """See Policy."""
        known = self._counts.setdefault(context.species, {})
        for by_context in known.values():
            for counts in by_context.values():
                counts[0] *= MEMORY
                counts[1] *= MEMORY
        counts = known.setdefault(name, {}).setdefault(_key(context), [0.0, 0.0])
        counts[0] += reward
        counts[1] += 1.0 - reward

    def state(self) -> dict[str, Any]:
        """Counts of everything that was tried."""
        return {'counts': self._counts}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See Policy. Deterrents that the catalogue no longer has are dropped."""
        restored: dict[str, dict[str, dict[str, list[float]]]] = {}
        for species, names in state.get('counts', {}).items():
            for name, contexts in names.items():
                for key, (good, bad) in contexts.items():
                    if not (float(good) >= 0 and float(bad) >= 0):
                        raise ValueError(f'counts of {name} are {good!r}, {bad!r}')
                    if name in self._priors:
                        by_name = restored.setdefault(str(species), {}).setdefault(str(name), {})
                        by_name[str(key)] = [float(good), float(bad)]
        self._counts = restored


def _key(context: Context) -> str:
    return f'{context.period}/{context.zone}'


def _pooling(there: str, here: str) -> float:
    """How much a trial with the context ``there`` says about ``here``."""
    if there == here:
        return 1.0
    return OTHER_ZONE if there.partition('/')[0] == here.partition('/')[0] else OTHER_PERIOD
