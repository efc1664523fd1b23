"""The guard.

Stands between everything that wants and everything that acts, and can only take away.
"""

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from sentinel_common.detections import Frame, TargetFrame
from sentinel_common.geometry import STOP, Pose, Twist
from sentinel_common.hourly import HourlyUse

from ..geometry import DeadReckoning
from ..tracks import SURENESS, Sureness, SureTracks
from .animals import Animals
from .light import Light
from .limits import Limit, closing_speed
from .rules import Act, Rule
from .scene import Scene
from .veto import VetoMemory, VetoSettings

# Who may drive, the first before the second.
TELEOP, AUTO = 'teleop', 'auto'

# A command older than this, counted from its receipt, is as good as none, s.
COMMAND_TIMEOUT = 0.5

# Window of the charge limit, s.
CHARGE_WINDOW = 60.0


@dataclass(frozen=True)
class RuleSet:
    """All rules, most severe first."""

    rules: Sequence[Rule]
    limits: Sequence[Limit]


@dataclass(frozen=True)
class Finding:
    """One rule that forbids or limits something now."""

    rule: str
    reason: str
    forbids: frozenset[Act] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """What is allowed now. ``max_speed`` in m/s; 0 where walking is forbidden."""

    findings: tuple[Finding, ...]
    max_speed: float

    def allows(self, act: Act) -> bool:
        """Whether no rule forbids ``act``."""
        return not any(act in f.forbids for f in self.findings)


@dataclass(frozen=True)
class Command:
    """A motion that somebody wants.

    ``received`` on the guard's clock, ``stamp`` as it came (passed through).
    """

    twist: Twist
    received: float
    stamp: float = 0.0


@dataclass(frozen=True)
class Relayed:
    """What goes to the driver, and from whom it came: 'teleop', 'auto' or '' for silence."""

    twist: Twist
    stamp: float
    source: str


