"""Smooth bodies from signed distance fields: primitives, meshing, and baking a coat into a texture.

A field maps points, shape (..., 3) in metres, to distances in metres, negative inside. A coat maps
points to colours, shape (..., 3), 0..1. MuJoCo's meshes have no vertex colours, so every triangle
gets its own small cell of a texture.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates
from skimage.measure import marching_cubes

Array = npt.NDArray[np.float64]
# Three numbers: a point, radii, or a colour.
Triple = Sequence[float] | npt.NDArray[np.floating]
Field = Callable[[Array], Array]
Coat = Callable[[Array], Array]

# Texels along one side of a triangle's cell. Six leave a margin of one and a half against bleeding.
_CELL = 6

# Step for numeric gradients of a field, m: well below the finest mesh (4 mm).
_EPSILON = 1e-3

# Triangles smaller than this, m^2, have no usable normal.
_TINY_AREA = 1e-10

_NOISE_SIZE = 64


@dataclass(frozen=True)
class Mesh:
    """A closed surface with its baked coat.

    ``vertices`` (n, 3) m, ``normals`` (n, 3), ``faces`` (m, 3), ``uv`` (3 m, 2) one corner after
    the other, ``texture`` (size, size, 3) uint8.
    """

    vertices: Array
    normals: Array
    faces: npt.NDArray[np.int32]
    uv: Array
    texture: npt.NDArray[np.uint8]


def ellipsoid(p: Array, center: Triple, radii: Triple) -> Array:
    """Approximate distance to an ellipsoid."""
    q, r = p - np.asarray(center), np.asarray(radii)
    k0 = np.linalg.norm(q / r, axis=-1)
    k1 = np.linalg.norm(q / (r * r), axis=-1)
    return k0 * (k0 - 1) / np.maximum(k1, 1e-9)


def capsule(p: Array, a: Triple, b: Triple, ra: float, rb: float) -> Array:
    """Distance to a round cone from ``a`` (radius ``ra``) to ``b`` (radius ``rb``)."""
    start = np.asarray(a)
    axis = np.asarray(b) - start
    t = np.clip(((p - start) @ axis) / (axis @ axis), 0, 1)
    return np.linalg.norm(p - start - t[..., None] * axis, axis=-1) - (ra + (rb - ra) * t)


def tube(p: Array, points: Array) -> tuple[Array, Array]:
    """Distance to a polyline (n, 3) and how far along it (0..1) the nearest point lies."""
    best = np.full(p.shape[:-1], np.inf)
    along = np.zeros(p.shape[:-1])
    done = 0.0
    for a, b in pairwise(points):
        axis = b - a
        length = float(np.linalg.norm(axis))
        t = np.clip(((p - a) @ axis) / (axis @ axis), 0, 1)
        d = np.linalg.norm(p - a - t[..., None] * axis, axis=-1)
        nearer = d < best
        best = np.where(nearer, d, best)
        along = np.where(nearer, done + t * length, along)
        done += length
    return best, along / done


def join(a: Array, b: Array, blend: float) -> Array:
    """Smooth union of two fields; ``blend`` in metres is the width of the seam."""
    h = np.clip(0.5 + 0.5 * (b - a) / blend, 0, 1)
    return b + (a - b) * h - blend * h * (1 - h)


def smoothstep(start: float, end: float, x: Array) -> Array:
    """Rise smoothly from 0 at ``start`` to 1 at ``end`` (which may be smaller)."""
    t = np.clip((x - start) / (end - start), 0, 1)
    return t * t * (3 - 2 * t)


def paint(base: Array, color: Triple, amount: npt.NDArray[Any]) -> Array:
    """Mix ``color`` into ``base`` (..., 3) by ``amount`` (...)."""
    mixed: Array = base + (np.asarray(color) - base) * amount[..., None]
    return mixed


def spot(p: Array, center: Triple, radii: Triple, edge: float = 0.25) -> Array:
    """1 inside an ellipsoid, 0 outside, with a soft ``edge`` relative to its size."""
    d = np.linalg.norm((p - np.asarray(center)) / np.asarray(radii), axis=-1)
    return smoothstep(1 + edge, 1 - edge, d)


def _noise_volumes() -> list[Array]:
    raw = np.random.default_rng(5).normal(size=(_NOISE_SIZE,) * 3)
    volumes = [gaussian_filter(raw, sigma, mode='wrap') for sigma in (0.7, 2.5)]
    return [v / v.std() for v in volumes]


_NOISE = _noise_volumes()


def noise(p: Array, scale: float, volume: int = 0) -> Array:
    """Smooth noise of unit variance.

    ``scale`` is the metres per cell, ``volume`` 0 fine, 1 coarse.
    """
    cells = ((p / scale) % _NOISE_SIZE).reshape(-1, 3).T
    return map_coordinates(_NOISE[volume], cells, order=1, mode='grid-wrap').reshape(p.shape[:-1])


def fur(p: Array, size: float = 1.0) -> Array:
    """Streaks along x as of fur lying backwards; ``size`` scales the strands."""
    return (
        noise(p * np.array([0.35, 1, 1]), 0.0016 * size) * 0.6
        + noise(p * np.array([0.5, 1, 1]), 0.004 * size) * 0.5
        + noise(p, 0.010 * size, 1) * 0.4
    )


# How a part gets its mesh: name, field, corners of its box, grid step, coat. ``build`` without the
# name, or a cache.
Mesher = Callable[[str, Field, Array, Array, float, Coat], Mesh]


def build(field: Field, low: Array, high: Array, step: float, coat: Coat) -> Mesh:
    """Mesh where ``field`` is zero between ``low`` and ``high``, every ``step``; bake ``coat``."""
    axes = [np.arange(a, b + step, step) for a, b in zip(low, high, strict=True)]
    grid = np.stack(np.meshgrid(*axes, indexing='ij'), -1)
    vertices, faces, _, _ = marching_cubes(field(grid), 0.0, spacing=(step,) * 3)  # type: ignore[no-untyped-call]
    vertices = vertices.astype(np.float64) + np.array([a[0] for a in axes])
    gradient = np.stack(
        [field(vertices + e) - field(vertices - e) for e in np.eye(3) * _EPSILON], -1
    )
    length = np.maximum(np.linalg.norm(gradient, axis=-1, keepdims=True), 1e-12)
    normals = gradient / length
    # One Newton step takes the steps of the grid out of the surface.
    vertices = vertices - normals * field(vertices)[:, None] * 0.9
    cross = np.cross(
        vertices[faces[:, 1]] - vertices[faces[:, 0]], vertices[faces[:, 2]] - vertices[faces[:, 0]]
    )
    if np.einsum('ij,ij->i', cross, normals[faces[:, 0]]).mean() < 0:
        faces = faces[:, ::-1]
    faces = np.ascontiguousarray(faces[np.linalg.norm(cross, axis=1) > _TINY_AREA], np.int32)
    texture, uv = _bake(vertices, faces, coat)
    return Mesh(vertices, normals, faces, uv, texture)


def _bake(
    vertices: Array, faces: npt.NDArray[np.int32], coat: Coat
) -> tuple[npt.NDArray[np.uint8], Array]:
    """Give each triangle the lower left half of its own cell and sample the coat there."""
    per_row = int(np.ceil(np.sqrt(len(faces))))
    size = per_row * _CELL
    index = np.arange(len(faces))
    column, row = (index % per_row) * _CELL, (index // per_row) * _CELL
    # Corners sit one texel inside the cell; barycentric coordinates may run a little past them,
    # into the margin.
    ramp = (np.arange(_CELL) - 0.5) / (_CELL - 3)
    b1, b2 = np.meshgrid(np.clip(ramp, -0.15, 1.15), np.clip(ramp, -0.15, 1.15), indexing='xy')
    over = np.maximum(b1 + b2, 1.15) / 1.15
    b1, b2 = b1 / over, b2 / over
    corner = vertices[faces]
    points = (
        corner[:, None, None, 0]
        + b1[None, ..., None] * (corner[:, 1] - corner[:, 0])[:, None, None]
        + b2[None, ..., None] * (corner[:, 2] - corner[:, 0])[:, None, None]
    )
    colors = (np.clip(coat(points), 0, 1) * 255).astype(np.uint8)
    texture = np.zeros((size, size, 3), np.uint8)
    for a in range(_CELL):
        for b in range(_CELL):
            texture[row + b, column + a] = colors[:, b, a]
    uv = np.empty((len(faces), 3, 2))
    for j, (a1, b1_) in enumerate([(1.0, 1.0), (_CELL - 2.0, 1.0), (1.0, _CELL - 2.0)]):
        uv[:, j, 0] = (column + a1) / size
        uv[:, j, 1] = (row + b1_) / size
    return texture, uv.reshape(-1, 2)
