"""Pictures with exact boxes, as the benchmarks walk through them."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
from sentinel_common.detections import Box
from sentinel_common.errors import SentinelError

from ..camera.sources import as_bgr, read_picture
from ..detector.port import Pixels

# Pace of clips whose file does not tell, pictures per second.
DEFAULT_RATE = 10.0


class DatasetError(SentinelError):
    """A data set that is missing or contradicts itself."""


@dataclass(frozen=True)
class Truth:
    """An animal that is really there; ``ignore`` marks a crowd, which counts neither way."""

    box: Box
    species: str
    ignore: bool = False


@dataclass(frozen=True)
class Sample:
    """One picture; ``clip`` names the sequence it belongs to ('' for none) at ``time`` seconds.

    ``size`` (width, height) in pixels is what the boxes refer to, None where nobody said it.
    """

    name: str
    path: Path
    group: str
    truths: tuple[Truth, ...]
    clip: str = ''
    time: float = 0.0
    frame: int = -1
    size: tuple[int, int] | None = None

    def truths_of(self, species: str) -> list[Truth]:
        """Return the truths of one species, ignored regions of it included."""
        return [t for t in self.truths if t.species == species]

    def shows(self, species: str) -> bool | None:
        """Tell whether an animal of ``species`` is there; None where ignored regions show some."""
        found = self.truths_of(species)
        return None if found and all(t.ignore for t in found) else bool(found)


@dataclass(frozen=True)
class Dataset:
    """The pictures of one file. ``video`` is read frame by frame, else each sample has its file.

    ``categories`` tells what each category of the file was taken for, '' for none of ours.
    """

    name: str
    samples: tuple[Sample, ...]
    categories: dict[str, str]
    video: Path | None = None
    rate: float = DEFAULT_RATE

    def clip_of(self, sample: Sample | None) -> str:
        """Name of the clip that a picture of ``pictures`` belongs to, '' for none.

        A video is one clip from its first frame on, whether or not that is annotated.
        """
        if self.video is not None:
            return self.samples[0].clip
        return sample.clip if sample is not None else ''

    @property
    def species(self) -> frozenset[str]:
        """Species that the file has labels for."""
        return frozenset(name for name in self.categories.values() if name)

    def pictures(self) -> Iterator[tuple[Sample | None, Pixels, float]]:
        """Yield sample (None for a frame without annotation), picture and time; in order of time.

        Raises DatasetError for a picture that cannot be read: a figure over part of a set is wrong.
        """
        if self.video is None:
            for sample in self.samples:
                yield sample, _sized(_read(sample), sample), sample.time
            return
        by_frame = {sample.frame: sample for sample in self.samples}
        capture = cv2.VideoCapture(str(self.video))
        index = 0
        while True:
            good, frame = capture.read()
            if not good:
                break
            sample_here = by_frame.get(index)
            # The pipeline sees frames of one size, with or without boxes.
            picture = _sized(as_bgr(frame), sample_here or self.samples[0])
            yield sample_here, picture, index / self.rate
            index += 1
        capture.release()
        if index <= max(by_frame):
            raise DatasetError(
                f'{self.video} has {index} frames, but {max(by_frame)} is annotated.'
            )


def _read(sample: Sample) -> Pixels:
    """Read a picture upright, or as it was stored where its boxes refer to that."""
    picture = read_picture(sample.path)
    if picture is not None and sample.size == picture.shape[:2] != picture.shape[1::-1]:
        picture = read_picture(sample.path, upright=False)
    if picture is None:
        raise DatasetError(f'The picture {sample.path} cannot be read.')
    return picture


def _sized(picture: Pixels, sample: Sample) -> Pixels:
    """Bring a picture to the size that its boxes refer to: smaller copies are common."""
    height, width = picture.shape[:2]
    if sample.size is None or sample.size == (width, height):
        return picture
    wide, high = sample.size
    if abs(wide * height - high * width) > 0.02 * high * width:
        raise DatasetError(
            f'The picture {sample.path} has {width}x{height} pixels, its boxes are for '
            f'{wide}x{high}.',
            'Turn the picture, or correct width and height in the file.',
        )
    how = cv2.INTER_AREA if wide < width else cv2.INTER_LINEAR
    return as_bgr(cv2.resize(picture, sample.size, interpolation=how))
