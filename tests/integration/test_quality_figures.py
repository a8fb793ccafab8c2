"""Precision, reasons and time to decision from verdicts; read from one index, on both databases."""

from __future__ import annotations

from datetime import date, timedelta
from math import ceil
from random import Random
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, select

from central import migrations
from central.auth.schemas import Role
from central.auth.scope import Scope
from central.incidents import steps
from central.incidents.case_schemas import StepKind
from central.incidents.schemas import Rejection, Review
from central.quality import figures
from central.quality.figures import Judged
from central.tables.fleet import CameraRow
from central.tables.incidents import IncidentRow
from central.tables.users import UserRow
from tests.builders import NOON, ManualClock, incident_message
from tests.centre import (
    add_box,
    add_person,
    centre_parts,
    migrated_database,
    running_centre,
    take_in,
)
from tests.judging import ELSEWHERE, FALSE, TRUE, VINH, judged

if TYPE_CHECKING:
    from pathlib import Path

    from central.db import Database
    from central.quality.schemas import QualityFigures, Share

PROVINCE = Scope(frozenset({"*"}))
DAY = timedelta(days=1)


def counts(share: Share) -> tuple[int, int]:
    return share.hits, share.trials


def report(database: Database, **given: Any) -> QualityFigures:
    fields: dict[str, Any] = {"start": NOON - 3 * DAY, "end": NOON + 3 * DAY, "scope": PROVINCE}
    with database.read() as session:
        return figures.report(session, Judged(**(fields | given)))


@pytest.fixture
def filled(database: Database) -> Database:
    """Six verdicts on two rules, two cameras, two communes and two days, and one case still open.

    The last is at half past eleven at night of the second day in Việt Nam.
    """
    add_box(database, "n1")
    night = NOON + DAY + timedelta(hours=11, minutes=30)
    with database.write() as session:
        judged(session, "i1", TRUE, after_s=10)
        judged(session, "i2", TRUE, after_s=20)
        judged(session, "i3", FALSE, after_s=30, reason="weather_occlusion")
        judged(session, "i4", FALSE, after_s=40, camera_id="bridge", area_code=ELSEWHERE)
        judged(session, "i5", TRUE, after_s=50, rule="stopped_vehicle", camera_id="bridge")
        judged(session, "i6", FALSE, at=night, after_s=600, reason="weather_occlusion")
        take_in(session, incident_message("open"), NOON)
        session.add(
            CameraRow(
                box_id="n1", camera_id="bridge", name="Cầu Bến Thủy", status="online",
                since=NOON, reason="", codec="", width_px=1, height_px=1, fps=1.0,
                processed_fps=1.0, frames_dropped=0, reconnects=0, area_code=VINH, road="",
                rules=[],
            )
        )  # fmt: skip
    return database


def test_precision_is_counted_per_rule_camera_and_day(filled: Database) -> None:
    found = report(filled)

    assert counts(found.precision) == (3, 6)
    assert [(each.rule, counts(each.precision)) for each in found.by_rule] == [
        ("wrong_way", (2, 5)),
        ("stopped_vehicle", (1, 1)),
    ]
    assert [(each.camera_name, counts(each.precision)) for each in found.by_camera] == [
        ("gate", (2, 4)),
        ("Cầu Bến Thủy", (1, 2)),
    ]
    assert [(each.day, counts(each.precision)) for each in found.by_day] == [
        (date(2026, 3, 2), (3, 5)),
        (date(2026, 3, 3), (0, 1)),
    ]
    assert [(each.code, each.count) for each in found.reasons] == [
        ("weather_occlusion", 2),
        ("duplicate", 1),
    ]
    assert (found.decision_time.median_s, found.decision_time.p90_s) == (30, 600)
    assert found.precision.low is not None
    assert 0 < found.precision.low < 0.5


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"rule": "stopped_vehicle"}, (1, 1)),
        ({"area_code": ELSEWHERE}, (0, 1)),
        ({"scope": Scope(frozenset({ELSEWHERE}))}, (0, 1)),
        ({"scope": Scope(frozenset())}, (0, 0)),
        ({"start": NOON + timedelta(seconds=1)}, (0, 1)),
        ({"end": NOON}, (0, 0)),
    ],
)
def test_figures_are_of_what_is_asked_for_and_within(
    filled: Database, given: dict[str, Any], expected: tuple[int, int]
) -> None:
    found = report(filled, **given)

    assert counts(found.precision) == expected
    assert sum(each.precision.trials for each in found.by_camera) == expected[1]
    assert sum(each.precision.trials for each in found.by_day) == expected[1]


def test_nothing_judged_gives_no_figure_and_no_error(database: Database) -> None:
    found = report(database)

    assert (found.by_rule, found.by_camera, found.by_day, found.reasons) == ([], [], [], [])
    assert found.precision.low is None
    assert found.decision_time.median_s is None


def test_times_are_ranks_of_what_was_measured(database: Database) -> None:
    random = Random(7)  # noqa: S311 - a repeatable series, no secret
    seconds = [round(random.uniform(1, 5_000), 3) for _ in range(97)]
    with database.write() as session:
        for number, after_s in enumerate(seconds):
            judged(session, f"i{number}", TRUE, after_s=after_s)
    found = report(database).decision_time
    ordered = sorted(seconds)

    assert found.median_s == ordered[ceil(0.5 * 97) - 1]
    assert found.p90_s == ordered[ceil(0.9 * 97) - 1]


