"""The tracker against truth: TUD, KITTI cars, dense simulated motorbikes; and how long it takes.

MOTA, IDF1 and switches are judged by ``motmetrics``, the metric code of the MOT Challenge, at half
overlap; HOTA by its authors' ``trackeval``.
"""

from __future__ import annotations

import time
import warnings
from typing import TYPE_CHECKING

import motmetrics
import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.geometry import box_areas, iou
from edge.scene import Detections
from edge.tracker import Tracker
from tests.measures.figures import Figure, Figures
from tests.measures.hota import hota
from tests.measures.mot_data import (
    HELD_OUT_SEEDS,
    KITTI_VAL,
    TUD,
    Sequence,
    counted,
    kitti,
    motorbikes,
    tud,
)
from tests.measures.progress import told
from tests.traffic import camera, frame

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Believed = tuple[NDArray[np.int64], NDArray[np.float32]]

MIN_SCORE, SIMULATED_MIN_SCORE = 0.5, 0.3
"""Scores on TUD and KITTI are probabilities; the simulated ones are those of our own model, with
the score that a camera file has unless it says otherwise."""
RATES = ((25.0, 75.0), (12.5, 72.0), (25 / 3, 70.0), (5.0, 65.0))
"""Frames a second, and the IDF1 wanted there."""
LEFT_TOP, RIGHT_FOOT = np.array([20, 50]), np.array([20, 0])


def tracked(sequence: Sequence, min_score: float, *, coasting: bool = False) -> list[Believed]:
    """Return ids (m,) and boxes (m, 4) that the tracker saw in each frame.

    Args:
        sequence: What is followed.
        min_score: Of a detection that may found a track.
        coasting: Count those too whom it tells though it does not see them now, for
            ``edge.tracker.tracker.COAST_S`` at most.
    """
    tracker = Tracker(camera(frame_size_px=sequence.size_px, min_score=min_score))
    believed = []
    for number, look in enumerate(sequence.looks):
        at = frame(number / sequence.fps, size_px=sequence.size_px)
        told_now = tracker.update(at, look.found)
        seen = [track for track in told_now if track.observed or coasting]
        boxes = np.array([track.xyxy for track in seen], np.float32).reshape(-1, 4)
        believed.append((np.array([track.track_id for track in seen], np.int64), boxes))
    return believed


def seen_now(sequence: Sequence) -> list[Believed]:
    """Return what the tracker saw of a set of others in each frame."""
    return tracked(sequence, MIN_SCORE)


def associated_by_truth(sequence: Sequence) -> list[Believed]:
    """Return the detections under their true ids: what no tracker can surpass by much."""
    believed = []
    for look in sequence.looks:
        overlap = iou(look.boxes, look.found.xyxy)
        rows, columns = linear_sum_assignment(-overlap)
        met = overlap[rows, columns] >= 0.5
        believed.append((look.ids[rows[met]], look.found.xyxy[columns[met]]))
    return believed


def judged(sequence: Sequence, believed: list[Believed]) -> motmetrics.MOTAccumulator:
    """Match what was believed with the truth."""
    accumulator = motmetrics.MOTAccumulator(auto_id=True)
    for look, (ids, boxes) in zip(sequence.looks, believed, strict=True):
        kept = counted(look, boxes)
        distance = 1 - iou(look.boxes, boxes[kept]).astype(np.float64)
        distance[distance > 0.5] = np.nan
        accumulator.update(look.ids, ids[kept], distance)
    return accumulator


def scores(
    sequences: Iterable[Sequence], believe: Callable[[Sequence], list[Believed]]
) -> tuple[float, float, int]:
    """Return MOTA and IDF1 in percent and the identity switches, over all sequences."""
    accumulators = [judged(sequence, believe(sequence)) for sequence in sequences]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the referee's code is older than the arrays it is given
        summary = motmetrics.metrics.create().compute_many(
            accumulators, metrics=["mota", "idf1", "num_switches"], generate_overall=True
        )
    overall = summary.loc["OVERALL"]
    mota, idf1 = (round(100 * float(overall[key]), 1) for key in ("mota", "idf1"))
    return mota, idf1, int(overall.num_switches)


def figures_of(
    name: str, reached: tuple[float, float, int], targets: tuple[float, ...]
) -> list[Figure]:
    """Return the figures of a set of sequences; targets for MOTA, IDF1 and perhaps switches."""
    mota, idf1, switches = reached
    wanted = targets[2] if len(targets) > 2 else None
    return [
        Figure(name=f"{name}: MOTA", value=mota, unit="%", target=targets[0], tolerance=1),
        Figure(name=f"{name}: IDF1", value=idf1, unit="%", target=targets[1], tolerance=2),
        Figure(
            name=f"{name}: identity switches", value=switches, target=wanted, tolerance=5,
            higher_is_better=False,
        ),
    ]  # fmt: skip


