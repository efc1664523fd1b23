"""How figures and times are said to people."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np

# ROS times below this are seconds of a simulated clock that began at 0, not a date.
DATES_FROM = 1e8

# Said of a time of which nothing is known.
SILENCE = 'The recorder did not listen in this time.'


def moment(stamp: float | None, form: str = '%H:%M:%S') -> str:
    """Local time of ``stamp`` (s, ROS time), or seconds where the clock was a simulated one."""
    if stamp is None:
        return 'unknown'
    if stamp < DATES_FROM:
        return f'{stamp:.1f} s'
    return datetime.fromtimestamp(stamp).strftime(form)


def period(started: float | None, ended: float | None) -> str:
    """Say from when to when."""
    if started is None or ended is None:
        return 'no time at all'
    if started < DATES_FROM:
        return f'{started:.0f} s to {ended:.0f} s of simulated time'
    first, last = datetime.fromtimestamp(started), datetime.fromtimestamp(ended)
    same_day = first.date() == last.date()
    until = last.strftime('%H:%M:%S' if same_day else '%-d %B %Y, %H:%M')
    return f'{first.strftime("%-d %B %Y, %H:%M:%S" if same_day else "%-d %B %Y, %H:%M")} to {until}'


def duration(seconds: float) -> str:
    """Say a duration in the unit that fits."""
    if seconds < 0.0005:
        return '0 s'
    if seconds < 1:
        return f'{seconds * 1000:.0f} ms'
    if seconds < 90:
        return f'{seconds:.1f} s'
    if seconds < 5400:
        return f'{seconds / 60:.1f} min'
    return f'{seconds / 3600:.1f} h' if seconds < 48 * 3600 else f'{seconds / 86400:.1f} days'


def clock(seconds: float) -> str:
    """Say a time within a visit: ``12.3 s``, ``2:05 min`` or ``1:02:05 h``."""
    if seconds < 90:
        return f'{seconds:.1f} s'
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f'{minutes}:{rest:02} min'
    return f'{minutes // 60}:{minutes % 60:02}:{rest:02} h'


def name(identifier: str) -> str:
    """Say a name of the configuration: ``bark_and_advance`` -> bark and advance."""
    return identifier.replace('_', ' ')


def counted(counts: Counter[str]) -> str:
    """Say how often each was counted, the most frequent first."""
    return ', '.join(f'{name(key)} {count}' for key, count in counts.most_common())


def median(values: Sequence[float]) -> str:
    """Median and, where there are several, from where to where."""
    if not values:
        return ''
    middle = duration(float(np.median(values)))
    if len(values) == 1:
        return middle
    return f'{middle} (median of {len(values)}, {duration(min(values))} to {duration(max(values))})'


def plural(count: int, word: str) -> str:
    """Say a number of things."""
    return f'{count} {word}' if count == 1 else f'{count} {word}s'


def listed(words: Iterable[str]) -> str:
    """Join words as in a sentence."""
    items = list(words)
    return ' and '.join([', '.join(items[:-1]), items[-1]]) if len(items) > 1 else ''.join(items)
