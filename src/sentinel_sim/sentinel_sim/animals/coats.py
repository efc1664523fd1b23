"""Coats: colour as a function of the place on the body, in the resting pose."""

from typing import TYPE_CHECKING

import numpy as np

from .shapes import Array, Coat, Triple, fur, noise, paint, smoothstep, spot, tube

if TYPE_CHECKING:
    from .quadruped import Proportions


def choose(kind: str, variant: int, rng: np.random.Generator, body: 'Proportions') -> Coat:
    """Return the coat of animal number ``variant``.

    Coats are dealt out in turn, shades vary at random.
    """
    if kind == 'raccoon':
        return _raccoon(variant, rng, body)
    if kind == 'cat':
        return (_tabby, _tuxedo, _ginger, _plain_cat)[variant % 4](rng, body)
    if kind == 'dog':
        return (_shepherd, _beagle, _plain_dog, _spotted)[variant % 4](rng, body)
    return {'fox': _fox, 'rabbit': _rabbit, 'opossum': _opossum}[kind](rng, body)


def _full(p: Array, color: Triple) -> Array:
    return np.broadcast_to(np.asarray(color, float), p.shape).copy()


def _folded(p: Array) -> Array:
    return np.stack([p[..., 0], np.abs(p[..., 1]), p[..., 2]], -1)


def _nose(c: Array, q: Array, body: 'Proportions', color: Triple = (0.02, 0.02, 0.02)) -> Array:
    r = body.muzzle_radii[1]
    tip = (
        body.head[0] + body.muzzle - r * 0.1,
        0.0,
        body.head[1] - body.head_radii[2] * 0.38 + r * 0.35,
    )
    return paint(c, color, spot(q, tip, (r * 0.8, r * 0.75, r * 0.6)))


def _hair(c: Array, p: Array, strength: float, size: float = 1.0) -> Array:
    return np.clip(c * (1 + strength * fur(p, size)[..., None]), 0, 1)


def _raccoon(variant: int, rng: np.random.Generator, body: 'Proportions') -> Coat:
    base, back, belly = (
        ((0.40, 0.375, 0.34), (0.20, 0.185, 0.17), (0.52, 0.47, 0.40)),
        ((0.33, 0.31, 0.29), (0.13, 0.125, 0.12), (0.44, 0.41, 0.37)),
        ((0.46, 0.39, 0.30), (0.27, 0.22, 0.17), (0.58, 0.50, 0.40)),
        ((0.50, 0.48, 0.45), (0.31, 0.30, 0.28), (0.62, 0.58, 0.52)),
    )[variant % 4]
    rings = rng.uniform(4.6, 6.0)
    pale = np.array([0.86, 0.84, 0.79]) * rng.uniform(0.9, 1.03)
    mask = rng.uniform(0.85, 1.2)
    line = np.array([(x, 0.0, z) for x, z in body.tail])
    hx, hz = body.head
    top = body.hip[2] + body.rump[2]

    def coat(p: Array) -> Array:
        q = _folded(p)
        x, y, z = q[..., 0], q[..., 1], q[..., 2]
        front = smoothstep(hx - 0.075, hx - 0.035, x)
        c = paint(_full(p, base), back, smoothstep(top - 0.03, top + 0.05, z) * (1 - front))
        c = paint(c, belly, smoothstep(0.15, 0.09, z) * (1 - front))
        c = paint(c, (0.06, 0.055, 0.05), smoothstep(0.085, 0.045, z))
        c = paint(c, np.array(base) * 0.85, front)
        # Brow band, muzzle and ruff are pale; between them the mask drops from the eyes to the
        # cheeks.
        h = q - np.array([hx, 0.0, hz])
        u, v = h[..., 0], h[..., 2]
        face = smoothstep(0.017, 0.030, u + 0.25 * y)
        c = paint(c, pale, front * smoothstep(0.075, 0.060, np.hypot(v, (u - 0.04) * 0.9)) * face)
        c = paint(
            c,
            pale,
            smoothstep(0.005, 0.035, u)
            * smoothstep(0.050, 0.040, v)
            * smoothstep(0.008, 0.014, y)
            * smoothstep(0.033, 0.040, v),
        )
        c = paint(c, pale * 0.94, spot(h, (-0.005, 0.085, -0.027), (0.035, 0.030, 0.028)))
        dark = (0.035, 0.03, 0.03)
        c = paint(c, dark, spot(h, (0.050, 0.042, 0.006), (0.040, 0.040, 0.020 * mask)))
        c = paint(c, dark, spot(h, (0.020, 0.072, -0.010), (0.026 * mask, 0.028, 0.021 * mask)))
        c = paint(
            c,
            (0.07, 0.06, 0.055),
            smoothstep(0.0095, 0.006, y)
            * smoothstep(0.030, 0.045, u)
            * smoothstep(-0.017, -0.007, v),
        )
        c = _nose(c, q, body)
        ear = ((u < 0.01) & (u > -0.06) & (v > 0.05)).astype(float)
        c = paint(c, pale * 0.98, ear * smoothstep(0.074, 0.081, v))
        c = paint(c, (0.16, 0.15, 0.14), ear * smoothstep(-0.028, -0.034, u))
        c = paint(c, (0.20, 0.17, 0.16), spot(h, (-0.017, 0.053, 0.061), (0.012, 0.017, 0.021)))
        d, t = tube(p, line)
        # The rump around the root of the tail is nearest to t = 0 and keeps its own colour.
        on = ((x < line[0, 0] + 0.01) & (d < 0.09)) * smoothstep(0.03, 0.06, t)
        ring = np.maximum(
            smoothstep(-0.12, 0.12, np.sin(2 * np.pi * (t * rings + 0.1))),
            smoothstep(0.88, 0.92, t),
        )
        c = paint(c, np.array([0.66, 0.61, 0.53]) * rng_shade, on)
        c = paint(c, (0.05, 0.045, 0.04), on * ring)
        return _hair(c, p, 0.28)

    rng_shade = rng.uniform(0.85, 1.05)
    return coat


