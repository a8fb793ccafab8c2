"""Each family's decoder against a slow one that follows the paper cell by cell."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.detector import deim, yolo, yolox
from edge.detector.protocol import MIN_SCORE, Candidates
from edge.errors import ModelError

INPUT_PX = (64, 32)
SOURCE_PX = (320, 120)
CLASSES = 3
YOLOX_CELLS = 8 * 4 + 4 * 2 + 2 * 1


def rows(found: Candidates) -> list[list[float]]:
    """Return candidates as sorted rows of box, score and class."""
    columns = (found.xyxy, found.scores[:, None], found.class_ids[:, None])
    return sorted(np.concatenate(columns, axis=1).tolist())


def yolox_cell_by_cell(raw: np.ndarray) -> list[list[float]]:
    """Decode a YOLOX output as its paper tells it, one cell after the other."""
    scale = min(INPUT_PX[0] / SOURCE_PX[0], INPUT_PX[1] / SOURCE_PX[1])
    found, index = [], 0
    for stride in (8, 16, 32):
        for y in range(INPUT_PX[1] // stride):
            for x in range(INPUT_PX[0] // stride):
                dx, dy, log_w, log_h, objectness, *scores = map(float, raw[index])
                index += 1
                best = int(np.argmax(scores))
                score = float(np.float32(objectness) * np.float32(scores[best]))
                if score < MIN_SCORE:
                    continue
                cx, cy = (x + dx) * stride / scale, (y + dy) * stride / scale
                w, h = math.exp(log_w) * stride / scale, math.exp(log_h) * stride / scale
                found.append([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2, score, best])
    return sorted(found)


def yolo_cell_by_cell(raw: np.ndarray) -> list[list[float]]:
    """Decode a YOLO output, one cell after the other."""
    scale = min(INPUT_PX[0] / SOURCE_PX[0], INPUT_PX[1] / SOURCE_PX[1])
    top = (INPUT_PX[1] - round(SOURCE_PX[1] * scale)) // 2
    found = []
    for cell in raw.T:
        cx, cy, w, h, *scores = map(float, cell)
        best = int(np.argmax(scores))
        if scores[best] >= MIN_SCORE:
            x1, y1 = (cx - w / 2) / scale, (cy - h / 2 - top) / scale
            found.append([x1, y1, x1 + w / scale, y1 + h / scale, scores[best], best])
    return sorted(found)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_yolox_decodes_as_the_paper_says(seed: int) -> None:
    random = np.random.default_rng(seed)
    raw = random.normal(0, 1, (YOLOX_CELLS, 5 + CLASSES)).astype(np.float32)
    raw[:, 4:] = random.random((YOLOX_CELLS, 1 + CLASSES)).astype(np.float32)

    found = yolox.decode({"output": raw[None]}, INPUT_PX, SOURCE_PX, CLASSES)

    np.testing.assert_allclose(rows(found), yolox_cell_by_cell(raw), rtol=1e-4, atol=1e-2)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_yolo_decodes_cell_by_cell(seed: int, cells: int) -> None:
    random = np.random.default_rng(seed)
    raw = (random.random((4 + CLASSES, cells)) * 32).astype(np.float32)
    raw[4:] /= 32

    found = yolo.decode({"output0": raw[None]}, INPUT_PX, SOURCE_PX, CLASSES)

    np.testing.assert_allclose(rows(found), yolo_cell_by_cell(raw), rtol=1e-4, atol=1e-2)


def deim_outputs(boxes: list[list[float]], scores: list[float], labels: list[int]) -> Any:
    """Return what a DEIM network answers for one picture."""
    return {
        "boxes": np.array([boxes], np.float32).reshape(1, -1, 4),
        "scores": np.array([scores], np.float32),
        "labels": np.array([labels], np.int64),
    }


def test_deim_boxes_are_source_pixels_already_and_weak_ones_go() -> None:
    outputs = deim_outputs([[1, 2, 3, 4], [5, 6, 7, 8]], [0.9, 0.05], [2, 0])

    found = deim.decode(outputs, INPUT_PX, SOURCE_PX, CLASSES)

    assert rows(found) == [pytest.approx([1, 2, 3, 4, 0.9, 2])]


def test_a_picture_with_nothing_in_it_gives_no_candidates() -> None:
    zeros = np.zeros((1, YOLOX_CELLS, 5 + CLASSES), np.float32)

    for found in (
        yolox.decode({"output": zeros}, INPUT_PX, SOURCE_PX, CLASSES),
        yolo.decode({"o": np.zeros((1, 7, 9), np.float32)}, INPUT_PX, SOURCE_PX, CLASSES),
        deim.decode(deim_outputs([], [], []), INPUT_PX, SOURCE_PX, CLASSES),
    ):
        assert found.xyxy.shape == (0, 4)
        assert found.scores.shape == found.class_ids.shape == (0,)


def test_boxes_that_are_no_numbers_are_dropped() -> None:
    """A network run in half precision overflows on some pictures."""
    outputs = deim_outputs([[1, 2, math.nan, 4], [1, 2, math.inf, 4]], [0.9, 0.9], [0, 0])

    assert len(deim.decode(outputs, INPUT_PX, SOURCE_PX, CLASSES).scores) == 0


def test_a_wild_log_size_does_not_overflow() -> None:
    raw = np.zeros((1, YOLOX_CELLS, 5 + CLASSES), np.float32)
    raw[0, 0] = [0, 0, 900, 900, 1, 1, 0, 0]

    found = yolox.decode({"output": raw}, INPUT_PX, SOURCE_PX, CLASSES)

    assert np.isfinite(found.xyxy).all()


@pytest.mark.parametrize(
    ("family", "outputs", "words"),
    [
        (yolox, {"output": np.zeros((1, 99, 8))}, r"\(1, 99, 8\), expected \(1, 42, 8\)"),
        (yolox, {"output": np.zeros((1, 42, 85))}, r"expected \(1, 42, 8\)"),
        (yolo, {"output0": np.zeros((1, 84, 10))}, r"expected \(1, 7, any\)"),
        (yolo, {"output0": np.zeros((7, 10))}, r"\(7, 10\), expected"),
        (deim, {"boxes": np.zeros((1, 3, 4))}, r"must have outputs \['labels', 'scores'\]"),
        (deim, deim_outputs([[1, 2, 3, 4]], [0.9], [7]), "class 7, its manifest names only 3"),
        (
            deim,
            {**deim_outputs([], [0.5], [0]), "boxes": np.zeros((1, 1, 5))},
            r"expected \(1, 1, 4\)",
        ),
    ],
)
def test_an_output_of_another_shape_says_what_was_expected(
    family: Any, outputs: dict[str, np.ndarray], words: str
) -> None:
    with pytest.raises(ModelError, match=words):
        family.decode(outputs, INPUT_PX, SOURCE_PX, CLASSES)


@pytest.mark.parametrize("size", [(320, 120), (64, 32), (17, 501), (1, 1)])
@pytest.mark.parametrize("family", [deim, yolox, yolo])
def test_every_picture_size_becomes_the_one_input_size(family: Any, size: tuple[int, int]) -> None:
    tensor = family.prepare(np.zeros((size[1], size[0], 3), np.uint8), INPUT_PX)[0]

    assert tensor.shape == (1, 3, INPUT_PX[1], INPUT_PX[0])
    assert tensor.dtype == np.float32
    assert tensor.flags.c_contiguous


def test_colours_go_in_as_each_family_learnt_them() -> None:
    """A pure red picture: YOLOX wants it third and 0..255, the others first and 0..1."""
    red = np.zeros((32, 64, 3), np.uint8)
    red[:, :, 2] = 255

    def middle(family: Any) -> list[float]:
        values: list[float] = family.prepare(red, INPUT_PX)[0][0, :, 16, 32].tolist()
        return values

    assert middle(deim) == [1, 0, 0]
    assert middle(yolo) == [1, 0, 0]
    assert middle(yolox) == [0, 0, 255]


def test_deim_is_told_the_source_width_before_the_height() -> None:
    _, size = deim.prepare(np.zeros((120, 320, 3), np.uint8), INPUT_PX)

    assert size.tolist() == [[320, 120]]
    assert size.dtype == np.int64
