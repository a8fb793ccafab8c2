"""The base network made ready for us: another input size, eight classes instead of eighty.

Invariant: before any training the new outputs say what the base said of the COCO class each of
ours begins from, so nothing that the base knows of road users is thrown away.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import numpy_helper

from models.classes import CLASSES, COCO_SOURCES

COCO_CLASSES, BOX_VALUES = 80, 5
OPSET = 13
"""The first that quantises per channel; the operators of these networks are the same in 11."""
DOUBTED = {"van": 1.5, "three-wheeler": 2.0}
"""What our classes that COCO does not tell apart lose against their neighbours at the start."""


def with_our_head(base: onnx.ModelProto, input_px: tuple[int, int]) -> onnx.ModelProto:
    """Return a YOLOX network for a (width, height) input and our classes.

    Raises:
        ValueError: It is no YOLOX network of 80 classes.
    """
    model = onnx.ModelProto()
    model.CopyFrom(base)
    rows = [COCO_SOURCES[name] for name in CLASSES]
    doubts = np.array([DOUBTED.get(name, 0.0) for name in CLASSES], np.float32)
    heads = shapes = 0
    for tensor in model.graph.initializer:
        value = numpy_helper.to_array(tensor)
        if value.dtype == np.float32 and value.shape[:1] == (COCO_CLASSES,):
            ours = value[rows] - (doubts if value.ndim == 1 else 0)
            tensor.CopyFrom(numpy_helper.from_array(ours.astype(np.float32), tensor.name))
            heads += value.ndim == 1
        elif value.dtype == np.int64 and value.tolist() == [1, BOX_VALUES + COCO_CLASSES, -1]:
            shape = np.array([1, BOX_VALUES + len(CLASSES), -1])
            tensor.CopyFrom(numpy_helper.from_array(shape, tensor.name))
            shapes += 1
    if not heads or heads != shapes:
        raise ValueError(f"not a YOLOX network of {COCO_CLASSES} classes: {heads} heads")
    model.opset_import[0].version = OPSET
    _resize(model, input_px)
    return model


def _resize(model: onnx.ModelProto, input_px: tuple[int, int]) -> None:
    """Say the new input and output shapes, and forget what was inferred for the old ones."""
    width, height = input_px
    cells = sum((width // stride) * (height // stride) for stride in (8, 16, 32))
    for value, shape in (
        (model.graph.input[0], (1, 3, height, width)),
        (model.graph.output[0], (1, cells, BOX_VALUES + len(CLASSES))),
    ):
        value.CopyFrom(
            onnx.helper.make_tensor_value_info(value.name, onnx.TensorProto.FLOAT, shape)
        )
    del model.graph.value_info[:]
