"""The incident's own page tells no first verdict to who may still give the second look."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from central.auth.schemas import Role
from tests.builders import ManualClock
from tests.centre import RunningCentre, running_centre
from tests.judging import FALSE, TRUE, judged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IN_WEEK = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
AFTER = datetime(2026, 3, 9, 0, 0, tzinfo=UTC)
WEEK = "2026-03-02"
FINDINGS = {"plate_state": "read", "plate": "37A12345", "vehicle_class": "car"}


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A centre with an incident and a violation, both judged by people and drawn."""
    clock = ManualClock(IN_WEEK)
    with running_centre(tmp_path, clock.now) as running:
        with running.parts.database.write() as session:
            for name, rule in (("i1", "stopped_vehicle"), ("v1", "wrong_way")):
                row = judged(session, name, TRUE, at=IN_WEEK, rule=rule)
                row.status, row.stage = "new", "new" if name == "i1" else "detected"
                row.verdict_at = row.verdict_by = row.verdict_after_s = None
            judged(session, "old", FALSE, at=IN_WEEK, by="truc", rule="stopped_vehicle")
        duty, officer = running.person(Role.OPERATOR, "truc"), running.person(Role.OFFICER, "chien")
        step(duty, "i1", "acknowledge")
        step(duty, "i1", "reject", reason_code="weather_occlusion", note="Mưa lớn")
        step(officer, "v1", "confirm", findings=FINDINGS, note="Rõ biển")
        clock.advance((AFTER - IN_WEEK).total_seconds())
        lead = running.person(Role.SHIFT_LEAD, "truong")
        assert lead.post("/quality/samples", json={"week": WEEK, "size": 9}).json()["drawn"] == 3
        yield running


def step(person: Any, name: str, verb: str, **more: Any) -> None:
    version = person.get(f"/incidents/{name}").json()["version"]
    answer = person.post(f"/incidents/{name}/{verb}", json={"version": version, **more})
    assert answer.is_success, answer.text


@pytest.mark.parametrize(
    ("role", "name", "incident", "stage"),
    [
        (Role.OPERATOR, "dao", "i1", "acknowledged"),
        (Role.SHIFT_LEAD, "truong", "i1", "acknowledged"),
        (Role.OFFICER, "khac", "v1", "detected"),
        (Role.COMMANDER, "dung", "v1", "detected"),
        (Role.OPERATOR, "dao", "old", "new"),
    ],
)
def test_who_may_look_again_sees_it_as_it_stood_before(
    centre: RunningCentre, role: Role, name: str, incident: str, stage: str
) -> None:
    answer = centre.person(role, name).get(f"/incidents/{incident}")
    told = answer.json()

    assert (told["second_look"], told["stage"]) == (WEEK, stage)
    assert told["status"] in {"new", "acknowledged"}
    assert {each["kind"] for each in told["events"]} <= {"acknowledge"}
    assert (told["findings"], told["requirements"], told["legal"]["deadlines"]) == (None, [], [])
    assert (told["may_teach"], told["taught_until"], told["due_at"]) == (False, None, None)
    for word in ("rejected", "confirmed", "Mưa lớn", "Rõ biển", "37A12345", "weather"):
        assert word not in answer.text


@pytest.mark.parametrize(
    ("role", "name", "incident"),
    [
        (Role.OPERATOR, "truc", "i1"),
        (Role.OFFICER, "chien", "v1"),
        (Role.OPERATOR, "dao", "v1"),
        (Role.ADMIN, "admin", "i1"),
        (Role.LEADER, "lanhdao", "i1"),
        (Role.AUDITOR, "kiemtra", "v1"),
    ],
)
def test_who_judged_first_or_never_judges_sees_all(
    centre: RunningCentre, role: Role, name: str, incident: str
) -> None:
    told = centre.person(role, name).get(f"/incidents/{incident}").json()

    assert told["second_look"] is None
    assert told["status"] == ("rejected" if incident == "i1" else "confirmed")
    assert told["events"][-1]["note"] in {"Mưa lớn", "Rõ biển"}


def test_whoever_has_answered_sees_all_and_so_does_everybody_else(centre: RunningCentre) -> None:
    dao = centre.person(Role.OPERATOR, "dao")
    looked = dao.post("/quality/samples/i1/look", json={"verdict": "confirmed"})

    assert looked.json()["first"] == "rejected"
    for person in (dao, centre.person(Role.OPERATOR, "lan")):
        told = person.get("/incidents/i1").json()
        assert (told["status"], told["second_look"]) == ("rejected", None)
