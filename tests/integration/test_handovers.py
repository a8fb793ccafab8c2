"""Shift handovers over HTTP: what is left open, who takes it over, and what never changes."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from central.alerts.watch import watch
from central.auth.schemas import Role
from central.auth.scope import Scope
from central.handovers.open_items import MOST, NEAR, open_items
from central.tables.alerts import SilenceRow
from central.tables.handovers import HandoverAcceptanceRow, HandoverAreaRow, HandoverRow
from central.tables.incidents import IncidentRow
from central.tables.users import AuditRow, UserRow
from tests.builders import NOON, ManualClock, incident_message
from tests.centre import RunningCentre, add_person, running_centre, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from central.db import Database

HERE, THERE = "16681", "16690"
NOTE = "Đèn ngã tư Quang Trung nhấp nháy, đã báo đội duy tu."


@pytest.fixture
def clock() -> ManualClock:
    """The centre's clock."""
    return ManualClock()


@pytest.fixture
def centre(tmp_path: Path, clock: ManualClock) -> Iterator[RunningCentre]:
    """A running centre with one thing of every kind open in each of two communes."""
    with running_centre(tmp_path, clock.now) as running:
        for area in (HERE, THERE):
            furnish(running, area)
        watch(running.parts)
        yield running


def furnish(running: RunningCentre, area: str) -> None:
    """Leave open: an incident, a case in verification that is due soon, an alert, a silence."""
    with running.parts.database.write() as session:
        for name, rule in (("tree", "obstacle"), ("case", "wrong_way"), ("new", "wrong_way")):
            message = incident_message(f"{name}-{area}", rule=rule, area_code=area, camera_id=area)
            take_in(session, message, NOON)
        case = session.get_one(IncidentRow, f"case-{area}")
        case.stage, case.due_at = "in_verification", NOON + NEAR
        session.add(
            SilenceRow(
                rule="congestion", camera_id="", area_code=area, author="lead",
                reason=f"hội {area}", created_at=NOON, expires_at=NOON + timedelta(hours=2),
            )
        )  # fmt: skip


def local(running: RunningCentre, username: str, role: Role = Role.COMMUNE_POLICE) -> httpx.Client:
    """Return somebody who sees one commune only."""
    person = running.person(role, username)
    with running.parts.database.write() as session:
        session.get_one(UserRow, username).areas = [HERE]
    return person


def hand_over(person: httpx.Client, to: str, note: str = NOTE) -> httpx.Response:
    return person.post("/handovers", json={"to_username": to, "note": note})


def ids(section: dict[str, Any]) -> list[str]:
    return [each["incident_id"] for each in section["items"]]


def test_a_handover_holds_what_was_open_whatever_is_done_to_it_later(
    centre: RunningCentre, clock: ManualClock
) -> None:
    an, binh = centre.person(Role.OPERATOR, "an"), centre.person(Role.OPERATOR, "binh")
    clock.advance(60)
    made = hand_over(an, "binh").json()
    binh.post(f"/incidents/tree-{HERE}/confirm", json={"version": 1})

    kept = binh.get(f"/handovers/{made['id']}").json()
    assert kept == made
    assert (kept["note"], kept["areas"], kept["acceptance"]) == (NOTE, ["*"], None)
    found = kept["items"]
    assert set(ids(found["incidents"])) == {f"tree-{HERE}", f"tree-{THERE}"}
    assert ids(found["verification"]) == [f"case-{HERE}", f"case-{THERE}"]
    assert ids(found["deadlines"]) == [f"case-{HERE}", f"case-{THERE}"]
    assert found["verification"]["items"][0]["name_vi"] == "Đi ngược chiều"
    assert {each["area_code"] for each in found["alerts"]["items"]} == {HERE, THERE}
    assert [each["author"] for each in found["silences"]["items"]] == ["lead", "lead"]
    now = binh.get("/handovers/open-items").json()
    assert ids(now["incidents"])[0] == f"tree-{HERE}", "what is under way comes first"


