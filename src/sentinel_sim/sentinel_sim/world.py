"""The night on physics: garden, robot and animals in MuJoCo, in lock-step, seen by cameras."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from . import garden, lighting, relief
from .agents import Sentinel
from .animals import catalog
from .animals.parts import rotation, scaled
from .animals.puppet import Puppet, posture
from .camera_model import CameraModel, Lens, Picture
from .layout import POSTS
from .night import Night
from .render import Label, Labeler
from .robot.body import GLOW_BY_LAMP, GLOW_BY_MOON, Body, RobotState
from .robot.mekamon import MekaMon
from .robot.model import CAMERA_FOVY
from .scenarios import Scenario
from .weather import WeatherView, Wind

Point = tuple[float, float, float]

SIZE = (640, 480)
PHYSICS_STEP = 0.002

# The firmware's own rate: joint targets are renewed every 20 ms.
CONTROL_STEP = 0.02

# Prefix of everything that belongs to a robot in the model: the first, the second.
_PREFIXES = ('robot/', 'robot2/')

# Eyes of the sentinel: the camera that it carries, or the one on the house.
ON_BOARD, FIXED = 'onboard', 'fixed'

# A young animal against an adult.
_YOUNG_SIZE = 0.6

# The spectator stands behind the robots and looks over them at the beds: place, and the point it
# looks at, m, for one robot and for two.
_SPECTATORS = {
    1: ((-0.85, -0.75, 0.62), (2.0, 0.30, 0.08)),
    2: ((-2.7, -0.35, 1.35), (2.0, -0.35, 0.0)),
}
_SPECTATOR_FOVY = 52.0

# What the spectator sees where no light comes from, RGB just above the horizon.
_NIGHT_SKY = (26, 34, 58)

# The fixed camera hangs on the house's side of the garden, as high as a person reaches.
_FIXED_AT, _FIXED_LOOKS_AT = (-0.6, 2.9, 2.1), (2.9, 0.2, 0.0)

# Vertices per part that are projected for boxes; the rest lie between them (error below one pixel
# at 1 m).
_OUTLINE = 500

# A box needs this many pixels to be reported.
_MIN_PIXELS = 4.0

# Robot cameras see nothing nearer than this, m.
_NEAREST = 0.02


@dataclass(frozen=True)
class Seen:
    """Where an animal is in the picture: box (x, y, width, height) px, clipped to the picture."""

    name: str
    species: str
    box: tuple[float, float, float, float]
    distance: float


class World:
    """One night with everything in it.

    ``step`` moves it by one control step; nothing here reads a clock. ``robots`` of them stand in
    it: one where the scenario says, two at ``layout.POSTS``; ``bodies`` are theirs. Methods without
    a robot's number speak of the first.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        *,
        robots: int = 1,
        size: tuple[int, int] = SIZE,
        lens: Lens | None = None,
        eye: str = ON_BOARD,
    ) -> None:
        import mujoco

        self.bodies = tuple(Body(prefix, MekaMon(seed=seed)) for prefix in _PREFIXES[:robots])
        self.control_step = CONTROL_STEP
        self._time = 0.0
        self.night_runs = True
        self._size = size
        self._fixed = eye == FIXED
        self._eye = self._camera_of(0)
        self._slopes = scenario.slopes
        # The night draws each animal's number, the puppets' strides make its feet stand still.
        draft = Night(scenario, seed)
        self.puppets = {}
        for agent in draft.agents:
            body = catalog.animal(agent.visitor.kind, agent.variant)
            if agent.visitor.young:
                body = scaled(body, _YOUNG_SIZE)
            self.puppets[agent.visitor.name] = Puppet(agent.visitor.name, body)
        self.night = Night(scenario, seed, {n: p.anatomy.stride for n, p in self.puppets.items()})
        self.model = self._compile(scenario, size)
        self.data = mujoco.MjData(self.model)
        for puppet in self.puppets.values():
            puppet.bind(self.model)
        for robot in self.bodies:
            robot.bind(self.model, self.data)
        mujoco.mj_forward(self.model, self.data)
        # Let the robots settle on their feet before anybody looks.
        mujoco.mj_step(self.model, self.data, round(0.3 / PHYSICS_STEP))
        self._renderer: Any = None
        self.cameras, self._weather = [], []
        for i in range(robots):
            more = [i] if i else []
            camera = CameraModel(
                np.random.default_rng([seed, 23, *more]), size=size, fovy=CAMERA_FOVY, lens=lens
            )
            drops = np.random.default_rng([seed, 37, *more])
            self.cameras.append(camera)
            self._weather.append(WeatherView(scenario.weather, drops, camera))
        self._wind = Wind(self.model, scenario.weather.wind)

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    # Construction.

    def _compile(self, scenario: Scenario, size: tuple[int, int]) -> Any:
        import mujoco

        spec = garden.build(
            scenario.garden,
            size=size,
            dusk=scenario.light == 'dusk',
            slopes=scenario.slopes,
        )
        option = spec.option
        option.timestep = PHYSICS_STEP
        option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        option.cone, option.impratio = mujoco.mjtCone.mjCONE_ELLIPTIC, 10
        # The sparse Cholesky of MuJoCo 4.0 has a defect that a dense Jacobian avoids.
        option.jacobian = mujoco.mjtJacobian.mjJAC_DENSE
        for puppet in self.puppets.values():
            puppet.add(spec)
        _add_camera(spec, 'spectator', *_SPECTATORS[len(self.bodies)], _SPECTATOR_FOVY)
        _add_camera(spec, FIXED, _FIXED_AT, _FIXED_LOOKS_AT, CAMERA_FOVY)
        posts = (scenario.robot,) if len(self.bodies) == 1 else POSTS
        for robot, (x, y, yaw) in zip(self.bodies, posts, strict=True):
            robot.attach(spec, (x, y, yaw), self.ground(x, y))
        return spec.compile()

    def ground(self, x: float, y: float) -> float:
        """Height of the ground in the map, m."""
        return float(relief.height(x, y, self._slopes))

    # Motion.

    def step(self) -> None:
        """Advance everything by ``CONTROL_STEP`` s."""
        import mujoco

        for robot in self.bodies:
            robot.command(CONTROL_STEP)
        mujoco.mj_step(self.model, self.data, round(CONTROL_STEP / PHYSICS_STEP))
        self._time += CONTROL_STEP
        for robot in self.bodies:
            robot.feel(CONTROL_STEP)
        if self.night_runs:
            self.night.step(CONTROL_STEP, *(robot.sentinel() for robot in self.bodies))

    def truth(self) -> dict[str, Any]:
        """Everything about the night (see ``Night.truth``) and about the robots, ready for JSON."""
        robots = [robot.truth() for robot in self.bodies]
        return {**self.night.truth(), 'robot': robots[0], 'robots': robots}

    def walk(self, x: float, y: float, yaw: float) -> None:
        """Tell the firmware to walk at this velocity, see ``Body.walk``."""
        self.bodies[0].walk(x, y, yaw)

    @property
    def mekamon(self) -> MekaMon:
        """The firmware."""
        return self.bodies[0].mekamon

    @property
    def sound(self) -> tuple[str, float] | None:
        """What the speaker plays: name and volume."""
        return self.bodies[0].sound

    @sound.setter
    def sound(self, value: tuple[str, float] | None) -> None:
        self.bodies[0].sound = value

    @property
    def yaw(self) -> float:
        """Heading of the robot in the map, rad."""
        return self.robot().yaw

    def sentinel(self) -> Sentinel:
        """What animals perceive of the first robot now."""
        return self.bodies[0].sentinel()

    def robot(self) -> RobotState:
        """Truth about the robot now."""
        return self.bodies[0].state()

    # Sight.

    def eye(self, robot: int = 0) -> Picture:
        """What the sensor of a robot's camera gives now: RGB, uint8."""
        condition = self.night.scenario.light
        self._light(condition)
        ideal = self._render(self._camera_of(robot), condition)
        drawn = self._weather[robot].draw(ideal, condition, self._time)
        return self.cameras[robot].take(drawn, condition)

    def _camera_of(self, robot: int) -> str:
        return FIXED if self._fixed else self.bodies[robot].camera

    def spectator(self) -> Picture:
        """The garden as somebody who stands behind the robot would film it: RGB, uint8."""
        condition = self.night.scenario.light
        condition = lighting.MOON if condition in ('ir', 'torch') else condition
        self._light(condition)
        picture = self._render('spectator', condition)
        if condition == lighting.MOON:
            dark = ~picture.any(2)
            height = np.linspace(0.4, 1.0, len(picture))[:, None, None]
            sky = np.broadcast_to(np.array(_NIGHT_SKY) * height, picture.shape)
            picture[dark] = sky[dark]
        return picture

    def pose_animals(self) -> None:
        """Bring the puppets where the agents are; rendering does it by itself."""
        import mujoco

        for agent in self.night.agents:
            puppet = self.puppets[agent.visitor.name]
            if not agent.present:
                puppet.hide(self.data)
                continue
            pose = posture(agent.posture, puppet.anatomy, agent.phase, agent.look)
            place = np.array([agent.x, agent.y, agent.z + self.ground(agent.x, agent.y)])
            lean = agent.lean or relief.pitch(agent.x, agent.y, agent.yaw, self._slopes)
            puppet.place(self.model, self.data, place, agent.yaw, pose, lean)
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)

    def boxes(self, robot: int = 0) -> list[Seen]:
        """Exact boxes of whole animals before a robot's camera; plants may hide parts of them."""
        self.pose_animals()
        number = self.model.camera(self._camera_of(robot)).id
        place = self.data.cam_xpos[number]
        axes = self.data.cam_xmat[number].reshape(3, 3)
        found = []
        for agent in self.night.agents:
            if not agent.present:
                continue
            puppet = self.puppets[agent.visitor.name]
            # MuJoCo's cameras look along -z with y up.
            local = (puppet.outline(self.model, self.data, _OUTLINE) - place) @ axes * (1, -1, -1)
            local = local[local[:, 2] > _NEAREST]
            if not len(local):
                continue
            pixels = self.cameras[robot].project(local)
            (x0, y0), (x1, y1) = np.clip([pixels.min(0), pixels.max(0)], 0, self._size)
            if x1 - x0 >= _MIN_PIXELS and y1 - y0 >= _MIN_PIXELS:
                distance = float(np.hypot(agent.x - place[0], agent.y - place[1]))
                box = (float(x0), float(y0), float(x1 - x0), float(y1 - y0))
                found.append(Seen(agent.visitor.name, puppet.anatomy.species, box, distance))
        return found

    def labels(self) -> list[Label]:
        """Boxes of what shows of the animals before the first robot's camera, to the pixel.

        Slower than ``boxes``; knows what plants hide.
        """
        self._make_renderer()
        self.pose_animals()
        labeler = Labeler(self._renderer, list(self.puppets.values()))
        return labeler.labels(self.data, self._eye, self.cameras[0])

    def _make_renderer(self) -> None:
        import mujoco

        if self._renderer is None:
            # Made late: a thread that only simulates needs no OpenGL.
            self._renderer = mujoco.Renderer(self.model, self._size[1], self._size[0])

    def _light(self, condition: str) -> None:
        lamps = [f'{FIXED}/lamp'] if self._fixed else [r.lamp for r in self.bodies]
        lighting.apply(self.model, condition, *lamps)
        shine = {'ir': 1.0, 'torch': 0.7}.get(condition, 0.0)
        for puppet in self.puppets.values():
            puppet.shine(self.model, shine)
        for robot in self.bodies:
            robot.shine(GLOW_BY_MOON if condition == lighting.MOON else GLOW_BY_LAMP)

    def _render(self, camera: str, condition: str) -> Picture:
        import mujoco

        self._make_renderer()
        self._wind.blow(self.model, self._time)
        self.pose_animals()
        self._renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = lighting.sky_visible(condition)
        self._renderer.update_scene(self.data, camera)
        return self._renderer.render()


def _add_camera(spec: Any, name: str, at: Point, looks_at: Point, fovy: float) -> None:
    """Hang up a camera with a lamp ``name``/lamp beside its lens."""
    dx, dy, dz = np.array(looks_at) - np.array(at)
    quat = rotation(-float(np.arctan2(dz, np.hypot(dx, dy))), float(np.arctan2(dy, dx)))
    post = spec.worldbody.add_body(name=name, pos=at, quat=quat)
    post.add_camera(name=name, xyaxes=[0, -1, 0, 0, 0, 1], fovy=fovy)
    lighting.add_lamp(post, f'{name}/lamp', (0.0, 0.04, 0.0))
