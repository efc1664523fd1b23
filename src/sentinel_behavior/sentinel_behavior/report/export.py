"""The incident log for other programs: pictures in COCO form to label and train, tables as CSV.

Boxes and species are the detector's own opinion, so they are a draft for whoever labels, with two
exceptions: what a person marked as a false alarm has no box in any picture (from it "nothing" is
learned), and what a hint of a person blurred is ``iscrowd``, which trainers leave out.
"""

import csv
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sentinel_common.detections import best
from sentinel_common.species import PERSON, SPECIES

from ..incidents.model import Log, Picture, Visit
from ..incidents.pictures import hints_at_person, opened
from .trends import stay

_CATEGORIES = {name: number for number, name in enumerate(SPECIES, start=1)}

_VISIT_FIELDS = (
    'visit', 'species', 'probability', 'started', 'started_s', 'ended_s', 'last_seen_s', 'outcome',
    'arm', 'group', 'context', 'zone', 'stimuli', 'holds', 'time_to_stimulus_s',
    'time_to_departure_s', 'stay_s', 'false_alarm', 'note',
)  # fmt: skip
_STIMULUS_FIELDS = (
    'visit', 'species', 'number', 'deterrent', 'told_s', 'seconds', 'completed', 'reason', 'sound',
    'volume', 'light', 'motion', 'step', 'range_m', 'range_after_m', 'left_after',
)  # fmt: skip


def coco(log: Log) -> dict[str, Any]:
    """Return a COCO detection data set of all pictures of ``log``.

    File names are those of the pictures without their folder. Each image carries ``visit``,
    ``kind`` (crop or frame), ``captured`` (s) and ``false_alarm``, each annotation ``score`` and
    ``track``.
    """
    marked = _Marked(log)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    for visit in log.visits:
        for picture in visit.pictures:
            number = len(images) + 1
            images.append(
                {
                    'id': number,
                    'file_name': Path(picture.path).name,
                    'width': picture.width,
                    'height': picture.height,
                    'captured': picture.stamp,
                    'visit': visit.id,
                    'kind': picture.kind,
                    'false_alarm': visit.false_alarm,
                }
            )
            for box, species, score in _labels(picture, marked):
                annotations.append(
                    {
                        'id': len(annotations) + 1,
                        'image_id': number,
                        'category_id': _CATEGORIES[species],
                        'bbox': [box['x'], box['y'], box['width'], box['height']],
                        'area': round(box['width'] * box['height'], 1),
                        'iscrowd': int(_is_blurred(box)),
                        'score': score,
                        'track': box['track_id'],
                    }
                )
    categories = [{'id': number, 'name': name} for name, number in _CATEGORIES.items()]
    return {'images': images, 'annotations': annotations, 'categories': categories}


class _Marked:
    """What a person marked as false alarms: tracks, each from when until when (s)."""

    def __init__(self, log: Log) -> None:
        self._spans: dict[str, list[tuple[float, float]]] = {}
        for visit in log.visits:
            if visit.false_alarm:
                begin = min(visit.started, float(visit.detail.get('first_seen', visit.started)))
                end = float('inf') if visit.ended is None else visit.ended
                told = (*visit.end_detail.get('tracks', ()), *(p.track_id for p in visit.pictures))
                for track in {visit.track_id, *map(str, told)} - {''}:
                    self._spans.setdefault(track, []).append((begin, end))

    def has(self, track: str, stamp: float) -> bool:
        """Whether ``track`` was no target at ``stamp``; numbers of tracks come again."""
        return any(begin <= stamp <= end for begin, end in self._spans.get(track, ()))


def _is_blurred(box: Mapping[str, Any]) -> bool:
    """Whether a hint of a person hides part of ``box``; old logs do not say it of other boxes."""
    scores = box['scores']
    return bool(box.get('blurred')) or best(scores)[0] == PERSON or hints_at_person(scores)


