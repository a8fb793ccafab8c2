"""The tables of the law: what applied on which day, who may sanction, when periods end."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from central.incidents import legal
from central.law.periods import Calendar, UnknownYearError
from central.law.schemas import Deadline, Offence, Year
from central.law.tables import SHIPPED, load_law
from central.tables.incidents import IncidentRow
from edge.contract.catalogue import CATALOGUE
from edge.contract.catalogue_entry import IncidentClass

if TYPE_CHECKING:
    from pathlib import Path

LAW = load_law()
BEFORE, AFTER = date(2026, 8, 14), date(2026, 8, 15)


def deadline(**given: Any) -> Deadline:
    """Return a period of ten plain days; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "code": "x", "name_vi": "x", "name_en": "x", "days": 10, "working_days": False,
        "next_working_day": False, "starts": "detected", "ends": "hand_over", "warn_days": [3, 1],
        "effective_from": date(2025, 1, 1), "effective_to": None, "source": "x", "verified": False,
    }  # fmt: skip
    return Deadline(**(fields | given))


def test_every_rule_of_the_catalogue_has_an_entry_today() -> None:
    codes = {each.code for each in LAW.offences if each.is_in_force(date(2026, 11, 28))}

    assert {entry.code for entry in CATALOGUE.values()} <= codes


@pytest.mark.parametrize("day", [date(2025, 3, 1), date(2026, 9, 1), date(2026, 11, 28)])
def test_every_violation_names_an_article_whenever_it_was_captured(day: date) -> None:
    in_force = {each.code for each in LAW.offences if each.is_in_force(day)}
    violations = [e for e in CATALOGUE.values() if e.incident_class is IncidentClass.VIOLATION]
    codes = {entry.code_on(kind) for entry in violations for kind in ("street", "expressway")}

    assert {"VP_NGUOC_CHIEU", "VP_NGUOC_CHIEU_CT"} <= codes <= in_force


def test_entries_name_rules_that_exist_and_no_entry_claims_to_be_verified() -> None:
    named = {each.rule for each in LAW.offences} - {""}

    assert named <= set(CATALOGUE)
    assert not any(each.verified for each in LAW.offences)


@pytest.mark.parametrize(
    ("code", "object_class", "article", "most_dong", "points"),
    [
        ("VP_DEN_DO", "car", "6.9.b", 20_000_000, 4),
        ("VP_DEN_DO", "motorbike", "7.7.c", 6_000_000, 4),
        ("VP_NGUOC_CHIEU", "motorbike", "7.7.a", 6_000_000, 2),
        ("VP_MU_BH", "motorbike", "7.2.h", 600_000, 0),
    ],
)
def test_the_article_depends_on_the_class(
    code: str, object_class: str, article: str, most_dong: int, points: int
) -> None:
    found = LAW.offence(code, object_class, AFTER)

    assert found is not None
    assert (found.article, found.fine_max_dong, found.points) == (article, most_dong, points)


def test_the_decree_in_force_on_the_day_of_the_act_applies() -> None:
    before = LAW.offence("VP_DUONG_CAM", "car", BEFORE)
    after = LAW.offence("VP_DUONG_CAM", "car", AFTER)

    assert before is not None
    assert "238/2026" not in before.source
    assert after is not None
    assert "238/2026" in after.source
    assert LAW.offence("VP_DUONG_CAM", "car", date(2024, 12, 31)) is None


@pytest.mark.parametrize(
    ("code", "object_class", "unit", "authority", "reason"),
    [
        ("VP_DEN_DO", "car", "pc08", "team_leader", "amount"),
        ("VP_BIEN_SO", "car", "pc08", "pc08_head", "amount"),
        ("VP_LANG_LACH", "car", "pc08", "pc08_head", "amount"),
        ("VP_MU_BH", "motorbike", "commune_police", "commune_chief", "commune_list"),
        ("VP_DUNG_DO", "motorbike", "commune_police", "commune_chief", "commune_list"),
        ("VP_DUNG_DO", "car", "pc08", "team_leader", "amount"),
        ("VP_DEN_DO", "motorbike", "pc08", "team_leader", "amount"),
    ],
)
def test_a_case_goes_to_who_may_sanction_it(
    code: str, object_class: str, unit: str, authority: str, reason: str
) -> None:
    offence = LAW.offence(code, object_class, AFTER)
    assert offence is not None

    route = LAW.route(offence, object_class, AFTER)

    assert route is not None
    assert (route.unit, route.authority.code, route.reason) == (unit, authority, reason)


