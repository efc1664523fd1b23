"""What several looks at one picture say together about each animal in it."""

import numpy as np

from .detector.port import Candidates, Floats, Region
from .merging import areas, iou, shared

# A box in a look is about the same animal if it overlaps this much with the merged one.
_SAME = 0.3

# A look that holds less of a box than this says nothing about it: half an animal is often mistaken.
_HELD = 0.9

# An animal of this size (root of its area) in pixels of the input is seen as well as it ever is;
# below the second size it cannot be seen. Weights grow in between, so that a close look outweighs
# the whole picture. Measured (docs/perception.md): the mean of the looks tells
# raccoons from cats better than the highest score among them.
_CLEAR, _BLURRED = 96.0, 24.0


# What a box counts that no look holds, for it was found after all.
_CUT = 0.1


def look_weight(boxes: Floats, region: Region, input_size: int) -> Floats:
    """How much, 0..1 (N,), a look at ``region`` says about each of ``boxes`` (N, 4)."""
    area = np.maximum(areas(boxes), 1e-6)
    frame = np.array([[region.left, region.top, region.right, region.bottom]], np.float32)
    held = shared(boxes, frame)[:, 0] >= _HELD * area
    size = np.sqrt(area) * input_size / max(region.width, region.height)
    share = np.clip((size - _BLURRED) / (_CLEAR - _BLURRED), 0.0, 1.0)
    return np.where(held, share, 0.0).astype(np.float32)


def weigh(
    merged: Candidates, looks: list[tuple[Region, Candidates]], input_size: int
) -> tuple[Floats, Floats]:
    """Return the scores (N, len(SPECIES)) of ``merged`` as the mean over all looks that hold it.

    A look that holds an animal and finds nothing there counts with zero. A box that no look holds
    keeps its scores. The second answer (N,) is the weight, 0..1, of the closest look at each.
    """
    total = np.zeros_like(merged.scores)
    weights = np.zeros((len(merged), 1), np.float32)
    closest = np.full(len(merged), _CUT, np.float32)
    for region, found in looks:
        weight = look_weight(merged.boxes, region, input_size)[:, None]
        closest = np.maximum(closest, weight[:, 0])
        if len(found):
            same = iou(merged.boxes, found.boxes) >= _SAME
            total += weight * np.where(same[:, :, None], found.scores[None], 0.0).max(axis=1)
        weights += weight
    known = weights > 0
    return np.where(known, total / np.where(known, weights, 1.0), merged.scores), closest
