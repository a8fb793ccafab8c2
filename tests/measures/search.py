"""How long searches take among a million: incidents and the audit log, on both databases.

``python -m tests.measures.search [--rows N] [--database sqlite|postgres]`` fills a fresh database
with generated rows, runs each query a number of times through the product's own code, and prints a
table of medians and 95th percentiles in milliseconds with the index that served it.

Rules, communes and cameras are as uneven as in life: the most frequent tenth has half of all. Nine
in ten incidents are decided; rare values stand for the hardest queries.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, insert, select, text

from central.auth import audit_log
from central.auth.audit_schemas import AuditQuery
from central.auth.scope import Scope
from central.auth.veil import UNVEILED
from central.incidents import plates, service
from central.incidents.catalogue import RULES
from central.incidents.schemas import IncidentFilter
from central.tables.incidents import IncidentRow, PlateEndingRow
from central.tables.users import AuditRow
from tests.centre import migrated_database
from tests.postgres import PostgresCluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from central.db import Database

NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
SPAN = timedelta(days=365)
AT_ONCE = 20_000
REPEATS = 15
AREAS = [str(16681 + 3 * number) for number in range(130)]
CAMERAS = [f"cam-{number:03d}" for number in range(400)]
RULE_NAMES = list(RULES)
STAGES = {
    "violation": ["rejected", "handed_over", "settled", "verified", "detected", "needs_more"],
    "incident": ["closed", "false_alarm", "resolved", "new", "dispatched", "on_scene"],
}
STATUS_OF = {
    "rejected": "rejected", "false_alarm": "rejected", "detected": "new", "new": "new",
    "needs_more": "acknowledged",
}  # fmt: skip
PEOPLE = [f"user-{number:02d}" for number in range(60)]
ACTIONS = ["view", "search", "acknowledge", "confirm", "reject", "login", "export", "hold"]
EVERYWHERE = Scope(frozenset({"*"}))


def uneven(values: Sequence[str], random: Random) -> str:
    """Return one of ``values``, the first ones far more often than the last."""
    return values[int(len(values) * random.random() ** 3)]


def incident_row(number: int, random: Random) -> dict[str, Any]:
    """Return the columns of one generated incident."""
    rule = uneven(RULE_NAMES, random)
    kind = "violation" if RULES[rule].incident_class == "violation" else "incident"
    stage = uneven(STAGES[kind], random)
    camera = uneven(CAMERAS, random)
    area = AREAS[CAMERAS.index(camera) % len(AREAS)]
    at = NOW - SPAN * random.random()
    plate = f"37A{random.randint(0, 99999):05d}" if kind == "violation" else None
    return {
        "incident_id": f"{random.getrandbits(128):032x}", "revision": 1, "phase": "closed",
        "rule": rule, "incident_class": RULES[rule].incident_class,
        "severity": RULES[rule].severity, "box_id": f"box-{number % 60}", "camera_id": camera,
        "area_code": area, "occurred_at": at, "decided_at": at, "ended_at": at,
        "received_at": at, "confidence": 0.9, "object_class": "car", "place": "", "level": 0,
        "alert_level": 0, "latitude": 18.6, "longitude": 105.6, "historical": False,
        "message": {}, "status": STATUS_OF.get(stage, "confirmed"), "stage": stage, "plate": plate,
    }  # fmt: skip


def audit_row(number: int, random: Random) -> dict[str, Any]:
    """Return the columns of one generated line of the audit log; its hashes mean nothing."""
    at = NOW - SPAN * (1 - number / 1_000_000) + timedelta(seconds=random.random())
    return {
        "id": number + 1, "at": at, "actor": uneven(PEOPLE, random),
        "action": uneven(ACTIONS, random), "object_kind": "incident" if number % 50 else "user",
        "object_id": f"i{random.randint(0, 200_000)}", "detail": {}, "previous": "0", "sha256": "0",
    }  # fmt: skip


def fill(
    database: Database, table: Any, row: Callable[[int, Random], dict[str, Any]], count: int
) -> None:
    """Insert generated rows."""
    random = Random(1)  # noqa: S311 - no secret
    for start in range(0, count, AT_ONCE):
        made = [row(number, random) for number in range(start, min(start + AT_ONCE, count))]
        with database.write() as session:
            session.execute(insert(table), made)


def note_plates(session: Session) -> None:
    """Let the generated incidents be found by their plates."""
    having = select(IncidentRow.incident_id, IncidentRow.plate).where(
        IncidentRow.plate.is_not(None)
    )
    made = [
        {"ending": ending, "incident_id": incident_id}
        for incident_id, plate in session.execute(having)
        for ending in plates.endings(plate or "")
    ]
    for start in range(0, len(made), AT_ONCE):
        session.execute(insert(PlateEndingRow), made[start : start + AT_ONCE])


def incident_queries() -> Iterator[tuple[str, Callable[[Session], object]]]:
    """Yield (name, query) of what people look for among incidents."""
    rare_rule, rare_camera = RULE_NAMES[-1], CAMERAS[-1]
    month = {"from": NOW - timedelta(days=200), "to": NOW - timedelta(days=170)}
    asked: list[tuple[str, dict[str, Any], Scope]] = [
        ("everything", {}, EVERYWHERE),
        ("the queue: new and acknowledged", {"status": ["new", "acknowledged"]}, EVERYWHERE),
        ("confirmed and rejected", {"status": ["confirmed", "rejected"]}, EVERYWHERE),
        ("a frequent rule", {"rule": [RULE_NAMES[0]]}, EVERYWHERE),
        ("a rare rule", {"rule": [rare_rule]}, EVERYWHERE),
        ("five rules", {"rule": RULE_NAMES[10:15]}, EVERYWHERE),
        ("a camera", {"camera_id": CAMERAS[3]}, EVERYWHERE),
        ("a rare camera", {"camera_id": rare_camera}, EVERYWHERE),
        ("a commune", {"area_code": AREAS[0]}, EVERYWHERE),
        ("a stage", {"stage": ["needs_more"]}, EVERYWHERE),
        ("two stages", {"stage": ["detected", "needs_more"]}, EVERYWHERE),
        ("a month of last year", month, EVERYWHERE),
        ("a rule in a month", {"rule": [RULE_NAMES[4]], **month}, EVERYWHERE),
        ("a rare rule in a big commune", {"rule": [rare_rule], "area_code": AREAS[0]}, EVERYWHERE),
        ("a frequent rule in a small one", {"rule": [RULE_NAMES[0]], "area_code": AREAS[-1]},
         EVERYWHERE),
        ("a camera, a rule and a stage",
         {"camera_id": CAMERAS[3], "rule": [RULE_NAMES[2]], "stage": ["verified"]}, EVERYWHERE),
        ("a rare stage of a rare rule", {"stage": ["needs_more"], "rule": [rare_rule]}, EVERYWHERE),
        ("open ones of a rare rule", {"status": ["new", "acknowledged"], "rule": [rare_rule]},
         EVERYWHERE),
        ("ten communes of an officer", {}, Scope(frozenset(AREAS[60:70]))),
        ("one commune of its police", {}, Scope(frozenset(AREAS[-1:]))),
        ("open ones of ten communes", {"status": ["new", "acknowledged"]},
         Scope(frozenset(AREAS[60:70]))),
        ("a plate", {"plate": "37A12345"}, EVERYWHERE),
        ("the first five signs of a plate", {"plate": "37A12"}, EVERYWHERE),
        ("the last five", {"plate": "12345"}, EVERYWHERE),
        ("four within", {"plate": "A123"}, EVERYWHERE),
        ("a tenth of all plates", {"plate": "37A1"}, EVERYWHERE),
        ("the last four in a commune", {"plate": "2345", "area_code": AREAS[0]}, EVERYWHERE),
        ("a code", {"code": "0" * 32}, EVERYWHERE),
    ]  # fmt: skip
    for name, given, scope in asked:
        wanted = IncidentFilter.model_validate(given)
        yield name, lambda s, w=wanted, c=scope: service.list_page(s, w, c, UNVEILED)  # type: ignore[misc]


def audit_queries() -> Iterator[tuple[str, Callable[[Session], object]]]:
    """Yield (name, query) of what auditors look for."""
    asked: list[tuple[str, dict[str, Any]]] = [
        ("everything", {}),
        ("a person", {"actor": PEOPLE[0]}),
        ("a rare person", {"actor": PEOPLE[-1]}),
        ("an action", {"action": "export"}),
        ("a rare action", {"action": "hold"}),
        ("a kind of object", {"object_kind": "user"}),
        ("one object", {"object_kind": "incident", "object_id": "i77"}),
        ("a month of last year", {"from": NOW - timedelta(200), "to": NOW - timedelta(170)}),
        ("a rare action of a person", {"actor": PEOPLE[0], "action": "hold"}),
        ("a rare action of a rare person", {"actor": PEOPLE[-1], "action": "hold"}),
        ("a person in a month",
         {"actor": PEOPLE[5], "from": NOW - timedelta(200), "to": NOW - timedelta(170)}),
    ]  # fmt: skip
    for name, given in asked:
        wanted = AuditQuery.model_validate(given)
        yield name, lambda s, w=wanted: audit_log.find_page(s, w, plates=True)  # type: ignore[misc]
    yield "state of the log", audit_log.state


def took_ms(database: Database, ask: Callable[[Session], object]) -> list[float]:
    """Return how long a query took each time, the first one left out."""
    times = []
    for _ in range(REPEATS + 1):
        with database.read() as session:
            began = time.perf_counter()
            ask(session)
            times.append(1000 * (time.perf_counter() - began))
    return times[1:]


def index_of(database: Database, ask: Callable[[Session], object]) -> str:
    """Return the indexes that the database says it uses for the longest statement of a query."""
    said: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, sql: str, parameters: Any, *_: object) -> None:
        said.append((sql, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as session:
        ask(session)
    event.remove(database.engine, "before_cursor_execute", note)
    sql, parameters = max(said, key=lambda each: len(each[0]))
    explain = "EXPLAIN " if database.engine.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN "
    with database.engine.connect() as connection:
        plan = "\n".join(map(str, connection.exec_driver_sql(explain + sql, parameters)))
    found = dict.fromkeys(re.findall(r"\b(?:ix|pk|sqlite_autoindex)_\w+", plan))
    return ", ".join(found) or "no index"


def measure_on(database: Database, rows: int) -> None:
    """Fill a database and print how long each query takes."""
    began = time.monotonic()
    fill(database, IncidentRow, incident_row, rows)
    with database.write() as session:
        note_plates(session)
    fill(database, AuditRow, audit_row, rows)
    kind = database.engine.dialect.name
    if kind == "postgresql":
        with database.engine.connect() as connection:
            connection.execute(text("ANALYZE"))
            connection.commit()
    sys.stdout.write(f"\n{kind}: {rows} rows each, filled in {time.monotonic() - began:.0f} s\n")
    sys.stdout.write("| query | median ms | 95 % ms | index |\n|---|---|---|---|\n")
    for name, ask in [*incident_queries(), *audit_queries()]:
        times = took_ms(database, ask)
        high = statistics.quantiles(times, n=20)[-1]
        sys.stdout.write(
            f"| {name} | {statistics.median(times):.1f} | {high:.1f} "
            f"| {index_of(database, ask)} |\n"
        )
        sys.stdout.flush()


def main() -> int:
    """Measure on the databases asked for."""
    parser = argparse.ArgumentParser(prog="search", description=__doc__.split("\n")[0])
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=["sqlite", "postgres"], action="append")
    options = parser.parse_args()
    wanted = options.database or ["sqlite", "postgres"]
    if "sqlite" in wanted:
        with tempfile.TemporaryDirectory() as folder:
            database = migrated_database(Path(folder))
            measure_on(database, options.rows)
            database.close()
    if "postgres" in wanted:
        with PostgresCluster() as cluster:
            database = migrated_database(Path(), cluster.create_database())
            measure_on(database, options.rows)
            database.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
