"""Tiny real ONNX models, good and bad, signed as a centre would, so that tests are quick."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import onnx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from onnx import TensorProto, helper, numpy_helper

from edge.contract.messages import DesiredMessage, ModelFile, ModelManifest
from tests.builders import NOON

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

INPUT_PX = 64
CLASSES = ("person", "car")
Behaviour = Literal[
    "sees_a_car", "sees_nothing", "not_finite", "endless", "endless_on_white", "elsewhere"
]


def weights(behaviour: Behaviour = "sees_a_car", salt: int = 0) -> bytes:
    """Return an ONNX file of the ``yolo`` family with 64×64 input that behaves as said.

    ``salt`` makes files differ that do the same.
    """
    answer = np.zeros((1, 4 + len(CLASSES), 3), np.float32)
    if behaviour != "sees_nothing":
        answer[0, :, 0] = (32, 32, 20, 10, 0.0, 0.9)
    if behaviour == "elsewhere":
        answer[0, :, 0] = (12, 32, 16, 8, 0.0, 0.9)
    if behaviour == "not_finite":
        answer[0, 0, 1] = np.nan
    nodes = [
        helper.make_node("ReduceMean", ["images"], ["mean"], keepdims=1),
        helper.make_node("Mul", ["mean", "zero"], ["nothing"]),
        helper.make_node("Squeeze", ["nothing", "last_axis"], ["nothing3"]),
        helper.make_node("Add", ["answer", "nothing3"], ["output0"]),
    ]
    constants: dict[str, NDArray[Any]] = {
        "zero": np.zeros(1, np.float32),
        "last_axis": np.array([3], np.int64),
        "answer": answer,
    }
    if behaviour.startswith("endless"):
        nodes[3:] = _endless_loop()
        constants["forever"] = np.array(np.iinfo(np.int64).max, np.int64)
        constants["bright"] = np.array(0.6 if behaviour == "endless_on_white" else -1.0, np.float32)
    graph = helper.make_graph(
        nodes,
        f"tiny-{behaviour}-{salt}",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, INPUT_PX, INPUT_PX])],
        [helper.make_tensor_value_info("output0", TensorProto.FLOAT, list(answer.shape))],
        [_tensor(name, value) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _tensor(name: str, value: NDArray[Any]) -> TensorProto:
    """Return a constant of a graph."""
    return numpy_helper.from_array(np.asarray(value), name)


def _endless_loop() -> list[onnx.NodeProto]:
    """Return nodes that add zero for ever before they answer, if the mean is over ``bright``."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["going"], ["go_on"]),
            helper.make_node("Add", ["so_far", "nothing3"], ["sum"]),
        ],
        "round",
        [
            helper.make_tensor_value_info("round", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("so_far", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, None),
        ],
    )
    return [
        helper.make_node("Squeeze", ["mean"], ["mean0"]),
        helper.make_node("Greater", ["mean0", "bright"], ["yes"]),
        helper.make_node("Loop", ["forever", "yes", "answer"], ["output0"], body=body),
    ]


@dataclass
class Signer:
    """A centre's key, and what it signs."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    @property
    def public_key(self) -> str:
        """Return the key a box pins."""
        return base64.b64encode(self.key.public_key().public_bytes_raw()).decode()

    def desired(self, manifest: ModelManifest, number: int = 1) -> DesiredMessage:
        """Return the signed wish that a box runs a model."""
        signature = self.key.sign(manifest.canonical_bytes())
        return DesiredMessage(
            message_id=f"desired:{number}",
            box_id="n1",
            sent_at=NOON,
            manifest_json=manifest.canonical_bytes().decode(),
            signature=base64.b64encode(signature).decode(),
            download_path=f"/api/v1/box/models/{manifest.name}/{manifest.version}",
        )


def manifest_of(version: str = "1.0.0", **files: bytes) -> ModelManifest:
    """Return the manifest of files given as ``model_onnx=…, golden_mp4=…``."""
    named = {name.replace("_", "."): content for name, content in files.items()}
    return ModelManifest(
        name="tiny",
        version=version,
        family="yolo",
        input_size_px=(INPUT_PX, INPUT_PX),
        classes=CLASSES,
        files=tuple(
            ModelFile(
                name=name, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content)
            )
            for name, content in named.items()
        ),
        weights="model.onnx",
    )


def write_model(folder: Path, version: str = "1.0.0", behaviour: Behaviour = "sees_a_car") -> Path:
    """Write a model as it lies on a box; return its manifest's path."""
    folder.mkdir(parents=True, exist_ok=True)
    content = weights(behaviour)
    (folder / "model.onnx").write_bytes(content)
    path = folder / "manifest.json"
    path.write_bytes(manifest_of(version, model_onnx=content).canonical_bytes())
    return path
