"""A tiny network with the three heads of YOLOX, as an ONNX graph."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

from models.base import BOX_VALUES, COCO_CLASSES

WIDTH = 8


def tiny(classes: int = COCO_CLASSES) -> onnx.ModelProto:
    """Return a network with YOLOX's three heads, and little else."""
    nodes: list[onnx.NodeProto] = []
    tensors: list[onnx.TensorProto] = []
    for stride in (8, 16, 32):
        _add_head(stride, classes, nodes, tensors)
    flat = [f"flat{stride}" for stride in (8, 16, 32)]
    nodes.append(helper.make_node("Concat", flat, ["joined"], axis=2))
    nodes.append(helper.make_node("Transpose", ["joined"], ["output"], perm=[0, 2, 1]))
    side = helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, 32, 32])
    out = helper.make_tensor_value_info("output", TensorProto.FLOAT, [1, 21, 5 + classes])
    graph = helper.make_graph(nodes, "tiny", [side], [out], tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)])
    model.ir_version = 8
    return model


def _add_head(
    stride: int, classes: int, nodes: list[onnx.NodeProto], tensors: list[onnx.TensorProto]
) -> None:
    """Add one head: a stem, three convolutions to outputs, and their shape of their own."""
    stem = f"stem{stride}"
    nodes.append(_convolution("images", stem, (WIDTH, 3, stride), tensors))
    outputs = []
    for kind, size in {"box": 4, "object": 1, "class": classes}.items():
        name = f"{kind}{stride}"
        nodes.append(_convolution(stem, name, (size, WIDTH, 1), tensors))
        if kind != "box":
            nodes.append(helper.make_node("Sigmoid", [name], [f"{name}.p"]))
        outputs.append(name if kind == "box" else f"{name}.p")
    shape = np.array([1, BOX_VALUES + classes, -1])
    tensors.append(numpy_helper.from_array(shape, f"shape{stride}"))
    nodes.append(helper.make_node("Concat", outputs, [f"all{stride}"], axis=1))
    nodes.append(helper.make_node("Reshape", [f"all{stride}", f"shape{stride}"], [f"flat{stride}"]))


def _convolution(
    source: str, name: str, size: tuple[int, int, int], tensors: list[onnx.TensorProto]
) -> onnx.NodeProto:
    """Return a convolution of (outputs, inputs, side = stride) and add its weights."""
    outputs, inputs, side = size
    rng = np.random.default_rng(outputs * side)
    weight = rng.normal(0, 0.1, (outputs, inputs, side, side)).astype(np.float32)
    bias = np.arange(outputs, dtype=np.float32) / 100
    tensors.append(numpy_helper.from_array(weight, f"{name}.w"))
    tensors.append(numpy_helper.from_array(bias, f"{name}.b"))
    return helper.make_node(
        "Conv", [source, f"{name}.w", f"{name}.b"], [name],
        kernel_shape=[side, side], strides=[side, side],
    )  # fmt: skip


def answer(model: onnx.ModelProto, image: np.ndarray) -> np.ndarray:
    """Return what a network says."""
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return np.asarray(session.run(None, {"images": image})[0])
