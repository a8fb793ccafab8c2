"""The real networks on 32 labelled frames of a dense queue of motorbikes in Hà Nội.

The labels hold motorbike and rider in one box, as :mod:`edge.detector.select` does. Reached, as the
share of 361 labelled motorbikes matched one to one at half overlap with a score of 0.3 or more:
DEIMv2 femto 0.68 (0.45 before riders were merged), YOLOX nano 0.48, DEIMv2 atto 0.44.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.optimize import linear_sum_assignment

from edge.detector.onnx import Detector
from edge.geometry import iou
from edge.scene import Frame
from tests.assets import asset
from tests.builders import NOON
from tests.labelled_bikes import labelled

ROOT = Path(__file__).resolve().parents[2]
FLOORS = {"deimv2_femto_coco_416": 0.66, "yolox_nano_416": 0.46, "deimv2_atto_coco_320": 0.42}
SCORE = 0.3

pytestmark = pytest.mark.assets


@pytest.mark.parametrize("model", sorted(FLOORS))
def test_motorbikes_in_a_dense_queue_are_found(model: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONGLAM_MODELS", str(asset("models")))
    detector = Detector.load(ROOT / f"models/{model}/1.0.0/manifest.json", threads=2)
    matched = total = 0

    for picture, truth in labelled():
        users = detector.detect(Frame("gate", picture, NOON, 0.0))
        bikes = [
            i
            for i, name in enumerate(users.class_names)
            if name in {"motorbike", "bicycle"} and users.scores[i] >= SCORE
        ]
        overlap = iou(truth, users.xyxy[bikes])
        rows, columns = linear_sum_assignment(-overlap)
        matched += int((overlap[rows, columns] >= 0.5).sum())
        total += len(truth)

    assert total == 361
    assert matched / total >= FLOORS[model]
