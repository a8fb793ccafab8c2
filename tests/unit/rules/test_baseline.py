"""What is usual at this hour of the week: learned week by week, believed after three."""

from __future__ import annotations

from datetime import timedelta

import pytest

from edge.rules.baseline import MIN_WEEKS, HourlyBaseline
from tests.builders import NOON


def weeks(values: list[float], baseline: HourlyBaseline | None = None) -> HourlyBaseline:
    """Return a baseline that saw one value a week at noon, four looks each, and an hour after."""
    baseline = baseline or HourlyBaseline()
    for week, value in enumerate(values):
        at = NOON + timedelta(weeks=week)
        for minute in range(4):
            baseline.note("people", "square", at + timedelta(minutes=minute), value)
        baseline.note("people", "square", at + timedelta(hours=1), 100.0)
    return baseline


def test_the_mean_of_the_weeks_is_usual() -> None:
    baseline = weeks([2.0, 4.0, 9.0])

    later = NOON + timedelta(weeks=9, minutes=50)
    assert baseline.usual("people", "square", later) == pytest.approx(5.0)


def test_too_few_weeks_are_not_believed() -> None:
    assert weeks([2.0] * (MIN_WEEKS - 1)).usual("people", "square", NOON) is None


def test_another_hour_day_place_or_measure_is_not_known() -> None:
    baseline = weeks([2.0, 4.0, 9.0])

    assert baseline.usual("people", "square", NOON + timedelta(hours=3)) is None
    assert baseline.usual("people", "square", NOON + timedelta(days=1)) is None
    assert baseline.usual("people", "gate", NOON) is None
    assert baseline.usual("speed_kmh", "square", NOON) is None


def test_the_present_hour_is_not_its_own_measure() -> None:
    baseline = weeks([2.0] * MIN_WEEKS)
    now = NOON + timedelta(weeks=MIN_WEEKS)
    for minute in range(50):
        baseline.note("people", "square", now + timedelta(minutes=minute), 90.0)

    assert baseline.usual("people", "square", now + timedelta(minutes=50)) == pytest.approx(2.0)


def test_a_week_counts_once_however_often_it_was_looked_at() -> None:
    baseline = weeks([2.0, 2.0])
    for minute in range(59):
        baseline.note("people", "square", NOON + timedelta(weeks=2, minutes=minute), 8.0)
    baseline.note("people", "square", NOON + timedelta(weeks=2, hours=1), 0.0)

    assert baseline.usual("people", "square", NOON) == pytest.approx(4.0)
