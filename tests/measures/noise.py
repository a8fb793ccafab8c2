"""What a real detector does to true boxes, measured on labelled pictures and real clips.

``python -m tests.measures.noise`` measures anew and writes ``noise.json`` beside this file:

* ``measured``: misses by a box's longer side, scores and errors of boxes: DEIMv2 femto on
  ``labelled/hanoi_bikes_32``, 361 labelled motorbikes in a dense queue;
* ``assumed``, and left as it stands: how long a miss lasts (three real clips gave gaps of 0.3 to
  0.56 s between looks at one track) and how many false boxes a frame has, which no labels at hand
  are complete enough to tell.

:class:`Noise` then spoils simulated boxes the same way. A box's error has a lasting part (the model
draws this vehicle a little too wide) and a fresh part; a miss lasts, because what hides or blurs a
vehicle does not change from frame to frame.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.optimize import linear_sum_assignment

from edge.contract.road_users import TWO_WHEELERS
from edge.detector.onnx import Detector
from edge.geometry import iou
from edge.scene import Detections, Frame
from tests.assets import asset
from tests.builders import NOON
from tests.labelled_bikes import labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from edge.simulation.traffic import Actor

FILE = Path(__file__).with_name("noise.json")
MODEL = Path(__file__).parents[2] / "models/deimv2_femto_coco_416/1.0.0/manifest.json"
SIDES_PX = (0.0, 24.0, 40.0, 64.0, 10_000.0)
"""Bands of the longer side: who lies is as many pixels as who stands. None was labelled below 24,
and nothing is seen there."""
LASTING = 0.7
"""Share of a box's error variance that lasts. Source: measured, boxes of standing vehicles scatter
by 0.04 heights (edge/rules/pace.py) where labels are missed by 0.08."""
LASTING_HEIGHTS = 1.0
"""After so many own heights in the picture half of what lasted is forgotten: the vehicle looks
otherwise. Source: own choice. Who stands looks the same, so that his box keeps its error."""
CONFUSED = {"van": "car", "tricycle": "motorbike"}
LEAST_SHOWN = 0.25


@dataclass
class Noise:
    """Spoils the boxes of one camera; seeded, so that a scenario is the same every time.

    Attributes:
        strength: 0 none, 1 as measured, 2 twice as bad.
    """

    seed: int
    size_px: tuple[int, int]
    strength: float = 1.0
    measured: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = json.loads(FILE.read_text("utf-8"))
        self.measured = self.measured or kept["assumed"] | kept["measured"]
        self._rng = np.random.default_rng(self.seed)
        self._lasting: dict[str, NDArray[np.float64]] = {}
        self._boxes: dict[str, NDArray[np.float32]] = {}
        self._hidden: dict[str, bool] = {}
        self._last_s: float | None = None

    def spoil(
        self, actors: Sequence[Actor], boxes: NDArray[np.float32], shown: NDArray[np.float64],
        now_s: float,
    ) -> Detections:  # fmt: skip
        """Return what the detector says of true boxes (n, 4) that are ``shown`` (n,) to a share."""
        step_s = 0.0 if self._last_s is None else now_s - self._last_s
        self._last_s = now_s
        kept = [
            i for i, actor in enumerate(actors) if self._is_seen(actor, boxes[i], shown[i], step_s)
        ]
        found = [self._shifted(actors[i], boxes[i]) for i in kept]
        scores = [self._score(shown[i]) for i in kept]
        names = [CONFUSED.get(actors[i].kind, actors[i].kind) for i in kept]
        for _ in range(self._rng.poisson(self.strength * self.measured["false_per_frame"])):
            found.append(self._false_box())
            scores.append(float(self._rng.uniform(0.1, 0.45)))
            names.append(str(self._rng.choice(["motorbike", "car", "person"])))
        alive = {actor.name for actor in actors}
        self._lasting = {k: v for k, v in self._lasting.items() if k in alive}
        self._boxes = {k: v for k, v in self._boxes.items() if k in alive}
        self._hidden = {k: v for k, v in self._hidden.items() if k in alive}
        xyxy = np.array(found, np.float32).reshape(-1, 4)
        return Detections(xyxy, np.array(scores, np.float32), tuple(names))

    def _is_seen(self, actor: Actor, box: NDArray[np.float32], shown: float, step_s: float) -> bool:
        """Say whether the detector sees somebody now: a two-state chain in time."""
        if shown < LEAST_SHOWN:
            return False
        band = int(np.searchsorted(SIDES_PX, max(box[2:] - box[:2]), side="right")) - 1
        missed = self.strength * self.measured["missed"][band]
        # Half hidden means twice as often missed; the measured rate is that of a dense queue.
        missed = min(0.95, missed * (0.4 if shown > 0.9 else 1.0 if shown > 0.6 else 2.0))
        change = 1 - np.exp(-step_s / self.measured["miss_lasts_s"])
        before = self._hidden.get(actor.name)
        if before is None or self._rng.random() < change:
            self._hidden[actor.name] = bool(self._rng.random() < missed)
        return not self._hidden[actor.name]

    def _shifted(self, actor: Actor, box: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return a box with the measured error of foot, width and height."""
        spread = np.array(self.measured["error_heights"]) * self.strength
        lasting = self._lasting.get(actor.name)
        if lasting is None:
            lasting = self._rng.normal(0, 1, 4)
        before = self._boxes.get(actor.name, box)
        moved = np.abs(box - before).max() / max(1.0, box[3] - box[1])
        keep = 0.5 ** (moved / LASTING_HEIGHTS)
        lasting = keep * lasting + np.sqrt(1 - keep**2) * self._rng.normal(0, 1, 4)
        self._lasting[actor.name], self._boxes[actor.name] = lasting, box
        fresh = self._rng.normal(0, 1, 4)
        height = float(box[3] - box[1])
        error = (np.sqrt(LASTING) * lasting + np.sqrt(1 - LASTING) * fresh) * spread * height
        x, foot = (box[0] + box[2]) / 2 + error[0], box[3] + error[1]
        wide = max(3.0, box[2] - box[0] + error[2])
        tall = max(3.0, height + error[3])
        return np.array([x - wide / 2, foot - tall, x + wide / 2, foot])

    def _score(self, shown: float) -> float:
        """Return a score drawn from the measured ones, lower for the half hidden."""
        low, middle, high = self.measured["scores"]
        score = self._rng.triangular(low, middle, high)
        return float(np.clip(score * (0.7 + 0.3 * shown), 0.1, 0.99))

    def _false_box(self) -> NDArray[np.float64]:
        width, height = self.size_px
        x, y = self._rng.uniform(0, width), self._rng.uniform(0.2 * height, height)
        tall = self._rng.uniform(12, 60)
        wide = tall * self._rng.uniform(0.5, 1.6)
        return np.array([x - wide / 2, y - tall, x + wide / 2, y])


