"""Searching areas the way people type them."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.areas.catalogue import load_areas
from central.areas.search import search
from central.areas.text import fold


def names(query: str) -> list[str]:
    """Return the names that a query finds, best first."""
    return [match.area.name for match in search(load_areas(), query)]


@pytest.mark.parametrize(
    ("typed", "folded"),
    [
        ("Đô Lương", "do luong"),
        ("  Phường   TRƯỜNG vinh ", "phuong truong vinh"),
        ("Hưng-Nguyên", "hung nguyen"),
        ("Quỳ Châu", "quy chau"),
        ("đ", "d"),
        ("", ""),
        ("!?", ""),
    ],
)
def test_folding_drops_accents_case_and_punctuation(typed: str, folded: str) -> None:
    assert fold(typed) == folded


@given(st.text(max_size=40))
def test_folding_does_not_care_how_accents_are_encoded(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)

    assert fold(composed) == fold(unicodedata.normalize("NFD", composed))


@given(st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize("query", ["vinh tan", "Vinh Tân", "phuong vinh tan", "P. Vinh Tân"])
def test_a_former_ward_finds_the_ward_it_became(query: str) -> None:
    first = search(load_areas(), query)[0]

    assert first.area.name == "Trường Vinh"
    assert first.former_unit == "Phường Vinh Tân"


@pytest.mark.parametrize("query", ["TP Vinh", "thanh pho vinh"])
def test_the_former_city_finds_its_six_wards(query: str) -> None:
    wards = [match for match in search(load_areas(), query) if match.former_unit]
    of_the_city = {match.area.name for match in wards if match.former_unit == "Thành phố Vinh"}

    assert of_the_city == {
        "Thành Vinh",
        "Trường Vinh",
        "Vinh Phú",
        "Vinh Lộc",
        "Vinh Hưng",
        "Cửa Lò",
    }


def test_d_with_and_without_its_stroke_are_one_letter() -> None:
    assert names("do luong")[0] == "Đô Lương"
    assert names("đo luong")[0] == "Đô Lương"


def test_the_name_itself_comes_before_longer_names_and_former_units() -> None:
    found = names("Anh Sơn")

    assert found[:2] == ["Anh Sơn", "Anh Sơn Đông"]


def test_an_official_code_finds_its_area_alone() -> None:
    assert names("16738") == ["Quế Phong"]
    assert names("40")[0] == "Nghệ An"


def test_every_area_is_found_first_by_its_own_full_name() -> None:
    for area in load_areas():
        assert names(fold(area.full_name))[0] == area.name


def test_every_former_unit_leads_to_its_area() -> None:
    for area in load_areas():
        for unit in area.merged_from:
            assert area.name in [match.area.name for match in search(load_areas(), unit, 50)], unit


@pytest.mark.parametrize("query", ["", "   ", "---", "xyzzy"])
def test_what_names_nothing_finds_nothing(query: str) -> None:
    assert names(query) == []


def test_no_more_is_returned_than_asked_for() -> None:
    assert len(search(load_areas(), "xa", limit=5)) == 5
