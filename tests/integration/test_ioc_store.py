"""Areas and values on SQLite and on PostgreSQL: history, example data, sums, concurrency."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError, IntegrityError

from central import migrations
from central.areas.catalogue import load_areas
from central.areas.repository import list_areas, sync_areas
from central.indicators import repository
from central.indicators.catalogue import EXAMPLE_SOURCE, Quality
from central.indicators.store import Outcome, plan, replace_derived, store
from central.tables.areas import AreaRow
from central.tables.indicators import IndicatorValueRow
from tests.ioc import CUA_LO, NOW, PROVINCE, THANH_VINH, TODAY, empty, figure, ioc_database, origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy.orm import Session

    from central.db import Database
    from tests.postgres import PostgresCluster

DAY = timedelta(days=1)
CODE = "health.infectious_cases"


@pytest.fixture(scope="module")
def postgres(
    postgres_cluster: PostgresCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Yield one PostgreSQL database for the tests of this file."""
    url = postgres_cluster.create_database()
    opened = ioc_database(tmp_path_factory.mktemp("postgres"), url)
    yield opened
    opened.close()


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Yield a database with areas and nothing else: once SQLite, once PostgreSQL."""
    if request.param == "postgres":
        yield empty(request.getfixturevalue("postgres"))
        return
    opened = ioc_database(tmp_path)
    yield opened
    opened.close()


def history(session: Session) -> list[tuple[float | None, bool]]:
    """Return (value, superseded) of all values, oldest first."""
    rows = session.scalars(select(IndicatorValueRow).order_by(IndicatorValueRow.id))
    return [(row.value, row.superseded_at is not None) for row in rows]


def test_the_tables_are_what_the_models_say(database: Database) -> None:
    migrations.check(database)


def test_the_list_of_areas_reads_back_as_it_was_written(database: Database) -> None:
    with database.read() as session:
        assert tuple(list_areas(session)) == load_areas()


def test_loading_the_areas_again_writes_nothing(database: Database) -> None:
    with database.write() as session:
        assert sync_areas(session) == 0


def test_a_changed_fact_is_taken_over(database: Database) -> None:
    with database.write() as session:
        session.get_one(AreaRow, CUA_LO).population = 1
    with database.write() as session:
        assert sync_areas(session) == 1
    with database.read() as session:
        assert session.get_one(AreaRow, CUA_LO).population > 1


def test_a_new_value_is_stored_and_read(database: Database) -> None:
    with database.write() as session:
        assert store(session, [figure(7.5)], origin()) == [Outcome.STORED]
    with database.read() as session:
        (reading,) = repository.newest(session, CODE, figure().area_code, 12)
    assert reading.value == 7.5
    assert reading.period_start == TODAY - DAY
    assert reading.received_at == NOW
    assert reading.source == "so-y-te"


def test_the_same_again_changes_nothing(database: Database) -> None:
    with database.write() as session:
        store(session, [figure()], origin())
    with database.write() as session:
        later = origin(received_at=NOW + DAY)

        assert store(session, [figure()], later) == [Outcome.UNCHANGED]
        assert history(session) == [(7.0, False)]


def test_a_correction_supersedes_and_the_old_value_stays(database: Database) -> None:
    for value in (7.0, 8.0, 9.0):
        with database.write() as session:
            store(session, [figure(value)], origin())
    with database.read() as session:
        assert history(session) == [(7.0, True), (8.0, True), (9.0, False)]
        (reading,) = repository.newest(session, CODE, figure().area_code, 12)
        assert reading.value == 9.0


def test_a_source_may_take_its_value_back(database: Database) -> None:
    with database.write() as session:
        store(session, [figure(7.0)], origin())
    with database.write() as session:
        assert store(session, [figure(None)], origin()) == [Outcome.CORRECTED]
    with database.read() as session:
        (reading,) = repository.newest(session, CODE, figure().area_code, 12)
        assert reading.value is None


def test_another_quality_of_the_same_value_is_a_correction(database: Database) -> None:
    with database.write() as session:
        store(session, [figure(quality=Quality.ESTIMATED)], origin())
    with database.write() as session:
        assert store(session, [figure(quality=Quality.OK)], origin()) == [Outcome.CORRECTED]


def test_example_data_never_takes_the_place_of_a_real_value(database: Database) -> None:
    with database.write() as session:
        store(session, [figure(7.0)], origin())
    with database.write() as session:
        outcomes = store(session, [figure(99.0)], origin(EXAMPLE_SOURCE))

        assert outcomes == [Outcome.KEPT_REAL]
        assert history(session) == [(7.0, False)]


def test_a_real_value_takes_the_place_of_example_data(database: Database) -> None:
    with database.write() as session:
        store(session, [figure(99.0)], origin(EXAMPLE_SOURCE))
    with database.read() as session:
        assert repository.newest(session, CODE, figure().area_code, 1)[0].example
    with database.write() as session:
        assert store(session, [figure(7.0)], origin()) == [Outcome.CORRECTED]
    with database.read() as session:
        assert not repository.newest(session, CODE, figure().area_code, 1)[0].example


def test_a_plan_says_what_storing_would_do_and_stores_nothing(database: Database) -> None:
    with database.write() as session:
        store(session, [figure(7.0)], origin())
    wanted = [figure(7.0), figure(8.0, area_code=CUA_LO)]
    with database.read() as session:
        assert plan(session, wanted, "so-y-te") == [Outcome.UNCHANGED, Outcome.STORED]
        assert history(session) == [(7.0, False)]


def test_two_present_values_of_one_key_are_refused_by_the_database(database: Database) -> None:
    row = {"indicator": CODE, "area_code": CUA_LO, "period_start": TODAY, "value": 1.0}
    rest = {"raw_value": "1", "quality": "ok", "source": "x", "received_at": NOW}

    def write_twice() -> None:
        with database.write() as session:
            session.add_all([IndicatorValueRow(**row, **rest), IndicatorValueRow(**row, **rest)])

    with pytest.raises(IntegrityError):
        write_twice()


def test_a_value_of_an_unknown_area_is_refused_by_the_database(database: Database) -> None:
    def write() -> None:
        with database.write() as session:
            store(session, [figure(area_code="99999")], origin())

    with pytest.raises(DBAPIError, match=r"(?i)foreign key"):
        write()


def test_writers_at_the_same_time_leave_one_present_value(database: Database) -> None:
    def write(value: float) -> None:
        with database.write() as session:
            store(session, [figure(value)], origin())

    threads = [threading.Thread(target=write, args=(float(n),)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    with database.read() as session:
        superseded = [old for _, old in history(session)]
    assert len(superseded) == 6
    assert superseded.count(False) == 1


def test_many_periods_are_stored_in_one_go(database: Database) -> None:
    figures = [figure(float(n), period_start=TODAY - n * DAY) for n in range(1, 900)]
    with database.write() as session:
        assert set(store(session, figures, origin())) == {Outcome.STORED}
    with database.write() as session:
        assert set(store(session, figures, origin())) == {Outcome.UNCHANGED}


def test_derived_values_are_replaced_in_place(database: Database) -> None:
    for value in (1.0, 2.0, 2.0):
        with database.write() as session:
            replace_derived(session, [figure(value)], origin("songlam"))
    with database.read() as session:
        assert history(session) == [(2.0, False)]


def test_a_derived_figure_without_value_creates_no_row(database: Database) -> None:
    with database.write() as session:
        assert replace_derived(session, [figure(None)], origin("songlam")) == 0
        assert history(session) == []


def test_a_derived_figure_that_lost_its_value_says_so(database: Database) -> None:
    with database.write() as session:
        replace_derived(session, [figure(1.0)], origin("songlam"))
    with database.write() as session:
        assert replace_derived(session, [figure(None)], origin("songlam")) == 1
    with database.read() as session:
        assert history(session) == [(None, False)]


def test_a_sum_counts_the_communes_that_have_a_value(database: Database) -> None:
    figures = [
        figure(3.0),
        figure(4.0, area_code=CUA_LO),
        figure(None, area_code=THANH_VINH),
    ]
    with database.write() as session:
        store(session, figures, origin())
    with database.read() as session:
        (total,) = repository.newest_sums(session, CODE, PROVINCE, 12)
    assert total.value == 7.0
    assert total.reported == 2
    assert total.received_at == NOW


def test_a_sum_leaves_the_province_and_superseded_values_out(database: Database) -> None:
    with database.write() as session:
        store(session, [figure(3.0), figure(500.0, area_code=PROVINCE)], origin())
    with database.write() as session:
        store(session, [figure(5.0)], origin())
    with database.read() as session:
        (total,) = repository.newest_sums(session, CODE, PROVINCE, 12)
    assert total.value == 5.0


def test_a_sum_with_an_example_or_an_estimate_in_it_says_so(database: Database) -> None:
    with database.write() as session:
        store(session, [figure(3.0, quality=Quality.ESTIMATED)], origin())
        store(session, [figure(4.0, area_code=CUA_LO)], origin(EXAMPLE_SOURCE))
    with database.read() as session:
        (total,) = repository.newest_sums(session, CODE, PROVINCE, 12)
    assert total.example
    assert total.quality is Quality.ESTIMATED


def test_sums_are_made_period_by_period_within_a_span(database: Database) -> None:
    figures = [
        figure(float(day), period_start=TODAY - day * DAY, area_code=code)
        for day in (1, 2, 3)
        for code in (CUA_LO, THANH_VINH)
    ]
    with database.write() as session:
        store(session, figures, origin())
    with database.read() as session:
        span = (TODAY - 2 * DAY, TODAY)
        found = {
            item.period_start: item.value
            for item in repository.sums_between(session, CODE, PROVINCE, span)
        }
    assert found == {TODAY - DAY: 2.0, TODAY - 2 * DAY: 4.0}


def test_the_newest_period_is_the_newest_with_a_value(database: Database) -> None:
    with database.write() as session:
        store(session, [figure(1.0), figure(None, period_start=TODAY)], origin())
    with database.read() as session:
        assert repository.newest_start(session, CODE, PROVINCE) == TODAY - DAY
        assert repository.newest_start(session, "health.beds", PROVINCE) is None


def test_values_by_area_are_those_of_one_period(database: Database) -> None:
    with database.write() as session:
        store(session, [figure(1.0), figure(2.0, period_start=TODAY)], origin())
    with database.read() as session:
        found = repository.by_area(session, CODE, TODAY)
    assert {code: reading.value for code, reading in found.items()} == {figure().area_code: 2.0}


def test_the_number_of_values_is_bounded_by_what_was_delivered(database: Database) -> None:
    with database.write() as session:
        store(session, [figure(), figure(area_code=CUA_LO)], origin())
        assert session.scalar(select(func.count()).select_from(IndicatorValueRow)) == 2
