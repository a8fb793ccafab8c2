"""What a YOLOX network should have said: which cell answers for which box, and how wrong it was.

Source: Ge et al., "YOLOX", arXiv:2107.08430, section 2 (simplified optimal assignment), with the
constants of that section; generalised IoU from Rezatofighi et al., CVPR 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Sequence

STRIDES_PX = (8, 16, 32)
CENTRE_STRIDES = 2.5
"""A cell may answer for a box whose middle is at most this many strides away."""
MOST_CELLS = 10
IOU_COST, BOX_WEIGHT = 3.0, 5.0
EPSILON = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """What is true of one picture, in input pixels.

    boxes: float32 (n, 4); classes: int64 (n,), -1 for places that count neither way.
    told: float32 (8,), 0 for classes that the labels of this picture cannot tell from others.
    """

    boxes: torch.Tensor
    classes: torch.Tensor
    told: torch.Tensor


class Cells:
    """The grid of one input size: middles (n, 2) and strides (n, 1), input pixels."""

    def __init__(self, input_px: tuple[int, int]) -> None:
        """Lay the grids of all strides one after the other, row by row."""
        corners, strides = [], []
        for stride in STRIDES_PX:
            rows, columns = input_px[1] // stride, input_px[0] // stride
            y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
            corners.append(torch.stack([x.reshape(-1), y.reshape(-1)], 1).float() * stride)
            strides.append(torch.full((rows * columns, 1), float(stride)))
        self.strides = torch.cat(strides)
        self.corners = torch.cat(corners)
        self.middles = self.corners + self.strides / 2

    def boxes(self, raw: torch.Tensor) -> torch.Tensor:
        """Return left, top, right, bottom (…, n, 4) of raw outputs (…, n, 4)."""
        centre = raw[..., :2] * self.strides + self.corners
        half = torch.exp(raw[..., 2:4].clamp(max=8)) * self.strides / 2
        return torch.cat([centre - half, centre + half], -1)


def overlap(a: torch.Tensor, b: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return IoU and generalised IoU of boxes that broadcast against each other."""
    low, high = torch.maximum(a[..., :2], b[..., :2]), torch.minimum(a[..., 2:], b[..., 2:])
    shared = (high - low).clamp(min=0).prod(-1)
    area = (a[..., 2:] - a[..., :2]).prod(-1) + (b[..., 2:] - b[..., :2]).prod(-1) - shared
    low, high = torch.minimum(a[..., :2], b[..., :2]), torch.maximum(a[..., 2:], b[..., 2:])
    hull = (high - low).prod(-1)
    iou = shared / (area + EPSILON)
    return iou, iou - (hull - area) / (hull + EPSILON)


def assign(
    boxes: torch.Tensor, scores: torch.Tensor, target: Target, cells: Cells
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Return (cells that answer, the box each answers for, their overlap) for one picture.

    boxes: (n, 4) and scores: (n, classes), what the network says now, without gradients.
    """
    truth = target.boxes
    middles = (truth[:, :2] + truth[:, 2:]) / 2
    away = (cells.middles[:, None] - middles[None]).abs().amax(-1) / cells.strides
    inside = ((cells.middles[:, None] > truth[None, :, :2]).all(-1)
              & (cells.middles[:, None] < truth[None, :, 2:]).all(-1))  # fmt: skip
    near = away < CENTRE_STRIDES
    possible = (near | inside).any(1).nonzero()[:, 0]
    iou, _ = overlap(boxes[possible, None], truth[None])
    wanted = functional.one_hot(target.classes, scores.shape[1]).float()
    said = scores[possible].clamp(EPSILON, 1 - EPSILON)
    wrong = -(wanted @ said.log().T + (1 - wanted) @ (1 - said).log().T).T
    cost = wrong - IOU_COST * torch.log(iou + 1e-8) + 1e5 * ~(near & inside)[possible]
    count = iou.topk(min(MOST_CELLS, len(possible)), 0).values.sum(0).int().clamp(min=1)
    chosen = torch.zeros_like(cost, dtype=torch.bool)
    for number, k in enumerate(count.tolist()):
        chosen[cost[:, number].topk(min(k, len(possible)), largest=False).indices, number] = True
    torn = chosen.sum(1) > 1
    if torn.any():
        best = cost[torn].argmin(1)
        chosen[torn] = functional.one_hot(best, cost.shape[1]).bool()
    row, number = chosen.nonzero(as_tuple=True)
    return possible[row], number, iou[row, number]


def loss_of(
    outputs: torch.Tensor, targets: Sequence[Target], cells: Cells
) -> dict[str, torch.Tensor]:
    """Return the parts of the loss of a batch (n, cells, 5 + classes), each per answered box."""
    boxes, scores = cells.boxes(outputs), outputs[..., 4].clamp(EPSILON, 1 - EPSILON)
    kinds = outputs[..., 5:].clamp(EPSILON, 1 - EPSILON)
    sums = {"box": outputs.sum() * 0, "object": outputs.sum() * 0, "class": outputs.sum() * 0}
    answered = 0
    for i, target in enumerate(targets):
        counted = target.classes >= 0
        sure = Target(target.boxes[counted], target.classes[counted], target.told)
        wanted = torch.zeros_like(scores[i])
        weight = _heard(cells, target.boxes[~counted])
        if len(sure.boxes):
            with torch.no_grad():
                said = (kinds[i] * scores[i][:, None]).sqrt()
                at, number, iou = assign(boxes[i], said, sure, cells)
            wanted[at], weight[at] = 1.0, 1.0
            _, closeness = overlap(boxes[i, at], sure.boxes[number])
            sums["box"] = sums["box"] + (1 - closeness).sum()
            hot = functional.one_hot(sure.classes[number], kinds.shape[2]) * iou[:, None]
            told = target.told.expand_as(hot).clone()
            told[torch.arange(len(at)), sure.classes[number]] = 1.0
            each = functional.binary_cross_entropy(kinds[i, at], hot, told, reduction="sum")
            sums["class"] = sums["class"] + each
            answered += len(at)
        each = functional.binary_cross_entropy(scores[i], wanted, weight, reduction="sum")
        sums["object"] = sums["object"] + each
    parts = {name: value / max(answered, 1) for name, value in sums.items()}
    return parts | {"all": BOX_WEIGHT * parts["box"] + parts["object"] + parts["class"]}


def _heard(cells: Cells, doubtful: torch.Tensor) -> torch.Tensor:
    """Return 1 (n,) for cells whose silence is right, 0 for those inside a doubtful box."""
    if not len(doubtful):
        return torch.ones(len(cells.middles))
    inside = ((cells.middles[:, None] > doubtful[None, :, :2])
              & (cells.middles[:, None] < doubtful[None, :, 2:])).all(-1)  # fmt: skip
    return 1.0 - inside.any(1).float()
