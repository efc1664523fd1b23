"""``./sentinel scenarios``: what the simulated garden has to offer."""

import argparse

from .. import scenarios

SUMMARY = 'list the scenarios of the simulated garden'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command: there are none."""


def main(arguments: argparse.Namespace) -> int:
    """Print one line per bundled scenario, or what is wrong with one."""
    found = [scenarios.load(name) for name in scenarios.names()]
    width = max((len(s.name) for s in found), default=0)
    for scenario in found:
        facts = f'{scenario.duration:6.0f} s  {scenario.light:5}'
        print(f'{scenario.name:{width}}  {facts}  {scenario.about}')
    return 0
