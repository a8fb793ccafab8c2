"""Hours of the week, local time: what a sign with hours says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from edge.config.hours import LOCAL, Hours, holds

MONDAY = datetime(2026, 3, 2, tzinfo=LOCAL)


def at(day: int, clock: str) -> datetime:
    """Return a local wall time, in UTC as frames carry it; day 0 is a Monday."""
    hours, minutes = clock.split(":")
    local = MONDAY + timedelta(days=day, hours=int(hours), minutes=int(minutes))
    return local.astimezone(UTC)


@pytest.mark.parametrize(
    ("day", "clock", "held"),
    [(0, "06:29", False), (0, "06:30", True), (4, "21:59", True), (0, "22:00", False)],
)
def test_a_window_holds_from_its_start_until_before_its_end(
    day: int, clock: str, *, held: bool
) -> None:
    window = Hours(days=("mon", "tue", "wed", "thu", "fri"), start="06:30", end="22:00")
    assert window.hold(at(day, clock)) is held


def test_a_window_does_not_hold_on_another_day() -> None:
    assert not Hours(days=("mon",), start="06:30", end="22:00").hold(at(5, "12:00"))


@pytest.mark.parametrize(
    ("day", "clock", "held"),
    [(4, "21:59", False), (4, "22:00", True), (5, "04:59", True), (5, "05:00", False),
     (5, "23:00", False), (4, "03:00", False)],
)  # fmt: skip
def test_a_window_over_midnight_belongs_to_the_day_it_begins_on(
    day: int, clock: str, *, held: bool
) -> None:
    assert Hours(days=("fri",), start="22:00", end="05:00").hold(at(day, clock)) is held


def test_no_windows_mean_always_and_one_of_several_is_enough() -> None:
    night, noon = Hours(start="22:00", end="05:00"), Hours(start="11:00", end="13:00")
    assert holds((), at(0, "12:00"))
    assert holds((night, noon), at(0, "12:00"))
    assert not holds((night, noon), at(0, "15:00"))


@given(st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1)))  # noqa: DTZ001 - made aware below
def test_a_window_and_its_rest_of_the_day_cover_every_instant_once(when: datetime) -> None:
    instant = when.replace(tzinfo=UTC)
    assert Hours(start="06:00", end="18:00").hold(instant) is not Hours(
        start="18:00", end="06:00"
    ).hold(instant)


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError, match="start"):
        Hours(start="24:00", end="05:00")
