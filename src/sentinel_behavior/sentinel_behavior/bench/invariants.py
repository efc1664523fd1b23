"""Random worlds that try to break the guard; the judge is code that shares nothing with it.

A world is a few seconds of pictures that wander, flicker, contradict each other or stop, of
commands by hand and by the brain, of switches thrown at any moment. Nothing in it is likely;
everything is possible.
"""

import math
import random
from dataclasses import dataclass, field

from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.geometry import Point, Pose, Twist
from sentinel_common.species import PROTECTED

from ..geometry import Z_95_ONE_SIDED
from ..guard import make_guard
from ..guard.core import COMMAND_TIMEOUT, Guard
from ..guard.parameters import DEFAULTS
from ..guard.rules import Act
from ..zones import Zones

# Wide enough that the geofence does not hide what another rule must do; three corners cost least.
_ZONES = Zones(((-90.0, -50.0), (90.0, -50.0), (0.0, 90.0)), {})

# Approached by an animal, the robot stops within this, s.
STOPS = 0.5

# Rounding that is forgiven, m.
_ROUNDING = 1e-6

_SPECIES = ('raccoon', 'cat', 'dog', 'person', 'other_animal')


@dataclass
class _Judge:
    """Remembers what the world showed, in its own way, and says what was wrong."""

    veto: float
    # Time of the newest separate sign of somebody protected, by the track that it may become.
    evidence: dict[str, float] = field(default_factory=dict)
    frames: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    sweep: float = -math.inf
    violations: list[str] = field(default_factory=list)

    def see(self, frame: Frame) -> None:
        self.frames.append(
            (
                frame.stamp,
                {d.track_id: d.scores.get('raccoon', 0.0) for d in frame.detections if d.track_id},
            )
        )
        tracks = self.frames[-1][1]
        raccoons = [d.box for d in frame.detections if d.scores.get('raccoon', 0.0) > 0]
        for detection in frame.detections:
            apart = all(_overlap(detection.box, b) < 0.5 for b in raccoons)
            pets_apart = apart and not any(_inside(detection.box, b) for b in raccoons)
            for species in PROTECTED:
                separate = pets_apart if species in ('cat', 'dog') else apart
                if separate and detection.scores.get(species, 0.0) >= self.veto:
                    its = detection.tentative
                    may_be = species in ('cat', 'dog') and its not in tracks
                    self.evidence[its if may_be else ''] = frame.stamp

    def hold(self, guard: Guard, now: float) -> None:
        """Hold what the guard allows and does against what was shown."""
        scene = guard.scene(now, 12.0)
        verdict = guard.judge(scene)
        acts = [act for act in Act if verdict.allows(act)]
        relayed = guard.relay(scene)
        moves = relayed.source == 'auto' and not relayed.twist.is_zero
        newest = self.frames[-1][0] if self.frames else -math.inf
        separate = [t for own, t in self.evidence.items() if not own or not self._sure(own)]
        if now - max(separate, default=-math.inf) <= 10.0 and (acts or moves):
            self.violations.append(f'{now:.2f}: person or pet, yet {acts} {relayed.twist}')
        if (now - newest > 1.0 or now - self.sweep > 1.0) and (acts or moves):
            self.violations.append(f'{now:.2f}: blind, yet {acts} {relayed.twist}')
        if (Act.SOUND in acts or Act.LIGHT in acts) and not self._sure():
            self.violations.append(f'{now:.2f}: unsure, yet {acts}')
        if (guard.emergency_stop or not guard.armed) and (acts or not relayed.twist.is_zero):
            self.violations.append(f'{now:.2f}: stopped or disarmed, yet {acts} {relayed.twist}')

    def _sure(self, track: str = '') -> bool:
        """Whether ``track`` is surely a raccoon; any track where it is empty."""
        last = self.frames[-8:]
        ids = {track} if track else {i for _, tracks in last for i in tracks}
        return any(sum(tracks.get(i, 0.0) >= 0.8 for _, tracks in last) >= 5 for i in ids)


def _overlap(a: Box, b: Box) -> float:
    x = max(0.0, min(a.x + a.width, b.x + b.width) - max(a.x, b.x))
    y = max(0.0, min(a.y + a.height, b.y + b.height) - max(a.y, b.y))
    union = a.width * a.height + b.width * b.height - x * y
    return x * y / union if union else 0.0


