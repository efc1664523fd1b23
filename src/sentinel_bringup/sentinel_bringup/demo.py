"""``./sentinel demo``: a short night in the simulated garden, the whole real stack around it."""

import argparse
import time
from pathlib import Path

from . import folders, nodes, session
from .domains import free_port
from .entries import SimulationOptions
from .runner import Outcome

SUMMARY = 'a night in the simulated garden, about a minute; nothing else is needed'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the demo."""
    add_night_arguments(parser)
    parser.add_argument(
        '--robots', type=int, choices=(1, 2), default=1, help='how many guard the garden'
    )
    session.add_arguments(parser, 'runs/<time>-demo')


def add_night_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say which night it is."""
    defaults = SimulationOptions(folder=Path())
    parser.add_argument(
        '--scenario', default=defaults.scenario, help='what happens (default: %(default)s)'
    )
    parser.add_argument(
        '--seed', type=int, default=defaults.seed, help='chance of the night (default: %(default)s)'
    )


def play(arguments: argparse.Namespace, folder: Path) -> Outcome:
    """Play the night; everything that it leaves is in ``folder``."""
    started = time.time()
    options = SimulationOptions(
        folder=folder,
        files=tuple(arguments.params),
        namespace=arguments.namespace,
        scenario=arguments.scenario,
        seed=arguments.seed,
        robots=arguments.robots,
        hci_port=free_port(),
        armed=True,
        film=True,
        record=arguments.record,
        started=started,
    )
    title = f'A night in the garden: {options.scenario}, seed {options.seed}.'
    robots = nodes.robot_names(options.robots)
    return session.play(nodes.simulation(options), folder, arguments, title, robots)


def main(arguments: argparse.Namespace) -> int:
    """Play the night and write the report of each robot."""
    folder = session.folder_for(folders.stamped('demo'), arguments.folder)
    outcome = play(arguments, folder)
    return session.end(outcome, folder, nodes.robot_names(arguments.robots))
