"""Pictures with exact boxes: any COCO-format file, or a video with a COCO file of its frames."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
from sentinel_common.detections import Box
from sentinel_common.errors import SentinelError
from sentinel_common.species import CAT, DOG, OTHER_ANIMAL, PERSON, RACCOON

from ..camera.sources import as_bgr, read_picture
from ..detector.labels import species_of
from ..detector.port import Pixels

# A picture that shows several species belongs to the group of the first of these that is in it.
_GROUP_ORDER = (RACCOON, PERSON, CAT, DOG, OTHER_ANIMAL)

# Pace of clips whose file does not tell, pictures per second.
_DEFAULT_RATE = 10.0


class DatasetError(SentinelError):
    """A data set that is missing or contradicts itself."""


@dataclass(frozen=True)
class Truth:
    """An animal that is really there; ``ignore`` marks regions that count neither way."""

    box: Box
    species: str
    ignore: bool = False


@dataclass(frozen=True)
class Sample:
    """One picture; ``clip`` names the sequence it belongs to ('' for none) at ``time`` seconds."""

    name: str
    path: Path
    group: str
    truths: tuple[Truth, ...]
    clip: str = ''
    time: float = 0.0
    frame: int = -1

    def truths_of(self, species: str) -> list[Truth]:
        """Return the truths of one species, ignored regions of it included."""
        return [t for t in self.truths if t.species == species]


@dataclass(frozen=True)
class Dataset:
    """The pictures of one file. ``video`` is read frame by frame, else each sample has its file."""

    name: str
    samples: tuple[Sample, ...]
    species: frozenset[str]
    video: Path | None = None
    rate: float = _DEFAULT_RATE

    def pictures(self) -> Iterator[tuple[Sample | None, Pixels, float]]:
        """Yield sample (None for a frame without annotation), picture and time; in order of time.

        Raises DatasetError for a picture that cannot be read: a figure over part of a set is wrong.
        """
        if self.video is None:
            for sample in self.samples:
                picture = read_picture(sample.path)
                if picture is None:
                    raise DatasetError(f'The picture {sample.path} cannot be read.')
                yield sample, picture, sample.time
            return
        by_frame = {sample.frame: sample for sample in self.samples}
        capture = cv2.VideoCapture(str(self.video))
        index = 0
        while True:
            good, frame = capture.read()
            if not good:
                break
            yield by_frame.get(index), as_bgr(frame), index / self.rate
            index += 1
        capture.release()
        if index <= max(by_frame):
            raise DatasetError(
                f'{self.video} has {index} frames, but {max(by_frame)} is annotated.'
            )


def load_all(paths: Sequence[Path]) -> list[Dataset]:
    """Read several data sets; those of the same file name are told apart by their folder."""
    stems = [path.stem for path in paths]
    return [
        load(path, path.stem if stems.count(path.stem) == 1 else f'{path.parent.name}/{path.stem}')
        for path in paths
    ]


def load(path: Path, name: str = '') -> Dataset:
    """Read a COCO file, or a video that has a COCO file of the same name beside it.

    ``name`` stands for the data set in reports; without it that is the file's.
    """
    video = None
    if path.suffix.lower() != '.json':
        video, path = path, path.with_suffix('.json')
        if not video.exists():
            raise DatasetError(f'There is no data set {video}.')
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
        return _dataset(path, content, video, name or path.stem)
    except OSError as error:
        raise DatasetError(f'The data set {path} cannot be read: {error.strerror}.') from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DatasetError(
            f'{path} is no COCO file: {type(error).__name__} at {error}.',
            'It needs images, annotations and categories.',
        ) from None


def _dataset(path: Path, content: Any, video: Path | None, name: str) -> Dataset:
    categories = {c['id']: species_of(c['name']) for c in content['categories']}
    truths: dict[int, list[Truth]] = {}
    for note in content['annotations']:
        species = categories[note['category_id']]
        if species:
            x, y, width, height = (float(v) for v in note['bbox'])
            truth = Truth(Box(x, y, width, height), species, bool(note.get('iscrowd', 0)))
            truths.setdefault(note['image_id'], []).append(truth)
    rate = _rate(video) if video else float(content.get('info', {}).get('fps', _DEFAULT_RATE))
    samples = []
    for order, image in enumerate(content['images']):
        found = tuple(truths.get(image['id'], ()))
        frame = _frame(image, order)
        in_clip = video is not None or 'video_id' in image
        samples.append(
            Sample(
                name=f'{name}/{image["file_name"]}',
                path=_picture(path.parent, image['file_name']),
                group=str(image.get('group') or f'{name}/{_group(found)}'),
                truths=found,
                clip=f'{name}/{image.get("video_id", 0)}' if in_clip else '',
                time=frame / rate if in_clip else 0.0,
                frame=frame,
            )
        )
    if not samples:
        raise DatasetError(f'{path} names no pictures.')
    samples.sort(key=lambda s: (s.clip, s.frame if s.clip else 0))
    named = frozenset(c for c in categories.values() if c)
    return Dataset(name, tuple(samples), named, video, rate)


def _picture(folder: Path, name: str) -> Path:
    """Where a picture lies: beside the COCO file, or in ``images`` beside it as many tools do."""
    beside, inside = folder / name, folder / 'images' / name
    return inside if inside.exists() and not beside.exists() else beside


def _group(truths: tuple[Truth, ...]) -> str:
    present = {t.species for t in truths if not t.ignore}
    return next((name for name in _GROUP_ORDER if name in present), 'none')


def _frame(image: Any, order: int) -> int:
    """Index of the frame: as COCO-VID and TAO write it, else the number in the name, else order."""
    for key in ('frame_index', 'frame_id', 'frame'):
        if key in image:
            return int(image[key])
    digits = re.findall(r'\d+', Path(str(image['file_name'])).stem)
    return int(digits[-1]) if digits else order


def _rate(video: Path) -> float:
    capture = cv2.VideoCapture(str(video))
    if not capture.isOpened():
        raise DatasetError(f'{video} is no video that can be read.')
    rate = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return rate if 0 < rate < 1000 else _DEFAULT_RATE
