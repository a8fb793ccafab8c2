"""``python -m models export``: weights to the two ONNX files and the manifest a box reads.

The trained graph is written as it is; the INT8 file quantises the convolutions alone (static, per
channel, QDQ), with activations measured on training pictures, and leaves the first and the last
convolutions in float: the first spread too far, and offsets, sizes and scores of the last share one
tensor that no 8-bit scale fits.

A checkpoint of ultralytics is turned into ONNX for those who bring their own; ultralytics and its
weights are AGPL-3.0, and nothing of them is shipped with this product.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import onnx
from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)

from edge.detector import yolox
from edge.errors import ConfigError
from models.classes import CLASSES
from models.labels import read_folder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from models.config import Training
    from models.labels import Sample

FIRST_IN_FLOAT = 9
"""Convolutions of the stem and the stage after it stay in float. Source: measured on training
pictures: their values spread over -126..128 with the middle half within 2, all others' over ±15."""
CALIBRATION = 96
LICENCE = "Apache-2.0"
SOURCE = (
    "https://github.com/Megvii-BaseDetection/YOLOX (base), trained in this repository: "
    "python -m models train; see CARD.md and NOTICE beside it"
)


class Pictures(CalibrationDataReader):  # type: ignore[misc]
    """Gives ONNX Runtime's calibration one prepared picture after the other."""

    def __init__(self, samples: Sequence[Sample], name: str, input_px: tuple[int, int]) -> None:
        """Take the pictures and the network's input."""
        self._samples, self._name, self._input_px = iter(samples), name, input_px

    def get_next(self) -> dict[str, Any] | None:
        """Return the next picture, None after the last."""
        sample = next(self._samples, None)
        if sample is None:
            return None
        image: Any = cv2.imread(str(sample.picture))
        return {self._name: yolox.prepare(image, self._input_px)[0]}


def last_convolutions(model: onnx.ModelProto) -> list[str]:
    """Return the names of the convolutions that make the outputs: 4, 1 or our classes wide."""
    sizes = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    wide = {4, 1, len(CLASSES)}
    return [
        node.name
        for node in model.graph.node
        if node.op_type == "Conv"
        and sizes[node.input[1]][0] in wide
        and sizes[node.input[1]][2:] == [1, 1]
    ]


def first_convolutions(model: onnx.ModelProto) -> list[str]:
    """Return the names of the convolutions whose values spread too far for 8 bits."""
    found = [node.name for node in model.graph.node if node.op_type == "Conv"]
    return found[:FIRST_IN_FLOAT]


def named(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with a name on every node: quantisation is told names to leave alone."""
    for place, node in enumerate(model.graph.node):
        node.name = node.name or f"{node.op_type}_{place}"
    return model


def quantise(source: Path, target: Path, samples: Sequence[Sample]) -> None:
    """Write the INT8 file of a float one; activations are measured on the samples."""
    model = onnx.load(str(source))
    entry = model.graph.input[0]
    high, wide = (side.dim_value for side in entry.type.tensor_type.shape.dim[2:])
    quantize_static(
        str(source),
        str(target),
        Pictures(samples, entry.name, (wide, high)),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        reduce_range=True,  # processors without VNNI add two products in 16 bits: 7 bits fit
        op_types_to_quantize=["Conv"],
        nodes_to_exclude=[*first_convolutions(model), *last_convolutions(model)],
        activation_type=QuantType.QUInt8,
        weight_type=QuantType.QInt8,
        extra_options={"ActivationSymmetric": False},
    )


def manifest(name: str, version: str, file: Path, input_px: tuple[int, int]) -> str:
    """Return the text of the manifest of one file."""
    told = {
        "name": name.replace("_", "-"),
        "version": version,
        "family": "yolox",
        "input_size_px": list(input_px),
        "weights": file.name,
        "licence": LICENCE,
        "source": SOURCE,
        "files": [
            {
                "name": file.name,
                "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
                "size_bytes": file.stat().st_size,
            }
        ],
        "classes": list(CLASSES),
    }
    return json.dumps(told, indent=2) + "\n"


def release(run: Path, home: Path, data: Path, training: Training, about: tuple[str, str]) -> None:
    """Write both files, a manifest of each and the log of a run of a (name, version).

    Raises:
        ConfigError: The run has no trained network, or there is no data to calibrate with.
    """
    trained = run / "trained.onnx"
    if not trained.is_file():
        raise ConfigError([f"{trained}: nothing was trained here"])
    samples = [one for part in training.sets for one in read_folder(data / part.folder)]
    rng = np.random.default_rng(training.seed)
    chosen = [samples[i] for i in rng.permutation(len(samples))[:CALIBRATION]]
    home.mkdir(parents=True, exist_ok=True)
    name, version = about
    files = {name: home / f"{name}.onnx", f"{name}_int8": home / f"{name}_int8.onnx"}
    onnx.save(named(onnx.load(str(trained))), str(files[name]))
    quantise(files[name], files[f"{name}_int8"], chosen)
    for called, file in files.items():
        place = home / ("manifest.json" if called == name else "int8.manifest.json")
        place.write_text(manifest(called, version, file, training.input_px), "utf-8")
    shutil.copy(run / "log.csv", home / "log.csv")


def from_ultralytics(checkpoint: Path, size_px: int) -> Path:
    """Return the ONNX file made of an ultralytics checkpoint, beside it; AGPL-3.0.

    Raises:
        ConfigError: ultralytics is not installed.
    """
    try:
        from ultralytics import YOLO  # noqa: PLC0415 - an extra, and AGPL: only when asked for
    except ImportError as error:
        raise ConfigError(["ultralytics (AGPL-3.0) is not installed: extra models"]) from error
    return checkpoint.parent / str(YOLO(str(checkpoint)).export(format="onnx", imgsz=size_px))
