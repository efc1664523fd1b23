"""``./sentinel bench gym``: what agents achieve in ``sentinel_sim.gym``, and one that learned."""

import argparse
import importlib.util

from sentinel_common.arguments import whole
from sentinel_common.errors import ConfigurationError

from sentinel_common import benchmark

SUMMARY = 'the learning environment: reward per night of nobody, chance, the tree, a trained policy'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        '--nights', type=whole(1), default=20, help='nights to judge by (default 20)'
    )
    parser.add_argument(
        '--generations',
        type=whole(0),
        default=12,
        help='generations to train; 0: none (default 12)',
    )
    parser.add_argument('--seed', type=whole(0), default=1, help='seed of the training (default 1)')
    benchmark.add_json_option(parser)


def main(arguments: argparse.Namespace) -> int:
    """Train, judge on unseen nights, print, write."""
    if importlib.util.find_spec('gymnasium') is None:
        raise ConfigurationError('gymnasium is not installed.', 'Call: pip install gymnasium')
    from .gym_agents import compare
    from .gym_train import Linear, train

    measured_on = benchmark.environment(arguments.seed, ('gymnasium', 'numpy'))
    others = {}
    if arguments.generations:
        weights = train(arguments.generations, arguments.seed)
        others['trained'] = lambda _: Linear(weights)
    table = compare(arguments.nights, others)
    print(f'{"per night":10}' + ''.join(f'{key:>12}' for key in table['idle']))
    for name, sums in table.items():
        print(f'{name:10}' + ''.join(f'{value:12.2f}' for value in sums.values()))
    if arguments.json:
        result = {
            'format': 2,
            'benchmark': 'gym',
            **measured_on,
            'nights': arguments.nights,
            'generations': arguments.generations,
            'reward_per_night': table,
        }
        benchmark.write(arguments.json, result)
    return 0
