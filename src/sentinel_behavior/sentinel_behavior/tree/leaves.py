"""The leaves of the tree. Conditions look, actions want; each says in ``feedback_message`` why.

No leaf reads a clock or waits: time is ``world.now``. ``LEAVES`` maps the names of the data file to
the classes.
"""

import math
from typing import Any

from py_trees.behaviour import Behaviour
from py_trees.common import Status

from ..deterrents import Deterrent, Motion
from ..geometry import STOP, Twist
from ..policy.candidates import candidates
from ..visits import Stimulus, Visit, bearing, distance_low
from ..world import SAFETY_TIMEOUT, Kind, Play, World

# Only an animal this far off the nose (rad) or less is walked at: towards the side the eye sees
# nothing.
AHEAD = 0.5

# Period of the back and forth of a lunge or a strafe, s, and of the knees of a stomp, s.
SWING = 1.2
STOMP = 0.5

# Height of the body while standing (0..1 of what the legs can do).
STANCE = 0.5


class Leaf(Behaviour):
    """A leaf over the blackboard."""

    def __init__(self, *, name: str, world: World) -> None:
        super().__init__(name=name)
        self.world = world

    def say(self, status: Status, why: str) -> Status:
        """Return ``status`` with its reason."""
        self.feedback_message = why
        return status


class Condition(Leaf):
    """SUCCESS while ``holds`` gives a reason, FAILURE while it gives none."""

    def holds(self) -> str:
        """Why it holds; '' where it does not."""
        raise NotImplementedError

    def update(self) -> Status:
        """See py_trees."""
        why = self.holds()
        return self.say(Status.SUCCESS if why else Status.FAILURE, why)


class Disarmed(Condition):
    """Nobody has armed the sentinel, or the emergency stop is latched."""

    def holds(self) -> str:
        """See Condition."""
        safety = self.world.safety
        if safety is None or self.world.safety_age > SAFETY_TIMEOUT:
            return ''
        if 'emergency_stop' in safety.rules:
            return 'the emergency stop is latched'
        return '' if safety.armed else 'nobody has armed the sentinel'


class Fault(Condition):
    """Something without which nothing may be done is missing: the guard, pictures, charge."""

    def holds(self) -> str:
        """See Condition."""
        world = self.world
        if world.safety_age > SAFETY_TIMEOUT:
            return 'the guard is silent'
        if world.frame_age > world.settings.perception_timeout:
            return 'no picture was looked at for too long'
        if world.battery_is_low:
            return f'the battery is down to {world.battery:.0%}'
        return ''


class Vetoed(Condition):
    """A person or pet is or was just there."""

    def holds(self) -> str:
        """See Condition."""
        safety = self.world.safety
        if safety is None or 'person_or_pet' not in safety.rules:
            return ''
        return safety.reasons[safety.rules.index('person_or_pet')]


class TargetPresent(Condition):
    """A confirmed animal of a target species is in view."""

    def holds(self) -> str:
        """See Condition."""
        target = self.world.target
        return f'{target.best[0]} {target.track_id} is in view' if target else ''


class TargetSure(Condition):
    """The target is surely of its species."""

    def holds(self) -> str:
        """See Condition."""
        return 'it surely is one' if self.world.target_is_sure else ''


class Resting(Condition):
    """Enough was done in this visit; rest before more."""

    def holds(self) -> str:
        """See Condition."""
        left = self.world.rest_until - self.world.now
        return f'rests for another {left:.0f} s' if left > 0 else ''


class Rested(Condition):
    """No rest is due."""

    def holds(self) -> str:
        """See Condition."""
        return 'no rest is due' if self.world.now >= self.world.rest_until else ''


class State(Leaf):
    """Says which state the brain is in and wants nothing; RUNNING for ever."""

    def __init__(self, *, name: str, world: World, state: str, why: str = '') -> None:
        super().__init__(name=name, world=world)
        self._state, self._why = state, why

    def update(self) -> Status:
        """See py_trees."""
        self.world.state = self._state
        if self._why:
            self.world.explanation = self._why
        elif self.parent is not None:
            self.world.explanation = _reason(self.parent.children)
        return self.say(Status.RUNNING, self._state)


def _reason(siblings: list[Any]) -> str:
    """Feedback of the condition that led here, as a sentence."""
    why = next((s.feedback_message for s in siblings if s.status == Status.SUCCESS), '')
    return why[:1].upper() + why[1:]


class Face(Leaf):
    """Turns towards the target; RUNNING while there is one."""

    def update(self) -> Status:
        """See py_trees."""
        target = self.world.target
        if target is None:
            return self.say(Status.FAILURE, 'no target in view')
        self.world.state = 'watching'
        self.world.explanation = f'Looks at {target.best[0]} {target.track_id}.'
        self.world.wants.twist = turn_to(self.world)
        return self.say(Status.RUNNING, f'bearing {math.degrees(bearing(target)):.0f} deg')


def turn_to(world: World) -> Twist:
    """Turn on the spot towards the target; stand still where there is none or it is ahead."""
    target, settings = world.target, world.settings
    if target is None or abs(bearing(target)) < settings.facing:
        return STOP
    rate = settings.turn_gain * bearing(target)
    return Twist(wz=max(-settings.turn_rate, min(settings.turn_rate, rate)))


