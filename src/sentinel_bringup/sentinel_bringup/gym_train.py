"""The smallest example of learning in ``sentinel_sim.gym``: a linear policy, bred from seeds.

By the cross-entropy method (Rubinstein 1999): draw policies, keep the best, draw around them.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from sentinel_sim.gym import DETERRENTS, FEATURES, TRACKS, GardenEnv

Array = npt.NDArray[np.float64]

# What the policy looks at: one, and of the nearest track whether it is there, its range, how likely
# it is a raccoon; and how likely the most suspicious track is a person or pet.
INPUTS = 5

# Policies per generation, nights that each plays, and the share of them that breeds the next.
BROOD, NIGHTS, _BEST = 24, 6, 0.25

# Spread of the first generation, and the least spread that is kept so that breeding goes on.
_FIRST_SPREAD, _LEAST_SPREAD = 1.0, 0.1

# Nights to breed on begin with this seed; those to judge by have the seeds from 0.
_BRED_ON = 1_000_000


class Linear:
    """The deterrent with the highest weighted sum of INPUTS; it turns to the nearest track.

    ``weights`` (deterrents, INPUTS), then the gain of the turn, flat.
    """

    def __init__(self, weights: Array) -> None:
        self._weights = weights[:-1].reshape(len(DETERRENTS), INPUTS)
        self._gain = weights[-1]

    def act(self, info: dict[str, Any]) -> dict[str, Any]:
        """Choose by ``info['observation']``."""
        tracks = info['observation'][: TRACKS * FEATURES].reshape(TRACKS, FEATURES)
        there, sine, _, distance, raccoon, _ = tracks[0]
        inputs = np.array([1.0, there, distance, raccoon, tracks[:, 5].max()])
        turn = np.clip(self._gain * sine, -1.0, 1.0)
        return {
            'deterrent': int(np.argmax(self._weights @ inputs)),
            'cmd_vel': np.array([0.0, 0.0, turn], np.float32),
        }


def worth(env: GardenEnv, policy: Linear, seeds: range) -> float:
    """Mean reward of a night."""
    total = 0.0
    for seed in seeds:
        observation, _ = env.reset(seed=seed)
        done = False
        while not done:
            action = policy.act({'observation': observation})
            observation, reward, done, _, _ = env.step(action)
            total += float(reward)
    return total / len(seeds)


def breed(generations: int, seed: int, *, brood: int = BROOD, nights: int = NIGHTS) -> Array:
    """Return the weights of the policy in the middle of the last generation."""
    rng = np.random.default_rng(seed)
    env = GardenEnv()
    middle = np.zeros(len(DETERRENTS) * INPUTS + 1)
    spread = np.full_like(middle, _FIRST_SPREAD)
    for generation in range(generations):
        # New nights each time: a policy must not live by luck.
        first = _BRED_ON + generation * nights
        drawn = rng.normal(middle, spread, (brood, len(middle)))
        values = np.array(
            [worth(env, Linear(weights), range(first, first + nights)) for weights in drawn]
        )
        best = drawn[np.argsort(values)[-round(_BEST * brood) :]]
        middle, spread = best.mean(0), np.maximum(best.std(0), _LEAST_SPREAD)
        print(
            f'generation {generation + 1}: mean {values.mean():.1f}, best {values.max():.1f}',
            flush=True,
        )
    return middle
