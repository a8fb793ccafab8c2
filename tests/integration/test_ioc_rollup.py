"""The roll-up of traffic against counting by hand, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from central.indicators.rollup import SETTLED_AFTER, roll_up
from central.tables.fleet import CameraRow
from central.tables.incidents import IncidentEventRow, IncidentRow
from central.tables.indicators import (
    IndicatorValueRow,
    PendingHourRow,
    RollupRow,
    TrafficHourRow,
)
from tests.ioc import (
    CUA_LO,
    HOUR,
    NOW,
    PROVINCE,
    TODAY,
    TRUONG_VINH,
    add_camera,
    add_incident,
    add_telemetry,
    empty,
    ioc_database,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from central.db import Database
    from tests.postgres import PostgresCluster

DAY = timedelta(days=1)
LATER = NOW + timedelta(hours=3)


def new_database(request: pytest.FixtureRequest, folder: Path, backend: str) -> Database:
    """Return a database of its own on one of the two backends."""
    url = ""
    if backend == "postgres":
        cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
        url = cluster.create_database()
    return ioc_database(folder, url)


BACKENDS = ["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]


@pytest.fixture(scope="module", params=BACKENDS)
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Yield one database for most tests of this file."""
    database = new_database(request, tmp_path_factory.mktemp("rollup"), request.param)
    yield database
    database.close()


