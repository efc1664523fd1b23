"""What the page says in figures: tiles, deterrents, times, trends, costs, the simulator's truth."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sentinel_common.species import CAT, DOG, OTHER_ANIMAL, PERSON, RACCOON

from ..incidents.model import REPELLED
from ..policy.trial import TREATMENT
from . import statistics, wording
from .summary import Summary, has_known_end
from .trends import Trends

_HISTOGRAM_BINS = 24


def verdict(summary: Summary) -> str:
    """Say in a sentence or two how the period went."""
    targets = summary.targets
    if summary.silent:
        return wording.SILENCE
    if not targets:
        others = wording.counted(summary.others)
        return 'There was no visit to keep away.' + (f' Others: {others}.' if others else '')
    counts = wording.listed(
        wording.plural(sum(v.species == s for v in targets), f'{wording.name(s)} visit')
        for s in dict.fromkeys(v.species for v in targets)
    )
    met, gone = summary.times_to_stimulus, summary.times_to_departure
    text = f'{counts}, {summary.repelled} repelled.'
    if met:
        text += f' The first deterrent came {wording.duration(float(np.median(met)))} after the'
        text += ' animal was confirmed'
        if gone:
            who = ', and it was' if len(gone) == len(met) else '; those repelled were'
            text += f'{who} gone {wording.duration(float(np.median(gone)))} later'
        text += ' (medians).' if len(met) > 1 else '.'
    return text


def tiles(summary: Summary, loudest: float) -> list[dict[str, str]]:
    """The figures at the top; ``loudest``: s of sound in the loudest hour."""
    targets, met, gone = summary.targets, summary.times_to_stimulus, summary.times_to_departure

    def spread(values: Sequence[float], otherwise: str) -> str:
        if len(values) < 2:
            return '' if values else otherwise
        return f'{wording.duration(min(values))} to {wording.duration(max(values))}'

    def middle(values: Sequence[float]) -> str:
        return wording.duration(float(np.median(values))) if values else 'none'

    share = ''
    if targets:
        low, high = statistics.wilson(summary.repelled, summary.answerable)
        share = f'of {summary.answerable}; 95 % interval {100 * low:.0f} to {100 * high:.0f} %'
        if summary.left_alone:
            share += f'; {summary.left_alone} more were left alone'
        if summary.unknown_ends:
            share += f'; {summary.unknown_ends} with unknown end'
    wrong = len(summary.actions_at_household)
    mistaken = len(summary.actions_at_false_alarms)
    short = f'{n} cut short by the guard' if (n := len(summary.cut_short)) else ''
    return [
        {
            'label': 'visits to keep away',
            'value': str(len(targets)),
            'note': f'others: {wording.counted(summary.others)}' if summary.others else '',
        },
        {
            'label': 'repelled',
            'value': str(summary.repelled),
            'note': share,
            'tone': 'good' if summary.repelled else '',
        },
        {
            'label': 'to first deterrent',
            'value': middle(met),
            'note': spread(met, 'nothing was done'),
        },
        {
            'label': 'to departure, if repelled',
            'value': middle(gone),
            'note': spread(gone, 'none was repelled'),
        },
        {
            'label': 'actions',
            'value': str(summary.actions.total()),
            'note': '; '.join(filter(None, (wording.counted(summary.actions), short))),
        },
        {
            'label': 'at people or pets',
            'value': str(wrong),
            'note': f'and {mistaken} at marked false alarms'
            if mistaken
            else 'as far as the log knows',
            'tone': 'bad' if wrong else 'good',
        },
        {
            'label': 'held fire',
            'value': str(len(summary.holds)),
            'note': wording.counted(Counter(dict(summary.rules.most_common(3)))),
        },
        {
            'label': 'noise made',
            'value': wording.duration(summary.noise) if summary.noise else 'none',
            'note': f'{wording.duration(loudest)} in the loudest hour' if loudest else '',
        },
    ]


def deterrents(summary: Summary) -> list[dict[str, Any]]:
    """How each deterrent did as the last one of a visit: the one that the animal left after.

    Of a visit with unknown end nobody knows how the last one did.
    """
    tried: dict[str, list[bool]] = {}
    for visit in summary.targets:
        for stimulus in visit.stimuli:
            last = stimulus is visit.stimuli[-1]
            if not last or has_known_end(visit):
                worked = last and visit.outcome == REPELLED
                tried.setdefault(stimulus.deterrent, []).append(worked)
    rows = []
    for deterrent, results in sorted(tried.items(), key=lambda item: -len(item[1])):
        low, high = statistics.wilson(sum(results), len(results))
        rows.append(
            {
                'name': wording.name(deterrent),
                'tries': len(results),
                'worked': sum(results),
                'rate': 100 * sum(results) / len(results),
                'low': 100 * low,
                'high': 100 * high,
            }
        )
    return rows


def untold(summary: Summary) -> int:
    """Number of targets of whose last deterrent nobody knows how it did."""
    return sum(bool(v.stimuli) and not has_known_end(v) for v in summary.targets)


def latency(summary: Summary) -> dict[str, Any] | None:
    """From the picture to the radio; None where nobody measured it."""
    if not summary.latency:
        return None
    values = [1000 * sample['write'] for sample in summary.latency]
    histogram = statistics.bins(values, _HISTOGRAM_BINS)
    most = max(count for _, _, count in histogram)
    whole = [s for s in summary.latency if 'detection' in s]
    stages = []
    if whole:
        marks = np.median([(0.0, s['detection'], s['command'], s['write']) for s in whole], axis=0)
        names = ('picture to detection', 'detection to command', 'command to radio')
        stages = [
            {'name': n, 'ms': 1000 * d, 'share': 100 * d / marks[-1] if marks[-1] else 0.0}
            for n, d in zip(names, np.diff(marks).tolist(), strict=True)
        ]
    return {
        'bars': [
            {'height': 100 * n / most, 'title': f'{a:.0f} to {b:.0f} ms: {n}'}
            for a, b, n in histogram
        ],
        'label': 'Bars of how many commands took how long: '
        + '; '.join(f'{a:.0f} to {b:.0f} ms: {n}' for a, b, n in histogram if n),
        'top': f'{histogram[-1][1]:.0f} ms',
        'quantiles': [(k, 1000 * v) for k, v in summary.latency_quantiles().items()],
        'count': len(values),
        'stages': stages,
    }


def _colors(species: Sequence[str]) -> dict[str, str]:
    """Class of the style sheet for each species: some have their own, the others what is left."""
    own = {RACCOON: 'c0', CAT: 'c1', DOG: 'c2', PERSON: 'c3', OTHER_ANIMAL: 'c7'}
    rest = [s for s in species if s not in own]
    return own | {s: f'c{min(4 + n, 7)}' for n, s in enumerate(rest)}


def trends(found: Trends) -> dict[str, Any]:
    """What the template needs of the trends, in words and percent."""
    species = [s for s, _ in sum((bar.counts for bar in found.bars), Counter()).most_common()]
    colors = _colors(species)
    most = max((bar.counts.total() for bar in found.bars), default=0)
    form = '%-d %b, %H:00' if found.unit == 'hour' else '%-d %b'
    bars = [
        {
            'title': f'{bar.start.strftime(form)}: {wording.counted(bar.counts) or "none"}',
            'parts': [
                {'color': colors[s], 'height': 100 * bar.counts[s] / most}
                for s in species
                if bar.counts[s]
            ],
        }
        for bar in found.bars
    ]
    facts = []
    if found.returns:
        facts.append(_returns(found.returns, found.unanswered))
    if found.quiet is not None:
        facts.append(
            ('no visit for', wording.duration(found.quiet), 'of listening since the last one')
        )
    if found.habituation:
        facts.append(_habituation(found.habituation))
    for arm in found.arms:
        left_out = f'; {arm.unknown} more with unknown end left out' if arm.unknown else ''
        facts.append(
            (
                f'mean stay, {wording.name(arm.name)}',
                'unknown' if arm.mean is None else wording.duration(arm.mean),
                wording.plural(len(arm.stays), 'visit') + left_out,
            )
        )
    lifts = (('deterrents', found.lift), ('neutral sound', found.neutral_lift))
    for name, lift in lifts:
        if lift:
            facts.append(
                (
                    f'{name}: stay shorter than in the hold-out by',
                    f'{lift.value:.0%}',
                    f'{lift.low:.0%} to {lift.high:.0%} with about 95 % confidence, '
                    f'{lift.count} visits',
                )
            )
    if found.a_a:
        chance = found.a_a.low <= 0 <= found.a_a.high
        facts.append(
            (
                'A/A: group A, treated like group B, stays shorter by',
                f'{found.a_a.value:.0%}',
                f'95 % interval {found.a_a.low:.0%} to {found.a_a.high:.0%}, '
                f'{found.a_a.count} visits: '
                + ('as chance does' if chance else 'more than chance does in 19 of 20 trials'),
            )
        )
    return {
        'bars': bars,
        'species': [{'name': wording.name(s), 'color': colors[s]} for s in species],
        'most': most,
        'first': found.bars[0].start.strftime(form) if found.bars else '',
        'last': found.bars[-1].start.strftime(form) if found.bars else '',
        'unit': found.unit,
        'facts': facts,
        'trial': any(arm.name != TREATMENT for arm in found.arms),
    }


def _returns(came: Sequence[float], cut: Sequence[float]) -> tuple[str, str, str]:
    """Say how long it takes until the next visit."""
    longest = wording.duration(max((*came, *cut)))
    quarter, middle, three = (
        f'more than {longest}' if at is None else wording.duration(at)
        for at in (statistics.within(part, came, cut) for part in (0.25, 0.5, 0.75))
    )
    watched = f'; {len(cut)} more ended with the recording' if cut else ''
    return (
        'time until the next visit (median)',
        middle,
        f'middle half {quarter} to {three}, {len(came)} intervals{watched}',
    )


def _habituation(slope: statistics.Estimate) -> tuple[str, str, str]:
    """Say how the odds of repelling change over ten visits."""
    value, low, high = (float(np.exp(10 * s)) for s in (slope.value, slope.low, slope.high))
    if high < 1:
        meaning = 'they get used to it'
    elif low > 1:
        meaning = 'it works better and better'
    else:
        meaning = 'no trend can be told from chance'
    return (
        'odds of repelling, from one visit to the tenth after it',
        f'times {_factor(value)}',
        f'95 % interval {_factor(low)} to {_factor(high)}, {slope.count} visits: {meaning}',
    )


def _factor(value: float) -> str:
    if value < 0.01:
        return 'less than 0.01'
    return f'{value:.2g}' if value < 99.5 else 'more than 100'


def flat(values: Mapping[str, Any], prefix: str = '') -> list[tuple[str, str]]:
    """Figures of a nested JSON object as (name, value)."""
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        label = f'{prefix}{wording.name(str(key))}'
        if key == 'robot' and values.get('robots'):
            continue  # the first of the robots, which have a table of their own
        if isinstance(value, Mapping):
            rows += flat(value, f'{label}: ')
        elif isinstance(value, bool):
            rows.append((label, 'yes' if value else 'no'))
        elif isinstance(value, int | str):
            rows.append((label, str(value)))
        elif isinstance(value, float):
            # Times of day would be unreadable with four digits.
            rows.append((label, f'{value:.4g}' if value < 1e8 else wording.moment(value)))
    return rows


def costs(stack: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What each node cost: name, mean number of processors, memory at its highest."""
    return [
        (name, f'{100 * node["cpu_cores_mean"]:.0f} %', f'{node["pss_peak_mb"]:.0f} MB')
        for name, node in stack.get('nodes', {}).items()
        if 'cpu_cores_mean' in node and 'pss_peak_mb' in node
    ]


def tables(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lists of JSON objects as tables: name, names of the columns, rows."""
    tables = []
    for key, value in values.items():
        if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
            columns = list(value[0])
            rows = [[_cell(row.get(column)) for column in columns] for row in value]
            names = [wording.name(c) for c in columns]
            tables.append({'name': wording.name(key), 'columns': names, 'rows': rows})
    return tables


def _cell(value: Any) -> str:
    if value is None:
        return ''
    return f'{value:.2f}' if isinstance(value, float) else wording.name(str(value))
