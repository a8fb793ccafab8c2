"""The committed weights: whole, what their manifests say, and of use on a frame of our own."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import onnx
import pytest
import yaml

from edge.commands.fetch_assets import LISTS, load_lists, verify_committed
from edge.detector.manifest import find_weights, load_manifest
from edge.detector.onnx import Detector
from edge.geometry import iou
from edge.scene import Frame
from models.classes import CLASSES
from models.config import read_training
from models.films import cut_stills

if TYPE_CHECKING:
    from models.labels import Sample

ROOT = Path(__file__).resolve().parents[3]
HOME = ROOT / "models/songlam-traffic/1.1.0"
MANIFESTS = ("manifest.json", "int8.manifest.json")
FILM = ROOT / "configs/demo/rendered/junction-day.mp4"
MOST_BYTES = 12_000_000
FRAME_PX = (960, 540)


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Return a labelled frame of the committed junction."""
    return cut_stills(FILM, tmp_path_factory.mktemp("stills"), 10.0)[1]


@pytest.mark.parametrize("name", MANIFESTS)
def test_the_files_are_what_their_manifests_say(name: str) -> None:
    manifest = load_manifest(HOME / name)

    assert find_weights(manifest, HOME).parent == HOME
    assert tuple(manifest.classes) == CLASSES
    assert tuple(manifest.input_size_px) == read_training(HOME / "training.yaml").input_px


def test_the_registry_knows_them_and_fetches_nothing() -> None:
    ours = [model for model in load_lists(LISTS).models if model.committed]

    assert {model.file for model in ours} == {path.name for path in HOME.glob("*.onnx")}
    assert {verify_committed(model, ROOT) for model in ours} == {"in the repository"}


def test_all_of_it_is_light() -> None:
    assert sum(path.stat().st_size for path in HOME.iterdir()) <= MOST_BYTES


def test_the_base_named_is_the_one_in_the_registry() -> None:
    training = read_training(HOME / "training.yaml")
    registry = yaml.safe_load((ROOT / "models/registry.yaml").read_text("utf-8"))["models"]
    (base,) = (one for one in registry if one["file"] == f"{training.base}.onnx")

    assert base["sha256"] == training.base_sha256
    assert base["licence"] == "Apache-2.0"


def test_the_int8_file_holds_int8_weights_of_every_channel() -> None:
    model = onnx.load(str(HOME / "songlam_traffic_int8.onnx"))
    scales = {t.name: list(t.dims) for t in model.graph.initializer if t.name.endswith("_scale")}
    kinds = {node.op_type for node in model.graph.node}
    per_channel = [dims for dims in scales.values() if dims and dims[0] > 1]

    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
    assert "ConvInteger" not in kinds
    assert len(per_channel) > 90


@pytest.mark.parametrize("name", MANIFESTS)
def test_vehicles_of_a_rendered_frame_are_found(name: str, still: Sample) -> None:
    image = cv2.imread(str(still.picture))
    assert image is not None
    found = Detector.load(HOME / name).detect(
        Frame("gate", image.astype(np.uint8), datetime(2026, 1, 1, tzinfo=UTC), 0.0)
    )
    large = still.boxes_px(FRAME_PX)
    large = large[(large[:, 3] - large[:, 1]) >= 40]
    sure = found.xyxy[found.scores >= 0.3]

    assert len(large) >= 5
    assert (iou(large, sure).max(axis=1) >= 0.5).mean() >= 0.5


def test_the_figures_told_are_of_these_files() -> None:
    figures = json.loads((HOME / "evaluation.json").read_text("utf-8"))
    told = figures["sha256"]

    for name in MANIFESTS:
        manifest = load_manifest(HOME / name)
        assert told[manifest.name] == manifest.files[0].sha256
