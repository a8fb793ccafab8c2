"""Areas, map, components and indicators through the running centre."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from central.auth.schemas import Role
from central.indicators.catalogue import EXAMPLE_SOURCE, Quality
from central.indicators.rollup import roll_up
from central.indicators.store import store
from tests.centre import RunningCentre, running_centre
from tests.ioc import (
    CUA_LO,
    HOUR,
    NOW,
    PROVINCE,
    THANH_VINH,
    TODAY,
    TRUONG_VINH,
    add_camera,
    add_incident,
    add_telemetry,
    figure,
    origin,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

DAY = timedelta(days=1)
YESTERDAY = (TODAY - DAY).isoformat().replace("+00:00", "Z")
CODE = "health.infectious_cases"
OFFICER = Role.OFFICER


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCentre]:
    """Yield a centre whose clock stands still and whose boundaries are a folder of the test."""
    folder = tmp_path_factory.mktemp("centre")
    with running_centre(folder, lambda: NOW, geo_dir=str(folder / "geo")) as running:
        yield running


@pytest.fixture(scope="module")
def officer(centre: RunningCentre) -> httpx.Client:
    """Return the client of someone who may only read."""
    return centre.person(OFFICER)


@pytest.fixture(scope="module", autouse=True)
def figures(centre: RunningCentre) -> None:
    """Store a few delivered figures and a little traffic."""
    delivered = [
        figure(3.0),
        figure(4.0, area_code=CUA_LO, row_number=2),
        figure(None, area_code=THANH_VINH),
        figure(2.0, period_start=TODAY - 3 * DAY),
        figure(88.0, indicator="health.bed_occupancy", area_code=PROVINCE),
        figure(0.0, indicator="health.emergencies", area_code=PROVINCE),
        figure(9.0, indicator="documents.tasks_overdue", area_code=PROVINCE),
    ]
    with centre.parts.database.write() as session:
        store(session, delivered, origin())
        store(session, [figure(5.0)], origin())
        stale = figure(
            70.0,
            indicator="tourism.room_occupancy",
            area_code=PROVINCE,
            period_start=TODAY - 9 * DAY,
        )
        store(session, [stale], origin(EXAMPLE_SOURCE))
        add_camera(session)
        add_incident(session, 1, rule="red_light")
        add_incident(session, 2, rule="wrong_way", status="rejected")
        for minute in range(30):
            add_telemetry(session, minute, period_start=HOUR + timedelta(minutes=minute))
    roll_up(centre.parts.database, lambda: NOW)


def get(client: httpx.Client, path: str, **params: Any) -> Any:
    """Return the JSON of a successful GET."""
    answer = client.get(path, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def item(client: httpx.Client, code: str, **params: Any) -> dict[str, Any]:
    """Return one indicator as its component lists it."""
    component = code.partition(".")[0]
    listed = get(client, f"/components/{component}/indicators", **params)["items"]
    found: dict[str, Any] = next(entry for entry in listed if entry["code"] == code)
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/areas",
        "/areas/search?q=vinh",
        "/components",
        "/components/health/indicators",
        f"/indicators/{CODE}",
        f"/indicators/{CODE}/by-area",
        f"/indicators/{CODE}/records?period_start=2026-11-21T17:00:00Z",
        "/map/config",
        "/map/communes.geojson",
        "/map/province.geojson",
        "/map/roads.geojson",
        "/feeds",
        "/feeds/template.csv",
        "/feeds/y-te/deliveries",
    ],
)
def test_nobody_reads_without_logging_in(centre: RunningCentre, path: str) -> None:
    answer = centre.client().get(path)

    assert answer.status_code == 401
    assert answer.json()["detail"]["code"] == "not_logged_in"


def test_the_tree_has_the_province_and_its_130_communes(officer: httpx.Client) -> None:
    tree = get(officer, "/areas")

    assert (tree["code"], tree["kind"], tree["parent_code"]) == ("40", "tỉnh", None)
    assert len(tree["children"]) == 130
    assert all(child["children"] == [] for child in tree["children"])
    assert tree["children"][1]["merged_from"][0] == "Phường Bến Thủy"


def test_areas_are_found_by_former_names_without_accents(officer: httpx.Client) -> None:
    first = get(officer, "/areas/search", q="vinh tan")["items"][0]

    assert first["name"] == "Trường Vinh"
    assert first["former_unit"] == "Phường Vinh Tân"
    assert get(officer, "/areas/search", q="xyzzy")["items"] == []


def test_the_nine_tiles_are_there_in_their_order(officer: httpx.Client) -> None:
    tiles = get(officer, "/components")["items"]

    assert [tile["order"] for tile in tiles] == list(range(1, 10))
    assert tiles[0]["name_vi"] == "Kinh tế – xã hội"
    assert tiles[8]["code"] == "traffic"
    for tile in tiles:
        counted = tile["fresh_count"] + tile["stale_count"] + tile["missing_count"]
        assert counted == tile["indicator_count"]
        assert len(tile["headline"]) == 3


def test_a_component_without_data_says_missing_and_shows_no_number(officer: httpx.Client) -> None:
    economy = get(officer, "/components")["items"][0]

    assert economy["missing_count"] == economy["indicator_count"]
    for shown in economy["headline"]:
        assert shown["freshness"] == "missing"
        assert shown["latest"] is None
        assert shown["trend"] == []


def test_a_delivered_zero_is_shown_as_zero(officer: httpx.Client) -> None:
    emergencies = item(officer, "health.emergencies")

    assert emergencies["latest"]["value"] == 0
    assert emergencies["freshness"] == "fresh"


def test_the_province_is_summed_from_communes_with_its_coverage(officer: httpx.Client) -> None:
    latest = item(officer, CODE)["latest"]

    assert latest["value"] == 9
    assert latest["coverage"] == {"reported": 2, "expected": 130}
    assert latest["period_start"] == YESTERDAY


def test_a_commune_that_said_it_has_no_value_is_missing(officer: httpx.Client) -> None:
    silent = item(officer, CODE, area_code=THANH_VINH)

    assert silent["latest"]["value"] is None
    assert silent["freshness"] == "missing"


def test_a_commune_sees_only_what_exists_for_communes(officer: httpx.Client) -> None:
    listed = get(officer, "/components/health/indicators", area_code=CUA_LO)["items"]

    assert {entry["code"] for entry in listed} == {"health.outpatient_visits", CODE}


def test_old_data_is_stale_and_example_data_is_marked(officer: httpx.Client) -> None:
    occupancy = item(officer, "tourism.room_occupancy")
    tourism = get(officer, "/components")["items"][6]

    assert occupancy["freshness"] == "stale"
    assert occupancy["stale_since"] == "2026-11-17T05:00:00Z"  # a day and 60 hours after its day
    assert occupancy["latest"]["example"] is True
    assert occupancy["latest"]["source"] == EXAMPLE_SOURCE
    assert occupancy["trend"][-1]["example"] is True
    assert tourism["example"] is True
    assert tourism["stale_count"] == 1


def test_a_trend_leaves_days_without_data_open(officer: httpx.Client) -> None:
    trend = item(officer, CODE, area_code=TRUONG_VINH)["trend"]

    assert [point["value"] for point in trend[-3:]] == [2, None, 5]
    assert len(trend) == 12


def test_a_series_holds_the_window_that_was_asked_for(officer: httpx.Client) -> None:
    first, last = (TODAY - 4 * DAY).isoformat(), TODAY.isoformat()
    detail = get(
        officer, f"/indicators/{CODE}", area_code=TRUONG_VINH, **{"from": first, "to": last}
    )

    assert [point["value"] for point in detail["series"]] == [None, 2, None, 5, None]


def test_a_series_without_window_holds_thirty_periods_up_to_the_newest(
    officer: httpx.Client,
) -> None:
    detail = get(officer, f"/indicators/{CODE}")

    assert len(detail["series"]) == 30
    assert detail["series"][-1]["period_start"] == YESTERDAY


def test_values_by_area_list_every_commune(officer: httpx.Client) -> None:
    answer = get(officer, f"/indicators/{CODE}/by-area")
    values = {row["area_code"]: row["value"] for row in answer["items"]}

    assert len(values) == 130
    assert (answer["reported"], answer["expected"]) == (2, 130)
    assert answer["period_start"] == YESTERDAY
    assert (values[TRUONG_VINH], values[CUA_LO], values[THANH_VINH]) == (5, 4, None)


def test_an_indicator_that_no_commune_ever_sent_has_no_period(officer: httpx.Client) -> None:
    answer = get(officer, "/indicators/education.students/by-area")

    assert answer["period_start"] is None
    assert answer["reported"] == 0


def test_behind_a_corrected_number_stand_both_versions(officer: httpx.Client) -> None:
    records = get(
        officer, f"/indicators/{CODE}/records", area_code=TRUONG_VINH, period_start=YESTERDAY
    )["items"]

    assert [(record["value"], record["superseded_at"] is None) for record in records] == [
        (5, True),
        (3, False),
    ]
    assert records[0]["source"] == "so-y-te"


def test_behind_a_summed_number_stand_all_communes(officer: httpx.Client) -> None:
    records = get(officer, f"/indicators/{CODE}/records", period_start=YESTERDAY)["items"]

    assert {record["area_code"] for record in records} == {TRUONG_VINH, CUA_LO, THANH_VINH}


def test_behind_a_count_of_violations_stand_the_incidents_counted(officer: httpx.Client) -> None:
    today = TODAY.isoformat()
    violations = item(officer, "traffic.violations")
    records = get(officer, "/indicators/traffic.violations/records", period_start=today)["items"]

    assert violations["latest"]["value"] == len(records) == 1
    assert records[0]["incident_id"] == "incident-1"
    assert records[0]["kind"] == "incident"
    assert records[0]["label"] == "Không chấp hành đèn tín hiệu"
    assert records[0]["label_en"] != records[0]["label"]
    assert records[0]["occurred_at"] == HOUR.isoformat().replace("+00:00", "Z")


def test_behind_a_flow_stands_the_telemetry(officer: httpx.Client) -> None:
    records = get(
        officer, "/indicators/traffic.vehicle_flow/records", period_start=HOUR.isoformat()
    )["items"]

    assert len(records) == 30
    assert sum(record["value"] for record in records) == 90
    assert records[0]["kind"] == "telemetry"


def test_behind_the_share_of_cameras_stand_the_cameras(officer: httpx.Client) -> None:
    records = get(
        officer, "/indicators/traffic.cameras_online/records", period_start=HOUR.isoformat()
    )["items"]

    assert [(record["camera_id"], record["raw_value"]) for record in records] == [
        ("gate", "online")
    ]


def test_no_crash_is_counted_by_us(officer: httpx.Client) -> None:
    for code in ("traffic.accidents", "traffic.deaths", "traffic.injured"):
        assert item(officer, code)["freshness"] == "missing"


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/components/weather/indicators", "unknown_component"),
        ("/indicators/health.nothing", "unknown_indicator"),
        (f"/indicators/{CODE}?area_code=99999", "unknown_area"),
        ("/components/health/indicators?area_code=99999", "unknown_area"),
    ],
)
def test_what_does_not_exist_is_said_in_both_languages(
    officer: httpx.Client, path: str, code: str
) -> None:
    answer = officer.get(path)

    assert answer.status_code == 404
    assert answer.json()["detail"]["code"] == code
    assert answer.json()["detail"]["message_vi"]


@pytest.mark.parametrize("when", ["yesterday", "2026-11-22", "2026-11-22T00:00:00"])
def test_a_time_without_zone_is_refused(officer: httpx.Client, when: str) -> None:
    answer = officer.get(f"/indicators/{CODE}/records", params={"period_start": when})

    assert answer.status_code == 422


def test_every_value_says_how_good_it_is(officer: httpx.Client) -> None:
    qualities = {
        entry["latest"]["quality"]
        for tile in get(officer, "/components")["items"]
        for entry in get(officer, f"/components/{tile['code']}/indicators")["items"]
        if entry["latest"] is not None
    }

    assert qualities <= {quality.value for quality in Quality}
    assert "estimated" in qualities


def test_the_map_works_without_any_boundary(officer: httpx.Client) -> None:
    config = get(officer, "/map/config")
    communes = officer.get("/map/communes.geojson")

    assert config["tile_url"] is None
    assert config["communes_available"] is False
    assert communes.status_code == 404
    assert "fetch_assets" in communes.json()["detail"]["message_vi"]
    assert get(officer, "/map/province.geojson")["features"][0]["properties"]["coarse"] is True
    assert len(get(officer, "/map/roads.geojson")["features"]) >= 8


def test_fetched_boundaries_are_served_at_once(
    officer: httpx.Client, centre: RunningCentre
) -> None:
    folder = centre.parts.data_dir / "geo"
    folder.mkdir()
    boundaries = {"type": "FeatureCollection", "features": []}
    path: Path = folder / "nghe_an_communes.geojson"
    path.write_text(json.dumps(boundaries), "utf-8")
    try:
        assert get(officer, "/map/communes.geojson") == boundaries
        assert get(officer, "/map/config")["communes_available"] is True
        assert "MIT" in get(officer, "/map/config")["attribution"]
    finally:
        path.unlink()
        folder.rmdir()


def test_a_map_file_is_sent_packed_and_only_once(officer: httpx.Client) -> None:
    first = officer.get("/map/roads.geojson", headers={"Accept-Encoding": "gzip"})
    again = officer.get("/map/roads.geojson", headers={"If-None-Match": first.headers["etag"]})
    plain = officer.get("/map/roads.geojson", headers={"Accept-Encoding": "identity"})

    assert first.headers["content-encoding"] == "gzip"
    assert first.json() == plain.json()
    assert "content-encoding" not in plain.headers
    assert again.status_code == 304
    assert again.content == b""
