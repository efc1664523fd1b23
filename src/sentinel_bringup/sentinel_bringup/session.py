"""What ``demo`` and ``run`` have in common: a run folder, the nodes, and the report at the end."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path

from sentinel_common.errors import SentinelError

from . import checks, nodes
from .console import Console
from .domains import free_domain
from .entries import PYPI, NodeEntry
from .runner import Outcome, Runner

# A run of an hour with film takes about 2 GB; below this no pictures can be kept, bytes.
_LEAST_SPACE = 200e6

# What a run leaves behind, of interest to a person.
_LEFT = {
    'Report': 'report.html',
    'Film': 'film.webp',
    'Recording': '*.mcap',
    'Costs': 'stack.json',
    'Logs': 'logs',
}


class FolderError(SentinelError):
    """The run folder cannot be used."""


def add_arguments(parser: argparse.ArgumentParser, folder: str) -> None:
    """Add the arguments that all runs know; ``folder``: the default in words."""
    parser.add_argument('--folder', type=Path, help=f'where everything is kept (default: {folder})')
    parser.add_argument(
        '--params',
        type=Path,
        action='append',
        default=[],
        metavar='FILE',
        help='parameter file of ROS 2 for any of the nodes; may be given several times',
    )
    parser.add_argument(
        '--domain', type=int, help='ROS domain to talk in (default: one that nobody uses)'
    )
    parser.add_argument('--namespace', default='', help='ROS namespace of the robot')
    parser.add_argument(
        '--record',
        action='store_true',
        help='record every topic to an MCAP file, which Foxglove opens',
    )
    parser.add_argument('--duration', type=_seconds, metavar='SECONDS', help='end after so long')
    parser.add_argument('-v', '--verbose', action='store_true', help='show all that the nodes say')


def _seconds(text: str) -> float:
    value = float(text)
    if not value > 0:
        raise argparse.ArgumentTypeError(f'{text} is not above 0')
    return value


def make_folder(name: str, wanted: Path | None, *, watches: bool = False) -> Path:
    """Return the run folder, ``wanted`` or runs/``name``, made; FolderError if impossible.

    Who ``watches`` a garden does so with little space too: the log goes on without pictures.
    """
    folder = wanted or Path(os.environ.get('SENTINEL_ROOT', '.')) / 'runs' / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise FolderError(
            f'The folder {folder} cannot be made: {error.strerror}.', 'Name another with --folder.'
        ) from error
    if not os.access(folder, os.W_OK):
        raise FolderError(f'The folder {folder} cannot be written to.', 'Name another: --folder.')
    if free < _LEAST_SPACE:
        little = f'There are only {free / 1e6:.0f} MB free in {folder}.'
        cure = f'Free {_LEAST_SPACE / 1e6:.0f} MB or name another place with --folder.'
        if not watches:
            raise FolderError(little, cure)
        print(f'{little} No pictures are kept, the log goes on. {cure}', file=sys.stderr)
    return folder.resolve()


def play(
    entries: Sequence[NodeEntry], folder: Path, arguments: argparse.Namespace, title: str
) -> Outcome:
    """Check the nodes, print ``title``, run them until the end; say how the run ended."""
    here = nodes.of_world(list(entries), PYPI)
    try:
        checks.preflight(here)
    except SentinelError:
        _drop_empty(folder)
        raise
    print(title)
    first = int(os.environ.get('ROS_DOMAIN_ID') or 1)
    taken = nullcontext(arguments.domain) if arguments.domain is not None else free_domain(first)
    with taken as domain:
        print(
            f'{len(here)} nodes start in ROS domain {domain}, on this machine only; '
            'Ctrl-C ends them.',
            flush=True,
        )
        return Runner(
            here,
            folder=folder,
            domain=domain,
            show=Console(verbose=arguments.verbose),
        ).run(arguments.duration)


def _drop_empty(folder: Path) -> None:
    """Remove a run folder in which nothing has been kept; of a garden's nothing is touched."""
    inside = list(folder.iterdir())
    if any(place.is_file() for place in inside):
        return
    for place in (*inside, folder):
        with suppress(OSError):
            place.rmdir()


def report(folder: Path, robots: Sequence[str] = ('',), *, since: float = float('-inf')) -> None:
    """Write report and film of each robot, and print where everything is and this run's table.

    Each of several ``robots`` has a folder of its own below the run's. The report tells all that
    the folder holds, the table what began ``since`` then (s, ROS time).
    """
    from sentinel_behavior import report as reports

    for robot in robots:
        if (folder / robot / 'incidents.sqlite3').exists():
            whose = f' of {robot}' if robot else ''
            print(f'\nWriting the report{whose} ...', flush=True)
            try:
                reports.write(folder / robot)
            except OSError as error:
                print(f'The report cannot be written: {error}.', file=sys.stderr)
            print(f'\n{reports.table(reports.summarise(folder / robot, since=since))}')
    print()
    for name, pattern in _LEFT.items():
        for place in dict.fromkeys((*(folder / robot for robot in robots), folder)):
            for file in sorted(place.glob(pattern)):
                print(f'{name:9} {file}')
