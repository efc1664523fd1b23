"""What the commands share that join a sentinel which runs already."""

import argparse
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .errors import SentinelError

# So long a running node may take to be found, s: discovery and one message.
PATIENCE = 10.0
# RTPS 2.5, 9.6.2.3: the UDP ports of a higher domain would lie above 65535.
LAST_DOMAIN = 232

# What ROS takes between two slashes.
_NAME = re.compile(r'[A-Za-z_][A-Za-z0-9_]*(/[A-Za-z_][A-Za-z0-9_]*)*')


class NobodyError(SentinelError):
    """Nobody who runs was found."""


def add_namespace(parser: argparse.ArgumentParser) -> None:
    """Declare ``--namespace``; '/' is kept, and means the robot that has none."""
    parser.add_argument(
        '--namespace',
        type=lambda text: namespace(text) or text[:1],
        default='',
        help='of the robot, where there are several; / is the one without',
    )


def add_domain(parser: argparse.ArgumentParser) -> None:
    """Declare ``--domain``; the ``sentinel`` command puts into force what it names."""
    parser.add_argument(
        '--domain', type=domain, metavar='N', help='ROS domain of the run, where there are several'
    )


def namespace(text: str) -> str:
    """Return the ROS namespace ``text`` without slashes at its end, and at most one before it.

    Raises SentinelError where it is none.
    """
    bare = text.strip('/')
    if bare and not _NAME.fullmatch(bare):
        raise SentinelError(
            f'{text!r} is no namespace.',
            'Use letters, digits, "_" and "/"; no part begins with a digit.',
        )
    return f'/{bare}' if bare and text.startswith('/') else bare


def domain(text: str) -> int:
    """Return the number of a ROS domain; raise SentinelError where ``text`` is none."""
    if not (text.isascii() and text.isdecimal() and int(text) <= LAST_DOMAIN):
        raise SentinelError(f'{text!r} is no ROS domain.', f'They are numbered 0 to {LAST_DOMAIN}.')
    return int(text)


def domain_in_force() -> int:
    """Return the domain that ROS_DOMAIN_ID names, 0 where it names none."""
    return domain(os.environ.get('ROS_DOMAIN_ID') or '0')


@contextmanager
def joined(name: str, namespace: str) -> Iterator[Any]:
    """Yield a node called ``name`` in ``namespace``; Ctrl-C ends what is done with it."""
    import rclpy
    from rclpy.executors import ExternalShutdownException

    rclpy.init(args=[])
    node = None
    try:
        node = rclpy.create_node(name, namespace=namespace)
        yield node
    except ExternalShutdownException:
        pass
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()


def nobody(who: str, namespace: str) -> NobodyError:
    """Return the error that says that ``who`` was not found."""
    where = f' in {namespace}' if namespace else ''
    return NobodyError(
        f'No {who} is heard{where}.', 'Start one, or name it: --domain, --namespace.'
    )
