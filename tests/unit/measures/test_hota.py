"""HOTA is told to its referee as it must be: ids, boxes and who does not count."""

from __future__ import annotations

import numpy as np
import pytest

from edge.scene import Detections
from tests.measures.hota import hota
from tests.measures.mot_data import NONE, Look, Sequence

BOXES = np.array([[0, 0, 10, 20], [100, 0, 110, 20]], np.float32)
IDS = np.array([7, 30])
LOOKS = 10


def sequence(distractors: np.ndarray = NONE) -> Sequence:
    look = Look(Detections.empty(), BOXES, IDS, distractors, NONE)
    return Sequence("two stand", 10.0, (200, 100), (look,) * LOOKS)


def test_who_is_followed_without_a_mistake_has_all() -> None:
    assert hota([sequence()], lambda _: [(np.array([3, 4]), BOXES)] * LOOKS) == 100


def test_ids_that_are_swapped_half_way_halve_the_association() -> None:
    """Each pair of ids has five looks of fifteen: HOTA is the root of a third."""
    half = LOOKS // 2
    swapped = [(np.array([3, 4]), BOXES)] * half + [(np.array([4, 3]), BOXES)] * half

    assert hota([sequence()], lambda _: swapped) == pytest.approx(100 * (1 / 3) ** 0.5, abs=0.1)


def test_a_box_on_a_distractor_is_neither_right_nor_false() -> None:
    beside = np.array([[50, 0, 60, 20]], np.float32)
    boxes, ids = np.concatenate([BOXES, beside]), np.array([3, 4, 5])

    assert hota([sequence(beside)], lambda _: [(ids, boxes)] * LOOKS) == 100
    assert hota([sequence()], lambda _: [(ids, boxes)] * LOOKS) < 90
