"""Plants as meshes of flat leaves; their colours come from palettes of six tones."""

from typing import Any

import mujoco
import numpy as np
import numpy.typing as npt

from .animals.shapes import Array


def _add_leaves(spec: Any, name: str, triangles: Array, shade: npt.NDArray[np.int64]) -> None:
    """Add a mesh of two-sided triangles (n, 3, 3); ``shade`` (n) 0..5 picks the tone of each."""
    two_sided = np.concatenate([triangles, triangles[:, ::-1]])
    corners = np.arange(3 * len(two_sided))
    uv = np.repeat(np.stack([(shade + 0.5) / 6, np.full(len(shade), 0.5)], 1), 3, 0)
    flat = np.cross(two_sided[:, 1] - two_sided[:, 0], two_sided[:, 2] - two_sided[:, 0])
    flat /= np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-12)
    # Normals lean upwards on both sides: by day leaves are lit like the lawn they stand in, at
    # night by the lamp.
    normals = flat + np.array([0.0, 0.0, 0.9])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    mesh = spec.add_mesh(name=name)
    mesh.uservert = two_sided.ravel()
    mesh.userface = mesh.userfacetexcoord = mesh.userfacenormal = corners
    mesh.usertexcoord = np.concatenate([uv, uv]).ravel()
    mesh.usernormal = np.repeat(normals, 3, axis=0).ravel()
    mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL


def _tuft(spec: Any, name: str, height: float, rng: np.random.Generator, count: int = 45) -> None:
    foot = np.c_[rng.normal(size=(count, 2)) * height * 0.35, np.zeros(count)]
    angle = rng.uniform(0, 2 * np.pi, count)
    half = np.c_[np.cos(angle), np.sin(angle), 0 * angle] * height * 0.05
    tip = (
        foot
        + np.c_[rng.normal(size=(count, 2)) * height * 0.35, height * rng.uniform(0.5, 1.1, count)]
    )
    _add_leaves(spec, name, np.stack([foot - half, foot + half, tip], 1), rng.integers(1, 6, count))


def _bush(spec: Any, name: str, radius: float, rng: np.random.Generator, count: int = 220) -> None:
    out = rng.normal(size=(count, 3))
    out /= np.linalg.norm(out, axis=1, keepdims=True)
    p = out * radius * rng.uniform(0.6, 1, count)[:, None] * [1, 1, 1.1]
    p[:, 2] += radius * 0.95
    e1 = rng.normal(size=(count, 3))
    e1 /= np.linalg.norm(e1, axis=1, keepdims=True)
    e2 = np.cross(out, e1)
    e2 /= np.linalg.norm(e2, axis=1, keepdims=True) + 1e-9
    s = radius * 0.2 * np.sqrt(220 / count)  # fewer leaves are larger ones
    leaves = np.concatenate(
        [
            np.stack([p - e1 * s, p + e2 * s * 0.5, p + e1 * s], 1),
            np.stack([p - e1 * s, p + e1 * s, p - e2 * s * 0.5], 1),
        ]
    )
    shade = np.clip(
        ((p[:, 2] / radius - 0.2) / 2 + rng.normal(size=count) * 0.15) * 6, 0, 5
    ).astype(int)
    _add_leaves(spec, name, leaves, np.r_[shade, shade])


def _rosette(
    spec: Any, name: str, radius: float, rng: np.random.Generator, count: int = 26
) -> None:
    """Lettuce or cabbage: broad leaves that rise outwards from one point."""
    angle = rng.uniform(0, 2 * np.pi, count)
    rise = rng.uniform(0.25, 1.1, count)
    out = np.c_[np.cos(angle), np.sin(angle), rise] * radius * rng.uniform(0.6, 1.0, count)[:, None]
    across = np.c_[-np.sin(angle), np.cos(angle), 0 * angle] * radius * 0.42
    middle = out * 0.62
    root = np.zeros_like(out)
    leaves = np.concatenate(
        [
            np.stack([root, middle - across, middle + across], 1),
            np.stack([middle - across, out, middle + across], 1),
        ]
    )
    shade = np.clip(rise * 3.6 + rng.normal(size=count) * 0.6, 1, 5).astype(int)
    _add_leaves(spec, name, leaves, np.r_[shade, shade])


def _stalk(spec: Any, name: str, height: float, rng: np.random.Generator, count: int = 34) -> None:
    """Tomato, bean or maize: a stem with hanging leaves."""
    z = rng.uniform(0.1, 1.0, count) * height
    angle = rng.uniform(0, 2 * np.pi, count)
    out = np.c_[np.cos(angle), np.sin(angle), rng.uniform(-0.5, 0.4, count)] * height * 0.24
    foot = np.c_[0 * z, 0 * z, z]
    across = np.c_[-np.sin(angle), np.cos(angle), 0 * angle] * height * 0.055
    leaves = np.stack([foot, foot + out * 0.6 + across, foot + out], 1)
    mirror = np.stack([foot, foot + out, foot + out * 0.6 - across], 1)
    w = height * 0.015
    stem = np.array(
        [[[-w, 0, 0], [w, 0, 0], [0, 0, height]], [[0, -w, 0], [0, w, 0], [0, 0, height]]]
    )
    _add_leaves(
        spec,
        name,
        np.concatenate([leaves, mirror, stem]),
        np.r_[rng.integers(1, 6, count), rng.integers(1, 6, count), 2, 2],
    )


def add_meshes(spec: Any, rng: np.random.Generator) -> None:
    """Add the meshes tuft0-2, bush0-2, tree, rosette0-1 and stalk0-1 to an MjSpec."""
    for i, height in enumerate((0.05, 0.08, 0.12)):
        _tuft(spec, f'tuft{i}', height, rng)
    for i, radius in enumerate((0.2, 0.3, 0.42)):
        _bush(spec, f'bush{i}', radius, rng, 130)
    _bush(spec, 'tree', 1.3, rng, 140)
    for i, radius in enumerate((0.07, 0.10)):
        _rosette(spec, f'rosette{i}', radius, rng)
    for i, height in enumerate((0.45, 0.7)):
        _stalk(spec, f'stalk{i}', height, rng)