def _inside(a: Box, b: Box) -> bool:
    """Whether four fifths of ``a`` lie in ``b``: a head, not somebody else."""
    x = max(0.0, min(a.x + a.width, b.x + b.width) - max(a.x, b.x))
    y = max(0.0, min(a.y + a.height, b.y + b.height) - max(a.y, b.y))
    return x * y >= 0.8 * a.width * a.height


def guard_world(chance: random.Random) -> list[str]:
    """Play one world of pictures; returns what the guard did wrong."""
    guard = make_guard({**DEFAULTS, 'armed': chance.random() < 0.9}, _ZONES)
    guard.image_height = 480
    guard.fix(Pose(), 0.001, 0.0)
    judge = _Judge(DEFAULTS['veto_level'])  # type: ignore[arg-type]
    now = 100.0
    # How this world is: fixed for its length, so that errors are correlated.
    seen = chance.random()
    waver = chance.random() ** 2
    strangers = chance.random() ** 2 * 0.5
    lag = chance.choice((0.0, 0.1, 0.4))  # from the capture of a picture to its detections
    box = Box(chance.uniform(0, 500), chance.uniform(0, 380), 80.0, 60.0)
    gap = 0.0
    for _ in range(chance.randint(10, 24)):
        now += gap
        captured = now - lag
        frame = Frame(captured, 'camera', tuple(_detections(chance, box, seen, waver, strangers)))
        guard.see(frame, captured)
        judge.see(frame)
        if chance.random() < 0.9:
            guard.sweep(captured)
            judge.sweep = captured
        if chance.random() < 0.9:
            places = tuple(
                Target(d.track_id, d.scores, chance.uniform(0.2, 6), chance.uniform(-2, 2))
                for d in frame.detections
                if d.track_id
            )
            guard.locate(TargetFrame(captured, 'base_link', places), captured)
        guard.hear(0.0, now)
        if chance.random() < 0.05:
            guard.emergency_stop = not guard.emergency_stop
        if chance.random() < 0.03:
            guard.armed = not guard.armed
        if chance.random() < 0.8:
            guard.command('auto', _twist(chance), now)
        if chance.random() < 0.05:
            guard.command('teleop', _twist(chance), now)
        judge.hold(guard, now)
        gap = chance.choice((0.03, 0.1, 0.1, 0.1, 0.2, chance.uniform(0.3, 3.0)))
        if chance.random() < 0.05:
            gap += chance.uniform(3.0, 9.0)
        judge.hold(guard, now + gap * chance.random())
    return judge.violations


def _detections(
    chance: random.Random, box: Box, seen: float, waver: float, strangers: float
) -> list[Detection]:
    found = []
    if chance.random() < seen:
        doubt = chance.random() * waver
        scores = {'raccoon': 1.0 - doubt, chance.choice(_SPECIES[1:]): doubt}
        found.append(Detection(box, scores, chance.choice(('1', '1', '1', '2'))))
        if chance.random() < waver:  # a raw hypothesis on the raccoon itself
            raw = Box(box.x + 5, box.y, box.width, box.height)
            found.append(Detection(raw, {chance.choice(_SPECIES[1:4]): chance.random()}))
    if chance.random() < strangers:
        place = Box(chance.uniform(0, 500), chance.uniform(0, 380), 60.0, chance.uniform(30, 150))
        track = chance.choice(('', '', '3', '4'))
        scores = {chance.choice(_SPECIES[1:]): chance.random() ** 2}
        # A hint may become the very track that is a raccoon, another one, or none.
        tentative = '' if track else chance.choice(('', '1', '2', '5'))
        found.append(Detection(place, scores, track, tentative))
    return found


def _twist(chance: random.Random) -> Twist:
    odd = chance.choice((0.0, 0.0, 0.0, math.nan, math.inf, 50.0))
    return Twist(
        chance.choice((0.0, 0.2, -0.2, odd)), chance.uniform(-0.3, 0.3), chance.uniform(-2, 2)
    )


