"""Deterrents outside the robot: a sprinkler behind a topic, a service, or a program.

Off unless switched on.
"""

import subprocess
from collections.abc import Callable
from typing import Any

from std_msgs.msg import Bool
from std_srvs.srv import Trigger

from sentinel_common import qos

from .deterrents import Deterrent, Deterrents, Hook

# Leads the process group of a program and ends all of it, itself too, once its own input is closed:
# by us, or by the kernel where we die.
_WARDEN = "trap '' HUP INT TERM; read _; kill -TERM 0; sleep 2; kill -KILL 0"


class Hooks:
    """Starts and ends the hooks of deterrents; never blocks. ``fault`` says what failed last."""

    def __init__(self, node: Any, catalogue: Deterrents) -> None:
        self.fault = ''
        self._node = node
        self._programs: list[_Program] = []
        self._starters: dict[str, Callable[[bool], None]] = {}
        for deterrent in catalogue.by_name.values():
            if deterrent.hook:
                self._starters[deterrent.name] = self._starter(deterrent, deterrent.hook)

    def start(self, name: str) -> None:
        """The deterrent ``name`` begins."""
        self._starters[name](True)

    def end(self, name: str) -> None:
        """It ends: a topic says false, a program is ended; a service ends by itself."""
        self._starters[name](False)

    def reap(self) -> None:
        """Collect programs that ended, and see which failed."""
        for program in self._programs:
            self.fault = program.fault() or self.fault
        self._programs = [program for program in self._programs if not program.is_gone()]

    def _starter(self, deterrent: Deterrent, hook: Hook) -> Callable[[bool], None]:
        if hook.kind == 'topic':
            publisher = self._node.create_publisher(Bool, hook.target[0], qos.RELIABLE)
            return lambda on: publisher.publish(Bool(data=on))
        if hook.kind == 'service':
            client = self._node.create_client(Trigger, hook.target[0])
            return lambda on: self._call(client, hook.target[0]) if on else None
        return lambda on: self._run(hook.target) if on else self._end_programs()

    def _call(self, client: Any, name: str) -> None:
        if not client.service_is_ready():
            self.fault = f'the service {name} is not there'
            return

        def done(future: Any) -> None:
            answer = future.result()
            self.fault = '' if answer.success else f'{name}: {answer.message}'

        client.call_async(Trigger.Request()).add_done_callback(done)

    def _run(self, command: tuple[str, ...]) -> None:
        try:
            self._programs.append(_Program(command))
        except OSError as error:
            self.fault = f'{command[0]}: {error.strerror}'
            return
        self.fault = ''

    def _end_programs(self) -> None:
        for program in self._programs:  # one deterrent acts at a time
            program.end()


class _Program:
    """A running program in a process group of its own. Raises OSError where it cannot start."""

    def __init__(self, command: tuple[str, ...]) -> None:
        shell = '/bin/sh', '-c', _WARDEN
        self._warden = subprocess.Popen(shell, stdin=subprocess.PIPE, process_group=0)
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, process_group=self._warden.pid
            )
        except OSError:
            self._warden.kill()
            self._warden.communicate()
            raise

    @property
    def _ended(self) -> bool:
        assert self._warden.stdin
        return self._warden.stdin.closed

    def end(self) -> None:
        """Ask all that it started to end, and insist two seconds later."""
        assert self._warden.stdin
        self._warden.stdin.close()

    def fault(self) -> str:
        """Say what is wrong with it, or ''."""
        status = self._process.poll()
        if not self._ended:
            return f'a hook ended with status {status}' if status else ''
        outlives = status is None and self._warden.poll() is not None
        # Behind sudo it is another user's; or it has made a group of its own.
        return 'a hook goes on after its end, and cannot be ended' if outlives else ''

    def is_gone(self) -> bool:
        """Whether nothing of it is left; what it started goes on until it is to end."""
        over = self._ended and self._warden.poll() is not None
        return over and self._process.poll() is not None
