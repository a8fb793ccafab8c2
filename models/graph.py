"""An ONNX file as a torch module and back: the same graph, with weights that can learn.

Only what YOLOX networks are made of is known (ten operators). Nothing is translated and
re-exported: weights go out into the very graph they came from, so a trained network costs exactly
what its base costs.

Source: operator definitions, https://onnx.ai/onnx/operators.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable


class Graph(nn.Module):  # type: ignore[misc] # torch is not seen by the type check, see pyproject
    """Runs an ONNX graph of one input and one output; float weights are its parameters.

    Invariant: ``forward`` takes any batch of the graph's input size, float32 (n, 3, height, width).
    """

    def __init__(self, model: onnx.ModelProto) -> None:
        """Take the weights of a model; the model itself is not changed."""
        super().__init__()
        graph = model.graph
        self.steps = _fuse([_Step(node) for node in graph.node])
        self.constants: dict[str, Any] = {}
        self.weights = nn.ParameterDict()
        for tensor in graph.initializer:
            value = numpy_helper.to_array(tensor)
            if value.ndim and value.dtype == np.float32 and value.size:
                self.weights[_key(tensor.name)] = nn.Parameter(torch.from_numpy(value.copy()))
            else:
                self.constants[tensor.name] = value
        for name in list(self.weights):  # what is not learnt by a convolution is a constant
            if not any(name in map(_key, s.inputs) for s in self.steps if s.kind == "Conv"):
                self.constants[name[1:]] = self.weights.pop(name).detach().numpy()
        self._input, self._output = graph.input[0].name, graph.output[0].name

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return the graph's output for a batch."""
        values: dict[str, Any] = {self._input: images}
        for step in self.steps:
            arguments = [self._value(name, values) for name in step.inputs]
            values[step.output] = OPERATORS[step.kind](arguments, step.settings)
        output: torch.Tensor = values[self._output]
        return output

    def _value(self, name: str, values: dict[str, Any]) -> Any:
        """Return a tensor that was computed, a weight or a constant."""
        if name in values:
            return values[name]
        key = _key(name)
        return self.weights[key] if key in self.weights else self.constants.get(name)

    def parameters_of(self, step: _Step) -> list[nn.Parameter]:
        """Return the weights that one operator uses."""
        keys = [_key(name) for name in step.inputs]
        return [self.weights[key] for key in keys if key in self.weights]

    def write_to(self, model: onnx.ModelProto) -> None:
        """Put the weights into a model of the same graph."""
        for tensor in model.graph.initializer:
            if _key(tensor.name) in self.weights:
                value = self.weights[_key(tensor.name)].detach().numpy()
                tensor.CopyFrom(numpy_helper.from_array(value, tensor.name))


class _Step:
    """One operator: what it is, its inputs by name, its one output, its settings."""

    def __init__(self, node: onnx.NodeProto) -> None:
        self.kind, self.inputs, self.output = node.op_type, list(node.input), node.output[0]
        self.settings = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}


def _key(name: str) -> str:
    """Return the parameter's name for an initialiser's: torch forbids leading digits and dots."""
    return "w" + name.replace(".", "_")


def _fuse(steps: list[_Step]) -> list[_Step]:
    """Make one step of x · sigmoid(x): half the memory of two, and faster."""
    gates = {step.output: step.inputs[0] for step in steps if step.kind == "Sigmoid"}
    users: dict[str, int] = {}
    for step in steps:
        for name in step.inputs:
            users[name] = users.get(name, 0) + 1
    gone = set()
    for step in steps:
        gate = step.inputs[-1]
        if step.kind == "Mul" and gates.get(gate) == step.inputs[0] and users[gate] == 1:
            step.kind, step.inputs = "Swish", step.inputs[:1]
            gone.add(gate)
    return [step for step in steps if step.output not in gone]


AS_USUAL: dict[str, Any] = {"strides": [1, 1], "pads": [0, 0, 0, 0], "group": 1}
"""What a node that does not say means. Source: ONNX operators Conv and MaxPool."""


def _convolve(inputs: list[Any], settings: dict[str, Any]) -> torch.Tensor:
    """Return a convolution with equal padding on both sides."""
    told = AS_USUAL | settings
    return functional.conv2d(
        inputs[0], inputs[1], inputs[2],
        stride=told["strides"], padding=told["pads"][:2], groups=told["group"],
    )  # fmt: skip


def _slice(inputs: list[Any], _: dict[str, Any]) -> torch.Tensor:
    """Return every so manyth row along one axis."""
    start, end, axis, step = (int(np.asarray(value).item()) for value in inputs[1:5])
    where = [slice(None)] * inputs[0].ndim
    where[axis] = slice(start, None if end > 1 << 31 else end, step)
    result: torch.Tensor = inputs[0][tuple(where)]
    return result


def _pool(inputs: list[Any], settings: dict[str, Any]) -> torch.Tensor:
    """Return the greatest value of each neighbourhood."""
    told = AS_USUAL | settings
    return functional.max_pool2d(inputs[0], told["kernel_shape"], told["strides"], told["pads"][:2])


def _enlarge(inputs: list[Any], _: dict[str, Any]) -> torch.Tensor:
    """Return the picture enlarged by repeating rows and columns."""
    height, width = (float(value) for value in inputs[2][2:])
    return functional.interpolate(inputs[0], scale_factor=(height, width), mode="nearest")


def _reshape(inputs: list[Any], _: dict[str, Any]) -> torch.Tensor:
    """Return another shape; the first length is the batch's, whatever the graph says."""
    result: torch.Tensor = inputs[0].reshape(
        inputs[0].shape[0], *np.asarray(inputs[1]).tolist()[1:]
    )
    return result


OPERATORS: dict[str, Callable[[list[Any], dict[str, Any]], torch.Tensor]] = {
    "Conv": _convolve,
    "Slice": _slice,
    "MaxPool": _pool,
    "Resize": _enlarge,
    "Reshape": _reshape,
    "Concat": lambda inputs, settings: torch.cat(inputs, settings["axis"]),
    "Sigmoid": lambda inputs, _: torch.sigmoid(inputs[0]),
    "Swish": lambda inputs, _: functional.silu(inputs[0]),
    "Mul": lambda inputs, _: inputs[0] * inputs[1],
    "Add": lambda inputs, _: inputs[0] + inputs[1],
    "Transpose": lambda inputs, settings: inputs[0].permute(settings["perm"]),
}
