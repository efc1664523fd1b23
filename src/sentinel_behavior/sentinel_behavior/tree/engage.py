"""Decisions while a target is there: choose a deterrent, choose none, or hold fire."""

from collections.abc import Mapping
from typing import Any

from py_trees.common import Status

from ..policy.candidates import candidates
from ..policy.trial import NEUTRAL
from ..visits import Visit
from ..world import Kind, World
from .leaf import Leaf, turn_to


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
        catalogue = self.world.catalogue
        lowest = min(
            catalogue.rung(d, quiet=self.world.quiet)
            for d in catalogue.by_name.values()
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
