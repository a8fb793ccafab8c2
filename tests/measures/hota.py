"""Higher Order Tracking Accuracy, by the metric's own code.

Source: J. Luiten et al., "HOTA: A Higher Order Metric for Evaluating Multi-Object Tracking", IJCV
129, 2021; ``trackeval`` is theirs. What it wants for other benchmarks, a second OpenCV among it, is
left out of the lock file (``pyproject.toml``).
"""

from __future__ import annotations

from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from typing import TYPE_CHECKING, Any

import numpy as np

from edge.geometry import iou
from tests.measures.mot_data import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from tests.measures.mot_data import Sequence

    Believed = tuple[NDArray[np.int64], NDArray[np.float32]]


def hota(sequences: Iterable[Sequence], believe: Callable[[Sequence], list[Believed]]) -> float:
    """Return HOTA in percent over all sequences, the mean over overlaps of 0.05 to 0.95."""
    with redirect_stdout(StringIO()):  # it tells which of its benchmarks miss a package
        metric = import_module("trackeval.metrics").HOTA()
    results = {s.name: metric.eval_sequence(_told_to_referee(s, believe(s))) for s in sequences}
    return round(100 * float(np.mean(metric.combine_sequences(results)["HOTA"])), 1)


def _told_to_referee(sequence: Sequence, believed: list[Believed]) -> dict[str, Any]:
    """Return a sequence and what was believed of it as ``trackeval`` takes them, ids from 0 on."""
    real = [look.ids for look in sequence.looks]
    kept = [
        (ids[rows], boxes[rows])
        for look, (ids, boxes) in zip(sequence.looks, believed, strict=True)
        for rows in (counted(look, boxes),)
    ]
    gt_ids, gt_count = _renumbered(real)
    tracker_ids, tracker_count = _renumbered([ids for ids, _ in kept])
    return {
        "num_gt_ids": gt_count,
        "num_tracker_ids": tracker_count,
        "num_gt_dets": sum(map(len, gt_ids)),
        "num_tracker_dets": sum(map(len, tracker_ids)),
        "gt_ids": gt_ids,
        "tracker_ids": tracker_ids,
        "similarity_scores": [
            iou(look.boxes, boxes) for look, (_, boxes) in zip(sequence.looks, kept, strict=True)
        ],
    }


def _renumbered(frames: list[NDArray[np.int64]]) -> tuple[list[NDArray[np.int64]], int]:
    """Return ids counted from 0 on, frame by frame, and how many there are."""
    known = np.unique(np.concatenate(frames))
    return [np.searchsorted(known, ids) for ids in frames], len(known)
