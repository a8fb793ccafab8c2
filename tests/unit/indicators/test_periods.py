"""Periods: local calendars, UTC on the inside."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.clock import LOCAL
from central.indicators.periods import (
    Period,
    last_starts,
    period_end,
    period_start,
    shift,
    starts_between,
)

times = st.datetimes(
    min_value=datetime(2001, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    max_value=datetime(2098, 1, 1),  # noqa: DTZ001 - hypothesis wants naive bounds
    timezones=st.just(UTC),
)
periods = st.sampled_from(Period)


def local(*parts: int) -> datetime:
    """Return a time as a clock in Nghệ An shows it."""
    year, month, day, *rest = parts
    hour, minute = (*rest, 0, 0)[:2]
    return datetime(year, month, day, hour, minute, tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("period", "start"),
    [
        (Period.MINUTE, local(2026, 11, 23, 0, 30)),
        (Period.HOUR, local(2026, 11, 23, 0)),
        (Period.DAY, local(2026, 11, 23)),
        (Period.MONTH, local(2026, 11, 1)),
        (Period.QUARTER, local(2026, 10, 1)),
        (Period.YEAR, local(2026, 1, 1)),
    ],
)
def test_a_period_begins_where_the_local_calendar_says(period: Period, start: datetime) -> None:
    half_past_midnight = local(2026, 11, 23, 0, 30) + timedelta(seconds=41)

    assert period_start(period, half_past_midnight) == start


def test_the_last_hours_of_a_utc_day_belong_to_the_next_local_day() -> None:
    evening_utc = datetime(2026, 12, 31, 18, 0, tzinfo=UTC)

    assert period_start(Period.YEAR, evening_utc) == local(2027, 1, 1)


@pytest.mark.parametrize(
    ("start", "steps", "expected"),
    [
        (local(2026, 11, 1), 2, local(2027, 1, 1)),
        (local(2026, 1, 1), -1, local(2025, 12, 1)),
        (local(2024, 2, 1), 12, local(2025, 2, 1)),
        (local(2026, 3, 1), -15, local(2024, 12, 1)),
    ],
)
def test_months_are_counted_over_the_turn_of_the_year(
    start: datetime, steps: int, expected: datetime
) -> None:
    assert shift(Period.MONTH, start, steps) == expected


@given(periods, times)
def test_a_time_lies_in_its_period(period: Period, at: datetime) -> None:
    start = period_start(period, at)

    assert start <= at < period_end(period, start)


@given(periods, times)
def test_the_start_of_a_start_is_itself(period: Period, at: datetime) -> None:
    start = period_start(period, at)

    assert period_start(period, start) == start


@given(periods, times, st.integers(-40, 40))
def test_going_there_and_back_changes_nothing(period: Period, at: datetime, steps: int) -> None:
    start = period_start(period, at)

    assert shift(period, shift(period, start, steps), -steps) == start


@given(periods, times, st.integers(1, 40))
def test_periods_follow_one_another_without_gap(period: Period, at: datetime, count: int) -> None:
    starts = last_starts(period, period_start(period, at), count)

    assert len(starts) == count
    assert starts[-1] == period_start(period, at)
    assert all(period_end(period, early) == late for early, late in itertools.pairwise(starts))


def test_a_window_has_every_period_it_touches_oldest_first() -> None:
    starts = starts_between(Period.DAY, local(2026, 11, 20, 13), local(2026, 11, 22, 1), 100)

    assert starts == [local(2026, 11, 20), local(2026, 11, 21), local(2026, 11, 22)]


def test_a_careless_window_gives_only_the_newest_periods() -> None:
    starts = starts_between(Period.MINUTE, local(2020, 1, 1), local(2026, 1, 1), 5)

    assert len(starts) == 5
    assert starts[-1] == local(2026, 1, 1)


def test_a_window_that_ends_before_it_begins_is_empty() -> None:
    assert starts_between(Period.DAY, local(2026, 2, 2), local(2026, 2, 1), 10) == []
