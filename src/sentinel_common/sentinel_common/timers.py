"""Timers of nodes that watch over silence."""

from collections.abc import Callable
from typing import Any


def every(node: Any, seconds: float, callback: Callable[[], None]) -> Any:
    """Call ``callback`` each ``seconds`` of the machine's steady clock; returns the rclpy timer.

    A timer on the node's own clock, rclpy's default, stands still while the time of day is set back
    or a simulation pauses, and with it whatever should notice that somebody fell silent.
    """
    from rclpy.clock import Clock
    from rclpy.clock_type import ClockType

    clock = Clock(clock_type=ClockType.STEADY_TIME)
    return node.create_timer(seconds, callback, clock=clock)
