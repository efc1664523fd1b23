"""Four-legged animals from one table of proportions per species, varied from animal to animal."""

from dataclasses import dataclass, replace

import numpy as np

from . import coats
from .parts import Anatomy, Limb
from .shapes import Array, Coat, Field, Mesher, capsule, ellipsoid, join, tube

# Edge of the marching grid per metre of shoulder height, within limits: coarser meshes look
# facetted at 1.5 m.
_STEP_PER_HEIGHT = 0.078
_STEP_RANGE = (0.011, 0.030)


@dataclass(frozen=True)
class Proportions:
    """One species, m, standing, looking along +x, origin on the ground below the middle."""

    hip: tuple[float, float, float]
    shoulder: tuple[float, float, float]
    rump: tuple[float, float, float]
    chest: tuple[float, float, float]
    belly: tuple[float, float, float]
    arch: float
    head: tuple[float, float]
    head_radii: tuple[float, float, float]
    cheek: float
    muzzle: float
    muzzle_radii: tuple[float, float]
    neck_radii: tuple[float, float]
    ear: tuple[float, float, float]
    ear_kind: str
    tail: tuple[tuple[float, float], ...]
    tail_radii: tuple[float, float, float]
    fore_radii: tuple[float, float, float]
    hind_radii: tuple[float, float, float]
    paw: tuple[float, float, float]
    hock: float
    eye: float
    stride: float


