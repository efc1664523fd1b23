"""From velocities to robot units, and what may be walked right now.

Core: no I/O, time comes in as an argument (s, steady clock).
"""

import math
from collections import deque
from dataclasses import dataclass

from sentinel_common.geometry import STOP, Twist
from sentinel_common.safety import PERMISSION_AGE

from .hermes import MAX_DRIVE, Command, Drive

# A command may be 0.5 s old at most when the robot stands: what is left is for the pipe, the radio
# and a busy machine, s.
COMMAND_AGE = 0.4

# Who commands at a steady pace is missed sooner: after so many of the longest of its last
# intervals, but never sooner than LEAST_AGE, s. A killed process says nothing, and DDS notices its
# end only after seconds; asking for a short lease would shut out every publisher that offers none.
MISSED_INTERVALS = 3
_PACE_MEMORY = 10
_PACE_LEARNT = 4
LEAST_AGE = 0.2

# A longer gap between two steps means that nothing was done meanwhile, s: do not make up for it.
_MAX_STEP = 0.1


@dataclass(frozen=True)
class Axis:
    """How one drive axis answers: ``full`` (m/s or rad/s) at 127 units, nothing up to ``offset``.

    In between the answer is taken as linear. A negative ``full`` means that positive units go the
    other way.
    """

    full: float
    offset: float = 0.0

    def units(self, velocity: float) -> int:
        """Return the units that give ``velocity``, at most 127 in magnitude."""
        if velocity == 0:
            return 0
        share = min(1.0, abs(velocity / self.full))
        units = round(self.offset + (MAX_DRIVE - self.offset) * share)
        return int(math.copysign(units, velocity * self.full))

    def velocity(self, units: int) -> float:
        """Return the velocity that ``units`` give."""
        share = max(0.0, (abs(units) - self.offset) / (MAX_DRIVE - self.offset))
        return math.copysign(share, units) * self.full


@dataclass(frozen=True)
class Calibration:
    """What the robot makes of its drive units; on the wire right and clockwise are positive."""

    forward: Axis
    left: Axis
    counterclockwise: Axis

    def drive(self, velocity: Twist) -> Drive:
        """Return the drive command nearest to ``velocity``."""
        return Drive(
            forward=self.forward.units(velocity.vx),
            strafe=-self.left.units(velocity.vy),
            turn=-self.counterclockwise.units(velocity.wz),
        )

    def velocity(self, drive: Drive) -> Twist:
        """Return the velocity that ``drive`` gives."""
        return Twist(
            self.forward.velocity(drive.forward),
            self.left.velocity(-drive.strafe),
            self.counterclockwise.velocity(-drive.turn),
        )


@dataclass(frozen=True)
class Limits:
    """Bounds of what is asked of the robot; braking is never limited."""

    speed: float  # m/s over the ground
    turn: float  # rad/s
    acceleration: float  # m/s^2
    turn_acceleration: float  # rad/s^2
    dead_speed: float  # m/s below which a component counts as zero
    dead_turn: float  # rad/s


@dataclass(frozen=True)
class Permission:
    """What the guard allows (see SafetyState), and when it was received."""

    received: float
    armed: bool = False
    translation: bool = False
    turning: bool = False
    light: bool = False
    max_speed: float = 0.0
    emergency_stop: bool = False

    def young(self, now: float) -> bool:
        """Whether it still holds."""
        return now - self.received <= PERMISSION_AGE

    def lights(self, now: float) -> bool:
        """Whether the head may shine."""
        return self.light and self.young(now)


# What may move the robot away needs the permission to walk; any other motion that to turn.
WALKS = frozenset({Command.TRANSFORM, Command.TAKE_STEPS})
MOVES = WALKS | {
    Command.GAIT_SET,
    Command.GAIT_SET_ALL,
    Command.KINEMATIC_STANCE,
    Command.PLAY_ANIMATION,
    Command.SET_LEG_JOINT_ANGLES,
    Command.TWITCH,
}


