"""Pictures from a video file, a picture, a folder of pictures, a camera or a network stream."""

import os
import re
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
import numpy.typing as npt
from sentinel_common.errors import SentinelError
from sentinel_common.parameters import Parameter

from ..detector.port import Pixels

# Its libraries would print their own words beside our sentence about the same fault.
os.environ.setdefault('OPENCV_FFMPEG_LOGLEVEL', '-8')
# In cv2.utils.logging since OpenCV 4.13, before in cv2 itself (Jazzy has 4.6); 0 is silent.
(getattr(cv2, 'setLogLevel', None) or cv2.utils.logging.setLogLevel)(0)

# What OpenCV reads without further libraries.
PICTURE_SUFFIXES = ('.jpg', '.jpeg', '.png', '.bmp', '.webp', '.tif', '.tiff', '.pgm', '.ppm')

LONGEST_SIDE = Parameter(
    'longest_side', 1280, 'larger pictures are shrunk to this, px', 64, 7680, read_only=True
)
HOLD = Parameter(
    'hold', 1.5, 's for which each picture of a folder is shown', 0.0, 3600.0, read_only=True
)

# How long a stream may stay silent before it counts as dead, ms.
_SILENCE = 5000

# Pace of sources that have none of their own, pictures per second.
_DEFAULT_RATE = 10.0

# Streams that OpenCV opens by their address; a device is a camera, also by a link of udev that is
# not there now. Files lie in /dev/shm.
_LIVE = re.compile(r'^(rtsps?|rtmp|https?|udp|tcp)://|^/dev/(?!shm/)', re.IGNORECASE)


class SourceError(SentinelError):
    """A source that is not there or cannot be read."""


class Source(Protocol):
    """Delivers pictures one after the other."""

    # Live sources set the pace themselves and are reconnected; others end.
    live: bool
    # Own pace in pictures per second, 0 where it has none.
    rate: float
    # How many of its pictures cannot be decoded and are left out; in a loop each counts once.
    unreadable: int

    def read(self) -> Pixels | None:
        """Return the next (height, width, 3) BGR picture, None at the end; SourceError if lost."""
        ...

    def rewind(self) -> None:
        """Start again from the first picture."""
        ...

    def close(self) -> None:
        """Give the device back."""
        ...


class PictureSource:
    """The pictures of a folder in the order of their names, or one picture."""

    live = False
    rate = 0.0

    def __init__(self, path: Path) -> None:
        self.unreadable = 0
        self._bad: set[int] = set()
        self._next = 0
        if path.is_dir():
            found = [p for p in path.rglob('*') if p.suffix.lower() in PICTURE_SUFFIXES]
            self._paths = sorted(found)
        else:
            self._paths = [path]
        if not self._paths:
            raise SourceError(
                f'The folder {path} holds no pictures.', f'Known: {" ".join(PICTURE_SUFFIXES)}.'
            )

    def read(self) -> Pixels | None:
        """See Source; raises SourceError where not one of the pictures can be decoded."""
        while self._next < len(self._paths):
            number, self._next = self._next, self._next + 1
            picture = read_picture(self._paths[number])
            if picture is None:
                self._bad.add(number)
            else:
                self._bad.discard(number)
            self.unreadable = len(self._bad)
            if picture is not None:
                return picture
            if self.unreadable == len(self._paths):
                raise SourceError(
                    f'{self._paths[0]} is no readable picture.'
                    if len(self._paths) == 1
                    else f'None of the {len(self._paths)} pictures can be read.'
                )
        return None

    def rewind(self) -> None:
        """See Source."""
        self._next = 0

    def close(self) -> None:
        """See Source."""


class VideoSource:
    """A video file."""

    live = False
    unreadable = 0

    def __init__(self, path: Path) -> None:
        # Of a relative name FFmpeg would take what stands before a colon for a protocol.
        self._path = path.absolute()
        self._capture = cv2.VideoCapture(str(self._path))
        self._delivered = False
        if not self._capture.isOpened():
            raise SourceError(f'{path} is no video that can be read.')
        rate = self._capture.get(cv2.CAP_PROP_FPS)
        self.rate = rate if 0 < rate < 1000 else _DEFAULT_RATE

    def read(self) -> Pixels | None:
        """See Source."""
        good, picture = self._capture.read()
        if not good and not self._delivered:
            raise SourceError(f'The video {self._path} holds no picture that can be decoded.')
        self._delivered = True
        return as_bgr(picture) if good else None

    def rewind(self) -> None:
        """See Source."""
        self._capture.release()
        self._capture = cv2.VideoCapture(str(self._path))
        self._delivered = False

    def close(self) -> None:
        """See Source."""
        self._capture.release()


