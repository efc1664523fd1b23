"""Part ``rendered``: what the whole chain does in rendered gardens that nothing was trained on."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from sentinel_common.configuration import digest
from sentinel_common.files import share
from sentinel_common.species import PROTECTED, RACCOON

import sentinel_behavior
import sentinel_perception
import sentinel_sim

from .journal import Journal, fingerprint
from .rendered import NOBODY, Met, Rendered
from .statistics import share as share_of
from .workers import mapper

# Who is met how often for each raccoon that comes alone.
_HOUSEHOLD = tuple(sorted(PROTECTED))
KINDS: dict[str, float] = {
    RACCOON: 1.0,
    **dict.fromkeys(_HOUSEHOLD, 0.5),
    **{f'{RACCOON}+{body}': 0.25 for body in _HOUSEHOLD},
    **dict.fromkeys(('fox', 'opossum', NOBODY), 0.15),
}

# Whoever could be seen for less, s, was hardly met.
_MET = 1.0

# Encounters that one process plays with one detector.
_BLOCK = 5


def _block(jobs: Sequence[tuple[str, int]]) -> list[Met]:
    plays = Rendered()
    return [plays.play(kind, seed) for kind, seed in jobs]


def code() -> str:
    """Short hash of all that an encounter runs through: packages, models, configuration."""
    packages = sentinel_behavior, sentinel_perception, sentinel_sim
    return fingerprint(
        [
            *(path for p in packages for path in Path(p.__path__[0]).rglob('*.py')),
            *share('models').glob('*.tflite'),
            *share('config').glob('*.yaml'),
        ]
    )


def encounters(count: int) -> list[tuple[str, int]]:
    """Kind and seed of what is played for ``count`` raccoons that come alone.

    Kinds take turns, so that an interrupt leaves figures of everybody.
    """
    return [
        (kind, seed)
        for _, kind, seed in sorted(
            (seed / share, kind, seed)
            for kind, share in KINDS.items()
            for seed in range(max(1, round(count * share)))
        )
    ]


def measure(
    count: int,
    *,
    workers: int = 1,
    journal: Path | None = None,
    say: Callable[[str], None] = print,
) -> dict[str, Any]:
    """Play ``count`` raccoons that come alone, and the others in proportion.

    Shares with exact 95 % intervals; ``say`` hears how far it is. Ctrl-C ends it with what was
    played; what ``journal`` holds of the same code is not played again.
    """
    kept = Journal(code(), journal)
    known = {(p['kind'], p['seed']) for p in kept.portions}
    asked = encounters(count)
    jobs = [job for job in asked if job not in known]
    blocks = [jobs[i : i + _BLOCK] for i in range(0, len(jobs), _BLOCK)]
    with mapper(workers) as run, suppress(KeyboardInterrupt):
        for block in run(_block, blocks):
            for met in block:
                kept.add(asdict(met))
            say(f'{len(kept.portions)} of {len(asked)} rendered encounters')
    played = [Met(**p) for p in kept.portions if (p['kind'], p['seed']) in asked]
    return {
        'model': digest(share('models/detector.tflite')),
        'classifier': digest(share('models/classifier.tflite')),
        'code': kept.code,
        **figures(played),
        'encounters': [asdict(met) for met in played],
    }


def figures(met: Sequence[Met]) -> dict[str, Any]:
    """What became of raccoons, of people and pets, and of others."""
    alone = [m for m in met if m.kind == RACCOON and m.raccoon_clear >= _MET]
    household = [m for m in met if PROTECTED & set(m.kind.split('+')) and m.clear >= _MET]
    others = [m for m in met if not {RACCOON, *PROTECTED} & set(m.kind.split('+'))]
    return {
        'raccoons': raccoons(alone),
        'household': {
            'all': visitors(household),
            'during_engagement': visitors([m for m in household if m.engaged]),
            **{
                body: visitors([m for m in household if body in m.kind.split('+')])
                for body in _HOUSEHOLD
            },
        },
        'others': {
            kind: _share(m.answered for m in others if m.kind == kind)
            for kind in sorted({m.kind for m in others})
        },
    }


def raccoons(alone: Sequence[Met]) -> dict[str, Any]:
    """Of raccoons that came alone and could be seen for a second or longer."""
    firsts = [m.first for m in alone if m.first is not None]
    seen = sum(m.raccoon_clear for m in alone)
    doubts: Counter[str] = Counter()
    for m in alone:
        doubts.update(m.doubts)
    return {
        'answered': _share(m.answered for m in alone),
        'vetoed_by_mistake': _share(m.vetoed for m in alone),
        'vetoed_before_the_first_stimulus': _share(m.held for m in alone),
        'unanswered_for_a_veto': _share(m.vetoed and not m.answered for m in alone),
        'never_sure': _share(m.sure == 0.0 for m in alone),
        'left': _share(m.left for m in alone),
        'share_of_seconds_vetoed': sum(m.doubted for m in alone) / seen if seen else None,
        'first_after_sure_p50_p95': _percentiles(firsts),
        'first_after_sure_unvetoed_p50_p95': _percentiles(
            [m.first for m in alone if m.first is not None and not m.held]
        ),
        'pictures_with_an_imagined': dict(doubts),
    }


def visitors(met: Sequence[Met]) -> dict[str, Any]:
    """Of people and pets that could be seen for a second or longer."""
    clear = sum(m.clear for m in met)
    return {
        'actions': _share(bool(m.action) for m in met),
        'any_stimulus_without_a_raccoon': _share(m.answered for m in met if '+' not in m.kind),
        'causes': dict(Counter(m.action for m in met if m.action)),
        'taken_for_a_raccoon': _share(m.called > 0.0 for m in met),
        'never_a_sign': _share(m.first_sign is None for m in met),
        'first_sign_p50_p95': _percentiles([m.first_sign for m in met if m.first_sign is not None]),
        'share_of_seconds_with_a_sign': sum(m.signs for m in met) / clear if clear else None,
    }


def _share(hits: Iterable[bool]) -> dict[str, Any] | None:
    values = list(hits)
    if not values:
        return None
    return {'of': len(values), 'share': share_of(sum(values), len(values))}


def _percentiles(values: Sequence[float]) -> list[float] | None:
    return [float(np.percentile(values, q)) for q in (50, 95)] if values else None


def lines(found: dict[str, Any]) -> Iterable[str]:
    """The figures as a person reads them."""
    yield 'raccoons alone, rendered, in gardens that nothing was trained on:'
    yield from _lines(found['raccoons'])
    for name, row in found['household'].items():
        yield f'people and pets, {name}:'
        yield from _lines(row)
    yield 'stimuli at others:'
    yield from _lines(found['others'])


def _lines(row: dict[str, Any]) -> Iterable[str]:
    for key, value in row.items():
        if isinstance(value, dict) and 'share' in value:
            mean, low, high = value['share']
            text = f'{mean:.1%} [{low:.1%}, {high:.1%}] of {value["of"]}'
        elif isinstance(value, float):
            text = f'{value:.1%}'
        elif isinstance(value, list):
            text = ', '.join(f'{v:.2f} s' for v in value)
        else:
            text = str(value or '-')
        yield f'  {key.replace("_", " ")}: {text}'
