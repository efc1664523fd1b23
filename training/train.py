"""Train the five-class detector from the COCO weights.

python training/train.py --data DATA --renders RENDERS --work WORK

Resumable: the same command continues where WORK/state.pt left off. See README.md.
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import json
import math
import random
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar

import cv2
import numpy as np
import torch
from augment import Mixer
from cutouts import cutouts
from loss import yolox_loss
from pictures import Picture, held_out, read_coco
from restore import restore
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from yolox import COCO_CLASSES, SIZE, YoloxNano, coco_scores, load_base

BASE = 'weights/yolox_nano_coco80_416_fused.npz'
# One step of AdamW moves a weight by about this share of the typical weight of its tensor. Folding
# the normalisation left tensors whose sizes differ a thousandfold (stem 0.01, depth-wise kernels up
# to 20): one absolute rate for all of them tears the stem apart within 200 steps.
RATE = 1.5e-3
FROZEN = ('stem', 'stage2')  # edges and colours are the same everywhere; half of the time is here
WARM_UP = 40  # steps
FINAL_RATE = 0.05  # of RATE, at the end of the cosine
WEIGHT_DECAY = 5e-4
EMA_DECAY = 0.998
EMA_RAMP = 300  # steps over which the average slows down to EMA_DECAY
CLIP = 10.0  # norm of the gradient
SAVE_EVERY = 100  # steps
LOG_EVERY = 25  # steps
# Options that make a training another one; the number of steps may grow.
OPTIONS = ('seed', 'rate', 'batch', 'cut', 'teacher')

Network = TypeVar('Network', bound=nn.Module)


class Samples(Dataset):
    """Samples of the mixer from `first` on, as tensors."""

    def __init__(self, mixer: Mixer, first: int, count: int):
        self.mixer, self.first, self.count = mixer, first, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> tuple[Tensor, Tensor]:
        image, boxes = self.mixer.sample(self.first + index)
        return torch.from_numpy(np.ascontiguousarray(image)), torch.from_numpy(boxes)


def collate(items: list[tuple[Tensor, Tensor]]) -> tuple[Tensor, list[Tensor]]:
    """Stack pictures to [B, 3, SIZE, SIZE]; boxes stay a list."""
    return torch.stack([i for i, _ in items]).permute(0, 3, 1, 2), [b for _, b in items]


def no_thread_pool(_worker: int) -> None:
    """Keep OpenCV of a loader process on one core."""
    cv2.setNumThreads(0)


def photographs(data: Path, skip: tuple[str, ...]) -> list[Picture]:
    """Return the photographs for training; validation and camera-trap pictures stay out."""
    animals = read_coco(data / 'animals' / 'animals.json', skip=skip)
    return [
        # Some raccoon photographs show people that nobody boxed: the teacher decides there.
        *read_coco(data / 'raccoon_train.json', unlabelled=True),
        *read_coco(data / 'coco128.json'),
        *(p for p in animals if not held_out(p)),
    ]


def averaged(average: nn.Module, model: nn.Module, step: int) -> None:
    """Move the running average of the weights one step towards the model."""
    decay = EMA_DECAY * (1 - math.exp(-(step + 1) / EMA_RAMP))
    with torch.no_grad():
        for mean, value in zip(average.parameters(), model.parameters(), strict=True):
            mean.lerp_(value, 1 - decay)


def groups(model: nn.Module) -> list[dict[str, object]]:
    """Freeze the first layers; return the other tensors, each with its typical size."""
    found = []
    for name, tensor in model.named_parameters():
        if name.startswith(FROZEN):
            tensor.requires_grad_(False)
        else:
            size = float(tensor.detach().pow(2).mean().sqrt())
            found.append({'params': [tensor], 'lr': RATE * size, 'size': size})
    return found


def rate(step: int, steps: int, peak: float = RATE) -> float:
    """Return the relative learning rate of a step: linear warm-up, then a cosine."""
    if step < WARM_UP:
        return peak * (step + 1) / WARM_UP
    progress = (step - WARM_UP) / max(steps - WARM_UP, 1)
    return peak * (FINAL_RATE + (1 - FINAL_RATE) * (1 + math.cos(math.pi * progress)) / 2)


def save(file: Path, **parts: object) -> None:
    """Write a state so that an interruption leaves the old one."""
    partial = file.with_suffix('.part')
    torch.save(parts, partial)
    partial.replace(file)


def read_saved(file: Path, parts: Iterable[str]) -> dict[str, Any]:
    """Return what `save` wrote; raises ValueError where the file has not all of these parts."""
    try:
        found = torch.load(file, map_location='cpu', weights_only=True)
    except (RuntimeError, EOFError, UnpicklingError) as problem:
        raise ValueError(f'{file} is no file that training has written') from problem
    missing = [p for p in parts if not isinstance(found, dict) or p not in found]
    if missing:
        raise ValueError(f'{file} is of another kind of training: it has no {missing[0]}')
    return found


def identity(
    options: argparse.Namespace, pictures: Iterable[Picture], start: Iterable[Path]
) -> dict[str, Any]:
    """Return what makes a training this one and no other; it is saved with the state."""
    drawn = hashlib.sha256()
    for p in pictures:
        told = p.path.name, p.path.stat().st_size, p.group, p.boxes.tolist()
        drawn.update(repr(told).encode())
    return {
        **{name: getattr(options, name) for name in OPTIONS if name in options},
        'pictures': drawn.hexdigest(),
        'start': [hashlib.sha256(file.read_bytes()).hexdigest() for file in start],
    }


def read_state(
    file: Path, parts: Iterable[str], training: dict[str, Any], steps: int
) -> dict[str, Any] | None:
    """Return the saved state of this training, None where there is none yet.

    Raises ValueError where the folder holds another training, or more steps than are asked for.
    """
    if not file.exists():
        return None
    found = read_saved(file, (*parts, 'step', 'training'))
    other = [name for name, value in training.items() if found['training'].get(name) != value]
    if other:
        raise ValueError(
            f'{file.parent} holds another training ({", ".join(other)} differ): name another '
            'folder with --work'
        )
    if found['step'] > steps:
        raise ValueError(f'{file.parent} holds {found["step"]} steps of this training already')
    return found


def train(options: argparse.Namespace) -> Path:
    """Run the training and return the file with the averaged weights."""
    random.seed(options.seed)
    np.random.seed(options.seed)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    device = torch.device('cuda' if torch.cuda.is_available() else 'cpu')
    options.work.mkdir(parents=True, exist_ok=True)

    photos = photographs(options.data, tuple(options.skip))
    renders = [p for f in options.renders for p in read_coco(f, rendered=True)]
    training = identity(options, [*photos, *renders], options.start or ())
    state, first = options.work / 'state.pt', 0
    parts = read_state(state, ('model', 'average', 'optimiser'), training, options.steps)
    pieces = cutouts([p for p in photos if p.labels], options.work / 'cutouts')
    print(f'{len(photos)} photographs, {len(renders)} renders, {len(pieces)} cut-outs, {device}')
    mixer = Mixer(photos, renders, pieces, options.seed, options.cut)

    teacher = load_base(options.data / BASE, COCO_CLASSES).to(device).eval().requires_grad_(False)
    model = load_base(options.data / BASE)
    if options.start:
        model = mean([load_trained(file) for file in options.start]).train()
    model.to(device)
    average = copy.deepcopy(model).requires_grad_(False)
    optimiser = torch.optim.AdamW(groups(model), weight_decay=WEIGHT_DECAY)
    if parts:
        model.load_state_dict(parts['model'])
        average.load_state_dict(parts['average'])
        optimiser.load_state_dict(parts['optimiser'])
        first = parts['step']
        print(f'continuing at step {first}')
    model.to(memory_format=torch.channels_last)
    teacher.to(memory_format=torch.channels_last)
    centres, strides = (model.grid + 0.5) * model.strides, model.strides

    remaining = (options.steps - first) * options.batch
    loader = DataLoader(
        Samples(mixer, first * options.batch, max(remaining, 0)),
        options.batch,
        num_workers=options.workers,
        collate_fn=collate,
        worker_init_fn=no_thread_pool,
        prefetch_factor=4 if options.workers else None,
    )
    began, sums = time.monotonic(), torch.zeros(5)
    for step, (pictures, boxes) in enumerate(loader, first):
        for group in optimiser.param_groups:
            group['lr'] = group['size'] * rate(step, options.steps, options.rate)
        pictures = pictures.to(device, torch.float32, memory_format=torch.channels_last)
        taught = None
        # Where the processor has bfloat16 a step takes half the time.
        with torch.autocast(device.type, torch.bfloat16, enabled=options.bfloat16):
            with torch.no_grad():
                features = model.early(pictures)  # frozen, so the teacher has the same
                if options.teacher > 0:
                    taught = coco_scores(*teacher.detect(features)[1:])
            output = model.detect(features)
        losses = yolox_loss(
            output,
            [b.to(device) for b in boxes],
            centres,
            strides,
            taught,
            options.teacher,
        )
        optimiser.zero_grad(set_to_none=True)
        losses.total.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        averaged(average, model, step)
        total = float(losses.total.detach())
        if not math.isfinite(total):
            raise FloatingPointError(f'the loss is {total} at step {step}')
        sums += torch.tensor([total, losses.box, losses.objectness, losses.classes, losses.teacher])
        done = step + 1
        if done % LOG_EVERY == 0:
            pace = (time.monotonic() - began) / (done - first)
            means = ' '.join(f'{v:.2f}' for v in (sums / LOG_EVERY).tolist())
            print(
                f'{done}/{options.steps}  loss box obj cls teacher {means}  '
                f'{pace:.2f} s/step  {(options.steps - done) * pace / 60:.1f} min left',
                flush=True,
            )
            sums.zero_()
        if done % SAVE_EVERY == 0 or done == options.steps:
            save(
                state,
                model=model.state_dict(),
                average=average.state_dict(),
                optimiser=optimiser.state_dict(),
                step=done,
                training=training,
            )
            save(options.work / 'detector.pt', **average.state_dict())
    record = {k: str(v) if isinstance(v, Path) else v for k, v in vars(options).items()}
    for name in ('renders', 'start'):
        record[name] = [str(file) for file in getattr(options, name) or ()]
    record['pictures'] = {'photographs': len(photos), 'renders': len(renders)}
    (options.work / 'options.json').write_text(json.dumps(record, indent=1))
    return options.work / 'detector.pt'


def load_trained(file: Path) -> YoloxNano:
    """Return the model with weights that `train` has written, or those of a shipped float file.

    Raises ValueError with one sentence where the file has none.
    """
    model = YoloxNano().eval()
    if file.suffix == '.tflite':
        restore(model, file, torch.zeros(1, 3, SIZE, SIZE))
    else:
        model.load_state_dict(read_saved(file, model.state_dict()))
    return model


def mean(models: Sequence[Network]) -> Network:
    """Return a model whose weights are the mean of those of ``models``.

    Good only for runs from one start: others do not lie in the same valley (Wortsman et al., Model
    soups, 2022).
    """
    mixed = copy.deepcopy(models[0])
    states = [model.state_dict() for model in models]
    mixed.load_state_dict(
        {name: torch.stack([s[name].float() for s in states]).mean(0) for name in states[0]}
    )
    return mixed


def parser(description: str) -> argparse.ArgumentParser:
    """Return a command line with what every training here is told."""
    made = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    made.add_argument('--data', type=Path, required=True, help='folder of photographs')
    made.add_argument(
        '--renders', type=Path, nargs='*', default=[], help='COCO files of rendered frames'
    )
    made.add_argument('--work', type=Path, required=True, help='folder for state and weights')
    made.add_argument('--seed', type=int, default=0)
    made.add_argument('--threads', type=int, default=1)
    made.add_argument(
        '--skip', nargs='*', default=[], help='leave out pictures whose source starts so'
    )
    return made


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    made = parser(__doc__)
    made.add_argument(
        '--start',
        type=Path,
        nargs='+',
        help='weights to start from (.pt, or a shipped float .tflite); of several runs their mean',
    )
    made.add_argument(
        '--cut', type=float, default=0.0, help='share of samples whose edge cuts through an animal'
    )
    made.add_argument('--steps', type=int, default=1500)
    made.add_argument('--rate', type=float, default=RATE, help='relative step at the peak')
    made.add_argument('--batch', type=int, default=8)
    made.add_argument('--bfloat16', action='store_true', help='compute layers in bfloat16')
    made.add_argument('--workers', type=int, default=1, help='loader processes')
    made.add_argument('--teacher', type=float, default=1.0, help='weight of the distillation')
    return made.parse_args(arguments)


if __name__ == '__main__':
    try:
        print(train(parse(sys.argv[1:])))
    except (OSError, KeyError, ValueError, FloatingPointError) as error:
        sys.exit(f'train.py: {error}')