def _cat_face(c: Array, q: Array, body: 'Proportions', ear: Triple = (0.62, 0.42, 0.38)) -> Array:
    hx, hz = body.head
    inner = (
        hx - body.head_radii[0] * 0.25,
        body.ear[2],
        hz + body.head_radii[2] * 0.6 + body.ear[0] * 0.45,
    )
    c = paint(c, ear, spot(q, inner, (0.010, 0.012, body.ear[0] * 0.55)))
    return _nose(c, q, body, (0.55, 0.32, 0.30))


def _tabby(rng: np.random.Generator, body: 'Proportions') -> Coat:
    ground = np.array([0.42, 0.36, 0.28]) * rng.uniform(0.85, 1.15)
    stripe = ground * 0.30
    width = rng.uniform(0.030, 0.040)
    return _striped(body, ground, stripe, width, white=(0.72, 0.68, 0.60))


def _ginger(rng: np.random.Generator, body: 'Proportions') -> Coat:
    ground = np.array([0.78, 0.47, 0.20]) * rng.uniform(0.85, 1.1)
    return _striped(
        body,
        ground,
        ground * np.array([0.72, 0.58, 0.45]),
        rng.uniform(0.03, 0.042),
        white=(0.90, 0.82, 0.70),
    )


def _striped(
    body: 'Proportions', ground: Array, stripe: Array, width: float, white: Triple
) -> Coat:
    hx, hz = body.head
    line = np.array([(x, 0.0, z) for x, z in body.tail])

    def coat(p: Array) -> Array:
        q = _folded(p)
        x, y, z = q[..., 0], q[..., 1], q[..., 2]
        wave = np.sin(2 * np.pi * x / width + 2.2 * noise(p, 0.010, 1))
        c = paint(
            _full(p, ground),
            stripe,
            smoothstep(0.1, 0.7, wave) * smoothstep(0.10, 0.16, z) * (x < hx - 0.03),
        )
        c = paint(
            c,
            stripe,
            smoothstep(0.012, 0.004, y)
            * smoothstep(body.hip[2] + body.rump[2] * 0.9, body.hip[2] + body.rump[2] * 1.2, z)
            * (x < hx - 0.04),
        )
        legs = smoothstep(0.15, 0.11, z) * smoothstep(0.3, 0.8, np.sin(2 * np.pi * z / 0.028))
        c = paint(c, stripe, legs * 0.8)
        h = q - np.array([hx, 0.0, hz])
        brow = (
            smoothstep(0.2, 0.7, np.sin(2 * np.pi * y / 0.017 + 1.5))
            * smoothstep(0.012, 0.024, h[..., 2])
            * (h[..., 0] > -0.03)
        )
        c = paint(c, stripe, brow * 0.85)
        c = paint(c, white, spot(h, (0.055, 0.0, -0.032), (0.032, 0.026, 0.020)) * 0.9)
        c = paint(
            c,
            white,
            smoothstep(body.shoulder[2] - 0.02, body.shoulder[2] - 0.06, z) * (y < 0.03) * 0.6,
        )
        _, t = tube(p, line)
        on = (x < line[0, 0]) * smoothstep(0.0, 0.6, np.sin(2 * np.pi * t * 8))
        c = paint(c, stripe, on)
        return _hair(_cat_face(c, q, body), p, 0.20, 0.8)

    return coat


