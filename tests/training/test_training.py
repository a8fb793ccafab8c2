"""Learning itself: apart from the other tests, because it needs the extra ``models`` (torch)."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
import torch

from models.base import with_our_head
from models.config import read_training
from models.graph import Graph
from models.loss import Cells, Target, assign, loss_of, overlap
from models.train import LEAST_RATE, kept_log, rate_at
from tests.tiny_yolox import answer, tiny

HOME = Path("models/songlam-traffic/1.1.0")
INPUT_PX = (64, 32)
BOXES = torch.tensor([[4.0, 4.0, 24.0, 28.0]])
TOLD = torch.ones(8)


def outputs_of(cells: Cells, boxes: Any, *, score: float) -> Any:
    """Return outputs (1, cells, 13) of a network that says this box in every cell."""
    middle, size = (boxes[:, :2] + boxes[:, 2:]) / 2, boxes[:, 2:] - boxes[:, :2]
    offset = (middle - cells.corners) / cells.strides
    log_size = (size / cells.strides).log()
    scores = torch.full((len(cells.corners), 9), score)
    return torch.cat([offset, log_size, scores], 1)[None]


def test_the_committed_graph_says_in_torch_what_it_says_in_onnx_runtime() -> None:
    model = onnx.load(str(HOME / "songlam_traffic.onnx"))
    height, width = (d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim[2:])
    image = np.random.default_rng(0).uniform(0, 255, (1, 3, height, width)).astype(np.float32)

    assert Graph(model)(torch.from_numpy(image)).detach().numpy() == pytest.approx(
        answer(model, image), abs=2e-3
    )


def test_weights_go_back_into_the_graph_they_came_from() -> None:
    model = with_our_head(tiny(), INPUT_PX)
    network = Graph(model)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(0.5)
    image = np.ones((1, 3, 32, 64), np.float32)
    network.write_to(model)

    assert answer(model, image) == pytest.approx(
        network(torch.from_numpy(image)).detach().numpy(), abs=1e-5
    )


def test_boxes_are_decoded_as_the_roadside_box_decodes_them() -> None:
    cells = Cells(INPUT_PX)
    decoded = cells.boxes(outputs_of(cells, BOXES, score=0.5))[0]

    assert decoded.numpy() == pytest.approx(np.repeat(BOXES.numpy(), len(decoded), 0), abs=1e-3)


def test_overlap_of_halves_is_a_third() -> None:
    a, b = torch.tensor([0.0, 0, 10, 10]), torch.tensor([5.0, 0, 15, 10])
    iou, generalised = overlap(a, b)

    assert float(iou) == pytest.approx(1 / 3, abs=1e-4)
    assert float(generalised) == pytest.approx(1 / 3, abs=1e-4)


def test_cells_near_the_middle_answer_and_none_far_away() -> None:
    cells = Cells(INPUT_PX)
    boxes = cells.boxes(outputs_of(cells, BOXES, score=0.5))[0]
    target = Target(BOXES, torch.tensor([2]), TOLD)
    at, number, iou = assign(boxes, torch.full((len(boxes), 8), 0.5), target, cells)

    assert len(at) >= 1
    assert set(number.tolist()) == {0}
    assert float(iou.min()) > 0.99
    assert float((cells.middles[at] - torch.tensor([14.0, 16.0])).abs().max()) < 2.5 * 32


def test_the_right_answer_costs_less_than_a_wrong_one() -> None:
    cells = Cells(INPUT_PX)
    target = [Target(BOXES, torch.tensor([2]), TOLD)]
    right = loss_of(outputs_of(cells, BOXES, score=0.5), target, cells)
    wrong = loss_of(outputs_of(cells, BOXES + 9, score=0.5), target, cells)

    assert float(right["box"]) < 0.01 < float(wrong["box"])


def test_a_doubtful_place_is_punished_neither_way() -> None:
    cells = Cells(INPUT_PX)
    whole = torch.tensor([[0.0, 0.0, 64.0, 32.0]])
    said = outputs_of(cells, BOXES, score=0.9)
    nothing = Target(torch.empty(0, 4), torch.empty(0, dtype=torch.int64), TOLD)
    doubtful = Target(whole, torch.tensor([-1]), TOLD)

    assert float(loss_of(said, [doubtful], cells)["all"]) == 0
    assert float(loss_of(said, [nothing], cells)["all"]) > 1


def test_a_class_that_the_labels_cannot_tell_is_not_taught() -> None:
    cells = Cells(INPUT_PX)
    told = TOLD.clone()
    told[3] = 0
    said = outputs_of(cells, BOXES, score=0.5).clone().requires_grad_()
    loss_of(said, [Target(BOXES, torch.tensor([2]), told)], cells)["class"].backward()

    assert float(said.grad[..., 5 + 3].abs().sum()) == 0
    assert float(said.grad[..., 5 + 4].abs().sum()) > 0


def test_the_rate_rises_stays_and_falls() -> None:
    training = read_training(HOME / "training.yaml")
    rates = [rate_at(training, step) for step in range(training.steps)]
    level = training.steps - training.cool_down_steps

    assert rates[0] == pytest.approx(training.rate / training.warm_up_steps)
    assert set(rates[training.warm_up_steps : level]) == {training.rate}
    assert training.rate * LEAST_RATE < rates[-1] < training.rate * 0.05
    assert not any(math.isnan(rate) for rate in rates)


def test_a_run_that_goes_on_forgets_what_it_must_do_again(tmp_path: Path) -> None:
    log = tmp_path / "log.csv"
    log.write_text("step,all\n10,3.0\n20,2.0\n30,1.0\n", "utf-8")

    assert kept_log(log, 20).splitlines()[1:] == ["10,3.0", "20,2.0"]
