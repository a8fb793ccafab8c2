"""No way into the centre tells a first verdict to who may still give the second look."""

from __future__ import annotations

import json
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from central.auth.guard import COOKIE
from central.auth.schemas import Role
from central.auth.veil import VERDICTS, may_look
from central.incidents import schemas, views
from central.incidents.case_schemas import StepKind
from central.incidents.stages import life_cycle
from central.tables.alerts import AlertIncidentRow, AlertRow
from central.tables.incidents import IncidentRow
from central.tables.users import UserRow
from tests.builders import ManualClock
from tests.centre import RunningCentre, add_person, running_centre
from tests.judging import FALSE, TRUE, judged
from tests.live_browser import ids, watching
from tests.ways import OF_PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx
    from sqlalchemy.orm import Session

    from tests.ways import Way

IN_WEEK = datetime(2026, 3, 4, 5, 0, tzinfo=UTC)
AFTER = datetime(2026, 3, 9, 0, 0, tzinfo=UTC)
WEEK = "2026-03-02"
FINDINGS = {"plate_state": "read", "plate": "37A12345", "vehicle_class": "car"}
OWED = {"i1": "acknowledged", "i2": "new", "v1": "detected", "old": "new"}
"""What was drawn → the stage in which it stood before anybody judged it."""
WORDS = {
    "i1": ("Mưa lớn",), "i2": ("Cành cây",), "v1": ("Rõ biển", "37A12345", "37A***45"), "old": (),
}  # fmt: skip
"""What was said with the verdicts; it stands nowhere else."""
TOLD = {*VERDICTS, "false_alarm", "verified", "dispatched", "weather_occlusion"}
QUERY = {
    "hours": 744, "done": "true", "purpose": "gửi", "reason": "xong", "q": "x", "code": "BLIND",
    "period_start": IN_WEEK.isoformat(),
}  # fmt: skip
BODIES: dict[str, Any] = {
    "reason": "vì sao", "reason_code": "duplicate", "note": "ghi chú", "version": 3, "into": "i2",
    "parts": [{"incident_id": "i1", "version": 3}], "to_username": "sau", "kind": "note",
    "made_at": AFTER.isoformat(), "days": 3,
}  # fmt: skip
ANSWER = "/api/v1/quality/samples/{incident_id}/look"
"""The one way that tells: it is the second look."""


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre that stays as it is: nobody gives a second look."""
    with drawn(tmp_path_factory.mktemp("blind")) as running:
        yield running


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[RunningCentre]:
    """One in which somebody may."""
    with drawn(tmp_path) as running:
        yield running


@contextmanager
def drawn(folder: Path) -> Iterator[RunningCentre]:
    """Yield a centre with incidents and a violation, judged by people, handed over and drawn."""
    clock = ManualClock(IN_WEEK)
    with running_centre(folder, clock.now) as running:
        with running.parts.database.write() as session:
            for name, rule in (("i1", "stopped_vehicle"), ("i2", "obstacle"), ("v1", "wrong_way")):
                row = judged(session, name, TRUE, at=IN_WEEK, rule=rule)
                row.status, row.stage = "new", "detected" if name == "v1" else "new"
                row.verdict_at = row.verdict_by = row.verdict_after_s = None
            judged(session, "old", FALSE, at=IN_WEEK, by="truc", rule="stopped_vehicle")
            ring(session)
        judge(running)
        clock.advance((AFTER - IN_WEEK).total_seconds())
        lead = running.person(Role.SHIFT_LEAD, "truong")
        running.person(Role.COMMANDER, "sau")
        left = lead.post("/handovers", json={"to_username": "sau", "note": "Giao ca"})
        assert left.status_code == 201, left.text
        draw = lead.post("/quality/samples", json={"week": WEEK, "size": 9})
        assert draw.json()["drawn"] == len(OWED)
        yield running


def ring(session: Session) -> None:
    """Open an alert about two of them."""
    alert = AlertRow(
        code="BLIND", cause="x", rule="obstacle", severity="high", area_code="16681",
        camera_id="cam-1", incident_level=0, opened_at=IN_WEEK, last_at=IN_WEEK, incidents=2,
        status="open", step=0,
    )  # fmt: skip
    session.add(alert)
    session.flush()
    for name in ("i1", "i2"):
        session.get_one(IncidentRow, name).alert_level = 0
        session.add(
            AlertIncidentRow(
                incident_id=name, alert_id=alert.id, verdict="joined", decided_at=IN_WEEK
            )
        )


def judge(running: RunningCentre) -> None:
    duty, officer = running.person(Role.OPERATOR, "truc"), running.person(Role.OFFICER, "chien")
    step(running.person(Role.OPERATOR, "dao"), "i1", "acknowledge")
    step(duty, "i1", "reject", reason_code="weather_occlusion", note="Mưa lớn")
    step(duty, "i2", "confirm", note="Cành cây")
    step(duty, "i2", "steps/dispatch")
    step(officer, "v1", "confirm", findings=FINDINGS, note="Rõ biển")


def step(person: Any, name: str, verb: str, **more: Any) -> None:
    version = person.get(f"/incidents/{name}").json()["version"]
    answer = person.post(f"/incidents/{name}/{verb}", json={"version": version, **more})
    assert answer.is_success, answer.text


def told_of(found: Any, names: set[str]) -> Iterator[str]:
    """Yield what a JSON answer says of incidents."""
    if isinstance(found, list):
        for each in found:
            yield from told_of(each, names)
    if isinstance(found, dict):
        if {found.get("incident_id"), found.get("record_id")} & names:
            yield from map(str, found.values())
        for each in found.values():
            yield from told_of(each, names)


def telling(answer: httpx.Response, names: set[str]) -> bool:
    """Return whether an answer gives the verdict on one of these away."""
    words = {word for name in names for word in WORDS[name]}
    if any(word.encode() in answer.content for word in words):
        return True
    if not answer.content or "json" not in answer.headers["content-type"]:
        return False
    lines = answer.text.splitlines() if "jsonl" in answer.headers["content-type"] else [answer.text]
    return any(not TOLD.isdisjoint(told_of(json.loads(line), names)) for line in lines)


def ask(person: httpx.Client, way: Way, name: str) -> httpx.Response:
    code = "traffic.confirmed_share" if way.path.startswith("/api/v1/indicators") else "traffic"
    values = {
        "incident_id": name, "evidence_id": "none", "box_id": "box-1", "camera_id": "cam-1",
        "alert_code": "BLIND", "handover_id": "1", "code": code,
    }  # fmt: skip
    return way.ask(person, values, QUERY, BODIES)


def ways_that_tell(person: httpx.Client, names: set[str], methods: set[str]) -> set[str]:
    return {
        str(way)
        for way in OF_PEOPLE
        if way.method in methods and not way.path.endswith("/live") and way.path != ANSWER
        for name in (sorted(names) if "{incident_id}" in way.path else [""])
        if telling(ask(person, way, name), names)
    }


CHANGING = {"POST", "PUT", "PATCH", "DELETE"}


@pytest.mark.parametrize(
    ("role", "name", "owed"),
    [
        (Role.OPERATOR, "dao", {"i1", "i2", "old"}),  # of violations they give no second look
        (Role.COMMANDER, "sau", set(OWED)),
    ],
)
def test_no_route_tells_a_verdict_to_who_may_look_again(
    fresh: RunningCentre, role: Role, name: str, owed: set[str]
) -> None:
    person = fresh.person(role, name)

    assert ways_that_tell(person, owed, {"GET"}) == set()
    assert ways_that_tell(person, owed, CHANGING) == set()


def test_who_may_know_is_told_by_all_those_routes(centre: RunningCentre) -> None:
    found = ways_that_tell(centre.person(Role.ADMIN), set(OWED), {"GET"})

    assert found >= {
        f"GET /api/v1/{path}"
        for path in (
            "incidents", "incidents/{incident_id}", "incidents/{incident_id}/export",
            "map/incidents", "field/board", "handovers/{handover_id}", "handovers/open-items",
            "quality/verdicts", "indicators/{code}/records",
        )
    }  # fmt: skip


@pytest.mark.parametrize(
    ("query", "listed"),
    [
        ({}, {"i1", "i2", "v1", "old"}),
        ({"status": "rejected"}, set()),
        ({"status": ["new", "acknowledged"]}, set()),
        ({"status": ["confirmed", "rejected"], "rule": "wrong_way"}, set()),
        ({"stage": "verified"}, set()),
        ({"plate": "37A12345"}, set()),
    ],
)
def test_a_list_by_what_people_decided_holds_nothing_of_it(
    centre: RunningCentre, query: dict[str, Any], listed: set[str]
) -> None:
    commander, chief = centre.person(Role.COMMANDER, "sau"), centre.person(Role.AUDITOR)
    found = {
        each["incident_id"]: each
        for each in commander.get("/incidents", params=query).json()["items"]
    }

    assert set(found) == listed
    assert {name: each["stage"] for name, each in found.items()} == {n: OWED[n] for n in listed}
    assert {each["second_look"] for each in found.values()} <= {WEEK}
    whole = chief.get("/incidents", params=query).json()["items"]
    assert bool(whole) is (query.get("status") != ["new", "acknowledged"])
    assert {each["second_look"] for each in whole} <= {None}


def test_work_lists_leave_it_out_and_count_without_it(centre: RunningCentre) -> None:
    """As with the map of what is open, the officer's page, and open items of a shift."""
    sau, knows = centre.person(Role.COMMANDER, "sau"), centre.person(Role.OPERATOR, "truc")
    point = {"hours": 744}

    def counts(person: httpx.Client) -> list[int]:
        open_items = person.get("/handovers/open-items").json()
        past = person.get("/handovers/1").json()["items"]
        points = person.get("/map/incidents", params=point).json()
        return [open_items["incidents"]["total"], past["incidents"]["total"], points["total"]]

    assert counts(sau) == [0, 0, 0]
    assert counts(knows) == [1, 1, 2]  # i2 and, on the map, the violation


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/incidents/i1/reopen"),
        ("POST", "/incidents/i2/reject"),
        ("POST", "/incidents/v1/steps/approve"),
        ("POST", "/incidents/i1/exception"),
        ("DELETE", "/incidents/i1/exception?reason=xong"),
        ("GET", "/incidents/v1/export?purpose=gửi"),
        ("GET", "/incidents/v1/sheet?purpose=gửi"),
    ],
)
def test_nobody_decides_about_it_or_takes_it_out_before_their_own_look(
    centre: RunningCentre, method: str, path: str
) -> None:
    bodies = {"reopen": {}, "approve": {}, "reject": {"reason_code": "duplicate"}}
    more = bodies.get(path.rpartition("/")[2])
    body = {"reason": "vì sao"} if more is None else {"version": 2, **more}
    sau = centre.person(Role.COMMANDER, "sau")
    answer = sau.request(method, path, json=body if method == "POST" else None)

    assert (answer.status_code, answer.json()["detail"]["code"]) == (409, "second_look_first")