def test_it_waits_for_the_next_person_until_they_take_it_over(
    centre: RunningCentre, clock: ManualClock
) -> None:
    an, binh = centre.person(Role.OPERATOR, "an"), centre.person(Role.OPERATOR, "binh")
    number = hand_over(an, "binh").json()["id"]
    assert [each["id"] for each in binh.get("/handovers/waiting").json()["items"]] == [number]
    assert an.get("/handovers/waiting").json()["items"] == []
    clock.advance(300)
    taken = binh.post(f"/handovers/{number}/accept", json={"note": "đủ"}).json()["acceptance"]
    again = binh.post(f"/handovers/{number}/accept", json={"note": "khác"}).json()["acceptance"]

    assert taken == again
    assert (taken["accepted_by"], taken["note"]) == ("binh", "đủ")
    assert binh.get("/handovers/waiting").json()["items"] == []
    late = centre.person(Role.SHIFT_LEAD, "truong").post(f"/handovers/{number}/accept", json={})
    assert (late.status_code, late.json()["detail"]["code"]) == (409, "already_taken")
    with centre.parts.database.read() as session:
        lines = session.scalars(
            select(AuditRow).where(AuditRow.object_kind == "handover").order_by(AuditRow.id)
        ).all()
    done = [(line.actor, line.action) for line in lines]
    assert done == [("an", "hand_over"), ("binh", "accept")]


def test_only_the_named_person_or_a_lead_takes_it_over(centre: RunningCentre) -> None:
    an, lead = centre.person(Role.OPERATOR, "an"), centre.person(Role.SHIFT_LEAD, "truong")
    centre.person(Role.OPERATOR, "binh")
    number = hand_over(an, "binh").json()["id"]
    other = centre.person(Role.OPERATOR, "chi")

    for person in (an, other):
        refused = person.post(f"/handovers/{number}/accept", json={})
        assert (refused.status_code, refused.json()["detail"]["code"]) == (403, "not_yours")
    taken = lead.post(f"/handovers/{number}/accept", json={}).json()["acceptance"]
    assert taken["accepted_by"] == "truong"


def test_a_lead_does_not_take_over_their_own_shift(centre: RunningCentre) -> None:
    lead = centre.person(Role.SHIFT_LEAD, "truong")
    centre.person(Role.OPERATOR, "binh")
    number = hand_over(lead, "binh").json()["id"]

    assert lead.post(f"/handovers/{number}/accept", json={}).status_code == 403


def test_after_a_day_it_waits_no_more_and_stays_in_the_book(
    centre: RunningCentre, clock: ManualClock
) -> None:
    centre.person(Role.OPERATOR, "binh")
    number = hand_over(centre.person(Role.OPERATOR, "an"), "binh").json()["id"]
    clock.advance(25 * 3600)
    binh = centre.person(Role.OPERATOR, "binh")

    assert binh.get("/handovers/waiting").json()["items"] == []
    assert [each["id"] for each in binh.get("/handovers").json()["items"]] == [number]


def test_a_shift_is_handed_to_somebody_who_can_take_it(centre: RunningCentre) -> None:
    an = centre.person(Role.OPERATOR, "an")
    centre.person(Role.TECHNICIAN)
    local(centre, "xa")
    centre.person(Role.OPERATOR, "gone")
    with centre.parts.database.write() as session:
        session.get_one(UserRow, "gone").disabled = True
    wrong = [
        ("nobody", "unknown_user"),
        ("gone", "unknown_user"),
        ("an", "to_oneself"),
        ("technician", "cannot_take_over"),
        ("xa", "cannot_take_over"),
    ]
    for to, code in wrong:
        refused = hand_over(an, to)
        assert (refused.status_code, refused.json()["detail"]["code"]) == (422, code), to


def test_a_note_is_asked_for(centre: RunningCentre) -> None:
    an = centre.person(Role.OPERATOR, "an")
    centre.person(Role.OPERATOR, "binh")

    assert hand_over(an, "binh", "").status_code == 422


def test_local_people_hand_over_and_see_their_own_communes_only(centre: RunningCentre) -> None:
    whole = centre.person(Role.OPERATOR, "an")
    centre.person(Role.OPERATOR, "binh")
    xa, phuong = local(centre, "xa"), local(centre, "phuong")
    foreign = hand_over(whole, "binh").json()["id"]
    made = hand_over(xa, "phuong").json()

    assert made["areas"] == [HERE]
    assert THERE not in str(made)
    assert ids(made["items"]["verification"]) == [f"case-{HERE}"]
    assert [each["reason"] for each in made["items"]["silences"]["items"]] == [f"hội {HERE}"]
    assert [each["id"] for each in phuong.get("/handovers").json()["items"]] == [made["id"]]
    assert phuong.get(f"/handovers/{foreign}").status_code == 404
    assert phuong.post(f"/handovers/{foreign}/accept", json={}).status_code == 404
    assert [each["id"] for each in whole.get("/handovers").json()["items"]] == [made["id"], foreign]


