"""Call ./sentinel as a user does, and look for what it leaves running."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil


@dataclass(frozen=True)
class Call:
    """What one call of ./sentinel said and left."""

    status: int
    out: str
    err: str
    folder: Path


def left_over(folder: Path) -> list[str]:
    """Command lines of live processes that work for the run in ``folder``."""
    found = []
    for process in psutil.process_iter(['cmdline']):
        line = ' '.join(process.info['cmdline'] or [])
        if str(folder) in line and process.pid != os.getpid():
            found.append(line)
    return found


def sentinel(*arguments: object, folder: Path, timeout: float = 100.0) -> Call:
    """Call a command of ./sentinel inside the built workspace."""
    command = [sys.executable, '-m', 'sentinel_bringup', *map(str, arguments)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL
    )
    return Call(done.returncode, done.stdout, done.stderr, folder)
