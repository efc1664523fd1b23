"""Actions while a target is there: choose, act, observe, or hold fire."""

from collections import deque
from collections.abc import Mapping
from typing import Any

from py_trees.common import Status

from ..deterrents import Deterrent, Motion
from ..geometry import Twist
from ..policy.candidates import candidates
from ..policy.trial import NEUTRAL
from ..visits import Stimulus, Visit, bearing, distance, distance_low
from ..world import MORE_TIME, Kind, Play, World
from .leaf import AHEAD, STANCE, Leaf, turn_to

# Period of the back and forth of a lunge or a strafe, s, and of the knees of a stomp, s.
SWING = 1.2
STOMP = 0.5

# Further away by so much (m) within so long (s), and an animal counts as leaving: half the walk of
# a raccoon, and more than its range scatters.
LEAVING_METRES, LEAVING_SECONDS = 0.5, 2.0


# Ends of a stimulus that the guard brought about, by itself or through a higher branch of the tree.
CUT_SHORT = frozenset({'guard', 'interrupted'})


class Choose(Leaf):
    """Chooses a deterrent; FAILURE where none may be used."""

    def update(self) -> Status:
        """See py_trees."""
        world = self.world
        visit = world.visit
        if visit is None:
            return self.say(Status.FAILURE, 'nobody is there')
        self._judge_last(visit)
        target = visit.target()
        visit.engaged = target.track_id if target else visit.engaged
        world.considered = candidates(
            world.catalogue,
            species=visit.species,
            allowed=world.allowed,
            usage=world.usage,
            step=self._step(visit),
            now=world.now,
            neutral=visit.arm == NEUTRAL,
            several=visit.several,
        )
        names = [c.name for c in world.considered if not c.rejected]
        if not names:
            world.deterrent = ''
            return self.say(Status.FAILURE, 'no deterrent may be used now')
        choice = world.policy.choose(names, world.context(visit))
        world.deterrent = choice.name
        world.explanation = f'{choice.name}: chosen by the policy {world.policy.name}.'
        detail = decision(world, visit, choice.values)
        detail['level'] = self._step(visit)
        world.tell(Kind.DECISION, visit, detail, choice.name)
        return self.say(Status.SUCCESS, choice.name)

    def _judge_last(self, visit: Visit) -> None:
        """The animal is still there: what came last, if nobody has judged it, did not help."""
        last = visit.stimuli[-1] if visit.stimuli else None
        if last is not None and last.success is None and last.felt:
            last.success = False
            self.world.learn(visit, last, 0.0)

    def _step(self, visit: Visit) -> int:
        """Highest open rung: one more for every stimulus of this visit that did not help.

        The mildest that exists at least.
        """
        lowest = min(
            d.step
            for d in self.world.catalogue.by_name.values()
            if visit.species in d.species and not d.neutral
        )
        return max(lowest, self.world.settings.first_step) + sum(
            s.success is False for s in visit.stimuli
        )


def decision(
    world: World, visit: Visit, values: Mapping[str, float] | None = None
) -> dict[str, Any]:
    """What the log says about a choice, or about choosing nothing."""
    values = values or {}
    return {
        'arm': visit.arm,
        'group': visit.group,
        'policy': world.policy.name,
        'context': visit.context,
        **world.sight(visit),
        'candidates': [
            {'name': c.name, 'value': values.get(c.name), 'rejected': c.rejected}
            for c in world.considered
        ],
        'explanation': world.explanation,
        'seed': world.seed,
        **world.hashes,
    }


