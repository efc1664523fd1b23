"""What ``demo`` and ``run`` have in common: a run folder, the nodes, and the report at the end."""

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from sentinel_common.arguments import seconds
from sentinel_common.errors import SentinelError

from sentinel_common import joining

from . import checks, network, nodes
from .console import Console
from .domains import free_domain, named_domain
from .entries import PYPI, NodeEntry
from .runner import Outcome, Runner
from .terminal import say

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
    """Add the arguments of a run that is kept; ``folder``: the default in words."""
    parser.add_argument('--folder', type=Path, help=f'where everything is kept (default: {folder})')
    parser.add_argument(
        '--record',
        action='store_true',
        help='record every topic to an MCAP file, which Foxglove opens',
    )
    add_common_arguments(parser)


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that all runs know."""
    parser.add_argument(
        '--params',
        type=Path,
        action='append',
        default=[],
        metavar='FILE',
        help='parameter file of ROS 2 for any of the nodes; may be given several times',
    )
    parser.add_argument(
        '--domain',
        type=joining.domain,
        metavar='N',
        help='ROS domain to talk in (default: one that nobody uses)',
    )
    parser.add_argument(
        '--namespace', type=joining.namespace, default='', help='ROS namespace of the robot'
    )
    parser.add_argument('--duration', type=seconds, metavar='SECONDS', help='end after so long')
    parser.add_argument('-v', '--verbose', action='store_true', help='show all that the nodes say')


def folder_for(name: str, wanted: Path | None) -> Path:
    """Return the run folder, ``wanted`` or runs/``name``; nothing is made yet."""
    return (wanted or Path(os.environ.get('SENTINEL_ROOT', '.')) / 'runs' / name).resolve()


def check_folder(folder: Path, *, watches: bool = False) -> None:
    """Raise FolderError where the run folder cannot be made or nothing could be kept in it.

    Who ``watches`` a garden does so with little space too: the log goes on without pictures.
    """
    place = folder
    while not os.path.exists(place):  # False, too, where we may not look
        place = place.parent
    if not place.is_dir():
        raise FolderError(
            f'The folder {folder} cannot be made: {place} is no folder.',
            'Name another with --folder.',
        )
    if not os.access(place, os.W_OK | os.X_OK):
        raise FolderError(f'The folder {place} cannot be written to.', 'Name another: --folder.')
    free = shutil.disk_usage(place).free
    if free < _LEAST_SPACE:
        little = f'There are only {free / 1e6:.0f} MB free in {place}.'
        cure = f'Free {_LEAST_SPACE / 1e6:.0f} MB or name another place with --folder.'
        if not watches:
            raise FolderError(little, cure)
        say(f'{little} No pictures are kept, the log goes on. {cure}', file=sys.stderr)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(
            f'The folder {folder} cannot be made: {error.strerror}.', 'Name another with --folder.'
        ) from error


def play(
    entries: Sequence[NodeEntry],
    folder: Path,
    arguments: argparse.Namespace,
    title: str,
    robots: Sequence[str] = ('',),
    *,
    watches: bool = False,
) -> Outcome:
    """Check the nodes, print ``title``, run them until the end; say how the run ended.

    Each of several ``robots`` keeps its things in a folder of its own below ``folder``. A run that
    comes to nothing leaves no folder. ``watches``: see ``check_folder``.
    """
    check_folder(folder, watches=watches)
    wanted = arguments.domain
    if wanted is None:
        network.check_choice_of_domain()
    here = checks.preflight(nodes.of_world(list(entries), PYPI))
    new = not folder.exists()
    try:
        for name in robots:
            _make_folder(folder / name)
        say(title)
        first = joining.domain_in_force() or 1
        with free_domain(first) if wanted is None else named_domain(wanted) as domain:
            say(
                f'{len(here)} nodes start in ROS domain {domain}, {network.reach()}; '
                'Ctrl-C ends them.'
            )
            console = Console(verbose=arguments.verbose)
            runner = Runner(here, folder=folder, domain=domain, show=console)
            return replace(runner.run(arguments.duration), looked=console.looked)
    except BaseException:
        if new:
            _drop_empty(folder)
        raise


def _drop_empty(folder: Path) -> None:
    """Remove a new run folder in which nothing has been kept."""
    inside = list(folder.iterdir()) if folder.is_dir() else []
    if any(place.is_file() for place in inside):
        return
    for place in (*inside, folder):
        with suppress(OSError):
            place.rmdir()


def end(
    outcome: Outcome,
    folder: Path,
    robots: Sequence[str] = ('',),
    *,
    since: float = float('-inf'),
    endless: bool = False,
) -> int:
    """Tell what came of a run; return the exit status of its command.

    That is 128 and the signal (130 after Ctrl-C) where a signal cut it short, 1 where no picture
    was ever looked at, else 0. An ``endless`` run has no other end than a signal.
    """
    report(folder, robots, since=since, looked=outcome.looked)
    if not outcome.looked:
        say(
            'No picture was ever looked at: whether anything came is not known. '
            f'Why, is in {folder / "logs"} (camera.log, detector.log).',
            file=sys.stderr,
        )
    if outcome.signal and not endless:
        return 128 + outcome.signal
    return int(not outcome.looked)


def report(
    folder: Path,
    robots: Sequence[str] = ('',),
    *,
    since: float = float('-inf'),
    looked: bool = True,
) -> None:
    """Write report and film of each robot, and print where everything is and this run's table.

    Each of several ``robots`` has a folder of its own below the run's. The report tells all that
    the folder holds, the table what began ``since`` then (s, ROS time). Where nobody ``looked``
    there is neither: they would say that nothing came.
    """
    from sentinel_behavior import report as reports

    for robot in robots if looked else ():
        if (folder / robot / 'incidents.sqlite3').exists():
            whose = f' of {robot}' if robot else ''
            say(f'\nWriting the report{whose} ...')
            try:
                reports.write(folder / robot)
            except OSError as error:
                say(f'The report cannot be written: {error}.', file=sys.stderr)
            say(f'\n{reports.table(reports.summarise(folder / robot, since=since))}')
    say()
    for name, pattern in _LEFT.items():
        for place in dict.fromkeys((*(folder / robot for robot in robots), folder)):
            for file in sorted(place.glob(pattern)):
                say(f'{name:9} {file}')
