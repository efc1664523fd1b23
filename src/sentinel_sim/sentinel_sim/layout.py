"""Where things stand in the garden, without any of its looks.

Frame ``map``: origin where the robot starts, x towards the back fence, y left, metres.
"""

from dataclasses import dataclass

# Height of the fence, m.
FENCE_HEIGHT = 1.24

# Where the fences stand, and where the open side towards the house begins, m.
BACK, SIDE, FRONT = 6.0, 5.0, -3.5


@dataclass(frozen=True)
class Bed:
    """A vegetable bed: centre and half sizes, m."""

    x: float
    y: float
    half_x: float
    half_y: float

    def contains(self, x: float, y: float) -> bool:
        """Say whether a point of the ground lies in the bed."""
        return abs(x - self.x) <= self.half_x and abs(y - self.y) <= self.half_y


@dataclass(frozen=True)
class Layout:
    """Where things stand; ``gaps`` are the middles of the ways in, (x, y) m.

    Two holes in the back fence, a gate on each side, and the open side towards the house. Who can
    climb may also come over the fence at ``climbs``.
    """

    beds: tuple[Bed, ...]
    gaps: tuple[tuple[float, float], ...]
    gap_widths: tuple[float, ...]
    shed: tuple[float, float]
    pond: tuple[float, float]
    climbs: tuple[tuple[float, float], ...] = ()

    @property
    def ways(self) -> tuple[tuple[float, float], ...]:
        """All ways in: ``gaps``, then ``climbs``."""
        return self.gaps + self.climbs


LAYOUT = Layout(
    beds=(Bed(2.1, 0.9, 0.85, 0.5), Bed(2.9, -1.6, 0.8, 0.6)),
    gaps=((BACK, 2.2), (BACK, -0.9), (3.4, SIDE), (1.2, -SIDE), (FRONT, 2.2)),
    gap_widths=(0.55, 0.55, 1.0, 1.0, 2.0),
    shed=(4.7, -3.9),
    pond=(4.5, 3.6),
    climbs=((BACK, 1.55),),
)

# Where two robots stand guard, one before each bed: x, y (m), heading (rad).
POSTS = ((0.0, 1.0, 0.0), (0.0, -1.7, 0.0))
