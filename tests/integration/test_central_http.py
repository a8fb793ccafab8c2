"""The console's API over real HTTP: log-in, who may do what, reviews, boxes, quarantine."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.auth import service as auth_service
from central.auth.guard import COOKIE
from central.auth.schemas import Role
from central.quarantine import service as quarantine
from central.tables.users import AuditRow
from tests.builders import NOON, ManualClock, incident_message
from tests.centre import RunningCentre, add_box, running_centre, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

CSRF = {"X-Songlam": "1"}
CLOCK = ManualClock()


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A centre at noon that knows one incident."""
    CLOCK.set_wall(NOON)
    with running_centre(tmp_path, CLOCK.now) as running:
        with running.parts.database.write() as session:
            take_in(session, incident_message(), NOON)
        yield running


def first_password(centre: RunningCentre) -> str:
    with centre.parts.database.write() as session:
        password = auth_service.create_first_admin(session, NOON)
    assert password is not None
    return password


def log_in(client: httpx.Client, username: str, password: str) -> httpx.Response:
    return client.post("/session", json={"username": username, "password": password}, headers=CSRF)


def code(response: httpx.Response) -> Any:
    return response.json()["detail"]["code"]


def test_the_first_administrator_must_choose_a_password_and_then_works(
    centre: RunningCentre,
) -> None:
    password, client = first_password(centre), centre.client(headers=CSRF)
    me = log_in(client, "admin", password)
    assert (me.status_code, me.json()["must_change_password"]) == (200, True)
    assert code(client.get("/incidents")) == "password_change_required"

    change = {"old_password": password, "new_password": "một mật khẩu rất dài"}
    changed = client.post("/session/password", json=change)
    assert (changed.status_code, changed.json()["must_change_password"]) == (200, False)
    assert client.get("/incidents").status_code == 200
    assert log_in(centre.client(), "admin", password).status_code == 401
    assert log_in(centre.client(), "admin", "một mật khẩu rất dài").status_code == 200


def test_a_password_that_is_guessed_first_is_refused(centre: RunningCentre) -> None:
    password, client = first_password(centre), centre.client(headers=CSRF)
    log_in(client, "admin", password)
    change = {"old_password": password, "new_password": "admin-songlam-2026"}
    refused = client.post("/session/password", json=change)

    assert (refused.status_code, code(refused)) == (422, "weak_password")
    assert log_in(centre.client(), "admin", password).status_code == 200


def test_a_second_first_administrator_is_never_made(centre: RunningCentre) -> None:
    first_password(centre)
    with centre.parts.database.write() as session:
        assert auth_service.create_first_admin(session, NOON) is None


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    centre: RunningCentre,
) -> None:
    response = log_in(centre.client(), "admin", first_password(centre))

    cookie = response.headers["set-cookie"].lower()
    assert COOKIE in cookie
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


def test_an_https_centre_marks_its_cookie_secure(tmp_path: Path) -> None:
    with running_centre(tmp_path, public_url="https://songlam.example") as centre:
        response = log_in(centre.client(), "admin", first_password(centre))

    cookie = response.headers["set-cookie"].lower()
    assert cookie.startswith("__host-songlam_session=")
    assert "secure" in cookie
    assert "domain" not in cookie
    assert "max-age" in response.headers["strict-transport-security"]


def test_repeated_failures_make_the_next_attempt_wait_then_work_again(
    centre: RunningCentre,
) -> None:
    password, client = first_password(centre), centre.client()
    statuses = [log_in(client, "admin", "wrong").status_code for _ in range(6)]
    blocked = log_in(client, "admin", password)
    CLOCK.advance(16)

    assert statuses == [401] * 5 + [429]
    assert (blocked.status_code, blocked.headers["retry-after"]) == (429, "15")
    assert log_in(client, "admin", password).status_code == 200


def test_an_unknown_name_is_refused_like_a_wrong_password(centre: RunningCentre) -> None:
    first_password(centre)
    unknown = log_in(centre.client(), "nobody", "wrong")

    assert (unknown.status_code, code(unknown)) == (401, "wrong_login")


def test_a_session_ends_by_log_out_and_by_time(centre: RunningCentre) -> None:
    left, expired = centre.person(Role.OPERATOR, "an"), centre.person(Role.OPERATOR, "binh")
    assert left.delete("/session").status_code == 200
    assert code(left.get("/incidents")) == "not_logged_in"
    CLOCK.advance(timedelta(hours=13).total_seconds())
    assert code(expired.get("/incidents")) == "not_logged_in"


