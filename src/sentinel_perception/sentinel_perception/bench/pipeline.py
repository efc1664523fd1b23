"""What the pipeline costs beside the bare model, and what it finds that the whole picture hides."""

import argparse
import contextlib
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from sentinel_common.arguments import whole
from sentinel_common.files import share
from sentinel_common.species import RACCOON

from sentinel_common import benchmark

from ..configuration import read_detector
from ..detector.classifier import chosen
from ..detector.model import TfliteDetector, fingerprint, load
from ..detector.port import Candidates, Classifier, Pixels, Region
from ..pipeline import Pipeline
from ..position import FIELD_OF_VIEW, Intrinsics
from ..settings import Settings, from_values
from . import annotations, looks
from .dataset import Dataset
from .metrics import Average, Prediction, proportion
from .packages import PACKAGES

SUMMARY = 'measure cost and reach of the pipeline against the bare model'

# Format of the JSON; a change of meaning raises it (docs/benchmark_keys.md).
_FORMAT = 2

# A still stands for an idle scene: this many pictures of it at ten per second, with the noise of a
# sensor on top (standard deviation in grey levels), since a real one is never exactly still. The
# first ones belong to the start: it looks everywhere at once, and until something is parked
# (settings.py) it may be an animal.
_STILL_FRAMES, _START_FRAMES, _STILL_RATE, _NOISE = 600, 250, 10.0, 2.0

# Grey level that stands for no noise, and how many copies of the same grain there are.
_ZERO, _SHIFTS = 10, 65536

# The bare model is timed on every so many frames: its time does not depend on the content.
_BARE_EVERY = 5

# Animals on less than this share of the picture are small.
SMALL = 0.02

# False positives per picture at which the recall of small animals is compared.
_RATE = 0.1


