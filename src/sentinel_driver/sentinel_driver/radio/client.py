"""The node's end of the pipe: starts the radio process and talks to it; never blocks."""

import itertools
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from ..hermes import DriveForm
from . import pipe
from .status import ANY_ROBOT

# A command that could not be written by then has missed its moment, s.
COMMAND_LIFE = 0.5

# Stop and disconnect are done by then; see process._END_TIMEOUT, s.
_CLOSE_TIMEOUT = 4.0


class RadioClient:
    """One radio process.

    ``on_event`` is called with each report (see ``pipe``) on a thread of this object. The process
    runs in a session of its own: a signal to the group of the node must not take away the radio
    before the robot is stopped. ``may_walk``: it replaces one that died, so stop the robot first.
    ``still``: send no drive command at all, see ``Outbox``.
    """

    def __init__(
        self,
        on_event: Callable[[dict[str, Any]], None],
        *,
        transport: str = 'system',
        robot: str = ANY_ROBOT,
        form: DriveForm = DriveForm.WALKING5,
        heartbeat: bool = False,
        may_walk: bool = False,
        still: bool = False,
    ) -> None:
        self._on_event = on_event
        self._tokens = itertools.count(1)
        command = [sys.executable, '-m', 'sentinel_driver.radio.process']
        command += ['--transport', transport, '--robot', robot, '--form', form]
        command += ['--heartbeat'] * heartbeat + ['--may-walk'] * may_walk + ['--still'] * still
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self._descriptor = os.dup(self._process.stdin.fileno())
        self._process.stdin.close()
        self._closed = False
        os.set_blocking(self._descriptor, False)
        self._reader = threading.Thread(target=self._read, name='radio', daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process.poll() is None

    def send(self, payload: bytes, until: float | None = None) -> int:
        """Ask for ``payload`` to be written before ``until`` (s, steady clock).

        Return the token that its report will carry; 0 where the radio process takes nothing.
        """
        token = next(self._tokens)
        until = time.monotonic() + COMMAND_LIFE if until is None else until
        message = {'op': 'send', 'payload': payload.hex(), 'until': until, 'token': token}
        return token if self._write(message) else 0

    def stop(self) -> bool:
        """Ask for neutral now; False where the radio process takes nothing."""
        return self._write({'op': 'stop'})

    def alive(self) -> bool:
        """Say that the node lives; due every ``pipe.ALIVE_PERIOD``."""
        return self._write({'op': 'alive'})

    def kill(self) -> None:
        """End a process that no longer listens; whatever the robot does, it goes on doing."""
        self._process.kill()

    def close(self, *, wait: bool = True) -> None:
        """End the pipe, upon which the process stops the robot, disconnects and ends."""
        if not self._closed:
            self._closed = True
            os.close(self._descriptor)
        if wait:
            try:
                self._process.wait(_CLOSE_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            self._reader.join()

    def _write(self, message: dict[str, Any]) -> bool:
        # A descriptor that was closed may belong to somebody else by now.
        return not self._closed and pipe.write(self._descriptor, message)

    def _read(self) -> None:
        assert self._process.stdout is not None
        lines = pipe.Lines()
        with self._process.stdout as stdout:
            while data := os.read(stdout.fileno(), 65536):
                for message in lines.feed(data):
                    self._on_event(message)
        self._process.wait()
        self._on_event({'ev': 'exit', 'code': self._process.returncode})
