"""Which part of a camera picture may be kept, and what is drawn on it for people.

Nobody's likeness reaches the disk: wherever the detector sees even a hint of a person, that region
is reduced to a coarse mosaic in memory, and a whole picture is kept only where there is no hint.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont
from sentinel_common.detections import GLIMPSE_SCORE, Box, Frame, best
from sentinel_common.species import CAT, DOG, PERSON, RACCOON

Pixels = npt.NDArray[np.uint8]

# Cells of the mosaic along the longer side of a person: a face is then about one cell.
_MOSAIC_CELLS = 8

# Hair and hands stick out of boxes: part of the box's size that is blurred around it.
_PERSON_MARGIN = 0.15

# Colours by species, RGB; told apart also with the common colour blindnesses.
_COLORS = {
    RACCOON: (255, 176, 32),
    CAT: (86, 180, 233),
    DOG: (86, 180, 233),
    PERSON: (230, 70, 70),
}
_OTHER_COLOR = (190, 195, 200)


def hints_at_person(scores: Mapping[str, float]) -> bool:
    """Whether the detector gives a person even a small chance: these pixels are blurred."""
    return scores.get(PERSON, 0.0) >= GLIMPSE_SCORE


def persons(frame: Frame) -> list[Box]:
    """Where the detector gives a person even a small chance, in a single look or in all."""
    seen = (*frame.detections, *frame.glimpses)
    return [d.box for d in seen if hints_at_person(d.scores)]


def _grown(box: Box, margin: float) -> Box:
    """Return ``box`` with ``margin`` of its size around it."""
    x, y = box.width * margin, box.height * margin
    return Box(box.x - x, box.y - y, box.width + 2 * x, box.height + 2 * y)


def _edges(box: Box, margin: float, width: int, height: int) -> tuple[int, int, int, int]:
    """Left, top, right, bottom (px) of ``box`` grown by ``margin`` of its size, in the picture."""
    grown = _grown(box, margin)
    left, right = np.clip([grown.x, grown.x + grown.width], 0, width)
    top, bottom = np.clip([grown.y, grown.bottom], 0, height)
    return int(left), int(top), int(np.ceil(right)), int(np.ceil(bottom))


def mosaic(pixels: Pixels) -> Pixels:
    """Return ``pixels`` (height, width, 3) in a few coarse cells, nothing of them left to tell."""
    height, width = pixels.shape[:2]
    scale = _MOSAIC_CELLS / max(height, width)
    cells = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(pixels, cells, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_NEAREST), np.uint8)


def without_persons(pixels: Pixels, frame: Frame) -> Pixels:
    """Return the picture with every hint of a person reduced to a mosaic."""
    height, width = pixels.shape[:2]
    for box in persons(frame):
        left, top, right, bottom = _edges(box, _PERSON_MARGIN, width, height)
        if right > left and bottom > top:
            pixels = pixels.copy()
            pixels[top:bottom, left:right] = mosaic(pixels[top:bottom, left:right])
    return pixels


def crop(pixels: Pixels, frame: Frame, track_id: str, margin: float) -> tuple[Pixels, Box] | None:
    """Cut the track out of the picture.

    Args:
        pixels: the picture (height, width, 3).
        frame: what was seen in it.
        track_id: the track that is wanted.
        margin: part of the box's size that is kept around it.

    Returns:
        The part and its place in the picture, persons in it blurred; None where the track is not
        in the picture, or where its best species is a person.

    """
    found = next((d for d in frame.detections if track_id and d.track_id == track_id), None)
    if found is None or found.best[0] == PERSON:
        return None
    height, width = pixels.shape[:2]
    left, top, right, bottom = _edges(found.box, margin, width, height)
    if right <= left or bottom <= top:
        return None
    part = without_persons(pixels, frame)[top:bottom, left:right]
    return part, Box(left, top, right - left, bottom - top)


def whole(pixels: Pixels, frame: Frame) -> tuple[Pixels, Box] | None:
    """Return the whole picture and its place, or None where there is a hint of a person in it."""
    if persons(frame):
        return None
    height, width = pixels.shape[:2]
    return pixels, Box(0, 0, width, height)


def boxes_in(frame: Frame, place: Box) -> tuple[Mapping[str, Any], ...]:
    """Say what was seen within ``place``, in its pixels, as ``model.Picture`` keeps it.

    ``blurred``: a hint of a person, perhaps one that stands outside ``place``, hides part of it.
    """
    kept = []
    hidden = [_grown(person, _PERSON_MARGIN) for person in persons(frame)]
    for detection in (*frame.detections, *frame.glimpses):
        box = detection.box
        left, top = max(box.x, place.x), max(box.y, place.y)
        right = min(box.x + box.width, place.x + place.width)
        bottom = min(box.bottom, place.bottom)
        if right - left < 1 or bottom - top < 1:
            continue
        part = Box(left, top, right - left, bottom - top)
        kept.append(
            {
                'track_id': detection.track_id,
                'x': round(left - place.x, 1),
                'y': round(top - place.y, 1),
                'width': round(part.width, 1),
                'height': round(part.height, 1),
                'scores': {name: round(score, 4) for name, score in detection.scores.items()},
                'blurred': any(part.iou(person) > 0 for person in hidden),
            }
        )
    return tuple(kept)


@cache
def font(size: int) -> Any:
    """Return Pillow's own font: every machine draws the same picture."""
    return ImageFont.load_default(size)


def color(species: str) -> tuple[int, int, int]:
    """RGB of the boxes of a species."""
    return _COLORS.get(species, _OTHER_COLOR)


def annotate(image: Image.Image, boxes: Iterable[Mapping[str, Any]], scale: float = 1.0) -> None:
    """Draw boxes with species, probability and track into ``image``.

    Args:
        image: RGB picture, changed in place.
        boxes: as in ``model.Picture``.
        scale: pixels of ``image`` per pixel of ``boxes``.

    """
    draw = ImageDraw.Draw(image)
    size = max(11, round(image.width / 42))
    for box in boxes:
        species, score = best(box['scores'])
        left, top = box['x'] * scale, box['y'] * scale
        right, bottom = left + box['width'] * scale, top + box['height'] * scale
        tint = color(species)
        track = box['track_id']
        # A hypothesis that is no track yet is drawn thin and unnamed: it only forbids.
        draw.rectangle((left, top, right, bottom), outline=tint, width=3 if track else 1)
        if not track and species not in (PERSON, CAT, DOG):
            continue
        name = species.replace('_', ' ')
        text = f'{name} {score:.0%}' + (f'  #{track}' if track else '')
        wide, high = draw.textlength(text, font(size)) + 12, size + 8
        x = min(max(0.0, left - 1), max(0.0, image.width - wide))
        y = top - high if top >= high else top
        draw.rectangle((x, y, x + wide, y + high), fill=tint)
        draw.text((x + 6, y + high / 2), text, (16, 18, 22), font(size), anchor='lm')


def opened(path: Path) -> Image.Image | None:
    """RGB picture of a file; None where that is gone or damaged, as after a power cut."""
    try:
        with Image.open(path) as stored:
            return stored.convert('RGB')
    except (OSError, ValueError, SyntaxError):  # what Pillow raises depends on where it is cut
        return None


def to_rgb(pixels: Pixels) -> Image.Image:
    """Pillow picture of an OpenCV one."""
    return Image.fromarray(np.ascontiguousarray(pixels[..., ::-1]))
