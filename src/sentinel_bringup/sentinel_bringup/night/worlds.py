"""Random worlds against the guard, in portions that a journal keeps, so that a run can go on."""

import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sentinel_behavior.bench.invariants import WORLDS

import sentinel_behavior
from sentinel_common import geometry

from .journal import Journal, fingerprint
from .statistics import share
from .workers import mapper

# Worlds that a process plays at a time.
_CHUNK = 1000

# What a world runs through: the guard, and the worlds themselves; and a module that all share.
_CODE = ('guard/*.py', 'geometry.py', 'tracks.py', 'hours.py', 'bench/invariants.py')


def code() -> str:
    """Short hash of the guard and of the worlds: figures of another guard are not added up."""
    package = Path(sentinel_behavior.__file__).parent
    own = (path for pattern in _CODE for path in package.glob(pattern))
    return fingerprint([*own, Path(geometry.__file__)])


def _play(job: tuple[str, int, int]) -> dict[str, Any]:
    """Play the worlds of one invariant with the seeds ``first`` to ``first + count - 1``."""
    name, first, count = job
    start = time.process_time()
    broken = [s for s in range(first, first + count) if WORLDS[name](random.Random(f'{name} {s}'))]
    spent = time.process_time() - start
    return {'name': name, 'first': first, 'count': count, 'broken': broken, 'cpu_seconds': spent}


def measure(
    count: int,
    *,
    workers: int = 1,
    journal: Path | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Play ``count`` worlds per invariant; the figures of ``summary``.

    Ctrl-C ends it with what was played. ``journal``: a file of JSON lines that gets every finished
    portion; those that it holds already, of the same code, are not played again.
    """
    kept = Journal(code(), journal)
    known = {(p['name'], p['first'], p['count']) for p in kept.portions if p['first'] < count}
    asked = [(n, f, min(_CHUNK, count - f)) for n in WORLDS for f in range(0, count, _CHUNK)]
    jobs = [job for job in asked if job not in known]
    with mapper(workers) as run, suppress(KeyboardInterrupt):
        for portion in run(_play, jobs):
            kept.add(portion)
            if portion['first'] % (20 * _CHUNK) == 0:
                say(f'{portion["name"]}: {portion["first"]} worlds')
    return summary([p for p in kept.portions if p['first'] < count], kept.code)


def summary(portions: list[dict[str, Any]], version: str) -> dict[str, Any]:
    """How many worlds of each invariant were played, and the seeds of those that were broken."""
    found = {}
    for name in WORLDS:
        mine = [p for p in portions if p['name'] == name]
        worlds = sum(p['count'] for p in mine)
        broken = [seed for p in mine for seed in p['broken']]
        found[name] = {
            'worlds': worlds,
            'broken': len(broken),
            'broken_seeds': broken[:20],
            'share': share(len(broken), worlds) if worlds else None,
            'cpu_seconds': round(sum(p['cpu_seconds'] for p in mine), 1),
            'code': version,
        }
    return found