def measured() -> dict[str, list[float]]:
    """Return what the model does to the labelled motorbikes."""
    os.environ.setdefault("SONGLAM_MODELS", str(asset("models")))
    detector = Detector.load(MODEL)
    sides, scores, errors = [], [], []
    for picture, truth in labelled():
        users = detector.detect(Frame("gate", picture, NOON, 0.0))
        bikes = [i for i, name in enumerate(users.class_names) if name in TWO_WHEELERS]
        overlap = iou(truth, users.xyxy[bikes])
        rows, columns = linear_sum_assignment(-overlap)
        met = {
            int(r): bikes[int(c)]
            for r, c in zip(rows, columns, strict=True)
            if overlap[r, c] >= 0.5
        }
        for row, box in enumerate(truth):
            sides.append((max(box[2:] - box[:2]), row in met))
            if row in met:
                scores.append(float(users.scores[met[row]]))
                errors.append(_error(box, users.xyxy[met[row]].astype(np.float64)))
    long = np.array(sides)
    bands = np.digitize(long[:, 0], SIDES_PX[1:-1])
    missed = [
        1 - long[bands == band, 1].mean() if (bands == band).any() else 1.0 for band in range(4)
    ]
    return {
        "missed": [round(float(share), 3) for share in missed],
        "error_heights": [round(float(e), 3) for e in np.std(np.array(errors), axis=0)],
        "scores": [round(float(q), 2) for q in np.quantile(scores, [0.02, 0.5, 0.98])],
    }


def _error(truth: NDArray[np.float64], found: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far foot x, foot y, width and height (4,) are off, in true heights."""
    parts = [np.array([(x1 + x2) / 2, y2, x2 - x1, y2 - y1]) for x1, y1, x2, y2 in (truth, found)]
    error: NDArray[np.float64] = (parts[1] - parts[0]) / (truth[3] - truth[1])
    return error


def main() -> None:
    """Measure and keep."""
    kept = json.loads(FILE.read_text("utf-8"))
    kept["measured"] = measured()
    FILE.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    sys.stdout.write(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
