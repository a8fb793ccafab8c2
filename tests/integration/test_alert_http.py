"""Alerts over HTTP: who may read, answer, silence, and put people on call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.alerts.watch import watch
from central.auth.schemas import Role
from central.tables.users import AuditRow
from tests.builders import incident_message
from tests.centre import RunningCentre, add_box, running_centre, take_in
from tests.gateways import http_gateway

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningCentre]:
    """A running centre with an SMS gateway and one loud incident that was decided."""
    with (
        http_gateway() as gateway,
        running_centre(tmp_path, alert_sms_url=gateway.url, public_url="") as running,
    ):
        add_box(running.parts.database, "n1")
        now = datetime.now(UTC)
        with running.parts.database.write() as session:
            take_in(session, incident_message(occurred_at=now, area_code="16681"), now)
        watch(running.parts)
        yield running


def soon(hours: float = 1) -> str:
    """Return a wall time in some hours."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def test_an_alert_is_listed_shown_by_its_code_and_answered(running: RunningCentre) -> None:
    officer = running.person(Role.OFFICER)
    [item] = officer.get("/alerts").json()["items"]
    assert (item["status"], item["name_vi"]) == ("open", "Đi ngược chiều")

    shown = officer.get(f"/alerts/{item['code'].lower()}").json()
    assert shown["incident_ids"] == ["i1"]
    assert [(each["kind"], each["people"]) for each in shown["events"]] == [
        ("opened", []),
        ("escalated", []),
        ("escalated", []),
    ]

    answered = officer.post(f"/alerts/{item['code']}/acknowledge").json()
    assert (answered["status"], answered["acknowledged_by"]) == ("acknowledged", "officer")
    again = running.person(Role.OPERATOR).post(f"/alerts/{item['code']}/acknowledge").json()
    assert again["acknowledged_by"] == "officer"
    assert [each["actor"] for each in again["events"]] == ["system"] * 3 + ["officer"]
    assert officer.get("/alerts", params={"status": "open"}).json()["items"] == []


def test_an_unknown_code_is_not_found(running: RunningCentre) -> None:
    answer = running.person(Role.OFFICER).get("/alerts/XXXXXX")

    assert (answer.status_code, answer.json()["detail"]["code"]) == (404, "no_alert")


def test_a_leader_reads_and_does_not_answer(running: RunningCentre) -> None:
    leader = running.person(Role.LEADER)
    [item] = leader.get("/alerts").json()["items"]

    assert leader.post(f"/alerts/{item['code']}/acknowledge").status_code == 403


def test_contacts_name_a_user_and_a_channel_that_is_there(running: RunningCentre) -> None:
    admin, _ = running.person(), running.person(Role.OFFICER)
    wanted = {"username": "officer", "channel": "sms", "address": "+84900000000"}
    made = admin.post("/contacts", json=wanted)

    assert made.status_code == 201
    assert admin.post("/contacts", json=wanted).status_code == 409
    unknown = admin.post("/contacts", json={**wanted, "username": "nobody"})
    assert unknown.json()["detail"]["code"] == "unknown_user"
    missing = admin.post("/contacts", json={**wanted, "channel": "zalo"})
    assert missing.json()["detail"]["code"] == "channel_not_configured"
    listed = admin.get("/contacts").json()
    assert (listed["channels"], len(listed["items"])) == (["sms"], 1)
    assert running.person(Role.OFFICER).get("/contacts").status_code == 403
    assert admin.delete(f"/contacts/{made.json()['id']}").status_code == 204
    assert admin.delete(f"/contacts/{made.json()['id']}").status_code == 404


def test_shifts_are_made_listed_and_ended(running: RunningCentre) -> None:
    officer = running.person(Role.SHIFT_LEAD)
    running.person(Role.OFFICER)
    shift = {"username": "officer", "step": 0, "starts_at": soon(-1), "ends_at": soon(8)}
    made = officer.post("/shifts", json=shift)

    assert made.status_code == 201
    wrong = officer.post("/shifts", json={**shift, "ends_at": soon(-2)})
    assert wrong.json()["detail"]["code"] == "shift_ends_before_start"
    assert [each["username"] for each in officer.get("/shifts").json()["items"]] == ["officer"]
    assert officer.delete(f"/shifts/{made.json()['id']}").status_code == 204


