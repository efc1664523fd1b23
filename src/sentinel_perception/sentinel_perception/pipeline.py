"""From pictures to confirmed animals, without a clock: time comes with the pictures.

The same pictures with the same stamps give the same answer, under ROS, in a lock-step simulation
and in a test.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.species import PROTECTED

from .attention import Attention, region_of
from .blindness import Blindness
from .detector.port import Candidates, Classifier, Detector, Floats, Pixels, Region
from .evidence import weigh
from .glimpses import Glimpses
from .hints import box_of, hints
from .merging import areas, merge
from .motion import Motion, MotionGate, shift, small_luma
from .position import Intrinsics, locate
from .regions import touch
from .settings import Settings
from .track import Track, is_dull, is_parked, may_be_furniture
from .tracker import Tracker
from .zones import Zones

# Boxes below this score are not even looked at: the lowest veto level that makes sense.
_FLOOR = 0.05

# Where this share of a box changed lately somebody may have arrived.
_ARRIVAL = 0.3

# What travels was seen to move within this time, s: else only the boxes of its looks differ.
_STIRRED = 1.0

# A track of whose expected box less than this lies in the picture has walked out of it.
_LEFT_SHARE = 0.3


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

    def __init__(
        self,
        detector: Detector,
        settings: Settings,
        zones: Zones | None = None,
        classifier: Classifier | None = None,
    ) -> None:
        # Both may be replaced between two pictures.
        self.settings = settings
        self.zones = zones or Zones()
        self._detector = detector
        self._classifier = classifier
        self._tracker = Tracker()
        # How often the stamps went back or the size changed: more than once in a while means two
        # cameras on one topic.
        self.restarts = 0
        self._forget()

    def _forget(self) -> None:
        """Begin as if no picture had come yet; but no name of a track is given twice."""
        self._stamp, self._size = -np.inf, (0, 0)
        self._tracker.tracks.clear()
        self._attention = Attention()
        self._blindness = Blindness()
        self._glimpses = Glimpses()
        self._luma: npt.NDArray[np.uint8] | None = None
        self._motion = MotionGate()

    def process(
        self,
        picture: Pixels,
        stamp: float,
        camera: Intrinsics,
        frame_id: str = '',
        *,
        moving: bool = False,
        delay: float = 0.0,
    ) -> Sight:
        """Look at one (height, width, 3) BGR picture captured at ``stamp`` (s).

        ``moving``: the camera itself is on its way, so that motion in the picture means nothing.
        ``delay``: how long after the picture before was taken it was told of, s; 0 in lock-step. A
        stamp before the last one begins another story (a bag that starts again, a simulation that
        was reset, a clock that was set back): what was remembered would never grow old in it, so it
        is forgotten. So it is with pictures of another size, in which nothing is where it was.
        Raises ModelError where the model fails; the pipeline stays usable.
        """
        height, width = picture.shape[:2]
        if stamp < self._stamp or self._size not in ((0, 0), (width, height)):
            self.restarts += 1
            self._forget()
        self._stamp, self._size = stamp, (width, height)
        luma = small_luma(picture)
        motion = self._motion.update(luma, stamp, width, height, self.settings)
        if moving:
            motion = replace(motion, boxes=(), scene_changed=True, cut=False)
        blind = self._blindness.update(luma, stamp)
        before, self._luma = self._luma, luma
        if before is not None and motion.scene_changed and not motion.cut:
            right, down = shift(before, luma, width, height)
            for track in self._tracker.tracks:
                track.move(right, down)
            self._glimpses.move(right, down)
        self._disturb(motion, stamp, moving)
        looks = self._attention.choose(
            self._tracker.tracks,
            motion,
            stamp,
            width=width,
            height=height,
            input_size=self._detector.input_size,
            settings=self.settings,
            delay=delay,
        )
        found = [(region, self._detector.look(picture, region, _FLOOR)) for region in looks]
        merged = merge(found, Region.whole(picture))
        evidence, weights = weigh(merged, found, self._detector.input_size)
        owners = self._tracker.update(
            merged,
            evidence,
            weights,
            looks,
            stamp,
            self._detector.input_size,
            self.settings,
        )
        # By where the boxes are now, so for the next picture: a track that began in this one was
        # judged as one of which nobody can tell whether it came.
        for track in self._tracker.tracks:
            track.arrival_unknown = moving or not self._motion.knows_arrivals()
            share = self._motion.changed_lately(track.box, width, height)
            if share >= _ARRIVAL and not track.arrival_unknown:
                track.arrive()
        self._look_again(picture, stamp)
        # A covered or frozen camera has looked at nothing, however often the model ran.
        swept = self._attention.swept(looks, stamp, self.settings) and not blind
        seen = self._seen(stamp, width, height)
        detections = [d for _, d in seen]
        tracks = [t for t, _ in seen]
        return Sight(
            frame=Frame(
                stamp,
                frame_id,
                (*detections, *hints(merged, owners, tracks, self.settings)),
                self._glimpses.update(found, stamp, self._detector.input_size),
            ),
            targets=TargetFrame(
                stamp,
                'base_link',
                tuple(
                    self._target(t, d, camera)
                    for t, d in seen
                    if not is_parked(t, stamp, self.settings)
                ),
            ),
            swept=swept,
            blind=blind,
            engaged=self._attention.engaged,
            motion=motion,
            looks=tuple(looks),
            found=merged,
            strengths={t.identity: t.strength for t in tracks},
        )

    def _look_again(self, picture: Pixels, stamp: float) -> None:
        """Show the tracks that were seen now to the classifier, who waited longest first."""
        if self._classifier is None:
            return
        waiting = [t for t in self._tracker.tracks if self._is_worth_another_look(t, stamp)]
        waiting.sort(key=lambda t: t.last_second_look)
        for track in waiting[: self.settings.second_looks]:
            answer = self._classifier.classify(picture, track.box)
            track.posterior.look_again(answer)
            track.suspicion.look_again(answer)
            track.last_second_look = stamp

    def _is_worth_another_look(self, track: Track, stamp: float) -> bool:
        if track.stamp != stamp or is_parked(track, stamp, self.settings):
            return False
        found = track.last_hit == stamp and (track.confirmed or track.hits > 1)
        return (found and not is_dull(track, self.settings)) or (
            track.suspicion.detected >= self.settings.veto_level
        )

    @property
    def grid_in_use(self) -> int:
        """Finest grid of the sweep: fewer tiles, down to 1, where the computer is too slow."""
        return self._attention.grid_in_use(self.settings)

    def _disturb(self, motion: Motion, stamp: float, moving: bool) -> None:
        """Forget tracks of another scene; whatever moves is not parked."""
        if motion.cut:
            self._tracker.tracks.clear()
        for track in self._tracker.tracks:
            box = region_of(track.box)
            if any(touch(box, moved) for moved in motion.boxes):
                track.stirred = stamp
            track.unsteady = moving or stamp - track.stirred > _STIRRED
            if motion.scene_changed or track.stirred == stamp:
                track.disturb(stamp)

    def _seen(self, stamp: float, width: int, height: int) -> list[tuple[Track, Detection]]:
        """Confirmed tracks that were hit lately.

        Too small, or in zones that do not count, only the household is told.
        """
        seen = []
        for track in self._tracker.tracks:
            rest = self.settings.recheck_period if is_parked(track, stamp, self.settings) else 0.0
            if not track.confirmed or stamp - track.last_hit > self.settings.coast + rest:
                continue
            box = _inside(track.place(stamp), width, height)
            if box is None:
                continue
            detection = Detection(box, track.posterior.probabilities(), track.identity)
            large = max(box.width, box.height) >= self.settings.smallest * height
            if detection.best[0] in PROTECTED or (large and self.zones.allow(box, width, height)):
                seen.append((track, detection))
        return seen

    def _target(self, track: Track, detection: Detection, camera: Intrinsics) -> Target:
        """Where ``track`` stands; of what may be furniture that is all that is told."""
        target = locate(track.identity, detection.box, detection.scores, camera, self.settings)
        return replace(target, scores={}) if may_be_furniture(track, self.settings) else target

    def doubts(self, stamp: float) -> Candidates:
        """Tracks that are not confirmed, with scores below the threshold: only figures use them."""
        found = []
        for track in self._tracker.tracks:
            if not track.confirmed and stamp - track.last_hit <= self.settings.coast:
                strength = min(track.average, 0.99 * self.settings.threshold)
                row = [strength * p for p in track.posterior.probabilities().values()]
                found.append(Candidates(track.place(stamp)[None], np.array([row], np.float32)))
        return Candidates.join(found)


def _inside(corners: Floats, width: int, height: int) -> Box | None:
    """Part of a box that lies in the picture, None where most of it has left."""
    limits = np.array([width, height] * 2, np.float32)
    clipped = np.asarray(np.clip(corners, 0, limits), np.float32)
    if areas(clipped[None])[0] < _LEFT_SHARE * areas(corners[None])[0]:
        return None
    return box_of(clipped)
