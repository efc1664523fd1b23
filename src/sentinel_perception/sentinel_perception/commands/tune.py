"""``./sentinel tune``: a video of what the pipeline sees, and its zones and thresholds."""

import argparse
import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from sentinel_common.arguments import seconds, whole
from sentinel_common.errors import SentinelError
from sentinel_common.files import share

from ..camera.sources import Source, SourceError, is_live, next_picture, open_source, shrunk
from ..configuration import read_camera, read_detector, write_detector
from ..detector.classifier import load_or_shipped
from ..detector.interpreter import without_chatter
from ..detector.model import load
from ..detector.port import Pixels
from ..draw import annotate, caption, draw_zones
from ..pipeline import Pipeline, Sight
from ..position import FIELD_OF_VIEW, Intrinsics
from ..settings import PARAMETERS, from_values
from ..zones import Zones, parse

SUMMARY = 'show what the pipeline sees on your source, and set zones and thresholds'

# Pace of sources that have none, and of the video, pictures per second.
_RATE = 10.0

_NEGATIVES = 'negatives.json'

# Names and codecs of the video, best first: browsers play VP8, which not every OpenCV can write.
_VIDEOS = (('tune.webm', 'VP80'), ('tune.mp4', 'mp4v'))

_TUNABLE = ('threshold', 'min_score', 'finest_grid', 'motion_contrast')


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument(
        '--source', required=True, help='video, picture, folder, camera number, address, or @FILE'
    )
    parser.add_argument('--out', type=Path, required=True, help='folder for what this makes')
    parser.add_argument('--model', type=Path, help='TFLite model; default: the one of --config')
    parser.add_argument('--labels', type=Path, help='labels, one per line, if not beside the model')
    parser.add_argument(
        '--threads', type=whole(1, 16), default=2, help='threads of the interpreter'
    )
    parser.add_argument('--seconds', type=seconds, help='stop after so long; default: at the end')
    parser.add_argument(
        '--config', type=Path, help='parameter file; default: config/perception.yaml'
    )
    parser.add_argument(
        '--include', action='append', metavar='POLYGON', help="zone that counts: '0,0.5 1,0.5 1,1'"
    )
    parser.add_argument(
        '--exclude', action='append', metavar='POLYGON', help='zone that does not count'
    )
    for name in _TUNABLE:
        parameter = next(p for p in PARAMETERS if p.name == name)
        parser.add_argument(
            f'--{name.replace("_", "-")}', type=type(parameter.default), help=parameter.description
        )
    parser.add_argument(
        '--write', action='store_true', help='write zones and thresholds into the parameter file'
    )
    parser.add_argument(
        '--false-alarm',
        action='extend',
        nargs='+',
        type=int,
        metavar='NUMBER',
        help='pictures of tracks.json in which nothing is: exported as hard negatives',
    )


def main(args: argparse.Namespace) -> int:
    """Make the video, the list of tracks and, where asked, the negatives and the parameters."""
    if args.false_alarm and is_live(args.source):
        raise SentinelError(
            'A live source shows other pictures each time, so --false-alarm cannot find one again.',
            'Record a video first, then tune on the video.',
        )
    config = args.config or share('config/perception.yaml')
    written = read_detector(config)
    told = {'include_zones': args.include, 'exclude_zones': args.exclude}
    for name in _TUNABLE:
        if getattr(args, name) is not None:
            parameter = next(p for p in PARAMETERS if p.name == name)
            told[name] = parameter.check(getattr(args, name))
    # What the file says already keeps its form and its comments.
    changed = {k: v for k, v in told.items() if v is not None and v != written.get(k)}
    values = written | changed
    zones = parse(values.get('include_zones', []), values.get('exclude_zones', []))
    settings = from_values(values)
    camera = read_camera(config)
    model = args.model or values.get('model') or share('models/detector.tflite')
    # The labels of the file belong to its model.
    labels = args.labels or (None if args.model else values.get('labels'))
    detector = load(
        Path(model).expanduser(),
        Path(labels).expanduser() if labels else None,
        threads=args.threads,
    )
    pipeline = Pipeline(detector, settings, zones, load_or_shipped(values.get('classifier')))
    source = open_source(args.source)
    try:
        # Those of an earlier run have numbers of other pictures.
        (args.out / _NEGATIVES).unlink(missing_ok=True)
        session = _Session(args.out, pipeline, zones, camera)
        session.run(source, args.seconds, frozenset(args.false_alarm or ()))
    except OSError as error:
        raise SentinelError(f'{args.out} cannot be written: {error.strerror}.') from None
    finally:
        source.close()
    session.tell()
    absent = [n for n in args.false_alarm or () if not 0 <= n < session.pictures]
    if absent:
        raise SentinelError(
            f'There is no picture {", ".join(map(str, absent))}.',
            f'Those of this source are numbered 0 to {session.pictures - 1}.',
        )
    if args.write:
        write_detector(config, changed)
        print(f'Written to {config}.')
    return 0