class LiveSource:
    """A camera by number or device, or a stream by address; reading connects, also after a loss."""

    live = True
    rate = 0.0
    unreadable = 0

    def __init__(self, name: str, *, width: int, height: int) -> None:
        self._name = name
        self._size = width, height
        self._capture: cv2.VideoCapture | None = None

    def read(self) -> Pixels:
        """See Source; raises SourceError while nothing can be had."""
        if self._capture is None:
            self._capture = self._open()
        good, picture = self._capture.read()
        if not good:
            self.close()
            raise SourceError(f'{label(self._name)} has stopped to deliver pictures.')
        return as_bgr(picture)

    def _open(self) -> cv2.VideoCapture:
        capture = cv2.VideoCapture()
        if '://' not in self._name:
            # A link leads to another number once the camera was plugged in again.
            device = self._name if self._name.isdecimal() else os.path.realpath(self._name)
            number = device.removeprefix('/dev/video')
            opened = number.isdecimal() and capture.open(int(number))
            capture.set(cv2.CAP_PROP_FRAME_WIDTH, self._size[0])
            capture.set(cv2.CAP_PROP_FRAME_HEIGHT, self._size[1])
        else:
            limits = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, _SILENCE]
            limits += [cv2.CAP_PROP_READ_TIMEOUT_MSEC, _SILENCE]
            opened = capture.open(self._name, cv2.CAP_FFMPEG, limits)
        if not opened:
            raise SourceError(
                f'No picture can be had from {label(self._name)}.',
                'Check that it is plugged in and free (or the address and the network).',
            )
        # Newest picture only: drivers that know this setting keep no queue.
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        return capture

    def rewind(self) -> None:
        """See Source; a live source has no beginning."""

    def close(self) -> None:
        """See Source."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None


def next_picture(source: Source) -> Pixels | None:
    """Return what ``source.read()`` does; whatever else goes wrong there is a SourceError too."""
    try:
        return source.read()
    except SourceError:
        raise
    except Exception as error:  # of OpenCV or a driver: it must not end a watch
        source.close()
        text = ' '.join(str(error).split())
        raise SourceError(f'The source failed: {type(error).__name__}: {text}') from error


def read_picture(path: Path, *, upright: bool = True) -> Pixels | None:
    """Return the picture in a file as (height, width, 3) BGR uint8, None if that fails.

    ``upright`` turns it as the file asks; otherwise it is left as it was stored.
    """
    how = cv2.IMREAD_COLOR | (0 if upright else cv2.IMREAD_IGNORE_ORIENTATION)
    try:
        data = path.read_bytes()
        if not data or _ends_early(data):
            return None
        decoded = cv2.imdecode(np.frombuffer(data, np.uint8), how)
    except (OSError, cv2.error):
        return None
    return None if decoded is None else as_bgr(decoded)


def _ends_early(data: bytes) -> bool:
    """Tell whether the end of a JPEG is missing: OpenCV before 4.12 would paint the rest grey."""
    if not data.startswith(b'\xff\xd8'):
        return False
    at = 2
    # Up to the scan: a thumbnail among the segments before it has an end of its own.
    while at + 3 < len(data) and data[at : at + 2] != b'\xff\xda':
        filler = data[at] != 0xFF or data[at + 1] == 0xFF
        at += 1 if filler else 2 + int.from_bytes(data[at + 2 : at + 4], 'big')
    return b'\xff\xd9' not in data[at:]


def as_bgr(picture: npt.NDArray[Any]) -> Pixels:
    """Return any picture of OpenCV as (height, width, 3) uint8; 16 bit loses its low byte."""
    if picture.dtype == np.uint16:
        picture = (picture >> 8).astype(np.uint8)
    if picture.ndim == 2 or picture.shape[2] == 1:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR), np.uint8)
    return np.ascontiguousarray(picture[..., :3], np.uint8)


def shrunk(picture: Pixels, longest: int) -> Pixels:
    """Return ``picture`` with a longer side of at most ``longest`` px."""
    height, width = picture.shape[:2]
    scale = longest / max(height, width)
    if scale >= 1:
        return picture
    size = max(1, round(width * scale)), max(1, round(height * scale))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))


def _told(name: str) -> str:
    """Return ``name``, or what the file holds that it names after an @; raises SourceError.

    What stands in a command line every user of the computer can read.
    """
    if not name.startswith('@'):
        return name
    try:
        return Path(name[1:]).expanduser().read_text(encoding='utf-8').strip()
    except (OSError, ValueError, RuntimeError) as error:
        reason = getattr(error, 'strerror', None) or error
        raise SourceError(f'The source should stand in {name[1:]}: {reason}.') from error


def label(name: str) -> str:
    """Return the source's name for people; of an address the host, the rest may hold a password."""
    name = _told(name)
    scheme, found, address = name.partition('://')
    if not found:
        return f'camera {name}' if name.isdecimal() else name
    host, *rest = re.split('[/?#]', address, maxsplit=1)
    # An @ behind the host may belong to a password that the host is then a part of.
    return f'{scheme}://' + ('...' if '@' in ''.join(rest) else host.rpartition('@')[2])


def is_live(name: str) -> bool:
    """Tell whether ``name`` means a camera or a stream, which never ends."""
    name = _told(name)
    return name.isdecimal() or _LIVE.match(name) is not None


def open_source(name: str, *, width: int = 640, height: int = 480) -> Source:
    """Return the source that ``name`` means: camera number, stream address, video, picture, folder.

    ``@FILE`` means what that file holds. ``width`` and ``height`` are asked of cameras. Raises
    SourceError where a file or folder is missing or unreadable; cameras and streams are opened only
    by reading, because they may come later.
    """
    name = _told(name)
    if is_live(name):
        return LiveSource(name, width=width, height=height)
    path = Path(name)
    try:
        path = path.expanduser()
        found = bool(name.strip()) and path.exists()  # an empty name would mean this folder
    except PermissionError:
        raise SourceError(f'{path} may not be read by this user.') from None
    except (OSError, RuntimeError):  # a name that is too long, or an unknown user after ~
        found = False
    if not found:
        raise SourceError(
            f'There is no source {label(name)!r}.',
            'It takes a video file, a picture, a folder of pictures, a camera number, '
            'or an rtsp:// or http:// address; run and sentinel.launch.py also take the word '
            'topic, where another node publishes the pictures.',
        )
    if not os.access(path, os.R_OK):
        raise SourceError(f'{path} may not be read by this user.')
    if path.is_dir() or path.suffix.lower() in PICTURE_SUFFIXES:
        return PictureSource(path)
    return VideoSource(path)