def test_a_silence_has_an_author_a_reason_an_end_and_can_be_ended(running: RunningCentre) -> None:
    officer = running.person(Role.OFFICER)
    wanted = {"rule": "wrong_way", "reason": "roadworks", "expires_at": soon()}
    made = officer.post("/silences", json=wanted)

    assert (made.status_code, made.json()["author"]) == (201, "officer")
    assert len(officer.get("/silences").json()["items"]) == 1
    ended = officer.delete(f"/silences/{made.json()['id']}").json()
    assert ended["ended_by"] == "officer"
    assert officer.get("/silences").json()["items"] == []


@pytest.mark.parametrize(
    ("wanted", "code"),
    [
        ({"reason": "roadworks", "expires_at": soon()}, "silence_of_everything"),
        ({"rule": "wrong_way", "reason": "long", "expires_at": soon(24 * 40)}, "silence_too_long"),
        ({"rule": "wrong_way", "reason": "past", "expires_at": soon(-1)}, "silence_too_long"),
    ],
)
def test_a_silence_that_is_too_wide_or_too_long_is_refused(
    running: RunningCentre, wanted: dict[str, str], code: str
) -> None:
    answer = running.person(Role.OFFICER).post("/silences", json=wanted)

    assert (answer.status_code, answer.json()["detail"]["code"]) == (422, code)


def test_an_incident_says_who_was_told_of_it_or_why_nobody_was(running: RunningCentre) -> None:
    officer = running.person(Role.OFFICER)
    [item] = officer.get("/alerts").json()["items"]
    told = officer.get("/incidents/i1/alert").json()
    assert (told["verdict"], told["alert"]["code"]) == ("opened", item["code"])

    now = datetime.now(UTC)
    with running.parts.database.write() as session:
        quiet = incident_message("quiet", rule="illegal_parking", occurred_at=now)
        late = incident_message("late", occurred_at=now - timedelta(hours=1))
        for message in (quiet, late):
            take_in(session, message, now)
        fresh = take_in(session, incident_message("fresh", occurred_at=now), now)
        fresh.alert_level = 0  # not looked at: nothing is stored of it
    watch(running.parts)

    def verdict(incident_id: str) -> str | None:
        answer = officer.get(f"/incidents/{incident_id}/alert").json()
        assert answer["alert"] is None
        found: str | None = answer["verdict"]
        return found

    assert [verdict(name) for name in ("quiet", "late", "fresh")] == ["quiet", "late", None]


def test_each_delivery_is_shown_with_its_state_and_without_the_address(
    running: RunningCentre,
) -> None:
    running.person(Role.OFFICER)
    admin, lead = running.person(), running.person(Role.SHIFT_LEAD)
    wanted = {"username": "officer", "channel": "sms", "address": "+84912345678"}
    admin.post("/contacts", json=wanted)
    shift = {"username": "officer", "step": 2, "starts_at": soon(-1), "ends_at": soon(8)}
    lead.post("/shifts", json=shift)
    now = datetime.now(UTC)
    with running.parts.database.write() as session:
        message = incident_message("other", occurred_at=now, area_code="16690", camera_id="x")
        take_in(session, message, now)
    watch(running.parts)

    answer = lead.get("/incidents/other/alert")
    [delivery] = answer.json()["alert"]["deliveries"]
    assert (delivery["username"], delivery["channel"], delivery["step"]) == ("officer", "sms", 2)
    assert delivery["state"] in {"waiting", "retrying", "sent"}
    assert "912345678" not in answer.text
    last = answer.json()["alert"]["events"][-1]
    assert (last["kind"], last["step"], last["people"]) == ("escalated", 2, ["officer"])


def test_no_secret_is_shown_with_the_contacts(tmp_path: Path) -> None:
    secrets: dict[str, Any] = {
        "alert_sms_token": "sms-token-1",
        "alert_smtp_url": "smtps://songlam:mail-word-2@mail.local",
        "alert_zalo_token": "zalo-token-3",
        "alert_webhook_secret": "hook-secret-4",
    }
    with running_centre(tmp_path, alert_sms_url="http://127.0.0.1:9/send", **secrets) as running:
        admin, _ = running.person(), running.person(Role.OFFICER)
        hook = "https://robot:pass-5@chat.example.vn:8443/hooks/token-6?key=key-7"
        wanted = {"username": "officer", "channel": "webhook", "address": hook}
        made = admin.post("/contacts", json=wanted)
        listed = admin.get("/contacts")

    shown = made.text + listed.text
    assert made.json()["address"] == "https://chat.example.vn:8443/…"
    assert listed.json()["channels"] == ["email", "sms", "webhook", "zalo"]
    words = ("token-1", "word-2", "token-3", "secret-4", "pass-5", "token-6", "key-7", "robot")
    assert [word for word in words if word in shown] == []


