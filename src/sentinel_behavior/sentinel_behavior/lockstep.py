"""Brain and guard in lock step on one simulated clock, for tests, replay and benchmarks."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sentinel_common.detections import Frame, TargetFrame
from sentinel_common.files import share
from sentinel_common.geometry import Pose, Twist

from .blackboard import Play, Safety, Wants
from .brain import Brain
from .guard import make_guard
from .guard.core import TELEOP, Guard, Verdict
from .guard.parameters import DEFAULTS
from .guard.rules import Act
from .incidents.model import Incident
from .zones import Zones, read_zones


@dataclass(frozen=True)
class Deeds:
    """What the robot really does after a step: what the brain wants and the guard allows."""

    twist: Twist
    color: tuple[float, float, float]
    play: Play | None
    stop_sound: bool
    incidents: tuple[Incident, ...]

    @property
    def lit(self) -> bool:
        """Whether the head shines."""
        return any(self.color)


@dataclass
class LockStep:
    """One brain, one guard. ``guard_speaks`` False: the brain does not hear the guard."""

    brain: Brain
    guard: Guard
    guard_speaks: bool = True
    verdict: Verdict | None = None
    sound_used: float = 0.0
    incidents: list[Incident] = field(default_factory=list)

    def place(self, pose: Pose, variance: float, now: float) -> None:
        """Somebody saw the robot at ``pose``."""
        self.guard.fix(pose, variance, now)
        self.brain.fix(pose, variance, now)

    def step(self, frame: Frame, targets: TargetFrame, *, hour: float, sweep: bool = True) -> Deeds:
        """A picture was looked at: its stamp is the time. ``sweep``: it completed a full look."""
        now = frame.stamp
        self.guard.see(frame, now)
        self.guard.locate(targets, now)
        if sweep:
            self.guard.sweep(now)
        self.guard.hear(self.sound_used, now)
        self.tell(now, hour)
        self.brain.see(frame, now)
        self.brain.locate(targets)
        return self.tick(now, hour)

    def tell(self, now: float, hour: float) -> None:
        """The guard judges and the brain hears it."""
        guard = self.guard
        scene = guard.scene(now, hour)
        self.verdict = verdict = guard.judge(scene)
        driver = guard.driver(now)
        motion = guard.judge(scene, teleop=True) if driver == TELEOP else verdict
        if self.guard_speaks:
            self.brain.obey(
                Safety(
                    armed=guard.armed,
                    translation=motion.allows(Act.TRANSLATION),
                    turning=motion.allows(Act.TURNING),
                    sound=verdict.allows(Act.SOUND),
                    light=verdict.allows(Act.LIGHT),
                    rules=tuple(f.rule for f in verdict.findings),
                    reasons=tuple(f.reason for f in verdict.findings),
                    driver=driver,
                ),
                now,
            )

    def tick(self, now: float, hour: float) -> Deeds:
        """The brain decides, and what the guard and those who obey it leave of that happens."""
        return self.carry_out(self.brain.tick(now, hour), now, hour)

    def carry_out(self, wants: Wants, now: float, hour: float) -> Deeds:
        """As driver and speaker do: no light or sound that the guard does not allow."""
        verdict = self.verdict
        light = verdict is not None and verdict.allows(Act.LIGHT)
        sound = verdict is not None and verdict.allows(Act.SOUND)
        if wants.twist is not None:
            self.guard.command('auto', wants.twist, now)
        twist = self.guard.relay(self.guard.scene(now, hour)).twist
        self.brain.moved(twist, now)
        color = wants.color if light else (0.0, 0.0, 0.0)
        self.guard.light(any(wants.color), now)
        self.incidents += wants.incidents
        return Deeds(
            twist,
            color,
            wants.play if sound else None,
            wants.stop_sound or not sound,
            tuple(wants.incidents),
        )


def make_lockstep(
    *,
    deterrents: Path | None = None,
    tree: Path | None = None,
    zones: Zones | None = None,
    guard: dict[str, Any] | None = None,
    **brain: Any,
) -> LockStep:
    """Brain and guard from the shipped files, armed.

    ``guard``: parameters that differ from the defaults; ``brain``: further arguments of Brain.
    """
    zones = zones or read_zones(share('config/zones.yaml'))
    made = LockStep(
        Brain(
            tree=tree or share('config/tree.yaml'),
            deterrents=deterrents or share('config/deterrents.yaml'),
            zones=zones,
            **brain,
        ),
        make_guard({**DEFAULTS, 'armed': True, **(guard or {})}, zones),
    )
    made.guard.image_height = 480
    return made
