"""A mother with young: the robot never walks between them, nor up to one of them."""

import math
import random
from typing import Any

from sentinel_behavior.geometry import segment_distance
from sentinel_behavior.guard.animals import ANIMAL_MEMORY
from sentinel_behavior.incidents.model import Kind
from sentinel_behavior.lockstep import make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_common.detections import Frame, TargetFrame
from sentinel_common.geometry import Point, Pose

from .detector_errors import DetectorErrors, Watched, perfect
from .encounters import RATE, ZONES, SyntheticPicture
from .statistics import share

# How long a family is watched, s, how many young there are, and how far from her they play, m.
LENGTH = 40.0
YOUNG = (1, 3)
AWAY = (0.5, 2.5)

# Nearer to the way between mother and young than this the robot does not step, m (the guard's own
# limit), and so near to one of them it does not come; rounding and what they do in a picture's time
# are forgiven.
WIDTH, NEAREST = 1.0, 0.7
_FORGIVEN = 0.08

# Walked between two, or nearer to one, of those that the robot was told of lately or not.
_FAULTS = ('between', 'near', 'between_unseen', 'near_unseen')

# They stroll about at this speed, m/s.
_SPEED = 0.15


def play_family(errors: DetectorErrors, count: int) -> dict[str, Any]:
    """Families in view of a detector that does not err, and of one that errs as measured."""
    found = {}
    for name, how in (('seen', perfect()), ('measured', errors)):
        played = [_play(how, f'family {name} {i}') for i in range(count)]
        found[name] = {
            'families': count,
            'stimuli': sum(p['stimuli'] for p in played),
            'walked_in_between': share(sum(p['between'] for p in played), count),
            'walked_too_near': share(sum(p['near'] for p in played), count),
            'in_between_of_unseen': share(sum(p['between_unseen'] for p in played), count),
            'too_near_to_unseen': share(sum(p['near_unseen'] for p in played), count),
            'walks_with_several_in_view': sum(p['walks'] for p in played),
            'moved_with_several_in_view': share(sum(p['moved'] for p in played), count),
        }
    return found


def _play(errors: DetectorErrors, seed: str) -> dict[str, Any]:
    chance = random.Random(seed)
    world = make_lockstep(zones=ZONES, policy=POLICIES['random'], seed=chance.randrange(1, 2**31))
    angle, far = chance.uniform(-0.4, 0.4), chance.uniform(1.2, 3.0)
    mother = far * math.cos(angle), far * math.sin(angle)
    places = [mother]
    for _ in range(chance.randint(*YOUNG)):
        way, away = chance.uniform(-math.pi, math.pi), chance.uniform(*AWAY)
        places.append(
            (max(0.9, mother[0] + away * math.cos(way)), mother[1] + away * math.sin(way))
        )
    watched = [Watched(errors, chance, 'raccoon', RATE) for _ in places]
    pose, now = Pose(), 1000.0
    done = {'stimuli': 0, 'walks': 0, 'moved': False, **dict.fromkeys(_FAULTS, False)}
    reported = [-math.inf] * len(places)
    catalogue = world.brain.board.catalogue.by_name
    for tick in range(int(LENGTH * RATE)):
        now += 1 / RATE
        places = [_strolled(chance, p, pose) for p in places]
        picture = SyntheticPicture()
        for i, place in enumerate(places):
            picture.add(watched[i], str(i + 1), pose.to_base(place), now)
        for target in picture.places:
            reported[int(target.track_id) - 1] = now
        if tick % 4 == 0:
            world.place(pose, 0.001, now)
        deeds = world.step(
            Frame(now, 'c', tuple(picture.found)),
            TargetFrame(now, 'b', tuple(picture.places)),
            hour=12.0,
        )
        moved = pose.moved(deeds.twist, 1 / RATE)
        known = [now - then <= ANIMAL_MEMORY for then in reported]
        _judge(done, pose, moved, places, known)
        started = [i for i in deeds.incidents if i.kind == Kind.STIMULUS_STARTED]
        motions = [catalogue[i.deterrent].motion for i in started]
        done['stimuli'] += len(started)
        if len(picture.places) > 1:
            done['moved'] |= deeds.twist.speed > 0.01
            done['walks'] += sum(motion is not None and motion.walks for motion in motions)
        pose = moved
    return done


def _strolled(chance: random.Random, place: Point, pose: Pose) -> Point:
    """A step of its own, never nearer to the robot than an arm's length."""
    way = chance.uniform(-math.pi, math.pi)
    there = (
        place[0] + _SPEED / RATE * math.cos(way),
        place[1] + _SPEED / RATE * math.sin(way),
    )
    return there if math.dist(there, (pose.x, pose.y)) > 0.9 else place


def _judge(
    done: dict[str, Any], before: Pose, after: Pose, places: list[Point], known: list[bool]
) -> None:
    """What the robot's own step did: nearer to one of them, or in between.

    ``known``: which of them the robot was told of lately; the others it cannot mind.
    """
    a, b = (before.x, before.y), (after.x, after.y)
    if a == b:
        return
    for place, told in zip(places, known, strict=True):
        closer = math.dist(a, place) - math.dist(b, place)
        if closer > 1e-6 and math.dist(b, place) < NEAREST - _FORGIVEN:
            done['near' if told else 'near_unseen'] = True
    for young, told in zip(places[1:], known[1:], strict=True):
        if _between(b, places[0], young) and not _between(a, places[0], young):
            done['between' if told and known[0] else 'between_unseen'] = True


def _between(point: Point, a: Point, b: Point) -> bool:
    along = b[0] - a[0], b[1] - a[1]
    t = (point[0] - a[0]) * along[0] + (point[1] - a[1]) * along[1]
    inside = 0 < t < along[0] ** 2 + along[1] ** 2
    return inside and segment_distance(point, a, b) < WIDTH - _FORGIVEN