def test_colleagues_are_those_who_could_take_over(centre: RunningCentre) -> None:
    whole, xa = centre.person(Role.OPERATOR, "an"), local(centre, "xa")
    other = centre.person(Role.COMMUNE_POLICE, "ben")
    with centre.parts.database.write() as session:
        session.get_one(UserRow, "ben").areas = [THERE]

    def names(person: httpx.Client) -> set[str]:
        return {each["username"] for each in person.get("/people").json()["items"]}

    assert names(whole) >= {"an", "ben", "xa"}
    assert names(xa) == {"an", "xa"}
    assert names(other) == {"an", "ben"}
    assert "password" not in whole.get("/people").text


def test_an_auditor_reads_the_book_and_hands_nothing_over(centre: RunningCentre) -> None:
    an, auditor = centre.person(Role.OPERATOR, "an"), centre.person(Role.AUDITOR)
    centre.person(Role.OPERATOR, "binh")
    number = hand_over(an, "binh").json()["id"]

    assert auditor.get(f"/handovers/{number}").status_code == 200
    assert hand_over(auditor, "binh").status_code == 403
    with centre.parts.database.read() as session:
        line = session.scalar(select(AuditRow).where(AuditRow.action == "view"))
    assert line is not None
    assert (line.actor, line.object_kind, line.object_id) == ("auditor", "handover", str(number))


def test_the_book_is_read_page_by_page(centre: RunningCentre, clock: ManualClock) -> None:
    reader = centre.person(Role.OPERATOR, "an")
    with centre.parts.database.write() as session:
        for _ in range(60):
            row = HandoverRow(
                created_at=clock.now(), from_username="an", to_username="binh", note="ghi", items={}
            )
            session.add(row)
            session.flush()
            session.add(HandoverAreaRow(handover_id=row.id, area_code="*"))
    first = reader.get("/handovers").json()
    second = reader.get("/handovers", params={"before": first["next_cursor"]}).json()

    assert [len(first["items"]), len(second["items"])] == [50, 10]
    assert (first["items"][-1]["id"], second["items"][0]["id"]) == (11, 10)
    assert second["next_cursor"] is None


def test_more_than_can_be_listed_is_a_number(centre: RunningCentre) -> None:
    an = centre.person(Role.OPERATOR, "an")
    with centre.parts.database.write() as session:
        for number in range(MOST):
            stored = take_in(session, incident_message(f"more-{number}"), NOON)
            stored.stage = "in_verification"
    found = an.get("/handovers/open-items").json()["verification"]

    assert (found["total"], len(found["items"])) == (MOST + 2, MOST)


def test_what_is_merged_closed_or_not_due_is_not_open(database: Database) -> None:
    with database.write() as session:
        rows = {}
        for name in ("whole", "part", "closed", "far", "settled"):
            rule = "wrong_way" if name in {"far", "settled"} else "congestion"
            stored = take_in(session, incident_message(name, rule=rule), NOON)
            rows[name] = stored
        session.flush()
        rows["part"].merged_into = "whole"
        rows["closed"].stage = "closed"
        rows["far"].due_at = NOON + NEAR + timedelta(seconds=1)
        rows["settled"].stage, rows["settled"].due_at = "settled", NOON
    with database.read() as session:
        found = open_items(session, Scope(frozenset({"*"})), NOON)

    assert [each.incident_id for each in found.incidents.items] == ["whole"]
    assert (found.deadlines.total, found.verification.total) == (0, 0)


def test_the_database_itself_refuses_to_change_a_handover(database: Database) -> None:
    add_person(database, "an", Role.OPERATOR)
    with database.write() as session:
        row = HandoverRow(
            created_at=NOON, from_username="an", to_username="binh", note="ghi", items={}
        )
        session.add(row)
        session.flush()
        session.add(HandoverAreaRow(handover_id=row.id, area_code="*"))
        session.add(
            HandoverAcceptanceRow(handover_id=row.id, accepted_at=NOON, accepted_by="binh", note="")
        )
    columns = {"handovers": "note", "handover_areas": "area_code", "handover_acceptances": "note"}
    for table, column in columns.items():
        for change in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):  # noqa: S608 - constants
            with pytest.raises(DBAPIError, match="never changed"), database.write() as session:
                session.execute(text(change))
