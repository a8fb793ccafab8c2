"""Judging rows: each alone, each mistake with its column and what is allowed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from central.areas.catalogue import load_areas
from central.feeds.rows import SHOWN_CHARACTERS, RawRow, RowJudge, shown
from central.feeds.schemas import RejectedRow
from central.indicators.catalogue import Origin, Quality, load_catalogue
from central.indicators.store import Figure

NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "indicator": "health.infectious_cases",
    "area_code": "16690",
    "period_start": "22/11/2026",
    "value": "7",
    "quality": None,
}


def judge(component: str | None = None, default: Quality = Quality.OK) -> RowJudge:
    """Return a judge for one delivery."""
    return RowJudge(load_catalogue(), load_areas(), component, default, NOW)


def figure(**cells: Any) -> Figure:
    """Return the figure in a good row with some cells replaced."""
    verdict = judge().judge(RawRow(2, GOOD | cells))
    assert isinstance(verdict, Figure), verdict
    return verdict


def rejection(component: str | None = None, **cells: Any) -> RejectedRow:
    """Return why a row with some cells replaced is refused."""
    verdict = judge(component).judge(RawRow(2, GOOD | cells))
    assert isinstance(verdict, RejectedRow), verdict
    return verdict


def test_a_good_row_becomes_a_figure_with_its_raw_value() -> None:
    found = figure(value="1.234.567")

    assert found.indicator == "health.infectious_cases"
    assert found.area_code == "16690"
    assert found.period_start == datetime(2026, 11, 21, 17, tzinfo=UTC)
    assert found.value == 1_234_567
    assert found.raw_value == "1.234.567"
    assert found.row_number == 2


@pytest.mark.parametrize(
    "cell", ["16690", 16690, "Trường Vinh", "Phường Trường Vinh", "phuong truong vinh"]
)
def test_an_area_may_be_given_by_code_or_by_name(cell: object) -> None:
    assert figure(area_code=cell).area_code == "16690"


def test_the_province_is_an_area_too() -> None:
    assert figure(area_code="Nghệ An").area_code == "40"
    assert figure(area_code=40).area_code == "40"


def test_no_value_is_kept_as_none() -> None:
    assert figure(value=None).value is None
    assert figure(value="").value is None


@pytest.mark.parametrize(
    ("cell", "quality"),
    [
        (None, Quality.OK),
        ("", Quality.OK),
        ("estimated", Quality.ESTIMATED),
        ("Ước tính", Quality.ESTIMATED),
        ("nhập tay", Quality.MANUAL),
        ("STALE", Quality.STALE),
    ],
)
def test_the_quality_is_read_in_both_languages(cell: object, quality: Quality) -> None:
    assert figure(quality=cell).quality is quality


def test_a_row_without_quality_takes_the_deliverys() -> None:
    verdict = judge(default=Quality.MANUAL).judge(RawRow(2, GOOD))

    assert isinstance(verdict, Figure)
    assert verdict.quality is Quality.MANUAL


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("indicator", "health.nothing", "template"),
        ("indicator", None, "template"),
        ("area_code", "99999", "5-digit code"),
        ("area_code", "", "5-digit code"),
        ("area_code", None, "5-digit code"),
        ("area_code", True, "5-digit code"),
        ("area_code", "Vinh", "5-digit code"),
        ("period_start", "11/2026", "beginning of a day"),
        ("period_start", "24/11/2026", "has not begun"),
        ("value", "bảy", "Want a number"),
        ("value", "-7", "negative"),
        ("value", "7,5", "whole number (cases)"),
        ("value", "=1+1", "formula"),
        ("quality", "tốt", "ok, estimated, manual or stale"),
    ],
)
def test_a_wrong_cell_is_named_with_what_is_allowed(column: str, cell: object, said: str) -> None:
    cells: dict[str, Any] = {column: cell}
    refused = rejection(**cells)

    assert refused.row == 2
    assert refused.column == column
    assert refused.value == shown(cell)
    assert said in refused.message_en
    assert refused.message_vi
    assert refused.message_vi != refused.message_en


def test_a_ratio_may_be_negative_and_broken() -> None:
    found = figure(
        indicator="economy.grdp_growth", area_code="40", period_start="Q3/2026", value="-1,25"
    )

    assert found.value == -1.25


def test_a_commune_has_no_value_of_what_exists_for_the_province_only() -> None:
    refused = rejection(indicator="health.bed_occupancy", value="80")

    assert refused.column == "area_code"
    assert "province only" in refused.message_en


def test_a_feed_writes_to_its_component_only() -> None:
    assert isinstance(judge("health").judge(RawRow(2, GOOD)), Figure)
    assert "only send the component Tourism (tourism)" in rejection("tourism").message_en


def test_nobody_delivers_what_is_counted_here() -> None:
    computed = [
        indicator.code
        for component in load_catalogue().components
        for indicator in component.indicators
        if indicator.origin is Origin.COMPUTED
    ]
    for code in computed:
        assert "computed here" in rejection(indicator=code).message_en


def test_police_figures_come_in_like_any_others() -> None:
    found = figure(indicator="traffic.accidents", period_start="10/2026", value="31")

    assert found.value == 31


def test_the_same_key_twice_in_a_delivery_is_refused_the_second_time() -> None:
    row_judge = judge()
    first = row_judge.judge(RawRow(2, GOOD))
    second = row_judge.judge(RawRow(3, GOOD | {"value": "8"}))
    other = row_judge.judge(RawRow(4, GOOD | {"area_code": "40"}))

    assert isinstance(first, Figure)
    assert isinstance(second, RejectedRow)
    assert "row 2" in second.message_en
    assert isinstance(other, Figure)


def test_a_bad_row_does_not_take_the_place_of_a_good_one() -> None:
    row_judge = judge()
    bad = row_judge.judge(RawRow(2, GOOD | {"value": "x"}))
    good = row_judge.judge(RawRow(3, GOOD))

    assert isinstance(bad, RejectedRow)
    assert isinstance(good, Figure)


def test_what_is_shown_of_a_cell_is_short() -> None:
    assert shown("x" * 500) == "x" * (SHOWN_CHARACTERS - 1) + "…"
    assert shown(None) == ""
    assert shown(NOW - timedelta(0)) == str(NOW)


def test_every_delivered_indicator_takes_a_sensible_row() -> None:
    starts = {
        "hour": "22/11/2026 07:00",
        "day": "22/11/2026",
        "month": "10/2026",
        "quarter": "Q3/2026",
        "year": "2025",
    }
    for component in load_catalogue().components:
        for indicator in component.indicators:
            if indicator.origin is Origin.FEED:
                cells = {"indicator": indicator.code, "area_code": "40", "value": 3}
                start = starts[indicator.period.value]

                assert figure(**cells, period_start=start).value == 3
