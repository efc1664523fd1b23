"""Encounters in rendered gardens: real pictures, the real pipeline, brain and guard in lock step.

Nothing is drawn from a table here: detector, pipeline and guard err as they do. Gardens and animals
are those of no training set and of no other validation set. The truth is judged outside.
"""

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sentinel_behavior.lockstep import Deeds, make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_common.detections import Box, Detection
from sentinel_common.files import share
from sentinel_common.geometry import Pose
from sentinel_common.species import PROTECTED, RACCOON
from sentinel_perception.detector.classifier import shipped
from sentinel_perception.detector.model import load
from sentinel_perception.pipeline import Pipeline, Sight
from sentinel_perception.position import Intrinsics
from sentinel_perception.settings import Settings
from sentinel_sim.encounter import encounter
from sentinel_sim.offscreen import choose_renderer
from sentinel_sim.robot.model import CAMERA_FOVY
from sentinel_sim.scenarios import Scenario

from .encounters import RATE
from .judge import VETO, Judge

if TYPE_CHECKING:  # MuJoCo comes with them, and whoever draws chooses a renderer before
    from sentinel_sim.render import Label
    from sentinel_sim.world import World

# Gardens and animals from these numbers on; training and validation use smaller ones.
GARDENS, VARIANTS = 50_000, (200, 260)

NOBODY = 'nobody'

# Somebody can be seen: so many pixels of the longer side, such a share not hidden (design, 3); and
# so many of the shorter side, for of a sliver at the edge of the picture nobody knows what it is.
PIXELS, VISIBLE, SLIVER = 40, 0.6, 16

# The camera shakes for so long after a step, s, as the node has it.
_SHAKES = 0.7

# A sound lasts so long, s, unless it is stopped.
_SOUND = 4.0

# A box that overlaps this much with the true one is about the same animal.
_SAME = 0.3

# Nights begin at this time of the steady clock, s: a clock that starts at 0 looks like none.
_START = 1000.0


@dataclass
class Met:
    """What one encounter came to. Seconds count pictures; None where it did not happen.

    ``clear``: s in which the visitor could be seen, and ``signs``: s of these in which the pipeline
    told of it at the guard's veto level; ``first_sign``: s from the first clear picture to the
    first sign. ``called``: s in which guard and brain took it for a sure target. ``doubted``: s in
    which the guard held fire for a person or pet while a raccoon alone could be seen, and ``held``
    whether that delayed the first stimulus. ``doubts``: pictures with imagined ones by species.
    """

    kind: str
    light: str
    seed: int
    clear: float = 0.0
    signs: float = 0.0
    first_sign: float | None = None
    called: float = 0.0
    raccoon_clear: float = 0.0
    sure: float = 0.0
    doubted: float = 0.0
    engaged: bool = False
    action: str = ''
    answered: bool = False
    vetoed: bool = False
    held: bool = False
    first: float | None = None
    left: bool = False
    doubts: dict[str, int] = field(default_factory=dict)


def scenario(kind: str, seed: int) -> Scenario:
    """An encounter of ``kind``: a body alone, 'raccoon+cat' and the like, or 'nobody'."""
    bodies = [] if kind == NOBODY else kind.split('+')
    return encounter(bodies, seed, gardens=GARDENS, variants=VARIANTS)


