"""A round of alerting asks each question once, however many alerts it opens; on both databases.

Looking for work goes by indexes, however many alerts are open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from central.alerts.watch import watch
from central.tables.alerts import AlertDeliveryRow
from tests.alerting import LEAD, TEAM, AlertingCentre
from tests.centre import migrated_database
from tests.statements import statements

if TYPE_CHECKING:
    from pathlib import Path

    from central.db import Database


def told(centre: AlertingCentre) -> set[tuple[int, str]]:
    with centre.parts.database.read() as session:
        return {
            (row.alert_id, row.username) for row in session.scalars(select(AlertDeliveryRow)).all()
        }


def asked(sent: list[str]) -> list[str]:
    """Leave out the alerts themselves: SQLite says the number of each only one by one."""
    return [sql for sql in sent if not sql.startswith("INSERT INTO alerts ")]


def test_thirty_alerts_of_a_round_ask_no_more_than_two(database: Database, tmp_path: Path) -> None:
    centre = AlertingCentre(database, tmp_path)
    centre.burst([{"area_code": f"{16681 + number}"} for number in range(2)])
    with statements(database) as of_two:
        watch(centre.parts)
    centre.burst([{"area_code": f"{17000 + number}"} for number in range(30)])
    with statements(database) as of_thirty:
        watch(centre.parts)

    assert len(asked(of_thirty)) == len(asked(of_two))
    assert told(centre) == {(number, TEAM) for number in range(1, 33)}

    centre.clock.advance(61)
    with statements(database) as of_escalating:
        watch(centre.parts)

    assert len([sql for sql in of_escalating if "FROM shifts" in sql]) == 1
    assert told(centre) == {(number, name) for number in range(1, 33) for name in (TEAM, LEAD)}


def test_looking_for_work_reads_indexes_of_what_waits_and_nothing_whole(tmp_path: Path) -> None:
    database = migrated_database(tmp_path)
    centre = AlertingCentre(database, tmp_path)
    centre.burst([{"area_code": f"{17000 + number}"} for number in range(30)])
    watch(centre.parts)
    with statements(database) as of_idle:
        watch(centre.parts)

    with database.read() as session:
        plans = [
            session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", (0,) * sql.count("?"))
            for sql in of_idle
            if sql.startswith("SELECT")
        ]
        steps = [str(step.detail) for plan in plans for step in plan]
    database.close()

    indexes = ("ix_incidents_unheard", "ix_incidents_undecided", "ix_alerts_")
    unknown = [step for step in steps if not any(index in step for index in indexes)]
    assert unknown == ["MULTI-INDEX OR", "INDEX 1", "INDEX 2"], steps
