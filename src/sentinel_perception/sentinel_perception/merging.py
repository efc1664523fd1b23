"""Many boxes for one animal become one."""

import numpy as np
import numpy.typing as npt

from .detector.port import Candidates, Floats, Region

# Two boxes that share more than this are one animal. Lower values merge two raccoons side by side.
MERGE_IOU = 0.5

# A box cut by the edge of a crop is a part of another box if that much of it lies inside.
PART_SHARE = 0.7

# A box that ends this close to the edge of a crop was probably cut there, px of the source picture.
EDGE = 3.0


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


def suppress(candidates: Candidates, threshold: float = MERGE_IOU) -> Candidates:
    """Non-maximum suppression across species: of boxes that overlap, the highest score stays.

    One animal has one box; the scores of its other species stay with it, so that a doubt is not
    lost: the box that stays takes over the highest score per species of those that it suppresses.
    """
    if not len(candidates):
        return candidates
    order = np.argsort(-candidates.scores.max(axis=1), kind='stable')
    boxes, scores = candidates.boxes[order], candidates.scores[order].copy()
    overlap = iou(boxes, boxes) > threshold
    alive = np.ones(len(boxes), bool)
    for i in range(len(boxes)):
        if alive[i]:
            group = overlap[i] & alive
            group[: i + 1] = False
            alive &= ~group
            if group.any():
                scores[i] = np.maximum(scores[i], scores[group].max(axis=0))
    return Candidates(boxes[alive], scores[alive])


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

    A box that was cut by the edge of its region gives way to a box that holds most of it: half an
    animal in one tile is no second animal. Its scores are dropped with it, for half an animal is
    often mistaken.
    """
    everything = Candidates.join([found for _, found in looks])
    if not len(everything) or len(looks) == 1:
        return suppress(everything)
    cut = np.concatenate([_cut(found.boxes, region, whole) for region, found in looks])
    part = shared(everything.boxes, everything.boxes) / np.maximum(
        areas(everything.boxes)[:, None], 1e-9
    )
    bigger = areas(everything.boxes)[None, :] > areas(everything.boxes)[:, None]
    swallowed = ((part > PART_SHARE) & bigger & ~cut[None, :]).any(axis=1) & cut
    return suppress(everything.take(~swallowed))
