"""SimOTA assignment, the YOLOX loss and distillation from the frozen base model."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from pictures import IGNORE, NO_TEACHER, UNLABELLED
from torch import Tensor
from torch.nn import functional
from yolox import RACCOON, SPECIES

CENTRE_RADIUS = 2.5  # cells around the centre of a box that may predict it (YOLOX)
TOP_CANDIDATES = 10  # predictions whose overlap decides how many a box gets (YOLOX)
BOX_WEIGHT = 5.0  # weight of the overlap loss (YOLOX)
CLASS_WEIGHT = 2.0  # YOLOX has 1; here calling a cat a raccoon is the worst mistake
IOU_COST = 3.0  # weight of the overlap against the class cost in the assignment (YOLOX)
FAR_COST = 1e5  # keeps predictions outside the box centre for boxes that have no other
TEACHER_MARGIN = 1.3  # a raccoon box is widened by this factor before the teacher is muted in it


@dataclass(frozen=True)
class LossParts:
    """The loss of a batch and its parts (for the log)."""

    total: Tensor
    box: float
    objectness: float
    classes: float
    teacher: float


def corners(boxes: Tensor) -> Tensor:
    """Turn (cx, cy, w, h) into (x1, y1, x2, y2)."""
    half = boxes[..., 2:] / 2
    return torch.cat((boxes[..., :2] - half, boxes[..., :2] + half), -1)


def pairwise_iou(first: Tensor, second: Tensor) -> Tensor:
    """Return the overlap [n, m] of corner boxes [n, 4] and [m, 4]."""
    low = torch.maximum(first[:, None, :2], second[None, :, :2])
    high = torch.minimum(first[:, None, 2:], second[None, :, 2:])
    common = (high - low).clamp(min=0).prod(-1)
    area = (first[:, 2:] - first[:, :2]).prod(-1)[:, None]
    area = area + (second[:, 2:] - second[:, :2]).prod(-1)[None]
    return common / (area - common).clamp(min=1e-6)


def inside(points: Tensor, regions: Tensor) -> Tensor:
    """Return for points [n, 2] whether they lie in any of the corner boxes [m, 4]."""
    if not len(regions):
        return torch.zeros(len(points), dtype=torch.bool, device=points.device)
    low = (points[:, None] >= regions[None, :, :2]).all(-1)
    return (low & (points[:, None] <= regions[None, :, 2:]).all(-1)).any(1)


def widened(boxes: Tensor, factor: float) -> Tensor:
    """Scale corner boxes [n, 4] about their centres."""
    middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    return corners(torch.cat((middle, size * factor), 1))


@torch.no_grad()
def assign(
    boxes: Tensor,
    objectness: Tensor,
    classes: Tensor,
    truth: Tensor,
    labels: Tensor,
    centres: Tensor,
    strides: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """Assign predictions of one picture to true boxes (SimOTA).

    Args: corner boxes [n, 4], logits [n, 1] and [n, C], true corner boxes [m, 4] with labels [m],
    centres of the cells in pixels [n, 2] and their strides [n, 1].
    Returns the indices of the predictions used, the true box of each and their overlap.
    """
    middle = (truth[:, :2] + truth[:, 2:]) / 2
    in_box = (centres[:, None] > truth[None, :, :2]).all(-1)
    in_box &= (centres[:, None] < truth[None, :, 2:]).all(-1)
    near = ((centres[:, None] - middle[None]).abs() < CENTRE_RADIUS * strides[:, None]).all(-1)
    candidates = (in_box | near).any(1).nonzero().squeeze(1)
    both = (in_box & near)[candidates].T  # [m, candidates]
    iou = pairwise_iou(truth, boxes[candidates])
    score = (classes[candidates].sigmoid() * objectness[candidates].sigmoid()).sqrt()
    onehot = functional.one_hot(labels, classes.shape[-1]).float()
    class_cost = functional.binary_cross_entropy(
        score[None].expand(len(truth), -1, -1),
        onehot[:, None].expand(-1, len(candidates), -1),
        reduction='none',
    ).sum(-1)
    cost = class_cost - IOU_COST * torch.log(iou + 1e-8) + FAR_COST * ~both
    matched = torch.zeros_like(cost, dtype=torch.bool)
    wanted = iou.topk(min(TOP_CANDIDATES, iou.shape[1]), 1).values.sum(1).int().clamp(min=1)
    for row, count in enumerate(wanted.tolist()):
        matched[row, cost[row].topk(min(count, cost.shape[1]), largest=False).indices] = True
    shared = matched.sum(0) > 1  # several boxes want one prediction: the cheapest gets it
    if shared.any():
        best = cost[:, shared].argmin(0)
        matched[:, shared] = functional.one_hot(best, len(truth)).T.bool()
    used = matched.any(0).nonzero().squeeze(1)
    owner = matched[:, used].float().argmax(0)
    return candidates[used], owner, iou[owner, used]


def yolox_loss(
    output: tuple[Tensor, Tensor, Tensor],
    targets: list[Tensor],
    centres: Tensor,
    strides: Tensor,
    teacher: Tensor | None = None,
    teacher_weight: float = 1.0,
) -> LossParts:
    """Return the loss of a batch.

    Args: output of the model; per picture a tensor [m, 5] of corner boxes and labels, whose labels
    beyond the species are the regions of `pictures`; scores of the teacher [B, N, 5] or None.
    """
    boxes, objectness, classes = output
    found = torch.zeros_like(objectness)
    weight = torch.ones_like(objectness)
    teach = torch.ones_like(objectness)
    box_terms, class_terms, count = [], [], 0
    for i, rows in enumerate(targets):
        kind = rows[:, 4].long()
        real = kind < len(SPECIES)
        grown = widened(rows[kind == RACCOON, :4], TEACHER_MARGIN)
        unsure = inside(centres, rows[kind == UNLABELLED, :4]) & ~inside(centres, grown)
        unsure |= inside(centres, rows[kind == IGNORE, :4])
        weight[i, unsure] = 0.0
        teach[i, inside(centres, torch.cat((grown, rows[kind == NO_TEACHER, :4])))] = 0.0
        if not real.any():
            continue
        truth, labels = rows[real, :4], kind[real]
        predicted = corners(boxes[i])
        used, owner, overlap = assign(
            predicted.detach(),
            objectness[i].detach(),
            classes[i].detach(),
            truth,
            labels,
            centres,
            strides,
        )
        found[i, used], weight[i, used] = 1.0, 1.0
        count += len(used)
        iou = paired_iou(predicted[used], truth[owner])
        box_terms.append((1 - iou**2).sum())
        wanted = functional.one_hot(labels[owner], len(SPECIES)).float() * overlap[:, None]
        class_terms.append(
            functional.binary_cross_entropy_with_logits(classes[i, used], wanted, reduction='sum')
        )
    norm = max(count, 1)
    zero = boxes.sum() * 0
    box = BOX_WEIGHT * (sum(box_terms, zero)) / norm
    label = CLASS_WEIGHT * sum(class_terms, zero) / norm
    presence = functional.binary_cross_entropy_with_logits(objectness, found, reduction='none')
    presence = (presence * weight).sum() / norm
    taught = zero
    if teacher is not None:
        taught = teacher_weight * distillation(objectness, classes, teacher, teach)
    parts = [float(part.detach()) for part in (box, presence, label, taught)]
    return LossParts(box + presence + label + taught, *parts)


def paired_iou(first: Tensor, second: Tensor) -> Tensor:
    """Return the overlap [n] of corner boxes [n, 4] with [n, 4]."""
    low = torch.maximum(first[:, :2], second[:, :2])
    high = torch.minimum(first[:, 2:], second[:, 2:])
    common = (high - low).clamp(min=0).prod(-1)
    area = (first[:, 2:] - first[:, :2]).prod(-1) + (second[:, 2:] - second[:, :2]).prod(-1)
    return common / (area - common).clamp(min=1e-6)


def distillation(objectness: Tensor, classes: Tensor, teacher: Tensor, mask: Tensor) -> Tensor:
    """Pull our scores towards the teacher's where it knows better.

    Quality focal form: the cross entropy of each score is weighted by its distance to the target,
    so that the many empty cells on which both agree add nothing.
    """
    scores = (objectness.sigmoid() * classes.sigmoid()).clamp(1e-6, 1 - 1e-6)
    distance = (scores.detach() - teacher).abs()
    loss = functional.binary_cross_entropy(scores, teacher, reduction='none') * distance * mask
    return loss.sum() / (teacher * mask).sum().clamp(min=10.0)
