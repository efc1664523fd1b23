"""``./sentinel bench walking``: how well the emulated robot walks on physics.

Commanded velocity is held against the reached one, and falls are counted. The ground is level but
rough, as a mown lawn is: bumps of a few millimetres.
"""

import argparse
import json
import math
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from sentinel_common.arguments import whole
from sentinel_common.geometry import wrap
from sentinel_driver.hermes import Codec, GaitSetAll

from sentinel_common import benchmark

from ..robot import model
from ..robot.gait import FAST_TROT, FULL_SPEED, FULL_TURN
from ..robot.mekamon import MekaMon

Array = npt.NDArray[np.float64]

SUMMARY = 'How well the simulated robot follows cmd_vel, and how often it falls'

# Control cycle, s: the rate of the emulated servos.
DT = 0.02

# A yaw error of 1 rad/s weighs as much as 0.2 m/s: about what it moves the feet.
YAW_WEIGHT = 0.2

# Lawn: standard deviation of its height and size of its bumps, m. A guess for mown grass under a 1
# kg robot.
ROUGHNESS = 0.003
BUMP = 0.04

# Baseline: the longest steps the robot can be set to, as in a first sketch of the gait.
SLOW_STEPS = replace(FAST_TROT, step_duration=255)

# Slopes to walk up, degrees: a garden's lawns lie below 10, its banks below 20.
SLOPES = (5, 10, 15, 20)

_SIDE = 20.0  # m; no walk below leaves it
_CODEC = Codec()


def world(*, rough: bool, seed: int = 0, slope: float = 0.0) -> Any:
    """MuJoCo model of the robot, prefix ``robot/``, on a lawn (or a plane) of 20 m by 20 m.

    A plane can rise forwards by ``slope`` (rad).
    """
    import mujoco

    spec = mujoco.MjSpec()
    spec.option.timestep = 0.002
    spec.option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
    spec.option.cone = mujoco.mjtCone.mjCONE_ELLIPTIC
    spec.option.impratio = 10
    if rough:
        cells = round(_SIDE / BUMP)
        height = np.random.default_rng(seed).normal(0.0, ROUGHNESS, (cells, cells))
        height -= height.min()
        spec.add_hfield(
            name='lawn',
            nrow=cells,
            ncol=cells,
            size=(_SIDE / 2, _SIDE / 2, float(height.max()), 0.1),
            userdata=(height / height.max()).ravel().tolist(),
        )
        middle = float(height.mean())
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_HFIELD, hfieldname='lawn', pos=(0, 0, -middle)
        )
    else:
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_PLANE,
            size=(_SIDE, _SIDE, 0.1),
            quat=(math.cos(slope / 2), 0, -math.sin(slope / 2), 0),
        )
    frame = spec.worldbody.add_frame(pos=(0, 0, model.STANCE_HEIGHT + 0.01))
    frame.attach_body(model.robot_spec().body(model.BASE), 'robot/', '')
    return spec.compile()


class Walker:
    """The emulated robot in a MuJoCo world, stepped in lock-step."""

    def __init__(self, ground: Any, *, seed: int = 0) -> None:
        import mujoco

        self._step = mujoco.mj_step
        self.model, self.data = ground, mujoco.MjData(ground)
        self.robot = MekaMon(seed=seed)
        self.data.qpos[7:] = self.data.ctrl[:] = self.robot.step(DT)
        self.run(0.6)

    @property
    def up(self) -> float:
        """Vertical part of the body's z axis, 1 upright."""
        return float(self.data.body('robot/base_link').xmat[8])

    @property
    def yaw(self) -> float:
        """Heading, rad."""
        matrix = self.data.body('robot/base_link').xmat
        return math.atan2(matrix[3], matrix[0])

    def run(self, seconds: float) -> Array:
        """Walk on; return the mean velocity in the body frame (m/s, m/s, rad/s)."""
        moved = np.zeros(3)
        for _ in range(round(seconds / DT)):
            before, yaw = self.data.qpos[:2].copy(), self.yaw
            self.robot.sense(up=self.up)
            self.data.ctrl[:] = self.robot.step(DT)
            self._step(self.model, self.data, round(DT / self.model.opt.timestep))
            dx, dy = self.data.qpos[:2] - before
            moved[0] += dx * math.cos(yaw) + dy * math.sin(yaw)
            moved[1] += dy * math.cos(yaw) - dx * math.sin(yaw)
            moved[2] += wrap(self.yaw - yaw)
        return moved / seconds


