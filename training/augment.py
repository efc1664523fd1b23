"""Training samples: how photographs, renders and cut-outs become 416x416 inputs.

Close photographs flatter a model: in a yard the animal covers 1 to 5 % of the frame, at night, in
grey. So most samples are made small, dark and noisy on purpose. Each sample is a function of
(seed, number) alone, so a run can be resumed and repeated.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from cutouts import Cutout
from pictures import IGNORE, NO_TEACHER, Picture
from yolox import CAT, DOG, OTHER, PERSON, RACCOON, SIZE

PAD = 114  # grey of the border, as at run time
VISIBLE = 0.35  # share of a box that must remain in the sample; below it becomes IGNORE
LEAST_CONTRAST = 12  # of 255, inside a box at night; below it nobody sees an animal
BLACK = 10  # of 255; darker parts of a box at night are cut off
SMALLEST = 5.0  # pixels of the shorter side below which a box becomes IGNORE
# How often a photograph shows what; None is any picture.
SPECIES_SHARE = {RACCOON: 0.34, CAT: 0.16, DOG: 0.14, PERSON: 0.13, OTHER: 0.16, None: 0.07}
PASTED = (0.37, 0.19, 0.16, 0.12, 0.16)  # how often a cut-out is of which species
# How often which kind of sample is drawn, without and with renders.
KINDS = ('close', 'mosaic', 'zoom', 'paste', 'render')
PHOTO_MIX = (0.2, 0.25, 0.2, 0.35, 0.0)
RENDER_MIX = (0.18, 0.12, 0.1, 0.26, 0.34)
NIGHT = 0.4  # share of photographs and composites that are turned into night pictures
CUT_SHARE, CUT_SIZE = (0.35, 0.85), 40.0  # what a cut leaves of a width; pixels that it must have
PIPELINE_CROP = 0.35  # share of renders and composites seen as the pipeline's square crops

Sample = tuple[np.ndarray, np.ndarray]


def clip(boxes: np.ndarray, width: float = SIZE, height: float = SIZE) -> np.ndarray:
    """Cut boxes [n, 5] to the sample; those that lose too much become IGNORE or vanish."""
    if not len(boxes):
        return boxes
    out = boxes.copy()
    out[:, 0:4:2] = out[:, 0:4:2].clip(0, width)
    out[:, 1:4:2] = out[:, 1:4:2].clip(0, height)
    before = (boxes[:, 2:4] - boxes[:, 0:2]).clip(min=1e-3).prod(1)
    size = out[:, 2:4] - out[:, 0:2]
    left = size.clip(min=0).prod(1) / before
    poor = (left < VISIBLE) | (size.min(1) < SMALLEST)
    out[(out[:, 4] < IGNORE) & poor, 4] = IGNORE
    return out[(size > 1).all(1)]


def move(boxes: np.ndarray, scale: float, dx: float, dy: float) -> np.ndarray:
    """Scale boxes [n, 5] and shift them by (dx, dy) pixels."""
    out = boxes.copy()
    out[:, :4] = out[:, :4] * scale + np.array([dx, dy, dx, dy], np.float32)
    return out


def resize(image: np.ndarray, scale: float) -> np.ndarray:
    """Scale a picture with the filter that suits the direction."""
    method = cv2.INTER_AREA if scale < 0.7 else cv2.INTER_LINEAR
    size = [max(round(s * scale), 2) for s in image.shape[1::-1]]
    return cv2.resize(image, size, interpolation=method)


def window(image: np.ndarray, boxes: np.ndarray, left: float, top: float, side: float) -> Sample:
    """Return the square window (pixels of the picture; may reach over its edge) as a sample."""
    scale = SIZE / side
    left, top = int(left), int(top)
    x1, y1 = max(left, 0), max(top, 0)
    x2 = int(min(left + side, image.shape[1]))
    y2 = int(min(top + side, image.shape[0]))
    canvas = np.full((SIZE, SIZE, 3), PAD, np.uint8)
    if x2 - x1 > 4 and y2 - y1 > 4:
        part = resize(image[y1:y2, x1:x2], scale)
        ox, oy = round((x1 - left) * scale), round((y1 - top) * scale)
        part = part[: SIZE - oy, : SIZE - ox]
        canvas[oy : oy + part.shape[0], ox : ox + part.shape[1]] = part
    return canvas, clip(move(boxes, scale, -left * scale, -top * scale))


def letterbox(image: np.ndarray, boxes: np.ndarray) -> Sample:
    """Return the whole picture at the top left of the sample, as at run time."""
    return window(image, boxes, 0, 0, max(image.shape[:2]))


def around(
    rng: np.random.Generator, image: np.ndarray, boxes: np.ndarray, wanted: np.ndarray
) -> Sample:
    """Return a square crop 1.3 to 4 times as large as one of the wanted boxes."""
    box = wanted[rng.integers(len(wanted))]
    side = max(box[2] - box[0], box[3] - box[1]) * rng.uniform(1.3, 4.0)
    side = max(side, 64.0)
    middle = (box[:2] + box[2:4]) / 2 + rng.uniform(-0.2, 0.2, 2) * side
    return window(image, boxes, middle[0] - side / 2, middle[1] - side / 2, side)


def cut(rng: np.random.Generator, image: np.ndarray, boxes: np.ndarray) -> Sample:
    """Let the edge of the sample cut through an animal, as it does through one that comes.

    Without this step a raccoon half in the picture was called cat or dog.
    """
    wide = (boxes[:, 4] < IGNORE) & (boxes[:, 2] - boxes[:, 0] >= CUT_SIZE)
    if not wide.any():
        return image, boxes
    x1, y1, x2, y2 = boxes[rng.choice(np.flatnonzero(wide)), :4]
    gone = (x2 - x1) * (1 - rng.uniform(*CUT_SHARE))
    at_left = x1 + x2 < SIZE
    side = SIZE - (x1 + gone) if at_left else x2 - gone
    low, high = max(0.0, min(y2 - side, SIZE - side)), max(0.0, min(y1, SIZE - side))
    top = rng.uniform(min(low, high), max(low, high))
    return window(image, boxes, x1 + gone if at_left else 0.0, top, side)


def flip(rng: np.random.Generator, image: np.ndarray, boxes: np.ndarray) -> Sample:
    """Mirror half of the pictures left to right."""
    if rng.random() < 0.5:
        return image, boxes
    boxes = boxes.copy()
    boxes[:, [0, 2]] = image.shape[1] - boxes[:, [2, 0]]
    return np.ascontiguousarray(image[:, ::-1]), boxes


def colours(rng: np.random.Generator, image: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """Vary hue, saturation, brightness and contrast."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV).astype(np.float32)
    hsv[..., 0] = (hsv[..., 0] + rng.uniform(-9, 9) * strength) % 180
    hsv[..., 1] *= 1 + rng.uniform(-0.6, 0.4) * strength
    hsv[..., 2] *= 1 + rng.uniform(-0.35, 0.35) * strength
    return cv2.cvtColor(hsv.clip(0, (179, 255, 255)).astype(np.uint8), cv2.COLOR_HSV2BGR)


