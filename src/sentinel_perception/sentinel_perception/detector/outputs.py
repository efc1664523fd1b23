"""The output forms that are understood, told apart by shape alone."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from .port import Floats, ModelError

# Strides of the three feature maps of YOLOX, px of the input.
_STRIDES = (8, 16, 32)

_FORMS = (
    'three tensors [1,N,4] [1,N,1] [1,N,C], one tensor [1,N,5+C], '
    'or the four of TFLite_Detection_PostProcess'
)


class OutputForm(Protocol):
    """Turns the tensors of one inference into boxes and scores."""

    # SSD models take RGB stretched to the input; YOLOX takes BGR in a letterbox.
    is_ssd: bool

    def decode(self, tensors: Sequence[Floats]) -> tuple[Floats, Floats]:
        """Return boxes (N, 4) as left, top, right, bottom in input pixels, scores (N, C)."""
        ...


def _corners(boxes: Floats) -> Floats:
    half = boxes[:, 2:4] / 2
    return np.concatenate([boxes[:, :2] - half, boxes[:, :2] + half], axis=1)


def _cells(width: int, height: int) -> tuple[Floats, Floats]:
    """Grid position (N, 2) and stride (N, 1) of each YOLOX output row."""
    positions, strides = [], []
    for stride in _STRIDES:
        x, y = np.meshgrid(np.arange(width // stride), np.arange(height // stride))
        positions.append(np.stack([x.ravel(), y.ravel()], axis=1))
        strides.append(np.full((x.size, 1), stride))
    return (
        np.concatenate(positions).astype(np.float32),
        np.concatenate(strides).astype(np.float32),
    )


class YoloxForm:
    """Boxes, objectness and classes, in three tensors or in one, decoded or still on the grid."""

    is_ssd = False

    def __init__(self, *, classes: int, width: int, height: int, raw: bool, split: bool) -> None:
        self.classes = classes
        self._split = split
        self._cells = _cells(width, height) if raw else None

    def decode(self, tensors: Sequence[Floats]) -> tuple[Floats, Floats]:
        """Multiply objectness and class, as YOLOX does."""
        if self._split:
            by_width = {t.shape[-1]: t[0] for t in tensors}
            # With one or four classes two shapes are alike; boxes come first, then objectness, then
            # classes.
            if len(by_width) < len(tensors):
                boxes, objectness, classes = (t[0] for t in tensors)
            else:
                boxes, objectness, classes = by_width[4], by_width[1], by_width[self.classes]
        else:
            rows = tensors[0][0]
            if rows.shape[0] == 5 + self.classes and rows.shape[1] != 5 + self.classes:
                rows = rows.T
            boxes, objectness, classes = rows[:, :4], rows[:, 4:5], rows[:, 5:]
        if self._cells is not None:
            positions, strides = self._cells
            boxes = np.concatenate(
                [(boxes[:, :2] + positions) * strides, np.exp(boxes[:, 2:]) * strides], axis=1
            )
        return _corners(boxes), objectness * classes


class PostProcessForm:
    """The four tensors of TFLite_Detection_PostProcess.

    Boxes [1,N,4] as top, left, bottom, right in 0..1; classes [1,N]; scores [1,N]; count [1].
    """

    is_ssd = True

    def __init__(self, *, classes: int, width: int, height: int) -> None:
        self.classes = classes
        self._scale = np.array([width, height] * 2, np.float32)

    def decode(self, tensors: Sequence[Floats]) -> tuple[Floats, Floats]:
        """Spread the class of each box over a row of scores; boxes past the count are dropped."""
        boxes, classes, scores = tensors[0][0], tensors[1][0].astype(int), tensors[2][0]
        count = min(int(tensors[3].ravel()[0]), len(scores))
        table = np.zeros((count, self.classes), np.float32)
        named = (classes[:count] >= 0) & (classes[:count] < self.classes)
        table[np.flatnonzero(named), classes[:count][named]] = scores[:count][named]
        return boxes[:count][:, [1, 0, 3, 2]] * self._scale, table


def recognise(
    tensors: Sequence[npt.NDArray[np.float32]], labels: int, width: int, height: int
) -> OutputForm:
    """Tell the output form from the tensors of one inference on a grey picture.

    ``labels`` is the number of labels at hand, ``width`` and ``height`` the input in pixels. Raises
    ModelError for an unknown form, or where the number of classes is not that of the labels.
    """
    shapes = [t.shape for t in tensors]
    if len(shapes) == 4 and len(shapes[0]) == 3 and shapes[0][2] == 4 and len(shapes[1]) == 2:
        return PostProcessForm(classes=labels, width=width, height=height)
    if not (len(shapes) in (1, 3) and all(len(s) == 3 and s[0] == 1 for s in shapes)):
        raise ModelError(
            f'The model has outputs of the unknown form {shapes}.', f'Known: {_FORMS}.'
        )
    if len(shapes) == 3:
        widths = sorted(s[2] for s in shapes)
        others = [w for w in widths if w not in (1, 4)] or [4 if widths.count(4) == 2 else 1]
        fits = len({s[1] for s in shapes}) == 1 and 1 in widths and 4 in widths
        classes = others[0]
        boxes = next((t[0] for t in tensors if t.shape[2] == 4), None)
    else:
        rows = tensors[0][0]
        rows = rows.T if rows.shape[0] < rows.shape[1] else rows
        fits, classes, boxes = rows.shape[1] > 5, rows.shape[1] - 5, rows[:, :4]
    if not fits or boxes is None:
        raise ModelError(
            f'The model has outputs of the unknown form {shapes}.', f'Known: {_FORMS}.'
        )
    if classes != labels:
        raise ModelError(
            f'The model tells {classes} classes apart, but there are {labels} labels.',
            'The label file takes one label per class, in the order of the classes.',
        )
    # Decoded boxes of the right-most cells lie near the right edge; raw ones stay within a few
    # cells of zero.
    raw = float(np.abs(boxes[:, :2]).max()) < width / 4
    if raw and len(boxes) != len(_cells(width, height)[0]):
        raise ModelError(
            f'The model has {len(boxes)} raw boxes, which is no YOLOX grid for {width}x{height}.',
            f'Known: {_FORMS}.',
        )
    return YoloxForm(classes=classes, width=width, height=height, raw=raw, split=len(shapes) == 3)
