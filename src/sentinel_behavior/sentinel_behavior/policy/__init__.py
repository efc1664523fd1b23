"""Which deterrent.

First what may be used at all and why the rest may not, then a policy's choice among those.
"""

import random
from collections.abc import Callable

from .choice import First, Policy

# How a policy is made from a source of chance.
POLICIES: dict[str, Callable[[random.Random], Policy]] = {'first': lambda _: First()}
