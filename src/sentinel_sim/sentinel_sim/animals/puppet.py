"""Moves an animal's parts: feet stay where they stand, legs follow by inverse kinematics."""

from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from .parts import Anatomy, Limb, rotation
from .shapes import Array, Mesh

# Share of a cycle that a foot stands on the ground: walk of a quadruped or person, and a bounding
# flight.
_WALK_DUTY, _BOUND_DUTY = 0.62, 0.40

# Where in the cycle each foot touches down when the animal bounds: hind pair, then front pair.
_BOUND_PHASES = {'hl': 0.0, 'hr': 0.08, 'fl': 0.45, 'fr': 0.55}

# A bounding animal covers more ground in one cycle than a walking one.
_BOUND_STRIDE = 1.9

# Geoms of animals; shadows are hidden while labels are rendered.
GROUP_ANIMAL, GROUP_SHADOW = 1, 4


@dataclass(frozen=True)
class Pose:
    """How an animal holds itself.

    ``phase`` runs 0..1 over a gait cycle, ``gait`` is the share of a full stride (0: stands still),
    ``bound`` turns the walk into a gallop. ``pitch`` (rad) lowers the front of the trunk, ``drop``
    (m) lowers the hip, ``head`` and ``look`` (rad) nod and turn the head, ``tail`` (rad) raises the
    tail, ``rear`` 0..1 lifts the fore feet.
    """

    phase: float = 0.0
    gait: float = 0.0
    bound: bool = False
    pitch: float = 0.0
    drop: float = 0.0
    head: float = 0.0
    look: float = 0.0
    tail: float = 0.0
    rear: float = 0.0


def posture(name: str, anatomy: Anatomy, phase: float = 0.0, look: float = 0.0) -> Pose:
    """Return a named pose: walk, climb, bound, stand, alert, forage, rear, sit.

    What a kind cannot do becomes standing.
    """
    if anatomy.species == 'person':
        if name == 'forage':
            return Pose(pitch=0.9, head=0.2, look=look)
        return Pose(phase=phase, gait=float(name in ('walk', 'bound')), look=look)
    if name == 'climb':
        return Pose(phase, 0.8, head=-0.1, tail=-0.15, look=look)
    if name == 'walk':
        return Pose(phase, 1.0, head=0.12 + 0.04 * np.sin(4 * np.pi * phase), look=look)
    if name == 'bound':
        return Pose(
            phase, 1.0, bound=True, pitch=0.12 * np.sin(2 * np.pi * phase), tail=0.25, look=look
        )
    if name == 'alert':
        return Pose(head=-0.25, look=look)
    if name == 'forage':
        nod = 0.10 * np.sin(2 * np.pi * phase)
        return Pose(pitch=0.16, head=0.75 + nod, look=look + 0.15 * np.sin(2 * np.pi * phase * 0.5))
    if name == 'rear':
        return Pose(
            pitch=-1.05,
            drop=0.25 * float(anatomy.hip[2]),
            head=0.8,
            tail=1.2,
            look=look,
            rear=1.0,
        )
    if name == 'sit':
        return Pose(pitch=-0.55, drop=0.52 * float(anatomy.hip[2]), head=0.45, tail=0.6, look=look)
    return Pose(look=look)


