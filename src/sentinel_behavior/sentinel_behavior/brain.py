"""The brain without ROS: hears, ticks the tree, and says what it wants."""

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.display import ascii_tree, unicode_tree
from sentinel_common.detections import Frame, TargetFrame

from .configuration import digest
from .deterrents import Deterrents, read_deterrents
from .geometry import STOP, Pose, Twist
from .policy.choice import Policy, reward
from .policy.trial import NO_TRIAL, Trial
from .tracks import SURENESS, Sureness, SureTracks
from .tree.build import build_tree
from .visits import Visit, VisitBook, place
from .walked import Walked
from .world import MORE_TIME, SETTINGS, Incident, Kind, Safety, Settings, Wants, World
from .zones import Zones

# Cosine of the tilt from which it has fallen: 60 degrees, more than any gait or lawn makes.
FALLEN = 0.5

# So many pictures without a word about places, and nobody is there any more. Places of a picture
# come shortly after its detections, so one is usual.
PLACES_MISSING = 5

# So long it rests after it walked and got nowhere, s.
STUCK_REST = 20.0


class Brain:
    """Decides.

    Every input names its time: ``now`` on the steady clock (s); stamps are ROS time (s).
    """

    def __init__(
        self,
        *,
        tree: Path,
        deterrents: Path,
        zones: Zones,
        policy: Callable[[Deterrents, random.Random], Policy],
        trial: Trial = NO_TRIAL,
        settings: Settings = SETTINGS,
        sureness: Sureness = SURENESS,
        seed: int = 0,
        run: str = 'run',
    ) -> None:
        """``run`` prefixes the ids of visits."""
        catalogue = read_deterrents(deterrents)
        self.world = World(
            settings=settings,
            catalogue=catalogue,
            policy=policy(catalogue, random.Random(seed)),
            zones=zones,
            visits=VisitBook(absence=settings.absence, prefix=run),
            sure=SureTracks(catalogue.target_species, sureness),
            hashes={'tree': digest(tree), 'config': catalogue.digest, 'model': ''},
            seed=seed,
            trial=trial,
        )
        self.root: Behaviour = build_tree(tree, self.world)
        self._moving = False
        self._without_places = 0
        # Its own source: how many choices a policy draws shifts no assignment.
        self._tosses = random.Random(f'trial {seed}')
        self._walked = Walked()

    # What is heard.

    def see(self, frame: Frame, captured: float) -> None:
        """A picture, captured at ``captured`` on the steady clock, was looked at."""
        world = self.world
        world.frame, world.frame_time = frame, captured
        world.stamp = max(world.stamp, frame.stamp)
        world.sure.see(frame)
        self._without_places += 1
        if self._without_places > PLACES_MISSING and world.targets is not None:
            # The writer of places fell silent: what it said last is no longer there.
            self.locate(TargetFrame(frame.stamp, world.targets.frame_id))

    def locate(self, frame: TargetFrame) -> None:
        """Confirmed tracks stand at these places."""
        world = self.world
        self._without_places = 0
        blind = world.targets is not None and (
            frame.stamp - world.targets.stamp > world.settings.absence
        )
        world.targets = frame
        world.stamp = max(world.stamp, frame.stamp)
        zones = {}
        if world.reckoning.estimate is not None:
            pose = world.reckoning.pose
            zones = {t.track_id: world.zones.at(pose.to_world(place(t))) for t in frame.targets}
        for visit in world.visits.gone(world.stamp):
            self._close(visit, 'lost' if blind else '')
        for visit in world.visits.see(frame, zones):
            visit.context = world.period
            if visit.species in world.catalogue.target_species:
                visit.arm, visit.group = world.trial.assign(self._tosses)
            world.tell(
                Kind.VISIT_STARTED,
                visit,
                {
                    'first_seen': visit.start,
                    'context': visit.context,
                    'quiet': world.quiet,
                    **world.sight(visit),
                },
            )

    def obey(self, safety: Safety, now: float) -> None:
        """The guard said what is allowed."""
        self.world.safety, self.world.safety_time = safety, now

    def fix(self, pose: Pose, variance: float, now: float) -> None:
        """Somebody saw the robot at ``pose`` in ``map``."""
        before = self.world.reckoning.pose
        self.world.reckoning.fix(pose, variance, now)
        if self.world.last_place is not None:
            self.world.last_place = pose.to_world(before.to_base(self.world.last_place))
        if self._walked.stuck(before, pose):
            self.world.stuck_until = now + STUCK_REST

    def moves(self, twist: Twist, now: float) -> None:
        """The guard let this motion through."""
        self.world.reckoning.command(twist, now)

    def tilt(self, up: float) -> None:
        """``up``: cosine of the angle between the body's upward axis and the sky's, -1..1."""
        self.world.fallen = up < FALLEN

    def charge(self, fraction: float | None) -> None:
        """Charge of the battery 0..1; None where the robot does not tell.

        Low and well again at different levels.
        """
        world = self.world
        world.battery = fraction
        if fraction is not None:
            limit = (
                world.settings.battery_ok if world.battery_is_low else world.settings.battery_low
            )
            world.battery_is_low = fraction < limit

    def runs(self, model: str) -> None:
        """The detector runs the model with this hash; '' before it said so. Goes into the log."""
        self.world.hashes = {**self.world.hashes, 'model': model}

    # What follows.

    def tick(self, now: float, hour: float) -> Wants:
        """Decide at ``now``; ``hour`` is the local time of day (0..24)."""
        world = self.world
        world.now, world.hour = now, hour
        world.reckoning.advance(now)
        target = world.target
        if target is not None:
            world.last_place = world.reckoning.pose.to_world(place(target))
        if world.visits.open or world.busy is None:
            world.busy = now
        visited = list(self.root.tick())
        wants, world.wants = world.wants, Wants()
        if world.state not in ('engaging', 'observing'):
            world.deterrent = ''
        if wants.twist is None and self._moving:
            wants.twist = STOP
        self._moving = wants.twist is not None and not wants.twist.is_zero
        wants.incidents = [_explained(i, visited) for i in wants.incidents]
        return wants

    def stop(self) -> Wants:
        """End what runs, close what is open."""
        self.root.stop(Status.INVALID)
        for visit in list(self.world.visits.open.values()):
            self._close(visit, 'stayed')
        self.world.visits.open.clear()
        wants, self.world.wants = self.world.wants, Wants()
        wants.twist = STOP
        return wants

    def _close(self, visit: Visit, outcome: str) -> None:
        world = self.world
        if not outcome:
            outcome = 'repelled' if self._credit(visit) else 'left'
        first = visit.stimuli[0].start if visit.stimuli else None
        world.tell(
            Kind.VISIT_ENDED,
            visit,
            {
                'outcome': outcome,
                'last_seen': visit.last_seen,
                'seconds': round(visit.last_seen - visit.start, 3),
                'actions': len(visit.stimuli),
                'first_stimulus': None if first is None else round(first - visit.start, 3),
                'to_departure': None if first is None else round(visit.last_seen - first, 3),
                'stimuli': [
                    {
                        'name': s.name,
                        'step': s.step,
                        'start': s.start,
                        'seconds': None if s.end is None else round(s.end - s.start, 3),
                        'reason': s.reason,
                        'success': s.success,
                    }
                    for s in visit.stimuli
                ],
                'min_range': round(visit.distance_min, 3),
                'zone_seconds': {z: round(s, 3) for z, s in visit.zone_seconds.items()},
                'tracks': sorted(visit.tracks),
                'species_votes': dict(visit.votes),
                'arm': visit.arm,
                'group': visit.group,
                'policy': world.policy.name,
                'context': visit.context,
            },
        )

    def _credit(self, visit: Visit) -> bool:
        """Whether the last stimulus made it leave.

        It was seen no more within the observation time.
        """
        if not visit.stimuli:
            return False
        stimulus = visit.stimuli[-1]
        if stimulus.success is None and (stimulus.end is None or stimulus.felt):
            end = stimulus.end if stimulus.end is not None else visit.last_seen
            observe = self.world.settings.observe * MORE_TIME
            stimulus.success = visit.last_seen - end <= observe
            longest = observe + (end - stimulus.start)
            took = visit.last_seen - stimulus.start
            self.world.learn(visit, stimulus, reward(took, longest) if stimulus.success else 0.0)
        return bool(stimulus.success)

    # For people.

    def snapshot(self) -> str:
        """The tree as text, with the status of every node."""
        return unicode_tree(self.root, show_status=True)

    def plain_snapshot(self) -> str:
        """The tree as ASCII text, with the status of every node."""
        return ascii_tree(self.root, show_status=True)

    def signature(self) -> tuple[str, ...]:
        """Changes whenever the snapshot does."""
        return tuple(f'{n.status.name}{n.feedback_message}' for n in self.root.iterate())


def _explained(incident: Incident, visited: Sequence[Behaviour]) -> Incident:
    """A decision with the way through the tree that led to it."""
    if incident.kind != Kind.DECISION:
        return incident
    path = [f'{n.name}: {n.status.name} {n.feedback_message}'.rstrip() for n in visited]
    return replace(incident, detail={**incident.detail, 'path': path})
