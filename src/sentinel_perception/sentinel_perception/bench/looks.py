"""How a model looks at the pictures of a data set: whole, in tiles, or through the pipeline."""

import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np
from sentinel_common.species import RACCOON, SPECIES

from ..attention import region_of
from ..detector.port import Candidates, Classifier, Detector, Pixels, Region
from ..evidence import weigh
from ..merging import merge
from ..pipeline import Pipeline, Sight
from ..position import FIELD_OF_VIEW, Intrinsics
from ..regions import MARGINS, grid, square
from ..settings import Settings
from .dataset import Dataset
from .metrics import Prediction

MODES = ('whole', 'tiles', 'pipeline')

# Tiles of two sizes and the whole picture, as far animals need it.
FINEST_GRID = 3

# Candidates below this score are noise and only slow the figures down.
_FLOOR = 0.01

# This many candidates are looked at closer, from this score on.
_CLOSER, _CANDIDATE = 3, 0.08

# A still is shown to the pipeline as a scene that stands for this long at ten pictures per second:
# a round of the sweep and then the looks that confirm.
_STILL_FRAMES, _STILL_PERIOD = 20, 0.1

# Posterior from which the guard calls a track sure.
SURE = 0.8


@dataclass
class ClipTrace:
    """When in a clip a raccoon was there, and when there was an alarm; times in s."""

    present: list[float] = field(default_factory=list)
    annotated: list[float] = field(default_factory=list)
    alarms: list[float] = field(default_factory=list)
    end: float = 0.0


@dataclass
class Answers:
    """What a model said about all pictures."""

    predictions: list[Prediction] = field(default_factory=list)
    clips: dict[str, ClipTrace] = field(default_factory=dict)
    milliseconds: list[float] = field(default_factory=list)


def look(picture: Pixels, detector: Detector, mode: str) -> Candidates:
    """One picture at once: ``whole``; or ``tiles``, all that the pipeline does over several."""
    if mode == 'whole':
        return merge(_seen(picture, detector, [Region.whole(picture)]), Region.whole(picture))
    return closer(picture, detector)


def closer(picture: Pixels, detector: Detector) -> Candidates:
    """Look at the whole picture, tiles of both sizes, and the likeliest candidates in square crops.

    The scores are the mean of the looks, as those of tracks and of hints for the guard are.
    """
    height, width = picture.shape[:2]
    whole = Region.whole(picture)
    tiles = (r for n in range(1, FINEST_GRID + 1) for r in grid(n, width=width, height=height))
    found = _seen(picture, detector, tiles)
    likely = merge(found, whole)
    crops = [
        square(
            region_of(box),
            width=width,
            height=height,
            input_size=detector.input_size,
            margin=margin,
        )
        for box, scores in zip(likely.boxes[:_CLOSER], likely.scores, strict=False)
        for margin in MARGINS
        if scores.max() >= _CANDIDATE
    ]
    found += _seen(picture, detector, (crop for crop in crops if crop != whole))
    merged = merge(found, whole)
    return Candidates(merged.boxes, weigh(merged, found, detector.input_size)[0])


def _seen(
    picture: Pixels, detector: Detector, regions: Iterable[Region]
) -> list[tuple[Region, Candidates]]:
    return [(region, detector.look(picture, region, _FLOOR)) for region in regions]


def run(
    datasets: list[Dataset],
    detector: Detector,
    classifier: Classifier | None,
    mode: str,
    settings: Settings,
    label: str,
) -> Answers:
    """Look at every picture; only ``pipeline`` uses the classifier. Progress goes to stderr."""
    answers = Answers()
    settings = replace(settings, finest_grid=FINEST_GRID)
    total = sum(len(d.samples) for d in datasets)
    for dataset in datasets:
        for prediction in _run_one(dataset, detector, classifier, mode, settings, answers):
            answers.predictions.append(prediction)
            if sys.stderr.isatty():
                done = len(answers.predictions)
                print(f'\r{label}: {done}/{total} pictures', end='', file=sys.stderr, flush=True)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return answers


def _run_one(
    dataset: Dataset,
    detector: Detector,
    classifier: Classifier | None,
    mode: str,
    settings: Settings,
    answers: Answers,
) -> Iterator[Prediction]:
    pipeline, clip = Pipeline(detector, settings, classifier=classifier), ''
    for sample, picture, moment in dataset.pictures():
        begin = time.perf_counter()
        height, width = picture.shape[:2]
        # It moves positions only, which are not judged here.
        camera = Intrinsics.from_field_of_view(width, height, FIELD_OF_VIEW)
        name = dataset.clip_of(sample)
        if mode != 'pipeline':
            if sample is None:
                continue
            found = look(picture, detector, mode)
            alarm = False
        elif name:
            if name != clip:
                pipeline, clip = Pipeline(detector, settings, classifier=classifier), name
            found, alarm = reported(pipeline, pipeline.process(picture, moment, camera))
        else:
            pipeline = Pipeline(detector, settings, classifier=classifier)
            for step in range(_STILL_FRAMES):
                sight = pipeline.process(picture, step * _STILL_PERIOD, camera)
            found, alarm = reported(pipeline, sight)
        answers.milliseconds.append((time.perf_counter() - begin) * 1000)
        if mode == 'pipeline' and name:
            trace = answers.clips.setdefault(clip, ClipTrace())
            trace.end = moment
            shown = sample.shows(RACCOON) if sample is not None else False
            # What is said of a crowd is neither right nor wrong.
            if alarm and shown is not None:
                trace.alarms.append(moment)
            if sample is not None:
                trace.annotated.append(moment)
                if shown:
                    trace.present.append(moment)
        if sample is not None:
            yield Prediction(sample, found, width, height)


def reported(pipeline: Pipeline, sight: Sight) -> tuple[Candidates, bool]:
    """All tracks as scored boxes, and whether a confirmed one of them is surely a raccoon.

    The score of a species is its posterior times the median score of the hits of the track; tracks
    that are not confirmed stay below the threshold, so that they move AP and AUC but no alarm.
    """
    boxes, scores, alarm = [], [], False
    doubts = pipeline.doubts(sight.frame.stamp)
    for detection in sight.frame.detections:
        if detection.track_id:
            box = detection.box
            strength = sight.strengths[detection.track_id]
            boxes.append((box.x, box.y, box.x + box.width, box.bottom))
            scores.append([detection.scores.get(name, 0.0) * strength for name in SPECIES])
            alarm = alarm or detection.scores.get(RACCOON, 0.0) >= SURE
    if not boxes:
        return doubts, False
    confirmed = Candidates(np.array(boxes, np.float32), np.array(scores, np.float32))
    return Candidates.join([confirmed, doubts]), alarm
