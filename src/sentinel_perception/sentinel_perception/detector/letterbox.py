"""A region of the picture becomes the model's input."""

from dataclasses import dataclass

import cv2
import numpy as np

from .port import Floats, Pixels

# Grey that fills what the picture does not cover; YOLOX was trained with it.
PADDING = 114


@dataclass(frozen=True)
class Fit:
    """Scale from the picture to the input: pixel of the input = pixel of the picture * scale."""

    scale_x: float
    scale_y: float

    def undo(self, boxes: Floats) -> Floats:
        """Boxes (N, 4) in pixels of the input, as pixels of the picture."""
        scale = np.array([self.scale_x, self.scale_y] * 2, np.float32)
        return boxes / scale


def letterbox(picture: Pixels, width: int, height: int) -> tuple[Pixels, Fit]:
    """Scale ``picture`` to fit into ``width`` x ``height``, at the top left, the rest grey."""
    rows, columns = picture.shape[:2]
    scale = min(width / columns, height / rows)
    # At least one pixel: a very flat region must not vanish.
    fitted = max(1, round(columns * scale)), max(1, round(rows * scale))
    # Area averaging keeps small animals visible when shrinking; it would show blocks when
    # enlarging.
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    canvas = np.full((height, width, 3), PADDING, np.uint8)
    canvas[: fitted[1], : fitted[0]] = cv2.resize(picture, fitted, interpolation=how)
    return canvas, Fit(fitted[0] / columns, fitted[1] / rows)


def stretch(picture: Pixels, width: int, height: int) -> tuple[Pixels, Fit]:
    """Scale ``picture`` to ``width`` x ``height`` without regard to proportions, for SSD."""
    rows, columns = picture.shape[:2]
    resized = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(resized, np.uint8), Fit(width / columns, height / rows)
