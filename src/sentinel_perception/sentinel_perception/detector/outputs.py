"""The output forms that are understood, told apart by shape alone."""

import re
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
    """Boxes, objectness and classes, in three tensors or in one, decoded or still on the grid.

    ``order`` has the places of boxes, objectness and classes among three tensors.
    """

    is_ssd = False

    def __init__(
        self, *, classes: int, width: int, height: int, raw: bool, order: Sequence[int] = ()
    ) -> None:
        self.classes = classes
        self._order = order
        self._cells = _cells(width, height) if raw else None

    def decode(self, tensors: Sequence[Floats]) -> tuple[Floats, Floats]:
        """Multiply objectness and class, as YOLOX does."""
        if self._order:
            boxes, objectness, classes = (tensors[i][0] for i in self._order)
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
    """The four tensors of TFLite_Detection_PostProcess, whose places are ``order``.

    Boxes [1,N,4] as top, left, bottom, right in 0..1; classes [1,N]; scores [1,N]; count [1].
    """

    is_ssd = True

    def __init__(self, *, classes: int, width: int, height: int, order: Sequence[int]) -> None:
        self.classes = classes
        self._order = order
        self._scale = np.array([width, height] * 2, np.float32)

    def decode(self, tensors: Sequence[Floats]) -> tuple[Floats, Floats]:
        """Spread the class of each box over a row of scores; boxes past the count are dropped."""
        boxes, scores = (tensors[self._order[i]][0] for i in (0, 2))
        classes = self.classes_in(tensors)
        count = len(classes)
        table = np.zeros((count, self.classes), np.float32)
        named = (classes >= 0) & (classes < self.classes)
        table[np.flatnonzero(named), classes[named]] = scores[:count][named]
        return boxes[:count][:, [1, 0, 3, 2]] * self._scale, table

    def classes_in(self, tensors: Sequence[Floats]) -> npt.NDArray[np.intp]:
        """Return the class of each box up to the count."""
        classes = tensors[self._order[1]][0]
        count = min(int(tensors[self._order[3]].ravel()[0]), len(classes))
        return classes[:count].astype(np.intp)


def is_post_process(tensors: Sequence[Floats]) -> bool:
    """Tell whether these may be the tensors of TFLite_Detection_PostProcess, in any order."""
    boxes = [t.shape for t in tensors if t.ndim == 3]
    others = [t for t in tensors if t.ndim != 3]
    if len(boxes) != 1 or len(others) != 3 or boxes[0][0] != 1 or boxes[0][2] != 4:
        return False
    alike = sum(t.shape == boxes[0][:2] for t in others)
    return alike >= 2 and min(t.size for t in others) == 1


# What the names of the tensors tell: those of the operator, as TensorFlow 1 leaves them; the order
# in which TensorFlow 2 numbers them; words.
_CLASSES = re.compile(r'PostProcess:1$|StatefulPartitionedCall:2$|class|categor', re.IGNORECASE)
_SCORES = re.compile(r'PostProcess:2$|StatefulPartitionedCall:1$|score', re.IGNORECASE)


def _post_process_order(tensors: Sequence[Floats], names: Sequence[str]) -> list[int]:
    """Places of boxes, classes, scores and count; ModelError where they cannot be told apart."""
    boxes = next(i for i, t in enumerate(tensors) if t.ndim == 3)
    rest = [i for i in range(4) if i != boxes]
    count = min(rest, key=lambda i: (tensors[i].size, tensors[i].ndim))
    first, second = (i for i in rest if i != count)
    # Classes are whole numbers, scores hardly ever. Where this tells nothing, the names may, and
    # then the order of the operator itself.
    signs = [[bool((tensors[i] == np.rint(tensors[i])).all()) for i in (first, second)]]
    if names:
        signs += [[bool(_CLASSES.search(names[i])) for i in (first, second)]]
        signs += [[not _SCORES.search(names[i]) for i in (first, second)]]
    signs += [[True, (boxes, count) != (0, 3)]]
    for is_first, is_second in signs:
        if is_first != is_second:
            return [boxes, *((first, second) if is_first else (second, first)), count]
    raise ModelError(
        f'Neither values nor names ({", ".join(names) or "none"}) tell which output has the '
        'classes and which the scores.',
        f'Known: {_FORMS}.',
    )


def _yolox_order(tensors: Sequence[Floats]) -> list[int] | None:
    """Places of boxes, objectness and classes among three tensors; None for an unknown form."""
    fours = [i for i, t in enumerate(tensors) if t.shape[2] == 4]
    ones = [i for i, t in enumerate(tensors) if t.shape[2] == 1]
    if len({t.shape[1] for t in tensors}) != 1 or not fours or not ones:
        return None
    boxes = fours[0]
    if len(fours) == 2:
        # Four classes: they are probabilities, which coordinates are not.
        probable = [bool((abs(tensors[i] - 0.5) <= 0.51).all()) for i in fours]
        if probable == [True, False]:
            boxes = fours[1]
    # With one class it does not matter which is which: both are multiplied.
    objectness = ones[0]
    (classes,) = {0, 1, 2} - {boxes, objectness}
    return [boxes, objectness, classes]


def recognise(
    tensors: Sequence[Floats],
    labels: int,
    width: int,
    height: int,
    *,
    names: Sequence[str] = (),
    classes: int | None = None,
) -> OutputForm:
    """Tell the output form from the tensors of one inference on a grey picture.

    ``labels`` is the number of labels at hand, ``width`` and ``height`` the input in pixels,
    ``names`` those of the tensors, and ``classes`` the number that the file itself tells, as far as
    they are known. Raises ModelError for an unknown form, or where the number of classes is not
    that of the labels.
    """
    shapes = [t.shape for t in tensors]
    if is_post_process(tensors):
        order = _post_process_order(tensors, names)
        form = PostProcessForm(classes=labels, width=width, height=height, order=order)
        named = 1 + int(form.classes_in(tensors).max(initial=-1))
        _check_labels(classes or max(labels, named), labels)
        return form
    if not (len(shapes) in (1, 3) and all(len(s) == 3 and s[0] == 1 for s in shapes)):
        raise ModelError(
            f'The model has outputs of the unknown form {shapes}.', f'Known: {_FORMS}.'
        )
    places: Sequence[int] | None = ()
    if len(shapes) == 3:
        places = _yolox_order(tensors)
        if places:
            boxes, columns = tensors[places[0]][0], shapes[places[2]][2]
    else:
        rows = tensors[0][0]
        rows = rows.T if rows.shape[0] < rows.shape[1] else rows
        boxes, columns = rows[:, :4], rows.shape[1] - 5
    if places is None or columns < 1:
        raise ModelError(
            f'The model has outputs of the unknown form {shapes}.', f'Known: {_FORMS}.'
        )
    _check_labels(columns, labels)
    # Decoded boxes of the right-most cells lie near the right edge; raw ones stay within a few
    # cells of zero.
    raw = float(np.abs(boxes[:, :2]).max()) < width / 4
    if raw and len(boxes) != len(_cells(width, height)[0]):
        raise ModelError(
            f'The model has {len(boxes)} raw boxes, which is no YOLOX grid for {width}x{height}.',
            f'Known: {_FORMS}.',
        )
    return YoloxForm(classes=columns, width=width, height=height, raw=raw, order=places)


def _check_labels(classes: int, labels: int) -> None:
    if classes != labels:
        raise ModelError(
            f'The model tells {classes} classes apart, but there are {labels} labels.',
            'The label file takes one label per class, in the order of the classes.',
        )
