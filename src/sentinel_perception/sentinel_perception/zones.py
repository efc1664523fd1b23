"""Parts of the picture that count and parts that do not, judged where an animal stands."""

from collections.abc import Sequence
from dataclasses import dataclass

from sentinel_common.detections import Box
from sentinel_common.errors import ConfigurationError

Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Zones:
    """Polygons in shares of width and height (0, 0 upper left; 1, 1 lower right)."""

    include: tuple[Polygon, ...] = ()
    exclude: tuple[Polygon, ...] = ()

    def allow(self, box: Box, width: int, height: int) -> bool:
        """Tell whether the bottom centre of ``box`` counts: in any ``include``, in no ``exclude``.

        A box that reaches the lower edge of the picture stands on its last row.
        """
        x = min(max(box.center[0] / width, 0.0), 1.0)
        y = min(max(box.bottom / height, 0.0), 1.0)
        if self.include and not any(_inside(x, y, polygon) for polygon in self.include):
            return False
        return not any(_inside(x, y, polygon) for polygon in self.exclude)


def _inside(x: float, y: float, polygon: Polygon) -> bool:
    """Count the edges that a ray to the right crosses; points on an edge count as inside."""
    inside = False
    for (ax, ay), (bx, by) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        cross = (bx - ax) * (y - ay) - (by - ay) * (x - ax)
        along = min(ax, bx) <= x <= max(ax, bx) and min(ay, by) <= y <= max(ay, by)
        if abs(cross) < 1e-9 and along:
            return True
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
    return inside


def parse(include: Sequence[str], exclude: Sequence[str]) -> Zones:
    """Read polygons written as ``'x,y x,y x,y'``; ConfigurationError names the first bad one."""
    return Zones(tuple(_polygon(t) for t in include), tuple(_polygon(t) for t in exclude))


def _polygon(text: str) -> Polygon:
    try:
        corners = tuple((float(x), float(y)) for x, y in (pair.split(',') for pair in text.split()))
    except ValueError:
        corners = ()
    if len(corners) < 3 or not all(0 <= v <= 1 for corner in corners for v in corner):
        raise ConfigurationError(
            f'The zone {text!r} is no polygon.',
            "Write at least three corners as shares of the picture: '0,0.5 1,0.5 1,1 0,1'.",
        )
    return corners
