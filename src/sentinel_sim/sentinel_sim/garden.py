"""The garden: lawn, beds, fence with gaps, bushes, tufts, shed, pots.

The same seed plants the same garden.

Frame ``map``: origin where the robot starts, x towards the back fence, y left, z up, metres.
"""

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np
from scipy.ndimage import gaussian_filter

from . import plants, relief
from .animals.shapes import Array
from .layout import BACK, FRONT, LAYOUT, SIDE, Layout

# Groups of geoms: what is always drawn, plants, and what is only bumped into.
GROUP_GARDEN, GROUP_PLANTS, GROUP_HIDDEN = 0, 2, 3

# Extent of the lawn to each side, m.
HALF_LAWN = 8.0

# Side of a cell of the sloping lawn, m.
_CELL = 0.1

# The lawn is the slope, and a fence is built along it.
_FOLLOWS_BY_ITSELF = ('ground', 'fence_back', 'fence_left', 'fence_right')

_DECOR = {'contype': 0, 'conaffinity': 0, 'mass': 0}
_BOX, _MESH = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_MESH
_CYLINDER, _SPHERE = mujoco.mjtGeom.mjGEOM_CYLINDER, mujoco.mjtGeom.mjGEOM_SPHERE
_ELLIPSOID, _CAPSULE = mujoco.mjtGeom.mjGEOM_ELLIPSOID, mujoco.mjtGeom.mjGEOM_CAPSULE
_RGB = mujoco.mjtTextureRole.mjTEXROLE_RGB


def build(
    seed: int,
    layout: Layout = LAYOUT,
    *,
    size: tuple[int, int] = (640, 480),
    dusk: bool = False,
    slopes: float = 0.0,
) -> Any:
    """Return an MjSpec of the garden without robot, animals or cameras.

    ``size`` is that of the largest picture, ``dusk`` paints the sky of the evening, ``slopes`` 0..1
    raises bank and mound (``relief``).
    """
    rng = np.random.default_rng([seed, 7])
    spec = mujoco.MjSpec()
    spec.modelname = 'garden'
    _look(spec, rng, size, dusk)
    _materials(spec, rng)
    world = spec.worldbody
    _ground(spec, slopes)
    # Light is computed at corners: the lawn needs small squares under the lamp, the land around it
    # does not.
    world.add_geom(
        type=mujoco.mjtGeom.mjGEOM_PLANE,
        pos=[0, 0, -0.02],
        size=[40, 40, 4],
        material='grass',
        **_DECOR,
    )
    world.add_light(
        name='sun', pos=[0, 0, 8], dir=[0.4, 0.3, -1], castshadow=False,
        type=mujoco.mjtLightType.mjLIGHT_DIRECTIONAL,
    )  # fmt: skip
    _fence(spec, rng, layout, slopes)
    _shed(world, layout.shed)
    plants.add_meshes(spec, rng)
    _beds(world, rng, layout)
    _lawn_plants(world, rng, layout)
    _pond(world, rng, layout.pond)
    _things(world, rng)
    if slopes:
        for geom in world.geoms:
            if geom.name not in _FOLLOWS_BY_ITSELF and geom.type != mujoco.mjtGeom.mjGEOM_PLANE:
                geom.pos[2] += float(relief.height(geom.pos[0], geom.pos[1], slopes))
    return spec


def _ground(spec: Any, slopes: float) -> None:
    """Lay the lawn: a plane, or a field of heights where there are slopes."""
    common = {'name': 'ground', 'material': 'grass', 'friction': [1.0, 0.01, 0.001]}
    if not slopes:
        spec.worldbody.add_geom(
            type=mujoco.mjtGeom.mjGEOM_PLANE, size=[HALF_LAWN, HALF_LAWN, 0.2], **common
        )
        return
    cells = round(2 * HALF_LAWN / _CELL) + 1
    along = np.linspace(-HALF_LAWN, HALF_LAWN, cells)
    heights = relief.height(*np.meshgrid(along, along), slopes)  # rows run along y
    spec.add_hfield(
        name='lawn', nrow=cells, ncol=cells, userdata=(heights / heights.max()).ravel().tolist(),
        size=[HALF_LAWN, HALF_LAWN, float(heights.max()), 0.2],
    )  # fmt: skip
    spec.worldbody.add_geom(type=mujoco.mjtGeom.mjGEOM_HFIELD, hfieldname='lawn', **common)