class _Session:
    """One pass over a source."""

    def __init__(
        self, out: Path, pipeline: Pipeline, zones: Zones, camera: Mapping[str, Any]
    ) -> None:
        self._out = out
        self._pipeline = pipeline
        self._zones = zones
        self._camera = camera
        self._video: cv2.VideoWriter | None = None
        self._path = out
        self._size = (0, 0)
        self._tracks: dict[str, dict[str, object]] = {}
        self._negatives: list[dict[str, object]] = []
        self._unreadable = 0
        self.pictures = 0

    def run(self, source: Source, seconds: float | None, false_alarms: frozenset[int]) -> None:
        """Process every picture once; live sources in real time, until Ctrl-C or a loss."""
        try:
            self._play(source, seconds, false_alarms)
        except KeyboardInterrupt:
            if not source.live:
                raise
        self._unreadable = source.unreadable
        self._finish()

    def _play(self, source: Source, seconds: float | None, false_alarms: frozenset[int]) -> None:
        rate = source.rate or _RATE
        once = bool(source.rate) or source.live
        repeats = 1 if once else max(1, round(self._camera['hold'] * rate))
        begin = time.monotonic()
        number = 0
        while True:
            try:
                picture = next_picture(source)
            except SourceError:
                if self.pictures and source.live:
                    return
                raise
            if picture is None:
                return
            picture = shrunk(picture, self._camera['longest_side'])
            for _ in range(repeats):
                stamp = time.monotonic() - begin if source.live else number / rate
                if seconds is not None and stamp > seconds:
                    return
                self._one(picture, stamp, number, rate, number in false_alarms)
                number += 1
            if sys.stderr.isatty():
                print(f'\r{number} pictures', end='', file=sys.stderr, flush=True)

    def _one(self, picture: Pixels, stamp: float, number: int, rate: float, false: bool) -> None:
        height, width = picture.shape[:2]
        if self._video is None:
            self._out.mkdir(parents=True, exist_ok=True)
            self._size = width - width % 2, height - height % 2
            self._path, self._video = _writer(self._out, rate, self._size)
        camera = Intrinsics.from_field_of_view(width, height, FIELD_OF_VIEW)
        sight = self._pipeline.process(picture, stamp, camera)
        self._note(sight, stamp, number)
        if false:
            self._negative(picture, number)
        canvas = draw_zones(annotate(picture, sight, looks=True), self._zones)
        state = 'engaged' if sight.engaged else 'idle'
        caption(canvas, f'picture {number}, {stamp:.1f} s, {state}, {len(sight.looks)} looks')
        self._video.write(_fitted(canvas, self._size))
        self.pictures += 1

    def _note(self, sight: Sight, stamp: float, number: int) -> None:
        for detection in sight.frame.detections:
            if not detection.track_id:
                continue
            species, probability = detection.best
            strength = sight.strengths[detection.track_id]
            row = self._tracks.setdefault(
                detection.track_id,
                {'id': detection.track_id, 'from': round(stamp, 2), 'first_picture': number},
            )
            best = row.get('score', 0.0)
            if not isinstance(best, float) or strength >= best:
                row['score'], row['best_picture'] = round(strength, 3), number
            row.update(
                until=round(stamp, 2),
                last_picture=number,
                species=species,
                probability=round(probability, 3),
            )

    def _negative(self, picture: Pixels, number: int) -> None:
        folder = self._out / 'negatives'
        folder.mkdir(exist_ok=True)
        name = f'negatives/{number:06d}.jpg'
        (self._out / name).write_bytes(cv2.imencode('.jpg', picture)[1].tobytes())
        height, width = picture.shape[:2]
        self._negatives.append({'id': number, 'file_name': name, 'width': width, 'height': height})

    def _finish(self) -> None:
        if self._video is None:  # nothing came
            return
        self._video.release()
        tracks = json.dumps(list(self._tracks.values()), indent=1) + '\n'
        (self._out / 'tracks.json').write_text(tracks, 'utf-8')
        if self._negatives:
            # COCO with pictures and no boxes: what training takes as hard negatives.
            coco = {
                'images': self._negatives,
                'annotations': [],
                'categories': [{'id': 1, 'name': 'raccoon'}],
            }
            (self._out / _NEGATIVES).write_text(json.dumps(coco, indent=1) + '\n', 'utf-8')

    def tell(self) -> None:
        """Print what was found and where it lies."""
        print(f'{self.pictures} pictures, {len(self._tracks)} tracks:')
        if self._unreadable:
            print(f'  {self._unreadable} more could not be read and were left out.')
        for row in self._tracks.values():
            print(
                f'  {row["id"]:>4} {row["species"]:13} {row["probability"]:.2f}, score '
                f'{row["score"]:.2f}, {row["from"]} to {row["until"]} s, '
                f'best in picture {row["best_picture"]}'
            )
        if self._video is not None:
            print(f'Video and list: {self._path}, {self._out / "tracks.json"}')
        if self._negatives:
            print(f'{len(self._negatives)} hard negatives: {self._out / _NEGATIVES}')


def _writer(out: Path, rate: float, size: tuple[int, int]) -> tuple[Path, cv2.VideoWriter]:
    """The video in ``out``, of ``rate`` pictures per second, each ``size`` (width, height, px)."""
    for name, codec in _VIDEOS:
        path = out / name
        with without_chatter():
            video = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), rate, size)
        if video.isOpened():
            return path, video
        path.unlink(missing_ok=True)
    raise SentinelError(f'The video {path} cannot be written.')


def _fitted(canvas: Pixels, size: tuple[int, int]) -> Pixels:
    """Pictures of a folder differ in size; a video has one."""
    if (canvas.shape[1], canvas.shape[0]) == size:
        return canvas
    scale = min(size[0] / canvas.shape[1], size[1] / canvas.shape[0])
    inner = max(1, round(canvas.shape[1] * scale)), max(1, round(canvas.shape[0] * scale))
    fitted = np.zeros((size[1], size[0], 3), np.uint8)
    fitted[: inner[1], : inner[0]] = cv2.resize(canvas, inner, interpolation=cv2.INTER_AREA)
    return fitted
