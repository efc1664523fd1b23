"""People and pets that meet the sentinel: real brain and guard in lock step, truth judged outside.

In some encounters a raccoon is there too, engaged or about to be, and stays whatever is done to
it: the longer the engagement, the harder for whoever comes. A raccoon alone leaves as the average
animal model does. Bodies move in the plane, the eye is a pinhole, and the detector errs as
config/nights.yaml says, once per encounter.
"""

import math
import random
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sentinel_behavior.configuration import load
from sentinel_behavior.geometry import Point, Pose
from sentinel_behavior.guard.parameters import DEFAULTS
from sentinel_behavior.lockstep import Deeds, LockStep, make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_behavior.world import Play
from sentinel_behavior.zones import Zones
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.files import share
from sentinel_sim.agents import Sentinel, perceive
from sentinel_sim.fear import Fear, Stimulus

from .residents import SCHEMA, read_nights
from .statistics import share as share_of

# Pictures per second that are looked at, and how long an encounter is watched, s.
RATE, LENGTH = 8.0, 30.0

# Pause between two encounters of the same sentinel, s: rests, vetoes and budgets of sound are over.
_PAUSE = 3700.0

# An action at somebody: a stimulus that starts later than this after they came into view, s (the
# guard's own limit), ...
STARTS = 0.3

# ... or one that ran before and still runs so long after, s: the time that it may take to see them
# (as for the first stimulus of a raccoon's visit). With a sign of them the guard ends it with the
# same picture; see `invariants`.
RUNS_ON = 1.0

# A sound that nobody stops is over by then, s: the longest of the catalogue.
_SOUNDS = 6.0

# Further away nobody is met, m.
REACH = 6.0

# The eye: 640x480, focal length px, height above the ground m.
_FOCAL, _WIDTH, _HEIGHT, _EYE = 579.4, 640.0, 480.0, 0.105

# Height and length of bodies, m, and walking speed, m/s.
_BODIES = {
    'raccoon': (0.3, 0.5, 0.4),
    'cat': (0.27, 0.45, 0.6),
    'dog': (0.5, 0.8, 0.9),
    'person': (1.7, 0.5, 1.1),
}

_ZONES = Zones(((-20.0, -20.0), (20.0, -20.0), (20.0, 20.0), (-20.0, 20.0)), {})

# Share of encounters with a raccoon: about one in ten is then during an engagement.
_WITH_RACCOON = 0.12

# Score of clutter that passes for a person or pet: what the guard just counts.
_PHANTOM: float = DEFAULTS['veto_level']  # type: ignore[assignment]

# Encounters that one process plays with one sentinel.
_BLOCK = 50

_CURVE = (0.0, 0.05, 0.1, 0.2, 0.5)


@dataclass(frozen=True)
class Errors:
    """How the detector errs; see config/nights.yaml."""

    missed: float
    seen: tuple[float, float]
    score: tuple[float, float]
    confused: float
    wavers: float
    phantom: float


@dataclass(frozen=True)
class Result:
    """One encounter: whether anything was done at somebody, and what became of the raccoon."""

    engaged: bool  # a stimulus had begun before somebody came
    action: bool
    answered: bool
    vetoed: bool  # a person or pet was believed in while the raccoon was in view


def read_errors() -> Errors:
    """The error model of config/nights.yaml."""
    values: dict[str, Any] = load(share('config/nights.yaml'), SCHEMA)['errors']
    spans: dict[str, Any] = {k: tuple(v) for k, v in values.items() if isinstance(v, list)}
    return Errors(**(values | spans))


class _Body:
    """Somebody who crosses the garden in a straight line, with a stop on the way."""

    def __init__(self, chance: random.Random, species: str) -> None:
        self.species = species
        self.tall, self.long, speed = _BODIES[species]
        side = chance.choice((-1, 1))
        self._from = chance.uniform(1.2, 5.0), side * chance.uniform(2.5, 4.0)
        self._to = chance.uniform(1.2, 5.0), -side * chance.uniform(2.5, 4.0)
        self._length = math.dist(self._from, self._to)
        self._speed = speed * chance.uniform(0.5, 1.2)
        self._start = chance.uniform(0.0, LENGTH * 0.6)
        self._stop_at = chance.uniform(0.2, 0.8) * self._length
        self._stop = chance.choice((0.0, chance.uniform(1.0, 15.0)))

    def at(self, time: float) -> Point | None:
        """Where it is, None while it is not in the garden."""
        walked = (time - self._start) * self._speed
        if walked < 0:
            return None
        pause = self._stop * self._speed
        if walked > self._stop_at:
            walked = max(self._stop_at, walked - pause)
        if walked > self._length:
            return None
        share_walked = walked / self._length
        return (
            self._from[0] + share_walked * (self._to[0] - self._from[0]),
            self._from[1] + share_walked * (self._to[1] - self._from[1]),
        )