# Sizes of adults: raccoon head and body 0.6 m, shoulder 0.27 m; house cat 0.46 m, 0.24 m; dog
# (medium) 0.75 m, 0.5 m; fox 0.65 m, 0.37 m; rabbit 0.4 m; opossum 0.45 m. Field-guide round
# figures; the meshes are varied around them.
SPECIES: dict[str, Proportions] = {
    'raccoon': Proportions(
        hip=(-0.125, 0.065, 0.165),
        shoulder=(0.115, 0.052, 0.15),
        rump=(0.155, 0.115, 0.115),
        chest=(0.14, 0.088, 0.09),
        belly=(0.17, 0.085, 0.07),
        arch=0.035,
        head=(0.275, 0.225),
        head_radii=(0.062, 0.068, 0.058),
        cheek=0.036,
        muzzle=0.088,
        muzzle_radii=(0.034, 0.018),
        neck_radii=(0.07, 0.062),
        ear=(0.036, 0.026, 0.053),
        ear_kind='round',
        tail=((-0.225, 0.21), (-0.31, 0.165), (-0.40, 0.13), (-0.50, 0.13)),
        tail_radii=(0.034, 0.054, 0.030),
        fore_radii=(0.036, 0.026, 0.018),
        hind_radii=(0.05, 0.031, 0.02),
        paw=(0.042, 0.023, 0.014),
        hock=0.02,
        eye=0.0085,
        stride=0.30,
    ),
    'cat': Proportions(
        hip=(-0.15, 0.043, 0.185),
        shoulder=(0.115, 0.04, 0.165),
        rump=(0.105, 0.06, 0.075),
        chest=(0.11, 0.057, 0.075),
        belly=(0.16, 0.055, 0.055),
        arch=0.0,
        head=(0.225, 0.285),
        head_radii=(0.048, 0.047, 0.043),
        cheek=0.022,
        muzzle=0.045,
        muzzle_radii=(0.024, 0.015),
        neck_radii=(0.046, 0.040),
        ear=(0.046, 0.021, 0.032),
        ear_kind='point',
        tail=((-0.22, 0.225), (-0.30, 0.19), (-0.36, 0.20), (-0.42, 0.25), (-0.45, 0.31)),
        tail_radii=(0.018, 0.015, 0.012),
        fore_radii=(0.028, 0.019, 0.014),
        hind_radii=(0.042, 0.022, 0.014),
        paw=(0.026, 0.019, 0.013),
        hock=0.035,
        eye=0.0075,
        stride=0.30,
    ),
    'dog': Proportions(
        hip=(-0.26, 0.075, 0.40),
        shoulder=(0.20, 0.07, 0.35),
        rump=(0.17, 0.105, 0.125),
        chest=(0.21, 0.115, 0.145),
        belly=(0.24, 0.095, 0.10),
        arch=0.0,
        head=(0.42, 0.56),
        head_radii=(0.085, 0.075, 0.072),
        cheek=0.032,
        muzzle=0.135,
        muzzle_radii=(0.052, 0.034),
        neck_radii=(0.095, 0.07),
        ear=(0.085, 0.045, 0.058),
        ear_kind='flop',
        tail=((-0.385, 0.455), (-0.48, 0.43), (-0.57, 0.45), (-0.66, 0.52)),
        tail_radii=(0.032, 0.030, 0.016),
        fore_radii=(0.055, 0.034, 0.026),
        hind_radii=(0.085, 0.040, 0.025),
        paw=(0.045, 0.032, 0.022),
        hock=0.085,
        eye=0.011,
        stride=0.55,
    ),
    'fox': Proportions(
        hip=(-0.19, 0.055, 0.30),
        shoulder=(0.15, 0.05, 0.27),
        rump=(0.13, 0.075, 0.09),
        chest=(0.15, 0.075, 0.095),
        belly=(0.19, 0.068, 0.075),
        arch=0.0,
        head=(0.31, 0.40),
        head_radii=(0.062, 0.058, 0.052),
        cheek=0.032,
        muzzle=0.115,
        muzzle_radii=(0.032, 0.014),
        neck_radii=(0.066, 0.052),
        ear=(0.075, 0.03, 0.038),
        ear_kind='point',
        tail=((-0.28, 0.33), (-0.38, 0.24), (-0.50, 0.19), (-0.63, 0.19)),
        tail_radii=(0.03, 0.068, 0.02),
        fore_radii=(0.036, 0.022, 0.016),
        hind_radii=(0.058, 0.028, 0.017),
        paw=(0.032, 0.02, 0.015),
        hock=0.055,
        eye=0.008,
        stride=0.45,
    ),
    'rabbit': Proportions(
        hip=(-0.09, 0.05, 0.10),
        shoulder=(0.09, 0.03, 0.085),
        rump=(0.115, 0.08, 0.095),
        chest=(0.09, 0.055, 0.065),
        belly=(0.12, 0.06, 0.05),
        arch=0.03,
        head=(0.175, 0.195),
        head_radii=(0.05, 0.037, 0.04),
        cheek=0.02,
        muzzle=0.042,
        muzzle_radii=(0.026, 0.018),
        neck_radii=(0.05, 0.036),
        ear=(0.085, 0.016, 0.02),
        ear_kind='point',
        tail=((-0.185, 0.13), (-0.205, 0.15), (-0.215, 0.16)),
        tail_radii=(0.028, 0.03, 0.025),
        fore_radii=(0.022, 0.015, 0.011),
        hind_radii=(0.048, 0.024, 0.015),
        paw=(0.04, 0.016, 0.012),
        hock=0.03,
        eye=0.0075,
        stride=0.25,
    ),
    'opossum': Proportions(
        hip=(-0.12, 0.05, 0.12),
        shoulder=(0.10, 0.045, 0.11),
        rump=(0.13, 0.085, 0.085),
        chest=(0.12, 0.07, 0.072),
        belly=(0.15, 0.07, 0.055),
        arch=0.02,
        head=(0.235, 0.155),
        head_radii=(0.055, 0.043, 0.04),
        cheek=0.022,
        muzzle=0.10,
        muzzle_radii=(0.028, 0.011),
        neck_radii=(0.055, 0.045),
        ear=(0.026, 0.02, 0.035),
        ear_kind='round',
        tail=((-0.23, 0.14), (-0.32, 0.08), (-0.42, 0.05), (-0.53, 0.06)),
        tail_radii=(0.017, 0.012, 0.006),
        fore_radii=(0.026, 0.018, 0.012),
        hind_radii=(0.036, 0.022, 0.013),
        paw=(0.028, 0.016, 0.011),
        hock=0.015,
        eye=0.007,
        stride=0.24,
    ),
}

