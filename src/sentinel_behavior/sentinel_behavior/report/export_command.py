"""``./sentinel export``: the incident log for labelling, training and spreadsheets."""

import argparse
import sys
from pathlib import Path

from sentinel_common.errors import SentinelError

from ..incidents.store import SqliteStore
from . import period

SUMMARY = 'write visits as CSV and their pictures as a COCO data set'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    period.add_arguments(parser)
    parser.add_argument(
        '--to',
        type=Path,
        default=Path('export'),
        metavar='OUT',
        help='folder to write into (default: %(default)s)',
    )


def main(args: argparse.Namespace) -> int:
    """Write the files and say what was written."""
    from . import export

    folder, since, until = period.of(args)
    with SqliteStore(folder, create=False) as store:
        log = store.read(since, until)
    try:
        pictures = export.write(log, folder, args.to)
    except OSError as error:
        raise SentinelError(f'{args.to} cannot be written: {error.strerror}.') from error
    sys.stdout.write(
        f'{len(log.visits)} visits, {pictures} pictures of {folder}\n'
        f'{args.to / "visits.csv"}\n{args.to / "stimuli.csv"}\n{args.to / "annotations.json"}\n'
    )
    return 0