def box_of(place: Point, tall: float, long: float) -> Box | None:
    """Box in the picture of a body at ``place`` (base_link); None outside the picture."""
    x, y = place
    if x < 0.3 or x > REACH:
        return None
    left = _WIDTH / 2 - _FOCAL * (y + long / 2) / x
    right = _WIDTH / 2 - _FOCAL * (y - long / 2) / x
    bottom = _HEIGHT / 2 + _FOCAL * _EYE / x
    top = bottom - _FOCAL * tall / x
    visible = min(right, _WIDTH) - max(left, 0.0)
    if visible < 0.4 * (right - left):
        return None
    left, top = max(left, 0.0), max(top, 0.0)
    return Box(left, top, min(right, _WIDTH) - left, min(bottom, _HEIGHT) - top)


class Encounters:
    """Plays encounters one after the other with the same sentinel."""

    def __init__(self, errors: Errors, seed: str) -> None:
        self._errors = errors
        self._chance = random.Random(seed)
        self._world: LockStep = make_lockstep(
            zones=_ZONES, policy=POLICIES['thompson'], seed=self._chance.randrange(1, 2**31)
        )
        self._now = 1000.0
        self._ids = 0
        _, models = read_nights(share('config/nights.yaml'))
        self._temperament = models['average'].temperament()

    def play(self, *, raccoon: bool, visitor: str) -> Result:
        """One encounter; ``visitor`` '' is a raccoon alone."""
        chance, errors = self._chance, self._errors
        self._now += _PAUSE
        pose = Pose()
        self._world.place(pose, 0.001, self._now)
        self._ids += 10
        body = _Body(chance, visitor) if visitor else None
        pet = visitor in ('cat', 'dog')
        missed = chance.random() < errors.missed
        confused = pet and chance.random() < errors.confused
        seen = chance.uniform(*errors.seen)
        prey = chance.uniform(1.5, 3.5), chance.uniform(-0.5, 0.5)
        certain = chance.uniform(0.85, 1.0)
        comes = chance.uniform(0.0, 5.0)
        fear = None
        if not visitor:
            fear = Fear.draw(self._temperament, np.random.default_rng(self._ids))
        met = since = fled = None
        running, began, world = False, -math.inf, self._world.brain.world
        play, sound_until = None, 0.0
        engaged = action = answered = vetoed = False
        for tick in range(int(LENGTH * RATE)):
            time = tick / RATE
            now = self._now + time
            found: list[Detection] = []
            places: list[Target] = []
            there = raccoon and time >= comes and (fled is None or time < fled)
            if there:
                self._add(found, places, 'raccoon', {'raccoon': certain}, 1, pose.to_base(prey))
            place = body.at(time) if body else None
            box = None
            if body is not None and place is not None:
                box = box_of(pose.to_base(place), body.tall, body.long)
            if box is not None and place is not None:
                self._show(found, places, visitor, pose.to_base(place), missed, confused, seen)
            if chance.random() < errors.phantom:
                spot = Box(chance.uniform(0, 580), chance.uniform(0, 400), 60.0, 60.0)
                found.append(Detection(spot, {chance.choice(('person', 'cat', 'dog')): _PHANTOM}))
            if tick % 4 == 0:
                self._world.place(pose, 0.001, now)
            deeds = self._world.step(
                Frame(now, 'camera', tuple(found)),
                TargetFrame(now, 'base_link', tuple(places)),
                hour=12.0,
            )
            pose = pose.moved(deeds.twist, 1 / RATE)
            if deeds.play is not None:
                play, sound_until = deeds.play, now + _SOUNDS
            if deeds.stop_sound:
                sound_until = now
            acts = deeds.lit or sound_until > now or deeds.twist.speed > 0.01
            met = (met if met is not None else now) if box is not None else None
            since = now if box is not None and since is None else since
            began = now if acts and not running else began
            running = acts
            answered |= acts
            engaged |= acts and since is None
            if acts and met is not None:
                action |= now - met > (STARTS if began - met > STARTS else RUNS_ON)
            vetoed |= there and bool(world.safety and 'person_or_pet' in world.safety.rules)
            if fear is not None and there:
                fear.feel(
                    1 / RATE, self._felt(deeds, pose, prey, play if sound_until > now else None)
                )
                if fled is None and fear.level > fear.flee:
                    fled = time + fear.reaction
        return Result(engaged and since is not None, action, answered, vetoed)

    @staticmethod
    def _felt(deeds: Deeds, pose: Pose, prey: Point, play: Play | None) -> list[Stimulus]:
        """What the raccoon at ``prey`` notices of the robot; ``play``: what sounds."""
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

    def _show(
        self,
        found: list[Detection],
        places: list[Target],
        species: str,
        place: Point,
        missed: bool,
        confused: bool,
        seen: float,
    ) -> None:
        """What the detector makes of somebody who is in the picture."""
        chance, errors = self._chance, self._errors
        if confused:
            self._add(found, places, species, {'raccoon': 0.9}, 2, place)
            if chance.random() < errors.wavers:
                found.append(Detection(found[-1].box, {species: chance.uniform(*errors.score)}))
        elif not missed and chance.random() < seen:
            scores = {species: chance.uniform(*errors.score)}
            self._add(found, places, species, scores, 3, place)

    def _add(
        self,
        found: list[Detection],
        places: list[Target],
        body: str,
        scores: dict[str, float],
        track: int,
        place: Point,
    ) -> None:
        tall, long, _ = _BODIES[body]
        box = box_of(place, tall, long)
        if box is None:
            return
        track_id = str(self._ids + track)
        found.append(Detection(box, scores, track_id))
        sigma = 0.05 * math.hypot(*place)
        places.append(Target(track_id, scores, *place, variance_x=sigma**2, variance_y=sigma**2))


