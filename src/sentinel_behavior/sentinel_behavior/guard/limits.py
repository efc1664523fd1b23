"""The safety rules that clip a motion.

Each can only take away. Its ``objection`` is a sentence, empty where nothing is limited.
"""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import ClassVar, Protocol

from sentinel_common.geometry import ORIGIN, STOP, Point, Pose, Twist, wrap

from ..geometry import Z_95_ONE_SIDED, inside_by, segment_distance
from .animals import ANIMAL_MEMORY
from .scene import Animal, Scene

# How long a command may stay in force before the next judgement reaches the legs, s: the age at
# which a command is dropped (0.5 s). A limit must hold for that long.
HORIZON = 0.5


class Limit(Protocol):
    """Clips a motion."""

    name: ClassVar[str]

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """``twist`` with what must not be taken away."""
        ...

    def objection(self, scene: Scene) -> str:
        """What is limited now; empty where nothing is."""
        ...


def closing_speed(twist: Twist, towards: Point, horizon: float = HORIZON) -> float:
    """Largest speed (m/s) at which ``twist`` may approach ``towards`` within ``horizon`` s.

    ``towards`` is a point of base_link; 0 means that it recedes. The turn within the horizon is
    counted in favour of approaching.
    """
    if not twist.speed:
        return 0.0
    off = abs(wrap(math.atan2(towards[1], towards[0]) - math.atan2(twist.vy, twist.vx)))
    off = max(0.0, off - abs(twist.wz) * horizon)
    return max(0.0, twist.speed * math.cos(off))


@dataclass(frozen=True)
class SpeedLimit:
    """Never faster than configured."""

    name: ClassVar[str] = 'speed_limit'
    speed: float = 0.3
    turn: float = 1.5

    def objection(self, scene: Scene) -> str:
        """A speed limit forbids nothing by itself."""
        return ''

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """See class."""
        if not all(map(math.isfinite, (twist.vx, twist.vy, twist.wz))):
            return STOP
        wz = max(-self.turn, min(self.turn, twist.wz))
        factor = min(1.0, self.speed / twist.speed) if twist.speed else 1.0
        return Twist(twist.vx * factor, twist.vy * factor, wz)


@dataclass(frozen=True)
class MinimumDistance:
    """The robot's own motion never makes the distance to an animal smaller than ``distance``.

    Measured by the lower 5 % bound of the distance. Sights are remembered; an older one counts as
    nearer by what an animal may have walked since (``animal_speed``, a raccoon's walk). A box that
    touches the lower edge of the picture means near, whatever the distance says, as long as the
    picture is no older than a sight is remembered.
    """

    name: ClassVar[str] = 'minimum_distance'
    distance: float = 0.7
    animal_speed: float = 0.5
    # So near, a small error of the place turns its direction around: no way leads surely away, m.
    contact: float = 0.3
    edge: float = 3.0  # px

    def _room(self, animal: Animal) -> float:
        return animal.distance_low - self.animal_speed * animal.age - self.distance

    def _at_edge(self, scene: Scene) -> bool:
        if scene.frame is None or not scene.frame.detections:
            return False
        if scene.frame_age is not None and scene.frame_age > ANIMAL_MEMORY:
            return False
        if scene.image_height is None:
            return True
        limit = scene.image_height - self.edge
        return any(d.box.bottom >= limit for d in scene.frame.detections)

    def objection(self, scene: Scene) -> str:
        """See class."""
        if self._at_edge(scene):
            return 'An animal stands at the lower edge of the picture, so it is near.'
        near = min(scene.animals, key=self._room, default=None)
        if near is None or self._room(near) > 0:
            return ''
        return f'Track {near.track_id} may be only {max(0.0, near.distance_low):.2f} m away.'

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """See class."""
        if twist.vx > 0 and self._at_edge(scene):
            return twist.scaled(0.0)
        for animal in scene.animals:
            if math.hypot(*animal.position) < self.contact:
                return twist.scaled(0.0)
            closing = closing_speed(twist, animal.position)
            granted = max(0.0, self._room(animal)) / HORIZON
            if closing > granted:
                twist = twist.scaled(granted / closing)
        return twist


