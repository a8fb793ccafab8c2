"""The detector over real ONNX Runtime sessions of networks small enough to write down."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edge.detector.onnx import Detector
from edge.errors import ModelError
from edge.scene import Frame
from tests.builders import NOON

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ["person", "car", "bench"]


def constant(name: str, value: np.ndarray) -> onnx.NodeProto:
    """Return a node that always gives one tensor."""
    return helper.make_node("Constant", [], [name], value=numpy_helper.from_array(value))


def deim_network(boxes: np.ndarray, labels: list[int], scores: list[float]) -> onnx.ModelProto:
    """Return a network that sees the same boxes, given relative, in every picture.

    It multiplies them by ``orig_target_sizes`` as the real ones do.
    """
    nodes = [
        constant("relative", boxes.astype(np.float32)[None]),
        constant("labels", np.array([labels], np.int64)),
        constant("scores", np.array([scores], np.float32)),
        helper.make_node("Cast", ["orig_target_sizes"], ["size"], to=TensorProto.FLOAT),
        helper.make_node("Concat", ["size", "size"], ["sizes"], axis=1),
        helper.make_node("Mul", ["relative", "sizes"], ["boxes"]),
    ]
    graph = helper.make_graph(
        nodes,
        "deim",
        [
            helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 32, 32]),
            helper.make_tensor_value_info("orig_target_sizes", TensorProto.INT64, [1, 2]),
        ],
        [
            helper.make_tensor_value_info("labels", TensorProto.INT64, None),
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, None),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, None),
        ],
    )
    return helper.make_model(graph, ir_version=10, opset_imports=[helper.make_opsetid("", 17)])


def placed(folder: Path, network: onnx.ModelProto | bytes, **given: Any) -> Path:
    """Write weights and manifest; return the manifest's path."""
    content = network if isinstance(network, bytes) else network.SerializeToString()
    (folder / "tiny.onnx").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    fields = {
        "name": "tiny",
        "version": "7",
        "family": "deim",
        "input_size_px": [32, 32],
        "classes": CLASSES,
        "files": [{"name": "tiny.onnx", "sha256": digest, "size_bytes": len(content)}],
        "weights": "tiny.onnx",
    }
    path = folder / "manifest.json"
    path.write_text(json.dumps(fields | given))
    return path


def one_car() -> onnx.ModelProto:
    """Return a network that sees one car in the middle and a bench."""
    boxes = np.array([[0.25, 0.5, 0.75, 1.0], [0, 0, 0.1, 0.1]])
    return deim_network(boxes, [1, 2], [0.8, 0.9])


def picture(width: int, height: int) -> Frame:
    """Return a frame of a size."""
    return Frame("gate", np.zeros((height, width, 3), np.uint8), NOON, 0.0)


@pytest.mark.parametrize("size", [(640, 480), (32, 32), (1920, 1080), (101, 37)])
def test_boxes_come_in_source_pixels_of_any_picture(tmp_path: Path, size: tuple[int, int]) -> None:
    detector = Detector.load(placed(tmp_path, one_car()))

    found = detector.detect(picture(*size))

    assert found.class_names == ("car",)
    w, h = size
    assert found.xyxy[0].tolist() == pytest.approx([w / 4, h / 2, w * 3 / 4, h])
    assert found.scores.tolist() == pytest.approx([0.8])


def test_the_model_behind_the_boxes_is_named_with_its_hash(tmp_path: Path) -> None:
    detector = Detector.load(placed(tmp_path, one_car()))
    model = detector.model

    assert model is not None
    assert (model.name, model.version) == ("tiny", "7")
    assert model.sha256 == hashlib.sha256((tmp_path / "tiny.onnx").read_bytes()).hexdigest()


def test_the_same_picture_gives_the_same_boxes_whatever_came_before(tmp_path: Path) -> None:
    detector = Detector.load(placed(tmp_path, one_car()), threads=2)
    detector.warm_up()

    first = detector.detect(picture(640, 480))
    detector.detect(picture(64, 64))
    again = detector.detect(picture(640, 480))

    assert first.xyxy.tolist() == again.xyxy.tolist()


def test_a_network_of_another_family_is_refused_at_warm_up(tmp_path: Path) -> None:
    detector = Detector.load(placed(tmp_path, one_car(), family="yolox"))

    with pytest.raises(ModelError, match="wrong family"):
        detector.warm_up()


def test_a_network_of_another_input_size_says_so(tmp_path: Path) -> None:
    detector = Detector.load(placed(tmp_path, one_car(), input_size_px=[64, 64]))

    with pytest.raises(ModelError, match=r"tiny failed: (?s:.)*Got: 64 Expected: 32"):
        detector.warm_up()


def test_a_class_the_manifest_does_not_name_is_refused(tmp_path: Path) -> None:
    detector = Detector.load(placed(tmp_path, one_car(), classes=["person", "car"]))

    with pytest.raises(ModelError, match="names only 2"):
        detector.warm_up()


@pytest.mark.parametrize("content", [b"", b"\x00" * 64, b"<html>404</html>"])
def test_what_is_no_network_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(ModelError, match="cannot open the model"):
        Detector.load(placed(tmp_path, content))


def test_a_network_cut_off_before_its_end_is_refused(tmp_path: Path) -> None:
    whole = one_car().SerializeToString()

    with pytest.raises(ModelError, match="cannot open the model"):
        Detector.load(placed(tmp_path, whole[: len(whole) // 2]))


def test_an_execution_provider_this_machine_lacks_is_named_with_those_it_has(
    tmp_path: Path,
) -> None:
    path = placed(tmp_path, one_car())

    with pytest.raises(ModelError, match=r"NoSuchProvider is not .* has .*CPUExecutionProvider"):
        Detector.load(path, providers=["NoSuchProvider", "CPUExecutionProvider"])
