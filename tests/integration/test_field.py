"""The officer's page over HTTP: the board, reports that count once, and refusals in words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from central.alerts.watch import watch
from central.auth.schemas import Role
from central.tables.alerts import AlertRow, ShiftRow
from central.tables.field import FieldReportRow
from central.tables.users import AuditRow, UserRow
from tests.builders import incident_message
from tests.centre import RunningCentre, add_box, running_centre, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

CRASH, VIOLATION = "i-crash", "i-wrong-way"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningCentre]:
    """A running centre with a crash and a violation, each with its alert."""
    with running_centre(tmp_path) as running:
        add_box(running.parts.database, "n1")
        now = datetime.now(UTC)
        with running.parts.database.write() as session:
            for name, rule in ((CRASH, "crash"), (VIOLATION, "wrong_way")):
                given: dict[str, Any] = {
                    "rule": rule,
                    "area_code": "16681",
                    "location": (18.67, 105.69),
                }
                take_in(session, incident_message(name, occurred_at=now, **given), now)
        watch(running.parts)
        yield running


def on_shift(running: RunningCentre, username: str, step: int = 0, area_code: str = "") -> None:
    now = datetime.now(UTC)
    with running.parts.database.write() as session:
        session.add(
            ShiftRow(
                username=username, step=step, area_code=area_code,
                starts_at=now - timedelta(hours=1), ends_at=now + timedelta(hours=1),
            )
        )  # fmt: skip


def step_of(running: RunningCentre, step: int) -> None:
    """Let every alert stand at one step of escalation."""
    with running.parts.database.write() as session:
        for alert in session.scalars(select(AlertRow)):
            alert.step = step


def report(
    phone: httpx.Client, kind: str, incident_id: str = CRASH, key: str = "", **given: Any
) -> httpx.Response:
    told = {"kind": kind, "version": 1, "made_at": datetime.now(UTC).isoformat()} | given
    return phone.put(f"/incidents/{incident_id}/reports/{key or uuid4()}", json=told)


def names(board: dict[str, Any]) -> set[str]:
    return {news["incident_id"] for alert in board["alerts"] for news in alert["news"]}


def kinds(phone: httpx.Client, incident_id: str = CRASH) -> list[str]:
    return [each["kind"] for each in phone.get(f"/incidents/{incident_id}").json()["events"]]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["detail"]["code"]


def test_the_board_shows_who_is_on_call_their_alerts_and_nobody_else_any(
    running: RunningCentre,
) -> None:
    officer = running.person(Role.OFFICER)
    step_of(running, 0)
    empty = officer.get("/field/board").json()
    assert (empty["alerts"], empty["mine"], empty["on_call_until"]) == ([], [], None)

    on_shift(running, "officer")
    board = officer.get("/field/board").json()
    assert names(board) == {CRASH, VIOLATION}
    assert board["on_call_until"] is not None
    assert board["areas"] == {"16681": "Phường Thành Vinh"}
    assert {alert["name_vi"] for alert in board["alerts"]} >= {"Đi ngược chiều"}


@pytest.mark.parametrize(
    ("step", "area_code", "sees"), [(1, "", False), (0, "16690", False), (0, "16681", True)]
)
def test_a_shift_concerns_its_step_and_its_area(
    running: RunningCentre, step: int, area_code: str, *, sees: bool
) -> None:
    officer = running.person(Role.OFFICER)
    step_of(running, 0)
    on_shift(running, "officer", step, area_code)

    assert bool(officer.get("/field/board").json()["alerts"]) is sees


def test_a_link_shows_its_alert_to_who_is_not_on_call_and_to_nobody_elsewhere(
    running: RunningCentre,
) -> None:
    officer = running.person(Role.OFFICER)
    with running.parts.database.write() as session:
        code = session.scalars(select(AlertRow.code).where(AlertRow.rule == "crash")).one()
    assert names(officer.get("/field/board", params={"code": code.lower()}).json()) == {CRASH}

    with running.parts.database.write() as session:
        session.get_one(UserRow, "officer").areas = ["16690"]
    assert officer.get("/field/board", params={"code": code}).json()["alerts"] == []


def test_acknowledging_on_the_phone_takes_the_incident_and_answers_its_alert(
    running: RunningCentre,
) -> None:
    officer = running.person(Role.OFFICER)
    answer = report(officer, "acknowledge").json()

    assert (answer["repeated"], answer["incident"]["stage"]) == (False, "acknowledged")
    with running.parts.database.read() as session:
        alert = session.scalars(select(AlertRow).where(AlertRow.rule == "crash")).one()
    assert (alert.status, alert.acknowledged_by) == ("acknowledged", "officer")
    board = officer.get("/field/board").json()
    assert CRASH in names(board)
    assert [each["incident_id"] for each in board["mine"]] == [CRASH]


def test_what_is_sent_again_counts_once(running: RunningCentre) -> None:
    officer, key = running.person(Role.OFFICER), str(uuid4())
    note = {"note": "Hai xe máy, một người bị thương", "key": key}
    first, again = report(officer, "note", **note), report(officer, "note", **note)

    assert [answer.json()["repeated"] for answer in (first, again)] == [False, True]
    assert kinds(officer) == ["note"]
    assert code_of(report(officer, "arrive", key=key)) == (409, "key_used")
    assert code_of(report(officer, "note", VIOLATION, **note)) == (409, "key_used")
    other = running.person(Role.OPERATOR)
    assert code_of(report(other, "note", **note)) == (409, "key_used")


def test_the_phones_time_and_the_centres_both_stand_in_the_record(running: RunningCentre) -> None:
    officer = running.person(Role.OFFICER)
    made_at = "2026-03-02T05:00:00+00:00"
    report(officer, "acknowledge", made_at=made_at)
    report(officer, "note", note="đã tới ngã tư", made_at=made_at)

    events = officer.get(f"/incidents/{CRASH}").json()["events"]
    assert [event["detail"]["made_at"] for event in events] == [made_at, made_at]
    assert all(event["at"] > made_at for event in events)
    with running.parts.database.read() as session:
        rows = session.scalars(select(FieldReportRow)).all()
        lines = session.scalars(select(AuditRow.action).where(AuditRow.object_id == CRASH)).all()
    assert {row.made_at.isoformat() for row in rows} == {made_at}
    assert {"acknowledge", "note"} <= set(lines)


def test_who_was_slower_is_told_who_was_faster_and_when(running: RunningCentre) -> None:
    fast = running.person(Role.OFFICER, "mai")
    report(fast, "acknowledge")
    answer = report(running.person(Role.OFFICER, "hung"), "acknowledge")

    assert code_of(answer) == (409, "already_taken")
    assert answer.json()["detail"]["message_vi"].startswith("Người dùng mai đã tiếp nhận lúc ")
    assert kinds(fast) == ["acknowledge"]
    assert report(fast, "acknowledge").status_code == 200  # hers already: nothing to refuse


def test_a_note_is_taken_whatever_happened_meanwhile(running: RunningCentre) -> None:
    officer = running.person(Role.OFFICER)
    operator = running.person(Role.OPERATOR)
    operator.post(f"/incidents/{CRASH}/confirm", json={"version": 1})
    assert report(officer, "note", note="còn một xe chắn đường").status_code == 200
    assert code_of(report(officer, "arrive")) == (409, "stale_version")
    assert code_of(report(officer, "note", note="  ")) == (422, "invalid_request")

    assert kinds(officer) == ["confirm", "note"]
    assert officer.get(f"/incidents/{CRASH}").json()["version"] == 2


def test_who_went_without_being_sent_is_there_all_the_same(running: RunningCentre) -> None:
    local = running.person(Role.COMMUNE_POLICE)
    version = report(local, "acknowledge").json()["incident"]["version"]
    arrived = report(local, "arrive", version=version).json()["incident"]

    assert arrived["stage"] == "on_scene"
    assert kinds(local) == ["acknowledge", "arrive"]


def test_who_may_not_verify_answers_the_alert_of_a_violation_alone(
    running: RunningCentre,
) -> None:
    local = running.person(Role.COMMUNE_POLICE)
    answer = report(local, "acknowledge", VIOLATION)

    assert answer.json()["incident"]["stage"] == "detected"
    with running.parts.database.read() as session:
        alert = session.scalars(select(AlertRow).where(AlertRow.rule == "wrong_way")).one()
    assert (alert.status, alert.acknowledged_by) == ("acknowledged", "commune_police")
    other = report(running.person(Role.OPERATOR), "acknowledge", VIOLATION)
    assert code_of(other) == (409, "already_taken")
    assert report(local, "acknowledge", VIOLATION).status_code == 200


def test_a_closed_incident_is_not_taken_on_any_more(running: RunningCentre) -> None:
    lead = running.person(Role.SHIFT_LEAD)
    lead.post(f"/incidents/{CRASH}/reject", json={"version": 1, "reason_code": "duplicate"})
    with running.parts.database.write() as session:
        alert = session.scalars(select(AlertRow).where(AlertRow.rule == "crash")).one()
        alert.status = "ended"

    assert code_of(report(running.person(Role.OFFICER), "acknowledge")) == (409, "stale_version")
