"""From the tables of the incident log to values of the model: few queries, however long it is."""

import dataclasses
import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from .model import Decision, Hold, Log, Picture, Run, Sound, Stimulus, Visit

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

_T = TypeVar('_T', bound='DataclassInstance')

# Fields of a visit that come from tables of their own.
_BELONGING = frozenset({'decisions', 'stimuli', 'holds', 'pictures'})

# What becomes of a column's value, where that is not the value itself.
_CONVERT: dict[str, Callable[[Any], Any]] = {
    'detail': json.loads,
    'end_detail': json.loads,
    'info': json.loads,
    'boxes': lambda text: tuple(json.loads(text)),
    'visit_id': lambda value: value or '',
    'false_alarm': bool,
}

_IN_SPAN = 'visit_id IN (SELECT id FROM visits WHERE started >= ? AND started < ?)'


def read_log(db: sqlite3.Connection, since: float, until: float) -> Log:
    """See ``SqliteStore.read``; raises sqlite3.Error."""
    span = (since, until)
    decisions = _by_visit(db, Decision, 'decisions', span)
    stimuli = _by_visit(db, Stimulus, 'stimuli', span)
    pictures = _by_visit(db, Picture, 'pictures', span)
    query = f'holds WHERE {_IN_SPAN} OR (stamp >= ? AND stamp < ?) ORDER BY stamp, id'
    holds = [hold for _, hold in _values(db, Hold, query, (*span, *span))]
    held: dict[str, list[Hold]] = defaultdict(list)
    for hold in holds:
        held[hold.visit_id].append(hold)
    query = 'visits WHERE started >= ? AND started < ? ORDER BY started, id'
    visits = [
        dataclasses.replace(
            visit,
            decisions=tuple(decisions[visit.id]),
            stimuli=tuple(stimuli[visit.id]),
            holds=tuple(held[visit.id]),
            pictures=tuple(pictures[visit.id]),
        )
        for _, visit in _values(db, Visit, query, span)
    ]
    query = 'sounds WHERE started >= ? AND started < ? ORDER BY started'
    sounds = [sound for _, sound in _values(db, Sound, query, span)]
    query = 'runs WHERE last_alive >= ? AND started < ? ORDER BY started'
    runs = [_within(run, since, until) for _, run in _values(db, Run, query, span)]
    return Log(
        visits=tuple(visits),
        holds=tuple(hold for hold in holds if since <= hold.stamp < until),
        sounds=tuple(sounds),
        runs=tuple(runs),
    )


def _within(run: Run, since: float, until: float) -> Run:
    started = max(run.started, since)
    return dataclasses.replace(
        run, started=started, last_alive=max(started, min(run.last_alive, until))
    )


def _by_visit(
    db: sqlite3.Connection, kind: type[_T], table: str, span: tuple[float, float]
) -> dict[str, list[_T]]:
    """Rows of ``table`` that belong to the visits of a period, by visit."""
    found: dict[str, list[_T]] = defaultdict(list)
    for visit, value in _values(db, kind, f'{table} WHERE {_IN_SPAN} ORDER BY stamp, rowid', span):
        found[visit].append(value)
    return found


def _values(
    db: sqlite3.Connection, kind: type[_T], query: str, values: Sequence[float]
) -> Iterator[tuple[str, _T]]:
    """Values of the model from a table's rows, each with the visit that it belongs to, if any."""
    names, converters = _columns(kind)
    owner = 'visit_id' if kind in (Decision, Stimulus, Picture) else "''"
    for visit, *row in db.execute(f'SELECT {owner}, {", ".join(names)} FROM {query}', values):
        pairs = zip(names, converters, row, strict=True)
        yield visit, kind(**{name: convert(value) for name, convert, value in pairs})


@cache
def _columns(
    kind: type['DataclassInstance'],
) -> tuple[tuple[str, ...], tuple[Callable[[Any], Any], ...]]:
    """Names of the columns of a value's fields, and what becomes of what stands in them."""
    names = tuple(f.name for f in dataclasses.fields(kind) if f.name not in _BELONGING)
    return names, tuple(_CONVERT.get(name, _same) for name in names)


def _same(value: Any) -> Any:
    return value
