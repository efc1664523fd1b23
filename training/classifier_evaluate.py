"""Measure whether the second look tells raccoons from cats better than the detector alone.

python training/classifier_evaluate.py --classifier models/classifier.tflite
    --detector models/detector.tflite --data DATA --dev DEV

Judges the animals that the detector finds in the composites of devset.py, in one look at one
picture. Both judge the same boxes; intervals are paired and drawn over cut-outs, for one cut-out
appears in several composites.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from ai_edge_litert.interpreter import Interpreter
from classifier_crops import CLASSES, NOTHING, at_run_time, cut
from cutouts import cutouts
from evaluate import Detector
from pictures import IGNORE, held_out, read_coco
from yolox import CAT, RACCOON, SPECIES

MATCH = 0.3  # overlap of a found box with the true one
HIT = 0.2  # score from which the pipeline starts a track
FLOOR = 0.02  # what the pipeline's posterior gives a score of zero
DRAWS = 1000
SURE_OF_NOTHING = 0.9


@dataclass
class Found:
    """One true animal that the detector found, or a box where none is (`species` NOTHING)."""

    species: int
    cutout: str
    detector: np.ndarray  # evidence per species, logarithmic
    classifier: np.ndarray  # the same
    nothing: float  # probability that the classifier gives to nothing

    def evidence(self, way: str) -> np.ndarray:
        """Return what `way` (detector, classifier or both) says per species."""
        return {
            'detector': self.detector,
            'classifier': self.classifier,
            'both': self.detector + self.classifier,
        }[way]


class SecondLook:
    """The classifier file behind one call."""

    def __init__(self, file: Path):
        self.interpreter = Interpreter(str(file), num_threads=1)
        self.interpreter.allocate_tensors()

    def __call__(self, crop: np.ndarray) -> np.ndarray:
        """Return the probabilities of CLASSES for a crop [SIDE, SIDE, 3]."""
        entry = self.interpreter.get_input_details()[0]['index']
        self.interpreter.set_tensor(entry, crop[None].astype(np.float32))
        self.interpreter.invoke()
        return self.interpreter.get_tensor(self.interpreter.get_output_details()[0]['index'])[0]


def overlap(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the intersection over union of one corner box with each of [n, 4]."""
    low, high = np.maximum(box[:2], others[:, :2]), np.minimum(box[2:4], others[:, 2:4])
    shared = (high - low).clip(min=0).prod(1)
    size = (box[2:4] - box[:2]).prod() + (others[:, 2:4] - others[:, :2]).prod(1)
    return shared / (size - shared)


def judge(file: Path, sizes: dict[int, int], detector: Detector, second: SecondLook) -> list[Found]:
    """Return all boxes of one set, true and false."""
    judged = []
    for picture in read_coco(file):
        image = cv2.imread(str(picture.path))
        found = detector(image)
        true = picture.boxes[picture.boxes[:, 4] < IGNORE]
        near = np.array([overlap(f, true).max() if len(true) else 0.0 for f in found])
        species, cutout = NOTHING, picture.path.name
        boxes = [f for f, n in zip(found, near, strict=True) if n < 0.1 and f[4] >= HIT]
        if len(true):
            number = int(picture.path.stem.split('_')[-1])
            species = int(true[0, 4])
            close = found[near >= MATCH]
            if len(close) and close[:, 4].max() >= HIT:
                best = close[close[:, 4].argmax()]
                scores = np.array(
                    [close[close[:, 5] == s, 4].max(initial=0.0) for s in range(len(SPECIES))]
                )
                name = f'{species}:{number % sizes[species]}'
                judged.append(_found(species, name, scores, second(at_run_time(image, best))))
        for box in boxes:
            scores = np.zeros(len(SPECIES))
            scores[int(box[5])] = box[4]
            judged.append(_found(NOTHING, cutout, scores, second(at_run_time(image, box))))
    return judged


def _found(species: int, cutout: str, scores: np.ndarray, crop: np.ndarray) -> Found:
    share, second = scores + FLOOR, crop[:NOTHING] + FLOOR
    return Found(
        species,
        cutout,
        np.log(share / share.sum()),
        np.log(second / second.sum()),
        float(crop[NOTHING]),
    )


def auc(raccoons: np.ndarray, others: np.ndarray) -> float:
    """Return the probability that a raccoon looks more like one than another animal does."""
    if not (len(raccoons) and len(others)):
        return float('nan')
    return float(
        (raccoons[:, None] > others[None]).mean() + (raccoons[:, None] == others[None]).mean() / 2
    )


