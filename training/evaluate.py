"""Score a model on COCO files: one table per file, groups never pooled.

python training/evaluate.py --model models/detector.tflite --data A.json B.json [--json OUT]

The product's own benchmark is `./sentinel bench perception`; this one needs nothing but the
training environment and is used to choose between trained weights.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from augment import letterbox
from pictures import IGNORE, Picture, read_coco
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from train import load_trained
from yolox import CAT, COCO_CLASSES, DOG, PERSON, RACCOON, SIZE, SPECIES, coco_scores, load_base

LOWEST = 0.01  # score below which nothing is kept
OVERLAP = 0.5  # overlap above which non-maximum suppression drops the weaker box
MATCH = 0.3  # overlap at which a box counts as found: boxes in the dark are vague
THRESHOLDS = (0.45, 0.6)  # of the household and of a target in the pipeline
VETO_LEVEL = 0.2  # score from which the guard holds fire for a person, cat or dog
VETO = (CAT, DOG, PERSON)
BOOTSTRAPS = 200

Detections = np.ndarray  # [n, 6]: x1, y1, x2, y2, score, species


def suppress(boxes: np.ndarray, scores: np.ndarray) -> Detections:
    """Turn centre boxes [N, 4] and scores [N, 5] into detections after suppression per species."""
    found = []
    half = boxes[:, 2:] / 2
    corners = np.concatenate((boxes[:, :2] - half, boxes[:, :2] + half), 1)
    for species in range(len(SPECIES)):
        good = np.flatnonzero(scores[:, species] > LOWEST)
        rects = np.concatenate((corners[good, :2], boxes[good, 2:]), 1)
        keep = cv2.dnn.NMSBoxes(rects.tolist(), scores[good, species].tolist(), LOWEST, OVERLAP)
        for i in good[np.array(keep, int).reshape(-1)]:
            found.append([*corners[i], scores[i, species], species])
    return np.array(found, np.float32).reshape(-1, 6)


class Detector:
    """A model file behind one call: `.tflite`, `.pt` of training, or the `.npz` base weights.

    The base weights are the stock COCO model; with `merge_animals` every animal of COCO counts as
    raccoon, which is the best a model without raccoons can do.
    """

    def __init__(self, model: Path, merge_animals: bool = False):
        self.merge_animals = merge_animals
        self.interpreter = None
        if model.suffix == '.tflite':
            self.interpreter = Interpreter(str(model), num_threads=1)
            self.interpreter.allocate_tensors()
        else:
            stock = model.suffix == '.npz'
            self.stock = stock
            self.torch = load_base(model, COCO_CLASSES).eval() if stock else load_trained(model)

    def __call__(self, picture: np.ndarray) -> Detections:
        """Return what is found in a BGR picture, boxes in its pixels."""
        square, _ = letterbox(picture, np.zeros((0, 5), np.float32))
        boxes, scores = self._infer(square[None].astype(np.float32))
        found = suppress(boxes, scores)
        found[:, :4] *= max(picture.shape[:2]) / SIZE
        return found

    def _infer(self, batch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self.interpreter is not None:
            entry = self.interpreter.get_input_details()[0]
            self.interpreter.set_tensor(entry['index'], batch)
            self.interpreter.invoke()
            outputs = self.interpreter.get_output_details()
            parts = {o['shape'][-1]: self.interpreter.get_tensor(o['index'])[0] for o in outputs}
            return parts[4], parts[1] * parts[len(SPECIES)]
        with torch.no_grad():
            boxes, objectness, classes = self.torch(torch.from_numpy(batch).permute(0, 3, 1, 2))
            if self.stock:
                scores = coco_scores(objectness, classes)[0].numpy()
                if self.merge_animals:
                    scores[:, RACCOON] = scores[:, [1, 2, 4]].max(1)
            else:
                scores = (objectness.sigmoid() * classes.sigmoid())[0].numpy()
        return boxes[0].numpy(), scores


def overlaps(box: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the overlap of one corner box with others [n, >=4]."""
    low = np.maximum(box[:2], others[:, :2])
    high = np.minimum(box[2:4], others[:, 2:4])
    common = (high - low).clip(min=0).prod(1)
    area = (box[2:4] - box[:2]).prod() + (others[:, 2:4] - others[:, :2]).prod(1)
    return common / np.maximum(area - common, 1e-6)


