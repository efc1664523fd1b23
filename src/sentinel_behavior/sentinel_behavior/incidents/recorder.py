"""Turns what the nodes tell into the incident log, its pictures and the film."""

import io
import json
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sentinel_common.detections import Box, Frame
from sentinel_common.files import safe_name

from ..bag.bag import forget as forget_recordings
from .disk import Disk
from .film_frame import Caption, compose
from .latency import LatencyLog
from .model import Incident, Kind, Picture, Sound, brain_of
from .pairs import Pairs
from .pictures import Pixels, boxes_in, crop, to_rgb, whole
from .port import IncidentStore, StoreError

# Pictures that an incident may be about: 3 s at 10 Hz.
_RING = 30

# Jobs that may wait for the disk; beyond that it is too slow, and no pictures are kept: each that
# waits is held in memory.
_BACKLOG = 20

_SNAPSHOT_QUALITY = 90  # of JPEG: these are trained on
_FILM_QUALITY = 82

FILM, SNAPSHOTS, LATENCY = 'film', 'snapshots', 'latency.json'

# How often the log is to note that somebody listens, and what is longer than that can take on a
# machine with much to do, s.
ALIVE_PERIOD, _PAUSE = 10.0, 60.0

# Copies of snapshots that the report draws boxes into, and what it makes of all: of the whole time
# and of a part of it.
DRAWN = 'pictures'
PAGES = 'report.html', 'report_period.html'
FILMS = 'film.webp', 'film_period.webp'

_WHY = {
    Kind.VISIT_STARTED: 'visit started',
    Kind.STIMULUS_STARTED: 'stimulus started',
    Kind.STIMULUS_ENDED: 'stimulus ended',
    Kind.VISIT_ENDED: 'visit ended',
}


