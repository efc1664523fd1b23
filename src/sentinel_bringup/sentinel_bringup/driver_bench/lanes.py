"""Radio parts of the benchmark side by side, as most of each trial is waiting.

A lane is a process that takes one part after the other, each on a rig (robot, DDS domain) of its
own.
"""

import multiprocessing
import signal
import sys
from dataclasses import dataclass
from typing import Any

from . import drops, rig, stops

DROPS = 'drops'


@dataclass(frozen=True)
class Part:
    """``count`` drops, or trials of the silence ``name``, on the DDS domain ``domain``."""

    name: str
    count: int
    domain: int
    seed: int


def measure(parts: list[Part], lanes: int) -> dict[str, dict[str, Any]]:
    """Return the figures of each part by its name."""
    context = multiprocessing.get_context('spawn')
    with context.Pool(lanes, _end_properly) as pool:
        figures = dict(pool.imap_unordered(_measure, parts))
        pool.close()
        pool.join()  # a lane that is terminated while it waits says so in its last words
    return figures


def _measure(part: Part) -> tuple[str, dict[str, Any]]:
    bench = rig.Rig(part.domain)
    trials = stops.Stops(bench, part.seed)
    try:
        if part.name == DROPS:
            figures = drops.measure(bench, part.count, part.seed, _progress)
        else:
            figures = trials.measure(part.name, part.count, _progress)
        return part.name, {**figures, 'robot_prioritised': bench.prioritised}
    finally:
        trials.close()
        bench.close()


def _end_properly() -> None:
    """Ended from outside, a lane must still end the nodes that it started."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
