"""Deterrents outside the robot: a sprinkler behind a topic, a service, or a program.

Off unless switched on.
"""

import os
import signal
import subprocess
from collections.abc import Callable
from typing import Any

from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from sentinel_common import qos

from .deterrents import Deterrent, Deterrents, Hook

# A program that hangs is ended after this, s: a sprinkler command only has to press a button.
PROGRAM_TIMEOUT = 20.0


class Hooks:
    """Starts and ends the hooks of deterrents; never blocks. ``fault`` says what failed last."""

    def __init__(self, node: Any, catalogue: Deterrents) -> None:
        self.fault = ''
        self._node = node
        self._programs: list[tuple[subprocess.Popen[bytes], float]] = []
        self._starters: dict[str, Callable[[bool, float], None]] = {}
        for deterrent in catalogue.by_name.values():
            if deterrent.hook:
                self._starters[deterrent.name] = self._starter(deterrent, deterrent.hook)

    def start(self, name: str, now: float) -> None:
        """The deterrent ``name`` begins; ``now`` on the steady clock, s."""
        self._starters[name](True, now)

    def end(self, name: str, now: float) -> None:
        """It ends: a topic says false; services and programs end by themselves."""
        self._starters[name](False, now)

    def reap(self, now: float) -> None:
        """Collect programs that ended, end those that hang. ``now``: steady clock, s."""
        still = []
        for program, started in self._programs:
            status = program.poll()
            if status is None and now - started > PROGRAM_TIMEOUT:
                self.fault = f'a hook ran longer than {PROGRAM_TIMEOUT:.0f} s and was ended'
                try:
                    os.killpg(program.pid, signal.SIGKILL)
                except PermissionError:  # behind sudo it is another user's
                    self.fault = f'a hook of another user runs longer than {PROGRAM_TIMEOUT:.0f} s'
            elif status is None:
                still.append((program, started))
            elif status:
                self.fault = f'a hook ended with status {status}'
        self._programs = still

    def _starter(self, deterrent: Deterrent, hook: Hook) -> Callable[[bool, float], None]:
        if hook.kind == 'topic':
            publisher = self._node.create_publisher(Bool, hook.target[0], qos.RELIABLE)
            return lambda on, _: publisher.publish(Bool(data=on))
        if hook.kind == 'service':
            client = self._node.create_client(Trigger, hook.target[0])
            return lambda on, _: self._call(client, hook.target[0]) if on else None
        return lambda on, now: self._run(hook.target, now) if on else None

    def _call(self, client: Any, name: str) -> None:
        if not client.service_is_ready():
            self.fault = f'the service {name} is not there'
            return

        def done(future: Any) -> None:
            answer = future.result()
            self.fault = '' if answer.success else f'{name}: {answer.message}'

        client.call_async(Trigger.Request()).add_done_callback(done)

    def _run(self, command: tuple[str, ...], now: float) -> None:
        try:
            # A session of its own, so that what the program starts can be ended with it.
            program = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
        except OSError as error:
            self.fault = f'{command[0]}: {error.strerror}'
            return
        self.fault = ''
        self._programs.append((program, now))
