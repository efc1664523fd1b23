"""One row or one change of a row for each kind of incident."""

import json
import sqlite3
from collections.abc import Mapping
from typing import Any

from .model import INTERRUPTED, Incident, Kind, brain_of


def as_json(value: Mapping[str, Any]) -> str:
    """``value`` as the log keeps it: short, the same for the same content."""
    return json.dumps(value, separators=(',', ':'), sort_keys=True)


def interrupt(db: sqlite3.Connection, *, but: str) -> None:
    """End the visits that are open, with the newest thing known of each.

    ``but`` is a visit that lasts, and so do those of the same brain ('': none does).
    """
    left = db.execute('SELECT id FROM visits WHERE ended IS NULL').fetchall()
    for (visit,) in left:
        if not but or brain_of(visit) != brain_of(but):
            db.execute(
                'UPDATE visits SET outcome = :outcome, ended = ('
                ' SELECT max(stamp) FROM (SELECT started AS stamp FROM visits WHERE id = :visit'
                + ''.join(
                    f' UNION SELECT stamp FROM {table} WHERE visit_id = :visit'
                    for table in ('decisions', 'stimuli', 'holds', 'pictures')
                )
                + ')) WHERE id = :visit',
                {'visit': visit, 'outcome': INTERRUPTED},
            )


def _visit_started(db: sqlite3.Connection, incident: Incident, told: float) -> None:
    db.execute(
        'UPDATE visits SET track_id = ?, species = ?, probability = ?, started = ?, detail = ?'
        ' WHERE id = ?',
        (
            incident.track_id,
            incident.species,
            incident.probability,
            incident.stamp,
            as_json(incident.detail),
            incident.visit_id,
        ),
    )


def _decision(db: sqlite3.Connection, incident: Incident, told: float) -> None:
    db.execute(
        'INSERT INTO decisions (visit_id, stamp, told, deterrent, detail) VALUES (?, ?, ?, ?, ?)',
        (incident.visit_id, incident.stamp, told, incident.deterrent, as_json(incident.detail)),
    )


def _stimulus_started(db: sqlite3.Connection, incident: Incident, told: float) -> None:
    db.execute(
        'INSERT INTO stimuli (visit_id, stamp, told, deterrent, detail) VALUES (?, ?, ?, ?, ?)',
        (incident.visit_id, incident.stamp, told, incident.deterrent, as_json(incident.detail)),
    )


def _stimulus_ended(db: sqlite3.Connection, incident: Incident, told: float) -> None:
    db.execute(
        'UPDATE stimuli SET seconds = coalesce(?, ? - told), end_detail = ? WHERE id ='
        ' (SELECT max(id) FROM stimuli WHERE visit_id = ? AND deterrent = ? AND seconds IS NULL)',
        (
            incident.detail.get('seconds'),
            told,
            as_json(incident.detail),
            incident.visit_id,
            incident.deterrent,
        ),
    )


def _visit_ended(db: sqlite3.Connection, incident: Incident, told: float) -> None:
    db.execute(
        'UPDATE visits SET species = ?, ended = ?, outcome = ?, end_detail = ? WHERE id = ?',
        (
            incident.species,
            incident.stamp,
            str(incident.detail.get('outcome', '')),
            as_json(incident.detail),
            incident.visit_id,
        ),
    )


def _held_fire(db: sqlite3.Connection, incident: Incident, told: float) -> None:
    db.execute(
        'INSERT INTO holds (visit_id, stamp, told, track_id, species, probability, detail)'
        ' VALUES (?, ?, ?, ?, ?, ?, ?)',
        (
            incident.visit_id or None,
            incident.stamp,
            told,
            incident.track_id,
            incident.species,
            incident.probability,
            as_json(incident.detail),
        ),
    )


WRITERS = {
    Kind.VISIT_STARTED: _visit_started,
    Kind.DECISION: _decision,
    Kind.STIMULUS_STARTED: _stimulus_started,
    Kind.STIMULUS_ENDED: _stimulus_ended,
    Kind.VISIT_ENDED: _visit_ended,
    Kind.HELD_FIRE: _held_fire,
}