def _look(spec: Any, rng: np.random.Generator, size: tuple[int, int], dusk: bool) -> None:
    spec.option.timestep = 0.002
    view = spec.visual
    frame = getattr(view, 'global')
    frame.offwidth, frame.offheight = size
    view.quality.offsamples = 0
    view.quality.shadowsize = 0
    view.quality.numslices, view.quality.numstacks = 12, 8
    spec.stat.extent, spec.stat.center = 3.0, [0, 0, 0.3]
    # Multiples of the extent: from 2 cm before the lens to 60 m.
    view.map.znear, view.map.zfar = 0.007, 20.0
    top = np.array([0.42, 0.62, 0.92]) + rng.normal(size=3) * 0.04
    horizon = np.array([0.88, 0.93, 0.98])
    if dusk:
        top, horizon = top * 0.28, np.array([0.66, 0.42, 0.33])
    spec.add_texture(
        name='sky', type=mujoco.mjtTexture.mjTEXTURE_SKYBOX,
        builtin=mujoco.mjtBuiltin.mjBUILTIN_GRADIENT,
        rgb1=np.clip(top, 0, 1), rgb2=horizon, width=128, height=768,
    )  # fmt: skip


def _texture(
    spec: Any, name: str, pixels: Array, repeat: tuple[float, float], *, uniform: bool
) -> None:
    height, width = pixels.shape[:2]
    texture = spec.add_texture(
        name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=width, height=height, nchannel=3
    )
    texture.data = np.clip(pixels, 0, 255).astype(np.uint8).tobytes()
    material = spec.add_material(
        name=name, texrepeat=repeat, texuniform=uniform, specular=0, shininess=0
    )
    material.textures[_RGB] = name


def _streaks(rng: np.random.Generator, shape: tuple[int, int], sigma: Sequence[float]) -> Array:
    field = gaussian_filter(rng.normal(size=shape), sigma, mode='wrap')
    return (field / field.std())[..., None]


def _materials(spec: Any, rng: np.random.Generator) -> None:
    n = 512
    green = np.array([76.0, 100.0, 52.0]) * rng.uniform(0.8, 1.15) + rng.normal(size=3) * [9, 5, 4]
    # Blades, clumps, and dry or mossy patches.
    grass = green + _streaks(rng, (n, n), (1.1, 0.5)) * 16 + _streaks(rng, (n, n), (0.5, 1.1)) * 12
    grass = grass + _streaks(rng, (n, n), (9, 9)) * np.array([6, 7, 3])
    grass = grass + _streaks(rng, (n, n), (60, 60)) * np.array([5, 3, 2]) * rng.uniform(0.5, 1.5)
    _texture(spec, 'grass', grass, (1.25, 1.25), uniform=True)
    soil = np.array([92.0, 70.0, 50.0]) * rng.uniform(0.7, 1.1)
    soil = soil + _streaks(rng, (256, 256), (2, 2)) * 14 + rng.normal(size=(256, 256, 1)) * 8
    _texture(spec, 'soil', soil, (1.2, 1.2), uniform=True)
    plank = np.array([[130.0, 95, 60], [150, 140, 125], [95, 62, 40], [200, 195, 185]])[
        rng.integers(4)
    ]
    wood = plank + _streaks(rng, (128, 128), (20, 0.7)) * 15 + _streaks(rng, (128, 128), (9, 3)) * 6
    _texture(spec, 'wood', wood, (1, 1), uniform=False)
    wall = np.array([[150.0, 85, 60], [120, 125, 120], [90, 110, 95]])[rng.integers(3)]
    _texture(spec, 'shed', wall + _streaks(rng, (128, 128), (0.8, 12)) * 12, (1, 6), uniform=False)
    spec.add_material(name='water', rgba=[0.05, 0.09, 0.10, 1], specular=0.9, shininess=0.9)
    for name, color in (('leaf', (0.16, 0.33, 0.11)), ('blade', (0.25, 0.42, 0.14)),
                        ('crop', (0.30, 0.52, 0.20)), ('bloom', (0.75, 0.35, 0.45))):  # fmt: skip
        tone = np.array(color) * rng.uniform(0.85, 1.15) * (1 + rng.normal(size=3) * 0.06)
        shades = np.stack([tone * k for k in (0.35, 0.55, 0.78, 1.0, 1.22, 1.45)]) * 255
        _texture(
            spec, name, np.repeat(np.tile(shades, (8, 1, 1)), 8, axis=1), (1, 1), uniform=False
        )


