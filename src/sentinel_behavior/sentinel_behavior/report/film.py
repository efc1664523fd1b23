"""The film: the recorder's composed pictures as one animated WebP that any browser plays."""

import io
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from PIL import Image

from ..incidents.pictures import opened
from ..incidents.recorder import FILM, FILMS, stamp_of
from ..incidents.store import FILE_NAME, SqliteStore
from .place import place

FILE, PERIOD_FILE = FILMS

# A page that carries the film must still open at once on a phone.
_LIMIT = 4.8e6  # bytes

# More pictures than this are thinned out.
_MOST = 320

# Kept before and after each visit, s; the rest of the night has little to show.
_AROUND = 4.0

# Sizes and qualities to choose from, best first: (width px, quality of WebP).
_FORMS = ((1120, 60), (960, 55), (960, 40), (800, 40), (800, 28), (640, 28), (640, 15), (480, 15))

# Pictures that are encoded to learn how large the film becomes.
_SAMPLES = 12

_LAST_PICTURE = 1500  # ms that the end stands still
_LONGEST = 1000  # ms, a gap in the film is not watched for longer


def _chosen(paths: list[Path], spans: Sequence[tuple[float, float]]) -> list[Path]:
    if spans:
        inside = [
            p for p in paths if any(a - _AROUND <= stamp_of(p) <= b + _AROUND for a, b in spans)
        ]
        paths = inside or paths
    stride = -(-len(paths) // _MOST)
    return paths[::stride]


def _encode(paths: Sequence[Path], width: int, quality: int) -> bytes:
    """The film of those pictures that are whole; empty where none is."""
    pictures, stamps = [], []
    for path in paths:
        picture = opened(path)
        if picture is not None:
            scale = min(1.0, width / picture.width)
            size = round(picture.width * scale), round(picture.height * scale)
            pictures.append(picture.resize(size, Image.Resampling.LANCZOS))
            stamps.append(round(stamp_of(path) * 1000))
    if not pictures:
        return b''
    times = [min(b - a, _LONGEST) for a, b in pairwise(stamps)]
    data = io.BytesIO()
    pictures[0].save(
        data,
        'WEBP',
        save_all=True,
        append_images=pictures[1:],
        duration=[*times, _LAST_PICTURE],
        loop=0,
        quality=quality,
        method=2,
    )
    return data.getvalue()


def make(folder: Path, since: float = float('-inf'), until: float = float('inf')) -> Path | None:
    """Make ``film.webp`` (under 5 MB) from the pictures in ``folder/film``; None without any.

    Of those from ``since`` until ``until`` (s, ROS time) alone it is ``film_period.webp``.
    """
    paths = sorted(
        p
        for p in (folder / FILM).glob('*.jpg')
        if p.stem.isdigit() and since <= stamp_of(p) < until
    )
    if not paths:
        return None
    spans: list[tuple[float, float]] = []
    if (folder / FILE_NAME).is_file():
        with SqliteStore(folder, create=False) as store:
            spans = store.spans()
    paths = _chosen(paths, spans)
    # A stretch in the middle: neighbours share much, so pictures from all over would mislead.
    middle = max(0, len(paths) // 2 - _SAMPLES // 2)
    sample = paths[middle : middle + _SAMPLES]
    for width, quality in _FORMS:
        if len(_encode(sample, width, quality)) * len(paths) / len(sample) > _LIMIT:
            continue
        film = _encode(paths, width, quality)
        if len(film) <= _LIMIT:
            break
    else:
        film = _encode(paths[:: -(-len(paths) // 100)], *_FORMS[-1])
    if not film:
        return None
    whole = since == float('-inf') and until == float('inf')
    target = place(folder) / (FILE if whole else PERIOD_FILE)
    target.write_bytes(film)
    return target
