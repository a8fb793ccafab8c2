"""Readings: freshness by period, missing is never a number, gaps stay gaps."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from central.indicators.catalogue import Freshness, Indicator, Quality, load_catalogue
from central.indicators.readings import (
    TREND_PERIODS,
    Reading,
    fill,
    freshness,
    merge,
    stale_since,
    trend,
)
from tests.ioc import NOW, TODAY

DAY = timedelta(days=1)


def indicator(code: str = "health.infectious_cases") -> Indicator:
    """Return a definition of the catalogue; by default a daily one, stale after 36 hours."""
    found = load_catalogue().find(code)
    assert found is not None
    return found


def reading(start: datetime, value: float | None = 5.0, **given: Any) -> Reading:
    """Return a reading of one period."""
    fields: dict[str, Any] = {
        "period_start": start,
        "value": value,
        "received_at": NOW,
        "source": "so-y-te",
        "quality": Quality.OK,
        "example": False,
    }
    return Reading(**(fields | given))


def test_nothing_delivered_is_missing() -> None:
    assert freshness(indicator(), None, NOW) is Freshness.MISSING


def test_a_source_that_says_it_has_no_value_is_missing_and_not_zero() -> None:
    assert freshness(indicator(), reading(TODAY, None), NOW) is Freshness.MISSING


def test_a_delivered_zero_is_a_value() -> None:
    assert freshness(indicator(), reading(TODAY - DAY, 0.0), NOW) is Freshness.FRESH


@pytest.mark.parametrize(
    ("days_ago", "expected"),
    [(0, Freshness.FRESH), (1, Freshness.FRESH), (2, Freshness.FRESH), (3, Freshness.STALE)],
)
def test_a_daily_value_is_stale_when_the_next_is_overdue(
    days_ago: int, expected: Freshness
) -> None:
    # At half past ten, the day before yesterday ended 34.5 hours ago; 36 are allowed.
    assert freshness(indicator(), reading(TODAY - days_ago * DAY), NOW) is expected


def test_an_old_figure_sent_again_today_is_still_stale() -> None:
    old = reading(TODAY - 30 * DAY, received_at=NOW)

    assert freshness(indicator(), old, NOW) is Freshness.STALE


def test_a_figure_that_its_source_calls_stale_is_stale() -> None:
    called_so = reading(TODAY, quality=Quality.STALE)

    assert freshness(indicator(), called_so, NOW) is Freshness.STALE


def test_a_stale_figure_says_since_when_the_next_was_due() -> None:
    old = reading(TODAY - 3 * DAY)

    assert stale_since(indicator(), old, NOW) == TODAY - 2 * DAY + timedelta(hours=36)


def test_a_figure_that_its_source_calls_stale_is_so_since_it_came() -> None:
    called_so = reading(TODAY, quality=Quality.STALE, received_at=NOW - DAY)

    assert stale_since(indicator(), called_so, NOW) == NOW - DAY


@pytest.mark.parametrize("value", [None, 5.0])
def test_what_is_missing_or_fresh_is_stale_since_no_time(value: float | None) -> None:
    assert stale_since(indicator(), None, NOW) is None
    assert stale_since(indicator(), reading(TODAY, value), NOW) is None


def test_a_fresh_figure_turns_stale_by_time_alone() -> None:
    yesterday = reading(TODAY - DAY)
    edge = TODAY + timedelta(hours=36)

    assert freshness(indicator(), yesterday, edge) is Freshness.FRESH
    assert freshness(indicator(), yesterday, edge + timedelta(seconds=1)) is Freshness.STALE


def test_a_trend_has_twelve_steps_and_leaves_gaps_open() -> None:
    readings = {at: reading(at) for at in (TODAY, TODAY - 2 * DAY)}
    steps = trend(indicator(), readings)

    assert len(steps) == TREND_PERIODS
    assert steps[-1][1] is not None
    assert steps[-2] == (TODAY - DAY, None)
    assert steps[-3][1] is not None
    assert steps[0][1] is None


def test_without_readings_there_is_no_trend() -> None:
    assert trend(indicator(), {}) == []


def test_filling_keeps_the_order_of_the_periods() -> None:
    starts = [TODAY - DAY, TODAY]

    assert fill(starts, {TODAY: reading(TODAY)})[0] == (TODAY - DAY, None)


def test_what_was_delivered_for_the_area_goes_before_the_sum_of_its_communes() -> None:
    merged = merge([reading(TODAY, 100.0)], [reading(TODAY, 90.0, reported=120)])

    assert merged[TODAY].value == 100.0
    assert merged[TODAY].reported is None


def test_a_sum_fills_periods_for_which_nothing_was_delivered() -> None:
    merged = merge([reading(TODAY, 100.0)], [reading(TODAY - DAY, 90.0, reported=120)])

    assert merged[TODAY - DAY].reported == 120


def test_a_delivered_no_value_does_not_hide_a_sum() -> None:
    merged = merge([reading(TODAY, None)], [reading(TODAY, 90.0, reported=120)])

    assert merged[TODAY].value == 90.0
