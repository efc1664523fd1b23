"""Which folder and which time a command is about."""

import argparse
import os
import re
from datetime import datetime, timedelta
from pathlib import Path

from sentinel_common.errors import SentinelError

from ..incidents.store import FILE_NAME

# Where the recorder writes unless it is told otherwise.
DEFAULT_FOLDER = '~/.local/share/garden-sentinel'

# Where `./sentinel run` and `demo` keep each run, in the folder of the workspace; and where the
# launch files do.
RUNS, LAUNCHED = 'runs', '~/.ros/sentinel'

# Seconds of an hour that has them whatever the clock does; days and weeks are the calendar's.
_SECONDS = {'m': 60.0, 'h': 3600.0}
_DAYS = {'d': 1.0, 'w': 7.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare FOLDER, --since and --until."""
    parser.add_argument(
        'folder',
        nargs='?',
        type=Path,
        help=f'folder that the recorder wrote (default: the newest in {RUNS}/ and {LAUNCHED}/ that '
        f'has a log, else {DEFAULT_FOLDER})',
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
    try:
        if age and age[2] in _SECONDS:
            return now.timestamp() - float(age[1]) * _SECONDS[age[2]]
        if age:
            return (now - timedelta(days=float(age[1]) * _DAYS[age[2]])).timestamp()
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        raise SentinelError(
            f'{text!r} is no date and no age.', 'Write 2026-05-31, 2026-05-31T20:00, 12h or 7d.'
        ) from None


def newest(*places: Path) -> Path | None:
    """The run folder in ``places`` whose log was written last; None where no run has a log.

    Of a run with several robots, which have a folder each, it is that of one of them.
    """
    depths = (f'*/{FILE_NAME}', f'*/*/{FILE_NAME}')
    logs = [log for p in places for depth in depths for log in p.glob(depth) if log.is_file()]
    return max(logs, key=_written).parent if logs else None


def _written(log: Path) -> float:
    # While the recorder runs, what is new lies in the write-ahead log.
    ahead = log.with_name(log.name + '-wal')
    return max(file.stat().st_mtime for file in (log, ahead) if file.exists())


def of(args: argparse.Namespace) -> tuple[Path, float, float]:
    """Return the folder, and from when until when (s, ROS time).

    Raises SentinelError where that is no time.
    """
    now = datetime.now()
    since = when(args.since, now, float('-inf'))
    until = when(args.until, now, float('inf'))
    if until <= since:
        raise SentinelError(
            f'--until {args.until} is no later than --since {args.since}.',
            'Ages count back from now, as in --since 2h --until 1h.',
        )
    runs = Path(os.environ.get('SENTINEL_ROOT', '.')) / RUNS
    folder = args.folder or newest(runs, Path(LAUNCHED).expanduser())
    folder = (folder or Path(DEFAULT_FOLDER)).expanduser()
    return folder, since, until
