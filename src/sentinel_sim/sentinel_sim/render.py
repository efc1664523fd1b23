"""Labelled pictures of animals in the garden, for training and testing a detector.

Boxes come from a second rendering in which every geom has its own colour, so they are exact and
hold what is visible. Picture number i depends only on the seed and i.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from sentinel_common.errors import ConfigurationError, SentinelError
from sentinel_common.species import SPECIES

from . import garden, lighting
from .animals import catalog
from .animals.parts import rotation
from .animals.puppet import GROUP_SHADOW, Puppet, posture
from .camera_model import CameraModel, Lens, Picture
from .coco import Coco
from .layout import BACK, LAYOUT, SIDE
from .scenarios import Weather
from .weather import WeatherView

SIZE = (640, 480)
FOVY = 45.0

# The robot's own eye: 7.5 cm of stance plus 3 cm, m.
_ROBOT_EYE = 0.105

# Pictures per garden: a new one costs as much as several pictures.
_PER_GARDEN = 16

# How often each kind is the subject of a picture; 'none' is a garden without an animal.
_SUBJECTS = {
    'raccoon': 0.44, 'cat': 0.13, 'dog': 0.11, 'person': 0.10,
    'fox': 0.03, 'rabbit': 0.03, 'opossum': 0.03, 'none': 0.13,
}  # fmt: skip
_CONDITIONS = {'ir': 0.45, 'natural': 0.43, 'torch': 0.12}
_EAVES_CONDITIONS = {'ir': 0.34, 'natural': 0.26, 'torch': 0.18, lighting.PORCH: 0.22}

# Height of the camera above the ground, m; 'high' is one on a house or pole, whatever it sees;
# 'eaves' one under the eaves that looks down at an animal which is small, but not too small.
MOUNTS = {'any': (0.1, 3.0), 'high': (1.8, 4.0), 'eaves': (2.0, 3.0)}
# Pitch of a camera under the eaves, degrees down, and which share of the picture is its subject.
_EAVES_PITCH, _EAVES_SHARE = (20.0, 50.0), (0.005, 0.04)
# Distance of the porch light from such a camera, m to its left or right.
_PORCH_ASIDE = (0.3, 1.5)
# Share of pictures from the robot's own eye where the mount is 'any'.
_ROBOTS = 0.40
_DUSKS = 0.3

# How often it rains, and how often insects fly before a lamp.
_RAINS, _INSECTS = 0.10, 0.15
_POSES = {
    'walk': 0.45,
    'forage': 0.2,
    'stand': 0.08,
    'alert': 0.08,
    'bound': 0.09,
    'rear': 0.05,
    'sit': 0.05,
}

# A label needs this much of the animal in sight and this many pixels on its shorter side; a picture
# in which an animal shows less than that is drawn again, so that no animal goes unlabelled.
_MIN_VISIBLE, _MIN_SIDE = 0.22, 7

# Two places in a row of the same picture that fit nobody's view are common; two hundred mean a
# fault.
_MAX_ATTEMPTS = 200


@dataclass(frozen=True)
class Label:
    """An animal in a picture, to the pixel.

    ``box`` is (x, y, width, height) in pixels, ``pixels`` the area that is seen, and ``visible``
    its share 0..1 of the whole silhouette.
    """

    name: str
    species: str
    box: tuple[int, int, int, int]
    pixels: int
    visible: float


def box_of(mask: npt.NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Smallest box (x, y, width, height) around the true pixels of a mask that has some."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    x, y = int(columns[0]), int(rows[0])
    return x, y, int(columns[-1]) - x + 1, int(rows[-1]) - y + 1


class Labeler:
    """Finds where each puppet is seen by one camera."""

    def __init__(self, renderer: Any, puppets: list[Puppet]) -> None:
        import mujoco

        self._renderer = renderer
        self._puppets = puppets
        self._all = mujoco.MjvOption()
        self._all.geomgroup[GROUP_SHADOW] = 0
        self._alone = mujoco.MjvOption()
        self._alone.geomgroup[:] = 0
        self._alone.geomgroup[1] = 1

    def geoms(self, data: Any, camera: str, *, alone: bool = False) -> npt.NDArray[np.int32]:
        """Number of the geom at every pixel, -1 where there is none.

        ``alone`` leaves out all but animals.
        """
        import mujoco

        self._renderer.enable_segmentation_rendering()
        try:
            self._renderer.update_scene(data, camera, self._alone if alone else self._all)
            ids = self._renderer.render()
        finally:
            self._renderer.disable_segmentation_rendering()
        # A plain int: compared with the enum itself every pixel takes its way through Python.
        geom = int(mujoco.mjtObj.mjOBJ_GEOM)
        return np.where(ids[..., 1] == geom, ids[..., 0], -1).astype(np.int32)

    def labels(self, data: Any, camera: str, model: CameraModel | None = None) -> list[Label]:
        """One label per animal of which anything is seen.

        ``model`` bends the labels as the lens bends the picture.
        """
        seen, whole = self.geoms(data, camera), self.geoms(data, camera, alone=True)
        if model is not None:
            seen = model.bend(seen.astype(np.int16), nearest=True)
            whole = model.bend(whole.astype(np.int16), nearest=True)
        found = []
        for puppet in self._puppets:
            geoms = list(puppet.geoms)
            mask = np.isin(seen, geoms)
            if mask.any():
                full = int(np.isin(whole, geoms).sum())
                found.append(
                    Label(
                        puppet.name,
                        puppet.anatomy.species,
                        box_of(mask),
                        int(mask.sum()),
                        float(mask.sum()) / max(full, 1),
                    )
                )
        return found


class Studio:
    """One garden with one animal of each wanted kind, a free camera and its lamp."""

    def __init__(self, seed: int, kinds: list[str], variants: tuple[int, int]) -> None:
        import mujoco

        rng = np.random.default_rng([seed, 11])
        # A garden has one sky: by it the hour is fixed for all its pictures in natural light.
        self.hour = 'dusk' if rng.random() < _DUSKS else 'day'
        spec = garden.build(seed, size=SIZE, dusk=self.hour == 'dusk')
        self.puppets = {
            kind: Puppet(
                kind, catalog.animal(kind, int(rng.integers(variants[0], variants[1] + 1)))
            )
            for kind in kinds
        }
        for puppet in self.puppets.values():
            puppet.add(spec)
        eye = spec.worldbody.add_body(name='eye', mocap=True)
        eye.add_camera(name='eye', xyaxes=[0, -1, 0, 0, 0, 1], fovy=FOVY)
        lighting.add_lamp(eye, 'lamp', (0.0, 0.03, 0.02))
        porch = spec.worldbody.add_body(name='porch', mocap=True)
        lighting.add_lamp(porch, 'porch', (0.0, 0.0, 0.0))
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        for puppet in self.puppets.values():
            puppet.bind(self.model)
        self._porch = int(self.model.body('porch').mocapid[0])
        self._eye = int(self.model.body('eye').mocapid[0])
        self.renderer = mujoco.Renderer(self.model, SIZE[1], SIZE[0])
        self.labeler = Labeler(self.renderer, list(self.puppets.values()))

    def close(self) -> None:
        """Free the renderer."""
        self.renderer.close()

    def look(self, position: npt.NDArray[np.float64], yaw: float, pitch: float) -> None:
        """Put the camera at ``position`` (m), turned by ``yaw`` and lowered by ``pitch`` (rad)."""
        self.data.mocap_pos[self._eye] = position
        self.data.mocap_quat[self._eye] = rotation(pitch, yaw)

    def hang_porch_light(self, eye: npt.NDArray[np.float64], yaw: float, aside: float) -> None:
        """Hang the porch light ``aside`` m to the left of the camera and as high."""
        left = np.array([-np.sin(yaw), np.cos(yaw), 0.0])
        self.data.mocap_pos[self._porch] = eye + aside * left
        self.data.mocap_quat[self._porch] = rotation(yaw=yaw)

    def picture(self, condition: str) -> Picture:
        """Render what the camera sees, before the sensor: (480, 640, 3) RGB."""
        import mujoco

        flags = self.renderer.scene.flags
        flags[mujoco.mjtRndFlag.mjRND_SKYBOX] = lighting.sky_visible(condition)
        self.renderer.update_scene(self.data, 'eye')
        return self.renderer.render()


def _draw(rng: np.random.Generator, table: dict[str, float]) -> str:
    weights = np.array(list(table.values()))
    return str(rng.choice(list(table), p=weights / weights.sum()))


def _blocked(x: float, y: float) -> bool:
    """Whether a body at this place would stand in the shed or in a fence."""
    shed = LAYOUT.shed
    if abs(x - shed[0]) < 1.2 and abs(y - shed[1]) < 1.2:
        return True
    return abs(x - BACK) < 0.35 or abs(abs(y) - SIDE) < 0.35


def _compose(
    studio: Studio, subject: str, rng: np.random.Generator, mount: str
) -> dict[str, float]:
    """Place camera and animals at random; return where the camera is."""
    import mujoco

    robot = rng.random() < _ROBOTS and mount == 'any'
    height = (
        _ROBOT_EYE + rng.normal() * 0.006
        if robot
        else float(np.exp(rng.uniform(*np.log(MOUNTS[mount]))))
    )
    position = np.array([rng.uniform(-2.5, 2.0), rng.uniform(-2.5, 2.5), height])
    yaw = rng.normal() * 0.9
    far = rng.uniform(0.7, 8.0) if rng.random() < 0.5 else rng.uniform(0.7, 3.5)
    level = rng.normal() * 0.05
    slope = np.arctan2(height - 0.15, far) + rng.uniform(-0.2, 0.2)
    pitch = level if robot else float(np.clip(slope, np.radians(5), np.radians(50)))
    if mount == 'eaves':
        height = position[2] = rng.uniform(*MOUNTS[mount])
        pitch = np.radians(rng.uniform(*_EAVES_PITCH))
        far = height / np.tan(pitch + rng.uniform(-0.25, 0.25))
        studio.hang_porch_light(position, yaw, rng.choice([-1, 1]) * rng.uniform(*_PORCH_ASIDE))
    studio.look(position, yaw, pitch)
    for puppet in studio.puppets.values():
        puppet.hide(studio.data)
    kinds = [] if subject == 'none' else [subject]
    if kinds and rng.random() < 0.2:
        kinds.append(str(rng.choice([k for k in studio.puppets if k != subject])))
    for i, kind in enumerate(kinds):
        bearing = yaw + rng.uniform(-0.5, 0.5)
        distance = far if i == 0 else rng.uniform(1.0, 7.0)
        if kind in ('person', 'dog'):
            distance *= rng.uniform(1.0, 1.6)
        place = position + distance * np.array([np.cos(bearing), np.sin(bearing), 0])
        place[2] = 0.0
        if _blocked(place[0], place[1]):
            raise _UnfitError
        puppet = studio.puppets[kind]
        pose = posture(_draw(rng, _POSES), puppet.anatomy, rng.random(), rng.normal() * 0.4)
        puppet.place(studio.model, studio.data, place, rng.uniform(-np.pi, np.pi), pose)
    mujoco.mj_forward(studio.model, studio.data)
    return {'height_m': height, 'pitch_deg': float(np.degrees(pitch)), 'distance_m': far}


class _UnfitError(Exception):
    """A composition that does not do; draw another."""


def _shoot(
    studio: Studio, subject: str, rng: np.random.Generator, mount: str
) -> tuple[Picture, list[Label], dict[str, Any]]:
    for _ in range(_MAX_ATTEMPTS):
        try:
            about: dict[str, Any] = _compose(studio, subject, rng, mount)
        except _UnfitError:
            continue
        lens = (
            Lens(rng.uniform(-0.28, 0.05), rng.uniform(-0.02, 0.06)) if rng.random() < 0.4 else None
        )
        camera = CameraModel(rng, size=SIZE, fovy=FOVY, lens=lens)
        labels = studio.labeler.labels(studio.data, 'eye', camera)
        if any(v.visible < _MIN_VISIBLE or min(v.box[2:]) < _MIN_SIDE for v in labels):
            continue
        if subject != 'none' and subject not in {v.name for v in labels}:
            continue
        if mount == 'eaves' and not _small_enough(labels, subject):
            continue
        condition = _draw(rng, _EAVES_CONDITIONS if mount == 'eaves' else _CONDITIONS)
        condition = studio.hour if condition == 'natural' else condition
        strength = float(np.exp(rng.normal() * 0.25))
        lamp = 'porch' if condition == lighting.PORCH else 'lamp'
        lighting.apply(studio.model, condition, lamp, strength=strength, sun_height=rng.random())
        for puppet in studio.puppets.values():
            # Eyes shine only towards a lamp, and an infra-red camera sees it most.
            puppet.shine(
                studio.model, {'ir': 1.0, 'torch': 0.7}.get(condition, 0.0) * (rng.random() < 0.8)
            )
        weather = _weather(rng)
        ideal = WeatherView(weather, rng, camera).draw(studio.picture(condition), condition, 0.1)
        picture = camera.take(ideal, condition)
        if condition != 'day' and rng.random() < 0.3:
            picture = _motion_blur(picture, rng)
        return picture, labels, {**about, 'condition': condition}
    raise SentinelError(f'No place was found from which a {subject} is seen.')


def _small_enough(labels: list[Label], subject: str) -> bool:
    """Whether the subject fills the share of the picture that a camera under the eaves sees."""
    low, high = _EAVES_SHARE
    shares = [v.box[2] * v.box[3] / (SIZE[0] * SIZE[1]) for v in labels if v.name == subject]
    # A person is big wherever it stands.
    return subject == 'person' or all(low <= share <= high for share in shares)


def _weather(rng: np.random.Generator) -> Weather:
    rain = rng.uniform(0.2, 1.0) if rng.random() < _RAINS else 0.0
    insects = rng.uniform(0.2, 1.0) if rng.random() < _INSECTS else 0.0
    return Weather(rain=float(rain), insects=float(insects))


def _motion_blur(picture: Picture, rng: np.random.Generator) -> Picture:
    length = int(rng.integers(2, 6))
    kernel = np.zeros((9, 9), np.float32)
    angle = rng.uniform(0, np.pi)
    for t in np.linspace(-length / 2, length / 2, 25):
        kernel[round(4 + t * np.sin(angle)), round(4 + t * np.cos(angle))] = 1
    return np.asarray(cv2.filter2D(picture, -1, kernel / kernel.sum()), np.uint8)


def _shots(
    count: int, seed: int, variants: tuple[int, int], mount: str
) -> Iterator[tuple[Picture, list[Label], dict[str, Any], np.random.Generator]]:
    """Pictures with their labels, facts, and generator; a garden serves _PER_GARDEN of them."""
    others = ['fox', 'rabbit', 'opossum']
    for first in range(0, count, _PER_GARDEN):
        number = first // _PER_GARDEN
        kinds = ['raccoon', 'cat', 'dog', 'person', others[number % 3]]
        studio = Studio(seed * 100_003 + number, kinds, variants)
        try:
            for index in range(first, min(first + _PER_GARDEN, count)):
                rng = np.random.default_rng([seed, index])
                table = {k: v for k, v in _SUBJECTS.items() if k == 'none' or k in kinds}
                yield *_shoot(studio, _draw(rng, table), rng, mount), rng
        finally:
            studio.close()


def render(
    count: int, out: Path, seed: int, variants: tuple[int, int], mount: str = 'any'
) -> dict[str, int]:
    """Write ``count`` pictures to ``out``/images and ``out``/annotations.json.

    ``mount`` is one of MOUNTS. Return labels per species.
    """
    images = out / 'images'
    images.mkdir(parents=True, exist_ok=True)
    # What is hardly seen was drawn again: every label counts.
    info = {'description': 'Garden Sentinel, rendered', 'seed': seed, 'variants': list(variants)}
    coco = Coco(info=info)
    totals = dict.fromkeys(SPECIES, 0)
    try:
        for index, (picture, labels, about, rng) in enumerate(_shots(count, seed, variants, mount)):
            name = f'{seed:04d}_{index:06d}.jpg'
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(70, 96))]
            bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
            if not cv2.imwrite(str(images / name), bgr, quality):
                raise ConfigurationError(f'{images / name} cannot be written.', 'Is the disk full?')
            coco.add(name, SIZE, labels, **about)
            for label in labels:
                totals[label.species] += 1
    finally:  # whoever stops a long run keeps what is there
        coco.write(out / 'annotations.json')
    return totals
