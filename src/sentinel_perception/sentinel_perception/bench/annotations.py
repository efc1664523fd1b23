"""COCO files as people really have them: other names, other folders, frames of videos."""

import json
import math
import os
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
from sentinel_common.detections import Box
from sentinel_common.species import CAT, DOG, OTHER_ANIMAL, PERSON, RACCOON

from ..detector.labels import species_of
from .dataset import DEFAULT_RATE, Dataset, DatasetError, Sample, Truth

# A picture that shows several species belongs to the group of the first of these that is in it.
_GROUP_ORDER = (RACCOON, PERSON, CAT, DOG, OTHER_ANIMAL)

# Videos that may lie beside a COCO file of the same name.
_VIDEOS = ('.mp4', '.avi', '.mkv', '.mov', '.webm', '.m4v')

# Names of the file in a folder that is given as a data set, as the usual tools write it.
_USUAL = ('annotations.json', '_annotations.coco.json', 'instances_default.json', 'labels.json')

# A name that ends with a time of day; the group is what stands before the seconds.
_CLOCK = re.compile(r'(.*(?:(?<!\d)\d\d([-_.:])\d\d\2|20\d{6}[-_T]?\d{4}))\d\d$')


def load_all(paths: Sequence[Path]) -> list[Dataset]:
    """Read several data sets; those of the same file name are told apart by their folders."""
    return [load(path, name) for path, name in zip(paths, _names(paths), strict=True)]


def _names(paths: Sequence[Path]) -> list[str]:
    """The stem of each path, after as many of its folders as tell it from the others."""
    places = [_absolute(path) for path in paths]
    parts = [(*place.parent.parts, place.stem) for place in places]
    names = []
    for path, mine in zip(paths, parts, strict=True):
        tails = (mine[-n:] for n in range(1, len(mine) + 1))
        alone = (t for t in tails if sum(other[-len(t) :] == t for other in parts) == 1)
        name = next(alone, None)
        if name is None:
            raise DatasetError(f'The data set {path} is given twice, or another has its name.')
        names.append('/'.join(name))
    return names


def load(path: Path, name: str = '') -> Dataset:
    """Read a COCO file, a folder with one, or a video that has one of the same name beside it.

    ``name`` stands for the data set in reports; without it that is the file's. Raises DatasetError
    where anything is missing or contradicts itself, before the first picture is looked at.
    """
    name = name or _absolute(path).stem
    if path.is_dir():
        path = _in_folder(path)
    video = None
    if path.suffix.lower() != '.json':
        video, path = path, path.with_suffix('.json')
        if not video.exists():
            raise DatasetError(f'There is no data set {video}.')
        if not path.exists():
            alone = list(video.parent.glob('*.json'))
            if len(alone) != 1:
                raise DatasetError(
                    f'{video.name} has no boxes.',
                    f'Put the COCO file of its frames beside it: {path}.',
                )
            path = alone[0]
    try:
        content = json.loads(path.read_text(encoding='utf-8-sig'))
        return _Reader(path, content, video, name).dataset()
    except OSError as error:
        raise DatasetError(f'The data set {path} cannot be read: {error.strerror}.') from None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise DatasetError(
            f'{path} is no COCO file: {type(error).__name__} at {error}.',
            'It needs images, annotations and categories.',
        ) from None


def _absolute(path: Path) -> Path:
    """The same without '.' and '..', which are no names."""
    return Path(os.path.abspath(path))


def _in_folder(folder: Path) -> Path:
    found = sorted([*folder.glob('*.json'), *folder.glob('annotations/*.json')])
    usual = [path for path in found if path.name in _USUAL]
    if len(found) != 1 and len(usual) != 1:
        names = ', '.join(str(p.relative_to(folder)) for p in found[:5]) or 'none'
        raise DatasetError(
            f'The folder {folder} holds {len(found)} JSON files ({names}); one COCO file is needed.'
        )
    return found[0] if len(found) == 1 else usual[0]