@pytest.mark.parametrize(
    "narrowed",
    [
        {},
        {"rule": "wrong_way"},
        {"area_code": VINH},
        {"scope": Scope(frozenset({VINH, ELSEWHERE}))},
    ],
)
def test_every_figure_is_read_from_the_one_index(tmp_path: Path, narrowed: dict[str, Any]) -> None:
    """However many incidents there are, none of their rows is read."""
    database = migrated_database(tmp_path)
    asked: list[tuple[str, Any]] = []

    def note(_c: object, _cursor: object, sql: str, values: Any, *_: object) -> None:
        asked.append((sql, values))

    event.listen(database.engine, "before_cursor_execute", note)
    report(database, **narrowed)
    event.remove(database.engine, "before_cursor_execute", note)
    of_incidents = [(sql, values) for sql, values in asked if "FROM incidents" in sql]
    with database.engine.connect() as connection:
        for sql, values in of_incidents:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", values).all()
            assert "USING COVERING INDEX ix_incidents_verdict (occurred_at>? AND" in str(plan)
    database.close()

    assert len(of_incidents) == 5


def test_a_verdict_says_when_by_whom_and_why_and_goes_with_it(tmp_path: Path) -> None:
    clock = ManualClock()
    with running_centre(tmp_path, clock.now) as centre:
        with centre.parts.database.write() as session:
            message = incident_message("i1", rule="stopped_vehicle", area_code=VINH)
            take_in(session, message, clock.now())
        duty = centre.person(Role.OPERATOR, "truc")
        told = []
        for step, body in (
            ("acknowledge", {}),
            ("reject", {"reason_code": "device_fault"}),
            ("reopen", {}),
            ("confirm", {}),
            ("steps/dispatch", {}),
        ):
            clock.advance(30)
            version = duty.get("/incidents/i1").json()["version"]
            assert duty.post(f"/incidents/i1/{step}", json={"version": version, **body}).is_success
            with centre.parts.database.read() as session:
                row = session.get_one(IncidentRow, "i1")
                told.append((row.verdict_by, row.verdict_reason, row.verdict_after_s))
        figure = duty.get("/quality").json()

    assert told == [
        (None, None, None),
        ("truc", "device_fault", 60),
        (None, None, None),
        ("truc", None, 120),
        ("truc", None, 120),
    ]
    assert counts_of(figure["precision"]) == (1, 1)
    assert figure["decision_time"] == {"median_s": 120, "p90_s": 120}


def test_verdicts_of_before_are_filled_in_from_the_events(
    database: Database, tmp_path: Path
) -> None:
    clock = ManualClock()
    parts, _ = centre_parts(database, tmp_path, clock.now)
    add_person(database, "chien", Role.OFFICER, clock.now)
    with database.write() as session:
        for name in ("i1", "i2", "i3"):
            take_in(session, incident_message(name), NOON)
    rejection = Rejection(version=1, reason_code="device_fault")
    for name, kind, said in (
        ("i1", StepKind.REJECT, rejection),
        ("i1", StepKind.REOPEN, Review(version=2)),
        ("i1", StepKind.CONFIRM, Review(version=3)),
        ("i2", StepKind.REJECT, rejection),
        ("i3", StepKind.ACKNOWLEDGE, Review(version=1)),
    ):
        clock.advance(30)
        with database.write() as session:
            row, user = session.get_one(IncidentRow, name), session.get_one(UserRow, "chien")
            steps.take(session, parts, row, kind, said, user)
    before = verdicts(database)
    migrations.downgrade(database, "0008")
    migrations.upgrade(database)

    assert before == [
        ("i1", NOON + timedelta(seconds=90), "chien", None, 90),
        ("i2", NOON + timedelta(seconds=120), "chien", "device_fault", 120),
        ("i3", None, None, None, None),
    ]
    assert verdicts(database) == before


def verdicts(database: Database) -> list[tuple[Any, ...]]:
    with database.read() as session:
        rows = session.scalars(select(IncidentRow).order_by(IncidentRow.incident_id))
        return [
            (r.incident_id, r.verdict_at, r.verdict_by, r.verdict_reason, r.verdict_after_s)
            for r in rows
        ]


def counts_of(share: dict[str, Any]) -> tuple[int, int]:
    return share["hits"], share["trials"]


def test_figures_over_http_are_within_ones_communes(tmp_path: Path) -> None:
    clock = ManualClock(NOON + DAY)
    with running_centre(tmp_path, clock.now) as centre:
        with centre.parts.database.write() as session:
            judged(session, "here", TRUE)
            judged(session, "there", FALSE, area_code=ELSEWHERE, rule="red_light")
        local, everywhere = centre.person(Role.COMMUNE_POLICE, "xa"), centre.person(Role.LEADER)
        with centre.parts.database.write() as session:
            session.get_one(UserRow, "xa").areas = [VINH]
        whole, own = everywhere.get("/quality").json(), local.get("/quality").json()
        empty = everywhere.get("/quality", params={"rule": "", "area_code": "16700"}).json()
        backwards = everywhere.get(
            "/quality", params={"from": NOON.isoformat(), "to": (NOON - DAY).isoformat()}
        )
        long = everywhere.get(
            "/quality", params={"from": (NOON - 500 * DAY).isoformat(), "to": NOON.isoformat()}
        )

    assert counts_of(whole["precision"]) == (1, 2)
    assert counts_of(own["precision"]) == (1, 1)
    assert [each["rule"] for each in own["by_rule"]] == ["wrong_way"]
    assert counts_of(empty["precision"]) == (0, 0)
    assert (backwards.status_code, long.status_code) == (422, 422)
