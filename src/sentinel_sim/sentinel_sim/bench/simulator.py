"""``./sentinel bench simulator``: how fast the garden's three tiers are, and whether they agree."""

import argparse
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sentinel_common.arguments import seconds, whole
from sentinel_common.files import share

from sentinel_common import benchmark

from ..offscreen import choose_renderer

SUMMARY = 'the simulator: real-time factors of its three tiers, and how far two of them agree'

# What is asked of one core: seconds of garden per second of processor.
LIMITS = {
    'rendered_320x240': 5.0,
    'rendered_640x480': 3.0,
    'physics': 30.0,
    'physics_slopes': 30.0,
    'kinematic': 20_000.0,
}

# Pictures per simulated second in the rendered tier.
_CAMERA_RATE = 10.0

# Scenarios on which physics and drawing board are compared, each with these seeds: twenty nights.
_COMPARED = ('raccoon_night', 'raccoon_storm', 'raccoon_returns', 'raccoon_family')
_SEEDS = range(1, 6)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    benchmark.add_json_option(parser)
    parser.add_argument('--seed', type=whole(0), default=1)
    parser.add_argument(
        '--seconds', type=seconds, default=20.0, help='simulated s per rendered measurement'
    )
    parser.add_argument('--skip-comparison', action='store_true', help='real-time factors only')


def main(args: argparse.Namespace) -> int:
    """Measure, print, write; 1 where a limit is missed."""
    choose_renderer()
    result: dict[str, Any] = {
        'benchmark': 'simulator',
        **benchmark.environment(args.seed, ('mujoco-core', 'numpy', 'ai-edge-litert')),
        'real_time_factor': factors(args.seed, args.seconds),
    }
    if not args.skip_comparison:
        result['agreement'] = agreement()
    result['peak_memory_mb'] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if args.json:
        benchmark.write(args.json, result)
    _print(result)
    met = all(result['real_time_factor'][n]['cpu'] >= limit for n, limit in LIMITS.items())
    return 0 if met else 1


def factors(seed: int, seconds: float) -> dict[str, dict[str, float]]:
    """Simulated seconds per second of processor (``cpu``) and of the clock (``wall``), per tier."""
    from ..scenarios import load
    from ..world import World

    measured = {}
    for width, height in ((320, 240), (640, 480)):
        world = World(load('raccoon_night'), seed, size=(width, height))
        measured[f'rendered_{width}x{height}'] = _played(world, seconds)
    world = World(load('raccoon_night'), seed)
    measured['rendered_640x480_detector'] = _played(world, seconds, _detector())
    for name, scenario, robots in (
        ('physics', 'raccoon_night', 1),
        ('physics_slopes', 'raccoon_slopes', 1),
        ('physics_two_robots', 'raccoon_night', 2),
    ):
        world = World(load(scenario), seed, robots=robots)
        measured[name] = _played(world, 3 * seconds, pictures=False)
    measured['kinematic'] = _kinematic(seed)
    return measured


def _clocked(work: Callable[[], float]) -> dict[str, float]:
    """Factors of ``work``, which returns how many simulated seconds it made."""
    cpu, wall = time.process_time(), time.monotonic()
    simulated = work()
    cpu, wall = time.process_time() - cpu, time.monotonic() - wall
    return {'cpu': simulated / cpu, 'wall': simulated / wall, 'simulated_s': simulated}


def _played(
    world: Any,
    seconds: float,
    look: Callable[[Any], None] | None = None,
    *,
    pictures: bool = True,
) -> dict[str, float]:
    """Factors of ``seconds`` of a night on physics; the first robot is driven by the reflex."""
    from ..pacing import Every
    from .reflex import Reflex

    while world.night.time < 8.0:  # the raccoon is in the picture and walks
        world.step()
    reflex, camera = Reflex(), Every(_CAMERA_RATE if pictures else 0.0)
    if pictures:
        world.eye()  # the first picture makes the renderer

    def work() -> float:
        start = world.night.time
        for _ in range(round(seconds / world.control_step)):
            reflex.act(world)
            world.step()
            if camera.due(world.night.time):
                picture = world.eye()
                if look is not None:
                    look(picture)
        return world.night.time - start

    try:
        return _clocked(work)
    finally:
        world.close()


