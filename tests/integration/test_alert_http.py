"""Alerts over HTTP: who may read, answer, silence, and put people on call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from central.alerts.watch import watch
from central.auth.schemas import Role
from central.incidents import repository
from tests.builders import incident_message
from tests.centre import RunningCentre, add_box, running_centre
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
            repository.store(session, incident_message(occurred_at=now, area_code="16681"), now)
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

    answered = officer.post(f"/alerts/{item['code']}/acknowledge").json()
    assert (answered["status"], answered["acknowledged_by"]) == ("acknowledged", "officer")
    again = running.person(Role.OPERATOR).post(f"/alerts/{item['code']}/acknowledge").json()
    assert again["acknowledged_by"] == "officer"
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