def _tuxedo(rng: np.random.Generator, body: 'Proportions') -> Coat:
    black = np.array([0.055, 0.052, 0.055]) * rng.uniform(0.8, 1.5)
    white = np.array([0.88, 0.87, 0.84])
    hx, hz = body.head

    def coat(p: Array) -> Array:
        q = _folded(p)
        c = _full(p, black)
        ragged = 0.012 * noise(p, 0.012, 1)
        h = q - np.array([hx, 0.0, hz])
        c = paint(c, white, smoothstep(0.07, 0.055, q[..., 2] + ragged))
        c = paint(
            c,
            white,
            spot(q, (body.shoulder[0] + 0.06, 0, body.shoulder[2] + 0.01), (0.07, 0.040, 0.075)),
        )
        c = paint(c, white, spot(h, (0.055, 0.0, -0.028), (0.038, 0.030, 0.026)))
        c = paint(
            c,
            white,
            smoothstep(body.shoulder[2] - 0.04, body.shoulder[2] - 0.06, q[..., 2] + ragged)
            * (q[..., 1] < 0.03),
        )
        return _hair(_cat_face(c, q, body, (0.3, 0.2, 0.2)), p, 0.22, 0.8)

    return coat


def _plain_cat(rng: np.random.Generator, body: 'Proportions') -> Coat:
    color = ((0.06, 0.058, 0.06), (0.34, 0.35, 0.38), (0.86, 0.84, 0.80))[int(rng.integers(3))]

    def coat(p: Array) -> Array:
        return _hair(_cat_face(_full(p, color), _folded(p), body, (0.4, 0.28, 0.27)), p, 0.22, 0.8)

    return coat


def _shepherd(rng: np.random.Generator, body: 'Proportions') -> Coat:
    tan = np.array([0.55, 0.37, 0.19]) * rng.uniform(0.85, 1.15)
    black = np.array([0.06, 0.052, 0.048])
    hx, hz = body.head

    def coat(p: Array) -> Array:
        q = _folded(p)
        x, z = q[..., 0], q[..., 2]
        ragged = 0.03 * noise(p, 0.02, 1)
        c = _full(p, tan)
        saddle = smoothstep(body.shoulder[2] + 0.02, body.shoulder[2] + 0.10, z + ragged) * (
            x < hx - 0.06
        )
        c = paint(c, black, saddle)
        h = q - np.array([hx, 0.0, hz])
        c = paint(c, black, smoothstep(0.055, 0.085, h[..., 0]))
        c = paint(c, black, smoothstep(0.055, 0.075, q[..., 1]) * (x > hx - 0.08) * 0.9)
        c = paint(c, black, (x < body.tail[0][0]) * 0.75 * np.ones(x.shape))
        return _hair(_nose(c, q, body), p, 0.22, 1.4)

    return coat


def _beagle(rng: np.random.Generator, body: 'Proportions') -> Coat:
    brown = np.array([0.50, 0.28, 0.13]) * rng.uniform(0.85, 1.15)
    white, black = np.array([0.88, 0.86, 0.81]), np.array([0.07, 0.06, 0.055])
    hx = body.head[0]

    def coat(p: Array) -> Array:
        q = _folded(p)
        x, y, z = q[..., 0], q[..., 1], q[..., 2]
        ragged = 0.035 * noise(p, 0.02, 1)
        c = paint(
            _full(p, white), brown, smoothstep(body.hip[2] - 0.09, body.hip[2] - 0.04, z + ragged)
        )
        c = paint(
            c,
            black,
            smoothstep(body.hip[2] - 0.01, body.hip[2] + 0.05, z + ragged)
            * (x < body.shoulder[0] + 0.08),
        )
        c = paint(c, brown, smoothstep(hx - 0.12, hx - 0.08, x))
        c = paint(c, white, smoothstep(0.026, 0.018, y) * (x > hx - 0.02))
        c = paint(c, white, smoothstep(hx + 0.06, hx + 0.085, x))
        c = paint(
            c,
            white,
            (
                np.linalg.norm(p - np.array([body.tail[-1][0], 0, body.tail[-1][1]]), axis=-1)
                < 0.09
            ).astype(float),
        )
        return _hair(_nose(c, q, body), p, 0.14, 1.2)

    return coat


