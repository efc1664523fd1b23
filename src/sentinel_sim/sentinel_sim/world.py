"""The night on physics.

Garden, robot and animals in MuJoCo, moved in lock-step, seen by cameras.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from sentinel_driver.hermes import MAX_DRIVE, Codec, Drive

from . import garden, lighting
from .agents import Sentinel
from .animals import catalog
from .animals.parts import rotation, scaled
from .animals.puppet import Puppet, posture
from .camera_model import CameraModel, Lens, Picture
from .night import Night
from .robot.gait import FULL_SPEED, FULL_TURN
from .robot.mekamon import MekaMon
from .robot.model import (
    BASE,
    CAMERA,
    CAMERA_FOVY,
    GLOW,
    IMU,
    JOINTS,
    LAMP,
    LED,
    STANCE_HEIGHT,
    UNLIT_LED,
    robot_spec,
)
from .scenarios import Scenario
from .weather import WeatherView, Wind

Array = npt.NDArray[np.float64]
Point = tuple[float, float, float]

SIZE = (640, 480)
PHYSICS_STEP = 0.002

# The firmware's own rate: joint targets are renewed every 20 ms.
CONTROL_STEP = 0.02

# Prefix of everything that belongs to the robot in the model.
_ROBOT = 'robot/'

# Eyes of the sentinel: which camera of the model, and the lamp beside it.
ON_BOARD, FIXED = 'onboard', 'fixed'
_EYES = {ON_BOARD: (_ROBOT + CAMERA, _ROBOT + LAMP), FIXED: (FIXED, f'{FIXED}/lamp')}

# Steps sway the body at about 2 Hz; the mean velocity is felt over this time, s.
_SWAY = 0.4

# A young animal against an adult.
_YOUNG_SIZE = 0.6

# The spectator stands behind the robot and looks over it at the beds: place, and the point it looks
# at, m.
_SPECTATOR_AT, _SPECTATOR_LOOKS_AT = (-0.85, -0.75, 0.62), (2.0, 0.30, 0.08)
_SPECTATOR_FOVY = 52.0

# The head's LED against the moonlight of the film.
_GLOW = 3.0

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
class RobotState:
    """Truth about the robot: pose in the map (m.

    Quaternion w, x, y, z), velocities in base_link (m/s, rad/s).
    """

    position: Array
    orientation: Array
    linear: Array
    angular: Array
    joints: Array
    joint_velocities: Array
    acceleration: Array

    @property
    def yaw(self) -> float:
        """Heading, rad."""
        w, x, y, z = self.orientation
        return float(np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z)))


@dataclass(frozen=True)
class Seen:
    """Where an animal is in the picture: box (x, y, width, height) px, clipped to the picture."""

    name: str
    species: str
    box: tuple[float, float, float, float]
    distance: float


class World:
    """One night with everything in it.

    ``step`` moves it by one control step; nothing here reads a clock.

    Sounds come in through ``sound`` (name, volume); the robot through ``mekamon``.
    """

    def __init__(
        self,
        scenario: Scenario,
        seed: int,
        *,
        mekamon: MekaMon | None = None,
        size: tuple[int, int] = SIZE,
        lens: Lens | None = None,
        eye: str = ON_BOARD,
    ) -> None:
        import mujoco

        self.mekamon = mekamon or MekaMon(seed=seed)
        self.control_step = CONTROL_STEP
        self._time = 0.0
        self._falls = 0
        self._velocity = np.zeros(2)
        self._was_fallen = False
        self._path = 0.0
        self.sound: tuple[str, float] | None = None
        self.night_runs = True
        self._resting_color = np.array(self.mekamon.head_color)
        self._size = size
        self._eye, self._lamp = _EYES[eye]
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
        self._bind()
        self._stand(scenario.robot)
        self._renderer: Any = None
        rng = np.random.default_rng([seed, 23])
        self.camera = CameraModel(rng, size=size, fovy=CAMERA_FOVY, lens=lens)
        drops = np.random.default_rng([seed, 37])
        self._weather = WeatherView(scenario.weather, drops, self.camera)
        self._wind = Wind(self.model, scenario.weather.wind)

    def close(self) -> None:
        """Free the renderer."""
        if self._renderer is not None:
            self._renderer.close()
            self._renderer = None

    # Construction.

    def _compile(self, scenario: Scenario, size: tuple[int, int]) -> Any:
        import mujoco

        spec = garden.build(scenario.garden, size=size, dusk=scenario.light == 'dusk')
        option = spec.option
        option.timestep = PHYSICS_STEP
        option.integrator = mujoco.mjtIntegrator.mjINT_IMPLICITFAST
        option.cone, option.impratio = mujoco.mjtCone.mjCONE_ELLIPTIC, 10
        # The sparse Cholesky of MuJoCo 4.0 has a defect that a dense Jacobian avoids.
        option.jacobian = mujoco.mjtJacobian.mjJAC_DENSE
        for puppet in self.puppets.values():
            puppet.add(spec)
        _add_camera(spec, 'spectator', _SPECTATOR_AT, _SPECTATOR_LOOKS_AT, _SPECTATOR_FOVY)
        _add_camera(spec, FIXED, _FIXED_AT, _FIXED_LOOKS_AT, CAMERA_FOVY)
        x, y, yaw = scenario.robot
        frame = spec.worldbody.add_frame(
            pos=[x, y, STANCE_HEIGHT], quat=[np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)]
        )
        frame.attach_body(robot_spec().body(BASE), _ROBOT, '')
        return spec.compile()

    def _bind(self) -> None:
        model = self.model
        self._base = model.body(_ROBOT + BASE).id
        joints = [model.joint(_ROBOT + name) for name in JOINTS]
        self._qpos = np.array([j.qposadr[0] for j in joints])
        self._qvel = np.array([j.dofadr[0] for j in joints])
        self._servos = np.array([model.actuator(_ROBOT + name).id for name in JOINTS])
        self._led = model.mat(_ROBOT + LED).id
        self._glow = model.light(_ROBOT + GLOW).id
        self._root = model.joint(_ROBOT + 'root')
        self._accelerometer = model.sensor(f'{_ROBOT}{IMU}_accelerometer').adr[0]
        self._gyro = model.sensor(f'{_ROBOT}{IMU}_gyro').adr[0]

    def _stand(self, pose: tuple[float, float, float]) -> None:
        import mujoco

        targets = self.mekamon.step(0.0)
        self.data.qpos[self._qpos] = targets
        self.data.ctrl[self._servos] = targets
        mujoco.mj_forward(self.model, self.data)
        # Let the robot settle on its feet before anybody looks.
        mujoco.mj_step(self.model, self.data, round(0.3 / PHYSICS_STEP))

    # Motion.

    def step(self) -> None:
        """Advance everything by ``CONTROL_STEP`` s."""
        import mujoco

        up = float(self.data.xmat[self._base].reshape(3, 3)[2, 2])
        self.mekamon.sense(up=up)
        self.data.ctrl[self._servos] = self.mekamon.step(CONTROL_STEP)
        mujoco.mj_step(self.model, self.data, round(CONTROL_STEP / PHYSICS_STEP))
        self._time += CONTROL_STEP
        self._feel_speed()
        sentinel = self.sentinel()
        self._path += float(np.hypot(sentinel.vx, sentinel.vy)) * CONTROL_STEP
        self._falls += self.mekamon.fallen and not self._was_fallen
        self._was_fallen = self.mekamon.fallen
        if self.night_runs:
            self.night.step(CONTROL_STEP, sentinel)

    def truth(self) -> dict[str, Any]:
        """Everything about the night (see ``Night.truth``) and about the robot, ready for JSON."""
        return {**self.night.truth(), 'robot': {'falls': self._falls, 'path_m': self._path}}

    def walk(self, x: float, y: float, yaw: float) -> None:
        """Tell the firmware to walk at this velocity in base_link (m/s, m/s, rad/s).

        As a driver does.
        """
        drive = Drive(
            forward=round(x / FULL_SPEED * MAX_DRIVE),
            strafe=round(-y / FULL_SPEED * MAX_DRIVE),
            turn=round(-yaw / FULL_TURN * MAX_DRIVE),
        )
        self.mekamon.handle(Codec().payload(drive))

    @property
    def yaw(self) -> float:
        """Heading of the robot in the map, rad."""
        return self.robot().yaw

    def sentinel(self) -> Sentinel:
        """What animals perceive of the robot now."""
        x, y = self.data.xpos[self._base][:2]
        vx, vy = self._velocity
        # Switched off it is no stimulus either: only what is brighter than at rest counts.
        light = float(np.maximum(np.array(self.mekamon.head_color) - self._resting_color, 0).max())
        sound, volume = self.sound or ('', 0.0)
        return Sentinel(float(x), float(y), float(vx), float(vy), light, sound, volume)

    def _feel_speed(self) -> None:
        """Follow the robot's velocity in the map.

        Nobody is frightened by the swaying of single steps.
        """
        import mujoco

        now = np.zeros(6)
        mujoco.mj_objectVelocity(
            self.model, self.data, mujoco.mjtObj.mjOBJ_BODY, self._base, now, 0
        )
        self._velocity += (now[3:5] - self._velocity) * CONTROL_STEP / _SWAY

    def robot(self) -> RobotState:
        """Truth about the robot now."""
        import mujoco

        velocity = np.zeros(6)
        mujoco.mj_objectVelocity(
            self.model, self.data, mujoco.mjtObj.mjOBJ_BODY, self._base, velocity, 1
        )
        sensors = self.data.sensordata
        return RobotState(
            position=self.data.xpos[self._base].copy(),
            orientation=self.data.xquat[self._base].copy(),
            linear=velocity[3:],
            angular=sensors[self._gyro : self._gyro + 3].copy(),
            joints=self.data.qpos[self._qpos].copy(),
            joint_velocities=self.data.qvel[self._qvel].copy(),
            acceleration=sensors[self._accelerometer : self._accelerometer + 3].copy(),
        )

    # Sight.

    def eye(self) -> Picture:
        """What the sensor of the camera gives now: RGB, uint8."""
        condition = self.night.scenario.light
        self._light(condition)
        ideal = self._render(self._eye, condition)
        return self.camera.take(self._weather.draw(ideal, condition, self._time), condition)

    def spectator(self) -> Picture:
        """The garden as somebody who stands behind the robot would film it: RGB, uint8."""
        condition = self.night.scenario.light
        condition = lighting.MOON if condition in ('ir', 'torch') else condition
        self._light(condition)
        self.model.light_active[self._glow] = any(self.mekamon.head_color)
        self.model.light_diffuse[self._glow] = _GLOW * np.array(self.mekamon.head_color)
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
            puppet.place(self.model, self.data, np.array([agent.x, agent.y, 0.0]), agent.yaw, pose)
        mujoco.mj_kinematics(self.model, self.data)
        mujoco.mj_camlight(self.model, self.data)

    def boxes(self) -> list[Seen]:
        """Exact boxes of the animals before the camera (whole silhouettes.

        Plants may hide parts of them).
        """
        self.pose_animals()
        number = self.model.camera(self._eye).id
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
            pixels = self.camera.project(local)
            (x0, y0), (x1, y1) = np.clip([pixels.min(0), pixels.max(0)], 0, self._size)
            if x1 - x0 >= _MIN_PIXELS and y1 - y0 >= _MIN_PIXELS:
                distance = float(np.hypot(agent.x - place[0], agent.y - place[1]))
                box = (float(x0), float(y0), float(x1 - x0), float(y1 - y0))
                found.append(Seen(agent.visitor.name, puppet.anatomy.species, box, distance))
        return found

    def _light(self, condition: str) -> None:
        lighting.apply(self.model, condition, self._lamp)
        shine = {'ir': 1.0, 'torch': 0.7}.get(condition, 0.0)
        for puppet in self.puppets.values():
            puppet.shine(self.model, shine)
        color = np.array(self.mekamon.head_color)
        self.model.mat_rgba[self._led, :3] = UNLIT_LED + (1 - UNLIT_LED) * color

    def _render(self, camera: str, condition: str) -> Picture:
        import mujoco

        if self._renderer is None:
            # Made late: a thread that only simulates needs no OpenGL.
            self._renderer = mujoco.Renderer(self.model, self._size[1], self._size[0])
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
