"""How every node starts and ends."""

import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from .errors import SentinelError

# How long a signal may wait until the loop looks at it, s. rclpy's wait does not return on signals.
_SIGNAL_PERIOD = 0.1

# How long a node that ``waits`` does so, s. ``ros2 launch`` insists 5 s after it asked all to end.
_LAST_WORDS = 2.0

# Exit status after a SentinelError, as of a command that was called wrongly.
_EXIT_USAGE = 2


def ending_signals() -> list[int]:
    """Return the signals that end a program: SIGHUP too, unless somebody (``nohup``) ignores it."""
    hang_up = [signal.SIGHUP] if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN else []
    return [signal.SIGINT, signal.SIGTERM, *hang_up]


def run(factory: Callable[[], Any], *, threads: int = 1, args: list[str] | None = None) -> int:
    """Create one node, spin it until a signal ends it, and return the exit status.

    The signals are those of ``ending_signals``.

    ``factory`` makes the node once rclpy is up. If the node has ``stop()``, that is its stop
    sequence: it runs exactly once while publishers still work, however often and by whichever
    signal the end was asked for, and where a callback raises. A node with ``waits()`` goes on for a
    moment before, while that is true: others that were asked to end, too, have last words for it. A
    node with ``autostart()`` (see ``lifecycle``) gets that call before spinning. A SentinelError,
    and arguments that ROS does not take, end the process with one sentence and status 2. No
    other user of the computer can read what the node keeps.
    """
    import rclpy
    from rclpy.executors import MultiThreadedExecutor, SingleThreadedExecutor
    from rclpy.signals import SignalHandlerOptions

    os.umask(0o077)
    asked_to_end: list[int] = []
    ending = ending_signals()
    for number in ending:
        signal.signal(number, lambda n, _: asked_to_end.append(n))

    try:
        rclpy.init(args=args, signal_handler_options=SignalHandlerOptions.NO)
    except RuntimeError as error:  # rcl does not tell a parameter file that is none from others
        reason = str(error).partition(', at /')[0].removeprefix('failed to initialize rcl: ')
        print(f'ROS 2 does not take the arguments: {reason}.', file=sys.stderr)
        return _EXIT_USAGE
    node: Any = None
    try:
        node = factory()
        executor = MultiThreadedExecutor(threads) if threads > 1 else SingleThreadedExecutor()
        executor.add_node(node)
        if hasattr(node, 'autostart'):
            node.autostart()
        try:
            while not asked_to_end:
                executor.spin_once(timeout_sec=_SIGNAL_PERIOD)
            until = time.monotonic() + _LAST_WORDS
            while hasattr(node, 'waits') and node.waits() and time.monotonic() < until:
                executor.spin_once(timeout_sec=_SIGNAL_PERIOD)
        finally:
            for number in ending:
                # The interpreter would restore the default on its way out, where a second Ctrl-C
                # kills.
                signal.signal(number, signal.SIG_IGN)
            if hasattr(node, 'stop'):
                node.stop()
        executor.shutdown(timeout_sec=1.0)
        return 0
    except SentinelError as error:
        print(error, file=sys.stderr)
        return _EXIT_USAGE
    finally:
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
