"""A TFLite file as a Classifier: what a square around a box shows."""

from pathlib import Path

import cv2
import numpy as np
from sentinel_common.errors import ConfigurationError
from sentinel_common.files import share
from sentinel_common.species import SPECIES

from . import labels as label_files
from .interpreter import Interpreter, TfliteInterpreter
from .letterbox import PADDING
from .port import Floats, ModelError, Pixels

# Name of the class of crops without any animal.
NOTHING = 'nothing'

# Side of the crop in longer sides of the box, as in training/classifier_crops.py.
_CONTEXT = 1.5

# From this scale down averaging keeps more than interpolating does; as in training.
_AVERAGE_BELOW = 0.7

# The probabilities, each and their sum, may lie so far outside of 0..1: they are rounded.
_SLACK = 0.05


class TfliteClassifier:
    """Tells species, or nothing, in a square crop. Raises ModelError where the model cannot be."""

    def __init__(self, interpreter: Interpreter, labels: list[str], *, name: str) -> None:
        self.name = name
        self._interpreter = interpreter
        missing = [s for s in (*SPECIES, NOTHING) if s not in labels]
        if missing or len(set(labels)) != len(labels):
            raise ModelError(
                f'The labels of {name} are {labels}.',
                f'The second look needs each of {[*SPECIES, NOTHING]} once.',
            )
        self._order = [labels.index(s) for s in (*SPECIES, NOTHING)]
        self._classes = len(labels)
        grey = np.full((interpreter.height, interpreter.width, 3), PADDING, np.uint8)
        self._probabilities(grey)

    def classify(self, picture: Pixels, box: Floats) -> Floats:
        """See Classifier; raises ModelError where the model answers with what is no number."""
        side = max(round(float((box[2:] - box[:2]).max()) * _CONTEXT), 4)
        left, top = (int(v) for v in np.round((box[:2] + box[2:] - side) / 2))
        height, width = picture.shape[:2]
        x1, y1, x2, y2 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
        square = np.full((side, side, 3), PADDING, np.uint8)
        if x2 > x1 and y2 > y1:
            square[y1 - top : y2 - top, x1 - left : x2 - left] = picture[y1:y2, x1:x2]
        size = (self._interpreter.width, self._interpreter.height)
        how = cv2.INTER_AREA if size[0] / side < _AVERAGE_BELOW else cv2.INTER_LINEAR
        return self._probabilities(np.asarray(cv2.resize(square, size, interpolation=how)))

    def _probabilities(self, crop: Pixels) -> Floats:
        tensors = self._interpreter.run(crop, normalise=False)
        if len(tensors) != 1 or tensors[0].size != self._classes:
            shapes = [list(t.shape) for t in tensors]
            raise ModelError(
                f'{self.name} answers with {shapes}, but has {self._classes} labels.',
                'A classifier gives one probability per label.',
            )
        values = tensors[0].reshape(-1)
        bounded = np.clip(values, 0.0, 1.0)
        # Written so that what is no number is refused as well.
        sound = abs(float(values.sum()) - 1) <= _SLACK and np.abs(values - bounded).max() <= _SLACK
        if not sound:
            raise ModelError(f'The answer of {self.name} is no probability: {values.tolist()}.')
        return bounded[self._order]


def load_classifier(model: Path) -> TfliteClassifier:
    """Load a classifier and try it on grey; raises ModelError with one clear sentence."""
    return TfliteClassifier(
        TfliteInterpreter(model, 1), label_files.read(model, None), name=model.name
    )


def shipped() -> TfliteClassifier | None:
    """Return the classifier of the sentinel, None where it ships none."""
    try:
        path = share('models/classifier.tflite')
    except ConfigurationError:
        return None
    return load_classifier(path)


def load_or_shipped(file: str | None) -> TfliteClassifier | None:
    """Return the classifier in ``file``, or of the sentinel where none is named."""
    return load_classifier(Path(file).expanduser()) if file else shipped()


def chosen(file: str | None) -> TfliteClassifier | None:
    """Return what a command line asks for: a file, 'none', or by default that of the sentinel."""
    return None if file == 'none' else load_or_shipped(file)
