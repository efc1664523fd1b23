"""How well a model finds raccoons, and how rarely it takes something else for one."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sentinel_common.arguments import whole
from sentinel_common.files import share
from sentinel_common.species import RACCOON

from sentinel_common import benchmark

from ..configuration import read_detector
from ..detector.classifier import TfliteClassifier, chosen
from ..detector.model import TfliteDetector, fingerprint, load
from ..settings import from_values
from . import annotations, looks, sheet
from .dataset import Dataset
from .metrics import (
    FALSE_POSITIVES,
    Average,
    Prediction,
    area_under_curve,
    confusion,
    interval,
    proportion,
    recall_by_size,
    resamples,
)
from .packages import PACKAGES

SUMMARY = 'score a model on any COCO-format folder or annotated video'

# Format of the JSON; a change of meaning raises it (docs/benchmark_keys.md).
_FORMAT = 1

# An alarm this long after the animal has left is a false one, s: the track coasts for a moment.
_GRACE = 1.0

# Names of categories that are listed at most.
_LISTED = 8


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--data',
        nargs='+',
        required=True,
        type=Path,
        help='COCO files, folders with one, or videos with one of the same name beside them',
    )
    parser.add_argument('--model', type=Path, help='TFLite model; default: the one of the sentinel')
    parser.add_argument('--labels', type=Path, help='labels, one per line, if not beside the model')
    parser.add_argument('--baseline', type=Path, help='TFLite model to measure beside it')
    parser.add_argument('--baseline-labels', type=Path, help='labels of that model')
    parser.add_argument(
        '--mode',
        choices=looks.MODES,
        default='tiles',
        help='one look at the whole picture; close looks as well, as the robot takes them (the '
        'default); or the whole pipeline, for clips',
    )
    parser.add_argument(
        '--baseline-mode', choices=looks.MODES, help='mode of the baseline; default: the same'
    )
    second = "TFLite file of the second look in mode pipeline, or none; default: the sentinel's"
    parser.add_argument('--classifier', metavar='FILE', help=second)
    parser.add_argument('--baseline-classifier', metavar='FILE', help='the same for the baseline')
    parser.add_argument('--threshold', type=float, help='default: the one that the sentinel uses')
    parser.add_argument('--threads', type=whole(1), default=2, help='threads of the interpreter')
    parser.add_argument(
        '--resamples', type=whole(1), default=300, help='draws behind the intervals'
    )
    parser.add_argument('--seed', type=whole(0), default=1)
    parser.add_argument('--sheet', type=Path, help='write a JPEG of the worst mistakes there')
    benchmark.add_json_option(parser)


def main(args: argparse.Namespace) -> int:
    """Run the benchmark and print its figures."""
    measured_on = benchmark.environment(args.seed, PACKAGES)
    datasets = annotations.load_all(args.data)
    _tell_categories(datasets)
    settings = from_values(read_detector(share('config/perception.yaml')))
    if args.threshold is not None:
        settings = replace(settings, threshold=args.threshold)
    path = args.model or share('models/detector.tflite')
    detector = _load(path, args.labels, args.threads)
    second = _second_look(args.classifier, args.mode)
    answers = looks.run(datasets, detector, second, args.mode, settings, 'model')
    report: dict[str, Any] = {
        'format': _FORMAT,
        'benchmark': 'perception',
        'mode': args.mode,
        **measured_on,
        'data': [
            {
                'name': d.name,
                'pictures': len(d.samples),
                'species': sorted(d.species),
                'categories': {name: taken or None for name, taken in d.categories.items()},
            }
            for d in datasets
        ],
        'threshold': settings.threshold,
        'model': _described(path, detector, second),
    }
    draws = resamples(args.resamples, len(answers.predictions), args.seed)
    figures, series = _figures(answers, settings.threshold, draws)
    report['model'].update(figures)
    if args.baseline:
        other = _load(args.baseline, args.baseline_labels, args.threads)
        mode = args.baseline_mode or args.mode
        second = _second_look(args.baseline_classifier, mode)
        theirs = looks.run(datasets, other, second, mode, settings, 'baseline')
        report['baseline'] = _described(args.baseline, other, second)
        report['baseline']['mode'] = mode
        figures, their_series = _figures(theirs, settings.threshold, draws)
        report['baseline'].update(figures)
        report['gain'] = {
            key: {
                'value': report['model']['ap'][key]['value'] - figures['ap'][key]['value'],
                'interval': interval(np.subtract(series[key], their_series[key]).tolist()),
            }
            for key in series
        }
    if args.sheet:
        _write_sheet(args.sheet, answers.predictions, datasets)
    _print(report)
    if args.json:
        benchmark.write(args.json, report)
    return 0


def _tell_categories(datasets: list[Dataset]) -> None:
    """Say what was left out and what was taken for something else: names differ between tools."""
    for data in datasets:
        other = [name for name, species in data.categories.items() if not species]
        if other:
            listed = ', '.join(other[:_LISTED]) + (', …' if len(other) > _LISTED else '')
            print(f'{data.name}: boxes of {listed} are left out.', file=sys.stderr)
        if RACCOON not in data.species:
            print(f'{data.name}: no category is a raccoon.', file=sys.stderr)


def _load(path: Path, labels: Path | None, threads: int) -> TfliteDetector:
    detector = load(path, labels, threads=threads)
    if not detector.knows(RACCOON):
        # A stock model is given its best chance: any animal counts as a raccoon.
        detector = load(path, labels, threads=threads, merge_animals=True)
    return detector


def _second_look(file: str | None, mode: str) -> TfliteClassifier | None:
    return chosen(file) if mode == 'pipeline' else None


def _described(
    path: Path, detector: TfliteDetector, classifier: TfliteClassifier | None
) -> dict[str, Any]:
    return {
        'file': path.name,
        'sha256': fingerprint(path),
        'runtime': detector.runtime,
        'input_size': detector.input_size,
        'animals_merged': not detector.knows(RACCOON),
        'classifier': classifier and classifier.name,
    }


def _figures(
    answers: looks.Answers, threshold: float, draws: list[Any]
) -> tuple[dict[str, Any], dict[str, list[float]]]:
    """All figures of one model, and the resampled AP for paired comparisons."""
    predictions = answers.predictions
    average = Average(predictions)
    values = average.at()
    drawn = [average.at(picks) for picks in draws]
    series = {key: [d[key] for d in drawn] for key in values}
    figures: dict[str, Any] = {
        'raccoon_boxes': average.boxes,
        'ap': {k: {'value': v, 'interval': interval(series[k])} for k, v in values.items()},
        'recall_at_iou50': average.recall_at(FALSE_POSITIVES, 0.5),
        'recall_at_iou30': average.recall_at(FALSE_POSITIVES, 0.3),
        'auc': _curves(predictions, draws),
        'groups': _groups(predictions, threshold),
        'recall_by_size': recall_by_size(predictions, threshold),
        'confusion': confusion(predictions, threshold),
        'milliseconds': {
            'p50': float(np.percentile(answers.milliseconds, 50)),
            'p95': float(np.percentile(answers.milliseconds, 95)),
        },
    }
    if answers.clips:
        figures['clips'] = {name: _events(trace) for name, trace in answers.clips.items()}
    return figures, series


def _by_group(predictions: list[Prediction]) -> dict[str, list[Prediction]]:
    groups: dict[str, list[Prediction]] = {}
    for prediction in predictions:
        groups.setdefault(prediction.sample.group, []).append(prediction)
    return dict(sorted(groups.items()))


def _curves(predictions: list[Prediction], draws: list[Any]) -> dict[str, Any]:
    """Image AUC of the raccoon pictures against those without, per group of the latter.

    Pictures of nothing but a crowd of raccoons are neither.
    """
    score = np.array([p.image_score for p in predictions])
    shown = [p.sample.shows(RACCOON) for p in predictions]
    positive = np.array([s is True for s in shown])
    without = [p for p, s in zip(predictions, shown, strict=True) if s is False]
    answer = {}
    for name, members in _by_group(without).items():
        inside = {id(p) for p in members}
        negative = np.array([id(p) in inside for p in predictions])
        drawn = [
            area_under_curve(score[picks][positive[picks]], score[picks][negative[picks]])
            for picks in draws
        ]
        value = area_under_curve(score[positive], score[negative])
        answer[name] = {'value': value, 'interval': interval(drawn), 'pictures': len(members)}
    return answer


def _groups(predictions: list[Prediction], threshold: float) -> dict[str, Any]:
    """At the shipped threshold: pictures with an alarm, per group, split by whether one is due."""
    answer: dict[str, Any] = {}
    for name, members in _by_group(predictions).items():
        row: dict[str, Any] = {}
        due = [len(p.alarms(threshold)[1]) > 0 for p in members if p.sample.shows(RACCOON)]
        others = [p.false_alarms(threshold) > 0 for p in members if not p.sample.shows(RACCOON)]
        for key, alarms in (('recall', due), ('alarms', others)):
            if alarms:
                row[key] = proportion(sum(alarms), len(alarms))
        answer[name] = row
    return answer


def _events(trace: looks.ClipTrace) -> dict[str, Any]:
    """When the alarm came and went, beside when the raccoon came and went; times in s."""
    if not trace.present:
        return {'raccoon_from': None, 'alarm_frames': len(trace.alarms), 'length': trace.end}
    first, last = min(trace.present), max(trace.present)
    # Where frames are annotated sparsely the animal may stay until the next annotated one.
    gone = min((t for t in trace.annotated if t > last), default=trace.end)
    after = [t for t in trace.alarms if t > gone + _GRACE]
    while_there = [t for t in trace.alarms if first <= t <= gone + _GRACE]
    return {
        'length': trace.end,
        'raccoon_from': first,
        'raccoon_until': last,
        'seconds_to_alarm': while_there[0] - first if while_there else None,
        'alarm_until': while_there[-1] if while_there else None,
        'alarm_frames': len(trace.alarms),
        'alarms_before': sum(t < first for t in trace.alarms),
        'alarms_after': len(after),
    }


def _write_sheet(path: Path, predictions: list[Prediction], datasets: list[Dataset]) -> None:
    misses, alarms = sheet.worst(predictions)
    wanted = {p.sample.name for p in (*misses, *alarms)}
    pictures = {
        sample.name: picture
        for d in datasets
        for sample, picture, _ in d.pictures()
        if sample is not None and sample.name in wanted
    }
    sheet.write(path, predictions, pictures)


def _print(report: dict[str, Any]) -> None:
    for role in ('model', 'baseline'):
        if role not in report:
            continue
        figures = report[role]
        note = ' (any animal counts as raccoon)' if figures['animals_merged'] else ''
        mode = figures.get('mode', report['mode'])
        print(f'{role}: {figures["file"]} {figures["sha256"]}, {figures["runtime"]}, {mode}{note}')
        for key, name in (('ap30', 'AP@.3'), ('ap50', 'AP@.5'), ('ap50_95', 'AP@[.5:.95]')):
            print(f'  {name:12} {_span(figures["ap"][key])}')
        for row in figures['recall_at_iou50']:
            print(
                f'  recall {row["recall"]:.3f} at {row["false_positives_per_picture"]:g} false '
                f'positives per picture (threshold {row["threshold"]:.3f})'
            )
        for name, row in figures['auc'].items():
            print(f'  AUC {_span(row)} against {name} ({row["pictures"]})')
        print(f'  at threshold {report["threshold"]:g}:')
        for name, group in figures['groups'].items():
            for key, row in group.items():
                print(f'    {name:32} {key:7} {row["count"]:4} of {row["of"]:4} {_range(row)}')
        for row in (r for r in figures['recall_by_size'] if r['of']):
            size = f'{row["from"]:.0%} to {row["to"]:.0%} of the picture'
            print(f'    {size:32} recall  {row["count"]:4} of {row["of"]:4} {_range(row)}')
        for name, events in figures.get('clips', {}).items():
            print(f'  clip {name}: {events}')
        times = figures['milliseconds']
        print(f'  {times["p50"]:.0f} ms per picture (p95 {times["p95"]:.0f})')
    for key, row in report.get('gain', {}).items():
        print(f'gain over the baseline, {key}: {_span(row)}')


def _span(row: dict[str, Any]) -> str:
    return f'{row["value"]:+.3f} {_range(row)}'.lstrip('+')


def _range(row: dict[str, Any]) -> str:
    return f'[{row["interval"][0]:.3f}, {row["interval"][1]:.3f}]'