class Choose(Leaf):
    """Chooses a deterrent; FAILURE where none may be used."""

    def update(self) -> Status:
        """See py_trees."""
        world = self.world
        visit = world.visit
        if visit is None:
            return self.say(Status.FAILURE, 'nobody is there')
        target = visit.target()
        visit.engaged = target.track_id if target else visit.engaged
        world.considered = candidates(
            world.catalogue,
            species=visit.species,
            allowed=world.allowed,
            usage=world.usage,
            step=self._step(visit),
            now=world.now,
        )
        names = [c.name for c in world.considered if not c.rejected]
        if not names:
            world.deterrent = ''
            return self.say(Status.FAILURE, 'no deterrent may be used now')
        choice = world.policy.choose(names, world.context(visit))
        world.deterrent = choice.name
        world.explanation = f'{choice.name}: chosen by the policy {world.policy.name}.'
        world.tell(
            Kind.DECISION,
            visit,
            {
                'arm': visit.arm,
                'group': visit.group,
                'policy': world.policy.name,
                'context': visit.context,
                **world.sight(visit),
                'candidates': [
                    {
                        'name': c.name,
                        'value': choice.values.get(c.name),
                        'rejected': c.rejected,
                    }
                    for c in world.considered
                ],
                'explanation': world.explanation,
                'level': self._step(visit),
                'seed': world.seed,
                **world.hashes,
            },
            choice.name,
        )
        return self.say(Status.SUCCESS, choice.name)

    def _step(self, visit: Visit) -> int:
        """Highest open rung: one more for every stimulus of this visit that did not help.

        The mildest that exists at least.
        """
        lowest = min(
            d.step
            for d in self.world.catalogue.by_name.values()
            if visit.species in d.species and not d.neutral
        )
        return lowest + sum(s.success is False for s in visit.stimuli)


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
        return self.say(Status.RUNNING, f'{deterrent.name} {elapsed:.1f} s')

    def terminate(self, new_status: Status) -> None:
        """A higher branch took over: end at once."""
        if new_status == Status.INVALID and self._deterrent is not None:
            self._end('interrupted')

    def _ended(self, deterrent: Deterrent) -> str:
        world, visit = self.world, self._visit
        allowed = world.allowed
        if (deterrent.sound and not allowed.sound) or (deterrent.light and not allowed.light):
            return 'guard'
        if not (allowed.turning or allowed.sound or allowed.light):
            return 'guard'
        if visit is None or world.stamp - visit.last_seen > world.settings.lost:
            return 'target_lost'
        return 'finished' if world.now - self._start >= deterrent.duration else ''

    def _end(self, reason: str) -> None:
        world, visit, deterrent = self.world, self._visit, self._deterrent
        self._deterrent = self._visit = None
        if visit is None or deterrent is None:
            return
        world.wants.color = (0.0, 0.0, 0.0)
        world.wants.stop_sound = deterrent.sound is not None and reason != 'finished'
        if deterrent.motion and deterrent.motion.kind == 'stomp':
            world.wants.height = STANCE
        stimulus = visit.stimuli[-1]
        stimulus.end, stimulus.reason = world.stamp, reason
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
    turn = turn_to(world)
    if motion.kind == 'stomp':
        return turn, STANCE if int(elapsed / STOMP * 2) % 2 else 0.0
    if motion.kind == 'face':
        return turn, None
    back = int(elapsed / SWING * 2) % 2 == 1
    if motion.kind == 'strafe':
        return Twist(0.0, -motion.speed if back else motion.speed, turn.wz), None
    if motion.kind == 'retreat' or (motion.kind == 'lunge' and back):
        return Twist(-motion.speed, 0.0, turn.wz), None
    target = world.target
    if target is None or abs(bearing(target)) > AHEAD or distance_low(target) <= motion.stop_at:
        return turn, None
    return Twist(motion.speed, 0.0, turn.wz), None


class Observe(Leaf):
    """Watches what the animal does; SUCCESS once it left or the time is over."""

    def __init__(self, *, name: str, world: World) -> None:
        super().__init__(name=name, world=world)
        self._visit_id = ''

    def initialise(self) -> None:
        """Watch the visit that goes on."""
        visit = self.world.visit
        self._visit_id = visit.visit_id if visit else ''

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
        if waited < world.settings.observe:
            return self.say(Status.RUNNING, f'{waited:.0f} s')
        if world.stamp - visit.last_seen > world.settings.lost:
            return self.say(Status.RUNNING, 'out of sight')
        stimulus.success = False
        world.policy.learn(stimulus.name, world.context(visit), False)
        if len(visit.stimuli) >= world.settings.stimuli:
            world.rest_until = world.now + world.settings.cool_down
        return self.say(Status.SUCCESS, 'it stayed')


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
        if names != visit.held and world.now - self._since >= world.settings.held:
            visit.held = names
            world.tell(
                Kind.HELD_FIRE,
                visit,
                {'rules': list(rules), 'reasons': reasons, **world.sight(visit)},
            )
        return self.say(Status.RUNNING, ', '.join(names))


LEAVES: dict[str, type[Leaf]] = {
    'disarmed': Disarmed,
    'fault': Fault,
    'vetoed': Vetoed,
    'target_present': TargetPresent,
    'target_sure': TargetSure,
    'resting': Resting,
    'rested': Rested,
    'state': State,
    'face': Face,
    'choose': Choose,
    'act': Act,
    'observe': Observe,
    'hold_fire': HoldFire,
}
