"""A month of nights against one policy, from event to event.

Candidates, ladder and policy are the real ones.
"""

import random
from dataclasses import dataclass, field

from sentinel_behavior.deterrents import Deterrent, Deterrents
from sentinel_behavior.guard.parameters import DEFAULTS
from sentinel_behavior.hours import in_span
from sentinel_behavior.policy.candidates import Allowed, Usage, candidates
from sentinel_behavior.policy.choice import Context, Policy, reward
from sentinel_behavior.policy.trial import HOLD_OUT, NEUTRAL, NO_TRIAL, Trial
from sentinel_behavior.settings import MORE_TIME, SETTINGS
from sentinel_common.hourly import HourlyUse
from sentinel_common.species import RACCOON

from .residents import STEP, Garden, Model, Plan, Resident, Stay, plans

# The detector tells that an animal fled once it is out of sight, s: crossing the garden at a run.
_OUT_OF_SIGHT = 1.5


@dataclass(frozen=True)
class Outcome:
    """One visit. Seconds; ``first`` from the start to the first stimulus, None without one.

    ``sound``: s of it that were made; an animal out of sight ends it.
    """

    resident: int
    arm: str
    group: str
    missed: bool
    bed_seconds: float
    stimuli: tuple[str, ...]
    fled: bool
    first: float | None
    departure: float
    sound: float


@dataclass
class Campaign:
    """The sentinel's side of a month. ``policy`` None: there is no sentinel."""

    catalogue: Deterrents
    garden: Garden
    policy: Policy | None
    trial: Trial = NO_TRIAL
    seed: int = 0
    outcomes: list[Outcome] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._usage = Usage()
        self._sounded = HourlyUse()
        self._tosses = random.Random(f'trial {self.seed}')

    def run(self, model: Model, nights: int) -> list[Outcome]:
        """Live through ``nights`` nights of the garden with raccoons of ``model``."""
        residents = [Resident(model, self.seed, i) for i in range(self.garden.raccoons)]
        ahead = [(plan.start, plan) for plan in plans(self.garden, nights, self.seed)]
        while ahead:
            start, plan = ahead.pop(0)
            outcome = self._visit(residents[plan.resident], plan, start)
            self.outcomes.append(outcome)
            if outcome.fled and plan.returns:
                again = Plan(**{**vars(plan), 'returns': plan.returns[1:]})
                ahead.append((start + outcome.departure + plan.returns[0], again))
                ahead.sort(key=lambda item: item[0])
        return self.outcomes

    def _visit(self, resident: Resident, plan: Plan, start: float) -> Outcome:
        stay = Stay(resident, plan, start)
        arm, group = self.trial.assign(self._tosses)
        used: list[str] = []
        first: float | None = None
        sound = 0.0
        if self.policy is None or plan.missed or arm == HOLD_OUT:
            stay.skip(plan.stays)
        else:
            sight = max(0.0, plan.enters - self.garden.sight) / resident.walk
            stay.skip(sight + self.garden.sure_after)
            in_vain = 0
            robot = 0.0
            while not stay.gone and len(used) < SETTINGS.stimuli:
                now = start + stay.elapsed
                name = self._choose(plan, arm, in_vain, now)
                if not name:
                    stay.step(robot, 0.0, 0.0, '', 0.0)
                    continue
                first = stay.elapsed if first is None else first
                used.append(name)
                began = stay.elapsed
                deterrent = self.catalogue.by_name[name]
                robot = self._act(stay, deterrent, robot, now)
                if deterrent.sound:
                    lasted = stay.elapsed - began + (_OUT_OF_SIGHT if stay.gone else 0.0)
                    sounded = min(deterrent.duration, lasted)
                    self._sounded.add(now, now + sounded)
                    sound += sounded
                self._observe(stay, robot, began, name, plan, arm)
                in_vain += 1
            if not stay.gone:
                stay.skip(max(0.0, plan.stays - stay.elapsed))
        resident.rest_until(start + stay.elapsed)
        return Outcome(
            plan.resident,
            arm,
            group,
            plan.missed,
            stay.bed_seconds,
            tuple(used),
            stay.fled,
            first,
            stay.elapsed,
            sound,
        )

    def _choose(self, plan: Plan, arm: str, in_vain: int, now: float) -> str:
        hour = (self.garden.night[0] + now % 86400.0 / 3600.0) % 24.0
        quiet = in_span(hour, *SETTINGS.quiet)
        lowest = self.catalogue.lowest_rung(RACCOON, quiet=quiet)
        found = candidates(
            self.catalogue,
            species=RACCOON,
            allowed=Allowed(
                sound=self._sound_left(now, quiet),
                light=True,
                translation=True,
                turning=True,
                quiet=quiet,
            ),
            usage=self._usage,
            step=max(lowest, SETTINGS.first_step) + in_vain,
            now=now,
            neutral=arm == NEUTRAL,
        )
        names = [c.name for c in found if not c.rejected]
        if not names or self.policy is None:
            return ''
        name = self.policy.choose(names, self._context(plan)).name
        self._usage.note(name, now)
        return name

    def _sound_left(self, now: float, quiet: bool) -> bool:
        budget = DEFAULTS['quiet_sound_budget' if quiet else 'sound_budget']
        assert isinstance(budget, float)
        return self._sounded.used(now) < budget

    @staticmethod
    def _context(plan: Plan) -> Context:
        return Context(RACCOON, 'night', plan.zone)

    @staticmethod
    def _act(stay: Stay, deterrent: Deterrent, robot: float, now: float) -> float:
        """Live through the stimulus; returns where the robot stands then, m ahead of its place."""
        end = stay.elapsed + deterrent.duration
        motion, light, sound = deterrent.motion, deterrent.light, deterrent.sound
        brightness = max(light.color) * (0.5 if light.flash_hz else 1.0) if light else 0.0
        swings = 0
        while stay.elapsed < end and not stay.gone:
            speed = 0.0
            if motion and motion.kind in ('advance', 'lunge'):
                back = motion.kind == 'lunge' and swings % 2 == 1
                near = stay.distance - robot <= motion.stop_at
                speed = -motion.speed if back else 0.0 if near else motion.speed
                swings += 1
            stay.step(
                robot, speed, brightness, sound.name if sound else '', sound.volume if sound else 0
            )
            robot += speed * STEP
        return robot

    def _observe(
        self, stay: Stay, robot: float, began: float, name: str, plan: Plan, arm: str
    ) -> None:
        """Watch what it does, and tell the policy as the brain would."""
        end = stay.elapsed
        while not stay.gone and stay.elapsed - end < SETTINGS.observe:
            stay.step(robot, 0.0, 0.0, '', 0.0)
        if self.policy is None or arm == NEUTRAL:
            return
        if stay.gone:
            took = stay.elapsed + _OUT_OF_SIGHT - began
            value = reward(took, SETTINGS.observe * MORE_TIME + end - began)
        else:
            value = 0.0
        self.policy.learn(name, self._context(plan), value)
