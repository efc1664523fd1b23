"""Where on the ground an animal stands, from one camera.

Two weak measurements are fused as inverse range (1/m), where both are nearly linear with a steady
error: the row of the lower edge on the ground plane (one degree of pitch at 0.1 m above the ground
turns 3 m into 2 to 6 m), and the height of the box against the height that the species has.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import cv2
import numpy as np
from sentinel_common.detections import Box, Target
from sentinel_common.species import CAT, DOG, OTHER_ANIMAL, PERSON, RACCOON

from .settings import Settings

# Height of the standing animal, m, and its spread as a share: posture, age, breed. Common shoulder
# heights plus the arched back of a raccoon; dogs differ most.
HEIGHTS = {
    RACCOON: (0.30, 0.25),
    CAT: (0.28, 0.25),
    DOG: (0.50, 0.40),
    PERSON: (1.60, 0.25),
    OTHER_ANIMAL: (0.40, 0.50),
}

# The lower edge of a box wanders by about this share of its height, and at least by a pixel.
_EDGE_SHARE = 0.05

# A box that ends this close to the lower or upper edge of the picture is cut off there, px.
_CUT = 3.0

# Nothing is reported farther than this, m: the inverse range is zero within its error there.
_FARTHEST = 30.0

# Pictures whose sides differ in their ratio by more than this share from those that were
# calibrated show another view: a part of it, or a part that is missing there.
_SAME_ASPECT = 0.02

# Nothing is reported nearer than this to the camera, m.
_NEAREST = 0.1

# The line of sight to an animal's feet counts as no steeper than this, down or up, rad.
_STEEPEST = 1.5


# Lenses whose distortion is understood, by their names in sensor_msgs/CameraInfo: how many
# coefficients each has, and what takes its effect away.
_LENSES: dict[str, tuple[int, Any]] = {
    'plumb_bob': (5, cv2.undistortPoints),
    'rational_polynomial': (8, cv2.undistortPoints),
    'equidistant': (4, cv2.fisheye.undistortPoints),
}

# Vertical field of view where nothing tells it, rad; it moves positions only.
FIELD_OF_VIEW = 0.7854


@dataclass(frozen=True)
class Intrinsics:
    """Pinhole camera: focal lengths, principal point and size of the picture, in pixels.

    ``distortion`` belongs to the lens ``model``, as in sensor_msgs/CameraInfo.
    """

    fx: float
    fy: float
    cx: float
    cy: float
    width: int
    height: int
    model: str = 'plumb_bob'
    distortion: tuple[float, ...] = ()

    @staticmethod
    def from_field_of_view(width: int, height: int, vertical: float) -> 'Intrinsics':
        """Square pixels, principal point in the middle, ``vertical`` field of view in radians."""
        focal = height / 2 / math.tan(vertical / 2)
        return Intrinsics(focal, focal, width / 2, height / 2, width, height)

    def scaled(self, width: int, height: int) -> 'Intrinsics':
        """Return the same camera, delivering ``width`` x ``height`` pixels of the same view."""
        x, y = width / self.width, height / self.height
        fx, fy, cx, cy = self.fx * x, self.fy * y, self.cx * x, self.cy * y
        return replace(self, fx=fx, fy=fy, cx=cx, cy=cy, width=width, height=height)

    def fits(self, width: int, height: int) -> bool:
        """Tell whether pictures of ``width`` x ``height`` px can be of the same view."""
        ratio = width * self.height / (height * self.width)
        return 1 / (1 + _SAME_ASPECT) <= ratio <= 1 + _SAME_ASPECT

    @property
    def is_understood(self) -> bool:
        """Whether the lens has no distortion, or one that can be taken away."""
        known = self.model in _LENSES and len(self.distortion) == _LENSES[self.model][0]
        return known or not any(self.distortion)

    def straightened(self, box: Box) -> Box:
        """Return ``box`` as a lens without distortion shows it, judged by its middle line.

        As it is where the lens is not understood, or says something impossible of this place.
        """
        if not any(self.distortion) or not self.is_understood:
            return box
        middle = box.center[0]
        line = np.array([[[middle, box.y]], [[middle, box.bottom]]], np.float64)
        matrix = np.array([[self.fx, 0, self.cx], [0, self.fy, self.cy], [0, 0, 1.0]])
        undistort = _LENSES[self.model][1]
        straight = undistort(line, matrix, np.array(self.distortion), P=matrix)
        (_, top), (x, bottom) = straight.reshape(2, 2).tolist()
        # Outside the part of the picture that was calibrated the coefficients mean nothing.
        shift = max(abs(x - middle), abs(bottom - box.bottom))
        if not (bottom > top and shift < max(self.width, self.height)):
            return box
        return Box(x - box.width / 2, top, box.width, bottom - top)


def _size_prior(scores: Mapping[str, float]) -> tuple[float, float]:
    """Mean and standard deviation in metres of the height, over the species that it may be."""
    known = {name: p for name, p in scores.items() if name in HEIGHTS and p > 0}
    total = sum(known.values())
    if not total:
        known, total = {OTHER_ANIMAL: 1.0}, 1.0
    mean = sum(p * HEIGHTS[name][0] for name, p in known.items()) / total
    square = sum(
        p * (HEIGHTS[name][0] ** 2 * (1 + HEIGHTS[name][1] ** 2)) for name, p in known.items()
    )
    return mean, math.sqrt(max(square / total - mean**2, 0.0))


def locate(
    track_id: str, box: Box, scores: Mapping[str, float], camera: Intrinsics, settings: Settings
) -> Target:
    """Position in base_link (m, x forward, y left, on the ground) with its covariance."""
    cut, cut_above = box.bottom >= camera.height - _CUT, box.y <= _CUT
    box = camera.straightened(box)
    above_ground = settings.camera_z + settings.body_height
    slope = (box.bottom - camera.cy) / camera.fy
    depression = settings.camera_pitch + math.atan(slope)
    # Beyond a right angle the tangent changes its sign: what is nearest would be farthest.
    depression = min(max(depression, -_STEEPEST), _STEEPEST)
    height, spread = _size_prior(scores)
    measurements = []
    if above_ground > 0:
        edge = max(1.0, _EDGE_SHARE * box.height) / camera.fy
        sigma = math.hypot(settings.pitch_sigma, edge) / math.cos(depression) ** 2 / above_ground
        measurements.append((math.tan(depression) / above_ground, sigma))
    if not cut:
        # The angle that the animal spans, along the ground rather than along the line of sight.
        rho = box.height / camera.fy / height / max(math.cos(depression), 0.2)
        # Whose head is above the picture is at least as near as what is seen of it.
        if not (cut_above and measurements and rho < measurements[0][0]):
            measurements.append((rho, rho * spread / height))
    weight = sum(1 / sigma**2 for _, sigma in measurements) or 1.0
    rho = sum(value / sigma**2 for value, sigma in measurements) / weight
    distance = min(max(1 / max(rho, 1e-6), _NEAREST), _FARTHEST)
    sigma_range = min(distance**2 / math.sqrt(weight), distance)
    # Along the ground; less than 1 where the line of sight leaves the pitch of the camera downward.
    forward = math.cos(depression) * math.hypot(1, slope)
    bearing = math.atan2(camera.cx - box.center[0], camera.fx * forward)
    sigma_bearing = max(box.width * 0.1, 2.0) / (camera.fx * forward)
    cosine, sine = math.cos(bearing), math.sin(bearing)
    # The range runs along the optical axis on the ground; off axis the way is longer.
    along, across = sigma_range / cosine, distance / cosine * sigma_bearing
    return Target(
        track_id,
        scores,
        x=settings.camera_x + distance,
        y=settings.camera_y + distance * sine / cosine,
        z=-settings.body_height,
        variance_x=(along * cosine) ** 2 + (across * sine) ** 2,
        variance_y=(along * sine) ** 2 + (across * cosine) ** 2,
        covariance_xy=(along**2 - across**2) * sine * cosine,
    )
