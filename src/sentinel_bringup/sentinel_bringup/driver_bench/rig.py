"""Emulated robot, driver node and commanding process, and what arrives at the robot and when."""

import contextlib
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

from sentinel_common.errors import SentinelError
from sentinel_driver.hermes import Codec
from sentinel_driver.priority import raise_priority

CODEC = Codec()

# Nothing that a trial waits for takes longer, s.
_TIMEOUT = 60.0

# How often is looked, s.
_POLL = 0.005

# A radio process is given so long to disconnect, s.
_GOODBYE = 5.0


class TrialError(SentinelError):
    """A trial did not get where it should."""


class Rig:
    """One emulated robot and a guard that allows all, in this process, on a DDS domain."""

    def __init__(self, domain: int) -> None:
        import rclpy
        from rclpy.context import Context
        from rclpy.executors import SingleThreadedExecutor
        from rclpy.node import Node
        from sentinel_sim.robot.mekamon import MekaMon
        from sentinel_sim.robot.peripheral import EmulatedRobot

        from sentinel_common import qos
        from sentinel_msgs.msg import SafetyState

        # The emulated robot stands for hardware, which no load of this machine delays. Its threads
        # inherit the priority; the processes under test start with the usual one.
        self.prioritised = raise_priority()
        self.domain = domain
        # What is published here lets a robot walk; no driver but the rig's own may hear it.
        self._namespace = f'/driver_bench_{os.getpid()}'
        # How long the machine kept this process, and with it the robot, from hearing a stop.
        self.longest_stall = 0.0  # s
        self.got: list[tuple[float, bytes]] = []
        self.robot = EmulatedRobot(MekaMon())
        self.robot.on_payload = lambda moment, payload: self.got.append((moment, payload))
        self.robot.start()
        self._context = Context()
        rclpy.init(context=self._context, domain_id=domain)
        self.node: Any = Node('rig', namespace=self._namespace, context=self._context)
        self._safety = self.node.create_publisher(SafetyState, 'safety_state', qos.RELIABLE)
        self._allowed = SafetyState(
            armed=True, translation_allowed=True, turning_allowed=True, max_speed=1.0
        )
        self.node.create_timer(0.1, lambda: self._safety.publish(self._allowed))
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self.node)
        self._thread = threading.Thread(target=self._executor.spin, daemon=True)
        self._thread.start()

    @property
    def transport(self) -> str:
        """How a driver reaches the robot."""
        return f'hci:tcp-client:127.0.0.1:{self.robot.port}'

    def start_driver(self) -> 'subprocess.Popen[bytes]':
        """Start a driver node."""
        return self._start('sentinel_driver.driver_node', '-p', f'transport:={self.transport}')

    def start_commander(self) -> 'subprocess.Popen[bytes]':
        """Start a process that commands."""
        return self._start('sentinel_bringup.driver_bench.commander')

    def _start(self, module: str, *options: str) -> 'subprocess.Popen[bytes]':
        ros = ['--ros-args', '--log-level', 'error', '-r', f'__ns:={self._namespace}']
        return subprocess.Popen(
            [sys.executable, '-m', module, *ros, *options],
            env={**os.environ, 'ROS_DOMAIN_ID': str(self.domain)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            preexec_fn=_usual_priority,
        )

    def until(self, wanted: Callable[[], Any], what: str, timeout: float = _TIMEOUT) -> float:
        """Wait for something; raise TrialError where it does not happen.

        Return the longest time for which this process was kept from looking, s.
        """
        stall = 0.0
        end = time.monotonic() + timeout
        while not wanted():
            before = time.monotonic()
            if before > end:
                raise TrialError(f'{what} did not happen within {timeout:.0f} s.')
            time.sleep(_POLL)
            stall = max(stall, time.monotonic() - before - _POLL)
        return stall

    def walks(self, since: float) -> bool:
        """Whether the robot was told to walk after ``since``, and by the last command."""
        drives = [(t, p) for t, p in self.got[-20:] if CODEC.is_drive(p)]
        return bool(drives) and drives[-1][0] > since and drives[-1][1] != CODEC.neutral

    def stopped_at(self, since: float) -> float | None:
        """Steady time of the first neutral after ``since`` that no drive follows, s."""
        stop = None
        for moment, payload in self.got:
            if moment >= since and CODEC.is_drive(payload):
                stop = (stop or moment) if payload == CODEC.neutral else None
        return stop

    def stop_latency(self, since: float, settle: float = 0.25) -> float:
        """Wait for the stop; return how long after ``since`` it arrived, s."""
        stall = self.until(lambda: self.stopped_at(since) is not None, 'the stop')
        self.longest_stall = max(self.longest_stall, stall)
        time.sleep(settle)  # a late command would show that it was none
        self.until(lambda: self.stopped_at(since) is not None, 'the stop')
        moment = self.stopped_at(since)
        assert moment is not None
        self.got.clear()
        return moment - since

    def close(self) -> None:
        """End everything."""
        import rclpy

        self._executor.shutdown()
        self._thread.join()
        self.node.destroy_node()
        rclpy.shutdown(context=self._context)
        # A radio process that outlives its node a little still says goodbye.
        with contextlib.suppress(TrialError):
            self.until(lambda: not self.robot.connected, 'the disconnection', _GOODBYE)
        self.robot.stop()


def _usual_priority() -> None:
    with contextlib.suppress(OSError):  # who runs all of it at low priority may not raise it
        os.setpriority(os.PRIO_PROCESS, 0, 0)


def _burn() -> None:
    _usual_priority()
    while True:
        sum(range(100_000))


@contextlib.contextmanager
def load(processes: int) -> Iterator[None]:
    """Keep ``processes`` cores busy meanwhile."""
    workers = [
        multiprocessing.get_context('spawn').Process(target=_burn, daemon=True)
        for _ in range(processes)
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.terminate()
            worker.join()
