"""``./sentinel bench NAME``: finds the benchmark in the package that offers it, and runs it."""

import argparse

from . import commands

SUMMARY = 'measure: the figures behind every claim'

# A benchmark is a module like a command. Those whose package has none are not listed.
BENCHMARKS = {
    'perception': 'sentinel_perception.bench.perception',
    'pipeline': 'sentinel_perception.bench.pipeline',
    'latency': 'sentinel_bringup.latency',
    'night': 'sentinel_bringup.night.command',
    'driver': 'sentinel_bringup.driver_bench.driver',
    'walking': 'sentinel_sim.bench.walking',
    'simulator': 'sentinel_sim.bench.simulator',
    'gym': 'sentinel_bringup.gym_bench',
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add one subcommand for each benchmark that is there."""
    names = parser.add_subparsers(dest='name', required=True, metavar='NAME')
    for name, module_name in BENCHMARKS.items():
        module = commands.find(module_name)
        if module is not None:
            sub = names.add_parser(name, help=module.SUMMARY, description=module.SUMMARY)
            module.add_arguments(sub)
            sub.set_defaults(benchmark=module.main)


def main(arguments: argparse.Namespace) -> int:
    """Run the benchmark."""
    return int(arguments.benchmark(arguments))