class Act(Leaf):
    """Carries out the chosen deterrent; RUNNING until it ends, SUCCESS then, however it ended."""

    def __init__(self, *, name: str, world: World) -> None:
        super().__init__(name=name, world=world)
        self._deterrent: Deterrent | None = None
        self._visit: Visit | None = None
        self._start = 0.0

    def initialise(self) -> None:
        """Start it."""
        world = self.world
        visit = world.visit
        if visit is None:
            return
        self._visit = visit
        self._deterrent = deterrent = world.catalogue.by_name[world.deterrent]
        self._start = world.now
        world.usage.note(deterrent.name, world.now)
        visit.stimuli.append(Stimulus(deterrent.name, deterrent.step, world.stamp))
        if deterrent.sound:
            world.wants.play = Play(deterrent.sound.name, deterrent.sound.volume)
        if deterrent.hook:
            world.wants.hook = deterrent.name
        world.tell(
            Kind.STIMULUS_STARTED,
            visit,
            {
                'sound': deterrent.sound.name if deterrent.sound else '',
                'volume': deterrent.sound.volume if deterrent.sound else 0.0,
                'light': deterrent.light is not None,
                'color': list(deterrent.light.color) if deterrent.light else None,
                'flash_hz': deterrent.light.flash_hz if deterrent.light else 0.0,
                'motion': deterrent.motion.kind if deterrent.motion else '',
                'hook': deterrent.hook.kind if deterrent.hook else '',
                'step': deterrent.step,
                'duration': deterrent.duration,
                'index': len(visit.stimuli) - 1,
                **world.sight(visit),
            },
            deterrent.name,
        )

    def update(self) -> Status:
        """See py_trees."""
        deterrent, world = self._deterrent, self.world
        if deterrent is None:
            return self.say(Status.FAILURE, 'nobody is there')
        ended = self._ended(deterrent)
        if ended:
            self._end(ended)
            return self.say(Status.SUCCESS, ended)
        elapsed = world.now - self._start
        world.state = 'engaging'
        world.explanation = f'{deterrent.name} for another {deterrent.duration - elapsed:.0f} s.'
        if deterrent.light:
            world.wants.color = deterrent.light.at(elapsed)
        world.wants.twist = turn_to(world)
        if deterrent.motion:
            world.wants.twist, world.wants.height = _motion(world, deterrent.motion, elapsed)
        return self.say(Status.RUNNING, f'{deterrent.name} {elapsed:.0f} s')

    def terminate(self, new_status: Status) -> None:
        """A higher branch took over: end at once."""
        super().terminate(new_status)
        if new_status == Status.INVALID and self._deterrent is not None:
            self._end('interrupted')

    def _ended(self, deterrent: Deterrent) -> str:
        world, visit = self.world, self._visit
        allowed = world.allowed
        if (deterrent.sound and not allowed.sound) or (deterrent.light and not allowed.light):
            return 'guard'
        if not (allowed.turning or allowed.sound or allowed.light):
            return 'guard'
        if visit is None or world.out_of_sight(visit):
            return 'target_lost'
        return 'finished' if world.now - self._start >= deterrent.duration else ''

    def _end(self, reason: str) -> None:
        world, visit, deterrent = self.world, self._visit, self._deterrent
        self._deterrent = self._visit = None
        if visit is None or deterrent is None:
            return
        world.wants.color = (0.0, 0.0, 0.0)
        if deterrent.hook:
            world.wants.end_hook = deterrent.name
        world.wants.stop_sound = deterrent.sound is not None and reason != 'finished'
        if deterrent.motion and deterrent.motion.kind == 'stomp':
            world.wants.height = STANCE
        stimulus = visit.stimuli[-1]
        stimulus.end, stimulus.reason = world.stamp, reason
        if reason in CUT_SHORT:
            # What forbade it may come and go (late pictures on a busy computer): no stutter.
            settings = world.settings
            used_up = len(visit.stimuli) >= settings.stimuli
            world.rest(settings.cool_down if used_up else settings.pause)
        world.tell(
            Kind.STIMULUS_ENDED,
            visit,
            {
                'seconds': round(stimulus.end - stimulus.start, 3),
                'completed': reason == 'finished',
                'reason': reason,
                'rules': list(world.safety.rules) if world.safety else [],
                'index': len(visit.stimuli) - 1,
                **world.sight(visit),
            },
            deterrent.name,
        )


def _motion(world: World, motion: Motion, elapsed: float) -> tuple[Twist, float | None]:
    """Velocity and body height of ``motion`` at ``elapsed`` s; it faces the target meanwhile."""
    facing = turn_to(world)
    if motion.kind == 'stomp':
        return facing, STANCE if int(elapsed / STOMP * 2) % 2 else 0.0
    if motion.kind == 'face':
        return facing, None
    back = int(elapsed / SWING * 2) % 2 == 1
    if motion.kind == 'strafe':
        return Twist(0.0, -motion.speed if back else motion.speed, facing.wz), None
    if motion.kind == 'retreat' or (motion.kind == 'lunge' and back):
        return Twist(-motion.speed, 0.0, facing.wz), None
    target = world.target
    if target is None or abs(bearing(target)) > AHEAD or distance_low(target) <= motion.stop_at:
        return facing, None
    return Twist(motion.speed, 0.0, facing.wz), None


