"""Frames from the robot's own eye while it walks about in the scenarios of the simulator.

source a built workspace, then:
python training/walks.py --out FOLDER [--per-night 24] [--seed 200] [--gardens 300]

`./sentinel render` shows animals from everywhere; a robot that stands in a garden sees the same
few tufts, stones and leaves all night, and a detector that takes one of them for a cat holds fire
for ever. The robot here faces and approaches what visits, as the sentinel does, and barks at it: a
raccoon that stands up close by must not look like a person. The scenarios share a few gardens; with
`--gardens` each night is an encounter by chance in a garden of its own, never one of a demo or of a
test: a detector that knows a few gardens by heart takes the tufts of the next one for cats.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np
from sentinel_common.geometry import wrap
from sentinel_sim.coco import LEAST_PIXELS, Coco
from sentinel_sim.encounter import encounter
from sentinel_sim.scenarios import Scenario
from sentinel_sim.world import World

from sentinel_sim import scenarios

NIGHTS = (
    'raccoon_night', 'raccoon_day', 'cat_visits', 'raccoon_family', 'dog_visits', 'raccoon_dusk',
    'person_walks_by', 'raccoon_night', 'other_animals', 'child_plays', 'raccoon_returns',
    'cat_visits', 'raccoon_slopes', 'dog_visits', 'raccoon_storm', 'person_walks_by',
    'raccoon_climbs', 'clutter_night',
)  # fmt: skip
FIRST_SEED = 200
GARDENS, VARIANTS = 10_000, (0, 79)  # of the encounters by chance: those that training may see
# Who comes there, and how often somebody else does, too.
VISITORS = {
    'raccoon': 0.3, 'cat': 0.15, 'dog': 0.15, 'person': 0.2, 'fox': 0.05, 'opossum': 0.05,
    'rabbit': 0.02, 'nobody': 0.08,
}  # fmt: skip
SECOND = 0.25
NOBODY = 'nobody'
EVERY = 1.5  # s between two frames while an animal is in the garden
EVERY_EMPTY = 6.0  # s between two frames while none is
BARKS = 0.15  # share of these stretches with a bark
FACES = 0.7  # share of the stretches in which the robot goes for the nearest animal
NEAREST = 0.9  # m to the animal where it stops
TOO_HIDDEN = 0.25  # share of an animal that must show, or it is neither taught nor punished


def towards(world: World) -> tuple[float, float, float]:
    """Return the velocity (x, y m/s, yaw rad/s) that faces and approaches the nearest animal."""
    x, y = world.robot().position[:2]
    animals = [agent for agent in world.night.agents if agent.present]
    if not animals:
        return 0.0, 0.0, 0.0
    dx, dy = min(((a.x - x, a.y - y) for a in animals), key=lambda way: np.hypot(*way))
    turn = wrap(np.arctan2(dy, dx) - world.yaw)
    forward = 0.2 if np.hypot(dx, dy) > NEAREST and abs(turn) < 0.5 else 0.0
    return forward, 0.0, float(np.clip(1.5 * turn, -1.2, 1.2))


def by_chance(seed: int, visitors: dict[str, float]) -> Scenario:
    """Return an encounter in a garden of its own; `visitors` are drawn by their shares."""
    rng = np.random.default_rng([seed, 41])
    kinds = list(rng.choice(list(visitors), 1 + (rng.random() < SECOND), p=list(visitors.values())))
    bodies = [str(kind) for kind in kinds if kind != NOBODY]
    return encounter(bodies, seed, gardens=GARDENS, variants=VARIANTS)


def frames(scenario: Scenario, seed: int, count: int, out: Path, coco: Coco) -> None:
    """Add `count` frames of one night."""
    rng = np.random.default_rng(seed)
    world = World(scenario, seed)
    for number in range(count):
        visited = any(agent.present for agent in world.night.agents)
        until = world.night.time + (EVERY if visited else EVERY_EMPTY)
        # A bark now and then: an animal that stands up or flees looks like another one.
        world.sound = ('bark', 1.0) if rng.random() < BARKS else None
        wander = tuple(rng.uniform((-0.1, -0.1, -0.6), (0.2, 0.1, 0.6)))
        faces = rng.random() < FACES
        while world.night.time < until and not world.night.over:
            world.walk(*(towards(world) if faces else wander))
            world.step()
        if world.night.over:
            break
        picture = world.eye()
        file = f'{scenario.name}_{seed}_{number:03d}.jpg'
        cv2.imwrite(str(out / 'images' / file), picture[..., ::-1])
        coco.add(file, picture.shape[1::-1], world.labels())
    world.close()


def main() -> None:
    """Play every night once, or gardens by chance, and write images/ and annotations.json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--per-night', type=int, default=24, help='frames of each night')
    parser.add_argument('--seed', type=int, default=FIRST_SEED, help='seed of the first night')
    parser.add_argument('--gardens', type=int, default=0, help='encounters by chance instead')
    parser.add_argument('--who', nargs='+', choices=VISITORS, help='only these come, equally often')
    arguments = parser.parse_args()
    who = arguments.who
    visitors = dict.fromkeys(who, 1 / len(who)) if who else VISITORS
    (arguments.out / 'images').mkdir(parents=True, exist_ok=True)
    coco = Coco(least_pixels=LEAST_PIXELS, least_visible=TOO_HIDDEN, info={})
    seeds = range(arguments.seed, arguments.seed + (arguments.gardens or len(NIGHTS)))
    for number, seed in enumerate(seeds):
        night = by_chance(seed, visitors) if arguments.gardens else scenarios.load(NIGHTS[number])
        frames(night, seed, arguments.per_night, arguments.out, coco)
        # Whoever stops a long run keeps what is there.
        coco.write(arguments.out / 'annotations.json')
        print(f'{number + 1}/{len(seeds)} {night.name}: {len(coco.images)} frames', flush=True)


if __name__ == '__main__':
    main()
