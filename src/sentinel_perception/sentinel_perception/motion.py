"""Where something moves: a running background on a small grey picture."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from .detector.port import Floats, Pixels, Region
from .settings import Settings

# Height of the grey picture, px: a raccoon at 5 m (40 px of 480) still covers 10 px of it.
_HEIGHT = 120

# The background follows a lasting change in about this time, s.
_BACKGROUND_TIME = 4.0

# Where something moves it follows this much more slowly, so that a slow animal is not absorbed.
_MOVING_SHARE = 0.1

# Contrast is stretched to this span between the 4th and 96th percentile, by at most _MOST_GAIN:
# beyond it is noise.
_SPAN, _MOST_GAIN = 160.0, 4.0

# Pictures whose coarse layout correlates less are different scenes; a lamp keeps the layout.
_SAME_SCENE = 0.2

# Columns and rows of the coarse layout: a tenth of a radian per picture moves it by 1.5 of them.
_COARSE = (20, 15)

# Branches and webs move in one place for long: where the share of moving pictures, remembered for
# this long (s), is high, the contrast that counts grows by up to this factor.
_RESTLESS_TIME, _RESTLESS_FACTOR = 30.0, 6.0

# What changed is remembered for the first time, s, and believed after the second: an insect before
# the lens is gone again by then.
_LATELY_TIME, _BELIEF_TIME = 5.0, 0.4

# After a new scene nobody knows what arrived and what was there for this long, s: until little of
# the memory of the change itself is left.
_UNKNOWN_TIME = 8.0

# Peak of the phase correlation (0..1) from which two pictures show the same, moved.
_ALIKE = 0.1

# A gain that follows every picture would itself look like motion.
_GAIN_SHARE = 0.05


@dataclass(frozen=True)
class Motion:
    """What moved in one picture: boxes in its pixels, biggest first.

    ``scene_changed``: so much changed at once that the boxes mean nothing (lamp, infra-red switch,
    moving camera); there are none then. ``cut``: nothing of the scene before is left (the next
    picture of a folder, a camera that was turned away).
    """

    boxes: tuple[Region, ...] = ()
    scene_changed: bool = False
    cut: bool = False


def small_luma(picture: Pixels) -> npt.NDArray[np.uint8]:
    """Grey picture of _HEIGHT rows for a (height, width, 3) BGR one.

    Green stands for brightness, and of large pictures only every n-th pixel is averaged: a
    tenth of the time of converting and averaging everything, on every picture of a still scene.
    """
    height, width = picture.shape[:2]
    size = max(1, round(width * _HEIGHT / height)), _HEIGHT
    step = max(1, height // (2 * _HEIGHT))
    green = np.ascontiguousarray(picture[::step, ::step, 1])
    return np.asarray(cv2.resize(green, size, interpolation=cv2.INTER_AREA), np.uint8)


def levels(luma: npt.NDArray[np.uint8], shares: tuple[float, ...]) -> list[float]:
    """Grey levels below which these shares (0..1) of the pixels lie."""
    counts = np.cumsum(np.bincount(luma.ravel(), minlength=256))
    return np.searchsorted(counts, np.array(shares) * counts[-1]).astype(float).tolist()


class MotionGate:
    """Compares each picture with a background that follows slowly. Time comes with the pictures."""

    def __init__(self) -> None:
        self._background: Floats | None = None
        self._layout: Floats | None = None
        self._restless: Floats | None = None
        self._lately: Floats = np.ones((1, 1), np.float32)
        self._unknown_until = 0.0
        self._stamp = 0.0
        self._gain = 1.0

    def update(
        self,
        luma: npt.NDArray[np.uint8],
        stamp: float,
        width: int,
        height: int,
        settings: Settings,
    ) -> Motion:
        """Return what moves in ``luma`` (small_luma of a ``width`` x ``height`` picture)."""
        current, layout, before = self._stretched(luma), _layout(luma), self._layout
        self._layout = layout
        if self._background is None or self._background.shape != current.shape:
            self._background, self._stamp, self._restless = current, stamp, None
            self._forget(current, stamp)
            return Motion(scene_changed=True, cut=True)
        elapsed = max(0.0, stamp - self._stamp)
        self._stamp = stamp
        difference = cv2.absdiff(current, self._background)
        restless = self._restless if self._restless is not None else np.zeros_like(current)
        contrast = settings.motion_contrast
        mask = (difference > contrast * (1 + _RESTLESS_FACTOR * restless)).astype(np.uint8)
        changed = difference > contrast
        habit = 1.0 - float(np.exp(-elapsed / _RESTLESS_TIME))
        self._restless = restless + np.float32(habit) * (changed - restless)
        if changed.mean() > settings.scene_change:
            self._background = current
            self._forget(current, stamp)
            return Motion(scene_changed=True, cut=_differ(before, layout))
        pace = np.where(mask, _BELIEF_TIME, _LATELY_TIME).astype(np.float32)
        self._lately += (mask - self._lately) * (1 - np.exp(-np.float32(elapsed) / pace))
        rate = 1.0 - float(np.exp(-elapsed / _BACKGROUND_TIME))
        follow = np.where(mask, rate * _MOVING_SHARE, rate).astype(np.float32)
        self._background = self._background + follow * (current - self._background)
        return Motion(self._boxes(mask, width, height, settings.motion_area))

    def _forget(self, current: Floats, stamp: float) -> None:
        self._lately, self._unknown_until = np.ones_like(current), stamp + _UNKNOWN_TIME

    def knows_arrivals(self) -> bool:
        """Tell whether it was watched for long enough since the scene was new or changed."""
        return self._stamp > self._unknown_until

    def changed_lately(self, box: Floats, width: int, height: int) -> float:
        """Share, 0..1, of ``box`` (corners, ``width`` x ``height`` picture) that changed lately.

        All of it after the first picture and after every change of the scene: nobody knows.
        """
        rows, columns = self._lately.shape
        scale = np.array([columns / width, rows / height] * 2, np.float32)
        left, top, right, bottom = (int(v) for v in np.clip(box * scale, 0, None))
        part = self._lately[top : max(bottom, top + 1), left : max(right, left + 1)]
        return float(part.mean()) if part.size else 1.0

    def _stretched(self, luma: npt.NDArray[np.uint8]) -> Floats:
        low, middle, high = levels(luma, (0.04, 0.5, 0.96))
        gain = min(_MOST_GAIN, max(1.0, _SPAN / max(high - low, 1.0)))
        self._gain += (gain - self._gain) * (1.0 if self._background is None else _GAIN_SHARE)
        blurred = cv2.GaussianBlur(luma, (3, 3), 0).astype(np.float32)
        # The median is taken out, so that a passing cloud is no motion.
        return np.asarray((blurred - np.float32(middle)) * np.float32(self._gain), np.float32)

    def _boxes(
        self, mask: npt.NDArray[np.uint8], width: int, height: int, area: float
    ) -> tuple[Region, ...]:
        if not mask.any():
            return ()
        # Parts of one animal (head, tail) differ from the background while its middle may not.
        joined = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=2)
        count, parts, stats, _ = cv2.connectedComponentsWithStats(joined)
        weight = np.bincount(parts.ravel(), mask.ravel(), count)
        order = [i for i in np.argsort(-weight) if i and weight[i] >= area * mask.size]
        x_scale, y_scale = width / mask.shape[1], height / mask.shape[0]
        return tuple(
            Region(
                int(stats[i, cv2.CC_STAT_LEFT] * x_scale),
                int(stats[i, cv2.CC_STAT_TOP] * y_scale),
                int((stats[i, cv2.CC_STAT_LEFT] + stats[i, cv2.CC_STAT_WIDTH]) * x_scale),
                int((stats[i, cv2.CC_STAT_TOP] + stats[i, cv2.CC_STAT_HEIGHT]) * y_scale),
            )
            for i in order
        )


def _layout(luma: npt.NDArray[np.uint8]) -> Floats | None:
    """Coarse picture of mean 0 and spread 1, None where there is no structure."""
    coarse = cv2.resize(luma, _COARSE, interpolation=cv2.INTER_AREA).astype(np.float32)
    spread = float(coarse.std())
    if spread < 1.0:
        return None
    return np.asarray((coarse - coarse.mean()) / spread, np.float32)


def _differ(before: Floats | None, after: Floats | None) -> bool:
    if before is None or after is None:
        return False
    return float((before * after).mean()) < _SAME_SCENE


def shift(
    before: npt.NDArray[np.uint8], after: npt.NDArray[np.uint8], width: int, height: int
) -> tuple[float, float]:
    """How far, px right and down, a ``width`` x ``height`` picture moved between two of small_luma.

    A turning camera moves all of the picture alike; (0, 0) where nothing alike can be found.
    """
    if before.shape != after.shape:
        return 0.0, 0.0
    window = cv2.createHanningWindow((after.shape[1], after.shape[0]), cv2.CV_32F)
    pictures = before.astype(np.float32), after.astype(np.float32)
    (right, down), response = cv2.phaseCorrelate(*pictures, window)
    if response < _ALIKE:
        return 0.0, 0.0
    return right * width / after.shape[1], down * height / after.shape[0]
