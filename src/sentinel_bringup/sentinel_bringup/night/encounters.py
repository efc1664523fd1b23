"""People and pets that meet the sentinel: real brain and guard in lock step, truth judged outside.

In some encounters a raccoon is there too, engaged or about to be, and stays whatever is done to
it: the longer the engagement, the harder for whoever comes. A raccoon alone leaves as the average
animal model does. Bodies move in the plane, the eye is a pinhole, and the detector errs as
config/detector_errors.yaml says.
"""

import math
import random
from dataclasses import dataclass, field, replace

import numpy as np
from sentinel_behavior.blackboard import Play
from sentinel_behavior.guard.parameters import DEFAULTS
from sentinel_behavior.lockstep import Deeds, LockStep, make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_behavior.tracks import SURENESS
from sentinel_behavior.zones import Zones
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.files import share
from sentinel_common.geometry import Point, Pose
from sentinel_common.species import CAT, DOG, PERSON, PROTECTED, RACCOON
from sentinel_sim.agents import Sentinel, perceive
from sentinel_sim.fear import Fear, Stimulus

from .bodies import LENGTH, SIZES, WIDTH, Body, box_of
from .detector_errors import DetectorErrors, Lasting, Watched
from .judge import VETO, Judge, Result
from .residents import read_nights

# Pictures per second that are looked at.
RATE = 8.0

# Pause between two encounters of the same sentinel, s: rests, vetoes and budgets of sound are over.
_PAUSE = 3700.0

# A sound that nobody stops is over by then, s: the longest of the catalogue.
_SOUNDS = 6.0

# Further back, s, guard and brain remember nothing: the veto's memory, and a little.
_REMEMBERED: float = DEFAULTS['veto_seconds'] + 1.0  # type: ignore[operator]

# Nobody is in view any more for so long, s, and the encounter is over.
_OVER = 3.0

ZONES = Zones(((-20.0, -20.0), (20.0, -20.0), (20.0, 20.0), (-20.0, 20.0)), {})

# Tracks of the raccoon and of the other one in an encounter.
_PREY, _OTHER = 1, 3


@dataclass
class SyntheticPicture:
    """What the pipeline reports of one picture."""

    found: list[Detection] = field(default_factory=list)
    places: list[Target] = field(default_factory=list)

    def add(self, watched: Watched, track_id: str, place: Point, now: float) -> bool:
        """Add what a look at ``watched`` gives; whether anything of a person or pet is in it."""
        tall, long, _ = SIZES[watched.body]
        box = box_of(place, tall, long)
        if box is None:
            return False
        told = watched.look(now)
        if not told.scores:
            return False
        ids = {'track_id' if told.tracked else 'tentative': track_id}
        self.found.append(Detection(box, told.scores, **ids))
        if told.tracked:
            variance = (0.05 * math.hypot(*place)) ** 2
            scores = {} if told.furniture else told.scores
            self.places.append(
                Target(track_id, scores, *place, variance_x=variance, variance_y=variance)
            )
        return any(told.scores.get(s, 0.0) >= VETO for s in PROTECTED)

    def imagine(self, chance: random.Random, errors: DetectorErrors) -> None:
        """Add a person or pet that is none: on the box of what is there, or anywhere."""
        box = Box(chance.uniform(0, WIDTH - 60), chance.uniform(100, 400), 60.0, 60.0)
        if self.found and chance.random() < 0.5:
            box = self.found[0].box
        scores = {chance.choice((PERSON, CAT, DOG)): chance.choice(errors.scores['imagined'])}
        self.found.append(Detection(box, scores))


