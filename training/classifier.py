"""Train the second look: a small classifier of square crops, from the backbone of a detector.

python training/classifier.py --data DATA --renders RENDERS --start DETECTOR --work WORK

Resumable: the same command continues where WORK/classifier.state.pt left off. `export.py` makes the
file for run time of the weights. See README.md.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from augment import Mixer
from classifier_crops import CLASSES, Mistake, crops, mistakes
from cutouts import cutouts
from evaluate import Detector
from pictures import read_coco
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, IterableDataset
from train import (
    BASE,
    CLIP,
    averaged,
    groups,
    identity,
    load_trained,
    mean,
    no_thread_pool,
    parser,
    photographs,
    rate,
    read_saved,
    read_state,
    save,
)
from yolox import COCO_CLASSES, YoloxNano, load_base

FEATURES = 64 + 128 + 256  # channels of the last three stages
DROPOUT = 0.3
SMOOTHING = 0.05  # of the labels: a crop is never worth certainty
HEAD_RATE = 1e-3  # absolute; the backbone moves relatively
FIT_CROPS = 2880  # that the head is fitted to before the backbone moves
FIT_DECAY = 0.02  # pull of the fitted weights towards zero, per standardised feature
SAVE_EVERY = 100  # steps
LOG_EVERY = 50  # steps


class Classifier(nn.Module):
    """Backbone of YOLOX-Nano, means of three stages, a linear layer; input [B, 3, SIDE, SIDE].

    The means are standardised before the dropout: it then drops a feature to its usual value.
    """

    def __init__(self, base: nn.Module):
        super().__init__()
        self.stem, self.stage2, self.stage3 = base.stem, base.stage2, base.stage3
        self.stage4, self.stage5 = base.stage4, base.stage5
        self.register_buffer('usual', torch.zeros(FEATURES))
        self.register_buffer('spread', torch.ones(FEATURES))
        self.drop = nn.Dropout(DROPOUT)
        self.head = nn.Linear(FEATURES, len(CLASSES))

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the logits of CLASSES, [B, len(CLASSES)]."""
        return self.head(self.drop((self.features(pictures) - self.usual) / self.spread))

    def features(self, pictures: Tensor) -> Tensor:
        """Return the means over places of the last three stages, [B, FEATURES]."""
        c3 = self.stage3(self.stage2(self.stem(pictures)))
        c4 = self.stage4(c3)
        return torch.cat([c.mean((2, 3)) for c in (c3, c4, self.stage5(c4))], 1)


class Crops(IterableDataset):
    """Crops of the scenes from `first` on, `batch` at a time: (number of the next scene, ...)."""

    def __init__(self, mixer: Mixer, wrong: list[Mistake], first: int, batch: int):
        self.mixer, self.wrong, self.first, self.batch = mixer, wrong, first, batch

    def __iter__(self):
        number, waiting = self.first, []
        while True:
            while len(waiting) < self.batch:
                waiting += crops(self.mixer, number, self.wrong)
                number += 1
            taken, waiting = waiting[: self.batch], waiting[self.batch :]
            images = np.stack([image for image, _ in taken])
            labels = torch.tensor([label for _, label in taken])
            yield number, torch.from_numpy(images).permute(0, 3, 1, 2), labels


def fit_head(model: Classifier, batches: Iterator[tuple[int, Tensor, Tensor]], batch: int) -> None:
    """Fit the linear layer to the features as they are, a convex problem: a start to move from."""
    features, labels = [], []
    with torch.no_grad():
        for _ in range(0, FIT_CROPS, batch):
            _, pictures, truth = next(batches)
            features.append(model.features(pictures.float()))
            labels.append(truth)
            if len(features) % 10 == 0:
                print(f'features of {len(features) * batch} of {FIT_CROPS} crops', flush=True)
    x, y = torch.cat(features), torch.cat(labels)
    usual, spread = x.mean(0), x.std(0) + 1e-3
    x = (x - usual) / spread
    weight = torch.zeros(len(CLASSES), FEATURES, requires_grad=True)
    bias = torch.zeros(len(CLASSES), requires_grad=True)
    optimiser = torch.optim.LBFGS([weight, bias], max_iter=200, line_search_fn='strong_wolfe')

    def loss() -> Tensor:
        optimiser.zero_grad()
        value = functional.cross_entropy(x @ weight.T + bias, y) + FIT_DECAY * weight.pow(2).sum()
        value.backward()
        return value

    optimiser.step(loss)
    with torch.no_grad():
        right = float(((x @ weight.T + bias).argmax(1) == y).float().mean())
        model.usual.copy_(usual)
        model.spread.copy_(spread)
        model.head.weight.copy_(weight)
        model.head.bias.copy_(bias)
    print(f'the fitted head is right on {right:.3f} of its own {len(y)} crops', flush=True)


