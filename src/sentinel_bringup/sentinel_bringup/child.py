"""One process of a run: how it is started, read, signalled and ended."""

import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from io import FileIO
from pathlib import Path

from .entries import NodeEntry

# prctl(2): the kernel sends this signal to a process when its parent dies, however that happens.
_PR_SET_PDEATHSIG = 1
# prctl(2): processes whose parent died become our children instead of getting lost.
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)
# Longest line that is kept whole, bytes: a process that never ends one must not fill our memory.
_LONGEST_LINE = 64 * 1024
# A log beyond this size, bytes, becomes the older half of two: a season must not fill the disk.
_LONGEST_LOG = 10_000_000
# Output that is taken at once, bytes, so that a babbling node does not hold up the others.
_MOST_AT_ONCE = 1024 * 1024


def command(entry: NodeEntry) -> list[str]:
    """Return the command line of a node in the world without ``ros2 launch``."""
    arguments = ['-r', f'__node:={entry.name}']
    if entry.namespace:
        arguments += ['-r', f'__ns:=/{entry.namespace.strip("/")}']
    for old, new in entry.remappings:
        arguments += ['-r', f'{old}:={new}']
    for name, value in entry.parameters.items():
        # The YAML of ROS knows JSON, where the text "0" stays a text.
        arguments += ['-p', f'{name}:={json.dumps(value, ensure_ascii=False)}']
    # Its words come to us, who bound the log; ROS would write them a second time, without a limit.
    arguments += ['--log-level', 'info', '--disable-external-lib-logs']
    return [sys.executable, '-m', entry.module, '--ros-args', *arguments]


def adopt_orphans() -> None:
    """Become the parent of every orphan among our descendants, so that none is left behind."""
    _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _prepare(parent: int) -> None:
    """Run in the new process, before it becomes the node."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)
    # Whoever starts us with '&' from a script makes us, and so the node, ignore SIGINT.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _opened(path: Path) -> FileIO | None:
    """Open a log to write on; None where the disk does not take it. No text waits in memory."""
    try:
        return path.open('ab', buffering=0)
    except OSError:
        return None


class Child:
    """A running process in a session of its own, so that Ctrl-C reaches it only through us."""

    def __init__(
        self, arguments: Iterable[str], environment: Mapping[str, str], log: Path | None = None
    ) -> None:
        self.started = time.monotonic()
        self._path = log
        self._log = _opened(log) if log else None
        self._rest = b''
        parent = os.getpid()
        self.process = subprocess.Popen(
            list(arguments),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=lambda: _prepare(parent),
        )
        assert self.process.stdout
        os.set_blocking(self.process.stdout.fileno(), False)

    @property
    def pid(self) -> int:
        """Process id, also its process group and session."""
        return self.process.pid

    def fileno(self) -> int:
        """File descriptor of the output, for a selector."""
        assert self.process.stdout
        return self.process.stdout.fileno()

    def read(self) -> tuple[list[str], bool]:
        """Return the lines that have come, and whether the output has ended; never waits."""
        data, ended = b'', False
        while len(data) < _MOST_AT_ONCE and not ended:
            try:
                piece = os.read(self.fileno(), _MOST_AT_ONCE)
            except BlockingIOError:
                break
            data, ended = data + piece, not piece
        if self._log and self._path:
            try:
                self._log.write(data)
                if self._log.tell() > _LONGEST_LOG:
                    self._turn_over(self._path)
            except OSError:
                pass  # a full disk costs the text, and not the run
        *lines, self._rest = (self._rest + data).split(b'\n')
        if self._rest and (ended or len(self._rest) > _LONGEST_LINE):
            lines, self._rest = [*lines, self._rest], b''
        return [line.decode(errors='replace').rstrip('\r') for line in lines], ended

    def _turn_over(self, path: Path) -> None:
        assert self._log
        with suppress(FileNotFoundError):  # where the last try got no further
            path.replace(path.with_suffix('.old.log'))
        newer = path.open('ab', buffering=0)
        self._log.close()
        self._log = newer

    def status(self) -> int | None:
        """Exit status, None while it runs; minus the number of the signal that killed it."""
        return self.process.poll()

    def send(self, number: int) -> None:
        """Send a signal to the node alone: its own helpers learn from it how to end."""
        if self.status() is None:
            self.process.send_signal(number)

    def close(self) -> None:
        """Let go of pipe and log."""
        assert self.process.stdout
        self.process.stdout.close()
        if self._log:
            self._log.close()
