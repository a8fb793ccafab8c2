"""The incidents of the map over HTTP: whose they are, what is left out, what is told of it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from central.auth.schemas import Role
from central.auth.scope import Scope
from central.auth.veil import UNVEILED
from central.map import points
from central.tables.incidents import IncidentRow
from central.tables.users import AuditRow, UserRow
from tests.builders import NOON, incident_message
from tests.centre import RunningCentre, running_centre, take_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

OWN, FOREIGN = "16681", "16690"
PROVINCE = Scope(frozenset({"*"}))


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre at noon with what happened before it."""
    with running_centre(tmp_path_factory.mktemp("points"), lambda: NOON) as running:
        put(
            running, "crash", hours=1, rule="crash", area_code=OWN, location=(18.6712345678, 105.69)
        )
        put(running, "red", hours=3, rule="red_light", area_code=FOREIGN, camera_id="elsewhere")
        put(running, "old", hours=30, area_code=OWN)
        put(running, "settled", hours=2, area_code=OWN, stage="closed")
        put(running, "twin", hours=1, area_code=OWN, merged_into="crash")
        yield running


def put(running: RunningCentre, name: str, *, hours: float, stage: str = "", **given: Any) -> None:
    """Store an incident that happened some hours before noon, in a stage."""
    into = given.pop("merged_into", None)
    at = NOON - timedelta(hours=hours)
    with running.parts.database.write() as session:
        take_in(session, incident_message(name, occurred_at=at, decided_at=at, **given), NOON)
        session.flush()
        row = session.get_one(IncidentRow, name)
        row.merged_into = into
        if stage:
            row.stage = stage


def names(person: httpx.Client, query: str = "") -> list[str]:
    answer = person.get(f"/map/incidents{query}")
    assert answer.status_code == 200, answer.text
    return [each["incident_id"] for each in answer.json()["items"]]


def test_the_map_shows_the_open_incidents_of_the_last_day_newest_first(
    centre: RunningCentre,
) -> None:
    assert names(centre.person(Role.OPERATOR)) == ["crash", "red"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?hours=2", ["crash"]),
        ("?hours=48", ["crash", "red", "old"]),
        ("?done=true", ["crash", "settled", "red"]),
    ],
)
def test_more_hours_and_what_is_settled_are_shown_when_asked_for(
    centre: RunningCentre, query: str, expected: list[str]
) -> None:
    assert names(centre.person(Role.OPERATOR), query) == expected


def test_a_point_places_draws_and_filters_an_incident(centre: RunningCentre) -> None:
    shown = centre.person(Role.OPERATOR).get("/map/incidents").json()["items"]
    crash, red = shown

    assert crash["location"] == [18.671235, 105.69]
    assert red["location"] is None
    assert (crash["rule"], crash["incident_class"], crash["severity"]) == (
        "crash", "incident", "critical",
    )  # fmt: skip
    assert (red["stage"], red["status"], red["camera_id"]) == ("detected", "new", "elsewhere")
    assert set(crash) <= set(centre.person(Role.OPERATOR).get("/incidents/crash").json())


def test_somebody_of_one_commune_gets_no_point_of_another(centre: RunningCentre) -> None:
    person = centre.person(Role.COMMUNE_POLICE, "xa")
    with centre.parts.database.write() as session:
        session.get_one(UserRow, "xa").areas = [OWN]
    answer = person.get("/map/incidents?hours=48&done=true")

    assert {each["area_code"] for each in answer.json()["items"]} == {OWN}
    assert answer.json()["total"] == 3
    assert "elsewhere" not in answer.text


@pytest.mark.parametrize("query", ["?hours=0", "?hours=745", "?hours=x", "?done=perhaps"])
def test_a_window_that_is_none_is_refused(centre: RunningCentre, query: str) -> None:
    assert centre.person(Role.OPERATOR).get(f"/map/incidents{query}").status_code == 422


def test_looking_at_the_map_is_a_search_in_the_audit_log(centre: RunningCentre) -> None:
    names(centre.person(Role.AUDITOR, "kiem-tra"), "?hours=7")
    with centre.parts.database.read() as session:
        line = session.scalars(select(AuditRow).where(AuditRow.actor == "kiem-tra")).one()

    assert (line.action, line.detail) == ("search", {"query": "hours=7"})


def test_the_answer_is_small_on_the_line_and_the_same_without_compression(
    centre: RunningCentre,
) -> None:
    person = centre.person(Role.OPERATOR)
    packed = person.get("/map/incidents")
    plain = person.get("/map/incidents", headers={"Accept-Encoding": "identity"})

    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert packed.json() == plain.json()


def test_a_cut_answer_says_how_many_there_are(centre: RunningCentre) -> None:
    with centre.parts.database.read() as session:
        found = points.find(
            session, PROVINCE, UNVEILED, NOON - timedelta(days=3), done=True, most=2
        )

    assert [item.incident_id for item in found.items] == ["crash", "settled"]
    assert found.total == 4
