"""Speeds hold their bar on a fixed sample; ``scripts/evaluate speed`` takes the figures."""

from __future__ import annotations

import pytest

from tests.measures.speed import VIEWS, by_view

VEHICLES = 30


@pytest.fixture(scope="module")
def figures() -> dict[str, dict[str, float]]:
    """Return what a small sample shows, measured once."""
    return by_view(VEHICLES)


@pytest.mark.parametrize("view", [*VIEWS, "all"])
def test_speeds_are_true_to_two_percent_and_almost_all_to_five(
    figures: dict[str, dict[str, float]], view: str
) -> None:
    assert figures[view]["median_error"] <= 0.02
    assert figures[view]["p95_error"] <= 0.05


def test_the_interval_covers_the_truth_and_is_not_bought_by_silence_or_width(
    figures: dict[str, dict[str, float]],
) -> None:
    assert figures["all"]["covered_ratio"] >= 0.95
    assert figures["all"]["told_ratio"] >= 0.9
    assert figures["all"]["median_half_width"] <= 0.02


@pytest.mark.parametrize("view", VIEWS)
def test_lost_frames_and_an_uneven_rate_change_next_to_nothing(
    figures: dict[str, dict[str, float]], view: str
) -> None:
    assert figures[view]["median_change_40_percent_lost"] <= 0.01
    assert figures[view]["median_change_uneven_rate"] <= 0.01


def test_a_sloppily_marked_camera_says_so_by_wider_intervals() -> None:
    """Five pixels of noise on points and feet: less true, but the interval knows."""
    sloppy = by_view(15, noise_px=5.0)["all"]

    assert sloppy["covered_ratio"] >= 0.9
    assert sloppy["median_half_width"] > 0.02
