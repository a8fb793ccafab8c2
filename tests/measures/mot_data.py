"""Sequences of others with truth, as the tracker wants them: TUD, KITTI cars, simulated traffic.

Evaluation only; the licences of TUD and KITTI forbid more. The tracker's constants were chosen on
KITTI's ten other training sequences (``KITTI_TUNING``) and on simulated traffic of other seeds;
between settings that were equal there, TUD decided about the weight of the boxes' height.

Scores are probabilities here: FRCNN's on TUD are, PointRCNN's on KITTI are made so by a logistic
curve fitted on ``KITTI_TUNING``. All sequences are tracked with one ``min_score``.
"""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.geometry import iou
from edge.scene import Detections
from edge.simulation.places import PLACES
from tests.assets import asset
from tests.measures.noise import Noise
from tests.measures.road_film import film, shown_boxes

if TYPE_CHECKING:
    from numpy.typing import NDArray

TUD = ("TUD-Campus", "TUD-Stadtmitte")
KITTI_VAL = (
    "0001", "0006", "0008", "0010", "0012", "0013", "0014", "0015", "0016", "0018", "0019",
)  # fmt: skip
"""Source: evaluate_tracking.seqmap.val of xinshuoweng/AB3DMOT."""
KITTI_TUNING = ("0000", "0002", "0003", "0004", "0005", "0007", "0009", "0011", "0017", "0020")
TUNING_SEEDS, HELD_OUT_SEEDS = (1, 2, 3), (11, 12, 13)
LOGISTIC = (-1.958, 0.807)
"""Offset and slope: probability that a PointRCNN box is a car. Source: fitted on KITTI_TUNING."""
LEAST_SCORE = 0.1
MIN_HEIGHT_PX, DONT_CARE_SHARE, MAX_OCCLUSION = 25.0, 0.5, 2
"""Source: KITTI tracking benchmark, development kit."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One frame: what the detector said, and who is really there.

    boxes: (n, 4) source pixels. ids: (n,). distractors: (d, 4) neither found nor false.
    ignored: (r, 4) regions in which unmatched boxes do not count.
    """

    found: Detections
    boxes: NDArray[np.float32]
    ids: NDArray[np.int64]
    distractors: NDArray[np.float32]
    ignored: NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """Frames of one camera."""

    name: str
    fps: float
    size_px: tuple[int, int]
    looks: tuple[Look, ...]


NONE = np.zeros((0, 4), np.float32)