def train(options: argparse.Namespace) -> Path:
    """Run the training and return the file with the averaged weights."""
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    options.work.mkdir(parents=True, exist_ok=True)
    photos = photographs(options.data, tuple(options.skip))
    renders = [p for f in options.renders for p in read_coco(f, rendered=True)]
    training = identity(options, [*photos, *renders], [options.start] if options.start else [])
    state, first, scene = options.work / 'classifier.state.pt', 0, 0
    parts = read_state(state, ('model', 'average', 'optimiser', 'scene'), training, options.steps)
    pieces = cutouts([p for p in photos if p.labels], options.work / 'cutouts')
    print(f'{len(photos)} photographs, {len(renders)} renders, {len(pieces)} cut-outs', flush=True)
    mixer = Mixer(photos, renders, pieces, options.seed)

    wrong: list[Mistake] = []
    if options.start:
        # Where people stand whom nobody boxed nobody knows what a mistake is.
        wrong = mistakes(Detector(options.start), [*renders, *mixer.backgrounds])
        print(f'{len(wrong)} mistakes of {options.start.name}', flush=True)
    coco = options.data / BASE
    start = load_trained(options.start) if options.start else load_base(coco, COCO_CLASSES)
    model = Classifier(start)
    average = copy.deepcopy(model).requires_grad_(False)
    body, head = nn.Module(), model.head
    for name in ('stem', 'stage2', 'stage3', 'stage4', 'stage5'):
        setattr(body, name, getattr(model, name))
    optimiser = torch.optim.AdamW(
        [*groups(body), {'params': list(head.parameters()), 'size': None}], weight_decay=5e-3
    )
    if parts:
        model.load_state_dict(parts['model'])
        average.load_state_dict(parts['average'])
        optimiser.load_state_dict(parts['optimiser'])
        first, scene = parts['step'], parts['scene']
        print(f'continuing at step {first}')
    model.to(memory_format=torch.channels_last)
    loader = iter(
        DataLoader(
            Crops(mixer, wrong, scene, options.batch),
            None,
            num_workers=1,
            worker_init_fn=no_thread_pool,
            prefetch_factor=8,
        )
    )
    if not parts:
        fit_head(model.eval(), loader, options.batch)
        average.load_state_dict(model.state_dict())
        save(options.work / 'classifier.pt', **average.state_dict())
    model.train()
    began, total, right, seen = time.monotonic(), 0.0, 0, torch.zeros(len(CLASSES))
    for step in range(first, options.steps):
        scene, pictures, labels = next(loader)
        for group in optimiser.param_groups:
            peak = HEAD_RATE if group['size'] is None else group['size'] * options.rate
            group['lr'] = rate(step, options.steps, peak)
        pictures = pictures.float().contiguous(memory_format=torch.channels_last)
        with torch.autocast('cpu', torch.bfloat16):
            logits = model(pictures).float()
        loss = functional.cross_entropy(logits, labels, label_smoothing=SMOOTHING)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimiser.step()
        averaged(average, model, step)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise FloatingPointError(f'the loss is {value} at step {step}')
        total += value
        right += int((logits.argmax(1) == labels).sum())
        seen += torch.bincount(labels, minlength=len(CLASSES))
        done = step + 1
        if done % LOG_EVERY == 0:
            pace = (time.monotonic() - began) / (done - first)
            shares = ' '.join(f'{s:.2f}' for s in (seen / seen.sum()).tolist())
            print(
                f'{done}/{options.steps}  loss {total / LOG_EVERY:.3f}  right '
                f'{right / LOG_EVERY / options.batch:.3f}  classes {shares}  {pace:.2f} s/step  '
                f'{(options.steps - done) * pace / 60:.1f} min left',
                flush=True,
            )
            total, right = 0.0, 0
        if done % SAVE_EVERY == 0 or done == options.steps:
            save(
                state,
                model=model.state_dict(),
                average=average.state_dict(),
                optimiser=optimiser.state_dict(),
                step=done,
                scene=scene,
                training=training,
            )
            save(options.work / 'classifier.pt', **average.state_dict())
    record = {k: v if isinstance(v, int | float) else str(v) for k, v in vars(options).items()}
    (options.work / 'classifier.json').write_text(json.dumps(record, indent=1))
    return options.work / 'classifier.pt'


def load_mean(files: Sequence[Path]) -> Classifier:
    """Return the mean of the weights of several runs from one start.

    Their heads expect features standardised by other figures, so these go into the weights first.
    """
    models = []
    for file in files:
        model = Classifier(YoloxNano())
        state = read_saved(file, model.state_dict())
        weight = state['head.weight'] / state['spread']
        state['head.bias'] = state['head.bias'] - weight @ state['usual']
        state['head.weight'] = weight
        state['usual'], state['spread'] = torch.zeros(FEATURES), torch.ones(FEATURES)
        model.load_state_dict(state)
        models.append(model)
    return mean(models).eval()


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read the command line."""
    made = parser(__doc__)
    made.add_argument('--start', type=Path, help='a detector whose backbone to start from')
    made.add_argument('--steps', type=int, default=2000, help='0: the head alone')
    made.add_argument('--rate', type=float, default=2e-3, help='relative step of the backbone')
    made.add_argument('--batch', type=int, default=48)
    return made.parse_args(arguments)


if __name__ == '__main__':
    try:
        print(train(parse(sys.argv[1:])))
    except (OSError, KeyError, ValueError, FloatingPointError) as problem:
        sys.exit(f'classifier.py: {problem}')