def test_an_address_that_its_channel_could_not_reach_is_refused_with_an_example(
    tmp_path: Path,
) -> None:
    wrong = [
        ("sms", "gọi tôi"),
        ("sms", "0912"),
        ("email", "truc.ban"),
        ("webhook", "ftp://máy"),
        ("zalo", "số của tôi"),
    ]
    with running_centre(
        tmp_path,
        alert_sms_url="http://127.0.0.1:9/send",
        alert_smtp_url="smtp://127.0.0.1",
        alert_zalo_token="x",
        alert_webhook_secret="x",
    ) as running:
        admin = running.person()
        for channel, address in wrong:
            wanted = {"username": "admin", "channel": channel, "address": address}
            answer = admin.post("/contacts", json=wanted)
            detail = answer.json()["detail"]
            assert (answer.status_code, detail["code"]) == (422, "bad_address"), address
            assert "ví dụ" in detail["message_vi"]


def test_a_shift_that_began_stays_on_record_and_one_to_come_goes(running: RunningCentre) -> None:
    lead, _ = running.person(Role.SHIFT_LEAD), running.person(Role.OFFICER)
    shift = {"username": "officer", "step": 0, "area_code": "16681"}
    under_way, to_come = (
        lead.post("/shifts", json={**shift, "starts_at": soon(first), "ends_at": soon(last)}).json()
        for first, last in ((-2, 6), (10, 18))
    )
    for made in (under_way, to_come):
        assert lead.delete(f"/shifts/{made['id']}").status_code == 204
    assert lead.get("/shifts").json()["items"] == []
    again = lead.delete(f"/shifts/{under_way['id']}")
    assert (again.status_code, again.json()["detail"]["code"]) == (409, "shift_over")
    assert lead.delete(f"/shifts/{to_come['id']}").status_code == 404

    week = {"from": soon(-24), "to": soon(24)}
    [kept] = lead.get("/shifts", params=week).json()["items"]
    assert kept["id"] == under_way["id"]
    assert datetime.fromisoformat(kept["ends_at"]) <= datetime.now(UTC)
    before = {"from": soon(-24), "to": soon(-20)}
    assert lead.get("/shifts", params=before).json()["items"] == []


def test_who_changed_contacts_and_shifts_stands_in_the_audit_log(running: RunningCentre) -> None:
    admin, lead = running.person(), running.person(Role.SHIFT_LEAD)
    running.person(Role.OFFICER)
    wanted = {"username": "officer", "channel": "sms", "address": "+84912345678"}
    contact = admin.post("/contacts", json=wanted).json()["id"]
    admin.delete(f"/contacts/{contact}")
    shift = {"username": "officer", "step": 1, "starts_at": soon(1), "ends_at": soon(8)}
    lead.delete(f"/shifts/{lead.post('/shifts', json=shift).json()['id']}")
    with running.parts.database.read() as session:
        lines = session.scalars(select(AuditRow).order_by(AuditRow.id)).all()

    done = [(line.actor, line.action) for line in lines if line.object_id == "officer"]
    assert done == [
        ("admin", "add_contact"),
        ("admin", "remove_contact"),
        ("shift_lead", "add_shift"),
        ("shift_lead", "end_shift"),
    ]
    assert "912345678" not in str([line.detail for line in lines])


def test_a_crash_is_named_as_what_cannot_be_silenced(running: RunningCentre) -> None:
    officer = running.person(Role.OFFICER)
    never = officer.get("/silences").json()["never"]
    assert "crash" in never
    wanted = {"rule": "crash", "reason": "roadworks", "expires_at": soon()}

    assert officer.post("/silences", json=wanted).json()["detail"]["code"] == "crash_not_silenced"


def test_who_is_not_on_duty_sees_neither_shifts_nor_silences(running: RunningCentre) -> None:
    for role in (Role.COMMUNE_POLICE, Role.TECHNICIAN, Role.LEADER, Role.AUDITOR):
        person = running.person(role)
        seen = [person.get(path).status_code for path in ("/shifts", "/silences", "/contacts")]
        assert seen == [403, 403, 403], role
