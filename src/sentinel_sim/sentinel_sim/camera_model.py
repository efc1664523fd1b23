"""What a camera makes of a rendered picture: infra-red grey, exposure, glow, noise, lens."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Picture = npt.NDArray[np.uint8]

# Near infra-red from the rendered colours: foliage is bright there (chlorophyll does not absorb
# beyond 700 nm), so green counts most; weights chosen so that white stays white and fur, wood and
# lawn lie close together.
_INFRARED = np.array([[0.15, 0.80, 0.05]], np.float32)

# Exposure brings this percentile of the lower part of the picture (the sky does not count) to this
# level, 0..255, within these gains; the few pixels above it, such as eyes in lamp light, burn out.
_PERCENTILE, _TARGET, _GAINS, _METERED_FROM = 99.0, 220.0, (0.35, 6.0), 0.45

# In the evening a camera leaves the picture darker: it will not show each picture for longer.
_DUSK_TARGET = 125.0

# Share of the way to the right exposure per picture: a cheap camera needs about half a second at 10
# Hz.
_ADAPTION = 0.35

# The noise of a small sensor at unit gain, 0..255 grey levels; grows with the gain.
_READ_NOISE = 2.0

# One large field of noise is drawn once and shown through a wandering window: fresh noise costs 12
# ms a picture.
_NOISE_MARGIN = 64


@dataclass(frozen=True)
class Lens:
    """Radial distortion, OpenCV's k1 and k2 (plumb bob)."""

    k1: float = 0.0
    k2: float = 0.0


class CameraModel:
    """Turns rendered RGB pictures into what the sensor gives, with its own memory for exposure.

    ``size`` is (width, height) in pixels, ``fovy`` the rendered vertical field of view in degrees.
    The same generator gives the same noise.
    """

    def __init__(
        self,
        rng: np.random.Generator,
        *,
        size: tuple[int, int],
        fovy: float,
        lens: Lens | None = None,
    ) -> None:
        self._rng = rng
        self._size = size
        self._gain: float | None = None
        width, height = size
        self._noise = rng.normal(size=(height + _NOISE_MARGIN, width + _NOISE_MARGIN)).astype(
            np.float32
        )
        self.focal = height / 2 / np.tan(np.radians(fovy) / 2)
        self.lens = Lens()
        self._maps: tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]] | None = None
        if lens is not None and (lens.k1 or lens.k2):
            self._maps, zoom = _distortion(size, self.focal, lens)
            self.focal *= zoom
            self.lens = Lens(lens.k1 * zoom**2, lens.k2 * zoom**4)

    def project(self, points: Array) -> Array:
        """Pixels (n, 2) of points (n, 3) in the camera's frame.

        In m, x right, y down, z forward; every z must be above 0.
        """
        rays = points[:, :2] / points[:, 2:]
        # Past the picture's edge the polynomial turns back; what lies there is clipped anyway.
        reach = np.linalg.norm(rays, axis=1, keepdims=True)
        most = 1.2 * np.hypot(*self._size) / 2 / self.focal
        rays = rays * np.minimum(1.0, most / np.maximum(reach, 1e-9))
        r2 = np.minimum(reach, most) ** 2
        bent = rays * (1 + self.lens.k1 * r2 + self.lens.k2 * r2 * r2)
        return bent * self.focal + np.array(self._size) / 2

    def take(self, picture: Picture, condition: str) -> Picture:
        """Return the RGB picture (height, width, 3) that the sensor gives in this light."""
        if condition == 'ir':
            image: npt.NDArray[Any] = cv2.transform(picture, _INFRARED)
        else:
            image = picture
        image = self.bend(image)
        gain = self._expose(image, _DUSK_TARGET if condition == 'dusk' else _TARGET)
        noise = _READ_NOISE * (0.6 + gain)
        out = image.astype(np.float32) * gain
        if condition in ('ir', 'torch'):
            # Overexposed fur and eyes glow into their surroundings.
            small = cv2.resize(np.maximum(out - 235, 0), None, fx=0.25, fy=0.25)
            glow = cv2.resize(cv2.GaussianBlur(small, (0, 0), 3), self._size)
            out += glow * 0.5
            out += 3.0
        dx, dy = self._rng.integers(0, _NOISE_MARGIN, 2)
        width, height = self._size
        field = self._noise[dy : dy + height, dx : dx + width] * noise
        if out.ndim == 2:
            out += field
            grey = np.clip(out, 0, 255).astype(np.uint8)
            return np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB), np.uint8)
        out += field[..., None]
        return np.clip(out, 0, 255).astype(np.uint8)

    def bend(self, picture: npt.NDArray[Any], *, nearest: bool = False) -> npt.NDArray[Any]:
        """Apply the lens alone; ``nearest`` for pictures of labels, whose values must not mix."""
        if self._maps is None:
            return picture
        mode = cv2.INTER_NEAREST if nearest else cv2.INTER_LINEAR
        return cv2.remap(picture, *self._maps, mode, borderMode=cv2.BORDER_REPLICATE)

    def _expose(self, image: Picture, target: float) -> float:
        first = int(len(image) * _METERED_FROM)
        thumbnail = image[first::8, ::8].reshape(-1, 1 if image.ndim == 2 else 3).max(1)
        bright = float(np.percentile(thumbnail, _PERCENTILE))
        wanted = float(np.clip(target / max(bright, 1.0), *_GAINS))
        if self._gain is None:
            self._gain = wanted
        self._gain += _ADAPTION * (wanted - self._gain)
        return self._gain


def _distortion(
    size: tuple[int, int], focal: float, lens: Lens
) -> tuple[tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]], float]:
    """Where in the ideal picture each pixel of the bent one comes from, and the zoom it needs."""
    width, height = size
    matrix = np.array([[focal, 0, width / 2], [0, focal, height / 2], [0, 0, 1]])
    grid = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1).reshape(-1, 1, 2)
    rays = cv2.undistortPoints(
        grid.astype(np.float64), matrix, np.array([lens.k1, lens.k2, 0, 0])
    ).reshape(height, width, 2)
    # A barrel lens sees past the ideal picture's corners: zoom in until it does not.
    zoom = max(1.0, float(np.max(np.abs(rays) * focal / np.array([width / 2, height / 2]))))
    ideal = (rays * focal / zoom + np.array([width / 2, height / 2])).astype(np.float32)
    return (np.ascontiguousarray(ideal[..., 0]), np.ascontiguousarray(ideal[..., 1])), zoom
