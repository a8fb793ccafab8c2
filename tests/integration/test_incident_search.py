"""Searching incidents: pages hold all that fit, once, newest first. On both databases."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select

from central.auth.schemas import Role
from central.auth.scope import Scope
from central.auth.veil import UNVEILED
from central.incidents import plates, service
from central.incidents.schemas import IncidentFilter
from central.tables.alerts import AlertIncidentRow, AlertRow
from central.tables.incidents import IncidentRow
from central.tables.users import AuditRow
from tests.builders import NOON, incident_message
from tests.centre import RunningCentre, running_centre, take_in
from tests.measures.search import incident_row, note_plates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from central.db import Database

EVERYWHERE = Scope(frozenset({"*"}))
ROWS = 240


@pytest.fixture
def rows(database: Database) -> list[dict[str, Any]]:
    """Incidents of few rules, stages and communes, several at each second."""
    random = Random(7)  # noqa: S311 - no secret
    made = [incident_row(number, random) for number in range(ROWS)]
    for number, row in enumerate(made):
        row["occurred_at"] = NOON - timedelta(seconds=number // 3)
        row["plate"] = f"37A{number % 40:05d}" if number % 2 else None
        row["merged_into"] = made[0]["incident_id"] if number % 11 == 1 else None
    with database.write() as session:
        session.execute(insert(IncidentRow), made)
        note_plates(session)
    return made


def found(database: Database, scope: Scope = EVERYWHERE, **given: Any) -> list[str]:
    """Return the ids of all pages."""
    ids: list[str] = []
    cursor = None
    while True:
        wanted = IncidentFilter.model_validate({"limit": 7, "cursor": cursor, **given})
        with database.read() as session:
            page = service.list_page(session, wanted, scope, UNVEILED)
        ids += [item.incident_id for item in page.items]
        cursor = page.next_cursor
        if cursor is None:
            return ids


def fits(row: dict[str, Any], scope: Scope, given: dict[str, Any]) -> bool:
    """Return whether a row is wanted, said as plainly as can be."""
    lists = all(row[name] in given[name] for name in ("rule", "stage", "status") if name in given)
    ones = all(row[name] == given[name] for name in ("camera_id", "area_code") if name in given)
    within = given.get("from", row["occurred_at"]) <= row["occurred_at"]
    before = row["occurred_at"] < given.get("to", NOON + timedelta(days=1))
    plate = not given.get("plate") or given["plate"] in (row["plate"] or "")
    merged = given.get("merged", False) or row["merged_into"] is None
    return all([lists, ones, within, before, plate, merged, scope.allows([row["area_code"]])])


def some_filter(rows: list[dict[str, Any]], random: Random) -> tuple[Scope, dict[str, Any]]:
    """Return a scope and a filter that something may fit."""
    like = [random.choice(rows) for _ in range(3)]
    given: dict[str, Any] = {}
    for name in ("rule", "stage", "status"):
        if random.random() < 0.4:
            given[name] = [row[name] for row in like[: random.randint(1, 3)]]
    for name in ("camera_id", "area_code"):
        if random.random() < 0.2:
            given[name] = like[0][name]
    if random.random() < 0.3:
        given["from"] = NOON - timedelta(seconds=random.randint(20, 80))
    if random.random() < 0.3:
        given["to"] = NOON - timedelta(seconds=random.randint(0, 40))
    if random.random() < 0.2 and like[0]["plate"]:
        given["plate"] = like[0]["plate"][random.randint(0, 3) :][: random.randint(5, 7)]
    given["merged"] = random.random() < 0.3
    local = frozenset(row["area_code"] for row in like[: random.randint(0, 3)])
    return (EVERYWHERE if random.random() < 0.5 else Scope(local)), given


@pytest.mark.parametrize("common", [plates.COMMON, 1])
def test_whatever_is_asked_the_pages_hold_it_once_newest_first(
    database: Database,
    rows: list[dict[str, Any]],
    common: int,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(plates, "COMMON", common)
    random = Random(3)  # noqa: S311 - no secret
    newest_first = sorted(rows, key=lambda r: (r["occurred_at"], r["incident_id"]), reverse=True)
    empty = 0
    for _ in range(60):
        scope, given = some_filter(rows, random)
        expected = [row["incident_id"] for row in newest_first if fits(row, scope, given)]
        empty += not expected

        assert found(database, scope, **given) == expected, (scope, given)
    assert empty < 30


def test_a_code_is_an_incidents_own_or_an_alerts(
    database: Database, rows: list[dict[str, Any]]
) -> None:
    ids = [row["incident_id"] for row in rows if row["merged_into"] is None]
    with database.write() as session:
        alert = AlertRow(
            code="K7M2PQRS", cause="x", rule="crash", severity="critical", area_code="16681",
            camera_id="c1", incident_level=0, opened_at=NOON, last_at=NOON, incidents=2,
            status="open", step=0, escalate_at=None,
        )  # fmt: skip
        session.add(alert)
        session.flush()
        for incident_id in ids[:2]:
            session.add(
                AlertIncidentRow(
                    incident_id=incident_id, alert_id=alert.id, verdict="opened", decided_at=NOON
                )
            )

    assert found(database, code=ids[5]) == [ids[5]]
    assert set(found(database, code="k7m2pqrs")) == set(ids[:2])
    assert found(database, code="nothing") == []


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A centre with one violation."""
    with running_centre(tmp_path_factory.mktemp("search")) as running:
        with running.parts.database.write() as session:
            take_in(session, incident_message("i1", rule="wrong_way"), NOON)
        yield running


