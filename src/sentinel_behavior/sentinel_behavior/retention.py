"""What nodes write they keep for so many days."""

from collections.abc import Callable

from rclpy.node import Node
from sentinel_common.parameters import Parameter
from sentinel_common.timers import every

# How often old things are deleted, s.
_PERIOD = 6 * 3600.0


def parameter(what: str) -> Parameter:
    """Parameter ``retention_days`` of a node that deletes ``what``."""
    return Parameter(
        'retention_days',
        180.0,
        f'{what} older than this are deleted, days; 0 keeps everything',
        minimum=0.0,
        maximum=36_500.0,
        read_only=True,
    )


def keep_for(node: Node, days: float, forget: Callable[[float], None]) -> None:
    """Call ``forget`` with the age (s) beyond which it deletes, now and every six hours.

    Never where ``days`` is 0.
    """
    if days:
        age = days * 86_400.0
        forget(age)
        every(node, _PERIOD, lambda: forget(age))
