"""Parts ``encounters`` and ``errors``: what is done at people and pets, and what caution costs."""

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sentinel_common.configuration import digest
from sentinel_common.files import share
from sentinel_common.species import PROTECTED

from .detector_errors import (
    DetectorErrors,
    measured_model,
    plain,
    read_errors,
    sets,
    slower,
    variations,
)
from .encounters import Encounters
from .family import play_family
from .judge import Result
from .statistics import share as share_of
from .workers import mapper

FILE = 'config/detector_errors.yaml'

# Share of encounters with a raccoon: about one in ten is then during an engagement.
_WITH_RACCOON = 0.22

# Encounters that one process plays with one sentinel.
_BLOCK = 50

# Shares of people and pets that are never seen, for the curve.
_CURVE = (0.0, 0.05, 0.1, 0.2, 0.5)

# Nights of which false actions are told.
_NIGHTS = 10

Met = tuple[str, Result]


def _block(job: tuple[DetectorErrors, str, int]) -> list[Met]:
    errors, seed, count = job
    world, chance = Encounters(errors, seed), random.Random(f'kinds {seed}')
    results = []
    for _ in range(count):
        visitor = chance.choice(('person', 'cat', 'dog'))
        raccoon = chance.random() < _WITH_RACCOON
        results.append((visitor, world.play(raccoon=raccoon, visitor=visitor)))
    return results


def _single(job: tuple[DetectorErrors, str, int]) -> list[Met]:
    """Somebody alone: a raccoon, or one of those who pass; the seed begins with who."""
    errors, seed, count = job
    world, who = Encounters(errors, seed), seed.split()[0]
    if who == 'raccoon':
        return [(who, world.play(raccoon=True, visitor='')) for _ in range(count)]
    return [(who, world.play(raccoon=False, visitor=who)) for _ in range(count)]


Say = Callable[[str], None]


def measure(count: int, few: int, *, workers: int = 1, say: Say = print) -> dict[str, Any]:
    """Actions at people and pets in ``count`` encounters, with the errors as measured.

    Then ``few`` raccoons and passers of every kind alone, and families. Shares with exact 95 %
    intervals; ``say`` hears how far it is.
    """
    errors, passers = read_errors(share(FILE))
    with mapper(workers) as run:
        found = {
            'errors': vars(errors),
            **models(),
            'measured': _meet(run, errors, 'measured', count),
        }
        say('alone')
        found |= answers(_alone(run, errors, 'raccoon', few))
        passed = {who: _alone(run, errors, who, few) for who in passers}
        found['false_actions'] = false_actions(passed, passers)
    say('families')
    found['family'] = play_family(errors, max(1, few // 3))
    return found


def models() -> dict[str, str]:
    """Hash of the model whose errors were counted, and of the one that is shipped."""
    return {
        'counted_model': measured_model(share(FILE)),
        'shipped_model': digest(share('models/detector.tflite')),
    }


def compare(few: int, *, workers: int = 1, say: Say = print) -> dict[str, Any]:
    """The same with ``few`` encounters each for other errors.

    Shares of people and pets that are never seen, other measured sets, the shares as they were
    counted, slower sureness, and the assumptions halved and doubled.
    """
    path = share(FILE)
    errors, _ = read_errors(path)
    found: dict[str, Any] = {}
    with mapper(workers) as run:

        def meet(name: str, how: DetectorErrors) -> dict[str, Any]:
            say(name)
            return _meet(run, how, name, few)

        found['curve'] = [
            {'never_seen': n, **meet(f'never seen {n}', replace(errors, never=n))} for n in _CURVE
        ]
        measured = {name: read_errors(path, name)[0] for name in sets(path)}
        measured['shares as counted'], _ = read_errors(path, bound=plain)
        for key, all_of in (('sets', measured), ('slower', slower(errors))):
            found[key] = {
                name: meet(name, how) | answers(_alone(run, how, 'raccoon', few))
                for name, how in all_of.items()
            }
        changed = variations(errors)
        found['assumptions'] = {name: meet(name, how) for name, how in changed.items()}
    return found


def _meet(run: Any, errors: DetectorErrors, name: str, count: int) -> dict[str, Any]:
    jobs = _jobs(errors, name, count)
    return figures([met for block in run(_block, jobs) for met in block])


def _alone(run: Any, errors: DetectorErrors, who: str, count: int) -> list[Result]:
    jobs = _jobs(errors, f'{who} alone', count)
    return [result for block in run(_single, jobs) for _, result in block]


def _jobs(errors: DetectorErrors, name: str, count: int) -> list[tuple[DetectorErrors, str, int]]:
    return [(errors, f'{name} {i}', min(_BLOCK, count - i)) for i in range(0, count, _BLOCK)]


def figures(done: Sequence[Met]) -> dict[str, Any]:
    """Actions at people and pets: shares of encounters, and their causes."""
    during = [r for _, r in done if r.engaged and r.met]
    return {
        'encounters': len(done),
        'actions': _share(r.action for _, r in done),
        'during_engagement': len(during),
        'actions_during_engagement': _share(r.action for r in during),
        'by_species': {s: _share(r.action for v, r in done if v == s) for s in sorted(PROTECTED)},
        'causes': dict(Counter(r.why for _, r in done if r.action)),
    }


def _share(hits: Iterable[bool]) -> tuple[float, float, float] | None:
    values = list(hits)
    return share_of(sum(values), len(values)) if values else None


def answers(alone: Sequence[Result]) -> dict[str, Any]:
    """What becomes of raccoons that come alone, and how soon after the sure picture."""
    firsts = [r.first for r in alone if r.first is not None]
    free = [r.first for r in alone if r.first is not None and not r.held]
    return {
        'answered': _share(r.answered for r in alone),
        'vetoed_by_mistake': _share(r.vetoed for r in alone),
        'unanswered_for_a_veto': _share(r.vetoed and not r.answered for r in alone),
        'never_sure': _share(r.first is None and not r.vetoed for r in alone),
        'first_after_sure_p50_p95': _percentiles(firsts),
        'first_after_sure_unvetoed_p50_p95': _percentiles(free),
    }


def _percentiles(values: Sequence[float]) -> list[float] | None:
    return [float(np.percentile(values, q)) for q in (50, 95)] if values else None


def false_actions(done: dict[str, list[Result]], passers: dict[str, float]) -> dict[str, Any]:
    """Stimuli at whoever is no raccoon, by who it is, and how many that is in ten nights."""
    shares = {who: _share(r.answered for r in results) for who, results in done.items()}
    means = {who: found[0] if found else 0.0 for who, found in shares.items()}
    return {
        'shares': shares,
        'passers_per_night': passers,
        'in_10_nights': _NIGHTS * sum(passers[who] * means[who] for who in passers),
    }
