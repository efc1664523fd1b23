"""Square crops around animals and around nothing: what the second look learns from.

They are cut out of the same scenes that train the detector (augment.py), so night, noise, far
animals and renders come in the same shares. Around nothing there are two kinds: random squares, and
what a detector wrongly takes for somebody. Each scene is a function of (seed, number) alone.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from augment import PAD, Mixer, around, letterbox, rendered, resize
from evaluate import Detector, overlaps
from pictures import IGNORE, UNLABELLED, Picture
from yolox import SPECIES

SIDE = 128  # pixels of the classifier's input
CLASSES = (*SPECIES, 'nothing')
NOTHING = len(SPECIES)
CONTEXT = 1.5  # side of the crop at run time, in longer sides of the box
LOOSE = (0.75, 1.35)  # how much larger or smaller than that in training: boxes are vague
SHIFT = 0.15  # of the side: so far the box is beside the middle at most
EMPTY_SIDES = (24.0, 240.0)  # pixels of the scene, crops of nothing
FREE = 0.03  # share of such a crop that a box may cover
TRIES = 6  # places tried for a crop of nothing
# Of the animals of a species in the scenes so many are used: raccoons are most frequent there.
KEEP = (0.6, 1.0, 1.0, 0.8, 0.9)
EMPTIES = 0.3  # share of scenes with crops of nothing
MISTAKES = 0.3  # share of scenes that are a mistake of the detector
MISTAKEN = 0.08  # score from which the detector is mistaken
COPIES = 3  # crops per animal, each placed anew: making the scene is what takes long

Crop = tuple[np.ndarray, int]
Mistake = tuple[Picture, np.ndarray]  # with a box (x1, y1, x2, y2) in pixels of Picture.load


def cut(image: np.ndarray, middle: np.ndarray, side: float) -> np.ndarray:
    """Return the square around ``middle`` (x, y), scaled to SIDE; outside the picture is PAD."""
    side = max(round(side), 4)
    left, top = (int(v) for v in np.round(middle - side / 2))
    x1, y1 = max(left, 0), max(top, 0)
    x2, y2 = min(left + side, image.shape[1]), min(top + side, image.shape[0])
    canvas = np.full((side, side, 3), PAD, np.uint8)
    if x2 > x1 and y2 > y1:
        canvas[y1 - top : y2 - top, x1 - left : x2 - left] = image[y1:y2, x1:x2]
    return resize(canvas, SIDE / side)[:SIDE, :SIDE]


def mistakes(detector: Detector, pictures: Sequence[Picture]) -> list[Mistake]:
    """Return what `detector` takes for somebody where nobody is, one look per picture."""
    found = []
    for number, picture in enumerate(pictures):
        if number % 1000 == 0:
            print(f'{len(found)} mistakes in {number} of {len(pictures)} pictures', flush=True)
        image, truth = picture.load()
        real = truth[truth[:, 4] <= IGNORE]
        for box in detector(image):
            if box[4] >= MISTAKEN and not overlaps(box, real).any():
                found.append((picture, box[:4]))
    return found


def crops(mixer: Mixer, number: int, wrong: list[Mistake]) -> list[Crop]:
    """Return the crops of one scene, each [SIDE, SIDE, 3] BGR with its class."""
    rng = np.random.default_rng((mixer.seed, number, 77))
    if wrong and rng.random() < MISTAKES:
        return _mistaken(rng, *wrong[rng.integers(len(wrong))])
    image, boxes = mixer.sample(number)
    found: list[Crop] = []
    for box in boxes[boxes[:, 4] < IGNORE]:
        if rng.random() > KEEP[int(box[4])]:
            continue
        found += [(_loosely(rng, image, box), int(box[4])) for _ in range(COPIES)]
    # A picture whose people nobody boxed cannot say where nothing is.
    if rng.random() < EMPTIES and not (boxes[:, 4] == UNLABELLED).any():
        for _ in range(COPIES):
            place = _free(rng, image.shape[1::-1], boxes[boxes[:, 4] <= IGNORE])
            if place is not None:
                found.append((cut(image, *place), NOTHING))
    return found


def _loosely(rng: np.random.Generator, image: np.ndarray, box: np.ndarray) -> np.ndarray:
    side = float((box[2:4] - box[:2]).max()) * CONTEXT * rng.uniform(*LOOSE)
    return cut(image, (box[:2] + box[2:4]) / 2 + rng.uniform(-SHIFT, SHIFT, 2) * side, side)


def _mistaken(rng: np.random.Generator, picture: Picture, box: np.ndarray) -> list[Crop]:
    """Return crops of one mistake, the picture varied like rendered ones with animals."""
    image, _ = picture.load()
    boxes = np.append(box, np.float32(0))[None]
    near = rng.random() < 0.5
    sample = around(rng, image, boxes, boxes) if near else letterbox(image, boxes)
    image, boxes = rendered(rng, *sample)
    return [(_loosely(rng, image, b), NOTHING) for b in boxes for _ in range(COPIES)]


def _free(
    rng: np.random.Generator, size: tuple[int, int], boxes: np.ndarray
) -> tuple[np.ndarray, float] | None:
    """Return middle and side of a square that hardly touches a box."""
    for _ in range(TRIES):
        side = float(np.exp(rng.uniform(*np.log(EMPTY_SIDES))))
        middle = rng.uniform(0, 1, 2) * size
        low = np.maximum(boxes[:, :2], middle - side / 2)
        high = np.minimum(boxes[:, 2:4], middle + side / 2)
        covered = (high - low).clip(min=0).prod(1)
        small = (boxes[:, 2:4] - boxes[:, :2]).prod(1)  # a whole animal inside is no nothing
        if not ((covered > FREE * side * side) | (covered > 0.2 * small)).any():
            return middle, side
    return None
