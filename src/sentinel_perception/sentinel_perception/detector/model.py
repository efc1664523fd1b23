"""A TFLite file as a Detector."""

import hashlib
from pathlib import Path

import numpy as np
from sentinel_common.species import SPECIES

from ..merging import suppress
from . import labels as label_files
from .interpreter import Interpreter, TfliteInterpreter
from .letterbox import PADDING, letterbox, stretch
from .outputs import is_post_process, recognise
from .port import Candidates, Floats, ModelError, Pixels, Region

# More boxes than this from one look are noise; suppression is quadratic in them.
_MOST_BOXES = 300


class TfliteDetector:
    """Finds animals with a TFLite model of any known output form.

    ``merge_animals`` gives every animal class also to the raccoon: only so can a stock COCO model
    be compared. Raises ModelError where model or labels cannot be used.
    """

    def __init__(
        self,
        interpreter: Interpreter,
        labels: list[str],
        *,
        name: str = 'model',
        merge_animals: bool = False,
    ) -> None:
        self.name = name
        self._interpreter = interpreter
        self._merge_animals = merge_animals
        grey = np.full((interpreter.height, interpreter.width, 3), PADDING, np.uint8)
        tensors = interpreter.run(grey, normalise=False)
        if not all(np.isfinite(t).all() for t in tensors):
            raise ModelError(
                f'The model {name} answers a grey picture with values that are no numbers.',
                'Its weights are damaged; train or fetch it again.',
            )
        if is_post_process(tensors):
            labels = label_files.without_background(labels, interpreter.classes)
        self._form = recognise(
            tensors,
            len(labels),
            interpreter.width,
            interpreter.height,
            names=interpreter.output_names,
            classes=interpreter.classes,
        )
        self.labels = labels
        self._columns = label_files.columns(labels)
        if not (self._columns >= 0).any():
            raise ModelError(
                f'None of the labels of {name} is a species known here.',
                f'Known: {", ".join(SPECIES)}, and the animals of COCO.',
            )

    @property
    def input_size(self) -> int:
        """Longer side of the model's input in pixels."""
        return max(self._interpreter.width, self._interpreter.height)

    @property
    def runtime(self) -> str:
        """Name of the runtime in use."""
        return self._interpreter.name

    def knows(self, species: str) -> bool:
        """Tell whether the model has a class of its own for ``species``."""
        return SPECIES.index(species) in self._columns

    @property
    def ignored(self) -> list[str]:
        """Labels of classes that are no species here."""
        return [n for n, c in zip(self.labels, self._columns, strict=True) if c < 0]

    def look(self, picture: Pixels, region: Region, floor: float) -> Candidates:
        """See Detector; raises ModelError where the model answers with what is no number."""
        crop = region.crop(picture)
        width, height = self._interpreter.width, self._interpreter.height
        fitted, fit = (stretch if self._form.is_ssd else letterbox)(crop, width, height)
        if self._form.is_ssd:
            fitted = fitted[..., ::-1]
        tensors = self._interpreter.run(fitted, normalise=self._form.is_ssd)
        boxes, scores = self._form.decode(tensors)
        if not np.isfinite(scores).all():
            raise ModelError(f'The model {self.name} gave scores that are no numbers.')
        found = self._select(boxes, self._by_species(scores), floor)
        corner = np.array([region.left, region.top] * 2, np.float32)
        limits = np.array([crop.shape[1], crop.shape[0]] * 2, np.float32)
        in_picture = np.clip(fit.undo(found.boxes), 0, limits) + corner
        sound = (in_picture[:, 2] > in_picture[:, 0]) & (in_picture[:, 3] > in_picture[:, 1])
        return suppress(Candidates(in_picture[sound], found.scores[sound]))

    def _by_species(self, scores: Floats) -> Floats:
        table = np.zeros((len(scores), len(SPECIES)), np.float32)
        for column, species in enumerate(self._columns):
            if species >= 0:
                table[:, species] = np.maximum(table[:, species], scores[:, column])
        if self._merge_animals:
            animals = [i for i, name in enumerate(SPECIES) if name != 'person']
            table[:, SPECIES.index('raccoon')] = table[:, animals].max(axis=1)
        return table

    @staticmethod
    def _select(boxes: Floats, scores: Floats, floor: float) -> Candidates:
        best = scores.max(axis=1, initial=0.0)
        order = np.argsort(-best, kind='stable')[:_MOST_BOXES]
        keep = order[best[order] >= max(floor, 1e-6)]
        return Candidates(boxes[keep].astype(np.float32), scores[keep])


def load(
    model: Path,
    labels: Path | None = None,
    *,
    threads: int = 1,
    merge_animals: bool = False,
) -> TfliteDetector:
    """Load a model file and try it on a grey picture.

    Labels come from ``labels``, from ``<model>_labels.txt`` beside the model, or from its metadata.
    Raises ModelError with one clear sentence where that fails.
    """
    interpreter = TfliteInterpreter(model, threads)
    names = label_files.read(model, labels)
    return TfliteDetector(interpreter, names, name=model.name, merge_animals=merge_animals)


def fingerprint(model: Path) -> str:
    """First 12 hexadecimal digits of the model's SHA-256, to name it in records."""
    return hashlib.sha256(model.read_bytes()).hexdigest()[:12]
