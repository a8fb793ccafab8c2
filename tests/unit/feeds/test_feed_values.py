"""Reading numbers and periods as people and systems write them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.clock import LOCAL
from central.feeds.values import CellError, parse_number, parse_period
from central.indicators.periods import Period, period_start

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        (12, 12.0),
        (0, 0.0),
        (1.5, 1.5),
        ("12", 12.0),
        ("0", 0.0),
        ("1234.5", 1234.5),
        ("1.234,5", 1234.5),
        ("1234,5", 1234.5),
        ("12,345", 12.345),
        ("1.234.567", 1_234_567.0),
        ("0.125", 0.125),
        ("1234.567", 1234.567),
        ("-3,2", -3.2),
        ("−3,2", -3.2),
        ("  7 ", 7.0),
        ("7\u00a0", 7.0),
    ],
)
def test_numbers_are_read_in_both_habits(cell: object, number: float) -> None:
    assert parse_number(cell) == number


@pytest.mark.parametrize("cell", [None, "", "  ", "-", "–", "null", "N/A", "Chưa có dữ liệu"])
def test_saying_that_there_is_no_value_is_none_and_never_zero(cell: object) -> None:
    assert parse_number(cell) is None


@pytest.mark.parametrize("cell", ["1.234", "12.345", "-999.999"])
def test_a_number_that_can_be_read_in_two_ways_is_refused_with_both(cell: str) -> None:
    with pytest.raises(CellError) as caught:
        parse_number(cell)

    assert cell.replace(".", "") in caught.value.vi
    assert cell.replace(".", ",") in caught.value.en


@pytest.mark.parametrize("cell", ["1.234", "-1.234"])
def test_where_only_a_whole_number_makes_sense_there_is_one_reading(cell: str) -> None:
    assert parse_number(cell, whole=True) == float(cell.replace(".", ""))


@pytest.mark.parametrize(
    "cell",
    ["mười", "12 ca", "1,234,567", "1.23.4", "0x1F", "1e5", "--5", "5%", "=A1+B1", "=SUM(A1:A9)"],
)
def test_what_is_no_number_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        parse_number(cell)


def test_a_formula_is_called_one() -> None:
    with pytest.raises(CellError) as caught:
        parse_number("=1+1")

    assert "công thức" in caught.value.vi
    assert "formula" in caught.value.en


@pytest.mark.parametrize("cell", [True, False, [], {}, b"1", float("nan"), float("inf"), 1e16])
def test_what_is_no_finite_number_is_refused(cell: object) -> None:
    with pytest.raises(CellError):
        parse_number(cell)


@given(st.integers(-(10**12), 10**12), st.integers(0, 99))
def test_a_number_written_the_vietnamese_way_reads_back(whole: int, hundredths: int) -> None:
    written = f"{whole:,}".replace(",", ".") + f",{hundredths:02d}"
    sign = -1 if whole < 0 else 1

    assert parse_number(written) == pytest.approx(whole + sign * hundredths / 100)


def outcome(parse: Callable[[], object]) -> tuple[object, CellError | None]:
    """Return what parsing gives, and the error with which it refused."""
    try:
        return parse(), None
    except CellError as error:
        return None, error


@given(st.text(max_size=30))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    number, error = outcome(lambda: parse_number(text))

    assert number is None or isinstance(number, float)
    assert error is None or (error.vi and error.en)


def local(*parts: int) -> datetime:
    """Return a time as a clock in Nghệ An shows it."""
    year, month, day, *rest = parts
    hour, minute = (*rest, 0, 0)[:2]
    return datetime(year, month, day, hour, minute, tzinfo=LOCAL)


@pytest.mark.parametrize(
    ("cell", "period", "start"),
    [
        ("22/11/2026", Period.DAY, local(2026, 11, 22)),
        ("1/9/2026", Period.DAY, local(2026, 9, 1)),
        ("22-11-2026", Period.DAY, local(2026, 11, 22)),
        ("2026-11-22", Period.DAY, local(2026, 11, 22)),
        ("22/11/2026 00:00", Period.DAY, local(2026, 11, 22)),
        ("2026-11-22T00:00:00", Period.DAY, local(2026, 11, 22)),
        ("2026-11-21T17:00:00Z", Period.DAY, local(2026, 11, 22)),
        ("2026-11-22T00:00:00+07:00", Period.DAY, local(2026, 11, 22)),
        (date(2026, 11, 22), Period.DAY, local(2026, 11, 22)),
        (local(2026, 11, 22).replace(tzinfo=None), Period.DAY, local(2026, 11, 22)),
        ("22/11/2026 13:00", Period.HOUR, local(2026, 11, 22, 13)),
        ("22/11/2026 13:05", Period.MINUTE, local(2026, 11, 22, 13, 5)),
        ("10/2026", Period.MONTH, local(2026, 10, 1)),
        ("2026-10", Period.MONTH, local(2026, 10, 1)),
        ("01/10/2026", Period.MONTH, local(2026, 10, 1)),
        ("Q3/2026", Period.QUARTER, local(2026, 7, 1)),
        ("quý 3/2026", Period.QUARTER, local(2026, 7, 1)),
        ("2026-Q3", Period.QUARTER, local(2026, 7, 1)),
        ("01/07/2026", Period.QUARTER, local(2026, 7, 1)),
        ("2026", Period.YEAR, local(2026, 1, 1)),
        (2026, Period.YEAR, local(2026, 1, 1)),
        ("01/01/2026", Period.YEAR, local(2026, 1, 1)),
    ],
)
def test_a_period_is_read_in_every_common_writing(
    cell: object, period: Period, start: datetime
) -> None:
    assert parse_period(cell, period, NOW) == start


@pytest.mark.parametrize(
    ("cell", "period"),
    [
        ("2026", Period.MONTH),
        ("11/2026", Period.DAY),
        ("Q3/2026", Period.MONTH),
        ("22/11/2026", Period.HOUR),
        ("02/10/2026", Period.MONTH),
        ("01/08/2026", Period.QUARTER),
        ("22/11/2026 07:00", Period.DAY),
        ("2026-11-22T00:00:00Z", Period.DAY),
    ],
)
def test_what_names_no_period_of_that_length_is_refused_with_an_example(
    cell: object, period: Period
) -> None:
    with pytest.raises(CellError) as caught:
        parse_period(cell, period, NOW)

    assert "2026" in caught.value.vi
    assert period.value in caught.value.en


@pytest.mark.parametrize(
    "cell",
    ["31/02/2026", "13/13/2026", "hôm nay", "", None, True, 45_000.5, "22.11.2026", "=NOW()"],
)
def test_what_is_no_time_is_refused(cell: object) -> None:
    with pytest.raises(CellError):
        parse_period(cell, Period.DAY, NOW)


@pytest.mark.parametrize("cell", ["24/11/2026", "01/01/2100", "31/12/1989"])
def test_a_period_that_has_not_begun_or_is_far_is_refused(cell: str) -> None:
    with pytest.raises(CellError):
        parse_period(cell, Period.DAY, NOW)


def test_the_running_period_may_be_delivered() -> None:
    assert parse_period("23/11/2026", Period.DAY, NOW) == local(2026, 11, 23)


@given(st.sampled_from(Period), st.integers(0, 10_000))
def test_every_period_reads_back_from_its_iso_time(period: Period, days: int) -> None:
    start = period_start(period, NOW - timedelta(days=days))

    assert parse_period(start.isoformat(), period, NOW) == start


@given(st.text(max_size=30), st.sampled_from(Period))
def test_any_text_is_a_period_or_refused(text: str, period: Period) -> None:
    start, error = outcome(lambda: parse_period(text, period, NOW))

    assert (start is None) == (error is not None)
    assert not isinstance(start, datetime) or start == period_start(period, start)
