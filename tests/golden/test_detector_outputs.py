"""Saved raw outputs of real networks → the road users they mean, checked once by eye.

The picture is one of the clip us-suburban-road-28s at 8 s: two cars drive, one is parked, one waits
far away. Regenerate only when a network changes, and look at the boxes again.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from edge.detector.manifest import load_manifest
from edge.detector.onnx import FAMILIES
from edge.detector.select import road_users

ROOT = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).parent / "detector"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
MIN_SCORE = 0.3


@pytest.mark.parametrize("family", sorted(EXPECTED))
def test_saved_outputs_mean_the_road_users_seen_by_eye(family: str) -> None:
    expected = EXPECTED[family]
    manifest = load_manifest(ROOT / expected["manifest"])
    source_px = (expected["source_px"][0], expected["source_px"][1])
    with np.load(FOLDER / f"{family}.npz") as saved:
        outputs = dict(saved)

    found = FAMILIES[family].decode(
        outputs, manifest.input_size_px, source_px, len(manifest.classes)
    )
    users = road_users(found, manifest.classes, source_px)

    sure = [i for i in range(len(users)) if users.scores[i] >= MIN_SCORE]
    assert [users.class_names[i] for i in sure] == [row[0] for row in expected["road_users"]]
    np.testing.assert_allclose(
        [[users.scores[i], *users.xyxy[i]] for i in sure],
        [row[1:] for row in expected["road_users"]],
        atol=0.06,
    )
