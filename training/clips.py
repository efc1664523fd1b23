"""Clips with exact boxes from a camera high on a wall: empty, a raccoon crosses, empty again.

source a built workspace, then: python training/clips.py --out FOLDER [--seed 7001]

One clip by infra-red and one by torch light; then
./sentinel bench perception --mode pipeline --data FOLDER/annotations.json
tells how soon the alarm comes and whether it ends. Seeds and animals are never those of training.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from sentinel_common.species import SPECIES
from sentinel_sim.animals.puppet import posture
from sentinel_sim.camera_model import CameraModel
from sentinel_sim.render import FOVY, SIZE, Studio

from sentinel_sim import lighting

SEED = 7001
VARIANTS = (120, 127)  # animals that no training set and no other validation set shows
CONDITIONS = ('ir', 'torch')
RATE = 5  # pictures per second: rendering is slow
BEFORE, CROSSING, AFTER = 3.0, 8.0, 6.0  # s
HEIGHT, AHEAD = 2.5, 3.3  # m: camera above the ground, path of the animal before it
HALF_PATH, PACE = 2.4, 1.6  # m to both sides of the middle; steps per second
PITCH = 0.58  # rad; the path lies in the middle of the picture
LEAST_PIXELS = 60  # of an animal that is labelled; less is marked as a region to ignore
SHEET_EVERY = 5  # pictures


def studio_view(studio: Studio, condition: str) -> np.ndarray:
    """Return what the camera sees, before the sensor."""
    import mujoco

    mujoco.mj_forward(studio.model, studio.data)
    return studio.picture(condition)


def clip(condition: str, seed: int, out: Path, coco: dict) -> list[np.ndarray]:
    """Add one clip; return pictures for the contact sheet."""
    studio = Studio(seed, ['raccoon'], VARIANTS)
    rng = np.random.default_rng([seed, CONDITIONS.index(condition)])
    camera = CameraModel(rng, size=SIZE, fovy=FOVY, lens=None)
    eye = np.array([-1.5, 0.0, HEIGHT])
    studio.look(eye, 0.0, PITCH)
    lighting.apply(studio.model, condition, 'lamp', strength=1.5, sun_height=0.5)
    puppet = studio.puppets['raccoon']
    puppet.hide(studio.data)
    puppet.shine(studio.model, {'ir': 1.0, 'torch': 0.7}[condition])
    shown, empty = [], studio_view(studio, condition)
    for number in range(round((BEFORE + CROSSING + AFTER) * RATE)):
        along = (number / RATE - BEFORE) / CROSSING
        ideal, labels = empty, []
        if 0 <= along <= 1:
            place = np.array([eye[0] + AHEAD, HALF_PATH * (2 * along - 1), 0.0])
            pose = posture('walk', puppet.anatomy, number / RATE * PACE % 1, 0.0)
            puppet.place(studio.model, studio.data, place, np.pi / 2, pose)
            ideal = studio_view(studio, condition)
            labels = studio.labeler.labels(studio.data, 'eye', camera)
        picture = camera.take(ideal, condition)[..., ::-1].copy()
        name = f'images/{condition}_{number:04d}.jpg'
        cv2.imwrite(str(out / name), picture)
        image = len(coco['images']) + 1
        coco['images'].append(
            {
                'id': image,
                'file_name': name,
                'width': SIZE[0],
                'height': SIZE[1],
                'video_id': condition,
                'frame_index': number,
                'group': f'high {condition}',
            }
        )
        for label in labels:
            coco['annotations'].append(
                {
                    'id': len(coco['annotations']) + 1,
                    'image_id': image,
                    'category_id': SPECIES.index(label.species) + 1,
                    'bbox': list(label.box),
                    'area': label.pixels,
                    'iscrowd': int(label.pixels < LEAST_PIXELS),
                }
            )
            x, y, width, height = label.box
            cv2.rectangle(picture, (x, y), (x + width, y + height), (0, 255, 255), 1)
        if number % SHEET_EVERY == 0:
            shown.append(cv2.resize(picture, None, fx=0.5, fy=0.5))
    studio.close()
    return shown


def main() -> None:
    """Write images/, annotations.json and sheet.jpg, a contact sheet with the boxes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--out', type=Path, required=True)
    parser.add_argument('--seed', type=int, default=SEED)
    arguments = parser.parse_args()
    (arguments.out / 'images').mkdir(parents=True, exist_ok=True)
    categories = [{'id': i + 1, 'name': name} for i, name in enumerate(SPECIES)]
    coco: dict = {
        'info': {'fps': RATE, 'seed': arguments.seed},
        'images': [],
        'annotations': [],
        'categories': categories,
    }
    rows = []
    for number, condition in enumerate(CONDITIONS):
        shown = clip(condition, arguments.seed + number, arguments.out, coco)
        rows += [np.concatenate(shown[i : i + 4], 1) for i in range(0, len(shown) // 4 * 4, 4)]
    cv2.imwrite(str(arguments.out / 'sheet.jpg'), np.concatenate(rows))
    (arguments.out / 'annotations.json').write_text(json.dumps(coco))
    shares = [
        a['bbox'][2] * a['bbox'][3] / (SIZE[0] * SIZE[1])
        for a in coco['annotations']
        if not a['iscrowd']
    ]
    print(
        f'{len(coco["images"])} frames, {len(shares)} boxes, median {np.median(shares):.2%} of '
        f'the frame (from {min(shares):.2%} to {max(shares):.2%})'
    )


if __name__ == '__main__':
    main()