def stamp_of(path: Path) -> float:
    """Time in the name of a picture, s; infinite where there is none."""
    milliseconds = path.name.partition('.')[0].partition('_')[0]
    return int(milliseconds) / 1000 if milliseconds.isdigit() else float('inf')


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is kept: see the parameters of the node."""

    snapshots: bool = True
    snapshot_interval: float = 2.0
    snapshot_limit: int = 20
    snapshot_margin: float = 0.25
    film: bool = False
    film_withhold: bool = True
    min_free: float = 200e6


@dataclass(frozen=True)
class View:
    """A camera picture (a function that decodes it) with what was seen in it."""

    pixels: Callable[[], Pixels]
    frame: Frame


class Recorder:
    """The log of one run in ``folder``; all methods are called from one thread.

    ``open_store`` opens the log. Where that fails for a reason that may pass, such as a full disk,
    it is tried again with each incident, and what comes waits; any other StoreError is raised.
    ``now`` gives ROS time in seconds, ``complain`` takes one sentence for the operator whenever
    what is wrong with the disk changes ('' when it is over).
    """

    def __init__(
        self,
        *,
        open_store: Callable[[], IncidentStore],
        folder: Path,
        options: Options,
        now: Callable[[], float],
        complain: Callable[[str], None],
    ) -> None:
        self._open_store = open_store
        self._store: IncidentStore | None = None
        self._folder, self._options, self._now = folder, options, now
        self._images: Pairs[Callable[[], Pixels]] = Pairs()
        self._views: deque[View] = deque(maxlen=_RING)
        self._tracks: dict[str, str] = {}  # track -> visit that lasts
        self._taken: dict[str, tuple[int, float]] = {}  # visit -> pictures so far, last one (s)
        self._sound: Sound | None = None
        self._began: float | None = None
        self._listened, self._paused = now(), False
        self.garden: Callable[[], Pixels] | None = None
        self.latency = LatencyLog()
        self.doubts = False  # whether pictures are kept that are too old by a clock far ahead
        try:
            self._log()
        except StoreError as error:
            if not error.passing:
                raise
        self.disk = Disk(folder, min_free=options.min_free, complain=complain)

    @property
    def visit_lasts(self) -> bool:
        """Whether the end of a visit is still to come."""
        return bool(self._tracks)

    # What comes in.

    def image(self, stamp: float, pixels: Callable[[], Pixels]) -> None:
        """Take a camera picture; ``pixels`` decodes it (height, width, 3, BGR) when needed."""
        self._images.hold(stamp, pixels)

    def frame(self, frame: Frame) -> None:
        """Take what was seen in a picture; without that picture it is of no use here."""
        pixels = self._images.take(frame.stamp)
        if pixels is None:
            return
        view = View(pixels, frame)
        self._views.append(view)
        for detection in frame.detections:
            visit = self._tracks.get(detection.track_id)
            if visit and frame.stamp - self._taken[visit][1] >= self._options.snapshot_interval:
                self._snapshot(view, visit, detection.track_id, 'during the visit', crop_only=True)

    def incident(self, incident: Incident) -> None:
        """Keep an incident, and a picture where it is worth one."""
        told = self._now()
        self.disk.save(lambda: self._log().record(incident, told))
        if incident.visit_id:
            self._taken.setdefault(incident.visit_id, (0, float('-inf')))
            # Visits of a brain that died have ended too.
            self._tracks = {
                track: visit
                for track, visit in self._tracks.items()
                if brain_of(visit) == brain_of(incident.visit_id)
            }
            if incident.kind == Kind.VISIT_ENDED:
                ended = incident.visit_id  # of which a tracker may have made several tracks
                self._tracks = {t: v for t, v in self._tracks.items() if v != ended}
            elif incident.track_id:
                self._tracks[incident.track_id] = incident.visit_id
        if incident.kind in _WHY:
            view = self._view_of(incident)
            if view is not None:
                self._snapshot(view, incident.visit_id, incident.track_id, _WHY[incident.kind])
        lasting = set(self._tracks.values())
        self._taken = {visit: taken for visit, taken in self._taken.items() if visit in lasting}

    def sound(self, stamp: float, playing: bool, name: str, volume: float) -> None:
        """Follow the speaker: a sound is kept once it has ended."""
        current = self._sound
        if current is not None and (not playing or name != current.name):
            seconds = max(0.0, stamp - current.started)
            done = Sound(
                started=current.started,
                seconds=round(seconds, 3),
                name=current.name,
                volume=current.volume,
            )
            self.disk.save(lambda: self._log().add_sound(done))
            current = None
        if playing and current is None:
            current = Sound(started=stamp, seconds=0.0, name=name, volume=round(volume, 3))
        self._sound = current if playing else None

    def film(self, caption: Callable[[float], Caption]) -> None:
        """Add one picture to the film; ``caption`` gets the seconds since it began."""
        now = self._now()
        if self.disk.backlog > _BACKLOG or not self._views:
            return
        view = self._views[-1]
        if self._began is None:
            self._began = now
        text, garden = caption(now - self._began), self.garden

        def job() -> None:
            outside = garden() if garden else None
            withhold = self._options.film_withhold
            picture = compose(view.pixels(), view.frame, outside, text, withhold=withhold)
            data = io.BytesIO()
            picture.save(data, 'JPEG', quality=_FILM_QUALITY)
            self.disk.write(self._folder / FILM / f'{round(now * 1000):014d}.jpg', data.getvalue())

        self.disk.do(job)

    def mark(self, visit: str, false_alarm: bool, note: str) -> str:
        """Mark a visit as a false alarm, or take that back; '' or why that failed."""
        return self.disk.ask(lambda: self._log().mark(visit, false_alarm, note))

    def alive(self) -> None:
        """Note that the recorder still listens, and put the latency samples on the disk.

        Due every ``ALIVE_PERIOD`` of a clock that nobody sets: where ROS time says much more or
        less, it was set, or the computer slept. A disk that hangs is told from here as well.
        """
        self.disk.tell()
        now = self._now()
        self._paused |= not 0.0 <= now - self._listened <= _PAUSE
        self._listened = now
        if not self.disk.unsaved:  # what waits for the disk is worth more, and says it as well
            again, self._paused = self._paused, False
            self.disk.save(lambda: self._log().alive(now, again))
        samples = self.latency.samples()
        if samples:
            text = json.dumps({'unit': 's', 'samples': samples})
            self.disk.do(lambda: self.disk.write(self._folder / LATENCY, text.encode()))

    def forget(self, age: float) -> None:
        """Delete all that is older than ``age`` s, and pictures that the log does not know.

        With them go copies, pages and films that a report made of them, recordings of that age, and
        what a process that died left half written. A clock that is far ahead counts only as far as
        the store believes it.
        """
        # Files have the time of day, whatever the clock of ROS says.
        now, today = self._now(), time.time()

        def job() -> None:
            believed = self._log().believed(now)
            before, made_before = believed - age, today - (now - believed) - age
            visits = self._log().forget(before)
            known = self._log().picture_paths()
            self.doubts = believed < now and any(stamp_of(Path(p)) < now - age for p in known)
            old = [
                path
                for folder in (SNAPSHOTS, DRAWN, FILM)
                for path in (self._folder / folder).glob('*.jpg*')
                # A picture younger than that may wait for its row.
                if f'{SNAPSHOTS}/{path.name}' not in known and stamp_of(path) < before
            ]
            for page in (self._folder / name for name in (*PAGES, *FILMS)):
                if page.exists() and (visits or old or page.stat().st_mtime < made_before):
                    page.unlink(missing_ok=True)
            for path in old:
                path.unlink(missing_ok=True)
            forget_recordings(self._folder, made_before)

        self.disk.save(job)

    def stop(self) -> bool:
        """Write what waits and close the store; return False where the disk did not take all."""
        if self._sound is not None:
            self.sound(self._now(), False, '', 0.0)
        self.alive()
        done = self.disk.stop()
        if done and self._store is not None:
            self._store.close()
        return done

    def _log(self) -> IncidentStore:
        """Return the store, open; raises StoreError."""
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def _view_of(self, incident: Incident) -> View | None:
        """Return the picture that the incident answers, else the newest one with its track."""
        for view in reversed(self._views):
            if view.frame.stamp == incident.stamp:
                return view
        for view in reversed(self._views):
            if any(d.track_id == incident.track_id for d in view.frame.detections):
                return view
        return None

    def _snapshot(
        self, view: View, visit: str, track: str, why: str, crop_only: bool = False
    ) -> None:
        count, _ = self._taken[visit]
        if not self._options.snapshots or count >= self._options.snapshot_limit:
            return
        if self.disk.backlog > _BACKLOG:
            return
        self._taken[visit] = (count + 1, view.frame.stamp)
        margin = self._options.snapshot_margin

        def job() -> None:
            pixels = view.pixels()
            self._keep(crop(pixels, view.frame, track, margin), view, visit, track, 'crop', why)
            if not crop_only:
                self._keep(whole(pixels, view.frame), view, visit, track, 'frame', why)

        self.disk.do(job)

    def _keep(
        self,
        found: tuple[Pixels, Box] | None,
        view: View,
        visit: str,
        track: str,
        kind: str,
        why: str,
    ) -> None:
        """Write a picture and then its row, within a job: a row never points to nothing."""
        if found is None:
            return
        pixels, place = found
        name = f'{round(view.frame.stamp * 1000):014d}_{track}_{kind}.jpg'
        path = f'{SNAPSHOTS}/{safe_name(name)}'
        data = io.BytesIO()
        to_rgb(pixels).save(data, 'JPEG', quality=_SNAPSHOT_QUALITY)
        if not self.disk.write(self._folder / path, data.getvalue()):
            return
        picture = Picture(
            path=path,
            stamp=view.frame.stamp,
            visit_id=visit,
            track_id=track,
            kind=kind,
            why=why,
            x=int(place.x),
            y=int(place.y),
            width=int(place.width),
            height=int(place.height),
            boxes=boxes_in(view.frame, place),
        )
        self.disk.save(lambda: self._log().add_picture(picture))