def corners(xywh: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return left, top, width, height (n, 4) as corners."""
    return np.concatenate([xywh[:, :2], xywh[:, :2] + xywh[:, 2:]], axis=1).astype(np.float32)


@cache
def tud(name: str) -> Sequence:
    """Return a TUD sequence with its public detections."""
    found = np.loadtxt(asset(f"mot/MOT15-TUD/{name}/det/det.txt"), delimiter=",")
    truth = np.loadtxt(asset(f"mot/MOT15-TUD/{name}/gt/gt.txt"), delimiter=",")
    looks = []
    for number in range(1, int(truth[:, 0].max()) + 1):
        rows, real = found[found[:, 0] == number], truth[truth[:, 0] == number]
        boxes, scores = corners(rows[:, 2:6]), rows[:, 6].astype(np.float32)
        said = Detections(boxes, scores, ("person",) * len(rows))
        looks.append(Look(said, corners(real[:, 2:6]), real[:, 1].astype(np.int64), NONE, NONE))
    return Sequence(name, 25.0, (640, 480), tuple(looks))


@cache
def _kitti_files() -> dict[str, str]:
    """Return the texts of KITTI's labels and detections by their last two path parts."""
    texts = {}
    with tarfile.open(asset("mot/KITTI-tracking-train.tar.xz")) as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is not None:
                texts["/".join(member.name.split("/")[-2:])] = file.read().decode()
    return texts


@cache
def kitti(name: str) -> Sequence:
    """Return the cars of a KITTI sequence by the benchmark's own rules, boxes of PointRCNN."""
    files = _kitti_files()
    rows = [line.split() for line in files[f"label_02/{name}.txt"].splitlines()]
    table = np.array([line.split(",") for line in files[f"det_pointrcnn_car/{name}.txt"].split()])
    table = table.astype(np.float64)
    chance = 1 / (1 + np.exp(-LOGISTIC[0] - LOGISTIC[1] * table[:, 6]))
    table, chance = table[chance >= LEAST_SCORE], chance[chance >= LEAST_SCORE]
    looks = []
    for number in range(max(int(row[0]) for row in rows) + 1):
        here = [row for row in rows if int(row[0]) == number]
        counted = [row for row in here if row[2] == "Car" and _is_counted(row)]
        beside = [row for row in here if row[2] in {"Car", "Van"} and row not in counted]
        now = table[:, 0] == number
        said = Detections(
            table[now, 2:6].astype(np.float32),
            chance[now].astype(np.float32),
            ("car",) * int(now.sum()),
        )
        ids = np.array([int(row[1]) for row in counted], np.int64)
        regions = _boxes([row for row in here if row[2] == "DontCare"])
        looks.append(Look(said, _boxes(counted), ids, _boxes(beside), regions))
    return Sequence(name, 10.0, (1242, 375), tuple(looks))


def _is_counted(row: list[str]) -> bool:
    """Say whether a labelled car counts: neither cut off by the picture nor all but hidden."""
    return int(float(row[3])) <= 0 and int(float(row[4])) <= MAX_OCCLUSION


def _boxes(rows: list[list[str]]) -> NDArray[np.float32]:
    return np.array([row[6:10] for row in rows], np.float32).reshape(-1, 4)


def motorbikes(place: str, seed: int, fps: float, strength: float) -> Sequence:
    """Return 40 s of simulated dense traffic as a noisy detector sees it; people do not count."""
    lens = PLACES[place].lens
    noise = Noise(seed, lens.size_px, strength)
    ids: dict[str, int] = {}
    looks = []
    for instant in film(place, seed, 40.0, "quiet", lambda _: []).at(fps):
        actors, boxes, shown = shown_boxes(instant.actors, lens)
        said = noise.spoil(actors, boxes, shown, instant.at_s)
        real = np.array([a.kind != "person" for a in actors], bool) & (shown >= LEAST_SHOWN)
        numbers = [
            ids.setdefault(a.name, len(ids) + 1) for a, ok in zip(actors, real, strict=True) if ok
        ]
        beside = boxes[~real]
        looks.append(Look(said, boxes[real], np.array(numbers, np.int64), beside, NONE))
    return Sequence(f"{place} {seed} at {fps:g}", fps, lens.size_px, tuple(looks))


LEAST_SHOWN = 0.25


def counted(look: Look, told: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return which of the boxes told (m, 4) count: not those on distractors or ignored regions.

    Source: KITTI tracking benchmark: boxes matched to a distractor, and unmatched ones that are too
    small or lie in a region marked "don't care", are neither right nor false.
    """
    counts = np.ones(len(told), bool)
    if not len(told):
        return counts
    overlap = iou(np.concatenate([look.boxes, look.distractors]), told)
    rows, columns = linear_sum_assignment(-np.where(overlap >= 0.5, overlap, 0))
    met = overlap[rows, columns] >= 0.5
    counts[columns[met & (rows >= len(look.boxes))]] = False
    unmatched = np.ones(len(told), bool)
    unmatched[columns[met]] = False
    if len(look.ignored):
        low = np.maximum(told[:, None, :2], look.ignored[None, :, :2])
        high = np.minimum(told[:, None, 2:], look.ignored[None, :, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=2)
        area = (told[:, 2:] - told[:, :2]).prod(axis=1)[:, None]
        counts &= ~(unmatched & (shared / area > DONT_CARE_SHARE).any(axis=1))
    if len(look.ignored) or len(look.distractors):
        counts &= ~(unmatched & (told[:, 3] - told[:, 1] <= MIN_HEIGHT_PX))
    return counts
