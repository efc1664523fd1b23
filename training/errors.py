"""Count how a detector errs, for a set of config/detector_errors.yaml.

In a built workspace: python training/errors.py --model FILE --data SET.json [--whole]
Or of the encounters of bench night --part rendered: python training/errors.py --encounters RESULT

Every picture is looked at as the pipeline does it over several: whole, in tiles, and closer at the
candidates. What counts is the mean of the looks, for a species that is called as for a veto; for a
veto also the second look at it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sentinel_behavior.guard.parameters import DEFAULTS
from sentinel_common.errors import SentinelError
from sentinel_common.species import PROTECTED, RACCOON, SPECIES
from sentinel_perception.bench import annotations, looks
from sentinel_perception.bench.metrics import corners
from sentinel_perception.detector.classifier import shipped
from sentinel_perception.detector.model import load
from sentinel_perception.detector.port import Candidates, Classifier, Pixels
from sentinel_perception.merging import iou
from sentinel_perception.settings import Settings
from sentinel_perception.suspicion import PROTECTED_COLUMNS, Suspicion

SETTINGS = Settings()
VETO = float(DEFAULTS['veto_level'])
MATCH = 0.3  # overlap of a box with the animal that it is about
ANSWERS = 5  # of the second look: so many are remembered


def called(found: Candidates, box: np.ndarray) -> tuple[str, float]:
    """Return what the strongest box at an animal is called, its score; nothing if that is low."""
    if not len(found):
        return 'nothing', 0.0
    near = iou(box[None], found.boxes)[0] >= MATCH
    scores = np.where(near[:, None], found.scores, 0.0)
    best = np.unravel_index(scores.argmax(), scores.shape)
    name, score = SPECIES[best[1]], float(scores[best])
    return name if score >= SETTINGS.threshold_of(name) else 'nothing', score


def sign_of_household(found: Candidates, picture: Pixels, classifier: Classifier | None) -> float:
    """Return the strongest score of a person or pet that the second look leaves."""
    strongest = 0.0
    for box, scores in zip(found.boxes, found.scores, strict=True):
        suspicion = Suspicion()
        if classifier and scores[PROTECTED_COLUMNS].max() >= VETO:
            answer = classifier.classify(picture, box)
            for _ in range(ANSWERS):
                suspicion.look_again(answer)
        strongest = max(strongest, float(suspicion.reconsider(scores)[PROTECTED_COLUMNS].max()))
    return strongest


def quantiles(scores: list[float]) -> list[float]:
    """Return the middles of the tenths of scores, or all of a few."""
    if len(scores) <= 10:
        return sorted(round(s, 2) for s in scores)
    return [round(float(q), 2) for q in np.quantile(scores, np.arange(0.05, 1.0, 0.1))]


def count(model: Path, data: Path, whole: bool) -> dict[str, object]:
    """Return the counts of a set, [how many, of how many], and scores, by the keys of the file."""
    detector, classifier = load(model), shipped()
    missed = {s: [0, 0] for s in sorted(PROTECTED)}
    mistaken = {s: [0, 0] for s in (*sorted(PROTECTED), 'other_animal', 'nothing')}
    raccoons, pets, false = [0, 0], [0, 0], [0, 0]
    scores: dict[str, list[float]] = {
        k: [] for k in ('raccoon', 'household', 'called_raccoon', 'imagined')
    }
    for done, (sample, picture, _) in enumerate(annotations.load(data).pictures(), 1):
        if whole:
            mean = looks.look(picture, detector, 'whole')
        else:
            mean = looks.closer(picture, detector)
        there = [t for t in sample.truths if not t.ignore]
        sign = sign_of_household(mean, picture, classifier)
        veto = sign >= VETO
        protected = {t.species for t in there} & PROTECTED
        for species in protected:
            missed[species][0] += not veto
            missed[species][1] += 1
        if veto:
            scores['household' if protected else 'imagined'].append(sign)
        if not protected:
            false[0] += veto
            false[1] += 1
        if not sample.truths:
            alarm = mean.scores.argmax(axis=1) == SPECIES.index(RACCOON)
            alarm &= mean.scores.max(axis=1) >= SETTINGS.threshold
            mistaken['nothing'][0] += bool(alarm.any())
            mistaken['nothing'][1] += 1
        for truth, box in zip(there, corners(there), strict=True):
            name, score = called(mean, box)
            if name == RACCOON and truth.species in {RACCOON} | PROTECTED:
                scores['raccoon' if truth.species == RACCOON else 'called_raccoon'].append(score)
            if truth.species == RACCOON:
                raccoons[0] += name != RACCOON
                raccoons[1] += 1
                pets[0] += name in PROTECTED
                pets[1] += 1
            elif truth.species in mistaken:
                mistaken[truth.species][0] += name == RACCOON
                mistaken[truth.species][1] += 1
        if done % 20 == 0:
            print(f'{done} pictures', file=sys.stderr, flush=True)
    return {
        'missed': missed,
        'called_raccoon': mistaken,
        'raccoon_missed': raccoons,
        'raccoon_called_pet': pets,
        'false_veto': false,
        'scores': {name: quantiles(found) for name, found in scores.items()},
    }


def count_encounters(file: Path) -> dict[str, object]:
    """Return the counts of rendered encounters: what a whole encounter came to, not single looks.

    Missed is who gave no sign within a second of plain view, called raccoon whoever was a sure
    target for a moment; a false veto is one at any time while a raccoon was alone.
    """
    rows = json.loads(file.read_text())['rendered']['encounters']

    def of(kind: str, hit: Callable[[dict[str, Any]], bool], least: float = 1.0) -> list[int]:
        met = [r for r in rows if kind in r['kind'].split('+') and r['clear'] >= least]
        return [sum(hit(r) for r in met), len(met)]

    def alone(kinds: tuple[str, ...], hit: Callable[[dict[str, Any]], bool]) -> list[int]:
        met = [r for r in rows if r['kind'] in kinds and (r['kind'] != RACCOON or seen(r))]
        return [sum(hit(r) for r in met), len(met)]

    def seen(row: dict[str, Any]) -> bool:
        return float(row['raccoon_clear']) >= 1.0

    def late(row: dict[str, Any]) -> bool:
        return row['first_sign'] is None or row['first_sign'] > 1.0

    household = sorted(PROTECTED)
    return {
        'missed': {s: of(s, late) for s in household},
        'called_raccoon': {
            **{s: of(s, lambda r: r['called'] > 0) for s in household},
            'other_animal': alone(('fox', 'opossum'), lambda r: r['answered']),
            'nothing': alone(('nobody',), lambda r: r['answered']),
        },
        'raccoon_missed': alone((RACCOON,), lambda r: r['sure'] == 0),
        'raccoon_called_pet': [0, alone((RACCOON,), lambda r: True)[1]],
        'false_veto': alone((RACCOON,), lambda r: r['vetoed']),
        'correlation': 0.99,
    }


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--model', type=Path, default=Path('models/detector.tflite'))
    of_what = parser.add_mutually_exclusive_group(required=True)
    of_what.add_argument('--data', type=Path, help='COCO file of the set')
    of_what.add_argument('--encounters', type=Path, help='result of bench night --part rendered')
    parser.add_argument('--whole', action='store_true', help='one look at the whole picture')
    options = parser.parse_args()
    try:
        if options.encounters:
            counts = count_encounters(options.encounters)
        else:
            counts = count(options.model, options.data, options.whole)
        for key, value in counts.items():
            print(f'    {key}: {str(value).replace(chr(39), "")}')
    except (OSError, SentinelError) as error:
        sys.exit(f'errors.py: {error}')