def _fence(spec: Any, rng: np.random.Generator, layout: Layout, slopes: float) -> None:
    """Stand boards along three sides.

    One mesh per side to look at, one wall per stretch to bump into.
    """
    ways = list(zip(layout.gaps, layout.gap_widths, strict=True))
    for name, along_x, fixed, start, end in (
        ('back', False, BACK, -SIDE, SIDE),
        ('left', True, SIDE, FRONT, BACK),
        ('right', True, -SIDE, FRONT, BACK),
    ):
        at = 0 if along_x else 1  # the coordinate that runs along the fence
        holes = [(g[at] - w / 2, g[at] + w / 2) for g, w in ways if g[1 - at] == fixed]
        # Rails and walls run between the holes, so that a hole stays a hole.
        stops = sorted([start, end, *(edge for hole in holes for edge in hole)])
        boxes = []
        for a, b in zip(stops[::2], stops[1::2], strict=True):
            middle, half = (a + b) / 2, (b - a) / 2
            for t in np.arange(a + _BOARD, b - _BOARD / 2, _BOARD_SPACING):
                height = 0.62 + rng.normal() * 0.012
                boxes.append(((t, 0.0, height), (_BOARD, 0.012, height)))
            boxes += [((middle, 0.03, z), (half, 0.02, 0.04)) for z in (0.3, 0.95)]
            place = np.array([middle, fixed, 0.62]) if along_x else np.array([fixed, middle, 0.62])
            size = [half, 0.03, 0.62] if along_x else [0.03, half, 0.62]
            spec.worldbody.add_geom(type=_BOX, pos=place, size=size, group=GROUP_HIDDEN)
        planks = np.array(boxes)
        line = planks[:, 0, 0]
        x, y = (line, fixed) if along_x else (fixed, line)
        planks[:, 0, 2] += relief.height(x, y, slopes)
        _planks(spec, f'fence_{name}', planks, rng)
        # A mesh lies along x; on the back it is turned by a quarter.
        turn = [1, 0, 0, 0] if along_x else [np.sqrt(0.5), 0, 0, np.sqrt(0.5)]
        spec.worldbody.add_geom(
            name=f'fence_{name}', type=_MESH, meshname=f'fence_{name}', material='wood', quat=turn,
            pos=[0, fixed, 0] if along_x else [fixed, 0, 0], group=GROUP_GARDEN, **_DECOR,
        )  # fmt: skip


# Half width of a board and distance from one to the next, m.
_BOARD, _BOARD_SPACING = 0.10, 0.225


def _planks(spec: Any, name: str, boxes: Array, rng: np.random.Generator) -> None:
    """Add one mesh of many boxes, ``boxes`` (n, 2, 3) being their centres and half sizes."""
    sign = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
    # Corners of the six faces, counter-clockwise seen from outside, and what of a corner is u and
    # v.
    quads = np.array(
        [[0, 1, 3, 2], [4, 6, 7, 5], [0, 4, 5, 1], [2, 3, 7, 6], [0, 2, 6, 4], [1, 5, 7, 3]]
    )
    outward = np.array([[-1, 0, 0], [1, 0, 0], [0, -1, 0], [0, 1, 0], [0, 0, -1], [0, 0, 1]], float)
    corners = (boxes[:, None, 0] + boxes[:, None, 1] * sign)[:, quads]
    grain = np.where(boxes[:, 1, 2] > boxes[:, 1, 0], 2, 0)  # wood runs along a board
    across = 2 - grain
    n = len(boxes)
    local = np.broadcast_to(sign[quads], corners.shape) * 0.5 + 0.5
    u = np.take_along_axis(local, across[:, None, None, None], 3)[..., 0]
    v = np.take_along_axis(local, grain[:, None, None, None], 3)[..., 0]
    uv = np.stack([u * 0.5 + rng.random((n, 1, 1)), v + rng.random((n, 1, 1))], -1)
    first = np.arange(n * 6)[:, None] * 4
    faces = np.concatenate([first + np.array([0, 1, 2]), first + np.array([0, 2, 3])])
    mesh = spec.add_mesh(name=name)
    mesh.uservert = corners.reshape(-1, 3).ravel()
    mesh.userface = mesh.userfacetexcoord = faces.ravel()
    mesh.usertexcoord = uv.reshape(-1, 2).ravel()
    mesh.usernormal = np.repeat(np.tile(outward, (n, 1)), 4, axis=0).ravel()
    mesh.userfacenormal = faces.ravel()
    mesh.inertia = mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL


