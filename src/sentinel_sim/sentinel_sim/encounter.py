"""Encounters by chance: who comes, in which garden, in what light; for training and for judging."""

import random
from collections.abc import Sequence

from .scenarios import Scenario, Visitor, Weather

# How often which light; lamp and torch are those of the robot.
LIGHTS = {'ir': 0.6, 'torch': 0.2, 'dusk': 0.2}

# When the first comes, and when the next, s.
COMES, COMES_LATE = (1.0, 2.0), (5.0, 9.0)

# It lasts at most, s.
_LONGEST = 30.0


def encounter(
    bodies: Sequence[str],
    seed: int,
    *,
    gardens: int,
    variants: tuple[int, int],
) -> Scenario:
    """``bodies`` (kinds of ``scenarios``) come one after the other; raccoons feed, others pass.

    ``gardens`` plus ``seed`` is the garden's number, ``variants`` the animals' from and to: whoever
    judges takes others than whoever trains.
    """
    chance = random.Random(f'{"+".join(bodies)} {seed}')
    visitors = [
        Visitor(
            kind=body,
            name=f'{body}-{number}',
            plan='forage' if body == 'raccoon' else chance.choice(('cross', 'wander')),
            enters=COMES_LATE if number else COMES,
            stays=(_LONGEST, _LONGEST),
            variant=chance.randint(*variants),
        )
        for number, body in enumerate(bodies)
    ]
    return Scenario(
        name='+'.join(bodies) or 'nobody',
        about='an encounter by chance',
        duration=_LONGEST,
        light=chance.choices(list(LIGHTS), list(LIGHTS.values()))[0],
        linger=2.0,
        garden=gardens + seed,
        robot=(0.0, 0.0, chance.uniform(-0.4, 0.4)),
        weather=Weather(wind=chance.uniform(0.0, 0.6), insects=chance.uniform(0.0, 0.4)),
        animals=tuple(visitors),
    )
