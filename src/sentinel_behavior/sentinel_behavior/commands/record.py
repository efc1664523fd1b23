"""``./sentinel record``: MCAP files of what the nodes say, for Foxglove and for replay."""

import argparse
import os
from pathlib import Path
from typing import Any

from sentinel_common.joining import PATIENCE, add_domain, add_namespace, nobody
from sentinel_common.timers import every

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
    }
    overrides = [word for name, value in values.items() for word in ('-p', f'{name}:={value}')]
    namespace = f'__ns:=/{args.namespace.strip("/")}'

    def make() -> BagNode:
        recorder = BagNode()
        _tell_of_silence(recorder, args.namespace)
        return recorder

    return node.run(make, args=['--ros-args', '-r', namespace, *overrides])


def _tell_of_silence(recorder: Any, namespace: str) -> None:
    """Say so once where nobody is there to be recorded; somebody may yet start."""
    from ..bag.topics import TOPICS

    names = [topic.name for topic in TOPICS if not topic.name.startswith('/')]

    def look() -> None:
        timer.cancel()
        if not any(recorder.count_publishers(name) for name in names):
            recorder.get_logger().warning(str(nobody('node', namespace)))

    timer = every(recorder, PATIENCE, look)
