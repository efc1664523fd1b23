"""A contact sheet of the worst misses and false alarms, for people to look at."""

from pathlib import Path

import cv2
import numpy as np
from sentinel_common.errors import SentinelError
from sentinel_common.species import RACCOON

from ..detector.port import Pixels
from .metrics import Prediction, corners, matched

# Pictures per half of the sheet, columns, and the cell of one, px.
_MOST, _COLUMNS, _CELL = 12, 4, (320, 240)

# Boxes below this score are not drawn.
_NOISE = 0.05

_TRUTH, _FOUND = (80, 220, 80), (60, 60, 235)


def worst(predictions: list[Prediction]) -> tuple[list[Prediction], list[Prediction]]:
    """Pictures whose raccoon scored lowest, and pictures with the loudest false raccoon."""
    misses, alarms = [], []
    for prediction in predictions:
        truths = [t for t in prediction.sample.truths_of(RACCOON) if not t.ignore]
        boxes, scores = prediction.raccoons
        owner = matched(corners(truths), boxes, scores)
        if truths:
            misses.append((min(float(scores[b]) if b >= 0 else 0.0 for b in owner), prediction))
        false = [float(s) for i, s in enumerate(scores) if i not in owner]
        ignored = [t for t in prediction.sample.truths_of(RACCOON) if t.ignore]
        if false and not ignored:
            alarms.append((max(false), prediction))
    misses.sort(key=lambda item: item[0])
    alarms.sort(key=lambda item: -item[0])
    return [p for _, p in misses[:_MOST]], [p for _, p in alarms[:_MOST]]


def write(path: Path, predictions: list[Prediction], pictures: dict[str, Pixels]) -> None:
    """Write the sheet as JPEG; ``pictures`` has those of ``worst``, by sample name."""
    misses, alarms = worst(predictions)
    rows = _half('lowest scores of raccoons (green: truth)', misses, pictures)
    rows += _half('loudest false raccoons (red)', alarms, pictures)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cv2.imencode('.jpg', np.vstack(rows))[1].tobytes())
    except OSError as error:
        raise SentinelError(f'{path} cannot be written: {error.strerror}.') from None


def _half(title: str, chosen: list[Prediction], pictures: dict[str, Pixels]) -> list[Pixels]:
    width, height = _CELL
    head = np.full((28, width * _COLUMNS, 3), 255, np.uint8)
    cv2.putText(head, title, (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (0, 0, 0), 1, cv2.LINE_AA)
    cells = [_cell(p, pictures[p.sample.name]) for p in chosen]
    cells += [np.full((height, width, 3), 255, np.uint8)] * (-len(cells) % _COLUMNS)
    rows = [np.hstack(cells[i : i + _COLUMNS]) for i in range(0, len(cells), _COLUMNS)]
    return [head, *rows]


def _cell(prediction: Prediction, picture: Pixels) -> Pixels:
    width, height = _CELL
    scale = min(width / picture.shape[1], height / picture.shape[0])
    size = max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale))
    cell = np.full((height, width, 3), 255, np.uint8)
    cell[: size[1], : size[0]] = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    truths = [t for t in prediction.sample.truths_of(RACCOON) if not t.ignore]
    for box in corners(truths) * scale:
        _box(cell, box, _TRUTH, '')
    boxes, scores = prediction.raccoons
    for i in np.argsort(-scores)[:3]:
        if scores[i] >= _NOISE:
            _box(cell, boxes[i] * scale, _FOUND, f'{scores[i]:.2f}')
    name = Path(prediction.sample.name).name[-44:]
    cv2.putText(cell, name, (4, height - 6), cv2.FONT_HERSHEY_SIMPLEX, 0.35, (255, 90, 0), 1)
    return cell


def _box(cell: Pixels, box: Pixels, color: tuple[int, int, int], text: str) -> None:
    left, top, right, bottom = (round(float(v)) for v in box)
    cv2.rectangle(cell, (left, top), (right, bottom), color, 2)
    place = left + 2, max(top, 0) + 14
    for paint, thickness in (((0, 0, 0), 3), (color, 1)):
        cv2.putText(cell, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.45, paint, thickness)
