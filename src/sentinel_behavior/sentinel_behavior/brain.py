"""The brain without ROS: hears, ticks the tree, and says what it wants."""

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from py_trees.behaviour import Behaviour
from py_trees.common import Status
from py_trees.display import unicode_tree
from sentinel_common.configuration import digest
from sentinel_common.detections import Frame, TargetFrame
from sentinel_common.errors import ConfigurationError
from sentinel_common.geometry import STOP, Pose, Twist
from sentinel_common.species import PROTECTED

from .blackboard import Blackboard, Safety, Wants
from .deterrents import Deterrents, read_deterrents
from .incidents.model import LEFT, LOST, REPELLED, STAYED, Incident, Kind
from .policy.choice import Policy, reward
from .policy.trial import NO_TRIAL, Trial
from .settings import MORE_TIME, SETTINGS, Settings
from .stuck import StuckDetector
from .tracks import SURENESS, Sureness, SureTracks
from .tree import hold
from .tree.build import build_tree
from .visits import Visit, VisitBook, place
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
        hooks: bool = True,
    ) -> None:
        """``run`` prefixes the ids of visits; ``hooks``: somebody carries them out.

        Raises ConfigurationError at the first fault in a file, or where the trial needs a control
        sound that the catalogue has not.
        """
        catalogue = read_deterrents(deterrents)
        for species in catalogue.target_species if trial.neutral else ():
            if not any(d.neutral and species in d.species for d in catalogue.by_name.values()):
                raise ConfigurationError(
                    f'{deterrents}: the trial has a share neutral ({trial.neutral:g}), but there '
                    f'is no control sound for {species}.',
                    'Add a deterrent with neutral: true, or set neutral to 0.',
                )
        self.board = Blackboard(
            settings=settings,
            catalogue=catalogue,
            policy=policy(catalogue, random.Random(seed)),
            zones=zones,
            visits=VisitBook(absence=settings.absence, prefix=run),
            sure=SureTracks(catalogue.target_species, sureness),
            hashes={'tree': digest(tree), 'config': catalogue.digest, 'model': ''},
            seed=seed,
            trial=trial,
            hooks=hooks,
        )
        self.root: Behaviour = build_tree(tree, self.board)
        self._moving = False
        self._without_places = 0
        # Its own source: how many choices a policy draws shifts no assignment.
        self._tosses = random.Random(f'trial {seed}')
        self._stuck = StuckDetector()

    # What is heard.

    def see(self, frame: Frame, captured: float) -> None:
        """A picture, captured at ``captured`` on the steady clock, was looked at."""
        board = self.board
        self._date(frame.stamp)
        board.frame, board.frame_time = frame, captured
        board.sure.see(frame)
        self._without_places += 1
        if self._without_places > PLACES_MISSING and board.targets is not None:
            # The writer of places fell silent: what it said last is no longer there.
            self.locate(TargetFrame(frame.stamp, board.targets.frame_id))

    def locate(self, frame: TargetFrame) -> None:
        """Confirmed tracks stand at these places."""
        board = self.board
        self._date(frame.stamp)
        self._without_places = 0
        blind = board.targets is not None and (
            frame.stamp - board.targets.stamp > board.settings.absence
        )
        board.targets = frame
        zones = {}
        if board.reckoning.estimate is not None:
            pose = board.reckoning.pose
            zones = {t.track_id: board.zones.at(pose.to_world(place(t))) for t in frame.targets}
        for visit in board.visits.gone(board.stamp):
            self._close(visit, LOST if blind else '')
        species = board.catalogue.target_species
        sure = {t.track_id for t in frame.targets if t.best[0] in species} & board.sure.sure
        opened, closed = board.visits.see(frame, zones, sure)
        for visit in closed:
            self._close(visit, STAYED)
        for visit in opened:
            visit.context = board.period
            is_target = visit.species in board.catalogue.target_species
            if is_target:
                visit.arm, visit.group = board.trial.assign(self._tosses)
            board.tell(
                Kind.VISIT_STARTED,
                visit,
                {
                    'target': is_target,
                    'first_seen': visit.first_seen,
                    'trial': board.trial.has_arms,
                    'arm': visit.arm,
                    'group': visit.group,
                    'context': visit.context,
                    'quiet': board.quiet,
                    **board.sight(visit),
                },
            )

    def _date(self, stamp: float) -> None:
        """Go on to ``stamp``; a clock that was set back ends all visits, whose times are void."""
        board = self.board
        if stamp < board.stamp - board.settings.absence:
            self._close_all(LOST)
            board.targets = None
            board.stamp = stamp
        board.stamp = max(board.stamp, stamp)

    def obey(self, safety: Safety, now: float) -> None:
        """The guard said what is allowed."""
        board = self.board
        board.safety, board.safety_time = safety, now
        # The rule alone may be a hint that the animal itself gave as it left.
        visits = board.visits.open
        seen = any(v.targets for v in visits.values() if v.species in PROTECTED)
        if not seen or 'person_or_pet' not in safety.rules:
            return
        for visit in visits.values():
            if visit.stimuli and not board.out_of_sight(visit):
                visit.stimuli[-1].disturbed = True

    def fix(self, pose: Pose, variance: float, now: float) -> None:
        """Somebody saw the robot at ``pose`` in ``map``."""
        before = self.board.reckoning.fix(pose, variance, now)
        if self.board.last_place is not None:
            self.board.last_place = pose.to_world(before.to_base(self.board.last_place))
        if self._stuck.stuck(before, pose):
            self.board.stuck_until = now + STUCK_REST

    def moved(self, twist: Twist, now: float) -> None:
        """The guard let this motion through."""
        self.board.reckoning.command(twist, now)

    def tilt(self, up: float) -> None:
        """``up``: cosine of the angle between the body's upward axis and the sky's, -1..1."""
        self.board.fallen = up < FALLEN

    def charge(self, fraction: float | None) -> None:
        """Charge of the battery 0..1; None, which changes nothing, where the robot cannot tell.

        Low and well again at different levels.
        """
        board, settings = self.board, self.board.settings
        if fraction is not None:
            limit = settings.battery_ok if board.battery_is_low else settings.battery_low
            board.battery, board.battery_is_low = fraction, fraction < limit

    def set_model(self, model: str) -> None:
        """The detector runs the model with this hash; '' before it said so. Goes into the log."""
        self.board.hashes = {**self.board.hashes, 'model': model}

    # What follows.

    def tick(self, now: float, hour: float) -> Wants:
        """Decide at ``now``; ``hour`` is the local time of day (0..24)."""
        board = self.board
        board.now, board.hour = now, hour
        board.reckoning.advance(now)
        target = board.target
        if target is not None:
            board.last_place = board.reckoning.pose.to_world(place(target))
        if board.visits.open or board.busy is None:
            board.busy = now
        visited = list(self.root.tick())
        wants, board.wants = board.wants, Wants()
        due = board.height_due if wants.height is None else wants.height
        wants.height, board.height_due = (due, None) if board.allowed.turning else (None, due)
        if board.state not in ('engaging', 'observing'):
            board.deterrent = ''
        if wants.twist is None and self._moving:
            wants.twist = STOP
        self._moving = wants.twist is not None and not wants.twist.is_zero
        wants.incidents = [_explained(i, visited) for i in wants.incidents]
        return wants

    def watch(self, now: float, hour: float) -> Wants:
        """Decide nothing at ``now``, as a person said: only what was heard goes into the log."""
        board = self.board
        board.now, board.hour = now, hour
        if board.target_is_there:
            hold.tell(board, -math.inf, ('disabled',), ('Switched off by a person.',))
        wants, board.wants = board.wants, Wants()
        return wants

    def stop(self) -> Wants:
        """End what runs, close what is open."""
        board = self.board
        self.root.stop(Status.INVALID)
        blind = board.frame_age > board.settings.absence
        self._close_all(LOST if blind else STAYED)
        wants, board.wants = board.wants, Wants()
        wants.twist = STOP
        return wants

    def _close_all(self, outcome: str) -> None:
        for visit in self.board.visits.open.values():
            self._close(visit, outcome)
        self.board.visits.clear()

    def _close(self, visit: Visit, outcome: str) -> None:
        board = self.board
        if visit.stimuli and visit.stimuli[-1].end is None:
            self.root.stop(Status.INVALID)  # a clock that was set, or no tick for long
        if not outcome:
            outcome = REPELLED if self._credit(visit) else LEFT
        detail = {'outcome': outcome, **visit.summary(), 'policy': board.policy.name}
        board.tell(Kind.VISIT_ENDED, visit, detail)

    def _credit(self, visit: Visit) -> bool:
        """Whether the last stimulus made it leave.

        It was seen no more within the observation time, and nobody else came meanwhile.
        """
        if not visit.stimuli or visit.stimuli[-1].disturbed:
            return False
        stimulus = visit.stimuli[-1]
        if stimulus.success is None and (stimulus.end is None or stimulus.felt):
            end = stimulus.end if stimulus.end is not None else visit.last_seen
            observe = self.board.settings.observe * MORE_TIME
            stimulus.success = visit.last_seen - end <= observe
            longest = observe + (end - stimulus.start)
            took = visit.last_seen - stimulus.start
            self.board.learn(visit, stimulus, reward(took, longest) if stimulus.success else 0.0)
        return bool(stimulus.success)

    # For people.

    def snapshot(self) -> str:
        """The tree as text, with the status of every node."""
        return unicode_tree(self.root, show_status=True)

    def signature(self) -> tuple[str, ...]:
        """Changes whenever the snapshot does."""
        return tuple(f'{n.status.name}{n.feedback_message}' for n in self.root.iterate())


def _explained(incident: Incident, visited: Sequence[Behaviour]) -> Incident:
    """A decision with the way through the tree that led to it."""
    if incident.kind != Kind.DECISION:
        return incident
    path = [f'{n.name}: {n.status.name} {n.feedback_message}'.rstrip() for n in visited]
    return replace(incident, detail={**incident.detail, 'path': path})
