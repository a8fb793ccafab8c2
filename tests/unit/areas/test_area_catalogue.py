"""The list of areas: complete, consistent, and refused when it is not."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest

from central.areas.catalogue import AREAS_FILE, FORMER_CITIES, PROVINCE_CODE, load_areas

if TYPE_CHECKING:
    from pathlib import Path

HEADING = "code,name,full_name,name_en,kind,lat,lon,area_km2,population,merged_from"
COMMUNE = "16681,Thành Vinh,Phường Thành Vinh,Thanh Vinh,phường,18.67,105.66,15.5,123507"


def test_the_province_has_119_communes_and_11_wards() -> None:
    kinds = [area.kind for area in load_areas()]

    assert kinds[0] == "tỉnh"
    assert kinds.count("xã") == 119
    assert kinds.count("phường") == 11
    assert len(kinds) == 131


def test_codes_and_names_are_unique_so_that_either_finds_one_area() -> None:
    areas = load_areas()

    assert len({area.code for area in areas}) == 131
    assert len({area.full_name for area in areas}) == 131
    assert len({area.name for area in areas}) == 131


def test_every_commune_stands_directly_below_the_province() -> None:
    province, *communes = load_areas()

    assert province.code == PROVINCE_CODE
    assert province.parent_code is None
    assert {commune.parent_code for commune in communes} == {PROVINCE_CODE}


def test_the_provinces_size_and_people_are_those_of_its_communes() -> None:
    province, *communes = load_areas()

    assert province.population == sum(commune.population for commune in communes)
    assert province.area_km2 == pytest.approx(sum(commune.area_km2 for commune in communes))
    assert 16_000 < province.area_km2 < 17_000


def test_every_inner_point_lies_in_the_province() -> None:
    for area in load_areas():
        assert 18.5 < area.lat < 20.0, area.name
        assert 103.8 < area.lon < 105.9, area.name


def test_names_are_composed_unicode_as_screens_and_searches_expect() -> None:
    for area in load_areas():
        for name in (area.name, area.full_name, *area.merged_from):
            assert unicodedata.is_normalized("NFC", name), name


def test_a_commune_that_was_not_merged_has_no_former_units() -> None:
    areas = {area.name: area for area in load_areas()}

    assert areas["Mỹ Lý"].merged_from == ()
    assert "Phường Vinh Tân" in areas["Trường Vinh"].merged_from


def test_the_wards_of_the_former_city_are_known_by_its_name() -> None:
    wards = {area.name for area in load_areas() if "Thành phố Vinh" in area.former_names}

    assert wards == {"Thành Vinh", "Trường Vinh", "Vinh Phú", "Vinh Lộc", "Vinh Hưng", "Cửa Lò"}
    assert FORMER_CITIES["Thành phố Vinh"] <= {area.code for area in load_areas()}


def test_the_file_says_where_its_facts_come_from() -> None:
    first = AREAS_FILE.read_text("utf-8").splitlines()[0]

    assert first.startswith("#")
    assert "MIT" in first


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (COMMUNE.replace("phường,", "quận,") + ",", "kind is 'quận'"),
        (COMMUNE.replace("105.66", "here") + ",", "could not convert"),
        (COMMUNE.replace("123507", "many") + ",", "invalid literal"),
    ],
)
def test_a_wrong_line_is_refused_with_its_number(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "areas.csv"
    path.write_text(f"# source\n{HEADING}\n{COMMUNE},giữ nguyên\n{line}\n", "utf-8")

    with pytest.raises(ValueError, match=f"areas.csv: area 2: .*{said}"):
        load_areas(path)
