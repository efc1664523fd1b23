"""The garden as a gymnasium environment: train a policy on tracks, let it bark, shine and walk.

Made for learning, not for measuring: the robot is ideal (the kinematic tier), the tracker is a
noisy look at the truth, and no guard stands before the robot. What was learned here runs in the
real stack behind the guard, or it does not run.
"""

import math
from dataclasses import dataclass
from typing import Any, SupportsFloat

import gymnasium
import numpy as np
import numpy.typing as npt
from gymnasium import spaces
from sentinel_common.geometry import wrap

from .kinematic import KinematicWorld
from .scenarios import Scenario, Visitor, Weather

Observation = npt.NDArray[np.float32]
Action = dict[str, Any]

# What the robot can do to be noticed; walking is asked for beside it.
DETERRENTS = ('none', 'bark', 'voice', 'light', 'bark_light')
_SOUNDS = {'bark': ('bark', 0.8), 'voice': ('voice', 0.6), 'bark_light': ('bark', 0.8)}
_LIGHTS = frozenset({'light', 'bark_light'})

# Fastest that ``cmd_vel`` asks for: m/s forward, m/s to the left, rad/s.
FASTEST = np.array([0.3, 0.3, 1.5])

# One decision per so many seconds of the night.
DECISION = 0.2

# The camera: half its horizontal field of view, rad, and how far the tracker sees, m.
HALF_VIEW, SIGHT = np.radians(29.0), 6.0

# Errors of the tracker, all assumptions: bearing rad, range as a fraction, frames missed, and how
# sure it is of the right species (mean of a beta distribution with ten pseudo-counts).
_BEARING, _RANGE, _MISSED, _SURE = 0.02, 0.15, 0.05, 0.85

# Tracks in the observation, nearest first, and numbers for each: 1 if there is one, sine and cosine
# of the bearing, range as a share of SIGHT, how likely raccoon, household (person, cat, dog).
TRACKS, FEATURES = 3, 6
HOUSEHOLD = frozenset({'person', 'cat', 'dog'})

# No nearer to an animal than this by its own motion, m.
_NEAREST = 0.7

# The reward per second: a raccoon in a bed, a stimulus that a person or pet must bear, any noise
# (neighbours), and walking up to an animal closer than allowed.
REWARDS = {'in_bed': -1.0, 'household': -5.0, 'stimulus': -0.1, 'too_near': -5.0}

# People and animals before which a stimulus counts as one at them, m.
_EARSHOT = 5.0


@dataclass(frozen=True)
class Track:
    """One animal as the tracker reports it.

    ``bearing`` rad to the left, ``range`` m, ``scores`` by species.
    """

    name: str
    bearing: float
    range: float
    scores: dict[str, float]


