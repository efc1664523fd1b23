"""The blackboard of the tree: what the brain knows and wants at one instant.

Two clocks: ``now`` is the steady clock (s) by which things grow old; ``stamp`` is ROS time (s) by
which pictures and the log are dated. In a lock-step simulation both are the simulated time.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sentinel_common.detections import Frame, Target, TargetFrame
from sentinel_common.geometry import Point, Twist
from sentinel_common.safety import PERMISSION_AGE

from .deterrents import Deterrents
from .geometry import DeadReckoning
from .guard.core import TELEOP
from .hours import in_span
from .incidents.model import Incident, Kind
from .policy.candidates import Allowed, Candidate, Usage
from .policy.choice import Context, Policy
from .policy.trial import NO_TRIAL, TREATMENT, Trial
from .settings import Settings
from .tracks import SureTracks
from .visits import Stimulus, Visit, VisitBook, distance, distance_low
from .zones import Zones


@dataclass(frozen=True)
class Safety:
    """What the guard allows, with the names and reasons of the rules that forbid the rest.

    ``driver`` (AUTO, TELEOP, '' for nobody) is to whom motion is allowed.
    """

    armed: bool
    translation: bool
    turning: bool
    sound: bool
    light: bool
    rules: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    driver: str = ''


@dataclass(frozen=True)
class Play:
    """Ask the speaker for a sound."""

    name: str
    volume: float


@dataclass
class Wants:
    """What the brain wants done after this tick.

    ``twist`` None: it says nothing about motion (silence means stop).
    """

    twist: Twist | None = None
    color: tuple[float, float, float] = (0.0, 0.0, 0.0)
    height: float | None = None
    play: Play | None = None
    stop_sound: bool = False
    hook: str = ''
    end_hook: str = ''
    incidents: list[Incident] = field(default_factory=list)


@dataclass
class Blackboard:
    """Leaves read what was heard and write ``wants``, ``state`` and ``explanation``."""

    settings: Settings
    catalogue: Deterrents
    policy: Policy
    zones: Zones
    visits: VisitBook
    sure: SureTracks
    hashes: Mapping[str, str]
    seed: int = 0
    trial: Trial = NO_TRIAL
    hooks: bool = True  # somebody carries them out
    usage: Usage = field(default_factory=Usage)
    reckoning: DeadReckoning = field(default_factory=DeadReckoning)

    now: float = 0.0
    stamp: float = 0.0
    hour: float = 0.0
    frame: Frame | None = None
    frame_time: float | None = None
    targets: TargetFrame | None = None
    safety: Safety | None = None
    safety_time: float | None = None
    battery: float | None = None
    battery_is_low: bool = False

    wants: Wants = field(default_factory=Wants)
    height_due: float | None = None  # waits until the legs may move
    state: str = 'watching'
    explanation: str = ''
    deterrent: str = ''
    considered: list[Candidate] = field(default_factory=list)
    rest_until: float = 0.0
    fallen: bool = False
    stuck_until: float = 0.0
    busy: float | None = None  # when somebody was there last, or since when it watches
    last_place: Point | None = None  # of the target, in the frame of the dead reckoning
    learned: bool = False  # since the state of the policy was kept last

    @property
    def visit(self) -> Visit | None:
        """The visit of a target species that is going on; first one with a sure animal in view."""
        visits = [v for s in self.catalogue.target_species if (v := self.visits.open.get(s))]
        sure = self.sure.sure
        return max(visits, key=lambda v: any(t.track_id in sure for t in v.targets), default=None)

    @property
    def target(self) -> Target | None:
        """The animal that the brain looks at, if it is in the newest picture."""
        visit = self.visit
        return visit.target(self.sure.sure) if visit else None

    @property
    def target_is_there(self) -> bool:
        """Whether there is a target; without pictures nobody knows whether it is still there."""
        return self.target is not None and self.frame_age <= self.settings.perception_timeout

    @property
    def target_is_sure(self) -> bool:
        """Whether the target is surely of its species."""
        target = self.target
        return target is not None and target.track_id in self.sure.sure

    @property
    def allowed(self) -> Allowed:
        """What the guard allows the brain now; nothing where it is silent."""
        if self.safety is None or not self.safety_is_fresh:
            return Allowed(sound=False, light=False, translation=False, turning=False)
        by_hand = self.safety.driver == TELEOP
        return Allowed(
            sound=self.safety.sound,
            light=self.safety.light,
            translation=self.safety.translation and not by_hand,
            turning=self.safety.turning and not by_hand,
            quiet=self.quiet,
        )

    @property
    def safety_age(self) -> float:
        """Seconds since the guard was heard."""
        return float('inf') if self.safety_time is None else self.now - self.safety_time

    @property
    def safety_is_fresh(self) -> bool:
        """Whether what the guard said last still counts."""
        return self.safety_age <= PERMISSION_AGE

    @property
    def frame_age(self) -> float:
        """Seconds since the newest picture was taken."""
        return float('inf') if self.frame_time is None else self.now - self.frame_time

    @property
    def quiet(self) -> bool:
        """Whether quiet hours are."""
        return in_span(self.hour, *self.settings.quiet)

    @property
    def period(self) -> str:
        """Day or night."""
        return 'night' if in_span(self.hour, *self.settings.night) else 'day'

    def context(self, visit: Visit) -> Context:
        """What a choice for ``visit`` may depend on."""
        return Context(visit.species, visit.context, visit.zone)

    def out_of_sight(self, visit: Visit) -> bool:
        """Whether nobody of ``visit`` was seen for the time after which a stimulus ends."""
        return not visit.targets and self.stamp - visit.last_seen > self.settings.lost

    def rest(self, seconds: float) -> None:
        """Begin no stimulus for the next ``seconds``; a longer rest stays."""
        self.rest_until = max(self.rest_until, self.now + seconds)

    def learn(self, visit: Visit, stimulus: Stimulus, reward: float) -> None:
        """Tell the policy how ``stimulus`` went; nothing of a control sound, or if somebody came.

        What counts is where the animal was when the stimulus began, not where it went to.
        """
        if visit.arm == TREATMENT and not stimulus.disturbed:
            context = Context(visit.species, visit.context, stimulus.zone)
            self.policy.learn(stimulus.name, context, reward)
            self.learned = True

    def tell(
        self, kind: Kind, visit: Visit, detail: Mapping[str, Any], deterrent: str = ''
    ) -> None:
        """Add a line to the log about ``visit`` and the animal that is engaged."""
        target = visit.target(self.sure.sure)
        self.wants.incidents.append(
            Incident(
                kind=kind,
                stamp=self.stamp,
                visit_id=visit.visit_id,
                track_id=target.track_id if target else visit.engaged,
                species=visit.species,
                probability=target.scores.get(visit.species, 0.0) if target else 0.0,
                deterrent=deterrent,
                detail=detail,
            )
        )

    def sight(self, visit: Visit) -> dict[str, Any]:
        """Range, bounds, scores and box of the engaged animal for the log.

        Empty while it is out of sight.
        """
        target = visit.target(self.sure.sure)
        if target is None:
            return {}
        found: dict[str, Any] = {
            'range': round(distance(target), 3),
            'range_low': round(distance_low(target), 3),
            'scores': {s: round(p, 4) for s, p in target.scores.items()},
            'zone': visit.zone,
        }
        for detection in self.frame.detections if self.frame else ():
            if detection.track_id == target.track_id:
                box = detection.box
                found['box'] = [round(v, 1) for v in (box.x, box.y, box.width, box.height)]
        return found
