"""What a run costs: processor time and memory of every node with all that it started."""

import os
import platform
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import psutil

from . import shared_memory

# Memory is read this much more rarely than processor time: the kernel walks all pages for it.
_MEMORY_EVERY = 5


@dataclass
class _Use:
    cpu: dict[int, float] = field(default_factory=dict)
    """Seconds by process id."""
    pss: float = 0.0
    peak_pss: float = 0.0
    starts: int = 0


class Meter:
    """Samples processes by name; call ``sample`` about once a second."""

    def __init__(self) -> None:
        self._start = time.monotonic()
        self._uses: dict[str, _Use] = {}
        self._samples = 0
        self._peak = 0.0
        self.memory_names: set[str] = set()
        """Names of all shared memory of Fast DDS that was seen in use."""

    def started(self, name: str) -> None:
        """Count one start of a node."""
        self._uses.setdefault(name, _Use()).starts += 1

    def sample(self, pids: Mapping[str, int], *, last: bool = False) -> None:
        """Look at the living processes ``{name: pid}`` and their descendants."""
        self._samples += 1
        with_memory = last or self._samples % _MEMORY_EVERY == 0
        for name, pid in pids.items():
            use = self._uses.setdefault(name, _Use())
            pss = 0
            for process in _tree(pid):
                try:
                    times = process.cpu_times()
                    use.cpu[process.pid] = times.user + times.system
                    self.memory_names |= shared_memory.in_use_by(process.pid)
                    if with_memory:
                        pss += process.memory_full_info().pss
                except psutil.Error:  # it has just ended
                    continue
            if with_memory:
                use.pss = pss / 1e6
                use.peak_pss = max(use.peak_pss, use.pss)
        if with_memory:
            self._peak = max(self._peak, sum(use.pss for use in self._uses.values()))

    def result(self) -> dict[str, Any]:
        """Return the figures: seconds, mean of processors in use, peak of shared-out memory, MB."""
        seconds = time.monotonic() - self._start
        nodes = {
            name: {
                'cpu_seconds': round(sum(use.cpu.values()), 2),
                'cpu_cores_mean': round(sum(use.cpu.values()) / seconds, 3),
                'pss_peak_mb': round(use.peak_pss, 1),
                'starts': use.starts,
            }
            for name, use in self._uses.items()
        }
        total = sum(sum(use.cpu.values()) for use in self._uses.values())
        return {
            'seconds': round(seconds, 1),
            'machine': platform.machine(),
            'processors': os.cpu_count(),
            'python': platform.python_version(),
            'nodes': nodes,
            'total': {
                'cpu_seconds': round(total, 2),
                'cpu_cores_mean': round(total / seconds, 3),
                'pss_peak_mb': round(self._peak, 1),
            },
        }


def _tree(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [process, *process.children(recursive=True)]
    except psutil.Error:
        return []
