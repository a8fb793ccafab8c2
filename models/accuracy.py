"""How good boxes are: average precision and recall, by class and by size.

Invariants:
    * Boxes are matched one to one within a picture, surest first, at half overlap.
    * Labels of class ``IGNORED`` neither count as missed nor what lies on them as false.

Source: average precision over all points of the precision-recall curve, as PASCAL VOC since 2010
and COCO at IoU 0.5 (there at 101 points) define it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from edge.geometry import box_areas, iou

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

MATCH_IOU = 0.5
RECALL_SCORE = 0.3
"""Recall is told at the score from which the box's tracker begins a track."""
SIZES = {"small": (0.0, 0.06), "medium": (0.06, 0.15), "large": (0.15, 10.0)}
"""Name → from, below: square root of the box's share of the picture's area. A motorbike 25 pixels
wide and 50 high on 640 × 480 is 0.064."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What is true of a picture and what a detector said of it.

    true_boxes, said_boxes: (n, 4) and (m, 4) in the same pixels; true_names: our product's classes,
    ``None`` for ``IGNORED``; said_names, said_scores: (m,).
    """

    size_px: tuple[int, int]
    true_boxes: NDArray[np.float32]
    true_names: tuple[str | None, ...]
    said_boxes: NDArray[np.float32]
    said_names: tuple[str, ...]
    said_scores: NDArray[np.float32]


@dataclass
class Tally:
    """What is gathered of one class: labels, and each box said with its score and luck."""

    labelled: int = 0
    scores: list[float] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)
    sizes: dict[str, list[bool]] = field(default_factory=lambda: {name: [] for name in SIZES})
    """Size → whether each label was found at ``RECALL_SCORE``."""

    def precision(self) -> float:
        """Return the average precision, NaN without labels."""
        return average_precision(np.array(self.scores), np.array(self.right, bool), self.labelled)

    def recall(self, size: str | None = None) -> float:
        """Return the share of labels found, of one size or of all; NaN without labels."""
        found = [hit for name in SIZES if size in {None, name} for hit in self.sizes[name]]
        return sum(found) / len(found) if found else float("nan")

    def count(self, size: str) -> int:
        """Return how many labels of a size there are."""
        return len(self.sizes[size])


def average_precision(
    scores: NDArray[np.float64], right: NDArray[np.bool_], labelled: int
) -> float:
    """Return the area under the precision-recall curve, precision made falling."""
    if not labelled:
        return float("nan")
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(right[order])
    precision = hits / np.arange(1, len(order) + 1)
    falling = np.maximum.accumulate(precision[::-1])[::-1]
    return float((falling * right[order]).sum() / labelled)


def tally(pictures: Iterable[Shown], names: Sequence[str]) -> dict[str, Tally]:
    """Return what became of every label and every box, by class."""
    found = {name: Tally() for name in names}
    for picture in pictures:
        for name in names:
            _count(picture, name, found[name])
    return found


def _count(picture: Shown, name: str, into: Tally) -> None:
    """Match one class of one picture."""
    said = [i for i, other in enumerate(picture.said_names) if other == name]
    said.sort(key=lambda i: -picture.said_scores[i])
    true = [i for i, other in enumerate(picture.true_names) if other == name]
    overlap = iou(picture.said_boxes[said], picture.true_boxes[true])
    excused = _excused(picture, said)
    reached = dict.fromkeys(range(len(true)), 0.0)
    free = np.ones(len(true), bool)
    for row, i in enumerate(said):
        best = int(np.where(free, overlap[row], -1).argmax()) if free.any() else -1
        hit = best >= 0 and overlap[row, best] >= MATCH_IOU
        if hit:
            free[best] = False
            reached[best] = float(picture.said_scores[i])
        elif excused[row]:
            continue
        into.scores.append(float(picture.said_scores[i]))
        into.right.append(bool(hit))
    into.labelled += len(true)
    for place, i in enumerate(true):
        size = size_of(picture.true_boxes[i], picture.size_px)
        into.sizes[size].append(reached[place] >= RECALL_SCORE)


def _excused(picture: Shown, said: list[int]) -> NDArray[np.bool_]:
    """Say which boxes lie mostly on something that must not be counted."""
    marked = [i for i, name in enumerate(picture.true_names) if name is None]
    if not marked or not said:
        return np.zeros(len(said), bool)
    a, b = picture.said_boxes[said][:, None], picture.true_boxes[marked][None]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    inside = np.maximum(sides, 0).prod(-1) / np.maximum(box_areas(a[:, 0])[:, None], 1e-6)
    return np.asarray(inside.max(axis=1) >= MATCH_IOU)


def size_of(box: NDArray[np.float32], size_px: tuple[int, int]) -> str:
    """Return the size class of a box."""
    share = float(np.sqrt(box_areas(box[None])[0] / (size_px[0] * size_px[1])))
    return next(name for name, (low, high) in SIZES.items() if low <= share < high)


def mean_precision(tallies: dict[str, Tally]) -> float:
    """Return the mean of the classes that have labels (mAP at half overlap)."""
    values = [one.precision() for one in tallies.values() if one.labelled]
    return float(np.mean(values)) if values else float("nan")
