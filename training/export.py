"""Export trained weights to `detector.tflite` and check that both give the same answer.

python training/export.py --weights WORK/detector.pt [MORE ...] --out models --data DATA
and with --classifier the weights of classifier.py to `classifier.tflite`.

Of several runs from the same start the mean of their weights is exported: it errs less than each.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import litert_torch
import numpy as np
import torch
from ai_edge_litert.interpreter import Interpreter
from augment import letterbox
from classifier import Classifier, load_mean
from classifier_crops import CLASSES, SIDE
from pictures import read_coco
from torch import Tensor, nn
from train import load_trained, mean
from yolox import SIZE, SPECIES, YoloxNano

CHECKED = 'raccoon_val.json'  # pictures on which file and weights must agree
TOLERANCE = 2e-3  # largest difference of a score, or of a box as a share of the input side


class Exported(nn.Module):
    """The model as it is shipped: scores after the sigmoid, three outputs."""

    def __init__(self, model: YoloxNano):
        super().__init__()
        self.model = model

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Map [1, SIZE, SIZE, 3] BGR 0..255 to boxes, objectness and class scores."""
        boxes, objectness, classes = self.model(pictures.permute(0, 3, 1, 2))
        return boxes, objectness.sigmoid(), classes.sigmoid()


class ExportedClassifier(nn.Module):
    """The second look as it is shipped: probabilities of its classes."""

    def __init__(self, model: Classifier):
        super().__init__()
        self.model = model

    def forward(self, pictures: Tensor) -> Tensor:
        """Map [1, SIDE, SIDE, 3] BGR 0..255 to [1, len(CLASSES)]."""
        return self.model(pictures.permute(0, 3, 1, 2)).softmax(1)


def run_tflite(model: Path, pictures: list[np.ndarray]) -> list[list[np.ndarray]]:
    """Return the outputs of the file per picture, sorted by their last dimension."""
    interpreter = Interpreter(str(model), num_threads=1)
    interpreter.allocate_tensors()
    entry = interpreter.get_input_details()[0]['index']
    answers = []
    for picture in pictures:
        interpreter.set_tensor(entry, picture[None].astype(np.float32))
        interpreter.invoke()
        outputs = [interpreter.get_tensor(o['index']) for o in interpreter.get_output_details()]
        answers.append(sorted(outputs, key=lambda o: o.shape[-1]))
    return answers


def largest_difference(model: YoloxNano, file: Path, pictures: list[np.ndarray]) -> float:
    """Return the largest difference of any score between PyTorch and the file."""
    worst = 0.0
    exported = Exported(model)
    for picture, (objectness, boxes, classes) in zip(
        pictures, run_tflite(file, pictures), strict=True
    ):
        with torch.no_grad():
            wanted = exported(torch.from_numpy(picture[None].astype(np.float32)))
        worst = max(worst, float(np.abs(wanted[1].numpy() - objectness).max()))
        worst = max(worst, float(np.abs(wanted[2].numpy() - classes).max()))
        sure = objectness[..., 0] > 0.05  # boxes of cells without an object mean nothing
        if sure.any():
            gap = np.abs(wanted[0].numpy() - boxes)[sure].max()
            worst = max(worst, float(gap) / SIZE)
    return worst


def keep(
    partial: Path, file: Path, worst: float, tolerance: float, labels: tuple[str, ...]
) -> None:
    """Put an exported file in its place, with its labels beside it.

    Raises ValueError, and leaves what was there, if its answers differ by more than `tolerance`.
    """
    if worst > tolerance:
        partial.unlink()
        raise ValueError(f'the exported file differs by {worst:.4f} (allowed {tolerance})')
    partial.replace(file)
    file.with_name(f'{file.stem}_labels.txt').write_text('\n'.join(labels) + '\n')
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    print(f'{file}: {file.stat().st_size} bytes, largest difference {worst:.2e}, sha256 {digest}')


def export(weights: Sequence[Path], out: Path, data: Path) -> None:
    """Write detector.tflite and detector_labels.txt; raises ValueError if the file differs."""
    model = mean([load_trained(file) for file in weights])
    shipped = Exported(model).eval()
    converted = litert_torch.convert(shipped, (torch.zeros(1, SIZE, SIZE, 3),))
    out.mkdir(parents=True, exist_ok=True)
    file, partial = out / 'detector.tflite', out / 'detector.part.tflite'
    converted.export(str(partial))
    pictures = [letterbox(*p.load())[0] for p in read_coco(data / CHECKED)[:10]]
    worst = largest_difference(model, partial, pictures)
    keep(partial, file, worst, TOLERANCE, SPECIES)


def export_classifier(weights: Sequence[Path], out: Path, data: Path) -> None:
    """Write classifier.tflite and classifier_labels.txt; raises ValueError if the file differs."""
    shipped = ExportedClassifier(load_mean(weights)).eval()
    out.mkdir(parents=True, exist_ok=True)
    file, partial = out / 'classifier.tflite', out / 'classifier.part.tflite'
    litert_torch.convert(shipped, (torch.zeros(1, SIDE, SIDE, 3),)).export(str(partial))
    pictures = [cv2.resize(p.load()[0], (SIDE, SIDE)) for p in read_coco(data / CHECKED)[:10]]
    worst = 0.0
    for picture, (answer,) in zip(pictures, run_tflite(partial, pictures), strict=True):
        with torch.no_grad():
            wanted = shipped(torch.from_numpy(picture[None].astype(np.float32))).numpy()
        worst = max(worst, float(np.abs(wanted - answer).max()))
    keep(partial, file, worst, TOLERANCE, CLASSES)


if __name__ == '__main__':
    cv2.setNumThreads(1)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument('--weights', type=Path, nargs='+', required=True)
    parser.add_argument('--out', type=Path, default=Path('models'))
    parser.add_argument('--data', type=Path, required=True, help='pictures for the check')
    parser.add_argument('--classifier', action='store_true', help='weights of the second look')
    options = parser.parse_args()
    try:
        make = export_classifier if options.classifier else export
        make(options.weights, options.out, options.data)
    except (OSError, ValueError) as error:
        sys.exit(f'export.py: {error}')
