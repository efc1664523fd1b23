"""Pictures with boxes from COCO files, decoded once and kept in memory."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import cv2
import numpy as np
from yolox import SPECIES

# The names that the benchmark understands; from the sources, as training needs no workspace.
SOURCES = Path(__file__).parents[1] / 'src'
sys.path += [str(SOURCES / 'sentinel_perception'), str(SOURCES / 'sentinel_common')]
from sentinel_perception.detector.labels import species_of  # noqa: E402

# Labels beyond the species mark regions; they move with the picture like boxes do.
IGNORE = len(SPECIES)  # something is there but nobody says what: no objectness loss
NO_TEACHER = IGNORE + 1  # the COCO model knows nothing about this region (renders)
UNLABELLED = IGNORE + 2  # only the teacher says what is here
LONG_SIDE = 640  # pixels; larger photographs are reduced, the network sees 416


@dataclass(frozen=True)
class Picture:
    """A picture on disk with its boxes [n, 5] (x1, y1, x2, y2 in its own pixels, label)."""

    path: Path
    width: int
    height: int
    boxes: np.ndarray
    rendered: bool = False
    group: str = ''
    labels: frozenset[int] = field(default_factory=frozenset)

    def load(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the BGR picture, reduced to LONG_SIDE, and its boxes in the same pixels."""
        image = _decode(self.path)
        boxes = self.boxes.copy()
        boxes[:, :4] *= image.shape[1] / self.width
        return image, boxes


def held_out(picture: Picture) -> bool:
    """Return whether a photograph belongs to the tenth that is kept for measuring."""
    return hashlib.sha256(picture.path.name.encode()).digest()[0] < 0.1 * 256


@cache
def _decode(path: Path) -> np.ndarray:
    image = cv2.imread(str(path))
    if image is None:
        raise FileNotFoundError(f'{path}: not a picture that OpenCV can read')
    scale = LONG_SIDE / max(image.shape[:2])
    if scale < 1:
        image = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return image


def read_coco(
    file: Path, *, rendered: bool = False, unlabelled: bool = False, skip: tuple[str, ...] = ()
) -> list[Picture]:
    """Return the pictures of a COCO file; paths are relative to its folder or `images` in it.

    Categories may have the names that `./sentinel bench` understands; boxes of others are left out,
    and in rendered pictures that is told on stderr. Crowd boxes become IGNORE regions. A rendered
    picture carries one NO_TEACHER region over everything, an unlabelled one an UNLABELLED region.
    Pictures whose `source` starts with one of `skip` are left out. Raises OSError, KeyError or
    ValueError on a file of another form.
    """
    data = json.loads(file.read_text())
    names = {c['id']: species_of(c['name']) for c in data['categories']}
    boxes: dict[int, list[list[float]]] = {i['id']: [] for i in data['images']}
    for a in data['annotations']:
        x, y, w, h = a['bbox']
        name = names[a['category_id']]
        if (name or a.get('iscrowd')) and w > 1 and h > 1:
            label = IGNORE if a.get('iscrowd') else SPECIES.index(name)
            boxes[a['image_id']].append([x, y, x + w, y + h, label])
    other = {c['name'] for c in data['categories'] if not names[c['id']]}
    if rendered and other:  # these teach that whatever has no box is nothing
        print(f'{file}: boxes of {", ".join(sorted(other))} are left out.', file=sys.stderr)
    folder = file.parent
    if data['images'] and not (folder / data['images'][0]['file_name']).exists():
        folder /= 'images'
    pictures = []
    for i in data['images']:
        if skip and i.get('source', '').startswith(skip):
            continue
        rows = boxes[i['id']]
        whole = [0, 0, i['width'], i['height']]
        if rendered:
            rows.append([*whole, NO_TEACHER])
        if unlabelled:
            rows.append([*whole, UNLABELLED])
        array = np.array(rows, np.float32).reshape(-1, 5)
        pictures.append(
            Picture(
                folder / i['file_name'],
                i['width'],
                i['height'],
                array,
                rendered,
                i.get('group', i.get('condition', '')),
                frozenset(int(b) for b in array[:, 4] if b < IGNORE),
            )
        )
    return pictures
