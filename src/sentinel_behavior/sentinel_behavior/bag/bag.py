"""An MCAP file, and what may be written into it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Self

from sentinel_common.errors import SentinelError
from sentinel_common.files import safe_name

from ..incidents.model import brain_of
from .definitions import definition

# A visit is over, whatever its brain says or has died of, when nobody was in view for so long, ns:
# longer than a brain can be told to wait.
_NOBODY = 660 * 10**9

# What the files are called: of a visit, and of everything from a second on.
_VISIT, _GARDEN = 'visit-{}.mcap', 'garden-{}.mcap'


# How a latched topic was offered, as ``ros2 bag play`` (Jazzy and later) reads it: without it, who
# subscribes as the publisher offered it gets nothing.
_FOR_EVER = '{sec: 9223372036, nsec: 854775807}'
_LATCHED = f"""\
- history: keep_last
  depth: 1
  reliability: reliable
  durability: transient_local
  deadline: {_FOR_EVER}
  lifespan: {_FOR_EVER}
  liveliness: automatic
  liveliness_lease_duration: {_FOR_EVER}
  avoid_ros_namespace_conventions: false
"""


class BagError(SentinelError):
    """The recording cannot be written."""


def file_name(visit: str, second: int) -> str:
    """Name of the recording of ``visit``; '': of everything from ``second`` (since 1970) on."""
    name = safe_name(visit)
    return _VISIT.format(name) if name else _GARDEN.format(second)


def _new(path: Path) -> tuple[Path, BinaryIO]:
    """Make ``path``, or where there is such a recording already, path-2, path-3 ..."""
    place, number = path, 1
    while True:
        try:
            return place, place.open('xb')
        except FileExistsError:
            number += 1
            place = path.with_stem(f'{path.stem}-{number}')


def forget(folder: Path, before: float) -> None:
    """Delete the recordings in ``folder`` that were written last before ``before``, s since 1970.

    Raises OSError where one cannot be deleted.
    """
    for path in (p for kind in (_VISIT, _GARDEN) for p in folder.glob(kind.format('*'))):
        if path.stat().st_mtime < before:
            path.unlink()


@dataclass(frozen=True)
class Entry:
    """One serialized message (CDR); ``at`` is when it was received, ns of ROS time.

    Of those that are ``latched`` the newest counts, for each thing that they are ``about``.
    """

    topic: str
    datatype: str
    data: bytes
    at: int
    latched: bool = False
    about: str = ''


class Bag:
    """An MCAP file with the profile ``ros2``; also a context manager. Raises BagError.

    ``path`` names it; no earlier recording is overwritten.
    """

    def __init__(self, path: Path) -> None:
        try:
            from mcap.writer import Writer
        except ImportError as error:
            raise BagError(
                'The library mcap is missing.',
                'Install it (./sentinel setup --ros), or record with ros2 bag record.',
            ) from error
        self._channels: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self.path, self._file = _new(path)
        except OSError as error:
            raise BagError(f'{path} cannot be written: {error.strerror}.') from error
        self._writer = Writer(self._file)
        self._writer.start(profile='ros2', library='garden-sentinel')

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def write(self, entry: Entry) -> None:
        """Add a message."""
        try:
            channel = self._channels.get(entry.topic)
            if channel is None:
                schema = self._writer.register_schema(
                    entry.datatype, 'ros2msg', definition(entry.datatype).encode()
                )
                offered = {'offered_qos_profiles': _LATCHED} if entry.latched else {}
                channel = self._writer.register_channel(entry.topic, 'cdr', schema, offered)
                self._channels[entry.topic] = channel
            number = self._counts[entry.topic] = self._counts.get(entry.topic, 0) + 1
            self._writer.add_message(channel, entry.at, entry.data, entry.at, number)
        except OSError as error:
            raise BagError(f'{self.path} cannot be written: {error.strerror}.') from error

    def close(self) -> None:
        """Write the index and close; a second call does nothing."""
        if self._file.closed:
            return
        try:
            self._writer.finish()  # type: ignore[no-untyped-call]
            self._file.close()
        except OSError as error:
            raise BagError(f'{self.path} cannot be finished: {error.strerror}.') from error


class Recording:
    """What goes into which file.

    Args:
        path: gives the file for a name (a visit's id, or '' for a recording of everything).
        visits_only: one file for each visit; visits that overlap share the file of the first.
        before: seconds before a visit that its file begins with.

    """

    def __init__(self, path: Callable[[str], Path], *, visits_only: bool, before: float) -> None:
        self._path, self._visits_only, self._before = path, visits_only, int(before * 1e9)
        self._recent: deque[Entry] = deque()
        self._latched: dict[tuple[str, str], Entry] = {}
        self._open: set[str] = set()
        self._in_view = 0  # when somebody was last, ns
        self._bag = None if visits_only else Bag(path(''))

    @property
    def file(self) -> Path | None:
        """The file that is being written."""
        return self._bag.path if self._bag else None

    def add(self, entry: Entry) -> None:
        """Write a message now, or keep it for a visit that may begin."""
        if entry.latched:
            key = entry.topic, entry.about
            self._latched.pop(key, None)  # the newest is written last
            self._latched[key] = entry
        if self._bag:
            self._bag.write(entry)
        elif not entry.latched:
            while self._recent and self._recent[-1].at > entry.at:  # the clock was set back
                self._recent.pop()
            self._recent.append(entry)
            while self._recent[0].at < entry.at - self._before:
                self._recent.popleft()

    def look(self, at: int, somebody: bool) -> Path | None:
        """Note whether anybody is in view ``at`` (ns); return the file that ends with nobody."""
        if somebody or not self._open:
            self._in_view = at
        if abs(at - self._in_view) <= _NOBODY:
            return None
        return self._abandon()

    def _abandon(self) -> Path | None:
        self._open.clear()
        return self.close() if self._visits_only else None

    def visit_started(self, visit: str) -> Path | None:
        """Begin the file of a visit with what is latched and what went before.

        Return the file that ends now, where the brain that began its visit has died.
        """
        if not self._visits_only:
            return None
        died = any(brain_of(v) != brain_of(visit) for v in self._open)
        done = self._abandon() if died else None
        self._open.add(visit)
        if self._bag is None:
            self._bag = Bag(self._path(visit))
            start = self._recent[0].at if self._recent else 0
            for entry in self._latched.values():
                self._bag.write(replace(entry, at=max(entry.at, start)))
            while self._recent:
                self._bag.write(self._recent.popleft())
        return done

    def visit_ended(self, visit: str) -> Path | None:
        """End the file once no visit lasts; return it then."""
        self._open.discard(visit)
        if self._open or not self._visits_only or self._bag is None:
            return None
        return self.close()

    def close(self) -> Path | None:
        """Finish the file that is open, and return it."""
        bag, self._bag = self._bag, None
        if bag is None:
            return None
        bag.close()
        return bag.path
