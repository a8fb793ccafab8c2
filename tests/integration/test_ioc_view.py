"""What is shown of indicators, on both databases: sums, series, communes, records behind."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from central.areas.catalogue import load_areas
from central.indicators import records
from central.indicators.catalogue import Freshness, Indicator, Quality, load_catalogue
from central.indicators.periods import Period, period_start, shift
from central.indicators.service import MAX_SERIES, SERIES_PERIODS, IndicatorView, Window
from central.indicators.store import store
from central.tables.feeds import DeliveryRow, FeedRow
from tests.ioc import (
    CUA_LO,
    HOUR,
    NOW,
    PROVINCE,
    TODAY,
    TRUONG_VINH,
    add_incident,
    add_telemetry,
    empty,
    figure,
    ioc_database,
    origin,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from central.db import Database
    from central.indicators.store import Figure
    from tests.postgres import PostgresCluster

DAY = timedelta(days=1)
COMMUNES = [area.code for area in load_areas() if area.code != PROVINCE]


@pytest.fixture(
    scope="module", params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def opened(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """Yield one database for the tests of this file."""
    url = ""
    if request.param == "postgres":
        cluster: PostgresCluster = request.getfixturevalue("postgres_cluster")
        url = cluster.create_database()
    database = ioc_database(tmp_path_factory.mktemp("view"), url)
    yield database
    database.close()


@pytest.fixture
def session(opened: Database) -> Iterator[Session]:
    """Yield a session on that database, with areas and nothing else."""
    with empty(opened).write() as writing:
        yield writing


def indicator(code: str = "health.infectious_cases") -> Indicator:
    """Return a definition of the catalogue."""
    found = load_catalogue().find(code)
    assert found is not None
    return found


def put(session: Session, figures: Sequence[Figure]) -> None:
    """Store figures of the health department."""
    store(session, figures, origin())


def view(session: Session) -> IndicatorView:
    """Return the view of half past ten on 23 November."""
    return IndicatorView(session, NOW)


def test_the_provinces_own_figure_goes_before_the_sum(session: Session) -> None:
    put(session, [figure(3.0), figure(50.0, area_code=PROVINCE)])
    latest = view(session).item(indicator(), PROVINCE).latest

    assert latest is not None
    assert latest.value == 50
    assert latest.coverage is None


def test_a_newer_sum_goes_before_an_older_figure_of_the_province(session: Session) -> None:
    older = figure(50.0, area_code=PROVINCE, period_start=TODAY - 2 * DAY)
    put(session, [figure(3.0), older])
    latest = view(session).item(indicator(), PROVINCE).latest

    assert latest is not None
    assert latest.value == 3
    assert latest.coverage is not None
    assert (latest.coverage.reported, latest.coverage.expected) == (1, 130)


def test_all_communes_together_are_full_coverage(session: Session) -> None:
    put(session, [figure(1.0, area_code=code) for code in COMMUNES])
    latest = view(session).item(indicator(), PROVINCE).latest

    assert latest is not None
    assert latest.value == 130
    assert latest.coverage is not None
    assert latest.coverage.reported == latest.coverage.expected


@pytest.mark.parametrize(
    ("code", "value"), [("public_services.on_time", 95.0), ("economy.poor_households", 4.0)]
)
def test_shares_of_communes_are_never_added_up(session: Session, code: str, value: float) -> None:
    start = period_start(indicator(code).period, NOW - 400 * DAY)
    put(session, [figure(value, indicator=code, period_start=start)])

    assert view(session).item(indicator(code), PROVINCE).latest is None
    assert view(session).item(indicator(code), TRUONG_VINH).latest is not None


def test_one_commune_does_not_see_the_figures_of_another(session: Session) -> None:
    put(session, [figure(3.0)])

    assert view(session).item(indicator(), CUA_LO).freshness is Freshness.MISSING


def test_the_trend_of_a_sum_is_summed_day_by_day(session: Session) -> None:
    put(
        session,
        [
            figure(float(day), period_start=TODAY - day * DAY, area_code=code)
            for day in (1, 2, 4)
            for code in (TRUONG_VINH, CUA_LO)
        ],
    )
    trend = view(session).item(indicator(), PROVINCE).trend

    assert [point.value for point in trend[-4:]] == [8, None, 4, 2]


def test_an_open_window_ends_with_the_newest_reading(session: Session) -> None:
    put(session, [figure(3.0, period_start=TODAY - 40 * DAY)])
    series = view(session).detail(indicator(), TRUONG_VINH, Window(None, None)).series

    assert len(series) == SERIES_PERIODS
    assert series[-1].period_start == TODAY - 40 * DAY
    assert series[-1].value == 3


def test_without_any_reading_the_window_ends_now(session: Session) -> None:
    series = view(session).detail(indicator(), TRUONG_VINH, Window(None, None)).series

    assert series[-1].period_start == TODAY
    assert {point.value for point in series} == {None}


def test_a_window_with_an_end_reaches_back_thirty_periods(session: Session) -> None:
    put(session, [figure(3.0, period_start=TODAY - 100 * DAY)])
    window = Window(None, TODAY - 90 * DAY)
    series = view(session).detail(indicator(), TRUONG_VINH, window).series

    assert len(series) == SERIES_PERIODS
    assert [point.value for point in series].count(3) == 1


def test_a_window_of_many_years_is_cut_to_the_newest_part(session: Session) -> None:
    window = Window(NOW - 9_000 * DAY, NOW)
    series = view(session).detail(indicator(), TRUONG_VINH, window).series

    assert len(series) == MAX_SERIES
    assert series[-1].period_start == TODAY


def test_a_window_that_ends_before_it_begins_is_empty(session: Session) -> None:
    window = Window(NOW, NOW - 9 * DAY)

    assert view(session).detail(indicator(), TRUONG_VINH, window).series == []


@pytest.mark.parametrize("code", ["economy.grdp_growth", "economy.cpi", "economy.poor_households"])
def test_quarters_months_and_years_have_series_too(session: Session, code: str) -> None:
    period = indicator(code).period
    newest = shift(period, NOW, -1)
    starts = [shift(period, newest, -step) for step in range(3)]
    put(
        session,
        [
            figure(float(n), indicator=code, area_code=PROVINCE, period_start=start)
            for n, start in enumerate(starts)
        ],
    )
    series = view(session).detail(indicator(code), PROVINCE, Window(None, None)).series

    assert [point.value for point in series[-3:]] == [2, 1, 0]
    assert period is not Period.DAY


def test_communes_are_listed_for_the_period_that_was_asked_for(session: Session) -> None:
    put(session, [figure(3.0), figure(9.0, period_start=TODAY - 5 * DAY)])
    newest = view(session).by_area(indicator(), None)
    earlier = view(session).by_area(indicator(), TODAY - 5 * DAY)

    assert newest.period_start == TODAY - DAY
    assert (newest.reported, earlier.reported) == (1, 1)
    assert [row.value for row in earlier.items if row.value is not None] == [9]
    assert [row.area_code for row in earlier.items] == COMMUNES


def test_nine_components_are_shown_even_by_an_empty_database(session: Session) -> None:
    tiles = view(session).components()

    assert len(tiles) == 9
    assert all(tile.missing_count == tile.indicator_count for tile in tiles)
    assert not any(tile.example for tile in tiles)


def deliver(session: Session) -> None:
    """Store a figure that came as row 7 of an uploaded file."""
    feed = {"code": "so-y-te", "name": "Sở Y tế", "salt": "x", "created_by": "admin"}
    session.add(FeedRow(**feed, component=None, created_at=NOW))
    session.flush()
    file = {"kind": "upload", "file_name": "t11.xlsx", "actor": "lan", "sha256": "ab" * 32}
    delivery = DeliveryRow(feed="so-y-te", **file, received_at=NOW, rejections=[])
    session.add(delivery)
    session.flush()
    came = origin()
    store(
        session,
        [figure(12.0, raw_value="12,0", quality=Quality.MANUAL, row_number=7)],
        type(came)(source=came.source, received_at=NOW, delivery_id=delivery.id),
    )


def test_a_delivered_number_leads_to_file_row_and_person(session: Session) -> None:
    deliver(session)
    number = records.Number(indicator=indicator(), area_code=TRUONG_VINH, start=TODAY - DAY)
    (row,) = records.behind(session, number).items

    assert (row.kind, row.file_name, row.row_number, row.actor) == ("upload", "t11.xlsx", 7, "lan")
    assert (row.value, row.raw_value, row.quality) == (12, "12,0", Quality.MANUAL)


def test_records_come_in_pages_without_gap_or_repetition(session: Session) -> None:
    put(session, [figure(1.0, area_code=code) for code in COMMUNES])
    seen: list[str] = []
    offset = 0
    for _ in range(2):
        number = records.Number(
            indicator=indicator(), area_code=PROVINCE, start=TODAY - DAY, offset=offset
        )
        page = records.behind(session, number)
        seen += [row.area_code for row in page.items]
        offset = int(page.next_cursor or 0)

    assert sorted(seen) == sorted(COMMUNES)
    assert offset == 0


def test_incidents_behind_a_number_come_in_pages_too(session: Session) -> None:
    for number in range(records.PAGE + 5):
        add_incident(session, number, occurred_at=HOUR + timedelta(seconds=number))
    violations = records.Number(
        indicator=indicator("traffic.violations"), area_code=TRUONG_VINH, start=TODAY
    )
    first = records.behind(session, violations)

    assert len(first.items) == records.PAGE
    assert first.items[0].incident_id == f"incident-{records.PAGE + 4}"
    assert first.next_cursor == str(records.PAGE)


def test_incidents_of_another_area_day_or_verdict_are_not_behind_a_number(
    session: Session,
) -> None:
    add_incident(session, 1)
    add_incident(session, 2, area_code=CUA_LO)
    add_incident(session, 3, occurred_at=TODAY - timedelta(seconds=1))
    add_incident(session, 4, status="rejected")
    add_incident(session, 5, rule="congestion")
    number = records.Number(
        indicator=indicator("traffic.violations"), area_code=TRUONG_VINH, start=TODAY
    )

    assert [row.incident_id for row in records.behind(session, number).items] == ["incident-1"]


def test_telemetry_behind_a_flow_says_what_passed_and_how_much_was_seen(session: Session) -> None:
    flows = [
        {"object_class": "motorcycle", "count": 9, "mean_speed_kmh": None},
        {"object_class": "person", "count": 4, "mean_speed_kmh": None},
    ]
    add_telemetry(session, 1, flows=flows, observed_ratio=0.5)
    number = records.Number(
        indicator=indicator("traffic.vehicle_flow"), area_code=TRUONG_VINH, start=HOUR
    )
    (row,) = records.behind(session, number).items

    assert (row.value, row.raw_value) == (9, "motorcycle: 9")
    assert row.quality is Quality.ESTIMATED
    assert row.camera_id == "gate"
