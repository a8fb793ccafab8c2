"""The base with our head: made of a small network of the same build, without torch."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper, numpy_helper

from edge.contract.road_users import ROAD_USERS
from edge.detector.classes import road_user
from edge.simulation.truth import CLASSES as SIMULATED_KINDS
from models.base import BOX_VALUES, COCO_CLASSES, DOUBTED, with_our_head
from models.classes import CLASSES, COCO_SOURCES, PRODUCT, SIMULATED, number
from models.export import last_convolutions, named

HEAD_PX, WIDTH = (64, 32), 8


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


def test_our_outputs_begin_as_the_bases_of_the_same_road_users() -> None:
    image = np.random.default_rng(1).normal(0, 1, (1, 3, 32, 32)).astype(np.float32)
    base, ours = answer(tiny(), image), answer(with_our_head(tiny(), (32, 32)), image)

    assert ours[..., :5] == pytest.approx(base[..., :5], abs=1e-6)
    for name, coco in COCO_SOURCES.items():
        if name not in DOUBTED:
            column = ours[..., 5 + number(name)]
            assert column == pytest.approx(base[..., 5 + coco], abs=1e-6)
        else:
            assert (ours[..., 5 + number(name)] < base[..., 5 + coco]).all()


def test_another_input_gives_as_many_cells_as_it_has() -> None:
    model = with_our_head(tiny(), HEAD_PX)
    cells = sum((HEAD_PX[0] // s) * (HEAD_PX[1] // s) for s in (8, 16, 32))
    said = answer(model, np.zeros((1, 3, HEAD_PX[1], HEAD_PX[0]), np.float32))

    assert said.shape == (1, cells, 5 + len(CLASSES))


def test_the_base_itself_is_not_changed() -> None:
    base = tiny()
    before = base.SerializeToString(deterministic=True)
    with_our_head(base, HEAD_PX)

    assert base.SerializeToString(deterministic=True) == before


def test_a_network_of_other_classes_is_refused() -> None:
    with pytest.raises(ValueError, match="not a YOLOX network of 80 classes"):
        with_our_head(tiny(classes=20), HEAD_PX)


def test_the_outputs_convolutions_stay_in_float() -> None:
    model = named(with_our_head(tiny(), HEAD_PX))
    kept = last_convolutions(model)
    outputs = {node.name: node.output[0] for node in model.graph.node}

    assert {outputs[name].rstrip("0123456789") for name in kept} == {"box", "object", "class"}
    assert len(kept) == 9
    assert len(set(outputs)) == len(model.graph.node)


def test_every_class_has_a_source_and_a_name_that_the_box_knows() -> None:
    assert set(COCO_SOURCES) == set(PRODUCT) == set(CLASSES)
    assert {name: road_user(name) for name in CLASSES} == PRODUCT
    assert set(PRODUCT.values()) == set(ROAD_USERS) - {"livestock"}
    assert {SIMULATED[kind] for kind in SIMULATED_KINDS} == set(CLASSES)