@pytest.mark.parametrize(
    "headers",
    [{"X-Songlam": ""}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
def test_a_change_that_a_foreign_page_could_cause_is_refused(
    centre: RunningCentre, headers: dict[str, str]
) -> None:
    person = centre.person(Role.OPERATOR)
    refused = person.post("/incidents/i1/acknowledge", json={"version": 1}, headers=headers)

    assert (refused.status_code, code(refused)) == (403, "csrf")


def test_a_change_from_our_own_page_is_taken(centre: RunningCentre) -> None:
    headers = {"Origin": centre.url}
    person = centre.person(Role.OFFICER)
    taken = person.post("/incidents/i1/acknowledge", json={"version": 1}, headers=headers)

    assert (taken.status_code, taken.json()["status"]) == (200, "acknowledged")


MATRIX = [
    ("GET", "/incidents", None, set(Role)),
    ("GET", "/incidents/i1", None, set(Role)),
    ("GET", "/boxes", None, set(Role)),
    ("GET", "/cameras", None, set(Role)),
    ("GET", "/catalogue", None, set(Role)),
    ("POST", "/incidents/i1/reject", {"version": 9, "reason_code": "duplicate"},
     {Role.OFFICER, Role.COMMANDER}),
    ("POST", "/boxes", {"box_id": "n9", "name": "Mới"}, {Role.ADMIN, Role.TECHNICIAN}),
    ("POST", "/boxes/n1/token", None, {Role.ADMIN, Role.TECHNICIAN}),
    ("DELETE", "/boxes/n7", None, {Role.ADMIN, Role.TECHNICIAN}),
    ("GET", "/quarantine", None, {Role.ADMIN, Role.TECHNICIAN, Role.OPERATOR}),
    ("POST", "/quarantine/1/dismiss", None, {Role.ADMIN, Role.TECHNICIAN, Role.OPERATOR}),
    ("GET", "/users", None, {Role.ADMIN}),
    ("POST", "/users", {"username": "moi", "display_name": "M", "role": "leader"}, {Role.ADMIN}),
    ("PATCH", "/users/admin", {"display_name": "A"}, {Role.ADMIN}),
    ("POST", "/users/leader/password", None, {Role.ADMIN}),
]  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
def test_each_role_reaches_what_it_may_and_nothing_else(centre: RunningCentre, role: Role) -> None:
    centre.person(Role.ADMIN)
    add_box(centre.parts.database, "n1")
    person = centre.person(role)
    reached = {
        (method, path)
        for method, path, body, _ in MATRIX
        if person.request(method, path, json=body).status_code != 403
    }

    assert reached == {(method, path) for method, path, _, roles in MATRIX if role in roles}


def test_nobody_reaches_anything_without_a_log_in(centre: RunningCentre) -> None:
    stranger = centre.client(headers=CSRF)
    answers = {stranger.request(m, path, json=body).status_code for m, path, body, _ in MATRIX}

    assert answers == {401}


def test_a_review_walks_from_new_to_rejected_and_back_with_its_history(
    centre: RunningCentre,
) -> None:
    person = centre.person(Role.OFFICER, "chien")
    steps = [
        ("acknowledge", {"version": 1}),
        ("reject", {"version": 2, "reason_code": "signal_fault", "note": "đèn hỏng"}),
        ("reopen", {"version": 3}),
        ("confirm", {"version": 4, "note": ""}),
    ]
    statuses = [
        person.post(f"/incidents/i1/{step}", json=body).json()["status"] for step, body in steps
    ]
    detail = person.get("/incidents/i1").json()

    assert statuses == ["acknowledged", "rejected", "acknowledged", "confirmed"]
    assert [(e["kind"], e["reason_code"], e["actor"]) for e in detail["events"]] == [
        ("acknowledge", None, "chien"),
        ("reject", "signal_fault", "chien"),
        ("reopen", None, "chien"),
        ("confirm", None, "chien"),
    ]
    assert (detail["version"], detail["revisions"][0]["phase"]) == (5, "opened")


def test_two_officers_at_once_one_wins_and_the_other_is_told(centre: RunningCentre) -> None:
    people = [centre.person(Role.OFFICER, name) for name in ("an", "binh")]
    start, answers = threading.Barrier(2), []

    def confirm(person: httpx.Client) -> None:
        start.wait()
        answers.append(person.post("/incidents/i1/confirm", json={"version": 1}))

    threads = [threading.Thread(target=confirm, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answer.status_code for answer in answers) == [200, 409]
    assert [code(answer) for answer in answers if answer.status_code == 409] == ["stale_version"]
    assert len(people[0].get("/incidents/i1").json()["events"]) == 1


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"version": 1, "reason_code": "because"}, 422, "unknown_reason"),
        ({"version": 1, "reason_code": "other"}, 422, "note_required"),
        ({"version": 1}, 422, "invalid_request"),
        ({"version": 7, "reason_code": "duplicate"}, 409, "stale_version"),
    ],
)
def test_a_rejection_needs_a_known_reason_and_the_present_version(
    centre: RunningCentre, body: dict[str, Any], status: int, expected: str
) -> None:
    answer = centre.person(Role.OFFICER).post("/incidents/i1/reject", json=body)

    assert (answer.status_code, code(answer)) == (status, expected)