# Phase of each foot in a lateral-sequence walk, the gait of all these animals at low speed.
_PHASES = {'hl': 0.0, 'fl': 0.25, 'hr': 0.5, 'fr': 0.75}


def vary(base: Proportions, rng: np.random.Generator) -> Proportions:
    """Another animal of the species: stouter or leaner, other lengths of leg, tail and muzzle."""
    girth, muzzle, tail, ear = (
        rng.uniform(0.88, 1.16),
        rng.uniform(0.9, 1.1),
        rng.uniform(0.85, 1.12),
        rng.uniform(0.88, 1.12),
    )

    def wide(r: tuple[float, float, float]) -> tuple[float, float, float]:
        return r[0] * (1 + 0.3 * (girth - 1)), r[1] * girth, r[2] * girth

    root = np.array(base.tail[0])
    t0, t1, t2 = base.tail_radii
    points = tuple(tuple(root + (np.array(p) - root) * tail) for p in base.tail)
    return replace(
        base,
        rump=wide(base.rump),
        chest=wide(base.chest),
        belly=wide(base.belly),
        arch=base.arch * rng.uniform(0.6, 1.3),
        cheek=base.cheek * rng.uniform(0.9, 1.15),
        muzzle=base.muzzle * muzzle,
        ear=(base.ear[0] * ear, base.ear[1] * ear, base.ear[2]),
        tail=points,
        tail_radii=(
            t0 * rng.uniform(0.9, 1.15),
            t1 * rng.uniform(0.9, 1.15),
            t2 * rng.uniform(0.9, 1.15),
        ),
        hock=base.hock * rng.uniform(0.85, 1.1),
    )


def _trunk(b: Proportions) -> Field:
    hx, _, hz = b.hip
    sx, _, sz = b.shoulder
    # The top of rump and chest lies a little above the pivots, which sit inside the muscle.
    rump = (hx + b.rump[0] * 0.18, 0.0, hz + b.rump[2] * 0.42)
    chest = (sx - b.chest[0] * 0.3, 0.0, sz + b.chest[2] * 0.5)
    belly = ((hx + sx) / 2, 0.0, (rump[2] + chest[2]) / 2 - b.belly[2] * 0.35)
    back = ((hx + sx) / 2, 0.0, (rump[2] + chest[2]) / 2 + b.arch * 0.5)
    blend = b.rump[2] * 0.5

    def field(p: Array) -> Array:
        d = ellipsoid(p, rump, b.rump)
        d = join(d, ellipsoid(p, chest, b.chest), blend)
        d = join(d, ellipsoid(p, belly, b.belly), blend)
        d = join(d, ellipsoid(p, back, (b.belly[0], b.belly[1] * 0.8, b.rump[2] * 0.8)), blend)
        neck = (sx + b.chest[0] * 0.25, 0.0, chest[2] + b.chest[2] * 0.15)
        return join(
            d, capsule(p, neck, _mid(neck, _head(b)), b.neck_radii[0], b.neck_radii[1]), blend
        )

    return field


def _head(b: Proportions) -> tuple[float, float, float]:
    return b.head[0], 0.0, b.head[1]


def _neck(b: Proportions) -> tuple[float, float, float]:
    return b.shoulder[0] + b.chest[0] * 0.25, 0.0, b.shoulder[2] + b.chest[2] * 0.6


def _mid(
    a: tuple[float, float, float], b: tuple[float, float, float]
) -> tuple[float, float, float]:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2


def muzzle_tip(b: Proportions) -> tuple[float, float, float]:
    """Tip of the nose, m."""
    return b.head[0] + b.muzzle, 0.0, b.head[1] - b.head_radii[2] * 0.38


