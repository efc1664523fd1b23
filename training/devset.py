"""Make development pictures that training never sees: night and far composites, held-out photos.

python training/devset.py --data DATA --out DEV

Animals are cut out of validation photographs and of the held-out tenth of `animals.json`; the
backgrounds are camera-trap frames and held-out photographs. Writes night.json, far.json and
species.json (COCO). The pictures are for measuring only and stay out of the repository.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import cv2
import numpy as np
from augment import night, resize, visible
from cutouts import Cutout, cutouts
from pictures import IGNORE, Picture, held_out, read_coco
from yolox import RACCOON, SPECIES

WIDTH, HEIGHT = 640, 480  # the sentinel's own camera
SEED = 20261  # never a seed of training
COUNTS = {0: 130, 1: 40, 2: 30, 3: 20, 4: 30, None: 60}  # pictures per species; None is empty
SHARES = {'night': (0.01, 0.08), 'far': (0.004, 0.02)}  # of the frame that the animal's box covers


def background(rng: np.random.Generator, pictures: list[Picture]) -> np.ndarray:
    """Return a random 4:3 crop of one of the pictures."""
    image, _ = pictures[rng.integers(len(pictures))].load()
    height, width = image.shape[:2]
    side = min(width / 4, height * 0.9 / 3) * rng.uniform(0.7, 1.0)  # 0.9: date strip of a trap
    x, y = rng.uniform(0, width - 4 * side + 1), rng.uniform(0, 0.9 * height - 3 * side + 1)
    part = image[int(y) : int(y + 3 * side), int(x) : int(x + 4 * side)]
    return cv2.resize(part, (WIDTH, HEIGHT))


def paste(
    rng: np.random.Generator, image: np.ndarray, piece: Cutout, share: float
) -> np.ndarray | None:
    """Put the cut-out into the lower two thirds and return its box, or None if too large."""
    height, width = piece.alpha.shape
    scale = np.sqrt(share * WIDTH * HEIGHT / (height * width))
    animal, alpha = resize(piece.image, scale), resize(piece.alpha, scale)
    height, width = alpha.shape
    if height >= HEIGHT or width >= WIDTH:
        return None
    x = int(rng.integers(WIDTH - width))
    y = int(rng.integers(min(HEIGHT // 3, HEIGHT - height), HEIGHT - height + 1))
    place = image[y : y + height, x : x + width]
    image[y : y + height, x : x + width] = (
        place + (animal - place.astype(np.float32)) * alpha[..., None]
    )
    return np.array([x, y, x + width, y + height], np.float32)


def composites(
    kind: str, pieces: list[Cutout], scenes: list[Picture], out: Path
) -> list[tuple[str, np.ndarray]]:
    """Write the composites of one kind; return file name and boxes of each."""
    rng = np.random.default_rng((SEED, list(SHARES).index(kind)))
    entries = []
    for species, count in COUNTS.items():
        group = [p for p in pieces if p.label == species]
        for n in range(count if group or species is None else 0):
            image, boxes = background(rng, scenes), np.zeros((0, 5), np.float32)
            if species is not None:
                low, high = np.log(SHARES[kind])
                box = paste(rng, image, group[n % len(group)], np.exp(rng.uniform(low, high)))
                if box is None:
                    continue
                boxes = np.append(box, np.float32(species))[None]
            if kind == 'night':
                image = night(rng, image)
                boxes = visible(image, boxes)
            image = (image + rng.normal(0, rng.uniform(1, 10), image.shape)).clip(0, 255)
            if len(boxes) and boxes[0, 4] == IGNORE:
                continue  # too dark to be seen by anybody
            name = f'{kind}/{"empty" if species is None else SPECIES[species]}_{n:03d}.jpg'
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.uniform(50, 90))]
            cv2.imwrite(str(out / name), image.astype(np.uint8), quality)
            entries.append((name, boxes))
    return entries


def write_coco(file: Path, entries: list[tuple[str, np.ndarray, int, int]]) -> None:
    """Write pictures (name, boxes, width, height) as COCO."""
    images, annotations = [], []
    for i, (name, boxes, width, height) in enumerate(entries, 1):
        images.append({'id': i, 'file_name': name, 'width': width, 'height': height})
        for x1, y1, x2, y2, label in boxes.tolist():
            annotations.append({
                'id': len(annotations) + 1, 'image_id': i, 'category_id': int(label) + 1,
                'bbox': [x1, y1, x2 - x1, y2 - y1], 'area': (x2 - x1) * (y2 - y1), 'iscrowd': 0,
            })  # fmt: skip
    categories = [{'id': i, 'name': n} for i, n in enumerate(SPECIES, 1)]
    file.write_text(
        json.dumps({'images': images, 'annotations': annotations, 'categories': categories})
    )


def build(data: Path, out: Path) -> None:
    """Write all development sets below `out`."""
    animals = [p for p in read_coco(data / 'animals' / 'animals.json') if held_out(p)]
    raccoons = read_coco(data / 'raccoon_val.json')
    pieces = cutouts([p for p in [*animals, *raccoons] if p.labels], out / 'cutouts')
    scenes = read_coco(data / 'camera_trap_negatives.json')
    scenes += [p for p in animals if not p.labels]
    for kind in SHARES:
        (out / kind).mkdir(parents=True, exist_ok=True)
        made = composites(kind, pieces, scenes, out)
        write_coco(out / f'{kind}.json', [(*entry, WIDTH, HEIGHT) for entry in made])
        print(f'{kind}: {len(made)} pictures')
    rows = []
    for p in animals:
        boxes = p.boxes[p.boxes[:, 4] < IGNORE]
        rows.append((str(p.path.resolve()), boxes, p.width, p.height))
    write_coco(out / 'species.json', rows)
    print(f'species: {len(rows)} pictures, {sum(c.label == RACCOON for c in pieces)} raccoon cuts')


if __name__ == '__main__':
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--data', type=Path, required=True)
    parser.add_argument('--out', type=Path, required=True)
    options = parser.parse_args()
    try:
        build(options.data, options.out)
    except (OSError, KeyError, ValueError) as error:
        sys.exit(f'devset.py: {error}')
