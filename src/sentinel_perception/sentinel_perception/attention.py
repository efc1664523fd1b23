"""Where the pipeline looks in each picture: around what moves, at its tracks, and everywhere."""

from math import ceil

import numpy as np

from .detector.port import Floats, Region
from .motion import Motion
from .regions import MARGINS, Sweep, covers, crops, touch
from .settings import Settings
from .track import Track, is_dull, is_parked, is_urgent

# A full round that is told later than this many periods after the one before was taken is too slow;
# while anything is there the finest tiles are left out from then on.
_LATE = 1.25

# Share of a shorter delay in the one that is counted with; a longer one counts at once. And the
# most that it takes off the period of a sweep.
_CALMER, _MOST_DELAY = 0.1, 0.75

# They are tried again with the next visit if pictures came fast enough in the last one: with more
# tiles each takes about so many times as long.
_COST_OF_TILES = 1.5

# Share of the newest spacing of pictures in the smoothed one.
_PACE_SHARE = 0.2

# After motion or a scene change the pipeline stays engaged for this long, s.
_STAYS_ENGAGED = 2.0


class Attention:
    """Shares few model calls among tracks, motion and a sweep. Time comes with the pictures.

    ``engaged``: anything moves or is tracked that is not parked, or did a moment ago.
    """

    def __init__(self) -> None:
        self.engaged = False
        self._sweep = Sweep()
        self._engaged_since = self._engaged_until = self._completed = -np.inf
        self._left_out = 0  # grids
        self._newest, self._pace = -np.inf, 0.0  # stamp, and smoothed spacing while engaged, s
        self._delay = 0.0  # between a picture and what is told of it, s
        self._turn = 0
        self._motion: tuple[Region, ...] = ()

    def choose(
        self,
        tracks: list[Track],
        motion: Motion,
        stamp: float,
        *,
        width: int,
        height: int,
        input_size: int,
        settings: Settings,
        delay: float,
    ) -> list[Region]:
        """Return crops around tracks and motion, then what is due of the sweep.

        ``delay``: how long after the picture before was taken it was told of, s.
        """
        self._delay = max(delay, self._delay + (delay - self._delay) * _CALMER)
        self._engage(tracks, motion, stamp, settings)
        # Who waited longest comes first, and tracks and motion take turns: nobody starves.
        waiting = sorted(
            (t for t in tracks if self._is_due(t, stamp, settings)), key=Track.waits_since
        )
        urgent = [t for t in waiting if is_urgent(t, settings)]
        others = [t for t in waiting if t not in urgent]
        first, tracked = ([region_of(t.expected(stamp)) for t in ts] for ts in (urgent, others))
        self._turn += 1
        moved = self._moved(motion.boxes)
        chosen = crops(
            first + (moved + tracked if self._turn % 2 else tracked + moved),
            width=width,
            height=height,
            input_size=input_size,
            most=settings.crops_per_frame,
            # Motion and tracks alternate; so does the margin, at half that pace.
            margin=MARGINS[self._turn // 2 % len(MARGINS)],
        )
        for track in waiting:
            # Of a box that reaches over the edge of the picture no crop holds enough.
            box = _inside(region_of(track.expected(stamp)), width, height)
            if any(covers(crop, box) for crop in chosen):
                track.last_crop = stamp
        if motion.scene_changed and not waiting:
            # Motion says nothing now: look at the whole picture instead.
            chosen.append(Region(0, 0, width, height))
        self._sweep.plan(width=width, height=height, finest_grid=self.grid_in_use(settings))
        period = self._sweep.parts / settings.idle_calls_per_second
        if self.engaged:
            # Who waits for the next sweep counts from when the picture was taken.
            wanted = settings.engaged_sweep_period
            period = min(period, wanted - min(self._delay, _MOST_DELAY * wanted))
        due = self._sweep.due(stamp, period, settings.tiles_per_frame)
        return chosen + [region for region in due if region not in chosen]

    def _is_due(self, track: Track, stamp: float, settings: Settings) -> bool:
        """Whether ``track`` gets a crop of its own.

        What looks like an animal is looked at again and again until that is decided.
        """
        if not _can_wait(track, stamp, settings):
            return True
        if is_dull(track, settings) and not self.engaged:
            return False  # while nothing moves the sweep is enough for clutter
        return stamp - track.waits_since() >= settings.recheck_period

    def _moved(self, boxes: tuple[Region, ...]) -> list[Region]:
        """Motion in the order of its worth: an animal goes on where it was, an insect is gone."""
        start = self._turn % max(len(boxes), 1)
        turned = [*boxes[start:], *boxes[:start]]
        lasting = [any(touch(box, before) for before in self._motion) for box in turned]
        self._motion = boxes
        order = sorted(range(len(turned)), key=lambda i: not lasting[i])
        return [turned[i] for i in order]

    def swept(self, looks: list[Region], stamp: float, settings: Settings) -> bool:
        """Note what was looked at; tell whether this completed a round that is worth something.

        A round that began long ago says nothing about now.
        """
        taken = self._sweep.looked(looks, stamp)
        if taken is None:
            return False
        waited = stamp + self._delay - max(self._completed, self._engaged_since)
        if self.engaged and waited > _LATE * settings.engaged_sweep_period:
            self._left_out = min(self._left_out + 1, settings.finest_grid - 1)
        self._completed = stamp
        return taken <= 2 * settings.engaged_sweep_period

    def grid_in_use(self, settings: Settings) -> int:
        """Finest grid of the sweep: fewer tiles, down to 1, where the computer is too slow."""
        return max(1, settings.finest_grid - (self._left_out if self.engaged else 0))

    def _is_fast(self, settings: Settings) -> bool:
        """Tell whether a round with one more grid would have been in time in the last visit."""
        grids = range(1, settings.finest_grid - self._left_out + 2)
        pictures = ceil(sum(n * n for n in grids) / settings.tiles_per_frame)
        seconds = pictures * self._pace * _COST_OF_TILES + self._delay
        return seconds <= _LATE * settings.engaged_sweep_period

    def _engage(
        self, tracks: list[Track], motion: Motion, stamp: float, settings: Settings
    ) -> None:
        """What never moved or came, as in an empty garden, gets looks, but no sweeps for its sake.

        Unless it may be a target: then who else is there must be known.
        """
        lively = [
            t
            for t in tracks
            if (t.is_confirmed_animal if t.stays else t.confirmed or t.hits > 1)
            and not _can_wait(t, stamp, settings)
        ]
        if motion.boxes or motion.scene_changed or lively:
            if stamp > self._engaged_until:
                self._sweep.restart()
                self._engaged_since = stamp
                if self._left_out and self._is_fast(settings):
                    self._left_out -= 1
            else:
                self._pace += (stamp - self._newest - self._pace) * _PACE_SHARE
            self._engaged_until = stamp + _STAYS_ENGAGED
        self.engaged = stamp <= self._engaged_until
        self._newest = stamp


def _can_wait(track: Track, stamp: float, settings: Settings) -> bool:
    return is_parked(track, stamp, settings) or is_dull(track, settings)


def _inside(box: Region, width: int, height: int) -> Region:
    return Region(max(box.left, 0), max(box.top, 0), min(box.right, width), min(box.bottom, height))


def region_of(corners: Floats) -> Region:
    """Whole pixels of a box, at least one of them."""
    left, top, right, bottom = (int(v) for v in corners)
    return Region(left, top, max(right, left + 1), max(bottom, top + 1))
