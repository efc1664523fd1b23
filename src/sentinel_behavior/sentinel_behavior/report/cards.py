"""What happened in one visit, for the page: pictures, a bar of time, a story."""

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from ..incidents.model import CUT_SHORT, INTERRUPTED, LEFT, Picture, Visit
from ..incidents.pictures import annotate, opened
from ..incidents.recorder import DRAWN
from ..policy.trial import HOLD_OUT
from . import statistics, wording
from .holds import Stretch, stretches
from .place import place
from .summary import is_target

_WIDTH = 640  # px, of the pictures in the page
_QUALITY = 80

_WHEN = '%-d %b, %H:%M:%S'

_TICKS = 5  # at most about so many find room on a phone

# Units of the axis of a visit from so many s on.
_UNITS = ((7200.0, 3600.0, 'h'), (120.0, 60.0, 'min'), (0.0, 1.0, 's'))


def data_url(data: bytes, kind: str) -> str:
    """A picture of ``kind`` (jpeg, webp) as an address that needs no file."""
    return f'data:image/{kind};base64,{base64.b64encode(data).decode()}'


class Album:
    """Draws what was seen into stored pictures, lays them beside the page and into it."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._copies = folder, place(folder) / DRAWN
        self._copies.mkdir(exist_ok=True)

    def shown(self, picture: Picture) -> dict[str, str] | None:
        """What the template needs of a picture; None where its file is gone or damaged."""
        image = opened(self._folder / picture.path)
        if image is None:
            return None
        scale = _WIDTH / image.width if picture.kind == 'frame' else min(2.0, 320 / image.width)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS)
        annotate(image, picture.boxes if picture.kind == 'frame' else (), scale)
        data = io.BytesIO()
        image.save(data, 'JPEG', quality=_QUALITY)
        (self._copies / Path(picture.path).name).write_bytes(data.getvalue())
        return {
            'url': data_url(data.getvalue(), 'jpeg'),
            'why': picture.why,
            'time': wording.moment(picture.stamp, _WHEN),
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
        text = wording.name(str(decision.detail.get('explanation', '')))
        chosen = wording.name(decision.deterrent) or 'nothing'
        lines.append((decision.told, 'chose', f'chose {chosen}', _sentences(text, rejected)))
    for stimulus in visit.stimuli:
        detail, end = stimulus.detail, stimulus.end_detail
        what = [str(detail.get('sound', '')), 'light' if detail.get('light') else '']
        what.append(wording.name(str(detail.get('motion', ''))))
        means = wording.listed(word for word in what if word)
        lasted = '' if stimulus.seconds is None else f' for {wording.duration(stimulus.seconds)}'
        extra = '; '.join(part for part in (means, _early(end)) if part)
        lines.append((stimulus.told, 'acted', wording.name(stimulus.deterrent) + lasted, extra))
    for hold in stretches(visit.holds):
        rules = wording.listed(wording.name(rule) for rule in hold.rules)
        text = f'held fire{lasting(hold)}: {rules}'
        lines.append((hold.begin, 'held', text, ' '.join(hold.reasons.values())))
    ended = visit.ended if visit.outcome == INTERRUPTED else visit.last_seen
    if ended is not None:
        lines.append((ended, visit.outcome, _ending(visit), ''))
    lines.sort(key=lambda line: line[0])
    return [
        {'at': wording.clock(max(0.0, at - zero)), 'kind': kind, 'text': text, 'more': more}
        for at, kind, text, more in lines
    ]


_EARLY = {
    'guard': 'ended early: the guard forbade it',
    'target_lost': 'ended early: the animal was out of sight',
    'interrupted': 'ended early: something else came first',
}


def _early(end: Mapping[str, Any]) -> str:
    """Why a stimulus ended before its time; '' where it did not."""
    if end.get('completed', True):
        return ''
    reason = str(end.get('reason', 'unknown'))
    text = _EARLY.get(reason, f'ended early: {wording.name(reason)}')
    rules = wording.listed(wording.name(str(rule)) for rule in end.get('rules', ()))
    return f'{text} ({rules})' if reason in CUT_SHORT and rules else text


def lasting(hold: Stretch) -> str:
    """How long fire was held, in words; '' for a moment."""
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
    'interrupted': 'the sentinel was stopped in the middle of the visit',
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
    unit, name = next((u, n) for since, u, n in _UNITS if length >= since)
    told = [f'in sight for {wording.duration(max(0.0, seen_until - zero))}']
    told += [
        f'{wording.name(s.deterrent)} after {wording.duration(max(0.0, s.told - zero))}'
        for s in visit.stimuli
    ]
    return {
        'label': f'Timeline: {", ".join(told)}',
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
            {'left': percent(zero + t * unit), 'text': f'{t:g} {name}' if t else '0'}
            for t in statistics.ticks(length / unit, _TICKS)
        ],
    }


def card(visit: Visit, album: Album, pictures: int) -> dict[str, Any]:
    """What the template needs of a visit, with at most so many ``pictures``."""
    timeline = _timeline(visit)
    frames = [p for p in visit.pictures if p.kind == 'frame']
    moments = frames or [p for p in visit.pictures if p.kind == 'crop']
    picked = moments[:: max(1, len(moments) // pictures)][:pictures]
    return {
        'visit': visit,
        'name': wording.name(visit.species),
        'time': wording.moment(visit.started, _WHEN),
        'outcome': wording.name(visit.outcome) or 'still there',
        'target': is_target(visit),
        'timeline': timeline,
        'story': _story(visit, timeline['zero']),
        'pictures': [shown for p in picked if (shown := album.shown(p))],
    }