class Guard:
    """Remembers what was heard, judges it by rules, and relays commands.

    All times are s of one clock.
    """

    def __init__(
        self,
        *,
        rules: RuleSet,
        veto: VetoSettings,
        sureness: Sureness = SURENESS,
        max_speed: float = 0.3,
        armed: bool = False,
    ) -> None:
        self.armed = armed
        self.emergency_stop = False
        self.restarted: float | None = None
        """When it started again in the place of one that died."""
        self.image_height: int | None = None
        self._rules = rules
        self._max_speed = max_speed
        self._frame: Frame | None = None
        self._frame_time: float | None = None
        self._sweep_time: float | None = None
        self._targets_time: float | None = None
        self._sure = SureTracks(veto.targets, sureness)
        self._veto = VetoMemory(veto)
        self._animals = Animals()
        self._reckoning = DeadReckoning()
        self._sound_time: float | None = None
        self._sound_used = 0.0
        self._sound = HourlyUse()
        self._light = Light()
        self._approach: deque[tuple[float, float]] = deque()
        self._commands: dict[str, Command] = {}
        self._moving = STOP
        self._moving_since = 0.0

    # What is heard.

    def see(self, frame: Frame, captured: float) -> None:
        """A picture captured at ``captured`` was looked at."""
        self._frame, self._frame_time = frame, captured
        self._sure.see(frame)
        self._veto.see(frame, captured)

    def sweep(self, captured: float) -> None:
        """A full look past the motion gate ended with the picture captured at ``captured``."""
        self._sweep_time = captured

    def locate(self, frame: TargetFrame, captured: float) -> None:
        """Confirmed tracks stand at these places."""
        self._targets_time = captured
        self._animals.locate(frame, captured, self._reckoning.pose_at(captured))

    def fix(self, pose: Pose, variance: float, now: float) -> None:
        """Somebody saw the robot at ``pose`` in ``map``."""
        before = self._reckoning.fix(pose, variance, now)
        self._animals.move(before, pose)

    def hear(self, used_last_hour: float, now: float) -> None:
        """The speaker told how many seconds of sound it made in the last hour.

        What it adds is booked here too: a speaker that starts again begins at 0. What is no number
        tells nothing.
        """
        if not math.isfinite(used_last_hour):
            self._sound_time = None
            return
        self._sound.add(now - (used_last_hour - self._sound_used), now)
        self._sound_time, self._sound_used = now, used_last_hour

    def light(self, on: bool, now: float) -> None:
        """The head light was asked to be on or off."""
        self._light.ask(on, now)

    def command(self, source: str, twist: Twist, now: float, stamp: float = 0.0) -> None:
        """``source`` ('teleop' or 'auto') wants the robot to move."""
        self._commands[source] = Command(twist, now, stamp)

    # What follows.

    def scene(self, now: float, hour: float | None = None) -> Scene:
        """What is known at ``now``; ``hour`` is the local time of day (0..24)."""
        self._reckoning.advance(now)
        here = self._reckoning.pose
        sure = self._sure.sure
        return Scene(
            now=now,
            armed=self.armed,
            emergency_stop=self.emergency_stop,
            restart_age=_age(now, self.restarted),
            frame=self._frame,
            frame_age=_age(now, self._frame_time),
            sweep_age=_age(now, self._sweep_time),
            targets_age=_age(now, self._targets_time),
            evidence=self._veto.newest(now, sure),
            sure=sure,
            animals=self._animals.at(now, here),
            image_height=self.image_height,
            pose=self._reckoning.estimate,
            sound_age=_age(now, self._sound_time),
            sound_used=max(self._sound_used, self._sound.used(now)),
            light_age=self._light.age(now),
            light_used=self._light.used(now),
            approached=self._approached(now),
            hour=hour,
        )

    def _approached(self, now: float) -> float:
        while self._approach and self._approach[0][0] < now - CHARGE_WINDOW:
            self._approach.popleft()
        return sum(metres for _, metres in self._approach)

    def judge(self, scene: Scene, *, teleop: bool = False) -> Verdict:
        """What is allowed; ``teleop``: for a person who drives."""
        findings = [
            Finding(rule.name, reason, rule.forbids)
            for rule in self._rules.rules
            if (rule.binds_teleop or not teleop) and (reason := rule.objection(scene))
        ]
        findings += [
            Finding(limit.name, reason)
            for limit in self._rules.limits
            if (reason := limit.objection(scene))
        ]
        walking = not any(Act.TRANSLATION in f.forbids for f in findings)
        return Verdict(tuple(findings), self._max_speed if walking else 0.0)

    def driver(self, now: float) -> str:
        """Who moves the robot: 'teleop' before 'auto', '' where both are silent."""
        for source in (TELEOP, AUTO):
            command = self._commands.get(source)
            if command is not None and now - command.received <= COMMAND_TIMEOUT:
                return source
        return ''

    def relay(self, scene: Scene) -> Relayed:
        """The motion that goes to the driver now."""
        source = self.driver(scene.now)
        if not source:
            relayed = Relayed(STOP, 0.0, '')
        else:
            command = self._commands[source]
            verdict = self.judge(scene, teleop=source == TELEOP)
            twist = command.twist
            if not verdict.allows(Act.TURNING):
                twist = Twist(twist.vx, twist.vy)
            if not verdict.allows(Act.TRANSLATION):
                twist = twist.scaled(0.0)
            for limit in self._rules.limits:
                twist = limit.clip(scene, twist)
            relayed = Relayed(twist, command.stamp, source)
        self._account(relayed.twist, scene)
        return relayed

    def _account(self, twist: Twist, scene: Scene) -> None:
        seconds = max(0.0, scene.now - self._moving_since)
        closing = max(
            (closing_speed(self._moving, a.position, 0.0) for a in scene.animals), default=0.0
        )
        if closing:
            self._approach.append((scene.now, closing * seconds))
        self._moving, self._moving_since = twist, scene.now
        self._reckoning.command(twist, scene.now)


def _age(now: float, then: float | None) -> float | None:
    return None if then is None else max(0.0, now - then)
