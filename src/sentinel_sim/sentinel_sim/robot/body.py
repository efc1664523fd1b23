"""One robot's body in the garden's physics: servos, senses, lights, and what animals perceive."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..agents import Sentinel
from .mekamon import MekaMon
from .model import (
    BASE,
    CAMERA,
    GLOW,
    IMU,
    JOINTS,
    LAMP,
    LED,
    STANCE_HEIGHT,
    UNLIT_LED,
    robot_spec,
)

Array = npt.NDArray[np.float64]

# Steps sway the body at about 2 Hz; the mean velocity is felt over this time, s.
_SWAY = 0.4

# The head's LED against the moonlight of the film, and against a lamp that lights the garden: a
# tenth of a watt beside some watts.
GLOW_BY_MOON, GLOW_BY_LAMP = 3.0, 0.15


@dataclass(frozen=True)
class RobotState:
    """Truth about the robot.

    ``position`` (m) and ``orientation`` (quaternion w, x, y, z) are in the map; ``linear`` (m/s),
    ``angular`` (rad/s) and ``acceleration`` (m/s^2) in base_link; ``joints`` in rad and rad/s.
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


class Body:
    """A MekaMon of the model: ``attach`` to a specification, compile, ``bind``, then live.

    ``prefix`` is that of its names in the model. What it says comes in through ``sound`` (name,
    volume), what the driver wants through ``mekamon``.
    """

    def __init__(self, prefix: str, mekamon: MekaMon) -> None:
        self.mekamon = mekamon
        self.sound: tuple[str, float] | None = None
        self.camera, self.lamp = prefix + CAMERA, prefix + LAMP
        self._prefix = prefix
        self._resting_color = np.array(mekamon.head_color)
        self._velocity = np.zeros(2)
        self._was_fallen = False
        self._falls, self._path = 0, 0.0

    def attach(self, spec: Any, pose: tuple[float, float, float], ground: float = 0.0) -> None:
        """Stand the robot at ``pose`` (x, y m, yaw rad) in an MjSpec; ``ground`` is its height."""
        x, y, yaw = pose
        frame = spec.worldbody.add_frame(
            pos=[x, y, ground + STANCE_HEIGHT], quat=[np.cos(yaw / 2), 0, 0, np.sin(yaw / 2)]
        )
        frame.attach_body(robot_spec().body(BASE), self._prefix, '')

    def bind(self, model: Any, data: Any) -> None:
        """Find the robot in the compiled model and bend its legs into the stance."""
        prefix = self._prefix
        self._model, self._data = model, data
        self._base = model.body(prefix + BASE).id
        joints = [model.joint(prefix + name) for name in JOINTS]
        self._qpos = np.array([j.qposadr[0] for j in joints])
        self._qvel = np.array([j.dofadr[0] for j in joints])
        self._servos = np.array([model.actuator(prefix + name).id for name in JOINTS])
        self._led = model.mat(prefix + LED).id
        self._glow = model.light(prefix + GLOW).id
        self._accelerometer = model.sensor(f'{prefix}{IMU}_accelerometer').adr[0]
        self._gyro = model.sensor(f'{prefix}{IMU}_gyro').adr[0]
        data.qpos[self._qpos] = data.ctrl[self._servos] = self.mekamon.step(0.0)

    def command(self, dt: float) -> None:
        """Let the firmware live ``dt`` s and set the servos' targets."""
        up = float(self._data.xmat[self._base].reshape(3, 3)[2, 2])
        self.mekamon.sense(up=up)
        self._data.ctrl[self._servos] = self.mekamon.step(dt)

    def feel(self, dt: float) -> None:
        """Follow the velocity in the map: nobody is frightened by the swaying of single steps."""
        import mujoco

        now = np.zeros(6)
        mujoco.mj_objectVelocity(
            self._model, self._data, mujoco.mjtObj.mjOBJ_BODY, self._base, now, 0
        )
        self._velocity += (now[3:5] - self._velocity) * dt / _SWAY
        self._path += float(np.hypot(*self._velocity)) * dt
        self._falls += self.mekamon.fallen and not self._was_fallen
        self._was_fallen = self.mekamon.fallen

    def walk(self, x: float, y: float, yaw: float) -> None:
        """Tell the firmware to walk at this velocity in base_link (m/s, m/s, rad/s)."""
        self.mekamon.walk(x, y, yaw)

    def sentinel(self) -> Sentinel:
        """What animals perceive of the robot now."""
        x, y = self._data.xpos[self._base][:2]
        vx, vy = self._velocity
        # Switched off it is no stimulus either: only what is brighter than at rest counts.
        light = float(np.maximum(np.array(self.mekamon.head_color) - self._resting_color, 0).max())
        sound, volume = self.sound or ('', 0.0)
        return Sentinel(float(x), float(y), float(vx), float(vy), light, sound, volume)

    def state(self) -> RobotState:
        """Truth about the robot now."""
        import mujoco

        model, data = self._model, self._data
        velocity = np.zeros(6)
        mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_BODY, self._base, velocity, 1)
        sensors = data.sensordata
        return RobotState(
            position=data.xpos[self._base].copy(),
            orientation=data.xquat[self._base].copy(),
            linear=velocity[3:],
            angular=sensors[self._gyro : self._gyro + 3].copy(),
            joints=data.qpos[self._qpos].copy(),
            joint_velocities=data.qvel[self._qvel].copy(),
            acceleration=sensors[self._accelerometer : self._accelerometer + 3].copy(),
        )

    def truth(self) -> dict[str, Any]:
        """How often it fell, and how far it walked (m)."""
        return {'falls': self._falls, 'path_m': self._path}

    def shine(self, glow: float) -> None:
        """Bring the head's LED into the picture, and what it throws on the ground (``glow``)."""
        color = np.array(self.mekamon.head_color)
        self._model.mat_rgba[self._led, :3] = UNLIT_LED + (1 - UNLIT_LED) * color
        self._model.light_active[self._glow] = color.any()
        self._model.light_diffuse[self._glow] = glow * color