def _head_field(b: Proportions) -> Field:
    hx, hz = b.head
    rx, ry, rz = b.head_radii
    tip = muzzle_tip(b)
    height, width, spread = b.ear

    def field(p: Array) -> Array:
        q = np.stack([p[..., 0], np.abs(p[..., 1]), p[..., 2]], -1)
        d = join(
            ellipsoid(q, (hx, 0, hz), b.head_radii),
            capsule(q, _neck(b), (hx - rx * 0.4, 0, hz), b.neck_radii[0] * 0.93, b.neck_radii[1]),
            rz * 0.7,
        )
        d = join(
            d,
            ellipsoid(
                q,
                (hx - rx * 0.2, ry * 0.85, hz - rz * 0.33),
                (b.cheek * 1.05, b.cheek, b.cheek * 0.95),
            ),
            rz * 0.4,
        )
        root = (hx + rx * 0.55, 0.0, hz - rz * 0.18)
        d = join(
            d,
            capsule(
                q,
                root,
                (tip[0] - b.muzzle_radii[1], 0.0, tip[2]),
                b.muzzle_radii[0],
                b.muzzle_radii[1],
            ),
            rz * 0.4,
        )
        if b.ear_kind == 'round':
            ear = ellipsoid(
                q,
                (hx - rx * 0.48, spread, hz + rz * 0.95 + height * 0.08),
                (width * 0.55, width, height),
            )
        elif b.ear_kind == 'point':
            foot = (hx - rx * 0.35, spread * 0.85, hz + rz * 0.6)
            ear = capsule(
                q,
                foot,
                (foot[0] - width * 0.4, spread * 1.15, foot[2] + height),
                width,
                width * 0.22,
            )
        else:
            foot = (hx - rx * 0.35, spread, hz + rz * 0.6)
            ear = capsule(
                q,
                foot,
                (foot[0] - 0.005, spread * 1.55, foot[2] - height),
                width * 0.42,
                width * 0.62,
            )
        return join(d, ear, width * 0.4)

    return field


def tail_points(b: Proportions) -> Array:
    """Centre line of the tail, (n, 3) m."""
    return np.array([(x, 0.0, z) for x, z in b.tail])


def _tail_field(b: Proportions) -> Field:
    line = tail_points(b)
    base, middle, tip = b.tail_radii

    def field(p: Array) -> Array:
        d, t = tube(p, line)
        radius = np.where(
            t < 0.5,
            base + (middle - base) * np.sin(np.pi * np.clip(t, 0, 0.5)),
            middle + (tip - middle) * (2 * t - 1) ** 2,
        )
        return d - radius

    return field


def _leg_fields(
    pivot: Array, knee: Array, sole: Array, b: Proportions, hind: bool
) -> tuple[Field, Field]:
    top, middle, ankle = b.hind_radii if hind else b.fore_radii
    px, py, pz = b.paw
    heel = np.array([sole[0] - px * 0.3, sole[1], sole[2] + pz])
    hock = np.array([sole[0] - b.hock, sole[1], sole[2] + b.hock * 1.25 + pz]) if hind else heel
    outward = np.array([0.0, (top - middle) * 0.3, 0.0])

    def upper(p: Array) -> Array:
        d = capsule(p, pivot, knee, top, middle)
        shoulder = ellipsoid(
            p, pivot - outward + np.array([0, 0, top * 0.2]), (top * 1.35, top * 0.95, top * 1.5)
        )
        return join(d, shoulder, top * 0.7)

    def lower(p: Array) -> Array:
        d = capsule(p, knee, hock, middle * 0.97, ankle)
        if hind:
            d = join(d, capsule(p, hock, heel, ankle, ankle * 0.95), ankle * 0.6)
        return join(
            d,
            ellipsoid(p, (sole[0] + px * 0.25, sole[1], sole[2] + pz * 0.95), (px, py, pz)),
            ankle * 0.7,
        )

    return upper, lower


def _leg_points(b: Proportions, hind: bool) -> tuple[Array, Array, Array]:
    x, y, z = b.hip if hind else b.shoulder
    pivot = np.array([x, y, z])
    if hind:
        return pivot, np.array([x + z * 0.20, y * 1.03, z * 0.55]), np.array([x - z * 0.02, y, 0.0])
    return pivot, np.array([x - z * 0.13, y * 1.02, z * 0.52]), np.array([x + z * 0.01, y, 0.0])


