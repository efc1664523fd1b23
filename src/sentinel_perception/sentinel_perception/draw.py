"""What the pipeline saw, drawn into the picture for people."""

import cv2
import numpy as np
from sentinel_common.detections import Detection
from sentinel_common.species import CAT, DOG, OTHER_ANIMAL, PERSON, PROTECTED, RACCOON

from .detector.port import Pixels, Region
from .pipeline import Sight
from .zones import Zones

# BGR; raccoon red, household green and blue, so that a mix-up is seen at once.
COLORS = {
    RACCOON: (60, 60, 235),
    CAT: (80, 200, 60),
    DOG: (60, 180, 160),
    PERSON: (230, 140, 40),
    OTHER_ANIMAL: (40, 180, 240),
}
_INCLUDED, _EXCLUDED = (90, 200, 90), (70, 70, 220)
_LOOK, _MOTION, _WARNING = (215, 190, 170), (240, 240, 60), (40, 40, 255)
_CAPTION = (235, 235, 235)

_FONT, _SIZE = cv2.FONT_HERSHEY_SIMPLEX, 0.5


def annotate(picture: Pixels, sight: Sight, *, looks: bool = False) -> Pixels:
    """Return a copy of a BGR picture with tracks and hypotheses; ``looks`` adds motion, crops.

    What the brain may act upon is drawn with a bold line.
    """
    canvas = np.ascontiguousarray(picture).copy()
    if looks:
        for region in sight.looks:
            _rectangle(canvas, region, _LOOK, 1)
        for region in sight.motion.boxes:
            _rectangle(canvas, region, _MOTION, 1)
    active = {target.track_id for target in sight.targets.targets if target.scores}
    for detection in sight.frame.detections:
        _detection(canvas, detection, at_rest=detection.track_id not in active)
    if sight.blind:
        _text(canvas, f'cannot see: {sight.blind}', (8, 24), _WARNING)
    return canvas


def draw_zones(canvas: Pixels, zones: Zones) -> Pixels:
    """Draw the outlines of ``zones`` into ``canvas``: what counts green, what does not red."""
    size = np.array([canvas.shape[1], canvas.shape[0]])
    for polygons, color in ((zones.include, _INCLUDED), (zones.exclude, _EXCLUDED)):
        for polygon in polygons:
            corners = np.rint(np.array(polygon) * size).astype(np.int32)
            cv2.polylines(canvas, [corners], True, color, 2)
    return canvas


def _rectangle(canvas: Pixels, region: Region, color: tuple[int, int, int], width: int) -> None:
    cv2.rectangle(
        canvas, (region.left, region.top), (region.right - 1, region.bottom - 1), color, width
    )


def _detection(canvas: Pixels, detection: Detection, *, at_rest: bool) -> None:
    name, score = detection.best
    color, box = COLORS[name], detection.box
    corner = round(box.x), round(box.y)
    opposite = round(box.x + box.width), round(box.bottom)
    cv2.rectangle(canvas, corner, opposite, color, 1 if at_rest or name in PROTECTED else 2)
    label = f'{name} {score:.2f}'
    if detection.track_id:
        label = f'{detection.track_id}: {label}' + (', at rest' if at_rest else '')
    _text(canvas, label, (corner[0], corner[1] - 5), color)


def caption(canvas: Pixels, text: str) -> Pixels:
    """Write a line at the lower left of ``canvas``."""
    _text(canvas, text, (8, canvas.shape[0] - 8), _CAPTION)
    return canvas


def _text(canvas: Pixels, text: str, place: tuple[int, int], color: tuple[int, int, int]) -> None:
    """Write from ``place`` (left, bottom) on, moved so far that all of it is in the picture."""
    (width, height), _ = cv2.getTextSize(text, _FONT, _SIZE, 3)
    x = max(0, min(place[0], canvas.shape[1] - width))
    y = max(height, place[1])
    for paint, thickness in (((0, 0, 0), 3), (color, 1)):
        cv2.putText(canvas, text, (x, y), _FONT, _SIZE, paint, thickness, cv2.LINE_AA)