def _labels(picture: Picture, marked: _Marked) -> Iterator[tuple[Mapping[str, Any], str, float]]:
    """Boxes of a picture that are worth a label, with species and score."""
    for box in picture.boxes:
        species, score = best(box['scores'])
        # A hypothesis without a track is a hint that forbids, not an opinion; but blurred pixels
        # must not be learnt as background.
        if species not in _CATEGORIES or not (box['track_id'] or _is_blurred(box)):
            continue
        if species == PERSON or not marked.has(box['track_id'], picture.stamp):
            yield box, species, score


def _visit_row(visit: Visit) -> dict[str, Any]:
    opened = {**visit.detail, **(visit.decisions[0].detail if visit.decisions else {})}
    return {
        'visit': visit.id,
        'species': visit.species,
        'probability': visit.probability,
        'started': datetime.fromtimestamp(visit.started, UTC).isoformat(timespec='milliseconds'),
        'started_s': visit.started,
        'ended_s': visit.ended,
        'last_seen_s': visit.last_seen,
        'outcome': visit.outcome,
        'arm': visit.arm,
        'group': visit.group,
        'context': opened.get('context', ''),
        'zone': opened.get('zone', ''),
        'stimuli': len(visit.stimuli),
        'holds': len(visit.holds),
        'time_to_stimulus_s': visit.time_to_stimulus,
        'time_to_departure_s': visit.time_to_departure,
        'stay_s': stay(visit),
        'false_alarm': int(visit.false_alarm),
        'note': visit.note,
    }


def _stimulus_rows(visit: Visit) -> Iterator[dict[str, Any]]:
    for number, stimulus in enumerate(visit.stimuli, start=1):
        detail, end = stimulus.detail, stimulus.end_detail
        last = number == len(visit.stimuli)
        yield {
            'visit': visit.id,
            'species': visit.species,
            'number': number,
            'deterrent': stimulus.deterrent,
            'told_s': stimulus.told,
            'seconds': stimulus.seconds,
            'completed': end.get('completed', ''),
            'reason': end.get('reason', ''),
            'left_after': int(last and visit.time_to_departure is not None),
            'range_m': detail.get('range'),
            'range_after_m': end.get('range'),
            **{key: detail.get(key, '') for key in ('sound', 'volume', 'light', 'motion', 'step')},
        }


def _write_csv(path: Path, fields: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
    with path.open('w', newline='', encoding='utf-8') as file:
        writer = csv.DictWriter(file, fields)
        writer.writeheader()
        writer.writerows(rows)


def write(log: Log, folder: Path, out: Path) -> int:
    """Write ``annotations.json`` with ``images/``, ``visits.csv`` and ``stimuli.csv`` into ``out``.

    Args:
        log: what is exported.
        folder: where the pictures of the log lie.
        out: made if it is missing.

    Returns:
        The number of pictures; those whose file is gone or damaged are left out.

    Raises:
        OSError: ``out`` cannot be written.

    """
    (out / 'images').mkdir(parents=True, exist_ok=True)
    data = coco(log)
    places = {Path(p.path).name: folder / p.path for v in log.visits for p in v.pictures}
    there = {image['id'] for image in data['images'] if opened(places[image['file_name']])}
    data['images'] = [image for image in data['images'] if image['id'] in there]
    data['annotations'] = [a for a in data['annotations'] if a['image_id'] in there]
    for image in data['images']:
        shutil.copyfile(places[image['file_name']], out / 'images' / image['file_name'])
    (out / 'annotations.json').write_text(json.dumps(data), encoding='utf-8')
    _write_csv(out / 'visits.csv', _VISIT_FIELDS, [_visit_row(visit) for visit in log.visits])
    stimuli = [row for visit in log.visits for row in _stimulus_rows(visit)]
    _write_csv(out / 'stimuli.csv', _STIMULUS_FIELDS, stimuli)
    return len(data['images'])