def _shed(world: Any, at: tuple[float, float]) -> None:
    x, y = at
    world.add_geom(type=_BOX, pos=[x, y, 1.0], size=[0.9, 0.9, 1.0], material='shed')
    for side in (-1, 1):
        world.add_geom(
            type=_BOX, pos=[x, y + side * 0.52, 2.25], size=[1.05, 0.68, 0.03],
            quat=[np.cos(side * 0.24), -np.sin(side * 0.24), 0, 0],
            rgba=[0.28, 0.24, 0.23, 1], **_DECOR,
        )  # fmt: skip
    world.add_geom(
        type=_BOX,
        pos=[x - 0.91, y + 0.2, 0.85],
        size=[0.015, 0.36, 0.85],
        material='wood',
        **_DECOR,
    )
    world.add_geom(
        type=_BOX,
        pos=[x - 0.91, y - 0.55, 1.25],
        size=[0.015, 0.2, 0.22],
        rgba=[0.2, 0.26, 0.3, 1],
        **_DECOR,
    )


def _pond(world: Any, rng: np.random.Generator, at: tuple[float, float]) -> None:
    x, y = at
    world.add_geom(
        type=_ELLIPSOID, pos=[x, y, 0.0], size=[0.75, 0.55, 0.006], material='water', **_DECOR
    )
    for angle in np.arange(0, 2 * np.pi, 0.33):
        s = rng.uniform(0.07, 0.13)
        grey = rng.uniform(0.35, 0.62)
        world.add_geom(
            type=_ELLIPSOID, pos=[x + 0.8 * np.cos(angle), y + 0.6 * np.sin(angle), 0.02],
            size=[s * 1.3, s, s * 0.6], quat=[np.cos(angle / 2), 0, 0, np.sin(angle / 2)],
            rgba=[grey, grey, grey * 0.95, 1], **_DECOR,
        )  # fmt: skip
    for _ in range(7):
        angle = rng.uniform(0, 2 * np.pi)
        _plant(world, rng, 'stalk0', 'blade', x + 0.7 * np.cos(angle), y + 0.5 * np.sin(angle))


def _plant(
    world: Any,
    rng: np.random.Generator,
    mesh: str,
    material: str,
    x: float,
    y: float,
    z: float = 0.0,
) -> None:
    half = rng.uniform(0, np.pi)
    world.add_geom(
        type=_MESH, meshname=mesh, material=material, pos=[x, y, z],
        quat=[np.cos(half), 0, 0, np.sin(half)], group=GROUP_PLANTS, **_DECOR,
    )  # fmt: skip


def _beds(world: Any, rng: np.random.Generator, layout: Layout) -> None:
    for number, bed in enumerate(layout.beds):
        world.add_geom(
            type=_BOX, pos=[bed.x, bed.y, 0.0], size=[bed.half_x, bed.half_y, 0.012],
            material='soil', **_DECOR,
        )  # fmt: skip
        for sx, sy, hx, hy in (
            (1, 0, 0.02, bed.half_y),
            (-1, 0, 0.02, bed.half_y),
            (0, 1, bed.half_x, 0.02),
            (0, -1, bed.half_x, 0.02),
        ):
            world.add_geom(
                type=_BOX, pos=[bed.x + sx * bed.half_x, bed.y + sy * bed.half_y, 0.02],
                size=[hx, hy, 0.02], material='wood', **_DECOR,
            )  # fmt: skip
        for row, y in enumerate(np.linspace(bed.y - bed.half_y * 0.7, bed.y + bed.half_y * 0.7, 4)):
            tall = row == 0 and number > 0
            for x in np.arange(
                bed.x - bed.half_x + 0.15, bed.x + bed.half_x - 0.1, 0.34 if tall else 0.27
            ):
                if rng.random() < 0.12:
                    continue
                mesh = f'stalk{rng.integers(2)}' if tall else f'rosette{rng.integers(2)}'
                _plant(
                    world,
                    rng,
                    mesh,
                    'crop',
                    x + rng.normal() * 0.025,
                    y + rng.normal() * 0.025,
                    0.01,
                )


