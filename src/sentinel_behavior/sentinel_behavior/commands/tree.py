"""``./sentinel tree``: draws the behaviour tree, live with the status of every node."""

import argparse
import sys
from pathlib import Path

from py_trees.display import dot_tree, unicode_tree
from sentinel_common.files import share
from sentinel_common.joining import PATIENCE, add_domain, add_namespace, joined, nobody

from ..brain import Brain
from ..policy import POLICIES
from ..zones import read_zones

SUMMARY = 'draw the behaviour tree; with --live, what it does now'

_COLORS = {'✓': '32', '*': '33', '✕': '31', '-': '2'}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('file', nargs='?', type=Path, help='default: config/tree.yaml')
    parser.add_argument('--live', action='store_true', help='follow the brain that runs')
    add_domain(parser)
    add_namespace(parser)
    parser.add_argument('--dot', action='store_true', help='as a graph for Graphviz')


def main(args: argparse.Namespace) -> int:
    """Run the command."""
    if args.live:
        return _follow(args.namespace)
    brain = Brain(
        tree=args.file or share('config/tree.yaml'),
        deterrents=share('config/deterrents.yaml'),
        zones=read_zones(share('config/zones.yaml')),
        policy=POLICIES['first'],
    )
    print(dot_tree(brain.root).to_string() if args.dot else unicode_tree(brain.root), end='')
    return 0


def colored(snapshot: str) -> str:
    """``snapshot`` in colour: green done, yellow running, red failed, dim not ticked."""
    lines = []
    for line in snapshot.splitlines():
        mark = next((m for m in _COLORS if f'[{m}]' in line[4:]), None)
        lines.append(f'\033[{_COLORS[mark]}m{line}\033[0m' if mark else line)
    return '\n'.join(lines)


def _follow(namespace: str) -> int:
    import rclpy
    from std_msgs.msg import String

    from sentinel_common import qos

    heard = []

    def show(message: String) -> None:
        heard.append(True)
        if sys.stdout.isatty():
            print('\033[2J\033[H' + colored(message.data), flush=True)
        else:
            print(message.data, flush=True)

    with joined('tree_viewer', namespace) as node:
        node.create_subscription(String, 'tree', show, qos.LATCHED)
        start = node.get_clock().now().nanoseconds
        while rclpy.ok():
            rclpy.spin_once(node, timeout_sec=0.2)
            waited = (node.get_clock().now().nanoseconds - start) * 1e-9
            if not heard and waited > PATIENCE:
                raise nobody('brain', namespace)
    return 0