def dense(fps: float, seeds: Iterable[int], strength: float = 1.0) -> tuple[float, float, float]:
    """Return IDF1 on dense motorbikes: of all that is told, of what is seen now, and the best.

    The best is a perfect association of the boxes that are seen now.
    """
    sequences = [motorbikes("junction", seed, fps, strength) for seed in seeds]
    everybody = scores(sequences, lambda s: tracked(s, SIMULATED_MIN_SCORE, coasting=True))[1]
    seen = scores(sequences, lambda s: tracked(s, SIMULATED_MIN_SCORE))[1]
    return everybody, seen, scores(sequences, associated_by_truth)[1]


def update_ms(count: int, rounds: int = 60) -> float:
    """Return the median time of an update with ``count`` road users, milliseconds."""
    random = np.random.default_rng(1)
    places = random.uniform([50, 100], [1230, 700], (count, 2))
    speeds = random.normal(0, 40, (count, 2))
    tracker = Tracker(camera())
    spent_s = []
    for number in range(rounds):
        places += speeds / 10
        xyxy = np.concatenate([places - LEFT_TOP, places + RIGHT_FOOT], axis=1).astype(np.float32)
        found = Detections(xyxy, np.full(count, 0.8, np.float32), ("motorbike",) * count)
        began_s = time.perf_counter()
        tracker.update(frame(number / 10), found)
        spent_s.append(time.perf_counter() - began_s)
    return 1000 * float(np.median(spent_s))


def reference_ms(rounds: int = 60) -> float:
    """Return the median time of a fixed piece of work: the overlaps of 300 boxes with 300."""
    boxes = np.random.default_rng(1).uniform(0, 1, (300, 4)).astype(np.float32)
    spent_s = []
    for _ in range(rounds):
        began_s = time.perf_counter()
        _fixed_work(boxes)
        spent_s.append(time.perf_counter() - began_s)
    return 1000 * float(np.median(spent_s))


def _fixed_work(boxes: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the overlaps of boxes (n, 4) with each other, (n, n).

    Written as the tracker did it when the first figures were kept: a unit must not get faster.
    """
    a, b = boxes.astype(np.float32), boxes.astype(np.float32)
    width = np.minimum(a[:, None, 2], b[None, :, 2]) - np.maximum(a[:, None, 0], b[None, :, 0])
    height = np.minimum(a[:, None, 3], b[None, :, 3]) - np.maximum(a[:, None, 1], b[None, :, 1])
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    whole = box_areas(a)[:, None] + box_areas(b)[None, :] - shared
    ratio: NDArray[np.float32] = shared / np.maximum(whole, np.float32(1e-9))
    return ratio


def measure() -> Figures:
    """Measure accuracy on every set, and speed."""
    found = []
    for name, sequences, targets in (
        ("TUD", list(map(tud, TUD)), (70.0, 78.0)),
        ("KITTI cars", [kitti(name) for name in KITTI_VAL], (80.0, 88.5, 20)),
    ):
        found += figures_of(name, scores(told(sequences, name), seen_now), targets)
        value = hota(sequences, seen_now)
        found.append(Figure(name=f"{name}: HOTA", value=value, unit="%", tolerance=2))
    notes = []
    for fps, wanted in RATES:
        ours, seen, best = dense(fps, HELD_OUT_SEEDS)
        name = f"dense motorbikes at {fps:.3g} fps: IDF1"
        found += [
            Figure(name=f"{name} of all told", value=ours, unit="%", target=wanted, tolerance=2),
            Figure(name=f"{name} of those seen now", value=seen, unit="%", tolerance=2),
        ]
        notes.append(f"{name} of a perfect association of the boxes seen now: {best:g} %")
    unit_ms = reference_ms()
    for count in (150, 300):
        ratio = round(update_ms(count) / unit_ms, 2)
        name = f"update with {count} objects, in overlaps of 300 x 300 boxes"
        found.append(Figure(name=name, value=ratio, tolerance=ratio / 2, higher_is_better=False))
    return Figures(
        title="Tracking",
        data="TUD-Campus and TUD-Stadtmitte; KITTI cars, the usual 11 validation sequences with "
        "PointRCNN boxes; both judged by whom the tracker sees now. Simulated motorbikes, seeds 11 "
        "to 13, also by all it tells the rules, those hidden for a second at most among them. See "
        "`tests/measures/mot_data.py` for what was chosen on what.",
        figures=tuple(found),
        notes=tuple(notes),
    )
