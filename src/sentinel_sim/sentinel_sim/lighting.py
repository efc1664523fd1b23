"""Light: day, dusk, infra-red lamp, torch. Works on a compiled model, so one garden serves all."""

from typing import Any

import mujoco
import numpy as np

# Night as people watch it in a film: blue moonlight in which everything can be made out. For
# spectators only.
MOON = 'moon'

# Night under a porch light: a warm bulb beside the camera, not in it.
PORCH = 'porch'
_PORCH_COLOR = np.array([1.0, 0.78, 0.52])

# A bulb under a shade: it shines nearly everywhere below, and a little outwards.
_PORCH_CUTOFF, _PORCH_EXPONENT, _PORCH_AIM = 85.0, 1.0, (0.6, 0.0, -1.0)

# A lamp's light falls with the square of the distance; the first term keeps what is near from
# burning out entirely.
_FALLOFF = (0.6, 0.0, 0.08)

# Half angle of the lamp's cone, degrees, and how soft its edge is. A little wider than the picture
# (29 degrees).
_CUTOFF, _EXPONENT = 42.0, 6.0

# The lamp points a little upwards, where animals are, not at the grass before the lens.
_AIM = (1.0, 0.0, 0.04)


def add_lamp(body: Any, name: str, position: tuple[float, float, float]) -> None:
    """Mount a spot lamp on an MjSpec body, shining along its x axis; ``apply`` switches it on."""
    body.add_light(
        name=name, pos=position, dir=[1, 0, 0], type=mujoco.mjtLightType.mjLIGHT_SPOT,
        castshadow=False, active=False,
    )  # fmt: skip


def apply(
    model: Any, condition: str, *lamps: str, strength: float = 1.0, sun_height: float = 0.8
) -> None:
    """Light the garden.

    ``strength`` scales the light, ``sun_height`` 0..1 is how steeply it falls by day.

    ``lamps`` are lit in the conditions 'ir', 'torch' and 'porch'; all other spot lamps go dark.
    """
    sun = model.light('sun').id
    head = model.vis.headlight
    for i in range(model.nlight):
        model.light_active[i] = i == sun
    slope = np.array([0.5, 0.35, -0.25 - 1.2 * sun_height])
    model.light_dir[sun] = slope / np.linalg.norm(slope)
    if condition == 'day':
        diffuse, ambient, fill = np.array([0.72, 0.70, 0.64]), np.array([0.30, 0.31, 0.34]), 0.20
    elif condition == 'dusk':
        diffuse, ambient, fill = np.array([0.30, 0.21, 0.15]), np.array([0.20, 0.19, 0.24]), 0.08
    elif condition == MOON:
        diffuse, ambient, fill = np.array([0.30, 0.36, 0.52]), np.array([0.20, 0.24, 0.34]), 0.06
    else:
        # Starlight and the street's glow: enough to tell sky from fence after a camera's gain.
        diffuse, ambient, fill = np.full(3, 0.012), np.full(3, 0.010), 0.012
    model.light_diffuse[sun] = diffuse * strength
    model.light_ambient[sun] = ambient * strength
    model.light_specular[sun] = diffuse * 0.15
    head.active, head.ambient[:], head.diffuse[:], head.specular[:] = (
        1,
        fill * strength,
        0.05 * fill,
        0,
    )
    lit = condition in ('ir', 'torch', MOON, PORCH)
    for i in [model.light(lamp).id for lamp in lamps if lit]:
        porch = condition == PORCH
        model.light_active[i] = 1
        model.light_cutoff[i] = _PORCH_CUTOFF if porch else _CUTOFF
        model.light_exponent[i] = _PORCH_EXPONENT if porch else _EXPONENT
        model.light_attenuation[i] = _FALLOFF
        aim = np.array(_PORCH_AIM if porch else _AIM)
        model.light_dir[i] = aim / np.linalg.norm(aim)
        model.light_specular[i], model.light_ambient[i] = 0.1, 0.0
        color = {'torch': np.array([1.0, 0.95, 0.85]), PORCH: _PORCH_COLOR}.get(
            condition, np.ones(3)
        )
        model.light_diffuse[i] = color * (0.35 if condition == MOON else 1.5) * strength


def sky_visible(condition: str) -> bool:
    """Say whether the sky box is drawn: at night the sky is black."""
    return condition in ('day', 'dusk')
