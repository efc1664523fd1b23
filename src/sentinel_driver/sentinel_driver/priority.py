"""Let the processes that stop the robot run before those that think."""

import contextlib
import os

# Enough to be scheduled at once on a machine that detects and renders meanwhile; -20 is left to
# the kernel's own.
_NICE = -10


def raise_priority() -> bool:
    """Ask for a higher priority.

    False where the system does not grant it (see docs/hardware.md).
    """
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, _NICE)
    return os.getpriority(os.PRIO_PROCESS, 0) <= _NICE
