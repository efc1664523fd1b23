"""An animal as rigid parts: a trunk that carries a head, a tail and limbs of two segments."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from .shapes import Array, Mesh


@dataclass(frozen=True)
class Limb:
    """A leg or arm in the resting pose.

    Points are in m, in the animal's frame (x forward, z up, origin on the ground);
    ``sole`` is the one that touches the ground. ``knee_forward`` is +1 where the middle joint bends
    forward, -1 where it bends backward.
    """

    name: str
    upper: str
    lower: str
    pivot: Array
    knee: Array
    sole: Array
    knee_forward: int
    phase: float


@dataclass(frozen=True)
class Anatomy:
    """Meshes by name, in the animal's frame, and how they hang together."""

    species: str
    meshes: Mapping[str, Mesh]
    limbs: tuple[Limb, ...]
    neck: Array
    tail: Array | None
    hip: Array
    eyes: Array
    eye_radius: float
    eye_color: tuple[float, float, float]
    length: float
    width: float
    height: float
    stride: float


def scaled(anatomy: Anatomy, factor: float) -> Anatomy:
    """Return the same animal ``factor`` times as large: a young one."""
    return replace(
        anatomy,
        meshes={
            name: replace(mesh, vertices=mesh.vertices * factor)
            for name, mesh in anatomy.meshes.items()
        },
        limbs=tuple(
            replace(
                limb, pivot=limb.pivot * factor, knee=limb.knee * factor, sole=limb.sole * factor
            )
            for limb in anatomy.limbs
        ),
        neck=anatomy.neck * factor,
        tail=None if anatomy.tail is None else anatomy.tail * factor,
        hip=anatomy.hip * factor,
        eyes=anatomy.eyes * factor,
        eye_radius=anatomy.eye_radius * factor,
        length=anatomy.length * factor,
        width=anatomy.width * factor,
        height=anatomy.height * factor,
        stride=anatomy.stride * factor,
    )


def rotation(pitch: float = 0.0, yaw: float = 0.0) -> Array:
    """Quaternion (w, x, y, z) of a yaw after a pitch, rad.

    A positive pitch lowers what is in front.
    """
    cp, sp, cy, sy = np.cos(pitch / 2), np.sin(pitch / 2), np.cos(yaw / 2), np.sin(yaw / 2)
    return np.array([cy * cp, -sy * sp, cy * sp, sy * cp])
