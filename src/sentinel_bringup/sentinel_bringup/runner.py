"""Starts, watches, respawns and ends nodes where there is no ``ros2 launch``."""

import json
import os
import re
import selectors
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from sentinel_common.errors import SentinelError
from sentinel_common.node import ending_signals

from . import child, domains, network, shared_memory
from .entries import EXIT_USAGE, NodeEntry
from .meter import Meter

# How long the nodes may take to end after each signal, s. The driver needs one to stop the robot,
# the recorder several on a busy computer to write what it has.
PATIENCE = ((signal.SIGINT, 8.0), (signal.SIGTERM, 4.0), (signal.SIGKILL, 3.0))
# Orphans, such as the radio process that still tells the robot to stop, get as long as this, s.
_ORPHAN_PATIENCE = 4.0
# A node that dies is started again after 1, 2, 4 ... seconds, at most:
_LONGEST_BACKOFF = 30.0
# It counts as recovered after, s:
_RECOVERED = 60.0
# A node that dies so many times in a row, each time so soon (s) after its start, is hopeless.
_HOPELESS, _EARLY_DEATH = 5, 10.0
# Period of the loop and of the measurements, s.
_LOOP_PERIOD, _SAMPLE_PERIOD = 0.1, 1.0
# Last lines of a dead node that are shown.
_TAIL = 12

_ROS_LINE = re.compile(r'\[(DEBUG|INFO|WARN|ERROR|FATAL)\] \[[\d.]+\] \[[^\]]*\]: (.*)')

Show = Callable[[str, str, str], None]
"""Called with node name, severity ('' where the line is not from the ROS log) and text."""


class NodeFailedError(SentinelError):
    """A node that the run cannot go without has ended with an error."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended: by a node (name), by a signal (number), or because its time was over."""

    node: str = ''
    signal: int = 0
    seconds: float = 0.0
    looked: bool = True
    """Whether a picture was looked at; the runner itself does not know."""


@dataclass
class _Slot:
    """A node of the list and the process that is it at present."""

    entry: NodeEntry
    process: child.Child | None = None
    backoff: float = 1.0
    restart_at: float = 0.0
    early_deaths: int = 0
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=_TAIL))


def environment(domain: int, *, images: bool) -> dict[str, str]:
    """Return the environment of a node: who may reach it, its domain, room for ``images``."""
    env = dict(os.environ)
    env['ROS_DOMAIN_ID'] = str(domain)
    env['PYTHONUNBUFFERED'] = '1'
    env['PYTHONIOENCODING'] = 'utf-8:replace'  # as it is read here
    env['RCUTILS_COLORIZED_OUTPUT'] = '0'
    return env | network.profile(images=images)


