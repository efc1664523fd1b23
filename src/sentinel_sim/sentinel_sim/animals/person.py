"""People: two legs, two arms, clothes; varied in size, build, skin, hair and colours."""

import numpy as np

from .parts import Anatomy, Limb
from .shapes import (
    Array,
    Coat,
    Field,
    Mesher,
    capsule,
    ellipsoid,
    fur,
    join,
    noise,
    paint,
    smoothstep,
)

# Stature for which the tables below hold, m; everything scales with the person's own.
_STATURE = 1.75

_SKIN = ((0.85, 0.65, 0.53), (0.70, 0.50, 0.38), (0.50, 0.33, 0.23), (0.30, 0.19, 0.13))
_HAIR = ((0.07, 0.05, 0.04), (0.28, 0.18, 0.10), (0.60, 0.47, 0.26), (0.55, 0.54, 0.53))
_TOPS = (
    (0.65, 0.10, 0.10),
    (0.12, 0.22, 0.42),
    (0.80, 0.78, 0.74),
    (0.13, 0.13, 0.14),
    (0.18, 0.38, 0.22),
    (0.85, 0.62, 0.13),
)
_TROUSERS = ((0.13, 0.17, 0.28), (0.10, 0.10, 0.11), (0.45, 0.40, 0.31), (0.28, 0.29, 0.30))

# Finest grid that keeps a face and hands recognisable without tens of thousands of triangles, m.
_STEP = 0.02


