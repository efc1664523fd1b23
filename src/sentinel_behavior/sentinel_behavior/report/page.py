"""One HTML page with everything in it: no script, no other file, light and dark, desk and phone."""

import base64
import io
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from markupsafe import Markup
from PIL import Image

from ..incidents.model import HOLD_OUT, LEFT, REPELLED, TREATMENT, Picture, Visit
from ..incidents.pictures import annotate
from . import film, statistics, wording
from .holds import Stretch, stretches
from .summary import Summary, is_target, summarise
from .trends import Trends, trends

FILE = 'report.html'
PICTURES = 'pictures'

# The newest visits are shown with pictures; a page with more would no longer open on a phone.
_VISITS = 40
_MOMENTS = 3  # pictures of each
_GALLERY = 24
_WIDTH = 640  # px, of the pictures in the page
_QUALITY = 80

_HISTOGRAM_BINS = 24

# Fewer visits than this have no course over time.
_TREND_VISITS = 5


def _data_url(data: bytes, kind: str) -> str:
    return f'data:image/{kind};base64,{base64.b64encode(data).decode()}'


class _Album:
    """Draws what was seen into stored pictures, lays them beside the page and into it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / PICTURES).mkdir(exist_ok=True)

    def shown(self, picture: Picture) -> dict[str, str] | None:
        """What the template needs of a picture; None where its file is gone or damaged."""
        try:
            with Image.open(self._folder / picture.path) as stored:
                image = stored.convert('RGB')
        except OSError:
            return None
        scale = _WIDTH / image.width if picture.kind == 'frame' else min(2.0, 320 / image.width)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS)
        annotate(image, picture.boxes if picture.kind == 'frame' else (), scale)
        data = io.BytesIO()
        image.save(data, 'JPEG', quality=_QUALITY)
        (self._folder / PICTURES / Path(picture.path).name).write_bytes(data.getvalue())
        return {
            'url': _data_url(data.getvalue(), 'jpeg'),
            'why': picture.why,
            'time': wording.moment(picture.stamp),
        }


def _story(visit: Visit, zero: float) -> list[dict[str, Any]]:
    """What happened in a visit, line by line, in the order of the clock."""
    lines = [(visit.started, 'confirmed', _confirmed(visit), '')]
    for decision in visit.decisions:
        if decision.detail.get('arm') == HOLD_OUT:
            lines.append((decision.told, 'chose', 'chose to do nothing: hold-out of a trial', ''))
            continue
        rejected = [
            f'{wording.name(str(c.get("name", "")))}: {c["rejected"]}'
            for c in decision.detail.get('candidates', ())
            if isinstance(c, Mapping) and c.get('rejected')
        ]
        text = str(decision.detail.get('explanation', ''))
        chosen = wording.name(decision.deterrent) or 'nothing'
        lines.append((decision.told, 'chose', f'chose {chosen}', _sentences(text, rejected)))
    for stimulus in visit.stimuli:
        detail, end = stimulus.detail, stimulus.end_detail
        what = [str(detail.get('sound', '')), 'light' if detail.get('light') else '']
        what.append(wording.name(str(detail.get('motion', ''))))
        means = wording.listed(word for word in what if word)
        lasted = '' if stimulus.seconds is None else f' for {wording.duration(stimulus.seconds)}'
        early = '' if end.get('completed', True) else f'ended early: {end.get("reason", "unknown")}'
        extra = '; '.join(part for part in (means, early) if part)
        lines.append((stimulus.told, 'acted', wording.name(stimulus.deterrent) + lasted, extra))
    for hold in stretches(visit.holds):
        rules = wording.listed(wording.name(rule) for rule in hold.rules)
        text = f'held fire{_lasting(hold)}: {rules}'
        lines.append((hold.begin, 'held', text, ' '.join(hold.reasons.values())))
    if visit.last_seen is not None:
        lines.append((visit.last_seen, visit.outcome, _ending(visit), ''))
    lines.sort(key=lambda line: line[0])
    return [
        {'at': f'{max(0.0, at - zero):.1f} s', 'kind': kind, 'text': text, 'more': more}
        for at, kind, text, more in lines
    ]


def _lasting(hold: Stretch) -> str:
    seconds = hold.end - hold.begin
    return f' for {wording.duration(seconds)} or longer' if seconds >= 1.0 else ''


def _sentences(text: str, rejected: Sequence[str]) -> str:
    parts = [text] if text else []
    if rejected:
        parts.append('Not taken: ' + '; '.join(rejected))
    return '. '.join(part.rstrip('.') for part in parts) + ('.' if parts else '')


def _confirmed(visit: Visit) -> str:
    text = f'{wording.name(visit.species)} confirmed, {visit.probability:.0%} sure'
    if visit.detail.get('range') is not None:
        text += f', {float(visit.detail["range"]):.1f} m away'
    return text + (f', in {visit.detail["zone"]}' if visit.detail.get('zone') else '')


_ENDINGS = {
    'repelled': 'last seen: it left after a deterrent',
    'left': 'last seen: it left by itself',
    'stayed': 'it was still there at the end',
    'lost': 'lost from sight, not seen to leave',
    'not_target': 'turned out to be something else',
    'interrupted': 'the recorder was stopped in the middle of the visit',
}


def _ending(visit: Visit) -> str:
    if visit.outcome == LEFT and visit.stimuli:
        return 'last seen: it left, but too long after a deterrent to count for it'
    return _ENDINGS.get(visit.outcome, 'last seen')


def _timeline(visit: Visit) -> dict[str, Any]:
    """Bars and marks of a visit in percent of its length."""
    zero = min(float(visit.detail.get('first_seen', visit.started)), visit.started)
    ends = [visit.started, visit.last_seen or 0.0, visit.ended or 0.0]
    ends += [s.told + (s.seconds or 0.0) for s in visit.stimuli]
    length = max(0.5, max(ends) - zero)

    def percent(at: float) -> float:
        return round(100 * min(1.0, max(0.0, (at - zero) / length)), 2)

    seen_until = visit.last_seen if visit.last_seen is not None else max(ends)
    return {
        'zero': zero,
        'seen': percent(seen_until),
        'confirmed': percent(visit.started),
        'acts': [
            {
                'left': percent(s.told),
                'width': max(0.8, percent(s.told + (s.seconds or 0.0)) - percent(s.told)),
                'name': wording.name(s.deterrent),
            }
            for s in visit.stimuli
        ],
        'holds': [
            {'left': percent(h.begin), 'width': max(0.4, percent(h.end) - percent(h.begin))}
            for h in stretches(visit.holds)
        ],
        'ticks': [
            {'left': percent(zero + t), 'text': f'{t:g} s'} for t in statistics.ticks(length)
        ],
    }


def _card(visit: Visit, album: _Album) -> dict[str, Any]:
    timeline = _timeline(visit)
    frames = [p for p in visit.pictures if p.kind == 'frame']
    moments = frames or [p for p in visit.pictures if p.kind == 'crop']
    picked = moments[:: max(1, len(moments) // _MOMENTS)][:_MOMENTS]
    return {
        'visit': visit,
        'name': wording.name(visit.species),
        'time': wording.moment(visit.started, '%-d %b, %H:%M:%S'),
        'outcome': wording.name(visit.outcome) or 'still there',
        'target': is_target(visit),
        'timeline': timeline,
        'story': _story(visit, timeline['zero']),
        'pictures': [shown for p in picked if (shown := album.shown(p))],
    }


def _deterrents(summary: Summary) -> list[dict[str, Any]]:
    """How each deterrent did as the last one of a visit: the one that the animal left after."""
    tried: dict[str, list[bool]] = {}
    for visit in summary.targets:
        for stimulus in visit.stimuli:
            last = stimulus is visit.stimuli[-1]
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


def _latency(summary: Summary) -> dict[str, Any] | None:
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
        'top': f'{histogram[-1][1]:.0f} ms',
        'quantiles': [(k, 1000 * v) for k, v in summary.latency_quantiles().items()],
        'count': len(values),
        'stages': stages,
    }


def _trends(found: Trends) -> dict[str, Any]:
    """What the template needs of the trends, in words and percent."""
    species = [s for s, _ in sum((bar.counts for bar in found.bars), Counter()).most_common()]
    most = max((bar.counts.total() for bar in found.bars), default=0)
    form = '%-d %b' if found.by_nights else '%-d %b, %H:00'
    bars = [
        {
            'title': f'{bar.start.strftime(form)}: {wording.counted(bar.counts) or "none"}',
            'parts': [
                {'species': s, 'height': 100 * bar.counts[s] / most}
                for s in species
                if bar.counts[s]
            ],
        }
        for bar in found.bars
    ]
    facts = []
    if found.returns:
        quarter, middle, three = np.quantile(found.returns, [0.25, 0.5, 0.75])
        facts.append(
            (
                'time until the next visit',
                wording.duration(middle),
                f'middle half {wording.duration(quarter)} to {wording.duration(three)}, '
                f'{len(found.returns)} intervals',
            )
        )
    if found.habituation:
        facts.append(_habituation(found.habituation))
    for arm in found.arms:
        facts.append(
            (
                f'mean stay, {wording.name(arm.name)}',
                wording.duration(arm.mean),
                wording.plural(len(arm.stays), 'visit'),
            )
        )
    lifts = (('deterrents', found.lift), ('neutral sound', found.neutral_lift))
    for name, lift in lifts:
        if lift:
            facts.append(
                (
                    f'{name}: stay shorter than in the hold-out by',
                    f'{lift.value:.0%}',
                    f'95 % interval {lift.low:.0%} to {lift.high:.0%}, {lift.count} visits',
                )
            )
    return {
        'bars': bars,
        'species': species,
        'most': most,
        'first': found.bars[0].start.strftime(form) if found.bars else '',
        'last': found.bars[-1].start.strftime(form) if found.bars else '',
        'unit': 'night' if found.by_nights else 'hour',
        'facts': facts,
        'trial': any(arm.name != TREATMENT for arm in found.arms),
    }


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
        f'times {value:.2g}',
        f'95 % interval {low:.2g} to {high:.2g}, {slope.count} visits: {meaning}',
    )


def verdict(summary: Summary) -> str:
    """Say in a sentence or two how the period went."""
    targets = summary.targets
    if not summary.log.runs:
        return 'The recorder did not listen in this time.'
    if not targets:
        others = wording.counted(summary.others)
        return 'Nothing came that is to be kept away.' + (f' Others: {others}.' if others else '')
    counts = wording.listed(
        wording.plural(sum(v.species == s for v in targets), f'{wording.name(s)} visit')
        for s in dict.fromkeys(v.species for v in targets)
    )
    met, gone = summary.times_to_stimulus, summary.times_to_departure
    text = f'{counts}, {summary.repelled} repelled.'
    if met:
        text += f' The first deterrent came {wording.duration(float(np.median(met)))} after the'
        text += ' animal was confirmed'
        text += (
            f', and it was gone {wording.duration(float(np.median(gone)))} later' if gone else ''
        )
        text += ' (medians).' if len(met) > 1 else '.'
    return text


def _tiles(summary: Summary, loudest: float) -> list[dict[str, str]]:
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
        if summary.answerable < len(targets):
            share += f'; {len(targets) - summary.answerable} more were a hold-out'
    wrong = len(summary.wrong_actions)
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
        {'label': 'to departure', 'value': middle(gone), 'note': spread(gone, 'none was repelled')},
        {
            'label': 'actions',
            'value': str(summary.actions.total()),
            'note': wording.counted(summary.actions),
        },
        {
            'label': 'at people or pets',
            'value': str(wrong),
            'note': 'as far as the log knows',
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


def render(summary: Summary, film_file: Path | None) -> str:
    """Return the page; pictures are read from the folder of the summary and annotated into it."""
    album = _Album(summary.folder)
    visits = summary.log.visits
    found = trends(summary)
    gallery = [
        (visit, picture)
        for visit in reversed(visits)
        for picture in visit.pictures
        if picture.kind == 'crop'
    ]
    step = max(1, len(gallery) // _GALLERY)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader('sentinel_behavior', 'report'),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template('page.html.j2').render(
        period=wording.period(summary.started, summary.ended),
        listened=wording.duration(summary.listened),
        verdict=verdict(summary),
        tiles=_tiles(summary, found.loudest_hour),
        film=Markup(_data_url(film_file.read_bytes(), 'webp')) if film_file else '',
        cards=[_card(visit, album) for visit in reversed(visits[-_VISITS:])],
        hidden=max(0, len(visits) - _VISITS),
        deterrents=_deterrents(summary),
        trends=_trends(found) if len(visits) >= _TREND_VISITS else None,
        holds=[
            {
                'time': wording.moment(hold.begin, '%-d %b, %H:%M:%S'),
                'lasting': _lasting(hold),
                'species': wording.name(hold.holds[0].species),
                'rules': [wording.name(rule) for rule in hold.rules],
                'reasons': [reason for reason in hold.reasons.values() if reason],
            }
            for hold in reversed(summary.holds)
        ],
        gallery=[
            {**shown, 'species': wording.name(visit.species)}
            for visit, picture in gallery[::step][:_GALLERY]
            if (shown := album.shown(picture))
        ],
        latency=_latency(summary),
        costs=_costs(summary.costs or {}),
        simulation=_flat(summary.simulation or {}),
        simulated=_tables(summary.simulation or {}),
    )


def _flat(values: Mapping[str, Any], prefix: str = '') -> list[tuple[str, str]]:
    """Figures of a nested JSON object as (name, value)."""
    rows: list[tuple[str, str]] = []
    for key, value in values.items():
        label = f'{prefix}{wording.name(str(key))}'
        if isinstance(value, Mapping):
            rows += _flat(value, f'{label}: ')
        elif isinstance(value, bool | int | str):
            rows.append((label, str(value)))
        elif isinstance(value, float):
            # Times of day would be unreadable with four digits.
            rows.append((label, f'{value:.4g}' if value < 1e8 else wording.moment(value)))
    return rows


def _costs(stack: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """What each node cost: name, mean number of processors, memory at its highest."""
    return [
        (name, f'{100 * node["cpu_cores_mean"]:.0f} %', f'{node["pss_peak_mb"]:.0f} MB')
        for name, node in stack.get('nodes', {}).items()
        if 'cpu_cores_mean' in node and 'pss_peak_mb' in node
    ]


def _tables(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Lists of JSON objects as tables: names of the columns, rows."""
    tables = []
    for value in values.values():
        if isinstance(value, list) and value and all(isinstance(row, Mapping) for row in value):
            columns = list(value[0])
            rows = [[_cell(row.get(column)) for column in columns] for row in value]
            tables.append({'columns': [wording.name(c) for c in columns], 'rows': rows})
    return tables


def _cell(value: Any) -> str:
    if value is None:
        return ''
    return f'{value:.2f}' if isinstance(value, float) else wording.name(str(value))


def write(folder: Path, *, since: float = float('-inf'), until: float = float('inf')) -> Path:
    """Make ``report.html``, ``pictures/`` and, where there are pictures for it, ``film.webp``.

    Returns the page. Raises StoreError where there is no incident log.
    """
    summary = summarise(folder, since=since, until=until)
    film_file = film.make(folder)
    page = folder / FILE
    page.write_text(render(summary, film_file), encoding='utf-8')
    return page
