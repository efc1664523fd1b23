"""How long after each kind of silence the stop arrives at the robot."""

import random
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

import psutil

from .rig import CODEC, Rig, TrialError
from .statistics import summary

# Required of the p99: 0.7 s after the last command, 0.5 s after any other event.
_EXPIRED, _ENDED = 0.7, 0.5

# So many starts in a row that fail are no matter of a busy machine.
_HOPELESS = 3

_ACTIVATE, _DEACTIVATE = 3, 4  # of lifecycle_msgs/Transition

Process = subprocess.Popen[bytes]


def _say(process: Process, word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(word.encode() + b'\n')
    process.stdin.flush()


class Stops:
    """Runs trials of every kind on one rig."""

    def __init__(self, rig: Rig, seed: int) -> None:
        self._rig = rig
        self._random = random.Random(seed)
        self._driver: Process | None = None
        self._commander: Process | None = None

    def measure(self, kind: str, trials: int, progress: Callable[[str], None]) -> dict[str, Any]:
        """Return the figures of one kind of silence; raise TrialError where nothing walks."""
        trial, limit = KINDS[kind]
        values: list[float] = []
        starved, in_a_row, self._rig.longest_stall = 0, 0, 0.0
        while len(values) < trials:
            try:
                self._walk()
            except TrialError:
                # The machine is too busy to start a node in time; no stop was asked for yet.
                starved, in_a_row = starved + 1, in_a_row + 1
                self.close()
                if in_a_row == _HOPELESS:
                    raise
                continue
            in_a_row = 0
            values.append(trial(self))
            progress(f'{kind} {len(values)}/{trials}: {values[-1]:.3f} s')
        return {
            **summary(values, limit),
            'longest_stall': self._rig.longest_stall,
            'starts_given_up': starved,
            'values': values,
        }

    def close(self) -> None:
        """End the processes."""
        for process in (self._driver, self._commander):
            _reap(process)
        self._driver = self._commander = None

    def _walk(self) -> None:
        rig = self._rig
        if self._driver is None:
            self._driver = rig.start_driver()
        if self._commander is None:
            self._commander = rig.start_commander()
        _say(self._commander, 'go')
        since = time.monotonic()
        rig.until(lambda: rig.walks(since), 'walking')
        time.sleep(self._random.uniform(0.3, 0.6))  # at any phase of all the timers

    def expire(self) -> float:
        """The commands end, their process lives."""
        assert self._commander is not None and self._commander.stdout is not None
        _say(self._commander, 'pause')
        return self._rig.stop_latency(float(self._commander.stdout.readline()), settle=0.5)

    def deactivate(self) -> float:
        """The lifecycle of the driver."""
        since = time.monotonic()
        self._change(_DEACTIVATE)
        latency = self._rig.stop_latency(since)
        self._rig.until(lambda: not self._rig.robot.connected, 'the disconnection')
        self._change(_ACTIVATE)
        return latency

    def _change(self, transition: int) -> None:
        from lifecycle_msgs.msg import Transition
        from lifecycle_msgs.srv import ChangeState

        client = self._rig.node.create_client(ChangeState, 'driver/change_state')
        self._rig.until(client.service_is_ready, 'the service of the driver')
        client.call_async(ChangeState.Request(transition=Transition(id=transition)))

    def end_driver(self, number: int) -> float:
        """Send a signal to the driver node."""
        assert self._driver is not None
        since = time.monotonic()
        self._driver.send_signal(number)
        latency = self._rig.stop_latency(since)
        _reap(self._driver)
        self._driver = None
        self._rig.until(lambda: not self._rig.robot.connected, 'the disconnection')
        return latency

    def kill_commander(self) -> float:
        """SIGKILL to the node that commands."""
        assert self._commander is not None
        since = time.monotonic()
        self._commander.kill()
        latency = self._rig.stop_latency(since, settle=0.5)
        _reap(self._commander)
        self._commander = None
        return latency

    def freeze_driver(self) -> float:
        """SIGSTOP to the driver node: its pipe falls silent but does not end."""
        assert self._driver is not None
        since = time.monotonic()
        self._driver.send_signal(signal.SIGSTOP)
        latency = self._rig.stop_latency(since)
        self._driver.send_signal(signal.SIGCONT)
        return latency

    def kill_radio(self) -> float:
        """SIGKILL to the radio process: the robot walks on until the next one shakes hands."""
        assert self._driver is not None
        since = time.monotonic()
        psutil.Process(self._driver.pid).children()[0].kill()
        return self._first_neutral(since)

    def lose_radio(self) -> float:
        """Out of range for one second; the robot walks on until it is back."""
        from sentinel_sim.robot.peripheral import Fault

        since = time.monotonic()
        self._rig.robot.cause(Fault.VANISH, 1.0)
        return self._first_neutral(since)

    def _first_neutral(self, since: float) -> float:
        def neutral() -> float | None:
            found = [t for t, p in self._rig.got if t >= since and p == CODEC.neutral]
            return found[0] if found else None

        self._rig.until(neutral, 'a neutral')
        moment = neutral()
        assert moment is not None
        return moment - since


def _reap(process: Process | None) -> None:
    if process is None:
        return
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()


KINDS: dict[str, tuple[Callable[[Stops], float], float | None]] = {
    'command_expires': (Stops.expire, _EXPIRED),
    'node_deactivated': (Stops.deactivate, _ENDED),
    'node_sigint': (lambda stops: stops.end_driver(signal.SIGINT), _ENDED),
    'node_sigterm': (lambda stops: stops.end_driver(signal.SIGTERM), _ENDED),
    'node_sigkill': (lambda stops: stops.end_driver(signal.SIGKILL), _ENDED),
    'commander_sigkill': (Stops.kill_commander, _ENDED),
    'node_frozen': (Stops.freeze_driver, None),
    'radio_process_killed': (Stops.kill_radio, None),
    'radio_lost_1s': (Stops.lose_radio, None),
}


def limit(kind: str) -> float | None:
    """Required p99 of one kind of silence, s."""
    return KINDS[kind][1]