class Encounters:
    """Plays encounters one after the other with the same sentinel."""

    def __init__(self, errors: DetectorErrors, seed: str) -> None:
        self._errors = errors
        self._chance = random.Random(seed)
        self._world: LockStep = make_lockstep(
            zones=ZONES,
            policy=POLICIES['thompson'],
            seed=self._chance.randrange(1, 2**31),
            guard={'sure_hits': errors.sure_hits, 'sure_window': errors.sure_window},
            sureness=replace(SURENESS, hits=errors.sure_hits, window=errors.sure_window),
        )
        self._now = 1000.0
        self._ids = 0
        _, models = read_nights(share('config/nights.yaml'))
        self._temperament = models['average'].temperament()

    def play(self, *, raccoon: bool, visitor: str) -> Result:
        """One encounter.

        ``visitor``: '' nobody, else a body of SIZES; without a raccoon it begins when it comes.
        """
        chance, errors = self._chance, self._errors
        self._now += _PAUSE
        pose = Pose()
        self._world.place(pose, 0.001, self._now)
        self._ids += 10
        body = Body(chance, visitor) if visitor else None
        other = Watched(errors, chance, visitor, RATE) if visitor else None
        prey = Watched(errors, chance, RACCOON, RATE)
        spot = chance.uniform(1.5, 3.5), chance.uniform(-0.5, 0.5)
        phantom = Lasting(errors, chance, errors.share(chance, errors.false_veto), RATE)
        comes = chance.uniform(0.0, 5.0)
        fear = None if visitor else Fear.draw(self._temperament, np.random.default_rng(self._ids))
        fled = math.inf
        judge = Judge(visitor in PROTECTED, str(self._ids + _OTHER))
        play, sound_until, idle, awake = None, 0.0, 0.0, False
        waiting: list[tuple[float, SyntheticPicture]] = []
        for tick in range(int(LENGTH * RATE)):
            time = tick / RATE
            now = self._now + time
            there = raccoon and comes <= time < fled
            place = body.at(time) if body else None
            seen = place is not None and box_of(pose.to_base(place), *SIZES[visitor][:2])
            if not (there or seen or sound_until > now):
                idle += 1 / RATE
                if not awake or idle > _OVER:
                    judge.see(now, False, False, False, None)
                    continue  # an empty garden; only what follows an encounter is lived through
            else:
                idle = 0.0
            picture, sign = SyntheticPicture(), False
            if there:
                picture.add(prey, str(self._ids + _PREY), pose.to_base(spot), now)
            if seen and place is not None and other is not None:
                sign = picture.add(other, str(self._ids + _OTHER), pose.to_base(place), now)
            if phantom.look():
                picture.imagine(chance, errors)
            if not awake:
                # Nobody was called a raccoon yet: what there is to remember is told later at once.
                awake = there or (other is not None and other.misled)
                waiting.append((now, picture))
                if not awake:
                    judge.see(now, False, bool(seen), sign, None)
                    continue
                for then, past in waiting[:-1]:
                    if now - then <= _REMEMBERED:
                        self._step(past, then, pose)
            deeds = self._step(picture, now, pose if tick % 4 == 0 else None)
            pose = pose.moved(deeds.twist, 1 / RATE)
            if deeds.play is not None:
                play, sound_until = deeds.play, now + _SOUNDS
            if deeds.stop_sound:
                sound_until = now
            acts = deeds.lit or sound_until > now or deeds.twist.speed > 0.01
            judge.see(now, acts, bool(seen), sign, self._world)
            if there and judge.forbidden:
                judge.result.vetoed = True
            if fear is not None and there:
                sounds = play if sound_until > now else None
                fear.feel(1 / RATE, felt(deeds, pose, spot, sounds))
                if fled == math.inf and fear.level > fear.flee:
                    fled = time + fear.reaction
        return judge.result

    def _step(self, picture: SyntheticPicture, now: float, pose: Pose | None) -> Deeds:
        """Tell brain and guard of a picture, and of ``pose`` where somebody told it."""
        if pose is not None:
            self._world.place(pose, 0.001, now)
        return self._world.step(
            Frame(now, 'camera', tuple(picture.found)),
            TargetFrame(now, 'base_link', tuple(picture.places)),
            hour=12.0,
        )


def felt(deeds: Deeds, pose: Pose, prey: Point, play: Play | None) -> list[Stimulus]:
    """What an animal at ``prey`` notices of the robot; ``play``: what sounds."""
    heading = complex(math.cos(pose.yaw), math.sin(pose.yaw))
    velocity = complex(deeds.twist.vx, deeds.twist.vy) * heading
    return perceive(
        *prey,
        Sentinel(
            pose.x,
            pose.y,
            velocity.real,
            velocity.imag,
            max(deeds.color),
            play.name if play else '',
            play.volume if play else 0.0,
        ),
    )