class GardenEnv(gymnasium.Env[Observation, Action]):
    """A night of visitors, drawn from the seed of ``reset``, or those of ``scenario``.

    Observations: (TRACKS * FEATURES + 4,) float32 in -1..1: the tracks (see FEATURES), then sine
    and cosine of the heading, and the robot's place x, y as shares of 8 m. Actions: ``deterrent``,
    a number into DETERRENTS, and ``cmd_vel``, three shares -1..1 of FASTEST. One step is DECISION s
    of the night; an episode is terminated when the night is over. ``info`` holds ``tracks`` (list
    of Track), the ``pose`` (m, m, rad), ``rewards`` by the names of REWARDS, and the ``time`` (s).
    """

    metadata = {'render_modes': []}

    def __init__(self, scenario: Scenario | None = None) -> None:
        self.observation_space = spaces.Box(-1.0, 1.0, (TRACKS * FEATURES + 4,), np.float32)
        self.action_space = spaces.Dict(
            {
                'deterrent': spaces.Discrete(len(DETERRENTS)),
                'cmd_vel': spaces.Box(-1.0, 1.0, (3,), np.float32),
            }
        )
        self._scenario = scenario

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Observation, dict[str, Any]]:
        """Begin a night; the same seed gives the same one."""
        super().reset(seed=seed)
        number = int(self.np_random.integers(2**31))
        self.world = KinematicWorld(self._scenario or draw(self.np_random), number)
        tracks = self._look()
        return self._observe(tracks), self._info(tracks, dict.fromkeys(REWARDS, 0.0))

    def step(self, action: Action) -> tuple[Observation, SupportsFloat, bool, bool, dict[str, Any]]:
        """Act for DECISION s."""
        world = self.world
        deterrent = DETERRENTS[int(action['deterrent'])]
        world.sound = _SOUNDS.get(deterrent)
        world.light = 1.0 if deterrent in _LIGHTS else 0.0
        x, y, yaw = np.clip(np.asarray(action['cmd_vel'], float), -1, 1) * FASTEST
        world.walk(float(x), float(y), float(yaw))
        rewards = dict.fromkeys(REWARDS, 0.0)
        for _ in range(round(DECISION / world.control_step)):
            before = world.x, world.y
            world.step()
            self._judge(rewards, before, stimulus=deterrent != 'none')
        tracks = self._look()
        done = world.night.over
        total = float(sum(rewards.values()))
        return self._observe(tracks), total, done, False, self._info(tracks, rewards)

    def _judge(
        self, rewards: dict[str, float], before: tuple[float, float], *, stimulus: bool
    ) -> None:
        """Add the rewards of the last step; ``before``: where the robot was, x, y in m."""
        dt = self.world.control_step
        here = self.world.x, self.world.y
        if stimulus:
            rewards['stimulus'] += REWARDS['stimulus'] * dt
        for agent in self.world.night.agents:
            if not agent.present:
                continue
            kind, place = agent.visitor.kind, (agent.x, agent.y)
            distance = math.dist(here, place)
            if kind == 'raccoon' and agent.in_bed:
                rewards['in_bed'] += REWARDS['in_bed'] * dt
            if stimulus and kind in HOUSEHOLD and distance < _EARSHOT:
                rewards['household'] += REWARDS['household'] * dt
            # Both distances are to where the animal is now: what it came nearer itself is not paid.
            if distance < _NEAREST and distance < math.dist(before, place):
                rewards['too_near'] += REWARDS['too_near'] * dt

    def _look(self) -> list[Track]:
        """What the tracker reports now, nearest first."""
        world, rng = self.world, self.np_random
        found = []
        for agent in world.night.agents:
            if not agent.present:
                continue
            dx, dy = agent.x - world.x, agent.y - world.y
            distance = float(np.hypot(dx, dy))
            bearing = wrap(float(np.arctan2(dy, dx)) - world.yaw)
            if abs(bearing) > HALF_VIEW or distance > SIGHT or rng.random() < _MISSED:
                continue
            sure = float(rng.beta(10 * _SURE, 10 * (1 - _SURE)))
            other = 'raccoon' if agent.visitor.kind != 'raccoon' else 'cat'
            found.append(
                Track(
                    agent.visitor.name,
                    float(bearing + rng.normal() * _BEARING),
                    float(np.clip(distance * (1 + rng.normal() * _RANGE), 0.1, SIGHT)),
                    {agent.visitor.kind: sure, other: 1 - sure},
                )
            )
        return sorted(found, key=lambda track: track.range)

    def _observe(self, tracks: list[Track]) -> Observation:
        rows = np.zeros((TRACKS, FEATURES))
        for row, track in zip(rows, tracks, strict=False):
            household = sum(v for k, v in track.scores.items() if k in HOUSEHOLD)
            row[:] = (
                1.0, np.sin(track.bearing), np.cos(track.bearing), track.range / SIGHT,
                track.scores.get('raccoon', 0.0), household,
            )  # fmt: skip
        world = self.world
        pose = [np.sin(world.yaw), np.cos(world.yaw), world.x / 8, world.y / 8]
        return np.clip(np.concatenate([rows.ravel(), pose]), -1, 1).astype(np.float32)

    def _info(self, tracks: list[Track], rewards: dict[str, float]) -> dict[str, Any]:
        world = self.world
        return {
            'tracks': tracks,
            'pose': (world.x, world.y, world.yaw),
            'rewards': rewards,
            'time': world.night.time,
        }


def draw(rng: np.random.Generator) -> Scenario:
    """Return two minutes with one to three visitors; two of three are raccoons."""
    kinds = rng.choice(
        ['raccoon', 'cat', 'dog', 'person'], int(rng.integers(1, 4)), p=[0.67, 0.15, 0.09, 0.09]
    )
    visitors = []
    for number, kind in enumerate(kinds):
        forages = kind == 'raccoon'
        enters = float(rng.uniform(0, 30))
        visitors.append(
            Visitor(
                kind=str(kind),
                name=f'{kind}-{number}',
                plan='forage' if forages else str(rng.choice(['cross', 'wander'])),
                enters=(enters, enters),
                stays=(20.0, 90.0),
            )
        )
    return Scenario(
        name='drawn',
        about='drawn from the seed',
        duration=120.0,
        light='ir',
        weather=Weather(),
        animals=tuple(visitors),
    )