def distance_world(chance: random.Random) -> list[str]:
    """Let somebody who wants to run into an animal drive; returns where own motion came too near.

    The animal stands, or comes nearer, and then the robot must have stopped within 0.5 s. Its place
    is told with an error within the stated bound, ten times a second, up to 0.3 s after the capture
    of the picture. It is near at first, so that little time goes by before something can go wrong.
    """
    guard = make_guard({**DEFAULTS, 'armed': True, 'charge_limit': 20.0}, _ZONES)
    guard.image_height = 480
    pose, now = Pose(yaw=chance.uniform(-3, 3)), 100.0
    guard.fix(pose, 0.001, now)
    angle, away = chance.uniform(-3.1, 3.1), chance.uniform(0.75, 1.5)
    comes = chance.choice((0.0, 0.0, chance.uniform(0.2, 2.0)))
    animal = away * math.cos(angle), away * math.sin(angle)
    sigma = chance.choice((0.0, 0.05, 0.2))
    # Correlated: the same for the whole world.
    told = chance.uniform(-1.0, 1.0) * Z_95_ONE_SIDED * sigma
    lag = chance.choice((0, 0, 3, 6))  # ticks
    shown: list[tuple[float, Point]] = []  # when a picture was taken, and where the animal was then
    seen = False
    violations = []
    want = Twist()
    near_since = math.inf
    for tick in range(64):
        now += 0.05
        before = math.dist((pose.x, pose.y), animal)
        step = min(comes * 0.05, max(0.0, before - 0.2)) / before
        animal = animal[0] + step * (pose.x - animal[0]), animal[1] + step * (pose.y - animal[1])
        shown.append((now, pose.to_base(animal)))
        if tick % 2 == 0 and tick >= lag:
            captured, target = shown[-1 - lag]
            distance = math.hypot(*target)
            factor = max(0.05, distance + told) / distance
            scores = {'raccoon': 0.95}
            picture = Frame(captured, 'c', (Detection(Box(200, 100, 50, 50), scores, '1'),))
            guard.see(picture, captured)
            place = Target(
                '1', scores, target[0] * factor, target[1] * factor,
                variance_x=sigma**2, variance_y=sigma**2,
            )  # fmt: skip
            guard.locate(TargetFrame(captured, 'base_link', (place,)), captured)
            guard.sweep(captured)
            seen = True
        if tick % 10 == 0:
            guard.fix(pose, 0.001, now)
            target = shown[-1][1]
            towards = math.atan2(target[1], target[0]) + chance.gauss(0, 0.6)
            speed = chance.uniform(0.0, 0.6)
            want = Twist(
                speed * math.cos(towards), speed * math.sin(towards), chance.uniform(-1.5, 1.5)
            )
        if now % 1 < 0.9 and seen:  # nobody walks before the first picture
            guard.command('teleop' if chance.random() < 0.2 else 'auto', want, now)
        twist = guard.relay(guard.scene(now, 12.0)).twist
        before = math.dist((pose.x, pose.y), animal)
        pose = pose.moved(twist, 0.05)
        after = math.dist((pose.x, pose.y), animal)
        low = after + told - Z_95_ONE_SIDED * sigma
        near_since = min(near_since, now) if low < 0.7 - _ROUNDING else math.inf
        too_late = now - near_since >= (STOPS if comes else 0.0)
        if too_late and after < before - _ROUNDING:
            violations.append(f'{now:.2f}: {low:.3f} m by {twist}, it comes at {comes:.1f} m/s')
    return violations


def silence_world(chance: random.Random) -> list[str]:
    """Whatever was commanded, nothing moves once the last command is older than the limit."""
    guard = make_guard({**DEFAULTS, 'armed': True}, _ZONES)
    guard.image_height = 480
    guard.fix(Pose(), 0.001, 100.0)
    last = now = 100.0
    violations = []
    for _ in range(20):
        now += chance.choice((0.05, 0.1, 0.3))
        guard.see(Frame(now, 'c'), now)
        guard.sweep(now)
        if chance.random() < 0.3:
            guard.command(chance.choice(('auto', 'teleop')), _twist(chance), now)
            last = now
        twist = guard.relay(guard.scene(now, 12.0)).twist
        if now - last > COMMAND_TIMEOUT and not twist.is_zero:
            violations.append(f'{now:.2f}: {twist} {now - last:.2f} s after the last command')
        if not all(map(math.isfinite, (twist.vx, twist.vy, twist.wz))) or twist.speed > 0.3 + 1e-9:
            violations.append(f'{now:.2f}: {twist} is faster than allowed')
    return violations


WORLDS = {'person_or_pet': guard_world, 'distance': distance_world, 'silence': silence_world}
