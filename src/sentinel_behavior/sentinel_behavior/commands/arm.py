"""``./sentinel arm``: lets the sentinel that runs act, or watch only."""

import argparse

from sentinel_common.joining import add_domain, add_namespace

from .guard import tell_one

SUMMARY = 'let the sentinel that runs act; with --off, only watch'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--off', action='store_true', help='disarm it')
    add_domain(parser)
    add_namespace(parser)


def main(args: argparse.Namespace) -> int:
    """Run the command; raise NobodyError where no guard answers in time."""
    print(tell_one('arm', not args.off, args.namespace, getattr(args, 'domains', ())))
    return 0