@dataclass
class Cost:
    """Time of single pictures, s: of the wall and of all processor cores."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    calls: list[int] = field(default_factory=list)
    engaged: int = 0

    def add(self, wall: float, cpu: float, calls: int, *, engaged: bool = False) -> None:
        """Note one picture."""
        self.engaged += engaged
        self.wall.append(wall)
        self.cpu.append(cpu)
        self.calls.append(calls)

    def figures(self) -> dict[str, Any]:
        """Milliseconds per picture and model calls."""
        if not self.wall:
            return {'pictures': 0}
        return {
            'pictures': len(self.wall),
            'ms_p50': float(np.percentile(self.wall, 50) * 1000),
            'ms_p95': float(np.percentile(self.wall, 95) * 1000),
            'cpu_ms_mean': float(np.mean(self.cpu) * 1000),
            'calls_per_picture': float(np.mean(self.calls)),
        }


@dataclass
class Run:
    """Everything that was measured."""

    bare: Cost = field(default_factory=Cost)
    start: Cost = field(default_factory=Cost)
    idle: Cost = field(default_factory=Cost)
    busy: Cost = field(default_factory=Cost)
    whole: list[Prediction] = field(default_factory=list)
    wide: list[Prediction] = field(default_factory=list)
    piped: list[Prediction] = field(default_factory=list)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--data',
        nargs='+',
        required=True,
        type=Path,
        help='videos with a COCO file of the same name beside them, or COCO files; stills of '
        'the latter stand for idle scenes',
    )
    parser.add_argument('--model', type=Path, help='TFLite model; default: the one of the sentinel')
    parser.add_argument('--labels', type=Path, help='labels, one per line, if not beside the model')
    parser.add_argument(
        '--classifier', metavar='FILE', help="second look, or none; default: the sentinel's"
    )
    parser.add_argument(
        '--wide-model', type=Path, help='the same network with a larger input, for whole pictures'
    )
    parser.add_argument('--finest-grid', type=whole(1), help='default: as the sentinel runs')
    parser.add_argument('--threads', type=whole(1), default=1, help='threads of the interpreter')
    parser.add_argument('--seed', type=whole(0), default=1)
    benchmark.add_json_option(parser)


def main(args: argparse.Namespace) -> int:
    """Run the benchmark and print its figures."""
    measured_on = benchmark.environment(args.seed, PACKAGES)
    datasets = annotations.load_all(args.data)
    path = args.model or share('models/detector.tflite')
    detector = load(path, args.labels, threads=args.threads)
    wide = load(args.wide_model, args.labels, threads=args.threads) if args.wide_model else None
    settings = from_values(read_detector(share('config/perception.yaml')))
    if args.finest_grid is not None:
        settings = replace(settings, finest_grid=args.finest_grid)
    run, classifier = Run(), chosen(args.classifier)
    generator = np.random.default_rng(args.seed)
    for data in datasets:
        _measure(data, detector, classifier, wide, settings, run, generator)
    report = {
        'format': _FORMAT,
        'benchmark': 'pipeline',
        **measured_on,
        'data': [{'name': d.name, 'pictures': len(d.samples)} for d in datasets],
        'model': {'file': path.name, 'sha256': fingerprint(path), 'runtime': detector.runtime},
        'classifier': classifier and classifier.name,
        'wide_model': wide and {'file': args.wide_model.name, 'input_size': wide.input_size},
        'threads': args.threads,
        'finest_grid': settings.finest_grid,
        **figures(run),
        'memory_mib': resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    _print(report)
    if args.json:
        benchmark.write(args.json, report)
    return 0


def _measure(
    data: Dataset,
    detector: TfliteDetector,
    classifier: Classifier | None,
    wide: TfliteDetector | None,
    settings: Settings,
    run: Run,
    generator: np.random.Generator,
) -> None:
    pipeline, clip = Pipeline(detector, settings, classifier=classifier), ''
    for number, (sample, picture, moment) in enumerate(data.pictures()):
        name = data.clip_of(sample)
        if sys.stderr.isatty():
            print(f'\r{data.name}: picture {number}', end='', file=sys.stderr, flush=True)
        if not name:
            pipeline = Pipeline(detector, settings, classifier=classifier)
            grain = _grain(picture, generator)
            for step in range(_STILL_FRAMES):
                noisy = _noisy(picture, grain, generator)
                costs = [run.start if step < _START_FRAMES else run.idle]
                bare = step % _BARE_EVERY == 0
                _one(pipeline, detector, noisy, step / _STILL_RATE, run, costs, also_bare=bare)
            continue
        if name != clip:
            pipeline, clip = Pipeline(detector, settings, classifier=classifier), name
        bare = number % _BARE_EVERY == 0
        found = _one(pipeline, detector, picture, moment, run, [], also_bare=bare)
        if sample is not None:
            height, width = picture.shape[:2]
            run.piped.append(Prediction(sample, found, width, height))
            for model, kept in ((detector, run.whole), (wide, run.wide)):
                if model is not None:
                    whole = looks.look(picture, model, 'whole')
                    kept.append(Prediction(sample, whole, width, height))
    if sys.stderr.isatty():
        print(file=sys.stderr)


def _one(
    pipeline: Pipeline,
    detector: TfliteDetector,
    picture: Pixels,
    moment: float,
    run: Run,
    costs: list[Cost],
    *,
    also_bare: bool,
) -> Candidates:
    """Process a picture; its cost goes to ``costs``, and to the busy ones where it is engaged."""
    height, width = picture.shape[:2]
    camera = Intrinsics.from_field_of_view(width, height, FIELD_OF_VIEW)
    with _timed() as taken:
        sight = pipeline.process(picture, moment, camera)
    for cost in [*costs, run.busy] if sight.engaged else costs:
        cost.add(taken.wall, taken.cpu, len(sight.looks), engaged=sight.engaged)
    if also_bare:
        with _timed() as taken:
            detector.look(picture, Region.whole(picture), 0.05)
        run.bare.add(taken.wall, taken.cpu, 1)
    return looks.reported(pipeline, sight)[0]


@dataclass
class _Taken:
    """Time of a block, s: of the wall and of all processor cores."""

    wall: float = 0.0
    cpu: float = 0.0


@contextlib.contextmanager
def _timed() -> Iterator[_Taken]:
    """Measure a block; the figures are there when it has ended."""
    taken = _Taken()
    wall, cpu = time.perf_counter(), time.process_time()
    yield taken
    taken.wall, taken.cpu = time.perf_counter() - wall, time.process_time() - cpu


def _grain(picture: Pixels, generator: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Noise of a sensor around _ZERO, longer than ``picture``: each copy of it begins elsewhere."""
    noise = generator.standard_normal(picture.size + _SHIFTS, np.float32) * _NOISE + _ZERO
    return noise.clip(0, 2 * _ZERO).astype(np.uint8)


