"""From pictures to confirmed animals, without a clock: time comes with the pictures.

The same pictures with the same stamps give the same answer, under ROS, in a lock-step simulation
and in a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.species import PROTECTED, SPECIES

from .blindness import Blindness
from .detector.port import Candidates, Detector, Floats, Pixels, Region
from .merging import merge
from .motion import Motion, MotionGate, small_luma
from .position import Intrinsics, locate
from .regions import Sweep, crops
from .settings import Settings
from .tracker import Track, Tracker

# Boxes below this score are not even looked at: the lowest veto level that makes sense.
_FLOOR = 0.05

# After motion or a scene change the pipeline stays engaged for this long, s.
_STAYS_ENGAGED = 2.0

_PROTECTED = [i for i, name in enumerate(SPECIES) if name in PROTECTED]


@dataclass(frozen=True)
class Sight:
    """What one picture gave.

    ``swept``: this picture completed a full, ungated look at everything. ``blind``: why nothing can
    be seen, or ''. The rest explains how it came about, for pictures that people look at and for
    figures.
    """

    frame: Frame
    targets: TargetFrame
    swept: bool
    blind: str
    engaged: bool
    motion: Motion
    looks: tuple[Region, ...]
    found: Candidates
    strengths: Mapping[str, float]


class Pipeline:
    """Motion gate, crops, sweep, merging, tracking, confirmation, species and position."""

    def __init__(self, detector: Detector, settings: Settings) -> None:
        self._detector = detector
        self._settings = settings
        self._tracker = Tracker()
        self._sweep = Sweep()
        self._blindness = Blindness()
        self._engaged_until = -np.inf
        self._turn = 0
        self._motion = MotionGate(
            contrast=settings.motion_contrast,
            area=settings.motion_area,
            scene_change=settings.scene_change,
        )

    @property
    def settings(self) -> Settings:
        """What is in force; may be replaced between two pictures."""
        return self._settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self._settings = settings
        self._motion.contrast = settings.motion_contrast
        self._motion.area = settings.motion_area
        self._motion.scene_change = settings.scene_change

    def process(
        self, picture: Pixels, stamp: float, camera: Intrinsics, frame_id: str = ''
    ) -> Sight:
        """Look at one (height, width, 3) BGR picture captured at ``stamp`` (s).

        Raises ModelError where the model fails; the pipeline stays usable.
        """
        height, width = picture.shape[:2]
        luma = small_luma(picture)
        motion = self._motion.update(luma, stamp, width, height)
        blind = self._blindness.update(luma, stamp)
        if motion.cut:
            self._tracker.tracks.clear()
        if motion.boxes or motion.scene_changed or self._tracker.tracks:
            self._engaged_until = stamp + _STAYS_ENGAGED
        engaged = stamp <= self._engaged_until
        looks = self._choose(motion, stamp, width, height, engaged)
        found = [(region, self._detector.look(picture, region, _FLOOR)) for region in looks]
        merged = merge(found, Region.whole(picture))
        owners = self._tracker.update(
            merged, looks, stamp, self._detector.input_size, self._settings
        )
        # A covered or frozen camera has looked at nothing, however often the model ran.
        swept = self._sweep.looked(looks) and not blind
        tracks = [
            t
            for t in self._tracker.tracks
            if t.confirmed and stamp - t.last_hit <= self._settings.coast
        ]
        detections = [
            Detection(_box(t.expected(stamp)), t.posterior.probabilities(), t.identity)
            for t in tracks
        ]
        detections += self._hypotheses(merged, owners, tracks)
        return Sight(
            frame=Frame(stamp, frame_id, tuple(detections)),
            targets=TargetFrame(
                stamp, 'base_link', tuple(self._locate(d, camera) for d in detections if d.track_id)
            ),
            swept=swept,
            blind=blind,
            engaged=engaged,
            motion=motion,
            looks=tuple(looks),
            found=merged,
            strengths={t.identity: t.strength for t in tracks},
        )

    def _choose(
        self, motion: Motion, stamp: float, width: int, height: int, engaged: bool
    ) -> list[Region]:
        """Crops around tracks and motion, then what is due of the sweep."""
        # Who waited longest comes first, and tracks and motion take turns: nobody starves.
        waiting = sorted(self._tracker.tracks, key=lambda t: t.last_look)
        tracks = [_region(t.expected(stamp)) for t in waiting]
        self._turn += 1
        start = self._turn % max(len(motion.boxes), 1)
        moving = [*motion.boxes[start:], *motion.boxes[:start]]
        chosen = crops(
            moving + tracks if self._turn % 2 else tracks + moving,
            width=width,
            height=height,
            input_size=self._detector.input_size,
            most=self._settings.crops_per_frame,
        )
        self._sweep.plan(width=width, height=height, finest_grid=self._settings.finest_grid)
        period = self._sweep.parts / self._settings.idle_calls_per_second
        if engaged:
            period = min(period, self._settings.engaged_sweep_period)
        due = self._sweep.due(stamp, period, self._settings.tiles_per_frame)
        return chosen + [region for region in due if region not in chosen]

    def _locate(self, detection: Detection, camera: Intrinsics) -> Target:
        return locate(detection.track_id, detection.box, detection.scores, camera, self._settings)

    def _hypotheses(
        self, found: Candidates, owners: list[int], reported: list[Track]
    ) -> list[Detection]:
        """Whatever may be a person, cat or dog and is no reported track, down to the veto level."""
        return [
            Detection(
                _box(box), {SPECIES[i]: float(scores[i]) for i in _PROTECTED if scores[i] > 0}
            )
            for box, scores, owner in zip(found.boxes, found.scores, owners, strict=True)
            if scores[_PROTECTED].max() >= self._settings.veto_level
            and (owner < 0 or self._tracker.tracks[owner] not in reported)
        ]


def _box(corners: Floats) -> Box:
    left, top, right, bottom = (float(v) for v in corners)
    return Box(left, top, right - left, bottom - top)


def _region(corners: Floats) -> Region:
    left, top, right, bottom = (int(v) for v in corners)
    return Region(left, top, max(right, left + 1), max(bottom, top + 1))