def anatomy(variant: int, mesher: Mesher) -> Anatomy:
    """Model person number ``variant``; every fifth one is a child."""
    rng = np.random.default_rng([variant, *b'person'])
    child = variant % 5 == 4
    stature = float(rng.uniform(1.05, 1.35) if child else rng.uniform(1.55, 1.92))
    s = stature / _STATURE
    girth = float(rng.uniform(0.9, 1.2))
    skin, hair = _SKIN[int(rng.integers(4))], _HAIR[int(rng.integers(4))]
    top, trousers = _TOPS[int(rng.integers(6))], _TROUSERS[int(rng.integers(4))]
    shoe = (0.10, 0.09, 0.085) if rng.random() < 0.6 else (0.75, 0.74, 0.72)
    long_hair, sleeves = bool(rng.random() < 0.45), bool(rng.random() < 0.65)
    head_z, head_scale = 1.62, (1.25 if child else 1.0)

    def scaled(field: Field) -> Field:
        return lambda p: field(p / s) * s

    def coat(shade: tuple[float, float, float], kind: str) -> Coat:
        def color(p: Array) -> Array:
            q = p / s
            z = q[..., 2]
            c = np.broadcast_to(np.array(shade), p.shape).copy()
            if kind == 'trunk':
                c = paint(c, trousers, smoothstep(0.985, 0.965, z))
                c = paint(c, skin, smoothstep(1.47, 1.49, z) * (np.abs(q[..., 1]) < 0.09))
            if kind == 'head':
                c = paint(
                    c,
                    hair,
                    smoothstep(
                        head_z + 0.045,
                        head_z + 0.065,
                        z + 0.35 * np.minimum(-q[..., 0] + 0.02, 0.08),
                    ),
                )
                c = paint(
                    c,
                    (0.08, 0.06, 0.05),
                    smoothstep(
                        0.016, 0.011, np.hypot(np.abs(q[..., 1]) - 0.032, z - head_z - 0.005)
                    )
                    * (q[..., 0] > 0.05),
                )
                c = paint(
                    c,
                    np.array(skin) * 0.65,
                    smoothstep(0.010, 0.006, np.abs(z - head_z + 0.065))
                    * (np.abs(q[..., 1]) < 0.028)
                    * (q[..., 0] > 0.05),
                )
                return np.clip(c * (1 + 0.04 * noise(p, 0.01, 1)[..., None]), 0, 1)
            if kind == 'arm':
                c = paint(
                    c, skin, smoothstep(0.87, 0.86, z) if sleeves else smoothstep(1.2, 1.19, z)
                )
            if kind == 'leg':
                c = paint(c, shoe, smoothstep(0.095, 0.085, z))
            folds = noise(p * np.array([1, 1, 0.5]), 0.025, 1)
            return np.clip(c * (1 + 0.10 * folds[..., None] + 0.06 * fur(p, 2)[..., None]), 0, 1)

        return color

    def trunk(p: Array) -> Array:
        d = ellipsoid(p, (0.0, 0.0, 1.28), (0.115 * girth, 0.175 * girth, 0.21))
        d = join(d, ellipsoid(p, (0.01, 0.0, 1.08), (0.11 * girth, 0.15 * girth, 0.16)), 0.06)
        d = join(d, ellipsoid(p, (-0.01, 0.0, 0.95), (0.115 * girth, 0.165 * girth, 0.11)), 0.06)
        for side in (1.0, -1.0):
            d = join(
                d, capsule(p, (0, side * 0.05, 1.43), (0, side * 0.17, 1.40), 0.06, 0.055), 0.06
            )
        return join(d, capsule(p, (0, 0, 1.40), (0.01, 0, 1.54), 0.055, 0.052), 0.03)

    def head(p: Array) -> Array:
        q = (p - np.array([0, 0, head_z])) / head_scale + np.array([0, 0, head_z])
        d = ellipsoid(q, (0.012, 0, head_z + 0.025), (0.098, 0.078, 0.105))
        d = join(d, ellipsoid(q, (0.03, 0, head_z - 0.06), (0.062, 0.055, 0.06)), 0.04)
        d = join(d, ellipsoid(q, (0.105, 0, head_z - 0.012), (0.022, 0.014, 0.024)), 0.015)
        if long_hair:
            d = join(d, ellipsoid(q, (-0.055, 0, head_z - 0.06), (0.06, 0.085, 0.16)), 0.03)
        return d * head_scale

    meshes = {}

    def mesh(
        name: str,
        field: Field,
        low: tuple[float, ...],
        high: tuple[float, ...],
        color: Coat,
        fine: float = 1.0,
    ) -> None:
        meshes[name] = mesher(
            name, scaled(field), np.array(low) * s, np.array(high) * s, _STEP * fine * s, color
        )

    mesh('trunk', trunk, (-0.2, -0.3, 0.8), (0.2, 0.3, 1.62), coat(top, 'trunk'))
    mesh('head', head, (-0.2, -0.16, 1.35), (0.2, 0.16, 1.85), coat(skin, 'head'), 0.6)
    limbs = []
    for side, sign in (('l', 1.0), ('r', -1.0)):
        mirror = np.array([1.0, sign, 1.0])
        hip, knee, sole = (
            mirror * (0.0, 0.09, 0.92),
            mirror * (0.02, 0.095, 0.50),
            mirror * (0.0, 0.10, 0.0),
        )
        shoulder, elbow, hand = (
            mirror * (0.0, 0.205, 1.40),
            mirror * (-0.01, 0.235, 1.12),
            mirror * (0.03, 0.24, 0.82),
        )

        def thigh(p: Array, hip: Array = hip, knee: Array = knee) -> Array:
            return capsule(p, hip, knee, 0.085 * girth, 0.057)

        def shin(p: Array, knee: Array = knee, sole: Array = sole) -> Array:
            d = capsule(p, knee, sole + np.array([-0.01, 0, 0.09]), 0.056, 0.042)
            return join(
                d, ellipsoid(p, sole + np.array([0.055, 0, 0.042]), (0.135, 0.046, 0.045)), 0.03
            )

        def upper_arm(p: Array, a: Array = shoulder, b: Array = elbow) -> Array:
            return capsule(p, a, b, 0.055, 0.044)

        def forearm(p: Array, a: Array = elbow, b: Array = hand) -> Array:
            return join(
                capsule(p, a, b, 0.043, 0.032),
                ellipsoid(p, b + np.array([0.005, 0, -0.03]), (0.032, 0.022, 0.06)),
                0.02,
            )

        y0, y1 = sorted((sign * -0.02, sign * 0.22))
        mesh(f'leg_{side}_upper', thigh, (-0.15, y0, 0.40), (0.15, y1, 1.05), coat(trousers, 'leg'))
        mesh(f'leg_{side}_lower', shin, (-0.15, y0, -0.03), (0.24, y1, 0.60), coat(trousers, 'leg'))
        y0, y1 = sorted((sign * 0.12, sign * 0.33))
        mesh(f'arm_{side}_upper', upper_arm, (-0.1, y0, 1.03), (0.1, y1, 1.50), coat(top, 'arm'))
        mesh(f'arm_{side}_lower', forearm, (-0.1, y0, 0.70), (0.12, y1, 1.20), coat(top, 'arm'))
        limbs.append(
            Limb(
                f'leg_{side}',
                f'leg_{side}_upper',
                f'leg_{side}_lower',
                hip * s,
                knee * s,
                sole * s,
                1,
                0.0 if side == 'l' else 0.5,
            )
        )
        limbs.append(
            Limb(
                f'arm_{side}',
                f'arm_{side}_upper',
                f'arm_{side}_lower',
                shoulder * s,
                elbow * s,
                hand * s,
                -1,
                0.5 if side == 'l' else 0.0,
            )
        )
    return Anatomy(
        species='person',
        meshes=meshes,
        limbs=tuple(limbs),
        neck=np.array([0.0, 0.0, 1.52]) * s,
        tail=None,
        hip=np.array([0.0, 0.0, 0.95]) * s,
        eyes=np.empty((0, 3)),
        eye_radius=0.0,
        eye_color=(0, 0, 0),
        length=0.4 * s,
        width=0.5 * s,
        height=stature,
        stride=1.35 * s,
    )
