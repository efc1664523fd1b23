"""``./sentinel record``: MCAP files of what the nodes say, for Foxglove and for replay."""

import argparse
from pathlib import Path

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


def main(args: argparse.Namespace) -> int:
    """Record until Ctrl-C."""
    from sentinel_common import node

    from ..bag_node import BagNode

    values = {
        'folder': f"'{args.to.absolute()}'",
        'visits_only': str(args.visits).lower(),
        'before': args.before,
        'images': str(not args.no_images).lower(),
    }
    overrides = [word for name, value in values.items() for word in ('-p', f'{name}:={value}')]
    return node.run(BagNode, args=['--ros-args', *overrides])