class Puppet:
    """One animal in a MuJoCo model: a mocap body whose parts are turned by writing to the model.

    Add it to a specification, compile, ``bind`` to the model, then ``place`` it before each
    picture.
    """

    def __init__(self, name: str, anatomy: Anatomy) -> None:
        self.name = name
        # Own names in the model, whatever else is called so there.
        self._root = f'animal/{name}'
        self.anatomy = anatomy
        self.geoms: frozenset[int] = frozenset()
        self._bodies: dict[str, int] = {}
        self._samples: dict[str, Array] = {}
        self._mocap = -1
        self._eye_material = -1
        self._floor = 0.0

    def add(self, spec: Any) -> None:
        """Write bodies, meshes and materials into an MjSpec.

        The animal starts far below the ground.
        """
        a = self.anatomy
        root = spec.worldbody.add_body(name=self._root, mocap=True, pos=[0, 0, -50])
        root.add_geom(
            name=f'{self._root}/shadow',
            type=mujoco.mjtGeom.mjGEOM_ELLIPSOID,
            pos=[-0.02 * a.length, 0, 0.004],
            size=[0.42 * a.length, 0.55 * a.width, 0.003],
            rgba=[0, 0, 0, 0.42],
            contype=0, conaffinity=0, group=GROUP_SHADOW, mass=0,
        )  # fmt: skip
        trunk = self._part(spec, root, 'trunk', a.hip, np.zeros(3))
        head = self._part(spec, trunk, 'head', a.neck, a.hip)
        if a.tail is not None:
            self._part(spec, trunk, 'tail', a.tail, a.hip)
        for limb in a.limbs:
            upper = self._part(spec, trunk, limb.upper, limb.pivot, a.hip)
            self._part(spec, upper, limb.lower, limb.knee, limb.pivot)
        if len(a.eyes):
            # One material of its own, so that eyes shine animal by animal.
            spec.add_material(
                name=f'{self._root}/eye', rgba=[*a.eye_color, 1], specular=1, shininess=1
            )
        for i, eye in enumerate(a.eyes):
            head.add_geom(
                name=f'{self._root}/eye{i}',
                type=mujoco.mjtGeom.mjGEOM_SPHERE,
                pos=eye - a.neck,
                size=[a.eye_radius, 0, 0],
                material=f'{self._root}/eye',
                contype=0, conaffinity=0, group=GROUP_ANIMAL, mass=0,
            )  # fmt: skip

    def _part(self, spec: Any, parent: Any, part: str, pivot: Array, origin: Array) -> Any:
        name = f'{self._root}/{part}'
        _add_mesh(spec, name, self.anatomy.meshes[part], pivot)
        body = parent.add_body(name=name, pos=pivot - origin)
        body.add_geom(
            name=name, type=mujoco.mjtGeom.mjGEOM_MESH, meshname=name, material=name,
            contype=0, conaffinity=0, group=GROUP_ANIMAL, mass=0,
        )  # fmt: skip
        return body

    def bind(self, model: Any) -> None:
        """Look up the numbers of bodies and geoms in the compiled model."""
        prefix = f'{self._root}/'
        self._mocap = int(model.body(self._root).mocapid[0])
        for i in range(model.nbody):
            body = model.body(i).name
            if body.startswith(prefix):
                self._bodies[body.removeprefix(prefix)] = i
        bodies = set(self._bodies.values())
        self.geoms = frozenset(i for i in range(model.ngeom) if int(model.geom_bodyid[i]) in bodies)
        if len(self.anatomy.eyes):
            self._eye_material = model.mat(f'{self._root}/eye').id

    def hide(self, data: Any) -> None:
        """Take the animal out of sight."""
        data.mocap_pos[self._mocap] = (0, 0, -50)

    def shine(self, model: Any, amount: float) -> None:
        """Let the eyes reflect a lamp beside the lens, 0..1."""
        if self._eye_material >= 0:
            glow = np.array(self.anatomy.eye_color) * (1 - amount) + amount
            model.mat_rgba[self._eye_material, :3] = glow
            model.mat_emission[self._eye_material] = amount

    def place(
        self, model: Any, data: Any, position: Array, yaw: float, pose: Pose, lean: float = 0.0
    ) -> None:
        """Put the animal in ``pose`` at ``position`` (m, on the ground), heading ``yaw`` (rad).

        ``lean`` (rad) is the pitch of what it stands on, negative uphill. mj_kinematics (or
        mj_forward) must follow before rendering.
        """
        a = self.anatomy
        bob = -0.012 * a.height * np.cos(4 * np.pi * pose.phase) * pose.gait
        data.mocap_pos[self._mocap] = position
        data.mocap_quat[self._mocap] = rotation(lean, yaw)
        self._floor = float(position[2]) - abs(float(np.sin(lean))) * a.length
        hip = a.hip + np.array([0.0, 0.0, bob - pose.drop])
        self._turn(model, 'trunk', pose.pitch)
        model.body_pos[self._bodies['trunk']] = hip
        self._turn(model, 'head', pose.head - 0.5 * pose.pitch, pose.look)
        if a.tail is not None:
            self._turn(model, 'tail', pose.tail, 0.15 * np.sin(2 * np.pi * pose.phase) * pose.gait)
        for limb in a.limbs:
            if limb.name.startswith('arm'):
                self._swing_arm(model, limb, pose)
            else:
                self._step(model, limb, hip, pose)

    def outline(self, model: Any, data: Any, per_part: int) -> Array:
        """Return points of the surface in the map, (n, 3) m, about ``per_part`` from each part.

        mj_kinematics must have run since ``place``.
        """
        points = []
        for part, mesh in self.anatomy.meshes.items():
            if part not in self._samples:
                every = max(1, len(mesh.vertices) // per_part)
                self._samples[part] = mesh.vertices[::every] - self._pivot(part)
            body = self._bodies[part]
            points.append(self._samples[part] @ data.xmat[body].reshape(3, 3).T + data.xpos[body])
        surface: Array = np.concatenate(points)
        surface[:, 2] = np.maximum(surface[:, 2], self._floor)  # claws sink a little into the lawn
        return surface

    def _pivot(self, part: str) -> Array:
        a = self.anatomy
        if part in ('trunk', 'head'):
            return a.hip if part == 'trunk' else a.neck
        if part == 'tail':
            assert a.tail is not None
            return a.tail
        limb = next(limb for limb in a.limbs if part in (limb.upper, limb.lower))
        return limb.pivot if part == limb.upper else limb.knee

    def _turn(self, model: Any, part: str, pitch: float, yaw: float = 0.0) -> None:
        model.body_quat[self._bodies[part]] = rotation(pitch, yaw)

    def _swing_arm(self, model: Any, limb: Limb, pose: Pose) -> None:
        swing = 0.5 * np.sin(2 * np.pi * (pose.phase + limb.phase)) * pose.gait
        self._turn(model, limb.upper, -swing - 0.8 * pose.pitch)
        self._turn(model, limb.lower, -0.25 - 0.25 * max(swing, 0.0))

    def _step(self, model: Any, limb: Limb, hip: Array, pose: Pose) -> None:
        a = self.anatomy
        foot = limb.sole.copy()
        if pose.gait > 0:
            duty = _BOUND_DUTY if pose.bound else _WALK_DUTY
            offset = _BOUND_PHASES.get(limb.name, limb.phase) if pose.bound else limb.phase
            stride = a.stride * (_BOUND_STRIDE if pose.bound else 1.0) * duty * pose.gait
            p = (pose.phase + offset) % 1.0
            if p < duty:
                foot[0] += stride * (0.5 - p / duty)
            else:
                swing = (p - duty) / (1 - duty)
                foot[0] += stride * (swing - np.sin(2 * np.pi * swing) / (2 * np.pi) - 0.5)
                foot[2] += 0.13 * a.hip[2] * np.sin(np.pi * swing)
        c, s = np.cos(pose.pitch), np.sin(pose.pitch)
        dx, _, dz = limb.pivot - a.hip
        pivot = np.array([hip[0] + c * dx + s * dz, hip[2] - s * dx + c * dz])
        target = np.array([foot[0], foot[2]])
        if pose.rear > 0 and limb.name.startswith('f'):
            hang = pivot + np.array([0.35, -0.75]) * limb.pivot[2]
            target = target + (hang - target) * pose.rear
        upper, lower = _bend(limb, target - pivot)
        self._turn(model, limb.upper, upper - pose.pitch)
        self._turn(model, limb.lower, lower - upper)


def _bend(limb: Limb, target: Array) -> tuple[float, float]:
    """Pitch of both segments, rad against the resting pose, that brings the sole to ``target``.

    ``target`` is (x, z) from the pivot, m.
    """
    thigh, shank = (limb.knee - limb.pivot)[[0, 2]], (limb.sole - limb.knee)[[0, 2]]
    l1, l2 = float(np.linalg.norm(thigh)), float(np.linalg.norm(shank))
    reach = float(np.clip(np.linalg.norm(target), abs(l1 - l2) + 1e-4, l1 + l2 - 1e-4))
    inner = np.arccos(np.clip((l1 * l1 + reach * reach - l2 * l2) / (2 * l1 * reach), -1, 1))
    angle = _from_down(target) + limb.knee_forward * inner
    knee = l1 * np.array([np.sin(angle), -np.cos(angle)])
    end = target * reach / max(float(np.linalg.norm(target)), 1e-9)
    return _from_down(thigh) - angle, _from_down(shank) - _from_down(end - knee)


def _from_down(v: Array) -> float:
    return float(np.arctan2(v[0], -v[1]))


def _add_mesh(spec: Any, name: str, mesh: Mesh, pivot: Array) -> None:
    size = mesh.texture.shape[0]
    texture = spec.add_texture(
        name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=size, height=size, nchannel=3
    )
    texture.data = mesh.texture.tobytes()
    material = spec.add_material(name=name, specular=0.05, shininess=0.05)
    material.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    item = spec.add_mesh(name=name)
    item.uservert = (mesh.vertices - pivot).ravel()
    item.userface = item.userfacenormal = mesh.faces.ravel()
    item.usernormal = mesh.normals.ravel()
    item.usertexcoord = mesh.uv.ravel()
    item.userfacetexcoord = np.arange(3 * len(mesh.faces))
    item.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL
