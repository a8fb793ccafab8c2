"""Second looks: a draw that anybody can repeat, another person, and rows that only grow."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from central.auth.schemas import Role
from central.quality import samples
from central.quality.schemas import DrawOrder
from central.tables.quality import SampleRow
from central.tables.users import AuditRow, UserRow
from tests.builders import ManualClock
from tests.centre import RunningCentre, centre_parts, running_centre
from tests.judging import ELSEWHERE, FALSE, TRUE, VINH, judged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from central.db import Database

MONDAY = date(2026, 3, 2)
IN_WEEK = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
AFTER = datetime(2026, 3, 9, 0, 0, tzinfo=UTC)
"""Seven in the morning of the Monday after."""
SUNDAY_NIGHT = datetime(2026, 3, 8, 16, 59, tzinfo=UTC)
MONDAY_AFTER = datetime(2026, 3, 8, 17, 0, tzinfo=UTC)


def person(username: str = "truong") -> UserRow:
    """Return somebody who is in no database."""
    return UserRow(username=username, role=Role.SHIFT_LEAD, areas=["*"])


def draw(database: Database, tmp_path: Path, size: int, at: datetime = AFTER) -> list[str]:
    """Draw and return all that the week has then."""
    parts, _ = centre_parts(database, tmp_path, ManualClock(at).now)
    with database.write() as session:
        samples.draw(session, parts, DrawOrder(week=MONDAY, size=size), person())
    with database.read() as session:
        return sorted(session.scalars(select(SampleRow.incident_id)))


def fill(database: Database, number: int = 40) -> None:
    with database.write() as session:
        for each in range(number):
            judged(session, f"i{each:02}", TRUE if each % 4 else FALSE, at=IN_WEEK)


def test_the_draw_depends_on_the_week_and_the_rows_alone(
    database: Database, tmp_path: Path
) -> None:
    fill(database)
    first = draw(database, tmp_path, 10)
    again = draw(database, tmp_path, 10)
    more = draw(database, tmp_path, 15)
    expected = sorted(f"i{each:02}" for each in range(40))
    expected.sort(key=lambda name: samples.rank(MONDAY, name))

    assert first == sorted(expected[:10])
    assert again == first
    assert more == sorted(expected[:15])
    assert samples.rank(MONDAY, "i01") != samples.rank(MONDAY + timedelta(days=7), "i01")


def test_a_week_is_from_monday_to_sunday_in_vietnam(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        judged(session, "sunday", TRUE, at=SUNDAY_NIGHT)
        judged(session, "next", TRUE, at=MONDAY_AFTER)

    assert draw(database, tmp_path, 10) == ["sunday"]


def test_a_sample_and_a_second_look_are_never_changed(database: Database, tmp_path: Path) -> None:
    fill(database, 1)
    draw(database, tmp_path, 1)
    for statement in (
        "UPDATE quality_samples SET verdict = 'confirmed'",
        "DELETE FROM quality_samples",
    ):
        with pytest.raises(DatabaseError), database.write() as session:
            session.execute(text(statement))


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A centre in the week after; of four judged incidents one is a violation, one is foreign."""
    with running_centre(tmp_path, ManualClock(AFTER).now) as running:
        with running.parts.database.write() as session:
            judged(session, "s1", TRUE, at=IN_WEEK, by="truc", rule="stopped_vehicle")
            judged(session, "s2", FALSE, at=IN_WEEK, by="truc", rule="stopped_vehicle")
            judged(session, "s3", TRUE, at=IN_WEEK, by="chien", rule="wrong_way")
            judged(session, "s4", TRUE, at=IN_WEEK, rule="crash", area_code=ELSEWHERE)
        yield running


def drawn(centre: RunningCentre, **given: Any) -> httpx.Response:
    lead = centre.person(Role.SHIFT_LEAD, "truong")
    return lead.post("/quality/samples", json={"week": "2026-03-02", "size": 20} | given)


def look(person: httpx.Client, name: str, verdict: str, **more: Any) -> httpx.Response:
    return person.post(f"/quality/samples/{name}/look", json={"verdict": verdict, **more})


def test_another_person_looks_without_knowing_and_the_agreement_is_shown(
    centre: RunningCentre,
) -> None:
    begun = drawn(centre).json()
    other = centre.person(Role.OPERATOR, "dao")
    before = {each["incident_id"]: each for each in other.get("/quality/samples").json()["items"]}
    agreed = look(other, "s1", "confirmed").json()
    differing = look(other, "s2", "confirmed", note="Xe đứng thật").json()
    (week,) = other.get("/quality/weeks").json()["items"]

    assert (begun["week"], begun["drawn"], begun["agreement"]["trials"]) == ("2026-03-02", 4, 0)
    assert [before[name]["may_look"] for name in ("s1", "s2", "s3", "s4")] == [
        True, True, False, True,
    ]  # fmt: skip
    assert {each["first"] for each in before.values()} == {None}
    assert (agreed["first"], agreed["second"], agreed["looked_by"]) == (
        "confirmed", "confirmed", "dao",
    )  # fmt: skip
    assert (differing["first"], differing["second"]) == ("rejected", "confirmed")
    assert (week["agreement"]["hits"], week["agreement"]["trials"]) == (1, 2)
    with centre.parts.database.read() as session:
        lines = session.scalars(
            select(AuditRow).where(AuditRow.action.in_(("draw", "second_look")))
        ).all()
    assert [(line.actor, line.action, line.object_id) for line in lines] == [
        ("truong", "draw", "2026-03-02"),
        ("dao", "second_look", "s1"),
        ("dao", "second_look", "s2"),
    ]


def test_sums_count_a_sample_for_somebody_once_they_have_looked(centre: RunningCentre) -> None:
    """Where there is one verdict a day, the sum is the verdict."""
    dao, truc = centre.person(Role.OPERATOR, "dao"), centre.person(Role.OPERATOR, "truc")

    def trials(person: httpx.Client) -> tuple[int, int, int, int]:
        told = person.get("/quality").json()
        by_rule = {row["rule"]: row["precision"]["trials"] for row in told["by_rule"]}
        by_day = sum(row["precision"]["trials"] for row in told["by_day"])
        reasons = sum(row["count"] for row in told["reasons"])
        return told["precision"]["trials"], by_rule.get("stopped_vehicle", 0), by_day, reasons

    whole, times = trials(dao), dao.get("/quality").json()["decision_time"]
    drawn(centre)
    before, same_times = trials(dao), dao.get("/quality").json()["decision_time"]
    look(dao, "s2", "rejected", reason_code="duplicate")

    assert whole == (4, 2, 4, 1)
    assert before == (1, 0, 1, 0)  # the violation, which an operator does not judge
    assert same_times == times
    assert trials(dao) == (2, 1, 2, 1)
    assert trials(truc) == (3, 2, 3, 1)  # of s4 nobody knows yet what another would say


@pytest.mark.parametrize(
    ("role", "name", "incident", "body", "status", "code"),
    [
        (Role.OPERATOR, "truc", "s1", {"verdict": "confirmed"}, 403, "two_people"),
        (Role.OPERATOR, "dao", "s3", {"verdict": "confirmed"}, 403, "forbidden"),
        (Role.OFFICER, "chien", "s3", {"verdict": "confirmed"}, 403, "two_people"),
        (Role.LEADER, "", "s1", {"verdict": "confirmed"}, 403, "forbidden"),
        (Role.OPERATOR, "dao", "nowhere", {"verdict": "confirmed"}, 404, "no_such_sample"),
        (Role.OPERATOR, "dao", "s1", {"verdict": "rejected"}, 422, "invalid_request"),
        (Role.OPERATOR, "dao", "s1", {"verdict": "new"}, 422, "invalid_request"),
        (
            Role.OPERATOR, "dao", "s1",
            {"verdict": "confirmed", "reason_code": "duplicate"}, 422, "invalid_request",
        ),
        (
            Role.OPERATOR, "dao", "s1",
            {"verdict": "rejected", "reason_code": "because"}, 422, "unknown_reason",
        ),
        (
            Role.OPERATOR, "dao", "s1",
            {"verdict": "rejected", "reason_code": "other"}, 422, "note_required",
        ),
    ],
)  # fmt: skip
def test_a_second_look_is_refused(  # noqa: PLR0913, PLR0917 - one case a line
    centre: RunningCentre,
    role: Role,
    name: str,
    incident: str,
    body: dict[str, Any],
    status: int,
    code: str,
) -> None:
    drawn(centre)
    answer = look(centre.person(role, name), incident, **body)

    assert (answer.status_code, answer.json()["detail"]["code"]) == (status, code)


def test_nobody_looks_at_what_was_looked_at(centre: RunningCentre) -> None:
    drawn(centre)
    look(centre.person(Role.OPERATOR, "dao"), "s1", "confirmed")
    again = look(centre.person(Role.COMMANDER, "dung"), "s1", "rejected", reason_code="duplicate")

    assert (again.status_code, again.json()["detail"]["code"]) == (409, "looked")
    with pytest.raises(DatabaseError), centre.parts.database.write() as session:
        session.execute(text("UPDATE second_looks SET verdict = 'rejected'"))


@pytest.mark.parametrize(
    ("week", "status", "code"),
    [("2026-03-03", 422, "no_monday"), ("2026-03-09", 409, "week_not_over")],
)
def test_only_whole_weeks_that_are_over_are_drawn_from(
    centre: RunningCentre, week: str, status: int, code: str
) -> None:
    answer = drawn(centre, week=week)

    assert (answer.status_code, answer.json()["detail"]["code"]) == (status, code)


def test_an_empty_week_gives_no_samples(centre: RunningCentre) -> None:
    answer = drawn(centre, week="2026-02-23")

    assert (answer.status_code, answer.json()["drawn"]) == (200, 0)
    assert centre.person(Role.LEADER).get("/quality/samples").json() == {
        "week": None, "items": [], "weeks": [], "next_cursor": None,
    }  # fmt: skip


def test_a_visit_of_the_page_is_one_line_of_the_audit_log(centre: RunningCentre) -> None:
    drawn(centre)
    dao = centre.person(Role.OPERATOR, "dao")
    page = dao.get("/quality", params={"from": IN_WEEK.isoformat(), "week": "2026-03-02"}).json()
    alone = dao.get("/quality/samples").json()
    with centre.parts.database.read() as session:
        lines = session.scalars(select(AuditRow).where(AuditRow.action == "view")).all()

    assert page["second_looks"] == alone
    assert page["second_looks"]["weeks"] == dao.get("/quality/weeks").json()["items"]
    assert [(line.actor, line.object_kind) for line in lines] == [("dao", "quality")] * 2
    assert "week=2026-03-02" in lines[0].detail["query"]
    assert "from=2026-03-04" in lines[0].detail["query"]


def test_only_leads_draw_and_a_local_person_sees_their_own_samples(
    centre: RunningCentre,
) -> None:
    refused = centre.person(Role.OPERATOR, "dao").post(
        "/quality/samples", json={"week": "2026-03-02"}
    )
    drawn(centre)
    local = centre.person(Role.OPERATOR, "xa")
    with centre.parts.database.write() as session:
        session.get_one(UserRow, "xa").areas = [VINH]
    listed = local.get("/quality/samples", params={"week": "2026-03-02"}).json()["items"]
    (week,) = local.get("/quality/weeks").json()["items"]

    assert refused.status_code == 403
    assert {each["incident_id"] for each in listed} == {"s1", "s2", "s3"}
    assert week["drawn"] == 3
    assert look(local, "s4", "confirmed").status_code == 404