def _lawn_plants(world: Any, rng: np.random.Generator, layout: Layout) -> None:
    def near_gap(x: float, y: float) -> bool:
        return any(np.hypot(x - gx, y - gy) < 0.75 for gx, gy in layout.gaps)

    planted = 0
    while planted < 70:
        x, y = rng.uniform(0.7, 5.8), rng.uniform(-4.6, 4.6)
        wet = np.hypot(x - layout.pond[0], y - layout.pond[1]) < 1.0
        if not wet and not any(bed.contains(x, y) for bed in layout.beds):
            _plant(world, rng, f'tuft{rng.integers(3)}', 'blade', x, y)
            planted += 1
    for y in np.arange(-4.6, 4.7, 0.75):
        x = BACK - rng.uniform(0.3, 0.7)
        y = y + rng.normal() * 0.12
        if not near_gap(BACK, y) and np.hypot(x - layout.shed[0], y - layout.shed[1]) > 1.5:
            _plant(world, rng, f'bush{rng.integers(3)}', 'leaf', x, y, -0.03)
    for x in np.arange(-2.5, 5.4, 1.15):
        for side in (1, -1):
            x = x + rng.normal() * 0.25
            y = side * (SIDE - rng.uniform(0.3, 0.6))
            if (
                not near_gap(x, side * SIDE)
                and np.hypot(x - layout.shed[0], y - layout.shed[1]) > 1.5
                and rng.random() < 0.75
            ):
                _plant(
                    world,
                    rng,
                    f'bush{rng.integers(3)}',
                    rng.choice(['leaf', 'leaf', 'bloom']),
                    x,
                    y,
                    -0.03,
                )
    for _ in range(9):
        angle = rng.uniform(-1.2, 1.2)
        r = rng.uniform(9.5, 14)
        x, y = r * np.cos(angle), r * np.sin(angle)
        world.add_geom(
            type=_CYLINDER,
            pos=[x, y, 0.7],
            size=[0.11, 0.7, 0],
            rgba=[0.25, 0.19, 0.14, 1],
            **_DECOR,
        )
        _plant(world, rng, 'tree', 'leaf', x, y, 0.8)


def _things(world: Any, rng: np.random.Generator) -> None:
    """Pots, stones, a bucket, a ball, a log: what fools a detector."""
    for _ in range(3):
        x, y = rng.uniform(1.6, 5.4), rng.choice([-1, 1]) * rng.uniform(2.6, 4.4)
        s = rng.uniform(0.09, 0.16)
        world.add_geom(
            type=_CYLINDER,
            pos=[x, y, s],
            size=[s * 0.85, s, 0],
            rgba=[0.62, 0.32, 0.20, 1],
            **_DECOR,
        )
        _plant(world, rng, 'bush0', rng.choice(['leaf', 'bloom']), x, y, 1.5 * s)
    for _ in range(7):
        x, y = rng.uniform(1.5, 5.6), rng.choice([-1, 1]) * rng.uniform(0.4, 4.5)
        s = rng.uniform(0.04, 0.13)
        grey = rng.uniform(0.3, 0.6)
        world.add_geom(
            type=_ELLIPSOID, pos=[x, y, s * 0.3], size=[s * rng.uniform(1, 1.7), s, s * 0.7],
            quat=[np.cos(s * 40), 0, 0, np.sin(s * 40)],
            rgba=[grey, grey * 0.97, grey * 0.92, 1], **_DECOR,
        )  # fmt: skip
    world.add_geom(
        type=_SPHERE,
        pos=[3.2, rng.uniform(2.6, 4.0), 0.11],
        size=[0.11, 0, 0],
        rgba=[*rng.uniform(0.2, 0.9, 3), 1],
        **_DECOR,
    )
    world.add_geom(
        type=_CYLINDER,
        pos=[3.6, -2.9 + rng.normal() * 0.2, 0.14],
        size=[0.13, 0.14, 0],
        rgba=[0.25, 0.35, 0.55, 1],
        **_DECOR,
    )
    world.add_geom(
        type=_CAPSULE, pos=[4.9, rng.uniform(0.2, 1.2), 0.1], size=[0.1, 0.45, 0],
        quat=[0.5, 0.5, 0.5, 0.5], rgba=[0.30, 0.23, 0.17, 1], **_DECOR,
    )  # fmt: skip