@pytest.fixture(params=BACKENDS)
def reviewed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yield a database for a test with reviews: their log refuses to be emptied for the next."""
    database = new_database(request, tmp_path, request.param)
    yield database
    database.close()


@pytest.fixture
def database(opened: Database) -> Database:
    """Return that database with areas and nothing else."""
    return empty(opened)


def count(database: Database, now: datetime = NOW, **options: Any) -> int:
    """Run the roll-up as of ``now``."""
    return roll_up(database, lambda: now, **options)


def present(database: Database, code: str) -> dict[tuple[str, datetime], float | None]:
    """Return the present values of one traffic indicator by area and period."""
    with database.read() as session:
        rows = session.scalars(
            select(IndicatorValueRow).where(
                IndicatorValueRow.indicator == f"traffic.{code}",
                IndicatorValueRow.superseded_at.is_(None),
            )
        )
        return {(row.area_code, row.period_start): row.value for row in rows}


def pending(database: Database) -> int:
    """Return how many hours wait to be counted."""
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(PendingHourRow)) or 0


def test_incidents_and_telemetry_become_figures_of_their_area_and_of_the_province(
    database: Database,
) -> None:
    with database.write() as session:
        add_camera(session)
        add_incident(session, 1, rule="red_light")
        add_incident(session, 2, rule="congestion")
        for minute in range(30):
            start = HOUR + timedelta(minutes=minute)
            add_telemetry(session, minute, period_start=start)
    count(database)

    for area in (TRUONG_VINH, PROVINCE):
        assert present(database, "violations")[area, TODAY] == 1
        assert present(database, "violations_hourly")[area, HOUR] == 1
        assert present(database, "red_light")[area, TODAY] == 1
        assert present(database, "wrong_way")[area, TODAY] == 0
        assert present(database, "road_incidents")[area, TODAY] == 1
        assert present(database, "vehicle_passes")[area, TODAY] == 90
        assert present(database, "vehicle_flow")[area, HOUR] == 180
        assert present(database, "mean_speed")[area, HOUR] == 40
        assert present(database, "cameras_online")[area, HOUR] == 100


def test_an_area_without_cameras_has_no_figure_at_all(database: Database) -> None:
    with database.write() as session:
        add_camera(session)
        add_telemetry(session, 1)
    count(database)

    assert {area for area, _ in present(database, "violations")} == {TRUONG_VINH, PROVINCE}


def test_a_camera_outside_any_known_area_counts_for_the_province_only(database: Database) -> None:
    with database.write() as session:
        add_camera(session, area_code="HN-001")
        add_telemetry(session, 1, area_code="HN-001")
        add_incident(session, 1, area_code="")
    count(database)

    assert present(database, "violations") == {(PROVINCE, TODAY): 1}
    assert present(database, "vehicle_passes") == {(PROVINCE, TODAY): 3}


def test_people_on_foot_are_not_vehicles(database: Database) -> None:
    flows = [
        {"object_class": "person", "count": 50, "mean_speed_kmh": 4.0},
        {"object_class": "motorcycle", "count": 7, "mean_speed_kmh": None},
    ]
    with database.write() as session:
        add_camera(session)
        add_telemetry(session, 1, flows=flows)
    count(database)

    assert present(database, "vehicle_passes")[PROVINCE, TODAY] == 7
    assert present(database, "mean_speed") == {}


def test_counting_again_changes_nothing(database: Database) -> None:
    with database.write() as session:
        add_camera(session)
        add_incident(session, 1)
        add_telemetry(session, 1)

    assert count(database) > 0
    assert count(database) == 0


def test_what_arrives_late_is_counted_where_it_belongs(database: Database) -> None:
    yesterday = TODAY - timedelta(hours=5)
    count(database)
    with database.write() as session:
        add_camera(session)
        add_incident(session, 1, occurred_at=yesterday, received_at=LATER, historical=True)
    count(database, LATER)

    assert present(database, "violations")[PROVINCE, TODAY - DAY] == 1
    assert (PROVINCE, TODAY) not in present(database, "violations")


def test_a_review_days_later_changes_the_figure_of_the_day(reviewed: Database) -> None:
    database = reviewed
    with database.write() as session:
        add_camera(session)
        add_telemetry(session, 1)
        add_incident(session, 1)
    count(database)
    with database.write() as session:
        incident = session.get_one(IncidentRow, "incident-1")
        incident.status = "rejected"
        session.add(
            IncidentEventRow(
                incident_id="incident-1",
                at=NOW + 3 * DAY,
                actor="can-bo",
                kind="reject",
                from_status="new",
                to_status="rejected",
            )
        )
    count(database, NOW + 3 * DAY)

    assert present(database, "violations")[PROVINCE, TODAY] == 0
    assert present(database, "confirmed_share")[PROVINCE, TODAY] == 0


def test_the_running_hour_stays_pending_until_shortly_after_its_end(database: Database) -> None:
    end = HOUR + timedelta(hours=1)
    count(database)
    assert pending(database) == 1
    count(database, end + timedelta(minutes=1))
    assert pending(database) == 2
    count(database, end + SETTLED_AFTER)
    assert pending(database) == 1


def test_a_backlog_is_counted_newest_first_and_a_bounded_part_at_a_time(
    database: Database,
) -> None:
    hours = [HOUR - timedelta(hours=n) for n in range(1, 6)]
    with database.write() as session:
        add_camera(session)
        for number, hour in enumerate(hours):
            add_telemetry(session, number, period_start=hour)
    count(database, hours=3)

    counted = {start for area, start in present(database, "vehicle_flow") if area == PROVINCE}
    assert counted == set(hours[:2])
    for minutes in (3, 6, 9):
        count(database, NOW + timedelta(minutes=minutes), hours=3)
    assert pending(database) == 1
    counted = {start for area, start in present(database, "vehicle_flow") if area == PROVINCE}
    assert counted == set(hours)


def test_times_of_a_broken_clock_are_left_out(database: Database) -> None:
    with database.write() as session:
        add_camera(session)
        add_incident(session, 1, occurred_at=datetime.fromisoformat("1970-01-02T00:00:00+00:00"))
        add_incident(session, 2, occurred_at=NOW + 400 * DAY)
    count(database)

    assert pending(database) == 1
    assert present(database, "violations") == {}


def test_what_arrives_while_the_mark_moves_is_read_again(database: Database) -> None:
    """A transaction that began before the last run may commit after it."""
    count(database)
    with database.write() as session:
        add_camera(session)
        add_incident(session, 1, received_at=NOW - timedelta(seconds=60))
    count(database, NOW + timedelta(seconds=15))

    assert present(database, "violations")[PROVINCE, TODAY] == 1


def test_a_camera_that_goes_offline_shows_in_the_running_hour(database: Database) -> None:
    with database.write() as session:
        add_camera(session, "gate")
        add_camera(session, "bridge", area_code=CUA_LO)
    count(database)
    assert present(database, "cameras_online")[PROVINCE, HOUR] == 100
    with database.write() as session:
        session.get_one(CameraRow, ("box-1", "bridge")).status = "offline"
    count(database)

    shares = present(database, "cameras_online")
    assert shares[PROVINCE, HOUR] == 50
    assert shares[CUA_LO, HOUR] == 0
    assert shares[TRUONG_VINH, HOUR] == 100


def test_a_past_hour_keeps_the_share_of_cameras_it_ended_with(database: Database) -> None:
    with database.write() as session:
        add_camera(session)
    count(database)
    with database.write() as session:
        session.get_one(CameraRow, ("box-1", "gate")).status = "offline"
    count(database, HOUR + timedelta(hours=1, minutes=2))

    shares = present(database, "cameras_online")
    assert shares[PROVINCE, HOUR] == 100
    assert shares[PROVINCE, HOUR + timedelta(hours=1)] == 0


def test_half_an_hour_unseen_marks_the_count_as_estimated(database: Database) -> None:
    with database.write() as session:
        add_camera(session)
        for minute in range(30):
            start = HOUR - timedelta(hours=1) + timedelta(minutes=minute)
            add_telemetry(session, minute, period_start=start)
    count(database)
    with database.read() as session:
        quality = session.scalar(
            select(IndicatorValueRow.quality).where(
                IndicatorValueRow.indicator == "traffic.violations_hourly",
                IndicatorValueRow.area_code == PROVINCE,
            )
        )

    assert quality == "estimated"


def test_the_sums_per_hour_are_one_short_row_per_area(database: Database) -> None:
    with database.write() as session:
        for number in range(40):
            camera = f"camera-{number % 2}"
            add_telemetry(session, number, camera_id=camera, observed_ratio=0.5)
    count(database)
    with database.read() as session:
        (row,) = session.scalars(select(TrafficHourRow))

    assert (row.passes, row.cameras, row.observed_s) == (120, 2, 1_200)
    assert row.speed_sum_kmh == 120 * 40


def test_the_mark_moves_in_the_transaction_that_notes_the_hours(database: Database) -> None:
    count(database)
    with database.read() as session:
        (mark,) = session.scalars(select(RollupRow))

    assert mark.read_until == NOW


incidents = st.tuples(
    st.integers(0, 47),
    st.sampled_from(["red_light", "wrong_way", "congestion"]),
    st.sampled_from([TRUONG_VINH, CUA_LO, ""]),
    st.sampled_from(["new", "confirmed", "rejected"]),
)
telemetry = st.tuples(st.integers(0, 47), st.sampled_from([TRUONG_VINH, CUA_LO]), st.integers(0, 9))


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    arrivals=st.lists(st.one_of(incidents, telemetry), max_size=25),
    runs=st.sets(st.integers(0, 25), max_size=3),
)
def test_any_order_of_arrivals_and_runs_gives_what_counting_by_hand_gives(
    database: Database, arrivals: list[tuple[Any, ...]], runs: set[int]
) -> None:
    """Two local days; the roll-up runs at random points between arrivals and once at the end."""
    empty(database)
    first = TODAY - DAY
    for number, arrival in enumerate(arrivals):
        if number in runs:
            count(database, TODAY + DAY + timedelta(minutes=number))
        at = first + timedelta(hours=arrival[0])
        received_at = TODAY + DAY + timedelta(minutes=number)
        with database.write() as session:
            if len(arrival) == 4:
                _, rule, area, status = arrival
                given = {"rule": rule, "area_code": area, "status": status}
                add_incident(session, number, occurred_at=at, received_at=received_at, **given)
            else:
                _, area, passes = arrival
                flows = [{"object_class": "car", "count": passes, "mean_speed_kmh": None}]
                given = {"area_code": area, "flows": flows, "received_at": received_at}
                add_telemetry(session, number, period_start=at, **given)
    with database.write() as session:
        add_camera(session, "a", area_code=TRUONG_VINH)
        add_camera(session, "b", area_code=CUA_LO)
    count(database, TODAY + 2 * DAY, hours=100)

    violations, passes = by_hand(arrivals)
    found = {
        key: value for key, value in present(database, "violations").items() if value is not None
    }
    assert {key: value for key, value in found.items() if value} == violations
    assert present(database, "vehicle_passes") == passes


def by_hand(arrivals: list[tuple[Any, ...]]) -> tuple[dict[Any, float], dict[Any, float]]:
    """Return (violations not rejected, vehicles) by area and day, counted the slow way."""
    violations: Counter[tuple[str, datetime]] = Counter()
    passes: dict[tuple[str, datetime], float] = {}
    for arrival in arrivals:
        day = TODAY - DAY if arrival[0] < 24 else TODAY
        areas = {PROVINCE, arrival[2] if len(arrival) == 4 else arrival[1]} - {""}
        for area in areas:
            if len(arrival) == 4 and arrival[1] != "congestion" and arrival[3] != "rejected":
                violations[area, day] += 1
            elif len(arrival) == 3:
                passes[area, day] = passes.get((area, day), 0) + arrival[2]
    return dict(violations), passes
