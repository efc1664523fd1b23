"""Which parts of a picture the model looks at."""

from collections.abc import Iterable

from .detector.port import Region

# A crop is this much wider than what it is made for, in turn: the animal moves on, context helps
# the model, and two different looks tell more than one twice (docs/perception.md).
MARGINS = (2.0, 3.2)

# The smallest crop is this share of the model's input: enlarging more than twice shows only blur.
_LEAST_SHARE = 0.5

# A crop that covers more than this of the shorter side of the picture is replaced by the whole
# picture.
_WHOLE_SHARE = 0.85

# A part that falls due within this time, s, is looked at now: stamps jitter.
_EARLY = 0.01

# Neighbouring tiles of a grid overlap by this share of a tile, so that an animal on the seam is
# whole in one of them.
_OVERLAP = 0.25


def square(
    box: Region, *, width: int, height: int, input_size: int, margin: float = MARGINS[0]
) -> Region:
    """Square crop around ``box`` inside the picture, or the whole picture if it is that big."""
    side = max(box.width, box.height) * margin
    side = round(max(side, input_size * _LEAST_SHARE))
    if side >= _WHOLE_SHARE * min(width, height):
        return Region(0, 0, width, height)
    left = min(max(0, (box.left + box.right - side) // 2), width - side)
    top = min(max(0, (box.top + box.bottom - side) // 2), height - side)
    return Region(left, top, left + side, top + side)


def covers(outer: Region, inner: Region) -> bool:
    """Tell whether ``inner`` lies in ``outer``."""
    return (
        outer.left <= inner.left
        and outer.top <= inner.top
        and outer.right >= inner.right
        and outer.bottom >= inner.bottom
    )


def touch(first: Region, second: Region) -> bool:
    """Tell whether two regions share a pixel."""
    return (
        first.left < second.right
        and second.left < first.right
        and first.top < second.bottom
        and second.top < first.bottom
    )


def crops(
    boxes: Iterable[Region],
    *,
    width: int,
    height: int,
    input_size: int,
    most: int,
    margin: float = MARGINS[0],
) -> list[Region]:
    """At most ``most`` square crops that cover ``boxes``, first come, first served."""
    chosen: list[Region] = []
    for box in boxes:
        if len(chosen) >= most:
            break
        if not any(covers(crop, box) for crop in chosen):
            crop = square(box, width=width, height=height, input_size=input_size, margin=margin)
            chosen = [c for c in chosen if not covers(crop, c)] + [crop]
    return chosen


def grid(count: int, *, width: int, height: int) -> list[Region]:
    """``count`` x ``count`` overlapping tiles that cover a ``width`` x ``height`` picture."""
    if count == 1:
        return [Region(0, 0, width, height)]
    tiles = []
    share = count - (count - 1) * _OVERLAP
    # At least one pixel, however flat the picture is.
    tile_width = min(width, max(1, round(width / share)))
    tile_height = min(height, max(1, round(height / share)))
    for row in range(count):
        for column in range(count):
            left = round(column * (width - tile_width) / (count - 1))
            top = round(row * (height - tile_height) / (count - 1))
            tiles.append(Region(left, top, left + tile_width, top + tile_height))
    return tiles


class Sweep:
    """Looks at everything, ungated, spread over several pictures.

    A round is the whole picture and every tile of the grids from 2x2 to the finest. Its parts fall
    due evenly over the period of the round; a round is complete when each part was looked at, and
    began with the oldest of these looks.
    """

    def __init__(self) -> None:
        self._size = (0, 0, 0)
        self._parts: list[Region] = []
        self._next = 0
        self._due = self._began = 0.0

    def plan(self, *, width: int, height: int, finest_grid: int) -> None:
        """Set the parts; a change of size begins a new round."""
        if self._size != (width, height, finest_grid):
            self._size = (width, height, finest_grid)
            self._parts = [
                tile
                for count in range(1, finest_grid + 1)
                for tile in grid(count, width=width, height=height)
            ]
            self._next = 0

    @property
    def parts(self) -> int:
        """Number of looks in a round."""
        return len(self._parts)

    def due(self, stamp: float, period: float, most: int) -> list[Region]:
        """Return up to ``most`` parts due at ``stamp`` (s) for rounds of ``period`` (s)."""
        step = period / len(self._parts)
        # After a pause nothing is caught up with; and a sweep that was slow does not delay one that
        # is urgent.
        self._due = min(max(self._due, stamp - step * most), stamp + step)
        chosen: list[Region] = []
        position = self._next
        while self._due <= stamp + _EARLY and len(chosen) < min(most, len(self._parts)):
            chosen.append(self._parts[position % len(self._parts)])
            position += 1
            self._due += step
        return chosen

    def restart(self) -> None:
        """Begin the round anew: what was seen before is old."""
        self._next = 0

    def looked(self, regions: Iterable[Region], stamp: float) -> float | None:
        """Note what was looked at; return how long, s, the round took that this completed."""
        seen = list(regions)
        taken = None
        while self._parts and self._parts[self._next] in seen:
            seen.remove(self._parts[self._next])
            if self._next == 0:
                self._began = stamp
            self._next = (self._next + 1) % len(self._parts)
            if self._next == 0:
                taken = stamp - self._began
        return taken
