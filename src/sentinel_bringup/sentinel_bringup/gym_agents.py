"""Two examples that play in ``sentinel_sim.gym``: by chance, and the real tree behind its guard."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np
from sentinel_behavior.lockstep import make_lockstep
from sentinel_behavior.policy import POLICIES
from sentinel_common.detections import Box, Detection, Frame, Target, TargetFrame
from sentinel_common.geometry import Pose
from sentinel_sim.gym import DETERRENTS, FASTEST, REWARDS, Action, GardenEnv, Track

# Seconds that a sound lasts once it began.
_SOUND = 4.0

# The robot's place is known this well, m^2, and the range of a track, as a share of it.
_PLACE_VARIANCE, _RANGE_SIGMA = 0.001, 0.15

# Focal length, px, and size of the picture in which a track becomes a box; a body is so wide, m.
_FOCAL, _SIZE, _BODY = 579.4, (640.0, 480.0), 0.5

# Local time, h: dark, and not yet in the quiet hours.
_HOUR = 21.5

# Nights begin at this time of the steady clock, s: a clock that starts at 0 looks like none.
_START = 1000.0


class Agent(Protocol):
    """Chooses an action of ``GardenEnv``."""

    def act(self, info: dict[str, Any]) -> Action:
        """Return what to do after ``info`` of the last step, and its ``observation`` in it."""
        ...


class Idle:
    """Does nothing: the night without a sentinel."""

    def act(self, info: dict[str, Any]) -> Action:
        """Stand still and be silent."""
        return _action('none')


class Chance:
    """Draws every action."""

    def __init__(self, env: GardenEnv, seed: int) -> None:
        self._space = env.action_space
        self._space.seed(seed)

    def act(self, info: dict[str, Any]) -> Action:
        """Draw one."""
        return dict(self._space.sample())


class Tree:
    """The behaviour tree and the guard of the real stack, in lock step with the environment."""

    def __init__(self, seed: int) -> None:
        self._stack = make_lockstep(policy=POLICIES['thompson'], seed=seed)
        self._sound, self._sound_ends = '', 0.0

    def act(self, info: dict[str, Any]) -> Action:
        """Look, judge, decide."""
        now = _START + info['time']
        tracks: list[Track] = info['tracks']
        self._stack.place(Pose(*info['pose']), _PLACE_VARIANCE, now)
        deeds = self._stack.step(
            Frame(now, 'camera_optical_frame', tuple(map(_detection, tracks))),
            TargetFrame(now, 'base_link', tuple(map(_target, tracks))),
            hour=_HOUR,
        )
        if deeds.play is not None:
            self._sound = 'voice' if deeds.play.name == 'voice' else 'bark'
            self._sound_ends = now + _SOUND
        if deeds.stop_sound or now > self._sound_ends:
            self._sound = ''
        twist = np.array([deeds.twist.vx, deeds.twist.vy, deeds.twist.wz])
        return _action(_name(self._sound, lit=deeds.lit), twist / FASTEST)


def _name(sound: str, *, lit: bool) -> str:
    """The environment knows fewer deterrents than the catalogue: the nearest one."""
    if sound == 'bark' and lit:
        return 'bark_light'
    return sound or ('light' if lit else 'none')


def _action(deterrent: str, cmd_vel: Any = (0.0, 0.0, 0.0)) -> Action:
    return {
        'deterrent': DETERRENTS.index(deterrent),
        'cmd_vel': np.clip(np.asarray(cmd_vel), -1, 1).astype(np.float32),
    }


def _detection(track: Track) -> Detection:
    width = _FOCAL * _BODY / track.range
    x = _SIZE[0] / 2 - _FOCAL * np.tan(track.bearing) - width / 2
    box = Box(float(x), _SIZE[1] / 2 - width / 4, width, width / 2)
    return Detection(box, track.scores, track.name)


def _target(track: Track) -> Target:
    variance = (track.range * _RANGE_SIGMA) ** 2
    return Target(
        track.name,
        track.scores,
        x=track.range * float(np.cos(track.bearing)),
        y=track.range * float(np.sin(track.bearing)),
        variance_x=variance,
        variance_y=variance,
    )


def play(env: GardenEnv, agent: Agent, seed: int) -> dict[str, float]:
    """Play one night; return the sum of every reward by its name."""
    observation, info = env.reset(seed=seed)
    sums, done = dict.fromkeys(REWARDS, 0.0), False
    while not done:
        action = agent.act({**info, 'observation': observation})
        observation, _, done, _, info = env.step(action)
        for name, value in info['rewards'].items():
            sums[name] += value
    return sums


def compare(
    nights: int, others: Mapping[str, Callable[[int], Agent]] | None = None
) -> dict[str, dict[str, float]]:
    """Mean of every reward per night, and their ``total``, for each agent and for ``others``.

    All play the same nights, with seeds from 0.
    """
    env = GardenEnv()
    agents: dict[str, Callable[[int], Agent]] = {
        'idle': lambda _: Idle(),
        'chance': lambda seed: Chance(env, seed),
        'tree': Tree,
        **(others or {}),
    }
    found = {}
    for name, make in agents.items():
        sums = dict.fromkeys((*REWARDS, 'total'), 0.0)
        for seed in range(nights):
            for key, value in play(env, make(seed), seed).items():
                sums[key] += value / nights
                sums['total'] += value / nights
        found[name] = sums
    return found
