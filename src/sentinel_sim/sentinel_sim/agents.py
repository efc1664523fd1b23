"""Animals and people as agents: where they go, what they notice, when they flee.

No physics, no clock of their own.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from sentinel_common.geometry import wrap

from .climb import INNER_FOOT, OUTER_FOOT, Climb
from .fear import Fear, Stimulus, Temperament
from .layout import BACK, FRONT, LAYOUT, SIDE, Layout
from .scenarios import Visitor

# A waypoint counts as reached within this, m.
_ARRIVED = 0.15

# How fast an animal turns, rad/s, walking and running.
_TURN, _TURN_RUNNING = 2.5, 6.0

# Start and end of every way lie this far behind the fence, m: out of sight.
_OUTSIDE = 1.6

# A way keeps this far from the robot, m, if it can: animals walk around what is new to them.
_BERTH = 1.2

# Looming: closing speed that counts as intensity 1, m/s, and the most it counts.
_LOOMING_SPEED, _LOOMING_MOST = 0.2, 1.5

# A forager walks to another plant after so many seconds.
_BITE = (4.0, 10.0)


class State(StrEnum):
    """What an agent does."""

    WAITING = 'waiting'
    ENTERING = 'entering'
    FORAGING = 'foraging'
    ALERT = 'alert'
    FLEEING = 'fleeing'
    LEAVING = 'leaving'
    GONE = 'gone'


@dataclass(frozen=True)
class Sentinel:
    """What can be perceived of the robot.

    ``x``, ``y`` (m) and ``vx``, ``vy`` (m/s) are in the map. ``light`` 0..1 is how much its head
    differs from its colour at rest; ``sound`` is empty where it is silent.
    """

    x: float = 0.0
    y: float = 0.0
    vx: float = 0.0
    vy: float = 0.0
    light: float = 0.0
    sound: str = ''
    volume: float = 0.0


def perceive(x: float, y: float, sentinel: Sentinel) -> list[Stimulus]:
    """What an animal at (x, y) notices of the robot."""
    dx, dy = x - sentinel.x, y - sentinel.y
    distance = math.hypot(dx, dy)
    felt = []
    if sentinel.sound:
        felt.append(Stimulus(sentinel.sound, sentinel.volume, distance))
    if sentinel.light > 0:
        felt.append(Stimulus('light', sentinel.light, distance))
    closing = (dx * sentinel.vx + dy * sentinel.vy) / max(distance, 1e-6)
    if closing > 0.02:  # slower than this nothing seems to come nearer
        felt.append(Stimulus('looming', min(closing / _LOOMING_SPEED, _LOOMING_MOST), distance))
    return felt


class Agent:
    """One visitor.

    ``step`` moves it; ``x``, ``y`` (m), ``yaw`` (rad), ``state``, ``phase`` say how it is. While it
    climbs, ``z`` is how high above the ground (m), and ``lean`` its pitch (rad, negative nose up).
    """

    def __init__(
        self,
        visitor: Visitor,
        temperament: Temperament,
        rng: np.random.Generator,
        *,
        stride: float,
        layout: Layout = LAYOUT,
    ) -> None:
        self.visitor = visitor
        self.fear = Fear.draw(temperament, rng, boldness=visitor.boldness, young=visitor.young)
        self.state = State.WAITING
        self.variant = int(rng.integers(0, 12)) if visitor.variant is None else visitor.variant
        self.phase = 0.0
        self.look = 0.0
        self.visits = 0
        self.speed = 0.0
        self._rng = rng
        self._layout = layout
        self._stride = stride
        self._temperament = temperament
        self._leftover_returns = visitor.returns
        self._gap = int(rng.integers(len(layout.gaps))) if visitor.gap is None else visitor.gap
        self._bed = layout.beds[
            int(rng.integers(len(layout.beds))) if visitor.bed is None else visitor.bed
        ]
        self.enters = float(rng.uniform(*visitor.enters))
        self.x, self.y = self._outside(self._gap)
        self.z = self.lean = 0.0
        self.yaw = 0.0
        self._climb: Climb | None = None
        self._route: list[tuple[float, float]] = []
        self._came: list[tuple[float, float]] = []
        self._since = 0.0
        self._until = 0.0
        self._bite = 0.0
        self._posture = 'stand'

    # What others may ask.

    @property
    def present(self) -> bool:
        """Whether it is in or near the garden."""
        return self.state not in (State.WAITING, State.GONE)

    @property
    def inside(self) -> bool:
        """Whether it stands within the fence."""
        return self.present and FRONT < self.x < BACK and abs(self.y) < SIDE

    @property
    def in_bed(self) -> bool:
        """Whether it stands in a bed."""
        return self.present and any(bed.contains(self.x, self.y) for bed in self._layout.beds)

    @property
    def done(self) -> bool:
        """Whether it will not come (again)."""
        return self.state is State.GONE

    @property
    def posture(self) -> str:
        """Name of its posture, for ``animals.puppet.posture``."""
        return self._posture

    # What it does.

    def step(self, time: float, dt: float, *robots: Sentinel) -> None:
        """Live through ``dt`` s among ``robots``; ``time`` is that of the scenario, s."""
        if self.state is State.WAITING:
            if time >= self.enters:
                self._enter(time, robots)
            return
        if self.state is State.GONE:
            return
        self.fear.feel(dt, [s for robot in robots for s in perceive(self.x, self.y, robot)])
        self._judge(time, robots)
        self._act(time, dt)

    def _judge(self, time: float, robots: Sequence[Sentinel]) -> None:
        calm = self.state in (State.ENTERING, State.FORAGING, State.LEAVING)
        if calm and self.fear.level > self.fear.alert:
            self._before = self.state
            self.state, self._since = State.ALERT, time
            self._decided: float | None = None
        if self.state is State.ALERT:
            nearest = min(robots, key=lambda r: _distance((r.x, r.y), (self.x, self.y)))
            bearing = np.arctan2(nearest.y - self.y, nearest.x - self.x) - self.yaw
            self.look = float(np.clip(wrap(bearing), -1.0, 1.0))
            if self._decided is None and self.fear.level > self.fear.flee:
                self._decided = time
            if self._decided is not None and time - self._decided >= self.fear.reaction:
                self.state = State.FLEEING
                self._route = self._way_out(robots)
            elif self._decided is None and self.fear.level < 0.6 * self.fear.alert:
                self.state = self._before

    def _act(self, time: float, dt: float) -> None:
        if self.state is not State.ALERT:
            self.look = 0.0
        if self.state is State.ENTERING:
            self._posture = 'walk'
            if self._walk(dt, self._temperament.walk):
                self._arrive(time)
        elif self.state is State.FORAGING:
            self._forage(time, dt)
        elif self.state is State.ALERT:
            self.speed = 0.0
            self._posture = (
                'rear' if self.visitor.kind == 'raccoon' and time - self._since > 2.5 else 'alert'
            )
        else:
            running = self.state is State.FLEEING
            self._posture = 'bound' if running else 'walk'
            if self._walk(dt, self._temperament.run if running else self._temperament.walk):
                self._vanish(time)

    def _enter(self, time: float, robots: Sequence[Sentinel]) -> None:
        self.visits += 1
        start = self._outside(self._gap)
        self.x, self.y = start
        gap = self._layout.ways[self._gap]
        goal = self._goal()
        way = self._way(self._gap)
        self._route = [*way, *_around(way[-1], goal, robots)]
        self._came = [start, *way]
        self.yaw = float(np.arctan2(gap[1] - start[1], gap[0] - start[0]))
        self.state = State.ENTERING
        stays = float(self._rng.uniform(*self.visitor.stays))
        self._until = time + stays if self.visitor.plan != 'cross' else time

    def _goal(self) -> tuple[float, float]:
        if self.visitor.plan == 'forage':
            return self._plant()
        if self.visitor.plan == 'cross':
            return self._inside(self._exit())
        return float(self._rng.uniform(1.5, 4.5)), float(self._rng.uniform(-2.5, 2.5))

    def _exit(self) -> int:
        if self.visitor.leaves_by is not None:
            return self.visitor.leaves_by
        others = [i for i in range(len(self._layout.gaps)) if i != self._gap]
        return int(self._rng.choice(others)) if self.visitor.plan == 'cross' else self._gap

    def _plant(self) -> tuple[float, float]:
        bed = self._bed
        return (
            float(bed.x + self._rng.uniform(-0.75, 0.75) * bed.half_x),
            float(bed.y + self._rng.uniform(-0.75, 0.75) * bed.half_y),
        )

    def _arrive(self, time: float) -> None:
        if self.visitor.plan == 'cross':
            leaving = min(
                range(len(self._layout.ways)),
                key=lambda i: _distance(self._inside(i), (self.x, self.y)),
            )
            self.state = State.LEAVING
            self._route = self._out(leaving)[1:]
            return
        self.state = State.FORAGING
        self._bite = time + float(self._rng.uniform(*_BITE))

    def _forage(self, time: float, dt: float) -> None:
        if time >= self._until:
            self.state = State.LEAVING
            self._route = [*reversed(self._came)]
            return
        if self._route:
            self._posture = 'walk'
            if self._walk(dt, 0.7 * self._temperament.walk):
                self._bite = time + float(self._rng.uniform(*_BITE))
            return
        self.speed = 0.0
        # One nod in two seconds.
        self.phase = (self.phase + 0.5 * dt) % 1.0
        resting = {'person': 'stand', 'cat': 'sit', 'dog': 'stand'}
        foraging = self.visitor.plan == 'forage'
        self._posture = 'forage' if foraging else resting.get(self.visitor.kind, 'forage')
        if time >= self._bite:
            self._route = [self._plant() if foraging else self._goal()]

    def _way_out(self, robots: Sequence[Sentinel]) -> list[tuple[float, float]]:
        """Way it came, unless a robot stands in it: then the gap whose way is freest."""
        if self._climb is not None:
            outwards = self._climb.flee()
            return [outwards, self._outside(self._gap)]
        here = (self.x, self.y)

        def clearance(gap: int) -> float:
            return min(_clearance(here, self._inside(gap), (r.x, r.y)) for r in robots)

        gap = (
            self._gap
            if clearance(self._gap) > 0.8
            else max(range(len(self._layout.gaps)), key=clearance)
        )
        return self._out(gap)

    def _vanish(self, time: float) -> None:
        self.speed = 0.0
        if self._leftover_returns > 0:
            self._leftover_returns -= 1
            pause = float(self._rng.uniform(*self.visitor.returns_after))
            self.enters = time + pause
            self.fear.rest(pause)
            self.state = State.WAITING
        else:
            self.state = State.GONE

    def _walk(self, dt: float, speed: float) -> bool:
        """Go on along the route; say whether its end is reached."""
        if not self._route:
            return True
        if self._climb is not None:
            self._clamber(dt, speed)
            return not self._route
        tx, ty = self._route[0]
        error = float(wrap(np.arctan2(ty - self.y, tx - self.x) - self.yaw))
        most = (_TURN_RUNNING if speed > 1.0 else _TURN) * dt
        self.yaw += float(np.clip(error, -most, most))
        self.speed = (
            speed * max(0.15, float(np.cos(error))) if abs(error) < np.pi / 2 else 0.15 * speed
        )
        distance = _distance((self.x, self.y), (tx, ty))
        move = min(self.speed * dt, distance)
        self.x += move * float(np.cos(self.yaw))
        self.y += move * float(np.sin(self.yaw))
        self.phase = (self.phase + move / self._stride) % 1.0
        # A running animal turns in a wider circle: without a wider goal it would orbit it.
        if distance < max(_ARRIVED, speed / _TURN_RUNNING):
            foot = self._route.pop(0)
            self._climb = self._over(foot)
        return not self._route

    def _over(self, foot: tuple[float, float]) -> Climb | None:
        """Begin to climb where the way goes on at the other side of the fence."""
        for number in range(len(self._layout.gaps), len(self._layout.ways)):
            feet = self._way(number)[:2]
            if self._route and {foot, self._route[0]} == set(feet):
                return Climb((self.x, self.y), foot, self._route[0], inwards=foot == feet[0])
        return None

    def _clamber(self, dt: float, speed: float) -> None:
        assert self._climb is not None
        self._posture = 'climb'
        self.speed = self._climb.step(dt, running=speed > 1.0)
        self.phase = (self.phase + self.speed * dt / self._stride) % 1.0
        (self.x, self.y), self.z, self.lean = self._climb.place
        error = wrap(self._climb.yaw - self.yaw)
        self.yaw += float(np.clip(error, -_TURN_RUNNING * dt, _TURN_RUNNING * dt))
        if self._climb.done:
            self._route.pop(0)
            self._climb, self.z, self.lean = None, 0.0, 0.0

    def _way(self, number: int) -> list[tuple[float, float]]:
        """Points of a way in, behind the start: through a gap, or over the fence."""
        if number < len(self._layout.gaps):
            return [self._layout.gaps[number], self._inside(number)]
        return [
            self._beside(number, OUTER_FOOT),
            self._beside(number, -INNER_FOOT),
            self._inside(number),
        ]

    def _out(self, number: int) -> list[tuple[float, float]]:
        return [*reversed(self._way(number)), self._outside(number)]

    def _inside(self, gap: int) -> tuple[float, float]:
        return self._beside(gap, -0.8)

    def _outside(self, gap: int) -> tuple[float, float]:
        return self._beside(gap, _OUTSIDE)

    def _beside(self, gap: int, outward: float) -> tuple[float, float]:
        x, y = self._layout.ways[gap]
        if abs(y) >= SIDE:
            return x, y + outward * float(np.sign(y))
        return x + outward * float(np.sign(x)), y


def _distance(a: tuple[float, float], b: tuple[float, float]) -> float:
    return float(np.hypot(a[0] - b[0], a[1] - b[1]))


def _clearance(a: tuple[float, float], b: tuple[float, float], point: tuple[float, float]) -> float:
    """Distance of a point from the line between two others, m."""
    start, axis = np.array(a), np.array(b) - np.array(a)
    t = float(np.clip((np.array(point) - start) @ axis / max(float(axis @ axis), 1e-9), 0, 1))
    return _distance(tuple(start + t * axis), point)


def _around(
    start: tuple[float, float], goal: tuple[float, float], robots: Sequence[Sentinel]
) -> Sequence[tuple[float, float]]:
    """Waypoints to the goal that keep off the robot which stands most in the way."""
    robot = min(((r.x, r.y) for r in robots), key=lambda place: _clearance(start, goal, place))
    if _clearance(start, goal, robot) >= _BERTH:
        return [goal]
    axis = np.array(goal) - np.array(start)
    normal = np.array([-axis[1], axis[0]]) / max(float(np.linalg.norm(axis)), 1e-9)
    side = 1.0 if float((np.array(goal) - np.array(robot)) @ normal) >= 0 else -1.0
    detour = np.array(robot) + side * _BERTH * 1.2 * normal
    return [(float(detour[0]), float(detour[1])), goal]