def test_a_hold_or_a_note_cannot_wait_and_tells_nothing(centre: RunningCentre) -> None:
    sau = centre.person(Role.COMMANDER, "sau")
    held = sau.post("/incidents/v1/hold", json={"reason": "Vụ án số 7"}).json()
    key = "0f0e0d0c-0b0a-4908-8706-050403020100"
    report = {"kind": "note", "version": 1, "made_at": AFTER.isoformat(), "note": "Đã đến"}
    noted = sau.put(f"/incidents/i1/reports/{key}", json=report).json()["incident"]

    assert (held["held"], held["stage"], held["second_look"]) == (True, "detected", WEEK)
    assert (noted["stage"], noted["status"]) == ("acknowledged", "acknowledged")


@pytest.mark.parametrize(
    ("role", "name", "incident"),
    [
        (Role.OPERATOR, "dao", "i1"),
        (Role.SHIFT_LEAD, "truong", "i1"),
        (Role.OFFICER, "khac", "v1"),
        (Role.COMMANDER, "dung", "v1"),
        (Role.OPERATOR, "dao", "old"),
    ],
)
def test_who_may_look_again_sees_it_as_it_stood_before(
    centre: RunningCentre, role: Role, name: str, incident: str
) -> None:
    told = centre.person(role, name).get(f"/incidents/{incident}").json()

    assert (told["second_look"], told["stage"]) == (WEEK, OWED[incident])
    assert told["status"] in {"new", "acknowledged"}
    assert {each["kind"] for each in told["events"]} <= {"acknowledge"}
    assert (told["findings"], told["requirements"], told["legal"]["deadlines"]) == (None, [], [])
    assert (told["may_teach"], told["taught_until"], told["due_at"]) == (False, None, None)


