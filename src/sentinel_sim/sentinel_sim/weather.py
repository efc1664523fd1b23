"""Rain before the lens, insects at the lamp, wind in the plants."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from .camera_model import Array, CameraModel, Picture
from .garden import GROUP_PLANTS
from .scenarios import Weather

# At full strength: drops in one picture, and insects around the lamp.
_DROPS, _INSECTS = 260, 14

# Wind bends plants by this much at full strength, rad, and in gusts of this period, s.
_BEND, _GUST = 0.16, 2.3

# Insects keep to this part of the space before the lens: distance in m, and how wildly they fly,
# m/s.
_NEAR, _FAR, _FLIGHT = 0.12, 1.6, 1.1

# Size of an insect, m, and how far from the lens it is in focus, m.
_BODY, _FOCUS = 0.004, 1.2

# How long the sensor looks at one picture in lamp light, s: what flies draws a line.
_EXPOSURE = 0.03


class WeatherView:
    """What weather puts before the picture of one camera.

    The same generator gives the same drops and insects.
    """

    def __init__(self, weather: Weather, rng: np.random.Generator, camera: CameraModel) -> None:
        self._weather = weather
        self._rng = rng
        self._camera = camera
        count = round(_INSECTS * weather.insects)
        self._place = self._anywhere(count)
        self._velocity = np.zeros((count, 3))
        self._time = 0.0

    def _anywhere(self, count: int) -> Array:
        z = _NEAR + (_FAR - _NEAR) * self._rng.random(count) ** 2
        spread = self._rng.uniform(-0.6, 0.6, (count, 2))
        return np.column_stack([spread * z[:, None], z])

    def draw(self, picture: Picture, condition: str, time: float) -> Picture:
        """Return the rendered RGB picture with the weather at ``time`` (s of the scenario)."""
        elapsed, self._time = min(max(time - self._time, 0.0), 0.5), time
        lamp = condition in ('ir', 'torch')
        if self._weather.rain > 0:
            picture = self._rain(picture, lamp)
        if len(self._place):
            self._fly(elapsed)
            if lamp:
                picture = self._insects(picture)
        return picture

    def _rain(self, picture: Picture, lamp: bool) -> Picture:
        strength = self._weather.rain
        layer = np.zeros(picture.shape[:2], np.uint8)
        height, width = picture.shape[:2]
        for _ in range(round(_DROPS * strength)):
            near = self._rng.random() ** 2
            x, y = self._rng.uniform(0, width), self._rng.uniform(-20, height)
            length = 6 + 38 * near
            slant = length * self._rng.normal(0.06, 0.03)
            shade = int((150 if lamp else 70) * (0.35 + 0.65 * near))
            end = (int(x + slant), int(y + length))
            cv2.line(layer, (int(x), int(y)), end, shade, 1 + int(near > 0.75), cv2.LINE_AA)
        soft = cv2.GaussianBlur(layer, (3, 5), 0)
        # Water in the air takes contrast: everything moves a little towards the grey of the rain.
        haze = cv2.addWeighted(
            picture, 1 - 0.18 * strength, np.full_like(picture, 90), 0.10 * strength, 0
        )
        return np.asarray(cv2.add(haze, cv2.cvtColor(soft, cv2.COLOR_GRAY2RGB)), np.uint8)

    def _fly(self, elapsed: float) -> None:
        pull = 1 - np.exp(-elapsed / 0.2)
        wish = self._rng.normal(size=self._place.shape) * _FLIGHT
        self._velocity += pull * (wish - self._velocity)
        self._place = self._place + self._velocity * elapsed
        rays = np.abs(self._place[:, :2]) / np.maximum(self._place[:, 2:], 1e-6)
        lost = (self._place[:, 2] < _NEAR) | (self._place[:, 2] > _FAR) | (rays.max(1) > 0.8)
        if lost.any():
            self._place[lost] = self._anywhere(int(lost.sum()))

    def _insects(self, picture: Picture) -> Picture:
        layer = np.zeros(picture.shape[:2], np.uint8)
        head = self._camera.project(self._place)
        behind = self._place - self._velocity * _EXPOSURE
        behind[:, 2] = np.maximum(behind[:, 2], _NEAR / 2)
        tail = self._camera.project(behind)
        lines = np.column_stack([tail, head, self._place[:, 2]])
        for x0, y0, x1, y1, z in lines.tolist():
            blur = abs(1 / z - 1 / _FOCUS) * 1.3
            radius = 0.5 * self._camera.focal * _BODY / z + blur
            glow = 255 / (1 + 0.35 * blur) * min(1.0, 0.8 / z)
            cv2.line(
                layer, (int(x0), int(y0)), (int(x1), int(y1)), int(min(glow, 255)),
                max(1, round(2 * radius)), cv2.LINE_AA,
            )  # fmt: skip
        soft = cv2.GaussianBlur(layer, (0, 0), 1.6)
        return np.asarray(cv2.add(picture, cv2.cvtColor(soft, cv2.COLOR_GRAY2RGB)), np.uint8)


class Wind:
    """Bends the plants of a compiled garden."""

    def __init__(self, model: Any, strength: float) -> None:
        plants = (model.geom_group == GROUP_PLANTS) & (model.geom_bodyid == 0)
        self._plants = np.flatnonzero(plants) if strength > 0 else np.empty(0, int)
        self._upright: Array = model.geom_quat[self._plants].copy()
        self._strength = strength
        # A gust runs over the garden, and no two plants swing alike.
        place = model.geom_pos[self._plants]
        self._phase = 1.7 * place[:, 0] + 0.9 * place[:, 1]

    def blow(self, model: Any, time: float) -> None:
        """Set the plants as they are at ``time`` (s); mj_kinematics must follow."""
        if not len(self._plants):
            return
        gust = 0.5 + 0.5 * np.sin(2 * np.pi * time / (3.7 * _GUST) + 0.3 * self._phase)
        swing = np.sin(2 * np.pi * time / _GUST + self._phase) + 0.4 * np.sin(
            7.3 * time + 3 * self._phase
        )
        half = 0.5 * _BEND * self._strength * gust * (0.4 + 0.6 * swing)
        lean = np.column_stack(
            [np.cos(half), 0.4 * np.sin(half), np.sin(half), np.zeros_like(half)]
        )
        lean /= np.linalg.norm(lean, axis=1, keepdims=True)
        model.geom_quat[self._plants] = _product(lean, self._upright)


def _product(a: Array, b: Array) -> npt.NDArray[np.float64]:
    """Products of quaternions (n, 4), w first."""
    aw, ax, ay, az = a.T
    bw, bx, by, bz = b.T
    return np.column_stack([
        aw * bw - ax * bx - ay * by - az * bz,
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
    ])  # fmt: skip
