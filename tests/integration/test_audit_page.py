"""The audit log as auditors read it: searched, paged by key, checked, taken out. Both databases."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, text

from central.auth import audit, audit_log, audit_watch
from central.auth.audit_schemas import AuditQuery
from central.auth.schemas import Role
from central.clock import LOCAL
from central.tables.users import AuditCheckRow, AuditRow
from tests.builders import NOON, ManualClock
from tests.centre import RunningCentre, centre_parts, running_centre

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from central.centre import Centre
    from central.db import Database

CLOCK = ManualClock()


@pytest.fixture
def parts(database: Database, tmp_path: Path) -> Centre:
    """A centre with twelve lines: two people, three actions, two lines at each second."""
    CLOCK.set_wall(NOON)
    centre, _ = centre_parts(database, tmp_path, CLOCK.now)
    for number in range(12):
        with database.write() as session:
            actor = "an" if number % 2 else "binh"
            action = ("view", "search", "export")[number % 3]
            thing = ("incident", f"i{number % 4}") if number < 10 else ("user", "an")
            at = NOON + timedelta(seconds=number // 2)
            audit.record(session, at, actor, action, thing, query=f"q={number}")
    return centre


def pages(centre: Centre, limit: int, **given: Any) -> list[list[int]]:
    """Return the numbers of the lines of each page."""
    found, cursor = [], None
    while True:
        wanted = AuditQuery.model_validate({"limit": limit, "cursor": cursor, **given})
        with centre.database.read() as session:
            page = audit_log.find_page(session, wanted, plates=True)
        found.append([line.id for line in page.items])
        cursor = page.next_cursor
        if cursor is None:
            return found


def test_pages_hold_every_line_once_newest_first(parts: Centre) -> None:
    assert pages(parts, 5) == [[12, 11, 10, 9, 8], [7, 6, 5, 4, 3], [2, 1]]
    assert pages(parts, 12) == [list(range(12, 0, -1))]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"actor": "an"}, [12, 10, 8, 6, 4, 2]),
        ({"action": "export"}, [12, 9, 6, 3]),
        ({"object_kind": "user"}, [12, 11]),
        ({"object_kind": "incident", "object_id": "i1"}, [10, 6, 2]),
        ({"object_id": "i1"}, [10, 6, 2]),
        ({"actor": "an", "action": "export"}, [12, 6]),
        ({"from": NOON + timedelta(seconds=4)}, [12, 11, 10, 9]),
        ({"to": NOON + timedelta(seconds=1)}, [2, 1]),
        ({"actor": "nobody"}, []),
        ({"actor": "", "action": ""}, list(range(12, 0, -1))),
    ],
)
def test_lines_are_found_by_person_action_object_and_period(
    parts: Centre, given: dict[str, Any], expected: list[int]
) -> None:
    assert [line for page in pages(parts, 3, **given) for line in page] == expected


def test_the_table_holds_every_line_of_the_filter(
    parts: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_log, "AT_ONCE", 4)
    wanted = AuditQuery.model_validate({"object_kind": "incident"})
    content = b"".join(audit_log.as_csv(parts.database, wanted, plates=True))
    rows = list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"))))

    assert [row["id"] for row in rows] == [str(number) for number in range(10, 0, -1)]
    assert rows[-1]["at"] == NOON.astimezone(LOCAL).isoformat(timespec="seconds")
    assert rows[0]["detail"] == '{"query": "q=9"}'


def test_a_cell_is_no_formula(parts: Centre) -> None:
    with parts.database.write() as session:
        audit.record(session, NOON, "-an", "view", ("incident", "=cmd|'/c calc'!A0"))
    wanted = AuditQuery.model_validate({"actor": "-an"})
    content = b"".join(audit_log.as_csv(parts.database, wanted, plates=True)).decode("utf-8-sig")
    row = next(csv.DictReader(io.StringIO(content)))

    assert (row["actor"], row["object_id"]) == ("'-an", "'=cmd|'/c calc'!A0")


def test_a_plate_that_somebody_searched_for_is_masked_for_who_may_not_read_it(
    parts: Centre,
) -> None:
    with parts.database.write() as session:
        audit.record(session, NOON, "dao", "search", ("incident", ""), query="plate=37A1&rule=x")
    wanted = AuditQuery.model_validate({"actor": "dao"})
    with parts.database.read() as session:
        seen = [
            audit_log.find_page(session, wanted, plates=plates).items[0].detail["query"]
            for plates in (True, False)
        ]

    assert seen == ["plate=37A1&rule=x", "plate=***&rule=x"]


def test_values_to_filter_by_are_read_from_the_index_one_by_one(parts: Centre) -> None:
    with parts.database.read() as session:
        state = audit_log.state(session)

    assert state.actions == ["export", "search", "view"]
    assert state.object_kinds == ["incident", "user"]
    assert (state.lines, state.head, state.last_check) == (12, None, None)


def test_the_log_is_checked_once_a_day_and_when_somebody_asks(parts: Centre) -> None:
    audit.checkpoint(parts)
    audit_watch.run(parts)
    audit_watch.run(parts)
    with parts.database.write() as session:
        first = audit_watch.request(session, parts, "kiem")
    with parts.database.write() as session:
        second = audit_watch.request(session, parts, "tra")
    audit_watch.run(parts)
    CLOCK.advance(86_400)
    audit_watch.run(parts)
    with parts.database.read() as session:
        rows = session.scalars(select(AuditCheckRow).order_by(AuditCheckRow.id)).all()
        state = audit_log.state(session)

    assert first.id == second.id
    assert [(row.requested_by, row.fault_count) for row in rows] == [
        ("system", 0), ("kiem", 0), ("system", 0),
    ]  # fmt: skip
    assert [row.lines for row in rows] == [12, 14, 14]
    assert state.head is not None
    assert (state.head.line, state.next_check) == (12, None)


def test_an_altered_line_shows_in_the_state(parts: Centre) -> None:
    with parts.database.write() as session:
        if parts.database.engine.dialect.name == "postgresql":
            session.execute(text("ALTER TABLE audit_log DISABLE TRIGGER ALL"))
        else:
            session.execute(text("DROP TRIGGER audit_log_no_update"))
        session.execute(text("UPDATE audit_log SET actor = 'x' WHERE id = 5"))
    audit_watch.run(parts)
    with parts.database.read() as session:
        done = audit_log.state(session).last_check

    assert done is not None
    assert done.faults == ["line 5: altered (search by x)"]


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """A running centre."""
    with running_centre(tmp_path_factory.mktemp("audit")) as running:
        yield running


def test_an_auditor_searches_checks_and_exports_and_each_is_a_line(
    centre: RunningCentre,
) -> None:
    auditor = centre.person(Role.AUDITOR, "kiem")
    listed = auditor.get("/audit", params={"actor": "an"})
    asked = auditor.post("/audit/checks")
    table = auditor.get("/audit/export", params={"actor": "an", "purpose": "Thanh tra 12"})
    with centre.parts.database.read() as session:
        own = select(AuditRow).where(AuditRow.actor == "kiem")
        rows = session.scalars(own.order_by(AuditRow.id)).all()

    assert (listed.status_code, asked.status_code, table.status_code) == (200, 202, 200)
    assert table.headers["content-type"].startswith("text/csv")
    assert [(row.action, row.object_kind) for row in rows] == [
        ("search", "audit"), ("check", "audit"), ("export", "audit"),
    ]  # fmt: skip
    assert rows[0].detail == {"query": "actor=an"}
    assert rows[2].detail["purpose"] == "Thanh tra 12"
    assert rows[2].detail["query"].startswith("actor=an&")


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.ADMIN, Role.AUDITOR}))
def test_the_log_is_for_auditors_and_administrators(centre: RunningCentre, role: Role) -> None:
    person = centre.person(role)
    ways = [("GET", "/audit"), ("GET", "/audit/state"), ("POST", "/audit/checks"),
            ("GET", "/audit/export?purpose=x")]  # fmt: skip

    assert [person.request(*way).status_code for way in ways] == [403] * 4


@pytest.mark.parametrize(
    "query", ["colour=red", "cursor=!!", "limit=0", "from=yesterday", "actor=" + "x" * 65]
)
def test_what_the_log_cannot_be_asked_is_refused(centre: RunningCentre, query: str) -> None:
    assert centre.person(Role.AUDITOR).get(f"/audit?{query}").status_code == 422


def test_nothing_is_taken_out_without_saying_what_for(centre: RunningCentre) -> None:
    assert centre.person(Role.AUDITOR).get("/audit/export").status_code == 422