class Rendered:
    """Plays encounters with one detector."""

    def __init__(self) -> None:
        self._detector = load(share('models/detector.tflite'), threads=1)
        self._classifier = shipped()

    def play(self, kind: str, seed: int) -> Met:
        """Play one encounter; the same ``kind`` and ``seed`` give the same one."""
        choose_renderer()
        from sentinel_sim.world import World

        told = scenario(kind, seed)
        world = World(told, seed)
        try:
            return self._play(world, Met(kind, told.light, seed))
        finally:
            world.close()

    def _play(self, world: 'World', met: Met) -> Met:
        from sentinel_sim.world import SIZE

        pipeline = Pipeline(self._detector, Settings(), classifier=self._classifier)
        camera = Intrinsics.from_field_of_view(*SIZE, math.radians(CAMERA_FOVY))
        lockstep = make_lockstep(policy=POLICIES['thompson'], seed=met.seed + 1)
        hand = _Hand(world)
        names = {a.visitor.kind: a.visitor.name for a in world.night.agents}
        visitor = next((n for kind, n in names.items() if kind in PROTECTED), '')
        judge = Judge(bool(visitor), '')
        due, first_clear = world.night.time, None
        in_view = False  # from the first clear picture on until nothing shows any more
        while not world.night.over:
            if world.night.time >= due:
                due += 1 / RATE
                now = _START + world.night.time
                picture = world.eye()[..., ::-1].copy()
                labels = {label.name: label for label in world.labels()}
                sight = pipeline.process(
                    picture, now, camera, 'camera', moving=now - hand.moved < _SHAKES
                )
                x, y = world.robot().position[:2]
                lockstep.place(Pose(float(x), float(y), world.yaw), 0.001, now)
                lockstep.sound_used = hand.sounded
                deeds = lockstep.step(sight.frame, sight.targets, hour=23.0, sweep=sight.swept)
                hand.obey(deeds, now)
                sure = lockstep.guard.scene(now).sure
                label = labels.get(visitor)
                clear = label is not None and can_be_seen(label)
                in_view = label is not None and (clear or in_view)
                sign = _sign(sight, label)
                judge.other = _track_at(sight, label)
                prey = labels.get(names.get(RACCOON, ''))
                prey_clear = prey is not None and can_be_seen(prey)
                acts = hand.acts(now)
                judge.see(now, acts, in_view, sign, lockstep, confirmable=prey_clear)
                if clear:
                    first_clear = now if first_clear is None else first_clear
                    met.clear += 1 / RATE
                    met.signs += sign / RATE
                    if sign and met.first_sign is None:
                        met.first_sign = now - first_clear
                met.called += (judge.other in sure) / RATE
                if prey_clear and label is None:
                    _count_raccoon(met, bool(sure), judge.forbidden, sight)
            world.step()
        result = judge.result
        met.engaged, met.answered, met.held = result.engaged, result.answered, result.held
        met.first = result.first
        met.action = result.why if result.action else ''
        met.left = any(v.fled is not None for v in world.night.visits if v.kind == RACCOON)
        return met


class _Hand:
    """Does in the world what is left of the brain's wishes."""

    def __init__(self, world: 'World') -> None:
        self._world = world
        self._until = -math.inf
        self._acts = False
        self.moved = -math.inf
        self.sounded = 0.0

    def obey(self, deeds: Deeds, now: float) -> None:
        """Walk, shine and sound as told at ``now`` (s)."""
        world = self._world
        if world.sound:
            self.sounded += 1 / RATE
        if deeds.play is not None:
            world.sound, self._until = (deeds.play.name, deeds.play.volume), now + _SOUND
        if deeds.stop_sound or now >= self._until:
            world.sound, self._until = None, -math.inf
        if not deeds.twist.is_zero:
            self.moved = now
        self._acts = deeds.lit or deeds.twist.speed > 0.01
        world.walk(deeds.twist.vx, deeds.twist.vy, deeds.twist.wz)
        world.mekamon.head_color = deeds.color

    def acts(self, now: float) -> bool:
        """Whether it sounds, shines or walked a moment ago."""
        return self._acts or self._until > now


def can_be_seen(label: 'Label') -> bool:
    """Whether an animal is there to be seen, by the design's measure."""
    shorter, longer = sorted(label.box[2:])
    return longer >= PIXELS and shorter >= SLIVER and label.visible >= VISIBLE


def _near(detection: Detection, label: 'Label') -> bool:
    return detection.box.iou(Box(*map(float, label.box))) >= _SAME


def _sign(sight: Sight, label: 'Label | None') -> bool:
    """Whether the picture tells of somebody, where it is, at the guard's veto level."""
    return label is not None and any(
        _near(d, label) and d.scores.get(s, 0.0) >= VETO
        for d in sight.frame.detections
        for s in PROTECTED
    )


def _track_at(sight: Sight, label: 'Label | None') -> str:
    if label is None:
        return ''
    return next((d.track_id for d in sight.frame.detections if d.track_id and _near(d, label)), '')


def _count_raccoon(met: Met, sure: bool, forbidden: bool, sight: Sight) -> None:
    """Note a picture of a raccoon in plain view that is alone, and whom fire was held for."""
    met.raccoon_clear += 1 / RATE
    met.sure += sure / RATE
    if not forbidden:
        return
    met.doubted += 1 / RATE
    met.vetoed = True
    for detection in sight.frame.detections:
        for species in PROTECTED:
            if detection.scores.get(species, 0.0) >= VETO:
                met.doubts[species] = met.doubts.get(species, 0) + 1