def test_a_wall_tells_the_whole_room_nothing(centre: RunningCentre) -> None:
    started = centre.person(Role.SHIFT_LEAD, "ca").post("/walls", json={"name": "Phòng trực"})
    wall = centre.client(cookies={COOKIE: started.cookies[COOKIE]})

    assert [wall.get(f"/incidents/{name}").json()["stage"] for name in OWED] == [*OWED.values()]


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
    assert {each["note"] for each in told["events"]} & {"Mưa lớn", "Rõ biển"}


def test_whoever_has_answered_sees_all_and_so_does_everybody_else(fresh: RunningCentre) -> None:
    dao = fresh.person(Role.OPERATOR, "dao")
    looked = dao.post("/quality/samples/i1/look", json={"verdict": "confirmed"})

    assert looked.json()["first"] == "rejected"
    for person in (dao, fresh.person(Role.OPERATOR, "lan")):
        told = person.get("/incidents/i1").json()
        assert (told["status"], told["second_look"]) == ("rejected", None)
    assert "i1" in dao.get("/incidents", params={"status": "rejected"}).text


def test_the_live_stream_is_silent_about_it_and_reloads_when_that_changes(
    fresh: RunningCentre,
) -> None:
    database = fresh.parts.database
    owes = add_person(database, "dao", Role.OPERATOR, fresh.parts.clock)
    knows = add_person(database, "truc", Role.OPERATOR, fresh.parts.clock)
    with watching(fresh, token=owes) as dao, watching(fresh, token=knows) as truc:
        for browser in (dao, truc):
            browser.wait(lambda b: b.names() == ["ready"])
        announce(fresh, "i1", "v1")
        for browser in (dao, truc):
            browser.wait(lambda b: "v1" in ids(b))
        lead = fresh.person(Role.SHIFT_LEAD, "ca")
        lead.post("/quality/samples/i1/look", json={"verdict": "confirmed"})
        dao.wait(lambda b: "reset" in b.names())
        announce(fresh, "i1")
        for browser in (dao, truc):
            browser.wait(lambda b: ids(b)[-1] == "i1")

    assert (ids(dao).count("i1"), ids(truc).count("i1")) == (1, 2)
    assert "reset" not in truc.names()
    with watching(fresh, "1", token=owes) as again:  # all that happened, once more
        again.wait(lambda b: ids(b)[-1:] == ["i1"])
    assert "i2" not in ids(again)


def announce(centre: RunningCentre, *names: str) -> None:
    """Let it be told how incidents stand, as when a file of theirs has come."""
    for name in names:
        with centre.parts.database.write() as session:
            row = session.get_one(IncidentRow, name)
            views.announce(session, centre.parts.live, row, centre.parts.clock())


@pytest.mark.parametrize("kind", ["incident", "violation"])
@pytest.mark.parametrize("role", list(Role))
def test_who_may_reject_may_look_again(role: Role, kind: str) -> None:
    roles = life_cycle(kind)[StepKind.REJECT].roles
    user = UserRow(username="dao", role=role)

    assert may_look(user, "truc", kind) is (role in roles)
    assert not may_look(user, "dao", kind)
    assert set(VERDICTS) == schemas.VERDICTS
