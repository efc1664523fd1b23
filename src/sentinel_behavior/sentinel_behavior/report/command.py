"""``./sentinel report``: one page out of a period of the incident log."""

import argparse
import sys
from pathlib import Path

from sentinel_common.errors import SentinelError

from ..incidents.store import SqliteStore
from . import period

SUMMARY = 'make an HTML page of what happened in the garden'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    period.add_arguments(parser)
    parser.add_argument('--false-alarm', metavar='VISIT', help='mark a visit as no target first')
    parser.add_argument('--no-false-alarm', metavar='VISIT', help='take such a mark back first')
    parser.add_argument(
        '--serve',
        nargs='?',
        type=int,
        const=0,
        metavar='PORT',
        help='show the page on this computer, with buttons that mark false alarms, until Ctrl-C',
    )


def main(args: argparse.Namespace) -> int:
    """Make the page and print the table."""
    from . import make, summarise, table

    folder, since, until = period.of(args)
    for visit, marked in ((args.false_alarm, True), (args.no_false_alarm, False)):
        if visit:
            with SqliteStore(folder, create=False) as store:
                store.mark(visit, marked)
    summary = summarise(folder, since=since, until=until)
    try:
        page, film = make(summary)
    except OSError as error:
        raise SentinelError(f'The page cannot be written: {error}.') from error
    sys.stdout.write(f'{table(summary)}\n{page}\n')
    if args.serve is not None:
        _serve(folder, since, until, film, args.serve)
    return 0


def _serve(folder: Path, since: float, until: float, film: Path | None, port: int) -> None:
    from . import summarise
    from .page import render
    from .serve import HOST, server

    def page() -> str:
        return render(summarise(folder, since=since, until=until), film, marking=True)

    with server(folder, page, port) as made:
        print(f'http://{HOST}:{made.server_port}/ until Ctrl-C', flush=True)
        made.serve_forever()
