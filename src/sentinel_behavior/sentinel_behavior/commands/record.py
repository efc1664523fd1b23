"""``./sentinel record``: MCAP files of what the nodes say, for Foxglove and for replay."""

import argparse
import os
from pathlib import Path

from sentinel_common.joining import add_domain, add_namespace

SUMMARY = 'record all topics into MCAP files for Foxglove, until Ctrl-C'


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        '--to', type=Path, default=Path('recordings'), help='folder (default: %(default)s)'
    )
    parser.add_argument('--visits', action='store_true', help='one file for each visit')
    parser.add_argument(
        '--before',
        type=float,
        default=5.0,
        metavar='S',
        help='seconds before a visit that its file begins with (default: %(default)s)',
    )
    parser.add_argument('--no-images', action='store_true', help='leave out pictures')
    add_domain(parser)
    add_namespace(parser)


def main(args: argparse.Namespace) -> int:
    """Record until Ctrl-C."""
    # A person reads what the node says, and no log.
    os.environ.setdefault('RCUTILS_CONSOLE_OUTPUT_FORMAT', '{message}')
    os.environ.setdefault('RCUTILS_COLORIZED_OUTPUT', '0')
    from sentinel_common import node

    from ..bag_node import BagNode

    folder = str(args.to.absolute()).replace("'", "''")
    values = {
        'folder': f"'{folder}'",
        'visits_only': str(args.visits).lower(),
        'before': args.before,
        'images': str(not args.no_images).lower(),
        'retention_days': 0.0,  # the folder is this person's, who may want to keep a visit
    }
    overrides = [word for name, value in values.items() for word in ('-p', f'{name}:={value}')]
    namespace = f'__ns:=/{args.namespace.strip("/")}'
    return node.run(BagNode, args=['--ros-args', '-r', namespace, *overrides])
