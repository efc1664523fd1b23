"""COCO files of rendered pictures: the one place that writes their entries."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sentinel_common.species import SPECIES

if TYPE_CHECKING:
    from .render import Label

# Of an animal that a moving camera met by chance; with fewer nobody could tell what it is.
LEAST_PIXELS = 60


class Coco:
    """Pictures with their labels, written as one file; the categories are SPECIES.

    A label with less than ``least_pixels``, or of whose animal less than ``least_visible`` (0..1)
    shows, becomes a region to ignore. ``info`` is what the file says about itself.
    """

    def __init__(
        self, *, least_pixels: int = 0, least_visible: float = 0.0, info: dict[str, Any]
    ) -> None:
        self.images: list[dict[str, Any]] = []
        self.annotations: list[dict[str, Any]] = []
        self._least = least_pixels, least_visible
        self._info = info

    def add(
        self, file_name: str, size: tuple[int, int], labels: Iterable['Label'], **more: Any
    ) -> None:
        """Add a picture of ``size`` (width, height) px; ``more`` are further fields of it."""
        image = len(self.images) + 1
        row = {'id': image, 'file_name': file_name, 'width': size[0], 'height': size[1]}
        self.images.append({**row, **more})
        for label in labels:
            hidden = label.pixels < self._least[0] or label.visible < self._least[1]
            self.annotations.append(
                {
                    'id': len(self.annotations) + 1,
                    'image_id': image,
                    'category_id': SPECIES.index(label.species) + 1,
                    'bbox': list(label.box),
                    'area': label.pixels,
                    'iscrowd': int(hidden),
                    'visible': round(label.visible, 3),
                }
            )

    def write(self, path: Path) -> None:
        """Write everything that was added so far."""
        content = {
            'info': self._info,
            'images': self.images,
            'annotations': self.annotations,
            'categories': [{'id': i + 1, 'name': name} for i, name in enumerate(SPECIES)],
        }
        path.write_text(json.dumps(content))