def error(reached: Array, wanted: Array) -> float:
    """Size of the velocity error relative to the command."""
    weight = np.array((1.0, 1.0, YAW_WEIGHT))
    return float(np.linalg.norm((reached - wanted) * weight) / np.linalg.norm(wanted * weight))


def random_command(random: np.random.Generator) -> Array:
    """A velocity with up to full speed in any direction and up to full turn."""
    speed, heading = FULL_SPEED * random.uniform(0.2, 1.0), random.uniform(-math.pi, math.pi)
    turn = FULL_TURN * random.uniform(-1.0, 1.0)
    return np.array((speed * math.cos(heading), speed * math.sin(heading), turn))


def steady(ground: Any, wanted: Array, gait: GaitSetAll = FAST_TROT) -> float:
    """Relative velocity error of one command over 4 s, after 1 s of getting there."""
    walker = Walker(ground)
    walker.robot.handle(_CODEC.payload(gait))
    walker.robot.walk(*wanted)
    walker.run(1.0)
    return error(walker.run(4.0), wanted)


def random_walk(ground: Any, seed: int, *, changes: int = 8) -> bool:
    """Whether the robot fell on a walk with ``changes`` random commands of 0.3 to 3 s each."""
    random = np.random.default_rng(seed)
    walker = Walker(ground, seed=seed)
    walker.data.qpos[:2] = random.uniform(-2, 2, 2)
    walker.data.qpos[2] += 0.01
    for _ in range(changes):
        walker.robot.walk(*(random_command(random) if random.random() > 0.15 else np.zeros(3)))
        walker.run(float(random.uniform(0.3, 3.0)))
        if walker.robot.fallen:
            return True
    return False


def measure(*, walks: int, seed: int) -> dict[str, Any]:
    """Figures on lawn and plane; see the keys.

    ``error_*`` are fractions of the command, ``falls`` a count out of ``walks``.
    """
    random = np.random.default_rng(seed)
    single = [
        np.array((v * math.cos(a), v * math.sin(a), 0.0))
        for v in (0.05, 0.1, 0.2, 0.3)
        for a in np.arange(8) * math.pi / 4
    ] + [np.array((0.0, 0.0, w)) for w in (0.3, 0.6, 1.0, 1.5, -0.3, -0.6, -1.0, -1.5)]
    mixed = [random_command(random) for _ in range(40)]
    figures: dict[str, Any] = {
        'benchmark': 'walking',
        **benchmark.environment(seed, ('mujoco-core', 'numpy')),
    }
    for name, rough in (('lawn', True), ('plane', False)):
        ground = world(rough=rough, seed=seed)
        figures[name] = {
            'single_axis': _summary([steady(ground, c) for c in single]),
            'mixed': _summary([steady(ground, c) for c in mixed]),
            'walks': walks,
            'falls': sum(random_walk(ground, seed + i) for i in range(walks)),
        }
    ground = world(rough=True, seed=seed)
    figures['baseline_slow_steps_on_lawn'] = {
        'single_axis': _summary([steady(ground, c, SLOW_STEPS) for c in single]),
        'mixed': _summary([steady(ground, c, SLOW_STEPS) for c in mixed]),
    }
    uphill = np.array((FULL_SPEED, 0.0, 0.0))
    figures['error_at_full_speed_up_a_slope_of_degrees'] = {
        str(degrees): round(steady(world(rough=False, slope=math.radians(degrees)), uphill), 4)
        for degrees in SLOPES
    }
    return figures


def _summary(errors: list[float]) -> dict[str, float]:
    return {
        'commands': len(errors),
        'error_median': round(float(np.median(errors)), 4),
        'error_p90': round(float(np.quantile(errors, 0.9)), 4),
        'error_max': round(float(np.max(errors)), 4),
    }


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument('--walks', type=whole(1), default=100, help='random walks (default 100)')
    parser.add_argument('--seed', type=whole(0), default=1, help='seed of everything random')
    benchmark.add_json_option(parser)


def main(args: argparse.Namespace) -> int:
    """Measure, print, write."""
    figures = measure(walks=args.walks, seed=args.seed)
    print(json.dumps(figures, indent=2))
    if args.json:
        benchmark.write(args.json, figures)
    return 0