def test_a_plate_that_an_officer_read_is_found_by_any_part_and_the_search_is_recorded(
    centre: RunningCentre,
) -> None:
    officer = centre.person(Role.OFFICER, "chien")
    findings = {"plate_state": "read", "plate": "37A12345", "vehicle_class": "car"}
    officer.post("/incidents/i1/confirm", json={"version": 1, "findings": findings})
    answers = [
        [
            item["incident_id"]
            for item in officer.get("/incidents", params={"plate": p}).json()["items"]
        ]
        for p in ("37A-123.45", "37a12", "37A12346", "123.45", "2345", "a-123", "A2345")
    ]
    with centre.parts.database.read() as session:
        own = select(AuditRow).where(AuditRow.action == "search", AuditRow.actor == "chien")
        searches = session.scalars(own.order_by(AuditRow.id)).all()

    assert answers == [["i1"], ["i1"], [], ["i1"], ["i1"], ["i1"], []]
    assert [row.detail["query"] for row in searches][1] == "plate=37a12"


def test_a_plate_that_was_read_anew_is_not_found_as_it_was_read_before(
    centre: RunningCentre,
) -> None:
    with centre.parts.database.write() as session:
        take_in(session, incident_message("i2", rule="wrong_way"), NOON)
    officer = centre.person(Role.OFFICER, "chien")
    for version, plate in ((1, "37MD101234"), (3, "51G99999")):
        findings = {"plate_state": "read", "plate": plate, "vehicle_class": "car"}
        officer.post("/incidents/i2/confirm", json={"version": version, "findings": findings})
        found = {
            part: len(officer.get("/incidents", params={"plate": part}).json()["items"])
            for part in ("37-MĐ1", "1234", "012.34", "9999", "51G-999.99")
        }
        officer.post("/incidents/i2/reopen", json={"version": version + 1})
        expected = (1, 1, 0, 0) if plate.startswith("37") else (0, 0, 1, 1)

        assert (found["37-MĐ1"], found["012.34"], found["9999"], found["51G-999.99"]) == expected


@pytest.mark.parametrize("part", ["3A12", "12345", "37A12345", "2345A", "4545", "5454"])
def test_a_part_is_the_beginning_of_an_ending(part: str) -> None:
    for plate in ("37A12345", "37B45454", "1234", "51"):
        found = any(ending.startswith(part) for ending in plates.endings(plate))

        assert found == (part in plate)


@pytest.mark.parametrize("role", list(Role))
def test_only_who_reads_plates_searches_by_them(centre: RunningCentre, role: Role) -> None:
    status = centre.person(role).get("/incidents", params={"plate": "37A12345"}).status_code
    readers = {Role.OFFICER, Role.COMMANDER, Role.COMMUNE_POLICE, Role.AUDITOR}

    assert status == (200 if role in readers else 403)


@pytest.mark.parametrize("plate", ["37A", "345", "37A123456789012", "37 %45", "%"])
def test_a_plate_too_short_to_mean_one_is_refused(centre: RunningCentre, plate: str) -> None:
    answer = centre.person(Role.OFFICER).get("/incidents", params={"plate": plate})

    assert answer.status_code == 422
