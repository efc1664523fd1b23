"""Which folder and which time a command is about."""

import argparse
import re
from datetime import datetime, timedelta
from pathlib import Path

from sentinel_common.errors import SentinelError

# Where the recorder writes unless it is told otherwise.
DEFAULT_FOLDER = '~/.local/share/garden-sentinel'

_UNITS = {'m': 'minutes', 'h': 'hours', 'd': 'days', 'w': 'weeks'}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare FOLDER, --since and --until."""
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


def of(args: argparse.Namespace) -> tuple[Path, float, float]:
    """Return the folder, and from when until when (s, ROS time)."""
    now = datetime.now()
    since = when(args.since, now, float('-inf'))
    return args.folder.expanduser(), since, when(args.until, now, float('inf'))
