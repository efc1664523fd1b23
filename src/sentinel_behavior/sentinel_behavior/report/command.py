"""``./sentinel report``: one page out of a period of the incident log."""

import argparse
import re
import sys
from datetime import datetime, timedelta
from pathlib import Path

from sentinel_common.errors import SentinelError

from ..incidents.store import SqliteStore
from .page import write
from .summary import summarise
from .table import table

SUMMARY = 'make an HTML page of what happened in the garden'

# Where the recorder writes unless it is told otherwise.
DEFAULT_FOLDER = '~/.local/share/garden-sentinel'

_UNITS = {'m': 'minutes', 'h': 'hours', 'd': 'days', 'w': 'weeks'}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument(
        'folder',
        nargs='?',
        type=Path,
        default=Path(DEFAULT_FOLDER),
        help=f'folder that the recorder wrote (default: {DEFAULT_FOLDER})',
    )
    parser.add_argument(
        '--since',
        default='',
        metavar='WHEN',
        help='what began since then: a date (2026-05-31, 2026-05-31T20:00) or an age (12h, 7d)',
    )
    parser.add_argument('--until', default='', metavar='WHEN', help='what began before then')
    parser.add_argument('--false-alarm', metavar='VISIT', help='mark a visit as no target first')
    parser.add_argument('--no-false-alarm', metavar='VISIT', help='take such a mark back first')


def when(text: str, now: datetime, otherwise: float) -> float:
    """Seconds of a date or of an age before ``now``; ``otherwise`` where the text is empty."""
    if not text:
        return otherwise
    age = re.fullmatch(r'(\d+(?:\.\d+)?)([mhdw])', text)
    if age:
        return (now - timedelta(**{_UNITS[age[2]]: float(age[1])})).timestamp()
    try:
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise SentinelError(
            f'{text!r} is no date and no age.', 'Write 2026-05-31, 2026-05-31T20:00, 12h or 7d.'
        ) from None


def main(args: argparse.Namespace) -> int:
    """Make the page and print the table."""
    folder = args.folder.expanduser()
    now = datetime.now()
    for visit, marked in ((args.false_alarm, True), (args.no_false_alarm, False)):
        if visit:
            with SqliteStore(folder, create=False) as store:
                store.mark(visit, marked)
    since = when(args.since, now, float('-inf'))
    until = when(args.until, now, float('inf'))
    page = write(folder, since=since, until=until)
    sys.stdout.write(f'{table(summarise(folder, since=since, until=until))}\n{page}\n')
    return 0