@dataclass(frozen=True)
class Geofence:
    """The robot stays inside ``polygon`` (map, m), drawn in by what its place is uncertain.

    Outside it may only return, and only with a heading that is known well enough to lead back.
    """

    name: ClassVar[str] = 'geofence'
    polygon: tuple[Point, ...]

    def _room(self, scene: Scene, pose: Pose) -> float:
        assert scene.pose is not None
        return inside_by((pose.x, pose.y), self.polygon) - Z_95_ONE_SIDED * scene.pose.sigma

    def objection(self, scene: Scene) -> str:
        """See class."""
        if scene.pose is None or self._room(scene, scene.pose.pose) >= 0:
            return ''
        return 'The robot may be outside its area and only walks back into it.'

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """See class.

        Without a pose nothing is known to clip against; ``no_pose_fix`` forbids walking then.
        """
        if scene.pose is None or not twist.speed:
            return twist
        here = self._room(scene, scene.pose.pose)
        there = self._room(scene, scene.pose.pose.moved(twist, HORIZON))
        there -= Z_95_ONE_SIDED * scene.pose.astray * twist.speed * HORIZON
        return twist if there >= 0 or there > here else twist.scaled(0.0)


def between(point: Point, a: Point, b: Point, width: float) -> bool:
    """Whether ``point`` lies beside the way from ``a`` to ``b``, nearer to it than ``width`` m.

    Behind one of the ends it does not.
    """
    if segment_distance(point, a, b) >= width:
        return False
    along = b[0] - a[0], b[1] - a[1]
    t = (point[0] - a[0]) * along[0] + (point[1] - a[1]) * along[1]
    return 0 < t < along[0] ** 2 + along[1] ** 2


@dataclass(frozen=True)
class WayOut:
    """Never between an animal and where it came in, nor between two animals (a mother and young).

    Beside such a way the robot walks towards none of them, and it does not step there.
    """

    name: ClassVar[str] = 'way_out'
    width: float = 1.0
    moved: float = 0.5  # m from its entry before the entry says anything
    family: float = 4.0  # m apart; further away two animals have nothing to do with each other

    def _ways(self, scene: Scene) -> list[tuple[Point, Point, str]]:
        ways = [
            (a.position, a.entry, f'track {a.track_id} and its way out')
            for a in scene.animals
            if a.entry is not None and math.dist(a.entry, a.position) >= self.moved
        ]
        return ways + [
            (a.position, b.position, f'track {a.track_id} and track {b.track_id}')
            for a, b in combinations(scene.animals, 2)
            if math.dist(a.position, b.position) <= self.family
        ]

    def objection(self, scene: Scene) -> str:
        """See class."""
        for a, b, what in self._ways(scene):
            if between((0.0, 0.0), a, b, self.width):
                return f'The robot stands between {what}.'
        return ''

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """See class."""
        if not twist.speed:
            return twist
        there = ORIGIN.moved(twist, HORIZON)
        nearer = any(closing_speed(twist, animal.position) > 0 for animal in scene.animals)
        for a, b, _ in self._ways(scene):
            if between((0.0, 0.0), a, b, self.width):
                if nearer:
                    return twist.scaled(0.0)
            elif between((there.x, there.y), a, b, self.width):
                return twist.scaled(0.0)
        return twist


@dataclass(frozen=True)
class ChargeLimit:
    """So many metres towards animals per minute: it warns, it does not hunt."""

    name: ClassVar[str] = 'charge_limit'
    metres: float = 3.0

    def objection(self, scene: Scene) -> str:
        """See class."""
        if scene.approached < self.metres:
            return ''
        return f'The robot went {scene.approached:.1f} m towards animals within a minute.'

    def clip(self, scene: Scene, twist: Twist) -> Twist:
        """See class."""
        if scene.approached >= self.metres:
            for animal in scene.animals:
                if closing_speed(twist, animal.position) > 0:
                    return twist.scaled(0.0)
        return twist