@dataclass(frozen=True)
class _Reader:
    path: Path
    content: Any
    video: Path | None
    name: str

    def dataset(self) -> Dataset:
        images, truths = self.content['images'], self._truths()
        if not images:
            raise DatasetError(f'{self.path} names no pictures.')
        places = self._places([str(image['file_name']) for image in images])
        video = self.video
        if places is None and video is None:
            beside = [self.path.with_suffix(suffix) for suffix in _VIDEOS]
            video = next((path for path in beside if path.exists()), None)
            if video is None:
                raise self._missing(images)
        pace = self._pace()
        rate = _rate(video) if video else pace or DEFAULT_RATE
        # Frames are those of a video, or belong to one, or the file tells their pace.
        all_clip = video is not None or pace > 0
        _check_clocks([i for i in images if all_clip or 'video_id' in i], self.path)
        samples = []
        for order, image in enumerate(images):
            frame = _frame(image, order)
            in_clip = all_clip or 'video_id' in image
            size = int(image.get('width') or 0), int(image.get('height') or 0)
            samples.append(
                Sample(
                    name=f'{self.name}/{image["file_name"]}',
                    path=places[order] if places else Path(image['file_name']),
                    group=str(image.get('group') or ''),
                    truths=tuple(truths.get(image['id'], ())),
                    clip=f'{self.name}/{image.get("video_id", 0)}' if in_clip else '',
                    time=frame / rate if in_clip else 0.0,
                    frame=frame,
                    size=size if min(size) > 0 else None,
                )
            )
        if video is not None:
            samples = _from_zero(samples, video, rate)
            _check_video(samples, video, self.path)
        else:
            samples = _from_first(samples, rate)
        _check_frames(samples, self.path)
        samples = _grouped(samples, self.name, [str(image['file_name']) for image in images])
        samples.sort(key=lambda s: (s.clip, s.frame if s.clip else 0))
        return Dataset(self.name, tuple(samples), self._categories(), video, rate)

    def _pace(self) -> float:
        """Pictures per second that the file tells, 0 where it does not: info may be anything."""
        told = self.content.get('info')
        pace = float((told.get('fps') if isinstance(told, dict) else None) or 0.0)
        if not 0 <= pace < 1000:
            raise DatasetError(f'{self.path} has {pace} pictures per second (info, fps).')
        return pace

    def _categories(self) -> dict[str, str]:
        return {str(c['name']): species_of(str(c['name'])) for c in self.content['categories']}

    def _truths(self) -> dict[Any, list[Truth]]:
        """Boxes by picture; labels of nothing of ours ('empty', 'bench') need none."""
        species = {c['id']: species_of(str(c['name'])) for c in self.content['categories']}
        known = {image['id'] for image in self.content['images']}
        if len(known) < len(self.content['images']):
            raise DatasetError(f'{self.path} gives several pictures the same id.')
        truths: dict[Any, list[Truth]] = {}
        for number, note in enumerate(self.content['annotations'], 1):
            where = f'Annotation {note.get("id", number)} in {self.path}'
            if note['category_id'] not in species:
                raise DatasetError(f'{where} has the unknown category {note["category_id"]}.')
            if note['image_id'] not in known:
                raise DatasetError(f'{where} is for the unknown picture {note["image_id"]}.')
            name = species[note['category_id']]
            if name:
                truth = Truth(_box(note, where), name, bool(note.get('iscrowd', 0)))
                truths.setdefault(note['image_id'], []).append(truth)
        boxes = [t.box for found in truths.values() for t in found]
        if boxes and all(max(b.x + b.width, b.bottom) <= 1 for b in boxes):
            raise DatasetError(
                f'All boxes in {self.path} lie within one pixel.',
                'COCO boxes are x, y, width, height in pixels, not shares of the picture.',
            )
        return truths

    def _places(self, names: list[str]) -> list[Path] | None:
        """Where the pictures lie: the first of the usual folders that has all; None if none has."""
        folder, stem = self.path.parent, self.path.stem
        # COCO names the file instances_val2017, the folder val2017; CVAT and Datumaro do as well.
        part = stem.removeprefix('instances_')
        for base in (
            folder,
            folder / 'images',
            folder / 'data',  # FiftyOne
            folder / stem,
            folder.parent,
            folder.parent / 'images',
            folder.parent / stem,
            folder.parent / part,
            folder.parent / 'images' / part,
        ):
            places = [base / name.replace('\\', '/') for name in names]
            if all(place.is_file() for place in places):
                return places
        return None

    def _missing(self, images: list[Any]) -> DatasetError:
        """Say which pictures are not there."""
        names = [str(image['file_name']) for image in images]
        gone = [n for n in names if self._places([n]) is None]
        if not gone:
            return DatasetError(
                f'The pictures of {self.path} lie in several folders.',
                'Write file_name relative to the COCO file.',
            )
        return DatasetError(
            f'{len(gone)} of {len(names)} pictures that {self.path} names are not there, first '
            f'{gone[0]}.',
            'They are looked for beside the file and in images/ (there or one folder up).',
        )


def _box(note: Any, where: str) -> Box:
    values = note.get('bbox')
    if not isinstance(values, list) or len(values) != 4:
        raise DatasetError(f'{where} has no bbox of four numbers.', 'AP needs a box per animal.')
    x, y, width, height = (float(v) for v in values)
    if not all(math.isfinite(v) for v in (x, y, width, height)) or width <= 0 or height <= 0:
        raise DatasetError(
            f'{where} has the box {values}.', 'COCO boxes are x, y, width, height in pixels.'
        )
    return Box(x, y, width, height)


