"""Animals cut out of photographs along their outline (GrabCut), to be pasted elsewhere."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from pictures import IGNORE, Picture

SIDE = 220  # pixels; cut-outs are pasted small, GrabCut is slow on large ones
MARGIN = 0.12  # of the box on every side: sure background for GrabCut
ROUNDS = 3
FILLED = (0.25, 0.95)  # share of the box that a believable outline fills


@dataclass(frozen=True)
class Cutout:
    """A BGR crop, its soft outline 0..1 of the same size, and the species."""

    image: np.ndarray
    alpha: np.ndarray
    label: int


def cut(image: np.ndarray, box: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Return crop and outline of what is in the corner box, or None where GrabCut fails."""
    x1, y1, x2, y2 = box[:4]
    dx, dy = (x2 - x1) * MARGIN, (y2 - y1) * MARGIN
    left, top = max(int(x1 - dx), 0), max(int(y1 - dy), 0)
    crop = image[top : int(y2 + dy) + 1, left : int(x2 + dx) + 1]
    scale = min(SIDE / max(crop.shape[:2]), 1.0)
    crop = cv2.resize(crop, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    height, width = crop.shape[:2]
    rect = [int((x1 - left) * scale), int((y1 - top) * scale)]
    rect += [int((x2 - x1) * scale), int((y2 - y1) * scale)]
    if min(rect[2:]) < 24 or (rect[2] >= width - 2 and rect[3] >= height - 2):
        return None
    mask = np.zeros((height, width), np.uint8)
    cv2.setRNGSeed(0)
    cv2.grabCut(
        crop, mask, rect, np.zeros((1, 65)), np.zeros((1, 65)), ROUNDS, cv2.GC_INIT_WITH_RECT
    )
    solid = np.isin(mask, (cv2.GC_FGD, cv2.GC_PR_FGD)).astype(np.uint8)
    _, parts, stats, _ = cv2.connectedComponentsWithStats(solid)
    if len(stats) < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    solid = (parts == largest).astype(np.uint8)
    filled = solid.sum() / (rect[2] * rect[3])
    if not FILLED[0] < filled < FILLED[1]:
        return None
    x, y, w, h = cv2.boundingRect(solid)
    alpha = cv2.GaussianBlur(solid[y : y + h, x : x + w].astype(np.float32), (0, 0), 0.8)
    return crop[y : y + h, x : x + w], alpha


def cutouts(pictures: list[Picture], folder: Path) -> list[Cutout]:
    """Cut every boxed animal out of the pictures; results are kept in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    found = []
    for picture in pictures:
        name = hashlib.sha256(f'{picture.path}{picture.boxes.tobytes()}'.encode()).hexdigest()
        file = folder / f'{name[:16]}.npz'
        if not file.exists():
            image, boxes = picture.load()
            kept: dict[str, np.ndarray] = {}
            for n, box in enumerate(boxes[boxes[:, 4] < IGNORE]):
                result = cut(image, box)
                if result is not None:
                    kept[f'{n}.image'], alpha = result
                    kept[f'{n}.alpha'] = (alpha * 255).astype(np.uint8)
                    kept[f'{n}.label'] = np.int64(box[4])
            partial = file.with_suffix('.part')
            with partial.open('wb') as stream:  # given a name savez would append .npz
                np.savez(stream, **kept)
            partial.replace(file)
        with np.load(file) as data:
            for key in data.files:
                if key.endswith('.image'):
                    n = key.split('.')[0]
                    alpha = data[f'{n}.alpha'].astype(np.float32) / 255
                    found.append(Cutout(data[key], alpha, int(data[f'{n}.label'])))
    return found