def test_where_the_tables_are_silent_nobody_is_named() -> None:
    offence = LAW.offence("VP_DEN_DO", "car", BEFORE)
    assert offence is not None

    assert LAW.route(offence, "car", BEFORE) is None  # the amounts before are not in the tables
    silent = LAW.offence("VP_TOC_DO_1", "special_vehicle", AFTER)
    assert silent is not None
    assert LAW.route(silent, "special_vehicle", AFTER) is None


def test_plain_days_run_through_weekends_and_end_at_local_midnight() -> None:
    captured = datetime(2026, 11, 20, 18, 30, tzinfo=UTC)  # 01:30 on the 21st in Nghệ An

    over = LAW.calendar.ends_at(deadline(), captured)

    assert over == datetime(2026, 12, 1, 17, 0, tzinfo=UTC)  # the 1st of December is the last day


def test_working_days_leave_out_weekends_and_days_off() -> None:
    friday = date(2026, 8, 28)

    assert LAW.calendar.last_day(deadline(days=3, working_days=True), friday) == date(2026, 9, 4)


def test_a_worked_saturday_counts() -> None:
    year = Year(
        year=2026, days_off=frozenset(), worked=frozenset({date(2026, 8, 29)}), source="x",
        verified=False,
    )  # fmt: skip
    period = deadline(days=1, working_days=True)

    assert Calendar([year]).last_day(period, date(2026, 8, 28)) == date(2026, 8, 29)


def test_a_last_day_off_moves_where_the_law_lets_it() -> None:
    start = date(2026, 8, 23)  # ten days later is the 2nd of September

    assert LAW.calendar.last_day(deadline(), start) == date(2026, 9, 2)
    assert LAW.calendar.last_day(deadline(next_working_day=True), start) == date(2026, 9, 3)


def test_a_year_is_a_year_even_from_a_leap_day() -> None:
    year = deadline(days=0, years=1)

    assert LAW.calendar.last_day(year, date(2026, 3, 2)) == date(2027, 3, 2)
    assert LAW.calendar.last_day(year, date(2028, 2, 29)) == date(2029, 2, 28)


def test_a_year_whose_days_off_are_unknown_is_not_guessed() -> None:
    with pytest.raises(UnknownYearError, match="2031"):
        LAW.calendar.last_day(deadline(working_days=True), date(2031, 1, 2))


@pytest.mark.parametrize(
    "given",
    [
        {"days": 0}, {"years": 1}, {"days": 0, "years": 1, "working_days": True},
        {"warn_days": [1, 3]}, {"effective_to": date(2024, 1, 1)}, {"unknown": 1},
    ],
)  # fmt: skip
def test_a_period_that_cannot_be_meant_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"days or years|longest first|before|Extra inputs"):
        deadline(**given)


def test_two_entries_in_force_on_one_day_are_refused(tmp_path: Path) -> None:
    for file in SHIPPED.glob("*.yaml"):
        (tmp_path / file.name).write_text(file.read_text(encoding="utf-8"), encoding="utf-8")
    offences = yaml.safe_load((SHIPPED / "offences.yaml").read_text(encoding="utf-8"))
    offences["entries"].append(offences["entries"][0] | {"article": "6.9.x"})
    (tmp_path / "offences.yaml").write_text(yaml.safe_dump(offences), encoding="utf-8")

    with pytest.raises(ValueError, match="VP_DEN_DO"):
        load_law(tmp_path)


def test_amounts_are_ordered_and_articles_are_addresses() -> None:
    for each in LAW.offences:
        if each.fine_min_dong is not None and each.fine_max_dong is not None:
            assert 0 < each.fine_min_dong <= each.fine_max_dong, each
        if "168" in each.source:
            assert re.fullmatch(r"\d+(\.\d+)?(\.[a-zđ])?", each.article), each


def test_an_offence_without_classes_is_about_everyone() -> None:
    jam = LAW.offence("SC_UN_TAC", "", AFTER)

    assert isinstance(jam, Offence)
    assert jam.covers("anything")


@pytest.mark.parametrize(
    ("told", "article"),
    [("VP_NGUOC_CHIEU_CT", "6.11.đ"), ("VP_NGUOC_CHIEU", "6.9.d"), ("", "6.9.d")],
)
def test_the_act_is_what_the_box_says_it_is_and_the_rules_own_where_it_says_nothing(
    told: str, article: str
) -> None:
    row = IncidentRow(
        incident_id="i1", rule="wrong_way", incident_class="violation", object_class="car",
        occurred_at=datetime(2026, 11, 28, tzinfo=UTC), area_code="", message={"code": told},
    )  # fmt: skip
    found = legal.view(LAW, row, [])

    assert found.offence is not None
    assert found.offence.article == article
