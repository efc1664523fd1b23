"""``./sentinel estop``: the emergency stop of the sentinel that runs."""

import argparse

from sentinel_common.joining import add_namespace

from .guard import tell_guard

SUMMARY = 'emergency stop of the sentinel that runs, until estop --release'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--release', action='store_true', help='let it act again')
    add_namespace(parser)


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    print(tell_guard('emergency_stop', not args.release, args.namespace))
    return 0