def _plain_dog(rng: np.random.Generator, body: 'Proportions') -> Coat:
    color = ((0.08, 0.07, 0.065), (0.78, 0.62, 0.40), (0.34, 0.19, 0.11))[int(rng.integers(3))]

    def coat(p: Array) -> Array:
        return _hair(_nose(_full(p, color), _folded(p), body), p, 0.18, 1.3)

    return coat


def _spotted(rng: np.random.Generator, body: 'Proportions') -> Coat:
    patch = ((0.10, 0.09, 0.085), (0.42, 0.25, 0.14))[int(rng.integers(2))]
    shift = rng.uniform(0, 1, 3)

    def coat(p: Array) -> Array:
        q = _folded(p)
        c = paint(
            _full(p, (0.86, 0.84, 0.79)), patch, smoothstep(0.35, 0.5, noise(p + shift, 0.028, 1))
        )
        c = paint(c, patch, (q[..., 1] > 0.055) * (q[..., 0] > body.head[0] - 0.08) * 1.0)
        return _hair(_nose(c, q, body), p, 0.15, 1.2)

    return coat


def _fox(rng: np.random.Generator, body: 'Proportions') -> Coat:
    red = np.array([0.68, 0.34, 0.13]) * rng.uniform(0.85, 1.1)
    white, black = np.array([0.87, 0.84, 0.78]), np.array([0.07, 0.055, 0.05])
    hx, hz = body.head
    tip = np.array([body.tail[-1][0], 0.0, body.tail[-1][1]])

    def coat(p: Array) -> Array:
        q = _folded(p)
        h = q - np.array([hx, 0.0, hz])
        c = paint(_full(p, red), black, smoothstep(0.18, 0.10, q[..., 2]))
        c = paint(
            c,
            white,
            smoothstep(0.0, -0.02, h[..., 2])
            * smoothstep(-0.05, 0.0, h[..., 0])
            * smoothstep(0.01, 0.03, q[..., 1] + 0.02),
        )
        c = paint(
            c, white, spot(q, (body.shoulder[0] + 0.12, 0, body.shoulder[2]), (0.08, 0.04, 0.10))
        )
        c = paint(c, white, smoothstep(0.13, 0.09, np.linalg.norm(p - tip, axis=-1)))
        c = paint(c, black, (h[..., 2] > 0.055) * (h[..., 0] < -0.02) * 0.9)
        return _hair(_nose(c, q, body), p, 0.22)

    return coat


def _rabbit(rng: np.random.Generator, body: 'Proportions') -> Coat:
    color = ((0.42, 0.35, 0.27), (0.33, 0.29, 0.25), (0.60, 0.52, 0.43))[int(rng.integers(3))]
    tail = np.array([body.tail[-1][0], 0.0, body.tail[-1][1]])

    def coat(p: Array) -> Array:
        q = _folded(p)
        c = paint(_full(p, color), (0.78, 0.74, 0.68), smoothstep(0.06, 0.03, q[..., 2]))
        c = paint(c, (0.88, 0.86, 0.82), smoothstep(0.04, 0.03, np.linalg.norm(p - tail, axis=-1)))
        return _hair(_nose(c, q, body, (0.3, 0.2, 0.2)), p, 0.28, 0.8)

    return coat


def _opossum(rng: np.random.Generator, body: 'Proportions') -> Coat:
    grey = np.array([0.47, 0.45, 0.43]) * rng.uniform(0.85, 1.15)
    hx, hz = body.head

    def coat(p: Array) -> Array:
        q = _folded(p)
        h = q - np.array([hx, 0.0, hz])
        c = paint(_full(p, grey), (0.15, 0.14, 0.14), smoothstep(0.05, 0.03, q[..., 2]))
        c = paint(c, (0.87, 0.85, 0.80), smoothstep(hx - 0.05, hx - 0.02, q[..., 0]) * 1.0)
        c = paint(
            c, (0.10, 0.09, 0.09), (h[..., 2] > 0.038) * (np.abs(h[..., 0] + 0.025) < 0.035) * 1.0
        )
        c = paint(c, (0.72, 0.60, 0.56), (q[..., 0] < body.tail[0][0] - 0.05) * 1.0)
        return _hair(_nose(c, q, body, (0.75, 0.45, 0.43)), p, 0.34, 1.2)

    return coat
