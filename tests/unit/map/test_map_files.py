"""The map's files: ours are sound and within the province; each is read once per version."""

from __future__ import annotations

import gzip
import itertools
import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from central.areas.catalogue import load_areas
from central.map import files
from central.map.routes import BOUNDS

if TYPE_CHECKING:
    from pathlib import Path

WEST, SOUTH, EAST, NORTH = BOUNDS


def features(path: Path) -> list[dict[str, Any]]:
    """Return the features of a GeoJSON file."""
    collection = json.loads(path.read_text("utf-8"))
    assert collection["type"] == "FeatureCollection"
    found: list[dict[str, Any]] = collection["features"]
    return found


def roads() -> dict[str, list[list[float]]]:
    """Return the lines of the main roads by their English name."""
    return {
        feature["properties"]["name_en"]: feature["geometry"]["coordinates"]
        for feature in features(files.ROADS)
    }


def inside(point: list[float], ring: list[list[float]]) -> bool:
    """Return whether a point lies in a ring. Source: even-odd rule."""
    crossings = 0
    for (x1, y1), (x2, y2) in itertools.pairwise(ring):
        if (y1 > point[1]) != (y2 > point[1]):
            crossings += point[0] < x1 + (point[1] - y1) / (y2 - y1) * (x2 - x1)
    return crossings % 2 == 1


def test_every_road_lies_within_the_bounds_of_the_map() -> None:
    for name, line in roads().items():
        assert len(line) >= 4, name
        for lon, lat in line:
            assert WEST < lon < EAST, name
            assert SOUTH < lat < NORTH, name


def test_the_main_roads_of_the_province_are_there() -> None:
    refs = {feature["properties"]["ref"] for feature in features(files.ROADS)}

    assert {"CT.01", "QL.1A", "QL.7", "QL.46", "QL.48", "QL.15", "HCM"} <= refs
    assert "Vinh – Cửa Lò boulevard" in roads()


def test_every_road_has_both_names_and_a_class() -> None:
    for feature in features(files.ROADS):
        properties = feature["properties"]

        assert properties["name_vi"]
        assert properties["name_en"]
        assert properties["class"] in {"expressway", "national", "boulevard", "coastal"}


@pytest.mark.parametrize("path", [files.ROADS, files.OUTLINE])
def test_our_own_lines_say_that_they_are_coarse(path: Path) -> None:
    assert "coarse" in json.loads(path.read_text("utf-8"))["note"].lower()


@pytest.mark.parametrize(
    ("road", "area"),
    [
        ("National road 1A", "Diễn Châu"),
        ("National road 1A", "Hoàng Mai"),
        ("National road 7 (Diễn Châu – Nậm Cắn)", "Con Cuông"),
        ("National road 7 (Diễn Châu – Nậm Cắn)", "Đô Lương"),
        ("National road 48 (Yên Lý – Quế Phong)", "Thái Hoà"),
        ("Vinh – Cửa Lò boulevard", "Cửa Lò"),
    ],
)
def test_a_road_passes_near_the_places_it_is_known_for(road: str, area: str) -> None:
    place = next(item for item in load_areas() if item.name == area)
    nearest_deg = min(
        ((lon - place.lon) ** 2 + (lat - place.lat) ** 2) ** 0.5 for lon, lat in roads()[road]
    )

    assert nearest_deg < 0.05


def test_our_outline_is_closed_and_holds_nearly_every_commune() -> None:
    (ring,) = features(files.OUTLINE)[0]["geometry"]["coordinates"]
    communes = load_areas()[1:]
    held = sum(inside([area.lon, area.lat], ring) for area in communes)

    assert ring[0] == ring[-1]
    assert held >= 0.95 * len(communes)


def test_boundaries_are_found_in_the_configured_folder_or_not_at_all(tmp_path: Path) -> None:
    assert files.find_boundaries(str(tmp_path), files.COMMUNES) is None
    (tmp_path / files.COMMUNES).write_text("{}")

    assert files.find_boundaries(str(tmp_path), files.COMMUNES) == tmp_path / files.COMMUNES


def test_a_folder_is_not_taken_for_a_file(tmp_path: Path) -> None:
    (tmp_path / files.COMMUNES).mkdir()

    assert files.find_boundaries(str(tmp_path), files.COMMUNES) is None


def test_the_packed_form_is_the_same_file(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(b'{"type": "FeatureCollection"}' * 50)
    loaded = files.load(path)

    assert gzip.decompress(loaded.packed) == loaded.plain
    assert len(loaded.packed) < len(loaded.plain)


def test_a_file_is_read_once_until_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(b"one")
    first = files.load(path)
    assert files.load(path) is first

    path.write_bytes(b"two")
    os.utime(path, ns=(0, 1))

    assert files.load(path).plain == b"two"
    assert files.load(path).tag != first.tag
