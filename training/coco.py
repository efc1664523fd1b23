"""COCO files of rendered pictures: one place that writes their entries."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sentinel_common.species import SPECIES

LEAST_PIXELS = 60  # of an animal that is labelled; less is marked as a region to ignore


class Coco:
    """Pictures with their labels, written as one file; the categories are SPECIES."""

    def __init__(self, **info: Any) -> None:
        self.images: list[dict] = []
        self.annotations: list[dict] = []
        self._info = info

    def add(
        self,
        file_name: str,
        size: tuple[int, int],
        labels: Iterable[Any],
        least_visible: float = 0.0,
        **more: Any,
    ) -> None:
        """Add a picture of ``size`` (width, height) px with the labels of sentinel_sim.render.

        A label with less than LEAST_PIXELS, or of whose animal less than ``least_visible`` (0..1)
        shows, becomes a region to ignore. ``more`` are further fields of the picture.
        """
        image = len(self.images) + 1
        row = {'id': image, 'file_name': file_name, 'width': size[0], 'height': size[1], **more}
        self.images.append(row)
        for label in labels:
            hidden = label.visible < least_visible or label.pixels < LEAST_PIXELS
            self.annotations.append(
                {
                    'id': len(self.annotations) + 1,
                    'image_id': image,
                    'category_id': SPECIES.index(label.species) + 1,
                    'bbox': list(label.box),
                    'area': label.pixels,
                    'iscrowd': int(hidden),
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