def figures(judged: list[Found], other: int = CAT) -> dict[str, dict[str, list[float]]]:
    """Return value and interval of each figure per way, and of the gain of both over the detector.

    `auc` is raccoon against `other` by the difference of their evidence, `kept` the share of
    raccoons called so, `mistaken` the share of the others called raccoon.
    """
    pairs = {s: [f for f in judged if f.species == s] for s in (RACCOON, other)}
    groups = {s: sorted({f.cutout for f in fs}) for s, fs in pairs.items()}

    def measure(chosen: dict[int, list[Found]]) -> dict[str, dict[str, float]]:
        answer = {}
        for way in ('detector', 'classifier', 'both'):
            rows = {s: np.array([f.evidence(way) for f in fs]) for s, fs in chosen.items()}
            gap = [rows[s][:, RACCOON] - rows[s][:, other] for s in (RACCOON, other)]
            called = [(rows[s].argmax(1) == RACCOON).mean() for s in (RACCOON, other)]
            answer[way] = {'auc': auc(*gap), 'kept': called[0], 'mistaken': called[1]}
        answer['gain'] = {k: answer['both'][k] - answer['detector'][k] for k in answer['both']}
        return answer

    if not all(pairs.values()):
        return {}
    values, draws, rng = measure(pairs), [], np.random.default_rng(0)
    for _ in range(DRAWS):
        chosen = {}
        for s, names in groups.items():
            picks = rng.choice(len(names), len(names))
            chosen[s] = [f for i in picks for f in pairs[s] if f.cutout == names[i]]
        draws.append(measure(chosen))
    return {
        way: {
            key: [value, *np.percentile([d[way][key] for d in draws], (2.5, 97.5)).tolist()]
            for key, value in row.items()
        }
        for way, row in values.items()
    }


def crops_alone(pictures: list, second: SecondLook) -> dict[str, str]:
    """Return, for boxes of photographs as they are, how many of each species are called so."""
    right: dict[int, list[bool]] = {}
    for picture in pictures:
        image = cv2.imread(str(picture.path))
        for box in picture.boxes[picture.boxes[:, 4] < IGNORE]:
            label = int(second(at_run_time(image, box)).argmax())
            right.setdefault(int(box[4]), []).append(label == int(box[4]))
    return {CLASSES[s]: f'{sum(r)} of {len(r)}' for s, r in sorted(right.items())}


def empty_frames(pictures: list, second: SecondLook) -> str:
    """Return how many random squares of animal-free frames are called nothing."""
    rng, right, total = np.random.default_rng(3), 0, 0
    for picture in pictures:
        image = cv2.imread(str(picture.path))
        for _ in range(10):
            side = rng.uniform(0.08, 0.4) * image.shape[0]
            middle = rng.uniform(0.2, 0.8, 2) * image.shape[1::-1]
            right += int(second(cut(image, middle, side)).argmax()) == NOTHING
            total += 1
    return f'{right} of {total}'


def main() -> None:
    """Print one table per set."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name in ('classifier', 'detector', 'data', 'dev'):
        parser.add_argument(f'--{name}', type=Path, required=True)
    parser.add_argument('--renders', type=Path, nargs='*', default=[], help='held-out renders')
    parser.add_argument('--json', type=Path)
    options = parser.parse_args()
    second, detector = SecondLook(options.classifier), Detector(options.detector)
    animals = [p for p in read_coco(options.data / 'animals' / 'animals.json') if held_out(p)]
    close = read_coco(options.data / 'raccoon_val.json')
    pieces = cutouts([p for p in [*animals, *close] if p.labels], options.dev / 'cutouts')
    sizes = {s: max(sum(p.label == s for p in pieces), 1) for s in range(len(SPECIES))}
    report: dict[str, object] = {
        'photographs': crops_alone([*animals, *close], second),
        'camera-trap squares called nothing': empty_frames(
            read_coco(options.data / 'camera_trap_negatives.json'), second
        ),
    }
    for file in options.renders:
        report[f'renders {file.parent.name}'] = crops_alone(read_coco(file), second)
    for kind in ('night', 'far'):
        judged = judge(options.dev / f'{kind}.json', sizes, detector, second)
        true = [f for f in judged if f.species != NOTHING]
        false = [f for f in judged if f.species == NOTHING]
        report[kind] = {
            'found': {CLASSES[s]: sum(f.species == s for f in judged) for s in range(6)},
            'raccoon against cat': figures(judged),
            'animals called nothing': f'{_sure(true)} of {len(true)}',
            'false boxes called nothing': f'{_sure(false)} of {len(false)}',
        }
    text = json.dumps(report, indent=1)
    print(text)
    if options.json:
        options.json.write_text(text)


def _sure(found: list[Found]) -> int:
    return sum(f.nothing >= SURE_OF_NOTHING for f in found)


if __name__ == '__main__':
    cv2.setNumThreads(1)
    try:
        main()
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f'classifier_evaluate.py: {error}')