def _grouped(samples: list[Sample], name: str, files: list[str]) -> list[Sample]:
    """Give every picture its group.

    It is its field ``group``; else its folder, where the pictures lie in several; else the file's.
    Species are told apart in it, but for groups of the field that hold one sort of picture.
    """
    folders = [Path(file.replace('\\', '/')).parent.as_posix() for file in files]
    several = len(set(folders)) > 1
    kinds: dict[str, set[str]] = {}
    for sample in samples:
        if sample.group and _kind(sample.truths) != RACCOON:
            kinds.setdefault(sample.group, set()).add(_kind(sample.truths))
    answer = []
    for sample, folder in zip(samples, folders, strict=True):
        group = sample.group
        if group and len(kinds.get(group, ())) > 1:
            group = f'{group}/{_kind(sample.truths)}'
        elif not group:
            place = f'{name}/{folder}' if several else name
            group = f'{place}/{_kind(sample.truths)}'
        answer.append(replace(sample, group=group))
    return answer


def _kind(truths: Iterable[Truth]) -> str:
    present = {t.species for t in truths if not t.ignore}
    return next((name for name in _GROUP_ORDER if name in present), 'none')


def _told_frame(image: Any) -> int | None:
    """Index of the frame as COCO-VID and TAO write it, None where they do not."""
    told = (image.get(key) for key in ('frame_index', 'frame_id', 'frame'))
    return next((int(frame) for frame in told if frame is not None), None)


def _stem(image: Any) -> str:
    """Name of the picture without the hash that Roboflow appends to it."""
    return re.sub(r'\.rf\.\w+$', '', Path(str(image['file_name'])).stem)


def _frame(image: Any, order: int) -> int:
    """Index of the frame as the file tells it, else the last number in the name, else order."""
    told = _told_frame(image)
    digits = re.findall(r'\d+', _stem(image))
    return told if told is not None else int(digits[-1]) if digits else order


def _check_clocks(images: list[Any], file: Path) -> None:
    """Raise DatasetError where the frames of a clip would be the seconds of several minutes."""
    minutes: dict[Any, str] = {}
    for image in images:
        clock = _CLOCK.match(_stem(image)) if _told_frame(image) is None else None
        if clock and minutes.setdefault(image.get('video_id', 0), clock[1]) != clock[1]:
            raise DatasetError(
                f'{image["file_name"]} in {file} has a time of day where a frame has its number.',
                'Give the pictures of a clip a frame_index each.',
            )


def _from_zero(samples: list[Sample], video: Path, rate: float) -> list[Sample]:
    """Frames that are counted from one, as many tools do, are shifted to begin at zero."""
    capture = cv2.VideoCapture(str(video))
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.release()
    frames = [s.frame for s in samples]
    if not (min(frames) >= 1 and max(frames) == count):
        return samples
    return [replace(s, frame=s.frame - 1, time=(s.frame - 1) / rate) for s in samples]


def _check_video(samples: list[Sample], video: Path, file: Path) -> None:
    """Raise DatasetError where the file tells of one video what cannot be: it has more of them."""
    clips = len({s.clip for s in samples})
    if clips > 1:
        raise DatasetError(
            f'{file} has boxes of {clips} videos, but only {video.name} is there.',
            'Write one file per video.',
        )
    if len({s.size for s in samples}) > 1:
        raise DatasetError(
            f'{file} gives the frames of {video.name} several sizes.',
            'Write the same width and height, those that the boxes refer to, for all of them.',
        )


def _from_first(samples: list[Sample], rate: float) -> list[Sample]:
    """Times of clips of pictures are counted from the first one of each."""
    first: dict[str, int] = {}
    for s in samples:
        first[s.clip] = min(s.frame, first.get(s.clip, s.frame))
    return [replace(s, time=(s.frame - first[s.clip]) / rate) if s.clip else s for s in samples]


def _check_frames(samples: list[Sample], file: Path) -> None:
    """Raise DatasetError where a clip has a frame twice."""
    frames = Counter((s.clip, s.frame) for s in samples if s.clip)
    for (clip, frame), times in frames.most_common(1):
        if times > 1:
            raise DatasetError(
                f'{file} gives frame {frame} of the clip {clip} {times} times.',
                'A frame is told by frame_index, or by the last number in file_name.',
            )


def _rate(video: Path) -> float:
    capture = cv2.VideoCapture(str(video))
    if not capture.isOpened():
        raise DatasetError(f'{video} is no video that can be read.')
    rate = capture.get(cv2.CAP_PROP_FPS)
    capture.release()
    return rate if 0 < rate < 1000 else DEFAULT_RATE