def night(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Light the picture like a night camera: a beam that falls off, grey, gain and noise."""
    height, width = image.shape[:2]
    picture = image.astype(np.float32) / 255
    if rng.random() < 0.8:
        picture = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)[..., None].repeat(3, 2)
    middle = rng.uniform(0.2, 0.8, 2) * (width, height)
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    far = np.hypot(x - middle[0], y - middle[1]) / max(width, height)
    light = np.exp(-((far / rng.uniform(0.25, 0.9)) ** 2)) * rng.uniform(0.5, 1.3)
    picture *= np.maximum(light, rng.uniform(0.0, 0.2))[..., None]
    picture **= rng.uniform(0.9, 1.6)
    if rng.random() < 0.15:  # a lamp or a drop on the lens
        spot = rng.uniform(0, 1, 2) * (width, height)
        glare = np.exp(-((np.hypot(x - spot[0], y - spot[1]) / rng.uniform(8, 50)) ** 2))
        picture += glare[..., None] * rng.uniform(0.4, 1.0)
    return (picture * 255).clip(0, 255).astype(np.uint8)


def visible(image: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Cut boxes of a night picture down to what can be seen of them.

    Boxes around darkness teach a model to guess: without this step cats in the dark raised alarms.
    """
    luma = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    out = boxes.copy()
    for i in np.flatnonzero(out[:, 4] < IGNORE):
        x1, y1, x2, y2 = out[i, :4].astype(int)
        part = luma[y1 : y2 + 1, x1 : x2 + 1]
        low, high = np.percentile(part, (5, 95))
        if high - low < LEAST_CONTRAST:
            out[i, 4] = IGNORE
            continue
        x, y, w, h = cv2.boundingRect((part > BLACK).astype(np.uint8))
        if w * h < VISIBLE * part.size:
            out[i, 4] = IGNORE
        else:
            out[i, :4] = x1 + x, y1 + y, min(x1 + x + w, x2), min(y1 + y + h, y2)
    return out


def sensor(rng: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """Add what a cheap camera adds: blur, low resolution, noise, JPEG."""
    if rng.random() < 0.2:
        image = cv2.GaussianBlur(image, (0, 0), rng.uniform(0.4, 1.6))
    if rng.random() < 0.2:
        scale = rng.uniform(0.35, 0.9)
        image = cv2.resize(resize(image, scale), (SIZE, SIZE))
    if rng.random() < 0.5:
        noise = rng.normal(0, rng.uniform(2, 16), (*image.shape[:2], rng.choice([1, 3])))
        image = (image + noise).clip(0, 255).astype(np.uint8)
    if rng.random() < 0.4:
        quality = int(rng.uniform(25, 90))
        image = cv2.imdecode(
            cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_COLOR
        )
    return image


def rendered(rng: np.random.Generator, image: np.ndarray, boxes: np.ndarray) -> Sample:
    """Vary a rendered picture, which has the light of its own night."""
    image, boxes = flip(rng, image, boxes)
    if rng.random() < 0.5:
        image = colours(rng, image, 0.7)
    return sensor(rng, image), boxes


@dataclass
class Mixer:
    """Draws training samples; `sample(number)` depends on the seed and the number only.

    `cut`: share of samples whose edge cuts through an animal.
    """

    photographs: list[Picture]
    renders: list[Picture]
    pieces: list[Cutout]
    seed: int = 0
    cut: float = 0.0

    def __post_init__(self) -> None:
        """Sort pictures and cut-outs by species."""
        self.by_species = {
            s: [p for p in self.photographs if s is None or s in p.labels] for s in SPECIES_SHARE
        }
        self.render_groups: dict[str, list[Picture]] = {}
        for picture in self.renders:
            self.render_groups.setdefault(_render_group(picture), []).append(picture)
        self.backgrounds = [p for p in self.photographs if not p.labels]
        self.piece_groups = {s: [c for c in self.pieces if c.label == s] for s in range(5)}

    def sample(self, number: int) -> Sample:
        """Return input [SIZE, SIZE, 3] uint8 BGR and boxes and regions [n, 5]."""
        rng = np.random.default_rng((self.seed, number))
        kind = rng.choice(KINDS, p=RENDER_MIX if self.renders else PHOTO_MIX)
        image, boxes = getattr(self, f'_{kind}')(rng)
        if self.cut and rng.random() < self.cut:
            image, boxes = cut(rng, image, boxes)
        if kind == 'render':
            return rendered(rng, image, boxes)
        image, boxes = flip(rng, image, boxes)
        image = colours(rng, image)
        if rng.random() < NIGHT:
            image = night(rng, image)
            boxes = visible(image, boxes)
        elif rng.random() < 0.15:
            image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[..., None].repeat(3, 2)
        return sensor(rng, image), boxes

    def _photograph(self, rng: np.random.Generator) -> Picture:
        species = list(SPECIES_SHARE)
        weights = np.array([SPECIES_SHARE[s] * bool(self.by_species[s]) for s in species])
        group = self.by_species[species[rng.choice(len(species), p=weights / weights.sum())]]
        return group[rng.integers(len(group))]

    def _close(self, rng: np.random.Generator) -> Sample:
        """Return one photograph nearly as it is, or a generous crop of an animal in it."""
        image, boxes = self._photograph(rng).load()
        if rng.random() < 0.6:
            return letterbox(image, boxes)
        side = max(image.shape[:2]) * rng.uniform(0.6, 1.4)
        spare = np.array(image.shape[1::-1]) - side
        left, top = rng.uniform(np.minimum(spare, 0), np.maximum(spare, 0) + 1)
        return window(image, boxes, left, top, side)

    def _mosaic(self, rng: np.random.Generator) -> Sample:
        """Return four photographs beside each other, each between a quarter and full size."""
        canvas = np.full((SIZE, SIZE, 3), PAD, np.uint8)
        cross = rng.uniform(0.3, 0.7, 2) * SIZE
        edges_x, edges_y = (0, int(cross[0]), SIZE), (0, int(cross[1]), SIZE)
        rows = []
        for i in range(4):
            x1, x2 = edges_x[i % 2 : i % 2 + 2]
            y1, y2 = edges_y[i // 2 : i // 2 + 2]
            image, boxes = self._photograph(rng).load()
            fit = min((x2 - x1) / image.shape[1], (y2 - y1) / image.shape[0])
            scale = fit * rng.uniform(0.7, 1.5)
            image = resize(image, scale)
            spare = np.array([x2 - x1 - image.shape[1], y2 - y1 - image.shape[0]])
            dx, dy = rng.uniform(np.minimum(spare, 0), np.maximum(spare, 0) + 1).astype(int)
            part = image[max(-dy, 0) : y2 - y1 - dy, max(-dx, 0) : x2 - x1 - dx]
            px, py = x1 + max(dx, 0), y1 + max(dy, 0)
            canvas[py : py + part.shape[0], px : px + part.shape[1]] = part
            boxes = clip(move(boxes, scale, dx, dy), x2 - x1, y2 - y1)
            rows.append(move(boxes, 1.0, x1, y1))
        return canvas, np.concatenate(rows)

    def _background(self, rng: np.random.Generator) -> Sample:
        """Return an animal-free picture, a smooth dark one, or a crop of another photograph."""
        draw = rng.random()
        empty = [r for r in self.render_groups.get('empty', [])]
        if draw < 0.2 and empty:
            image, boxes = empty[rng.integers(len(empty))].load()
        elif draw < 0.75 and self.backgrounds:
            image, boxes = self.backgrounds[rng.integers(len(self.backgrounds))].load()
        else:
            small = rng.normal(rng.uniform(10, 90), rng.uniform(3, 30), (8, 8, 3))
            small = small.astype(np.float32)
            image = cv2.resize(small, (SIZE, SIZE), interpolation=cv2.INTER_CUBIC)
            fine = cv2.resize(
                rng.normal(0, rng.uniform(3, 18), (SIZE // 4, SIZE // 4, 1)).astype(np.float32),
                (SIZE, SIZE),
            )
            image = (image + fine[..., None]).clip(0, 255).astype(np.uint8)
            return image, np.array([[0, 0, SIZE, SIZE, NO_TEACHER]], np.float32)
        side = min(image.shape[:2]) * rng.uniform(0.6, 1.0)
        left, top = rng.uniform(0, 1, 2) * (np.array(image.shape[1::-1]) - side)
        return window(image, boxes, left, top, side)

    def _zoom(self, rng: np.random.Generator) -> Sample:
        """Return a whole photograph shrunk onto a background: its animals become small."""
        canvas, rows = self._background(rng)
        image, boxes = self._photograph(rng).load()
        scale = SIZE * rng.uniform(0.12, 0.6) / max(image.shape[:2])
        image = resize(image, scale)
        height, width = image.shape[:2]
        dx, dy = int(rng.integers(SIZE - width)), int(rng.integers(SIZE - height))
        canvas[dy : dy + height, dx : dx + width] = image
        hidden = np.array([dx, dy, dx + width, dy + height], np.float32)
        return canvas, np.concatenate((_uncover(rows, hidden), clip(move(boxes, scale, dx, dy))))

    def _paste(self, rng: np.random.Generator) -> Sample:
        """Return a background with one to three cut-out animals, mostly small."""
        canvas, rows = self._background(rng)
        wanted = []
        for _ in range(rng.choice([1, 2, 3], p=[0.6, 0.3, 0.1])):
            species = rng.choice(5, p=PASTED)
            group = self.piece_groups[species]
            if not group:
                continue
            piece = group[rng.integers(len(group))]
            share = np.exp(rng.uniform(np.log(0.003), np.log(0.15)))
            height, width = piece.alpha.shape
            scale = SIZE * min(np.sqrt(share / (height * width)), 0.8 / max(height, width))
            image, alpha = resize(piece.image, scale), resize(piece.alpha, scale)
            if rng.random() < 0.5:
                image, alpha = image[:, ::-1], alpha[:, ::-1]
            if rng.random() < 0.5:  # light of the animal like the light of the place
                image = cv2.convertScaleAbs(image, alpha=rng.uniform(0.5, 1.2))
            height, width = alpha.shape
            dx, dy = int(rng.integers(SIZE - width)), int(rng.integers(SIZE - height))
            box = np.array([dx, dy, dx + width, dy + height], np.float32)
            rows = _uncover(rows, box)
            wanted = [w for w in wanted if _covered(w, box) < 0.5]
            place = canvas[dy : dy + height, dx : dx + width]
            mix = place + (image.astype(np.float32) - place) * alpha[..., None]
            canvas[dy : dy + height, dx : dx + width] = mix.astype(np.uint8)
            wanted.append(np.append(box, np.float32(species)))
        if not wanted:
            return canvas, rows
        rows = np.concatenate((rows, np.array(wanted, np.float32)))
        if rng.random() < PIPELINE_CROP:
            return around(rng, canvas, rows, np.array(wanted))
        return canvas, rows

    def _render(self, rng: np.random.Generator) -> Sample:
        """Return a rendered frame as the camera gives it, or a crop as the pipeline cuts it."""
        groups = list(self.render_groups)
        weights = np.array([RENDER_SHARE[g] for g in groups])
        group = self.render_groups[groups[rng.choice(len(groups), p=weights / weights.sum())]]
        image, boxes = group[rng.integers(len(group))].load()
        animals = boxes[boxes[:, 4] < IGNORE]
        draw = rng.random()
        if len(animals) and draw < PIPELINE_CROP:
            return around(rng, image, boxes, animals)
        if draw < 0.75:
            return letterbox(image, boxes)
        side = max(image.shape[:2]) * rng.uniform(0.4, 1.3)
        spare = np.array(image.shape[1::-1]) - side
        left, top = rng.uniform(np.minimum(spare, 0), np.maximum(spare, 0) + 1)
        return window(image, boxes, left, top, side)


# How often a rendered frame shows what.
RENDER_SHARE = {'raccoon': 0.37, 'other': 0.45, 'empty': 0.18}


def _render_group(picture: Picture) -> str:
    if RACCOON in picture.labels:
        return 'raccoon'
    return 'other' if picture.labels else 'empty'


def _covered(box: np.ndarray, cover: np.ndarray) -> float:
    low, high = np.maximum(box[:2], cover[:2]), np.minimum(box[2:4], cover[2:4])
    return float((high - low).clip(min=0).prod() / (box[2:4] - box[:2]).clip(min=1).prod())


def _uncover(rows: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """Drop boxes of a background that something new hides mostly."""
    keep = [r for r in rows if r[4] > IGNORE or _covered(r, cover) < 0.5]
    return np.array(keep, np.float32).reshape(-1, 5)