def _noisy(picture: Pixels, grain: npt.NDArray[np.uint8], generator: np.random.Generator) -> Pixels:
    start = int(generator.integers(_SHIFTS))
    added = cv2.add(picture, grain[start : start + picture.size].reshape(picture.shape))
    return np.asarray(cv2.subtract(added, np.full(4, _ZERO, float)), np.uint8)


def figures(run: Run) -> dict[str, Any]:
    """Ratios and recall from what was measured."""
    answer: dict[str, Any] = {
        'bare': run.bare.figures(),
        'start': run.start.figures(),
        'idle': run.idle.figures(),
        'busy': run.busy.figures(),
    }
    bare = float(np.mean(run.bare.cpu))
    for name, cost in (('start', run.start), ('idle', run.idle)):
        if cost.cpu:
            # What watching a still scene costs, in units of the model on every picture, and how
            # often the pipeline takes something there for an animal.
            answer[name]['cost_ratio'] = float(np.mean(cost.cpu)) / bare
            answer[name]['engaged_share'] = cost.engaged / len(cost.cpu)
    if run.busy.cpu:
        # What the pipeline adds to the calls that it makes.
        answer['busy']['overhead_ratio'] = sum(run.busy.cpu) / (sum(run.busy.calls) * bare)
    if run.piped:
        kinds = {'whole': run.whole, 'whole_wide': run.wide, 'pipeline': run.piped}
        answer['small'] = {name: _small(found) for name, found in kinds.items() if found}
    return answer


def _small(predictions: list[Prediction]) -> dict[str, Any]:
    """Recall at _RATE of pictures whose raccoons are all on less than SMALL of them."""
    chosen = []
    for prediction in predictions:
        area = prediction.width * prediction.height * SMALL
        truths = prediction.sample.truths_of(RACCOON)
        if all(t.box.area < area for t in truths if not t.ignore):
            chosen.append(prediction)
    average = Average(chosen)
    row = average.recall_at([_RATE], 0.5)[0]
    return {
        'pictures': len(chosen),
        'threshold': row['threshold'],
        **proportion(round(row['recall'] * average.boxes), average.boxes),
    }


def _print(report: dict[str, Any]) -> None:
    print(f'model {report["model"]["file"]} in {report["model"]["runtime"]}')
    for name in ('bare', 'start', 'idle', 'busy'):
        row = report[name]
        if row['pictures']:
            print(
                f'  {name}: {row["pictures"]} pictures, {row["ms_p50"]:.1f} ms '
                f'(p95 {row["ms_p95"]:.1f}), {row["cpu_ms_mean"]:.1f} ms of processor time, '
                f'{row["calls_per_picture"]:.2f} calls per picture'
            )
    for name, title in (('start', 'start of an idle scene'), ('idle', 'idle scene')):
        if 'cost_ratio' in report[name]:
            row = report[name]
            print(
                f'  {title}: {row["cost_ratio"]:.1%} of the model on every picture, engaged in '
                f'{row["engaged_share"]:.1%} of them'
            )
    if 'overhead_ratio' in report['busy']:
        print(f'  busy scene: {report["busy"]["overhead_ratio"]:.2f} times its model calls')
    for name, row in report.get('small', {}).items():
        low, high = row['interval']
        print(
            f'  animals under {SMALL:.0%} of the picture, {name}: recall {row["share"]:.2f} '
            f'[{low:.2f}, {high:.2f}] of {row["of"]} at {_RATE} false positives per picture'
        )
    print(f'  {report["memory_mib"]:.0f} MiB')