def forbids(
    payload: bytes, permission: Permission | None, now: float, *, by_person: bool = False
) -> str:
    """Return why ``payload`` may not be sent now, or nothing.

    Darkness and queries need no permission. A motion that a person asks for needs a guard that is
    heard, armed and not stopped; any other one also its permission to turn or to walk.
    """
    if not payload:
        return ''
    if payload[0] == Command.HEAD_COLOUR_SET and any(payload[1:]):
        allowed = permission is not None and permission.lights(now)
        return '' if allowed else 'The guard forbids light.'
    if payload[0] not in MOVES:
        return ''
    if permission is None or not permission.young(now):
        return 'No word from the guard: nothing moves without one.'
    if permission.emergency_stop:
        return 'The emergency stop is latched: nothing moves until it is released.'
    if not permission.armed:
        return 'The guard is disarmed: nothing moves until it is armed.'
    if by_person:
        return ''
    if not permission.turning or (payload[0] in WALKS and not permission.translation):
        return 'The guard forbids to move.'
    return ''


@dataclass(frozen=True)
class Decision:
    """What to walk, until when that holds, and what was taken away from what was asked for."""

    velocity: Twist
    until: float
    clipped: str = ''


class Walker:
    """Turns commands and permissions into what may be walked now."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.permission: Permission | None = None
        self._asked = STOP
        self._asked_at = -math.inf
        self._intervals: deque[float] = deque(maxlen=_PACE_MEMORY)
        self._current = STOP
        self._stepped_at = -math.inf

    def ask(self, velocity: Twist, now: float) -> None:
        """Take a command; one with a component that is no number counts as a stop."""
        finite = all(map(math.isfinite, (velocity.vx, velocity.vy, velocity.wz)))
        self._asked = velocity if finite else STOP
        interval = now - self._asked_at
        if interval > COMMAND_AGE:
            self._intervals.clear()
        else:
            self._intervals.append(interval)
        self._asked_at = now

    @property
    def holds(self) -> float:
        """How long a command holds after it was received, s."""
        if len(self._intervals) < _PACE_LEARNT:
            return COMMAND_AGE
        return min(COMMAND_AGE, max(LEAST_AGE, MISSED_INTERVALS * max(self._intervals)))

    def halt(self) -> None:
        """Forget the command."""
        self._asked_at = -math.inf
        self._current = STOP

    def step(self, now: float) -> Decision:
        """Return what to walk now."""
        permission = self.permission
        holds_until = self._asked_at + self.holds
        if now > holds_until:
            goal, why = STOP, 'no command'
        elif permission is None or not permission.young(now):
            goal, why = STOP, 'no word from the guard'
        elif permission.emergency_stop:
            goal, why = STOP, 'emergency stop'
        else:
            goal, why = self._allowed(permission)
        dt = min(_MAX_STEP, max(0.0, now - self._stepped_at))
        self._stepped_at = now
        self._current = self._approach(goal, dt)
        heard = permission.received if permission else -math.inf
        until = min(holds_until, heard + PERMISSION_AGE)
        return Decision(self._current, until, why)

    def _allowed(self, permission: Permission) -> tuple[Twist, str]:
        limits, asked, why = self.limits, self._asked, []
        x, y, yaw = asked.vx, asked.vy, asked.wz
        x, y = (0.0 if abs(v) < limits.dead_speed else v for v in (x, y))
        yaw = 0.0 if abs(yaw) < limits.dead_turn else yaw
        if (x or y) and not permission.translation:
            x = y = 0.0
            why.append('the guard forbids walking')
        top = min(limits.speed, permission.max_speed)
        speed = math.hypot(x, y)
        if speed > top:
            x, y = x * top / speed, y * top / speed
            why.append(f'speed limit {top:.2f} m/s')
        if yaw and not permission.turning:
            yaw = 0.0
            why.append('the guard forbids turning')
        if abs(yaw) > limits.turn:
            yaw = math.copysign(limits.turn, yaw)
            why.append(f'turn limit {limits.turn:.2f} rad/s')
        return Twist(x, y, yaw), ', '.join(why)

    def _approach(self, goal: Twist, dt: float) -> Twist:
        step, turn_step = self.limits.acceleration * dt, self.limits.turn_acceleration * dt
        now = self._current
        return Twist(
            _approach(now.vx, goal.vx, step),
            _approach(now.vy, goal.vy, step),
            _approach(now.wz, goal.wz, turn_step),
        )


def _approach(value: float, goal: float, step: float) -> float:
    """Go from ``value`` to ``goal``, at once where that is slower, else by at most ``step``."""
    start = value if value * goal > 0 else 0.0
    if abs(goal) <= abs(start):
        return goal
    return start + math.copysign(min(step, abs(goal - start)), goal)
