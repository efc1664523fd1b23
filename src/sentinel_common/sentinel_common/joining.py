"""What the commands share that join a sentinel which runs already."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .errors import SentinelError

# So long a running node may take to be found, s: discovery and one message.
PATIENCE = 10.0


class NobodyError(SentinelError):
    """Nobody who runs was found."""


def add_namespace(parser: argparse.ArgumentParser) -> None:
    """Declare ``--namespace``."""
    parser.add_argument('--namespace', default='', help='of the robot, where there are several')


@contextmanager
def joined(name: str, namespace: str) -> Iterator[Any]:
    """Yield a node called ``name`` in ``namespace``; Ctrl-C ends what is done with it.

    Raises SentinelError where ``namespace`` is none.
    """
    import rclpy
    from rclpy.exceptions import InvalidNamespaceException
    from rclpy.executors import ExternalShutdownException
    from rclpy.validate_namespace import validate_namespace

    try:
        validate_namespace(f'/{namespace.strip("/")}')
    except InvalidNamespaceException:
        raise SentinelError(
            f'{namespace!r} is no namespace.', 'Use letters, digits, "_" and "/".'
        ) from None
    rclpy.init(args=[])
    node = rclpy.create_node(name, namespace=namespace)
    try:
        yield node
    except ExternalShutdownException:
        pass
    finally:
        node.destroy_node()
        rclpy.try_shutdown()


def nobody(who: str, namespace: str) -> NobodyError:
    """Return the error that says that ``who`` was not found."""
    where = f' in {namespace}' if namespace else ''
    return NobodyError(
        f'No {who} is heard{where}.', 'Start one, or set ROS_DOMAIN_ID or --namespace.'
    )
