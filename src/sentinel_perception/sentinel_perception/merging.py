"""Many boxes for one animal become one."""

import numpy as np
import numpy.typing as npt
from sentinel_common.species import PERSON, SPECIES

from .detector.port import Candidates, Floats, Region

# Two boxes that share more than this are one animal. Lower values merge two raccoons side by side.
MERGE_IOU = 0.5

# A box of which this much lies in a bigger one is a part of the same animal, unless it is so much
# smaller that it may be another one in front: a head of the same species may be small, a second
# species for the same animal is about as big as it. Rather two tracks than a dog that is hidden.
INSIDE_SHARE, LEAST_PART, LEAST_TWIN = 0.8, 0.1, 0.35

# A bigger box replaces the part that scored higher, if its own score is this share of that.
_BODY_SHARE = 0.5

# A box cut by the edge of a crop is a part of another box if that much of it lies inside.
PART_SHARE = 0.7

# A box that ends this close to the edge of a crop was probably cut there, px of the source picture.
EDGE = 3.0


Bools = npt.NDArray[np.bool_]
Numbers = npt.NDArray[np.intp]

_PERSON = SPECIES.index(PERSON)


def areas(boxes: Floats) -> Floats:
    """Areas of (N, 4) boxes in square pixels."""
    return (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])


def shared(first: Floats, second: Floats) -> Floats:
    """Area that each box of ``first`` (N, 4) shares with each of ``second`` (M, 4), as (N, M)."""
    corner = np.maximum(first[:, None, :2], second[None, :, :2])
    opposite = np.minimum(first[:, None, 2:], second[None, :, 2:])
    return np.prod(np.maximum(opposite - corner, 0), axis=2)


def iou(first: Floats, second: Floats) -> Floats:
    """Intersection over union, (N, M), of each of ``first`` (N, 4) with each of ``second``."""
    common = shared(first, second)
    union = areas(first)[:, None] + areas(second)[None, :] - common
    return common / np.maximum(union, 1e-9)


def one_animal(
    first: Floats,
    second: Floats,
    species: Numbers,
    other_species: Numbers,
    threshold: float = MERGE_IOU,
) -> Bools:
    """Tell, (N, M), which boxes show the same animal: they overlap, or one lies in the other.

    ``species`` (N,) and ``other_species`` (M,) are indices into SPECIES. A box in another one is no
    part of it where exactly one of both shows a person: people hold cats, and cats sit before
    people.
    """
    common = shared(first, second)
    small = np.minimum(areas(first)[:, None], areas(second)[None, :])
    big = np.maximum(areas(first)[:, None], areas(second)[None, :])
    same = species[:, None] == other_species[None, :]
    person = (species[:, None] == _PERSON) | (other_species[None, :] == _PERSON)
    least = np.where(same, LEAST_PART, LEAST_TWIN)
    inside = (common >= INSIDE_SHARE * small) & (small >= least * big) & (same | ~person)
    return np.asarray((iou(first, second) > threshold) | inside)


def suppress(candidates: Candidates, threshold: float = MERGE_IOU) -> Candidates:
    """Non-maximum suppression across species: of boxes of one animal the highest score stays.

    One animal has one box; the scores of its other species stay with it, so that a doubt is not
    lost: the box that stays takes over the highest score per species of those that it suppresses.
    A head that scores higher than its body takes over the body's box, for feet and size tell where
    the animal is; but not that of a box drawn around two animals.
    """
    if not len(candidates):
        return candidates
    order = np.argsort(-candidates.scores.max(axis=1), kind='stable')
    boxes, scores = candidates.boxes[order], candidates.scores[order].copy()
    best = scores.max(axis=1)
    species = scores.argmax(axis=1)
    same = one_animal(boxes, boxes, species, species, threshold)
    alive = np.ones(len(boxes), bool)
    bodies: dict[int, int] = {}
    for i in range(len(boxes)):
        if alive[i]:
            group = same[i] & alive
            group[: i + 1] = False
            alive &= ~group
            if group.any():
                scores[i] = np.maximum(scores[i], scores[group].max(axis=0))
                fit = np.flatnonzero(group & (best >= _BODY_SHARE * best[i]))
                bigger = [j for j in fit if areas(boxes[[j]])[0] * MERGE_IOU > areas(boxes[[i]])[0]]
                if bigger:
                    bodies[i] = int(max(bigger, key=lambda j: float(areas(boxes[[j]])[0])))
    placed = boxes.copy()
    for part, body in bodies.items():
        others = np.flatnonzero(alive & (np.arange(len(boxes)) != part))
        if not len(others) or not same[body][others].any():
            placed[part] = boxes[body]
    return Candidates(placed[alive], scores[alive])


def _cut(boxes: Floats, region: Region, whole: Region) -> npt.NDArray[np.bool_]:
    """Mask of the boxes that touch an edge of ``region`` that is no edge of the picture."""
    return (
        ((boxes[:, 0] < region.left + EDGE) & (region.left > whole.left))
        | ((boxes[:, 1] < region.top + EDGE) & (region.top > whole.top))
        | ((boxes[:, 2] > region.right - EDGE) & (region.right < whole.right))
        | ((boxes[:, 3] > region.bottom - EDGE) & (region.bottom < whole.bottom))
    )


def merge(looks: list[tuple[Region, Candidates]], whole: Region) -> Candidates:
    """Merge what was found in several regions of one picture.

    A box that was cut by the edge of its region gives way to a bigger one that holds most of it, or
    of the same species and of which that region shows about as much: half an animal in one tile is
    no second animal. Its scores are dropped with it, for half an animal is often mistaken.
    """
    everything = Candidates.join([found for _, found in looks])
    if not len(everything) or len(looks) == 1:
        return suppress(everything)
    boxes, area = everything.boxes, areas(everything.boxes)
    species = everything.scores.argmax(axis=1)
    cut = np.concatenate([_cut(found.boxes, region, whole) for region, found in looks])
    common = shared(boxes, boxes)
    inside = common > PART_SHARE * area[:, None]
    shown = np.concatenate([_shown(boxes, region, len(found)) for region, found in looks])
    alike = common > MERGE_IOU * (area[:, None] + shown - common)
    alike &= species[:, None] == species[None, :]
    bigger = area[None, :] > area[:, None]
    swallowed = ((inside | alike) & bigger & ~cut[None, :]).any(axis=1) & cut
    return suppress(everything.take(~swallowed))


def _shown(boxes: Floats, region: Region, count: int) -> Floats:
    """Area of each of ``boxes`` (N, 4) that lies in ``region``, as ``count`` equal rows."""
    frame = np.array([[region.left, region.top, region.right, region.bottom]], np.float32)
    return np.repeat(shared(frame, boxes), count, axis=0)