def _block(job: tuple[Errors, str, int]) -> list[tuple[str, Result]]:
    errors, seed, count = job
    world, chance = Encounters(errors, seed), random.Random(f'kinds {seed}')
    results = []
    for _ in range(count):
        visitor = chance.choice(('person', 'cat', 'dog'))
        results.append(
            (visitor, world.play(raccoon=chance.random() < _WITH_RACCOON, visitor=visitor))
        )
    return results


def _alone(job: tuple[Errors, str, int]) -> list[Result]:
    errors, seed, count = job
    world = Encounters(errors, seed)
    return [world.play(raccoon=True, visitor='') for _ in range(count)]


def measure(
    count: int, *, workers: int = 1, say: Callable[[str], None] = lambda _: None
) -> dict[str, Any]:
    """Rates with exact 95 % intervals.

    Actions at people and pets over miss rates, raccoons answered.
    """
    errors = read_errors()
    found: dict[str, Any] = {'errors': vars(errors), 'curve': []}
    with ProcessPoolExecutor(workers) as pool:
        for missed in (errors.missed, *_CURVE):
            number = count if missed == errors.missed else max(_BLOCK, count // 5)
            jobs = _jobs(replace(errors, missed=missed), f'missed {missed}', number)
            done = [result for block in pool.map(_block, jobs) for result in block]
            found['curve'].append(_figures(missed, done))
            say(f'missed {missed}')
        alone = [r for b in pool.map(_alone, _jobs(errors, 'alone', count // 5)) for r in b]
    found['answered'] = share_of(sum(r.answered for r in alone), len(alone))
    found['vetoed_by_mistake'] = share_of(sum(r.vetoed for r in alone), len(alone))
    lost = sum(r.vetoed and not r.answered for r in alone)
    found['unanswered_for_a_veto'] = share_of(lost, len(alone))
    return found


def _jobs(errors: Errors, name: str, count: int) -> list[tuple[Errors, str, int]]:
    return [(errors, f'{name} {i}', min(_BLOCK, count - i)) for i in range(0, count, _BLOCK)]


def _figures(missed: float, done: Sequence[tuple[str, Result]]) -> dict[str, Any]:
    during = [r for _, r in done if r.engaged]
    return {
        'missed': missed,
        'encounters': len(done),
        'actions': share_of(sum(r.action for _, r in done), len(done)),
        'during_engagement': len(during),
        'actions_during_engagement': share_of(sum(r.action for r in during), len(during) or 1),
        'by_species': {
            s: share_of(sum(r.action for v, r in done if v == s), sum(v == s for v, _ in done) or 1)
            for s in ('person', 'cat', 'dog')
        },
    }