def test_a_confirmed_incident_cannot_be_acknowledged(centre: RunningCentre) -> None:
    person = centre.person(Role.OFFICER)
    person.post("/incidents/i1/confirm", json={"version": 1})
    answer = person.post("/incidents/i1/acknowledge", json={"version": 2})

    assert (answer.status_code, code(answer)) == (409, "wrong_status")


def test_an_unknown_incident_and_a_bad_cursor_are_said_clearly(centre: RunningCentre) -> None:
    person = centre.person(Role.LEADER)

    assert code(person.get("/incidents/none")) == "no_such_incident"
    assert code(person.get("/incidents", params={"cursor": "!!"})) == "bad_cursor"
    assert code(person.get("/incidents", params={"colour": "red"})) == "invalid_request"
    assert len(person.get("/incidents", params={"rule": "", "status": ""}).json()["items"]) == 1


def test_a_box_token_opens_no_door_of_the_console(centre: RunningCentre) -> None:
    assert centre.box("n1").get("/incidents").status_code == 401


def test_a_renewed_token_replaces_the_old_one_at_once(centre: RunningCentre) -> None:
    technician = centre.person(Role.TECHNICIAN)
    old = technician.post("/boxes", json={"box_id": "n2", "name": "Tủ 2"}).json()["token"]
    new = technician.post("/boxes/n2/token").json()["token"]
    answers = [
        centre.client(headers={"Authorization": f"Bearer {token}"})
        .head("/uploads/none", headers={"Tus-Resumable": "1.0.0"})
        .status_code
        for token in (old, new)
    ]

    assert answers == [401, 404]


def test_the_last_administrator_cannot_be_shut_out(centre: RunningCentre) -> None:
    admin = centre.person(Role.ADMIN)

    assert code(admin.patch("/users/admin", json={"disabled": True})) == "last_admin"
    assert code(admin.patch("/users/admin", json={"role": "leader"})) == "last_admin"


def test_a_disabled_user_is_out_at_once(centre: RunningCentre) -> None:
    admin, operator = centre.person(Role.ADMIN), centre.person(Role.OPERATOR)
    changed = admin.patch("/users/operator", json={"disabled": True})

    assert changed.json()["disabled"] is True
    assert operator.get("/incidents").status_code == 401


def test_a_quarantined_message_is_listed_downloaded_and_dismissed(centre: RunningCentre) -> None:
    refused = quarantine.RefusedMessage(
        topic="songlam/v1/n1/incident", box_id="n1", reason="not JSON", payload=b"<script>"
    )
    with centre.parts.database.write() as session:
        row_id = quarantine.keep(session, centre.parts, refused).id
    person = centre.person(Role.TECHNICIAN)
    listed = person.get("/quarantine").json()["items"]
    payload = person.get(f"/quarantine/{row_id}/payload")
    person.post(f"/quarantine/{row_id}/dismiss")

    assert [(item["reason"], item["preview"]) for item in listed] == [("not JSON", "<script>")]
    assert payload.content == b"<script>"
    assert payload.headers["content-disposition"].startswith("attachment")
    assert person.get("/quarantine").json()["items"] == []


def test_what_administrators_do_is_in_the_audit_log_without_secrets(
    centre: RunningCentre,
) -> None:
    admin = centre.person(Role.ADMIN)
    new = {"username": "moi", "display_name": "Mới", "role": "operator"}
    password = admin.post("/users", json=new).json()["password"]
    with centre.parts.database.read() as session:
        rows = session.scalars(select(AuditRow)).all()

    assert [(row.actor, row.action, row.object_id) for row in rows] == [("admin", "create", "moi")]
    assert password not in str([row.detail for row in rows])
