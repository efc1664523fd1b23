"""Which deterrent: first what may be used at all and why not the rest, then a policy's choice."""

import random
from collections.abc import Callable

from ..deterrents import Deterrents
from .baselines import First, RoundRobin, Uniform
from .choice import Policy
from .thompson import Thompson

# How a policy is made from the catalogue and a source of chance.
POLICIES: dict[str, Callable[[Deterrents, random.Random], Policy]] = {
    'thompson': lambda catalogue, chance: Thompson(
        chance, {d.name: d.prior for d in catalogue.by_name.values()}
    ),
    'first': lambda _, __: First(),
    'random': lambda _, chance: Uniform(chance),
    'round_robin': lambda _, __: RoundRobin(),
}
