"""Example data: reproducible, plausible, marked by gaps, and never where police figures stand."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest

from central.areas.catalogue import load_areas
from central.feeds.example_profiles import (
    LEFT_MISSING,
    PROFILES,
    Record,
    example_records,
)
from central.feeds.rows import RawRow, RowJudge
from central.indicators.catalogue import TRAFFIC, Origin, Quality, load_catalogue
from central.indicators.store import Figure

NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def records() -> list[Record]:
    """Return the records of one seed."""
    return list(example_records(37, NOW, 14))


def test_the_same_seed_gives_the_same_records(records: list[Record]) -> None:
    assert list(example_records(37, NOW, 14)) == records


def test_another_seed_gives_other_values(records: list[Record]) -> None:
    others = list(example_records(38, NOW, 14))

    assert [record["value"] for record in others] != [record["value"] for record in records]


def test_a_later_run_gives_the_same_value_for_the_same_period(records: list[Record]) -> None:
    later = {
        (item["indicator"], item["area_code"], item["period_start"]): item["value"]
        for item in example_records(37, NOW.replace(hour=9), 14)
    }

    for record in records:
        key = (record["indicator"], record["area_code"], record["period_start"])
        assert later[key] == record["value"]


def test_every_delivered_indicator_is_made_or_left_out_on_purpose() -> None:
    delivered = {
        indicator.code
        for component in load_catalogue().components
        for indicator in component.indicators
        if indicator.origin is Origin.FEED
    }

    assert set(PROFILES) | LEFT_MISSING == delivered
    assert set(PROFILES) & LEFT_MISSING == set()


def test_not_even_an_example_stands_in_for_police_figures(records: list[Record]) -> None:
    components = {str(record["indicator"]).partition(".")[0] for record in records}

    assert TRAFFIC not in components
    assert len(components) == 8


def test_every_record_is_one_that_the_centre_takes(records: list[Record]) -> None:
    judge = RowJudge(load_catalogue(), load_areas(), None, Quality.OK, NOW)
    verdicts = [judge.judge(RawRow(n, record)) for n, record in enumerate(records)]

    assert [verdict for verdict in verdicts if not isinstance(verdict, Figure)] == []


def test_some_indicators_stop_early_so_that_stale_can_be_seen(records: list[Record]) -> None:
    newest: dict[str, str] = {}
    for record in records:
        code, start = str(record["indicator"]), str(record["period_start"])
        newest[code] = max(start, newest.get(code, ""))

    assert newest["documents.tasks_on_time"] < newest["documents.signed"]
    assert newest["economy.iip"] < newest["economy.cpi"]


def test_some_communes_do_not_deliver_so_that_gaps_can_be_seen(records: list[Record]) -> None:
    communes = Counter(
        record["period_start"]
        for record in records
        if record["indicator"] == "public_services.received"
    )

    assert len(communes) == 14
    assert all(115 <= count <= 130 for count in communes.values())
    assert len(set(communes.values())) > 1


def test_the_running_day_is_not_delivered_yet(records: list[Record]) -> None:
    days = {
        str(record["period_start"])
        for record in records
        if record["indicator"] == "documents.signed"
    }

    assert max(days) == "2026-11-21T17:00:00+00:00"


def test_larger_communes_have_larger_counts(records: list[Record]) -> None:
    people = {area.code: area.population for area in load_areas()}
    pupils = {
        str(record["area_code"]): float(record["value"] or 0)
        for record in records
        if record["indicator"] == "education.students"
    }
    per_head = [count / people[code] for code, count in pupils.items()]

    assert 0.15 < min(per_head) <= max(per_head) < 0.26


def test_values_stay_within_what_was_said_to_be_plausible(records: list[Record]) -> None:
    for record in records:
        profile = PROFILES[str(record["indicator"])]
        if record["area_code"] == "40":
            assert profile.low <= float(record["value"] or 0) <= profile.high, record