def _detector() -> Callable[[Any], None]:
    """One whole-frame inference of the shipped model on one thread, without tracker."""
    import cv2
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(share('models/detector.tflite')), num_threads=1)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]
    channels_first = entry['shape'][1] == 3
    side = int(entry['shape'][2])

    def look(picture: Any) -> None:
        height, width = picture.shape[:2]
        scale = side / max(height, width)
        small = cv2.resize(picture[..., ::-1], (round(width * scale), round(height * scale)))
        canvas = np.full((side, side, 3), 114, np.float32)
        canvas[: small.shape[0], : small.shape[1]] = small
        tensor = canvas.transpose(2, 0, 1) if channels_first else canvas
        interpreter.set_tensor(entry['index'], tensor[None])
        interpreter.invoke()

    return look


def _kinematic(seed: int) -> dict[str, float]:
    from ..kinematic import KinematicWorld
    from ..scenarios import load

    scenario = load('whole_night')
    nights = 5

    def work() -> float:
        return sum(play(KinematicWorld(scenario, seed + i))['seconds'] for i in range(nights))

    return _clocked(work)


def play(world: Any) -> dict[str, Any]:
    """Run a night to its end with the reflex; return the truth about it."""
    from .reflex import Reflex

    reflex = Reflex()
    while not world.night.over:
        reflex.act(world)
        if hasattr(world, 'skip'):
            world.skip()
        world.step()
    return dict(world.truth())


def agreement() -> dict[str, Any]:
    """Play twenty nights on physics, on the drawing board and, as a baseline, without sentinel."""
    from ..kinematic import KinematicWorld
    from ..scenarios import load
    from ..world import World

    rows = []
    for name in _COMPARED:
        scenario = load(name)
        for seed in _SEEDS:
            world = World(scenario, seed)
            physics = play(world)
            drawn = play(KinematicWorld(scenario, seed))
            alone = KinematicWorld(scenario, seed)
            while not alone.night.over:
                alone.step()
            rows.append(_row(name, seed, physics, drawn, alone.truth()))
            world.close()
    beds = np.array(
        [[row[tier]['beds_s'] for tier in ('physics', 'kinematic', 'alone')] for row in rows]
    )
    fled = np.array([row['physics']['fled'] == row['kinematic']['fled'] for row in rows])
    return {
        'nights': rows,
        'beds_s_mean': dict(
            zip(('physics', 'kinematic', 'no_sentinel'), beds.mean(0).tolist(), strict=True)
        ),
        'beds_s_difference_mean': float(np.abs(beds[:, 0] - beds[:, 1]).mean()),
        'same_number_fled': float(fled.mean()),
    }


def _row(name: str, seed: int, *truths: dict[str, Any]) -> dict[str, Any]:
    tiers = {}
    for tier, truth in zip(('physics', 'kinematic', 'alone'), truths, strict=True):
        visits = truth['visits']
        tiers[tier] = {
            'beds_s': truth['raccoon_seconds_in_beds'],
            'visits': len(visits),
            'fled': sum(v['fled'] is not None for v in visits),
            'path_m': truth['robot']['path_m'],
        }
    return {'scenario': name, 'seed': seed, **tiers}


def _print(result: dict[str, Any]) -> None:
    print('tier                        x real time (processor)   (clock)   at least')
    for name, row in result['real_time_factor'].items():
        limit = f'{LIMITS[name]:10.0f}' if name in LIMITS else ''
        print(f'{name:28}{row["cpu"]:24.1f}{row["wall"]:10.1f} {limit}')
    print(f'peak memory {result["peak_memory_mb"]:.0f} MB')
    if 'agreement' in result:
        found = result['agreement']
        mean = found['beds_s_mean']
        print(
            f'raccoon-seconds in the beds over {len(found["nights"])} nights: '
            f'physics {mean["physics"]:.1f}, '
            f'kinematic {mean["kinematic"]:.1f}, no sentinel {mean["no_sentinel"]:.1f}; '
            f'mean difference per night {found["beds_s_difference_mean"]:.1f}; '
            f'as many fled in {100 * found["same_number_fled"]:.0f} % of the nights'
        )
