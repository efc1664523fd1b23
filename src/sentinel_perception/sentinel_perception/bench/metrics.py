"""Figures from boxes and truths. AP comes from pycocotools, intervals from resampling pictures."""

import contextlib
import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest, rankdata
from sentinel_common.errors import SentinelError
from sentinel_common.species import RACCOON, SPECIES

from ..detector.port import Candidates
from ..merging import areas, iou, shared
from .dataset import Sample, Truth

# Overlaps at which AP is computed: loose for the dark, the usual one, and the COCO series.
IOUS = (0.3, *np.round(np.arange(0.5, 1.0, 0.05), 2).tolist())

# False positives per picture at which recall is told.
FALSE_POSITIVES = (0.02, 0.1, 1.0)

# Sizes of an animal as shares of the picture.
SIZES = ((0.0, 0.02), (0.02, 0.1), (0.1, 0.3), (0.3, 1.0))

# Two-sided confidence of every interval.
CONFIDENCE = 0.95


@dataclass(frozen=True)
class Prediction:
    """What a model said about one picture of ``width`` x ``height`` pixels."""

    sample: Sample
    found: Candidates
    width: int
    height: int

    @property
    def raccoons(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """All boxes (N, 4) with their score as a raccoon (N,), as AP and AUC rank them."""
        return self.found.boxes, self.found.scores[:, SPECIES.index(RACCOON)]

    def false_alarms(self, threshold: float) -> int:
        """How many ``alarms`` lie in no crowd of raccoons, where no animal is for itself."""
        boxes, _ = self.alarms(threshold)
        crowds = corners([t for t in self.sample.truths_of(RACCOON) if t.ignore])
        return int((~in_crowd(boxes, crowds)).sum())

    def alarms(self, threshold: float) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Boxes and scores taken for a raccoon rather than others, from ``threshold`` on."""
        boxes, scores = self.raccoons
        loud = (self.found.scores.argmax(axis=1) == SPECIES.index(RACCOON)) & (scores >= threshold)
        return boxes[loud], scores[loud]

    @property
    def image_score(self) -> float:
        """Highest raccoon score in the picture."""
        return float(self.raccoons[1].max(initial=0.0))


def corners(truths: Sequence[Truth]) -> npt.NDArray[np.float32]:
    """Boxes of truths as (N, 4): left, top, right, bottom."""
    rows = [(t.box.x, t.box.y, t.box.x + t.box.width, t.box.bottom) for t in truths]
    return np.array(rows, np.float32).reshape(-1, 4)


def in_crowd(
    boxes: npt.NDArray[np.float32], crowds: npt.NDArray[np.float32]
) -> npt.NDArray[np.bool_]:
    """Tell, (N,), which boxes lie by half in one of ``crowds``, as pycocotools counts."""
    if not len(crowds):
        return np.zeros(len(boxes), bool)
    inside = shared(boxes, crowds).max(axis=1)
    return np.asarray(inside >= 0.5 * areas(boxes))


class Average:
    """Average precision of raccoon boxes over pictures, and how it varies with the pictures."""

    def __init__(self, predictions: Sequence[Prediction]) -> None:
        try:
            from pycocotools.coco import COCO
            from pycocotools.cocoeval import COCOeval
        except ImportError:
            raise SentinelError(
                'The library pycocotools, which computes AP, is missing.',
                'Install it: pip install pycocotools (on a ROS machine: ./sentinel setup --ros).',
            ) from None
        truths: list[dict[str, Any]] = []
        results: list[dict[str, Any]] = []
        for number, prediction in enumerate(predictions, 1):
            for truth in prediction.sample.truths_of(RACCOON):
                box = truth.box
                truths.append(
                    {
                        'id': len(truths) + 1,
                        'image_id': number,
                        'category_id': 1,
                        'bbox': [box.x, box.y, box.width, box.height],
                        'area': box.area,
                        'iscrowd': int(truth.ignore),
                    }
                )
            for (left, top, right, bottom), score in zip(*prediction.raccoons, strict=True):
                box_row = [float(v) for v in (left, top, right - left, bottom - top)]
                results.append(
                    {
                        'image_id': number,
                        'category_id': 1,
                        'bbox': box_row,
                        'score': float(score),
                    }
                )
        self.boxes = sum(not t['iscrowd'] for t in truths)
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO()
            coco.dataset = {
                'images': [{'id': n + 1} for n in range(len(predictions))],
                'annotations': truths,
                'categories': [{'id': 1, 'name': RACCOON}],
            }
            coco.createIndex()
            answers = COCO()
            answers.dataset = {**coco.dataset, 'annotations': [], 'images': coco.dataset['images']}
            answers.createIndex()
            if results:
                answers = coco.loadRes(results)
            self._evaluation = COCOeval(coco, answers, 'bbox')
            parameters = self._evaluation.params
            parameters.iouThrs = np.array(IOUS)
            parameters.maxDets = [100]
            parameters.areaRng, parameters.areaRngLbl = [[0, 1e10]], ['all']
            self._evaluation.evaluate()
        self._per_picture = list(self._evaluation.evalImgs)

    def at(self, picks: npt.NDArray[np.intp] | None = None) -> dict[str, float]:
        """AP at IoU .3, .5 and [.5:.95], of all pictures or of a resample; NaN without raccoons."""
        if picks is not None:
            self._evaluation.evalImgs = [self._per_picture[i] for i in picks]
        else:
            self._evaluation.evalImgs = self._per_picture
        with contextlib.redirect_stdout(io.StringIO()):
            self._evaluation.accumulate()
        precision = self._evaluation.eval['precision'][:, :, 0, 0, 0].mean(axis=1)
        precision = np.where(precision < 0, np.nan, precision)
        return {
            'ap30': float(precision[0]),
            'ap50': float(precision[1]),
            'ap50_95': float(precision[1:].mean()),
        }

    def recall_at(self, rates: Sequence[float], overlap: float) -> list[dict[str, float]]:
        """Recall and threshold at given numbers of false positives per picture."""
        row = IOUS.index(overlap)
        hits, scores = [], []
        for picture in self._per_picture:
            if picture is None:
                continue
            counts = picture['dtIgnore'][row] == 0
            hits.append(picture['dtMatches'][row][counts] > 0)
            scores.append(np.array(picture['dtScores'])[counts])
        hit = np.concatenate([np.zeros(0, bool), *hits])
        score = np.concatenate([np.zeros(0), *scores])
        order = np.argsort(-score, kind='stable')
        false = np.cumsum(~hit[order]) / max(len(self._per_picture), 1)
        found = np.cumsum(hit[order]) / max(self.boxes, 1)
        answers = []
        for rate in rates:
            last = int(np.searchsorted(false, rate, side='right')) - 1
            answers.append(
                {
                    'false_positives_per_picture': rate,
                    'recall': float(found[last]) if last >= 0 else 0.0,
                    'threshold': float(score[order][last]) if last >= 0 else 1.0,
                }
            )
        return answers


def interval(values: Sequence[float]) -> list[float]:
    """Percentile interval of resampled values."""
    finite = np.array(values, float)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return [float('nan')] * 2
    edge = (1 - CONFIDENCE) / 2
    return [float(v) for v in np.quantile(finite, (edge, 1 - edge))]


def resamples(count: int, pictures: int, seed: int) -> list[npt.NDArray[np.intp]]:
    """``count`` draws of ``pictures`` pictures with replacement; the same for every model."""
    generator = np.random.default_rng(seed)
    return [generator.integers(0, pictures, pictures) for _ in range(count)]


def area_under_curve(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Chance that a positive scores higher than a negative, ties half (Mann-Whitney)."""
    if not len(positive) or not len(negative):
        return float('nan')
    ranks = rankdata([*positive, *negative])
    wins = ranks[: len(positive)].sum() - len(positive) * (len(positive) + 1) / 2
    return float(wins / (len(positive) * len(negative)))


def proportion(hits: int, total: int) -> dict[str, Any]:
    """Share with its exact (Clopper-Pearson) interval."""
    if not total:
        return {'count': 0, 'of': 0, 'share': float('nan'), 'interval': [float('nan')] * 2}
    bounds = binomtest(hits, total).proportion_ci(CONFIDENCE, method='exact')
    return {
        'count': int(hits),
        'of': total,
        'share': hits / total,
        'interval': [float(bounds.low), float(bounds.high)],
    }


def matched(
    truths: npt.NDArray[np.float32],
    boxes: npt.NDArray[np.float32],
    scores: npt.NDArray[np.float32],
    overlap: float = 0.5,
) -> npt.NDArray[np.intp]:
    """For each truth the box that finds it, best scores first, each box once; -1 for none."""
    owner = np.full(len(truths), -1, np.intp)
    if not len(truths) or not len(boxes):
        return owner
    shares = iou(truths, boxes)
    for box in np.argsort(-scores, kind='stable'):
        free = np.where(owner < 0, shares[:, box], 0.0)
        best = int(free.argmax())
        if free[best] >= overlap:
            owner[best] = box
    return owner


def recall_by_size(predictions: Sequence[Prediction], threshold: float) -> list[dict[str, Any]]:
    """Recall of raccoons at ``threshold`` and IoU .5, by the share of the picture they fill."""
    hits: list[tuple[float, bool]] = []
    for prediction in predictions:
        truths = [t for t in prediction.sample.truths_of(RACCOON) if not t.ignore]
        owner = matched(corners(truths), *prediction.alarms(threshold))
        for truth, box in zip(truths, owner, strict=True):
            share = truth.box.area / (prediction.width * prediction.height)
            hits.append((share, box >= 0))
    answer = []
    for low, high in SIZES:
        chosen = [hit for share, hit in hits if low <= share < high or share >= high == 1.0]
        answer.append({'from': low, 'to': high, **proportion(sum(chosen), len(chosen))})
    return answer


def confusion(predictions: Sequence[Prediction], threshold: float) -> dict[str, dict[str, int]]:
    """Count truths (rows, and ``nothing``) by what they are taken for (columns, and ``missed``)."""
    table = {row: dict.fromkeys((*SPECIES, 'missed'), 0) for row in (*SPECIES, 'nothing')}
    for prediction in predictions:
        truths = [t for t in prediction.sample.truths if not t.ignore]
        ignored = corners([t for t in prediction.sample.truths if t.ignore])
        loud = prediction.found.scores.max(axis=1, initial=0.0) >= threshold
        boxes, scores = prediction.found.boxes[loud], prediction.found.scores[loud]
        names = [SPECIES[i] for i in scores.argmax(axis=1)] if len(scores) else []
        owner = matched(corners(truths), boxes, scores.max(axis=1, initial=0.0))
        for truth, box in zip(truths, owner, strict=True):
            table[truth.species][names[box] if box >= 0 else 'missed'] += 1
        excused = in_crowd(boxes, ignored)
        for box in set(range(len(boxes))) - set(owner.tolist()):
            if not excused[box]:
                table['nothing'][names[box]] += 1
    return table
