"""Average precision and recall, against figures worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from models.accuracy import Shown, average_precision, mean_precision, size_of, tally

Box = tuple[float, float, float, float]
A: Box = (10, 10, 30, 30)
B: Box = (50, 10, 70, 30)
AWAY: Box = (80, 80, 99, 99)
NAMES = ("motorbike", "car")


def shown(true: list[tuple[Box, str | None]], said: list[tuple[Box, str, float]]) -> Shown:
    """Return a picture of 100 × 100."""
    return Shown(
        (100, 100),
        np.array([box for box, _ in true], np.float32).reshape(-1, 4),
        tuple(name for _, name in true),
        np.array([box for box, _, _ in said], np.float32).reshape(-1, 4),
        tuple(name for _, name, _ in said),
        np.array([score for _, _, score in said], np.float32),
    )


def test_all_found_is_one_and_nothing_found_is_zero() -> None:
    true: list[tuple[Box, str | None]] = [(A, "motorbike"), (B, "motorbike")]
    all_found = [(A, "motorbike", 0.9), (B, "motorbike", 0.8)]

    assert tally([shown(true, all_found)], NAMES)["motorbike"].precision() == 1
    assert tally([shown(true, [])], NAMES)["motorbike"].precision() == 0


def test_a_false_box_between_two_right_ones_costs_what_the_curve_says() -> None:
    scores, right = np.array([0.9, 0.8, 0.7]), np.array([True, False, True])

    assert average_precision(scores, right, 2) == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)


def test_a_second_box_on_one_motorbike_is_false() -> None:
    said = [(A, "motorbike", 0.9), ((11.0, 10.0, 31.0, 30.0), "motorbike", 0.8)]
    found = tally([shown([(A, "motorbike")], said)], NAMES)["motorbike"]

    assert found.right == [True, False]


def test_a_box_of_another_class_is_missed_and_false() -> None:
    found = tally([shown([(A, "motorbike")], [(A, "car", 0.9)])], NAMES)

    assert found["motorbike"].recall() == 0
    assert found["car"].right == [False]
    assert math.isnan(found["car"].precision())


def test_what_must_not_be_counted_is_neither_missed_nor_false() -> None:
    true: list[tuple[Box, str | None]] = [(A, "motorbike"), (B, None)]
    said = [(A, "motorbike", 0.9), (B, "motorbike", 0.95)]
    found = tally([shown(true, said)], NAMES)["motorbike"]

    assert (found.labelled, found.right) == (1, [True])


def test_recall_counts_from_the_score_a_track_begins_with() -> None:
    true: list[tuple[Box, str | None]] = [(A, "motorbike"), (B, "motorbike")]
    said = [(A, "motorbike", 0.31), (B, "motorbike", 0.29)]
    found = tally([shown(true, said)], NAMES)["motorbike"]

    assert found.recall() == 0.5
    assert found.precision() == 1


def test_sizes_are_shares_of_the_picture() -> None:
    assert size_of(np.array(A, np.float32), (100, 100)) == "large"
    assert size_of(np.array(A, np.float32), (200, 200)) == "medium"
    assert size_of(np.array(A, np.float32), (640, 480)) == "small"


def test_recall_is_told_by_size() -> None:
    true: list[tuple[Box, str | None]] = [(A, "motorbike"), ((90.0, 90.0, 94.0, 94.0), "motorbike")]
    found = tally([shown(true, [(A, "motorbike", 0.9)])], NAMES)["motorbike"]

    assert (found.recall("large"), found.recall("small")) == (1, 0)
    assert (found.count("large"), found.count("small")) == (1, 1)
    assert math.isnan(found.recall("medium"))


def test_the_mean_is_of_the_classes_that_are_labelled() -> None:
    found = tally([shown([(A, "motorbike")], [(A, "motorbike", 0.9), (AWAY, "car", 0.9)])], NAMES)

    assert mean_precision(found) == 1


def test_pictures_are_matched_one_by_one() -> None:
    empty = shown([], [(A, "motorbike", 0.9)])
    found = tally([empty, shown([(A, "motorbike")], [])], NAMES)["motorbike"]

    assert (found.right, found.recall()) == ([False], 0)