class Observe(Leaf):
    """Watches what the animal does; SUCCESS once it left or the time is over.

    One that is on its way is not driven on: it gets as much time again.
    """

    def __init__(self, *, name: str, world: World) -> None:
        super().__init__(name=name, world=world)
        self._visit_id = ''
        self._ranges: deque[tuple[float, float]] = deque()

    def initialise(self) -> None:
        """Watch the visit that goes on."""
        visit = self.world.visit
        self._visit_id = visit.visit_id if visit else ''
        self._ranges.clear()

    def update(self) -> Status:
        """See py_trees."""
        world = self.world
        visit = world.visit
        if visit is None or visit.visit_id != self._visit_id:
            return self.say(Status.SUCCESS, 'it left')
        world.state = 'observing'
        world.explanation = 'Watches what the animal does.'
        world.wants.twist = turn_to(world)
        stimulus = visit.stimuli[-1]
        waited = world.stamp - (stimulus.end or stimulus.start)
        leaving = self._leaving()
        if waited < world.settings.observe:
            return self.say(Status.RUNNING, f'{waited:.0f} s')
        if world.out_of_sight(visit):
            return self.say(Status.RUNNING, 'out of sight')
        if leaving and waited < world.settings.observe * MORE_TIME:
            return self.say(Status.RUNNING, 'it is leaving')
        stimulus.success = False
        world.learn(visit, stimulus, 0.0)
        if len(visit.stimuli) >= world.settings.stimuli:
            world.rest(world.settings.cool_down)
        return self.say(Status.SUCCESS, 'it stayed')

    def _leaving(self) -> bool:
        """Whether the animal went further away of late."""
        world, target = self.world, self.world.target
        if target is not None:
            self._ranges.append((world.stamp, distance(target)))
        while self._ranges and self._ranges[0][0] < world.stamp - LEAVING_SECONDS:
            self._ranges.popleft()
        return bool(self._ranges) and self._ranges[-1][1] - self._ranges[0][1] >= LEAVING_METRES


class HoldFire(Leaf):
    """A target is there and nothing may be done.

    Says why, once for every set of rules that lasts.
    """

    def __init__(self, *, name: str, world: World) -> None:
        super().__init__(name=name, world=world)
        self._since = 0.0

    def initialise(self) -> None:
        """Count from now."""
        self._since = self.world.now

    def update(self) -> Status:
        """See py_trees."""
        world = self.world
        visit, safety = world.visit, world.safety
        world.state = 'holding_fire'
        rules = safety.rules if safety else ()
        reasons = list(safety.reasons) if safety else []
        if not rules:
            reasons = [f'{c.name}: {c.rejected}' for c in world.considered]
        world.explanation = 'Holds fire. ' + ' '.join(reasons)
        if visit is None:
            return self.say(Status.RUNNING, 'nobody is there')
        names = tuple(rules) or tuple(sorted({c.rejected for c in world.considered}))
        if not names:
            return self.say(Status.RUNNING, 'nothing to do')
        # Lesser rules come and go; the most severe one is told once a visit.
        if names[0] not in visit.held and world.now - self._since >= world.settings.held:
            visit.held.add(names[0])
            world.tell(
                Kind.HELD_FIRE,
                visit,
                {'rules': list(rules), 'reasons': reasons, **world.sight(visit)},
            )
        return self.say(Status.RUNNING, ', '.join(names))


class Abstain(Leaf):
    """Watches a held-out visit and does nothing; the log gets one decision for nothing."""

    def __init__(self, *, name: str, world: World) -> None:
        super().__init__(name=name, world=world)
        self._told = ''

    def update(self) -> Status:
        """See py_trees."""
        world = self.world
        visit = world.visit
        if visit is None:
            return self.say(Status.FAILURE, 'nobody is there')
        world.state, world.explanation = 'observing', 'This visit is held out: it only watches.'
        world.wants.twist = turn_to(world)
        if visit.visit_id != self._told and world.target_is_sure:
            self._told = visit.visit_id
            world.tell(Kind.DECISION, visit, decision(world, visit))
        return self.say(Status.RUNNING, 'watches')
