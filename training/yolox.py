"""YOLOX-Nano as a PyTorch module that loads the folded COCO weights.

The base weights come with batch normalisation already folded into the convolutions, so the module
has plain convolutions only. Convolutions are created in the order of the weight file (conv000 to
conv112), which makes loading a simple walk over both lists.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

SIZE = 416  # input side in pixels
STRIDES = (8, 16, 32)
SPECIES = ('raccoon', 'cat', 'dog', 'person', 'other_animal')
RACCOON, CAT, DOG, PERSON, OTHER = range(5)
COCO_CLASSES = 80
# Rows of the COCO class head that each of our species starts from (indices of the 80 classes).
COCO_ROWS = {
    RACCOON: (15, 16, 19, 21),  # cat, dog, cow, bear: what COCO models call a raccoon
    CAT: (15,),
    DOG: (16,),
    PERSON: (0,),
    OTHER: (14, 17, 18, 19, 20, 21, 22, 23),  # bird to giraffe
}
CLASS_PREDICTORS = (82, 94, 106)  # numbers of the class predictors in the weight file
WIDTH = 64  # channels in the heads


class Conv(nn.Sequential):
    """Convolution and SiLU, as `Conv2d` of the original with its normalisation folded in."""

    def __init__(self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, **more: int):
        super().__init__(
            nn.Conv2d(inputs, outputs, kernel, stride, (kernel - 1) // 2, **more), nn.SiLU()
        )


class DepthwiseConv(nn.Sequential):
    """A 3x3 convolution per channel, then a 1x1 convolution across channels."""

    def __init__(self, inputs: int, outputs: int, stride: int = 1):
        super().__init__(Conv(inputs, inputs, 3, stride, groups=inputs), Conv(inputs, outputs))


class Bottleneck(nn.Module):
    """1x1 and depth-wise 3x3 convolution, with a shortcut in the backbone."""

    def __init__(self, width: int, shortcut: bool):
        super().__init__()
        self.reduce = Conv(width, width)
        self.conv = DepthwiseConv(width, width)
        self.shortcut = shortcut

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, width, H, W] to the same shape."""
        y = self.conv(self.reduce(x))
        return x + y if self.shortcut else y