def anatomy(kind: str, variant: int, mesher: Mesher) -> Anatomy:
    """Model the animal number ``variant`` of a species in ``SPECIES``.

    The same number gives the same animal.
    """
    # The kind's letters enter the seed because Python's hash of a text differs from run to run.
    rng = np.random.default_rng([variant, *kind.encode()])
    body = vary(SPECIES[kind], rng)
    coat = coats.choose(kind, variant, rng, body)
    height = body.shoulder[2] + body.chest[2]
    step = float(np.clip(height * _STEP_PER_HEIGHT, *_STEP_RANGE))
    meshes = {}

    def mesh(name: str, field: Field, fineness: float, texture: Coat) -> None:
        low, high = _bounds(name, body)
        meshes[name] = mesher(name, field, low, high, step * fineness, texture)

    limbs: list[Limb] = []
    mesh('trunk', _trunk(body), 1.0, coat)
    mesh('head', _head_field(body), 0.62, coat)
    mesh('tail', _tail_field(body), 0.8, coat)
    for hind, letter in ((False, 'f'), (True, 'h')):
        pivot, knee, sole = _leg_points(body, hind)
        for side, sign in (('l', 1.0), ('r', -1.0)):
            mirror = np.array([1.0, sign, 1.0])
            upper, lower = _leg_fields(pivot * mirror, knee * mirror, sole * mirror, body, hind)
            name = letter + side
            mesh(f'{name}_upper', upper, 0.7, coat)
            mesh(f'{name}_lower', lower, 0.6, coat)
            limbs.append(
                Limb(
                    name,
                    f'{name}_upper',
                    f'{name}_lower',
                    pivot * mirror,
                    knee * mirror,
                    sole * mirror,
                    1 if hind else -1,
                    _PHASES[name],
                )
            )
    hx, hz = body.head
    rx, ry, rz = body.head_radii
    eyes = np.array([(hx + rx * 0.80, s * ry * 0.50, hz + rz * 0.17) for s in (1.0, -1.0)])
    tip = muzzle_tip(body)
    return Anatomy(
        species={'fox': 'other_animal', 'rabbit': 'other_animal', 'opossum': 'other_animal'}.get(
            kind, kind
        ),
        meshes=meshes,
        limbs=tuple(limbs),
        neck=np.array(_neck(body)),
        tail=tail_points(body)[0],
        hip=np.array([body.hip[0], 0.0, body.hip[2]]),
        eyes=eyes,
        eye_radius=body.eye,
        eye_color=(0.06, 0.045, 0.03),
        length=tip[0] - body.hip[0] + body.rump[0],
        width=2 * body.rump[1],
        height=height,
        stride=body.stride,
    )


def _bounds(name: str, b: Proportions) -> tuple[Array, Array]:
    margin = 0.03
    if name == 'trunk':
        low = (b.hip[0] - b.rump[0], -max(b.rump[1], b.chest[1], b.belly[1]), b.shoulder[2] * 0.3)
        high = (
            b.head[0],
            max(b.rump[1], b.chest[1], b.belly[1]),
            max(b.hip[2] + 2 * b.rump[2], b.head[1]) + 0.02,
        )
    elif name == 'head':
        ear = b.ear[0] + b.head_radii[2] * 1.3
        width = max(b.head_radii[1] + b.cheek, b.ear[2] * 1.6 + b.ear[1])
        low = (
            b.shoulder[0] - 0.05,
            -width,
            min(b.head[1], b.shoulder[2]) - b.head_radii[2] - b.ear[0],
        )
        high = (b.head[0] + b.muzzle, width, b.head[1] + ear)
    elif name == 'tail':
        line, r = tail_points(b), max(b.tail_radii)
        low, high = line.min(0) - r, line.max(0) + r
    else:
        hind = name.startswith('h')
        pivot, knee, sole = _leg_points(b, hind)
        points = np.stack([pivot, knee, sole])
        if name[1] == 'r':
            points = points * np.array([1.0, -1.0, 1.0])
        r = (b.hind_radii if hind else b.fore_radii)[0] * 1.9
        low, high = points.min(0) - (r + b.hock * hind, r, 0), points.max(0) + r
    return np.asarray(low) - margin, np.asarray(high) + margin