class Runner:
    """Runs one list of nodes once; ``run`` returns when all of its processes are gone."""

    def __init__(
        self,
        entries: Sequence[NodeEntry],
        *,
        folder: Path,
        domain: int,
        show: Show,
        patience: Sequence[tuple[signal.Signals, float]] = PATIENCE,
    ) -> None:
        self._slots = [_Slot(entry) for entry in entries]
        self._folder = folder
        self._domain = domain
        self._print = show
        self._patience = patience
        self._selector = selectors.DefaultSelector()
        self._signals: list[int] = []
        self._meter = Meter()
        self._next_sample = 0.0

    def run(self, duration: float | None = None) -> Outcome:
        """Start all nodes, wait for the end, and end all nodes, whatever happens.

        The end is: a signal, ``duration`` seconds, or a node that ends the run. Raises
        NodeFailedError where a node that is needed cannot live.
        """
        start = time.monotonic()
        child.adopt_orphans()
        (self._folder / 'logs').mkdir(parents=True, exist_ok=True)
        with self._catch_signals():
            try:
                for slot in self._slots:
                    self._start(slot)
                while True:
                    self._poll()
                    seconds = time.monotonic() - start
                    if self._signals:
                        return Outcome(signal=self._signals[0], seconds=seconds)
                    if duration is not None and seconds >= duration:
                        return Outcome(seconds=seconds)
                    for slot in self._slots:
                        if self._watch(slot):
                            return Outcome(node=slot.entry.label, seconds=seconds)
            finally:
                self._stop()

    def _show(self, name: str, severity: str, text: str) -> None:
        try:
            self._print(name, severity, text)
        except OSError:  # the terminal is gone; ending the nodes matters more
            self._print = lambda *_: None

    def _start(self, slot: _Slot) -> None:
        entry = slot.entry
        slot.process = child.Child(
            child.command(entry),
            environment(self._domain, images=entry.images),
            self._folder / 'logs' / f'{entry.label}.log',
        )
        slot.tail.clear()
        self._selector.register(slot.process, selectors.EVENT_READ, slot)
        self._meter.started(entry.label)

    def _poll(self) -> None:
        """Read what the nodes say, for at most one period, and measure them."""
        for key, _ in self._selector.select(_LOOP_PERIOD):
            self._read(key.data)
        if time.monotonic() >= self._next_sample:
            self._next_sample = time.monotonic() + _SAMPLE_PERIOD
            self._sample()

    def _sample(self, *, last: bool = False) -> None:
        pids = {slot.entry.label: slot.process.pid for slot in self._running() if slot.process}
        self._meter.sample(pids, last=last)
        self._reap_orphans()

    def _reap_orphans(self) -> None:
        """Let go of adopted processes that have ended: a season has thousands of them."""
        ours = {slot.process.pid for slot in self._slots if slot.process}
        ended = os.WEXITED | os.WNOHANG
        with suppress(ChildProcessError):  # there is no child at all
            while (status := os.waitid(os.P_ALL, 0, ended | os.WNOWAIT)) is not None:
                if status.si_pid in ours:  # ``_watch`` wants its status; then the next has its turn
                    break
                os.waitid(os.P_PID, status.si_pid, ended)

    def _read(self, slot: _Slot) -> None:
        assert slot.process
        lines, ended = slot.process.read()
        for line in lines:
            slot.tail.append(line)
            match = _ROS_LINE.match(line)
            self._show(slot.entry.label, *(match.groups() if match else ('', line)))
        if ended and slot.process in self._selector.get_map():
            self._selector.unregister(slot.process)

    def _running(self) -> list[_Slot]:
        return [slot for slot in self._slots if slot.process and slot.process.status() is None]

    def _watch(self, slot: _Slot) -> bool:
        """Do what the entry says where its node has died; return whether that ends the run."""
        now = time.monotonic()
        if slot.process is None:
            if slot.entry.respawn and now >= slot.restart_at:
                self._start(slot)
            return False
        status = slot.process.status()
        if status is None:
            return False
        age = now - slot.process.started
        self._close(slot)
        if status == 0 and slot.entry.ends_run:
            return True
        self._bury(slot, status, age)
        return False

    def _bury(self, slot: _Slot, status: int, age: float) -> None:
        """Plan the next start of a node that died, or raise where there is no point in one."""
        entry = slot.entry
        slot.early_deaths = slot.early_deaths + 1 if age < _EARLY_DEATH else 0
        hopeless = status == EXIT_USAGE or slot.early_deaths >= _HOPELESS
        words = _ending(status)
        if hopeless or (entry.ends_run and not entry.respawn):
            last = '\n    '.join(['', *slot.tail])
            raise NodeFailedError(
                f'The node {entry.label} {words}; its last words:{last}\n',
                f'All of them: {self._folder / "logs" / entry.label}.log',
            )
        if entry.respawn:
            if age > _RECOVERED:
                slot.backoff = 1.0
            slot.restart_at = time.monotonic() + slot.backoff
            words += f' and starts again in {slot.backoff:.0f} s'
            slot.backoff = min(2 * slot.backoff, _LONGEST_BACKOFF)
        shared_memory.remove_segments(self._meter.memory_names)
        self._show(entry.label, 'WARN', f'the node {words}')

    def _close(self, slot: _Slot) -> None:
        """Let go of an ended process, after its last words and its last shared memory are known."""
        assert slot.process
        self._read(slot)
        # A descendant may still hold the pipe open.
        if slot.process in self._selector.get_map():
            self._selector.unregister(slot.process)
        slot.process.close()
        slot.process = None

    @contextmanager
    def _catch_signals(self) -> Iterator[None]:
        before = {
            n: signal.signal(n, lambda n, _: self._signals.append(n)) for n in ending_signals()
        }
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _stop(self) -> None:
        """End all nodes: first those that act, then those that the others need to the last."""
        self._sample(last=True)
        for last in (False, True):
            self._stop_wave([s for s in self._slots if s.entry.stops_last == last])
        self._end_orphans()
        result = json.dumps(self._meter.result(), indent=1)
        try:
            (self._folder / 'stack.json').write_text(result + '\n', encoding='utf-8')
        except OSError as error:
            self._show('runner', 'WARN', f'what the nodes cost is not kept: {error}')
        shared_memory.remove_leftovers(self._meter.memory_names, domains.port_range(self._domain))

    def _stop_wave(self, slots: list[_Slot]) -> None:
        """Ask the nodes to end, more firmly each time that patience runs out."""
        for number, patience in self._patience:
            heard = len(self._signals)
            deadline = time.monotonic() + patience
            alive = [s for s in slots if s in self._running()]
            for slot in reversed(alive):
                assert slot.process
                slot.process.send(number)
            while alive and time.monotonic() < deadline and len(self._signals) == heard:
                self._poll()
                alive = [s for s in alive if s in self._running()]
            if alive and number != signal.SIGKILL:
                names = ', '.join(slot.entry.label for slot in alive)
                self._show('runner', 'WARN', f'{names} did not end by {number.name}')
        for slot in slots:
            if slot.process:
                self._close(slot)

    def _end_orphans(self) -> None:
        """Wait for what nodes left behind, then kill it; nothing that we started outlives us."""
        for patience in (_ORPHAN_PATIENCE, PATIENCE[-1][1]):
            deadline = time.monotonic() + patience
            while (orphans := _descendants()) and time.monotonic() < deadline:
                time.sleep(_LOOP_PERIOD / 2)
            for orphan in orphans:
                orphan.kill()


def _descendants() -> list[psutil.Process]:
    """Return our living descendants; those that have ended are reaped."""
    alive = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.ppid() == os.getpid() and os.waitpid(process.pid, os.WNOHANG)[0]:
                continue
            alive.append(process)
        except (psutil.Error, ChildProcessError):
            continue
    return alive


def _ending(status: int) -> str:
    if status >= 0:
        return f'ended with status {status}'
    try:
        return f'was killed by {signal.Signals(-status).name}'
    except ValueError:
        return f'was killed by signal {-status}'
