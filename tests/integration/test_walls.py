"""A video wall shows for weeks without anybody logged in, and can do nothing else."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from central.app import _forget_expired
from central.auth import walls
from central.auth.guard import COOKIE
from central.auth.schemas import Role
from central.tables.users import AuditRow, LoginRow, UserRow
from central.tables.walls import WallRow
from tests.builders import ManualClock
from tests.centre import RunningCentre, running_centre
from tests.integration.test_scope_matrix import FOREIGN, MARK, OWN, ask, furnish
from tests.ways import OF_PEOPLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

SHOWS = {
    "/areas", "/areas/search", "/map/config", "/map/incidents", "/map/communes.geojson",
    "/map/province.geojson", "/map/roads.geojson", "/boxes", "/boxes/{box_id}", "/cameras",
    "/catalogue", "/life-cycles", "/incidents/reject-reasons", "/incidents/{incident_id}",
    "/evidence/{evidence_id}", "/alerts", "/live", "/components",
    "/components/{code}/indicators", "/indicators/{code}", "/indicators/{code}/by-area",
}  # fmt: skip
"""All that a wall may ask for; a route that is added here has been thought about."""


@pytest.fixture
def clock() -> ManualClock:
    """A clock at noon."""
    return ManualClock()


@pytest.fixture
def centre(tmp_path: Path, clock: ManualClock) -> Iterator[RunningCentre]:
    """A centre with one incident, clip, box and camera in each of two communes."""
    with running_centre(tmp_path, clock.now) as running:
        for area, name in ((OWN, "own"), (FOREIGN, MARK)):
            furnish(running, area, name)
        yield running


def started(centre: RunningCentre, *areas: str) -> httpx.Client:
    """Return the browser in which a shift lead has started a wall."""
    screen = centre.person(Role.SHIFT_LEAD, "truong")
    with centre.parts.database.write() as session:
        session.get_one(UserRow, "truong").areas = list(areas) or ["*"]
    answer = screen.post("/walls", json={"name": "Phòng trực ban"})
    assert answer.status_code == 201, answer.text
    token = answer.cookies[COOKIE]
    assert "max-age=7776000" in answer.headers["set-cookie"].lower()
    return centre.client(cookies={COOKIE: token}, headers={"X-Songlam": "1"})


def test_a_wall_reaches_what_the_wall_shows_and_nothing_else(centre: RunningCentre) -> None:
    wall = started(centre)
    entered = {
        way.path.removeprefix("/api/v1")
        for way in OF_PEOPLE
        if not way.path.endswith("/live") and ask(wall, way, "own").status_code not in {401, 403}
    }
    changing = [way for way in OF_PEOPLE if way.method != "GET"]

    assert entered <= SHOWS - {"/live"}
    assert entered >= {"/boxes", "/alerts", "/map/incidents", "/evidence/{evidence_id}"}
    assert {ask(wall, w, "own").status_code for w in changing} == {403}
    for way in ("/session/password", "/session/second-factor", "/session/second-factor/remove"):
        assert wall.post(way, json={"password": "x"}).status_code == 403


def test_a_wall_sees_the_communes_of_who_started_it_and_no_plates(centre: RunningCentre) -> None:
    wall = started(centre, OWN)
    told = [
        ask(wall, way, MARK).text
        for way in OF_PEOPLE
        if way.method == "GET" and not way.path.endswith("/live")
    ]
    me = wall.get("/session").json()

    assert [text for text in told if MARK in text] == []
    assert wall.get("/incidents/own-incident").status_code == 200
    assert (me["username"][:5], me["display_name"], me["areas"]) == (
        "wall:", "Phòng trực ban", [OWN],
    )  # fmt: skip
    assert me["role"] == Role.LEADER


def test_starting_ends_the_log_in_of_the_screen_and_is_recorded(centre: RunningCentre) -> None:
    wall = started(centre)
    wall.get("/incidents/own-incident")
    with centre.parts.database.read() as session:
        logins = session.scalars(select(LoginRow.username)).all()
        lines = session.execute(
            select(AuditRow.actor, AuditRow.action, AuditRow.object_kind, AuditRow.object_id)
        ).all()
        secret = session.scalars(select(WallRow.token_hash)).one()

    assert "truong" not in logins
    assert ("truong", "start_wall", "wall", "1") in lines
    assert ("wall:1", "view", "incident", "own-incident") in lines
    assert secret != wall.cookies[COOKIE]


def test_use_keeps_it_open_until_its_longest_life_is_over(
    centre: RunningCentre, clock: ManualClock
) -> None:
    wall, alive = started(centre), []
    for _ in range(16):
        clock.advance(timedelta(days=6).total_seconds())
        alive.append(wall.get("/boxes").status_code)
    _forget_expired(centre.parts)
    with centre.parts.database.read() as session:
        assert session.scalars(select(WallRow)).all() == []
        last = session.scalars(select(AuditRow).order_by(AuditRow.id.desc())).first()

    assert alive == [200] * 14 + [401] * 2
    assert walls.LONGEST / timedelta(days=6) == 15
    assert last is not None
    assert (last.actor, last.action) == ("system", "end_wall")


def test_unused_it_ends_after_a_week(centre: RunningCentre, clock: ManualClock) -> None:
    wall = started(centre)
    clock.advance(walls.IDLE.total_seconds())

    assert wall.get("/boxes").status_code == 401


def test_its_last_use_is_listed_and_who_may_ends_it_at_once(
    centre: RunningCentre, clock: ManualClock
) -> None:
    wall = started(centre)
    clock.advance(3600)
    wall.get("/boxes")
    admin = centre.person(Role.ADMIN, "quantri")
    (listed,) = admin.get("/walls").json()["items"]
    other = centre.person(Role.SHIFT_LEAD, "xa")
    with centre.parts.database.write() as session:
        session.get_one(UserRow, "xa").areas = [OWN]

    assert (listed["name"], listed["started_by"]) == ("Phòng trực ban", "truong")
    assert listed["last_used_at"].startswith(clock.now().isoformat()[:16])
    assert other.get("/walls").json()["items"] == []
    assert other.delete(f"/walls/{listed['id']}").status_code == 404
    assert wall.get("/boxes").status_code == 200
    assert admin.delete(f"/walls/{listed['id']}").status_code == 204
    assert wall.get("/boxes").status_code == 401
    assert admin.get("/walls").json()["items"] == []


def test_it_ends_with_the_account_of_who_started_it(centre: RunningCentre) -> None:
    wall = started(centre)
    change = centre.person(Role.ADMIN, "quantri").patch("/users/truong", json={"disabled": True})

    assert change.status_code == 200
    assert wall.get("/boxes").status_code == 401


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.LEADER, Role.TECHNICIAN])
def test_others_start_none(centre: RunningCentre, role: Role) -> None:
    assert centre.person(role).post("/walls", json={"name": "x"}).status_code == 403