def average_precision(
    pictures: list[Picture], found: list[Detections], iou: float, order: np.ndarray
) -> float:
    """Return the AP of raccoon over the pictures in `order` (with repetition)."""
    truth, answers, count = [], [], 0
    for new, i in enumerate(order.tolist()):
        for box in pictures[i].boxes[pictures[i].boxes[:, 4] == RACCOON]:
            count += 1
            size = box[2:4] - box[:2]
            truth.append({
                'id': count, 'image_id': new, 'category_id': 1, 'iscrowd': 0,
                'bbox': [*box[:2].tolist(), *size.tolist()], 'area': float(size.prod()),
            })  # fmt: skip
        for d in found[i][found[i][:, 5] == RACCOON]:
            answers.append({
                'image_id': new, 'category_id': 1, 'score': float(d[4]),
                'bbox': [*d[:2].tolist(), *(d[2:4] - d[:2]).tolist()],
            })  # fmt: skip
    if not truth or not answers:
        return float('nan') if not truth else 0.0
    with contextlib.redirect_stdout(io.StringIO()):
        coco = COCO()
        coco.dataset = {
            'info': {}, 'images': [{'id': n} for n in range(len(order))], 'annotations': truth,
            'categories': [{'id': 1, 'name': 'raccoon'}],
        }  # fmt: skip
        coco.createIndex()
        run = COCOeval(coco, coco.loadRes(answers), 'bbox')
        run.params.iouThrs = np.array([iou])
        run.evaluate()
        run.accumulate()
    return float(run.eval['precision'][0, :, 0, 0, -1].mean())


def with_interval(pictures: list[Picture], found: list[Detections], iou: float) -> list[float]:
    """Return AP and its 95 % bootstrap interval over pictures."""
    everything = np.arange(len(pictures))
    value = average_precision(pictures, found, iou, everything)
    rng = np.random.default_rng(0)
    draws = [
        average_precision(pictures, found, iou, rng.choice(everything, len(everything)))
        for _ in range(BOOTSTRAPS)
    ]
    return [round(float(v), 3) for v in (value, *np.nanpercentile(draws, (2.5, 97.5)))]


def species_table(pictures: list[Picture], found: list[Detections], threshold: float) -> dict:
    """Return for each true species what the best box on it is called (`nothing` if missed)."""
    table: dict[str, Counter] = {}
    for picture, detections in zip(pictures, found, strict=True):
        good = detections[detections[:, 4] >= threshold]
        for box in picture.boxes[picture.boxes[:, 4] < IGNORE]:
            on = good[overlaps(box, good) >= MATCH]
            name = SPECIES[int(on[on[:, 4].argmax(), 5])] if len(on) else 'nothing'
            table.setdefault(SPECIES[int(box[4])], Counter())[name] += 1
    return {k: dict(v.most_common()) for k, v in table.items()}


def alarms(pictures: list[Picture], found: list[Detections], threshold: float) -> dict:
    """Return `alarms/pictures` by what the pictures show: any raccoon box above the threshold."""
    count: dict[str, list[int]] = {}
    for picture, detections in zip(pictures, found, strict=True):
        shown = '+'.join(SPECIES[s] for s in sorted(picture.labels)) or 'no label'
        shown = f'{picture.group} {shown}'.strip()
        raised = (detections[:, 5] == RACCOON) & (detections[:, 4] >= threshold)
        entry = count.setdefault(shown, [0, 0])
        entry[0] += bool(raised.any())
        entry[1] += 1
    return {k: f'{a}/{n}' for k, (a, n) in sorted(count.items())}


def vetoes(pictures: list[Picture], found: list[Detections]) -> dict:
    """Return `vetoes/pictures`: where a person, cat or dog is, and where none is."""
    count = {True: [0, 0], False: [0, 0]}
    for picture, detections in zip(pictures, found, strict=True):
        held = np.isin(detections[:, 5], VETO) & (detections[:, 4] >= VETO_LEVEL)
        entry = count[not picture.labels.isdisjoint(VETO)]
        entry[0] += bool(held.any())
        entry[1] += 1
    return {('shown' if k else 'absent'): f'{a}/{n}' for k, (a, n) in count.items()}


def evaluate(model: Path, data: list[Path], merge_animals: bool) -> dict:
    """Return all figures of a model, per data file."""
    detector = Detector(model, merge_animals)
    report = {}
    for file in data:
        pictures = read_coco(file)
        found = []
        for picture in pictures:
            image = cv2.imread(str(picture.path))
            if image is None:
                raise FileNotFoundError(f'{picture.path}: not a picture that OpenCV can read')
            found.append(detector(image))
        part: dict[str, object] = {'pictures': len(pictures)}
        if any(RACCOON in p.labels for p in pictures):
            for iou in (0.3, 0.5):
                part[f'AP@{iou}'] = with_interval(pictures, found, iou)
        for threshold in THRESHOLDS:
            part[f'named@{threshold}'] = species_table(pictures, found, threshold)
            part[f'alarms@{threshold}'] = alarms(pictures, found, threshold)
        part[f'vetoes@{VETO_LEVEL}'] = vetoes(pictures, found)
        # Renders are all called annotations.json.
        report[file.parent.name if file.stem == 'annotations' else file.stem] = part
    return report


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--model', type=Path, required=True)
    parser.add_argument('--data', type=Path, nargs='+', required=True)
    parser.add_argument('--json', type=Path)
    parser.add_argument('--merge-animals', action='store_true')
    options = parser.parse_args()
    torch.set_num_threads(1)
    try:
        figures = evaluate(options.model, options.data, options.merge_animals)
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f'evaluate.py: {error}')
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + '\n')
    for name, part in figures.items():
        print(name)
        for key, value in part.items():
            print(f'  {key}: {value}')
