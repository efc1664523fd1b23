"""Clips with exact boxes from a camera high on a wall: empty, an animal crosses, empty again.

source a built workspace, then: python training/clips.py --out FOLDER [--seed 7001] [--count 8]

./sentinel bench perception --mode pipeline --data FOLDER/annotations.json
tells how soon the alarm comes and whether it ends. Infra-red and torch take turns; wind moves the
shrubs, insects fly at the lamp, the animal stops to feed on its way. Every fourth clip shows a cat:
no alarm is due there. Clip number n depends on the seed and n alone; seeds and animals are never
those of training.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import cv2
import mujoco
import numpy as np
from sentinel_sim.animals.puppet import posture
from sentinel_sim.camera_model import CameraModel
from sentinel_sim.coco import LEAST_PIXELS, Coco
from sentinel_sim.render import FOVY, SIZE, Studio
from sentinel_sim.scenarios import Weather
from sentinel_sim.weather import WeatherView, Wind

from sentinel_sim import lighting

SEED = 7001
VARIANTS = (120, 127)  # animals that no training set and no other validation set shows
CONDITIONS = ('ir', 'torch')
CAT_EVERY = 4  # clips
RATE = 5  # pictures per second: rendering is slow
BEFORE, CROSSING, FEEDING, AFTER = 4.0, 7.0, 2.0, 5.0  # s
EYE = (-1.8, 0.0)  # m: where the wall is
HEIGHT, AHEAD = (2.3, 2.8), (2.8, 3.6)  # m: camera above the ground, path before it
YAW = 0.9  # rad, to both sides
HALF_PATH, PACE = 2.6, 1.6  # m to both sides of the middle, out of sight; steps per second
SHEET_EVERY, SHEET_ROW = 6, 5  # pictures


@dataclass(frozen=True)
class Walk:
    """How far along its path (0..1) an animal is, and what it does there; None out of sight."""

    feeds_at: float

    def at(self, time: float) -> tuple[float, str] | None:
        """Return place and posture at ``time`` (s)."""
        walked = time - BEFORE
        feeds_from = self.feeds_at * CROSSING
        posture_name = 'walk'
        if feeds_from <= walked < feeds_from + FEEDING:
            walked, posture_name = feeds_from, 'forage'
        elif walked >= feeds_from + FEEDING:
            walked -= FEEDING
        return (walked / CROSSING, posture_name) if 0 <= walked <= CROSSING else None


def clip(number: int, seed: int, out: Path, coco: Coco) -> list[np.ndarray]:
    """Add clip ``number``; return pictures for the contact sheet."""
    kind = 'cat' if number % CAT_EVERY == CAT_EVERY - 1 else 'raccoon'
    condition = CONDITIONS[number % len(CONDITIONS)]
    name = f'{seed}_{number}_{kind}_{condition}'
    rng = np.random.default_rng([seed, number])
    studio = Studio(seed * 100_003 + number, [kind], VARIANTS)
    camera = CameraModel(rng, size=SIZE, fovy=FOVY, lens=None)
    eye = np.array([*EYE, rng.uniform(*HEIGHT)])
    yaw, ahead = rng.uniform(-YAW, YAW), rng.uniform(*AHEAD)
    studio.look(eye, yaw, np.arctan2(eye[2], ahead))
    lighting.apply(studio.model, condition, 'lamp', strength=1.5, sun_height=0.5)
    puppet = studio.puppets[kind]
    puppet.hide(studio.data)
    puppet.shine(studio.model, {'ir': 1.0, 'torch': 0.7}[condition])
    wind = Wind(studio.model, rng.uniform(0.3, 1.0))
    weather = WeatherView(Weather(insects=rng.uniform(0.0, 0.6)), rng, camera)
    walk, side = Walk(rng.uniform(0.3, 0.7)), rng.choice([-1, 1])
    forward = np.array([np.cos(yaw), np.sin(yaw), 0.0])
    left = np.array([-np.sin(yaw), np.cos(yaw), 0.0])
    shown = []
    for frame in range(round((BEFORE + CROSSING + FEEDING + AFTER) * RATE)):
        time = frame / RATE
        wind.blow(studio.model, time)
        now = walk.at(time)
        if now is None:
            puppet.hide(studio.data)
        else:
            along = side * HALF_PATH * (2 * now[0] - 1)
            place = np.array([*EYE, 0.0]) + ahead * forward + along * left
            pose = posture(now[1], puppet.anatomy, time * PACE % 1, 0.0)
            puppet.place(studio.model, studio.data, place, yaw + side * np.pi / 2, pose)
        mujoco.mj_forward(studio.model, studio.data)
        labels = studio.labeler.labels(studio.data, 'eye', camera) if now else []
        ideal = weather.draw(studio.picture(condition), condition, time)
        picture = camera.take(ideal, condition)[..., ::-1].copy()
        file = f'images/{name}_{frame:04d}.jpg'
        cv2.imwrite(str(out / file), picture)
        coco.add(file, SIZE, labels, video_id=name, frame_index=frame, group=f'{kind} {condition}')
        for label in labels:
            x, y, width, height = label.box
            cv2.rectangle(picture, (x, y), (x + width, y + height), (0, 255, 255), 1)
        if frame % SHEET_EVERY == 0:
            shown.append(cv2.resize(picture, None, fx=0.375, fy=0.375))
    studio.close()
    return shown


def main() -> None:
    """Write images/, annotations.json and sheet.jpg, a contact sheet with the boxes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--seed', type=int, default=SEED)
    parser.add_argument('--count', type=int, default=8, help='clips')
    arguments = parser.parse_args()
    (arguments.out / 'images').mkdir(parents=True, exist_ok=True)
    info = {'fps': RATE, 'seed': arguments.seed}
    coco = Coco(least_pixels=LEAST_PIXELS, info=info)
    rows = []
    for number in range(arguments.count):
        shown = clip(number, arguments.seed, arguments.out, coco)
        starts = range(0, len(shown) // SHEET_ROW * SHEET_ROW, SHEET_ROW)
        rows += [np.concatenate(shown[i : i + SHEET_ROW], 1) for i in starts]
        # Whoever stops a long run keeps what is there.
        coco.write(arguments.out / 'annotations.json')
        cv2.imwrite(str(arguments.out / 'sheet.jpg'), np.concatenate(rows))
        print(f'{number + 1}/{arguments.count}: {len(coco.images)} frames', flush=True)
    shares = [
        a['bbox'][2] * a['bbox'][3] / (SIZE[0] * SIZE[1])
        for a in coco.annotations
        if not a['iscrowd']
    ]
    print(
        f'{len(shares)} boxes, median {np.median(shares):.2%} of the frame '
        f'(from {min(shares):.2%} to {max(shares):.2%})'
    )


if __name__ == '__main__':
    main()
