"""A detector at the port: finds red (raccoon), green (cat) and blue (person) patches exactly."""

import functools

import cv2
import numpy as np
from sentinel_common.species import CAT, PERSON, RACCOON, SPECIES
from sentinel_perception.detector.port import Candidates

COLORS = {RACCOON: (0, 0, 255), CAT: (0, 255, 0), PERSON: (255, 0, 0)}


class ColorDetector:
    """Scores a patch ``score``; sees nothing that is smaller than ``least`` pixels of its input."""

    input_size = 416

    def __init__(self, score=0.7, least=8):
        self.score, self.least, self.calls = score, least, []

    def look(self, picture, region, floor):
        self.calls.append(region)
        crop = region.crop(picture)
        scale = self.input_size / max(region.width, region.height)
        boxes, scores = [], []
        for name, color in COLORS.items():
            low, high = (np.clip(np.array(color) + d, 0, 255) for d in (-60, 60))
            mask = cv2.inRange(crop, low, high)
            for x, y, width, height, area in cv2.connectedComponentsWithStats(mask)[2][1:]:
                if area < 4 or min(width, height) * scale < self.least or self.score < floor:
                    continue
                left, top = x + region.left, y + region.top
                boxes.append((left, top, left + width, top + height))
                row = np.full(len(SPECIES), 0.02)
                row[SPECIES.index(name)] = self.score
                scores.append(row)
        if not boxes:
            return Candidates.none()
        return Candidates(np.array(boxes, np.float32), np.array(scores, np.float32))


def scene(*patches, size=(640, 480), grey=90, noise=3.0, seed=0):
    """Return a noisy grey BGR picture with patches (species, left, top, width, height)."""
    width, height = size
    # Every seed begins elsewhere in the same noise: making new noise is what would take long.
    start = seed * 7919 % 65536
    picture = _grain(noise)[start : start + width * height * 3].reshape(height, width, 3).copy()
    picture += np.uint8(grey - round(2.4 * noise))
    # Structure that stays, as a garden has it.
    cv2.rectangle(picture, (40, 30), (200, 160), (60, 60, 60), -1)
    cv2.rectangle(picture, (420, 200), (600, 300), (140, 140, 140), -1)
    for species, left, top, width, height in patches:
        picture[top : top + height, left : left + width] = COLORS[species]
    return picture


@functools.cache
def _grain(noise):
    generator = np.random.default_rng(0)
    return (4.8 * noise * generator.triangular(0, 0.5, 1, 65536 + 640 * 480 * 3)).astype(np.uint8)