class CspLayer(nn.Module):
    """Cross-stage partial layer: half of the channels pass through the bottlenecks."""

    def __init__(self, inputs: int, outputs: int, depth: int = 1, shortcut: bool = True):
        super().__init__()
        half = outputs // 2
        self.main = Conv(inputs, half)
        self.side = Conv(inputs, half)
        self.blocks = nn.Sequential()
        last = Conv(2 * half, outputs)
        for _ in range(depth):
            self.blocks.append(Bottleneck(half, shortcut))
        self.last = last

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, outputs, H, W]."""
        return self.last(torch.cat((self.blocks(self.main(x)), self.side(x)), 1))


class SpatialPyramid(nn.Module):
    """Max pooling at three sizes beside the input."""

    def __init__(self, width: int):
        super().__init__()
        self.reduce = Conv(width, width // 2)
        self.expand = Conv(2 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, width, H, W] to the same shape."""
        x = self.reduce(x)
        pooled = [functional.max_pool2d(x, k, 1, k // 2) for k in (5, 9, 13)]
        return self.expand(torch.cat((x, *pooled), 1))


class Head(nn.Module):
    """Decoupled head of one stride: class scores, box and objectness, all before the sigmoid."""

    def __init__(self, inputs: int, classes: int):
        super().__init__()
        self.stem = Conv(inputs, WIDTH)
        self.classify = nn.Sequential(DepthwiseConv(WIDTH, WIDTH), DepthwiseConv(WIDTH, WIDTH))
        self.classes = nn.Conv2d(WIDTH, classes, 1)
        self.locate = nn.Sequential(DepthwiseConv(WIDTH, WIDTH), DepthwiseConv(WIDTH, WIDTH))
        self.box = nn.Conv2d(WIDTH, 4, 1)
        self.objectness = nn.Conv2d(WIDTH, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B, inputs, H, W] to [B, H*W, 5 + classes] (box, objectness, classes)."""
        x = self.stem(x)
        located = self.locate(x)
        out = torch.cat(
            (self.box(located), self.objectness(located), self.classes(self.classify(x))), 1
        )
        return out.flatten(2).transpose(1, 2)


class YoloxNano(nn.Module):
    """YOLOX-Nano with folded normalisation; input is BGR 0..255, [B, 3, SIZE, SIZE]."""

    def __init__(self, classes: int = len(SPECIES)):
        super().__init__()
        # The stem of the original gathers each 2x2 block into 12 channels and convolves 3x3; that
        # is one 6x6 convolution of stride 2, which every runtime executes faster.
        self.stem = nn.Sequential(nn.Conv2d(3, 16, 6, 2, 2), nn.SiLU())
        self.stage2 = nn.Sequential(DepthwiseConv(16, 32, 2), CspLayer(32, 32))
        self.stage3 = nn.Sequential(DepthwiseConv(32, 64, 2), CspLayer(64, 64, 3))
        self.stage4 = nn.Sequential(DepthwiseConv(64, 128, 2), CspLayer(128, 128, 3))
        self.stage5 = nn.Sequential(
            DepthwiseConv(128, 256, 2), SpatialPyramid(256), CspLayer(256, 256, shortcut=False)
        )
        self.lateral5 = Conv(256, 128)
        self.merge4 = CspLayer(256, 128, shortcut=False)
        self.lateral4 = Conv(128, 64)
        self.merge3 = CspLayer(128, 64, shortcut=False)
        self.down3 = DepthwiseConv(64, 64, 2)
        self.out4 = CspLayer(128, 128, shortcut=False)
        self.down4 = DepthwiseConv(128, 128, 2)
        self.out5 = CspLayer(256, 256, shortcut=False)
        self.heads = nn.ModuleList(Head(width, classes) for width in (64, 128, 256))
        grid, strides = anchor_grid()
        self.register_buffer('grid', grid, persistent=False)
        self.register_buffer('strides', strides, persistent=False)

    def forward(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return boxes [B, N, 4] and the logits of objectness [B, N, 1] and classes [B, N, C].

        Boxes are (cx, cy, w, h) in input pixels.
        """
        return self.detect(self.early(pictures))

    def early(self, pictures: Tensor) -> Tensor:
        """Return the features of the first layers, which training leaves as they are."""
        return self.stage2(self.stem(pictures))

    def detect(self, features: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return from early features what `forward` returns from pictures."""
        c3 = self.stage3(features)
        c4 = self.stage4(c3)
        c5 = self.lateral5(self.stage5(c4))
        f4 = self.lateral4(self.merge4(torch.cat((_double(c5), c4), 1)))
        p3 = self.merge3(torch.cat((_double(f4), c3), 1))
        p4 = self.out4(torch.cat((self.down3(p3), f4), 1))
        p5 = self.out5(torch.cat((self.down4(p4), c5), 1))
        raw = torch.cat([head(p) for head, p in zip(self.heads, (p3, p4, p5), strict=True)], 1)
        raw = raw.float()  # boxes need more than the three digits of bfloat16
        centre = (raw[..., 0:2] + self.grid) * self.strides
        size = torch.exp(raw[..., 2:4]) * self.strides
        return torch.cat((centre, size), -1), raw[..., 4:5], raw[..., 5:]

    def convolutions(self) -> list[nn.Conv2d]:
        """Return the convolutions in the order of the weight file."""
        return [m for m in self.modules() if isinstance(m, nn.Conv2d)]


def _double(x: Tensor) -> Tensor:
    return functional.interpolate(x, scale_factor=2, mode='nearest')


def anchor_grid() -> tuple[Tensor, Tensor]:
    """Return the cell of every prediction [N, 2] (x, y) and its stride in pixels [N, 1]."""
    cells, strides = [], []
    for stride in STRIDES:
        side = SIZE // stride
        y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing='ij')
        cells.append(torch.stack((x, y), -1).reshape(-1, 2).float())
        strides.append(torch.full((side * side, 1), float(stride)))
    return torch.cat(cells), torch.cat(strides)


def _stem_kernel(weight: Tensor) -> Tensor:
    """Turn the [16, 12, 3, 3] kernel over gathered 2x2 blocks into [16, 3, 6, 6]."""
    kernel = torch.zeros(weight.shape[0], 3, 6, 6)
    # Order of the gathered blocks: top left, bottom left, top right, bottom right.
    for block, (row, column) in enumerate(((0, 0), (1, 0), (0, 1), (1, 1))):
        kernel[:, :, row::2, column::2] = weight[:, 3 * block : 3 * block + 3]
    return kernel


def load_base(weights: Path, classes: int = len(SPECIES)) -> YoloxNano:
    """Return the model with the folded COCO weights of the `.npz` file.

    With 80 classes it is the original; with ours the class rows are copied from COCO_ROWS.
    Raises ValueError if the file is not the folded YOLOX-Nano.
    """
    data = np.load(weights)
    model = YoloxNano(classes)
    convolutions = model.convolutions()
    if len(data.files) != 2 * len(convolutions):
        raise ValueError(f'{weights}: {len(data.files)} arrays, need {2 * len(convolutions)}')
    for number, conv in enumerate(convolutions):
        weight = torch.from_numpy(data[f'conv{number:03d}.w'])
        bias = torch.from_numpy(data[f'conv{number:03d}.b'])
        if number == 0:
            weight = _stem_kernel(weight)
        elif number in CLASS_PREDICTORS and classes != COCO_CLASSES:
            weight = torch.stack([weight[list(r)].mean(0) for r in COCO_ROWS.values()])
            bias = torch.stack([bias[list(r)].mean(0) for r in COCO_ROWS.values()])
        if conv.weight.shape != weight.shape:
            raise ValueError(f'{weights}: conv{number:03d} is {tuple(weight.shape)}')
        conv.weight.data.copy_(weight)
        conv.bias.data.copy_(bias)
    return model


def coco_scores(objectness: Tensor, classes: Tensor) -> Tensor:
    """Turn the logits of the 80-class base model into scores of our species [B, N, 5].

    A COCO model has no raccoon: that column is zero. A species of several COCO classes takes the
    best of them.
    """
    scores = classes.sigmoid() * objectness.sigmoid()
    columns = [scores[..., list(rows)].amax(-1) for rows in COCO_ROWS.values()]
    columns[RACCOON] = torch.zeros_like(columns[RACCOON])
    return torch.stack(columns, -1)
