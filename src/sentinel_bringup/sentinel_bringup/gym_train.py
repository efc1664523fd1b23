"""The smallest example of learning in ``sentinel_sim.gym``: a linear policy, trained from seeds.

By the cross-entropy method (Rubinstein 1999): draw a population of policies from a normal
distribution, fit the distribution to the elite, the best of them, and draw again.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
from sentinel_sim.gym import DETERRENTS, FEATURES, TRACKS, GardenEnv

Array = npt.NDArray[np.float64]

# What the policy looks at: one, and of the nearest track whether it is there, its range, how likely
# it is a raccoon; and how likely the most suspicious track is a person or pet.
INPUTS = 5

# Policies per generation, nights that each plays, and the share of them that is the elite.
POPULATION, NIGHTS, _ELITE = 24, 6, 0.25

# Standard deviation of the first generation, and the least that is kept so that training goes on.
_FIRST_DEVIATION, _LEAST_DEVIATION = 1.0, 0.1

# Nights to train on have seeds from here; those to judge by have the seeds from 0.
_TRAINING_SEEDS = 1_000_000


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


def mean_return(env: GardenEnv, policy: Linear, seeds: range) -> float:
    """Mean over nights with these seeds of a night's reward."""
    total = 0.0
    for seed in seeds:
        observation, _ = env.reset(seed=seed)
        done = False
        while not done:
            action = policy.act({'observation': observation})
            observation, reward, done, _, _ = env.step(action)
            total += float(reward)
    return total / len(seeds)


def train(
    generations: int, seed: int, *, population: int = POPULATION, nights: int = NIGHTS
) -> Array:
    """Return the weights of the policy in the mean of the last generation's elite."""
    rng = np.random.default_rng(seed)
    env = GardenEnv()
    mean = np.zeros(len(DETERRENTS) * INPUTS + 1)
    deviation = np.full_like(mean, _FIRST_DEVIATION)
    for generation in range(generations):
        # New nights each time: a policy must not live by luck.
        first = _TRAINING_SEEDS + generation * nights
        seeds = range(first, first + nights)
        drawn = rng.normal(mean, deviation, (population, len(mean)))
        returns = np.array([mean_return(env, Linear(weights), seeds) for weights in drawn])
        elite = drawn[np.argsort(returns)[-round(_ELITE * population) :]]
        mean, deviation = elite.mean(0), np.maximum(elite.std(0), _LEAST_DEVIATION)
        print(
            f'generation {generation + 1}: mean {returns.mean():.1f}, best {returns.max():.1f}',
            flush=True,
        )
    return mean
