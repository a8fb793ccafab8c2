"""The catalogue of indicators: nine components, each with enough, all consistent."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from central.indicators.catalogue import (
    TRAFFIC,
    AreaLevel,
    Kind,
    Origin,
    load_catalogue,
    rule_code,
)
from central.indicators.periods import Period
from central.indicators.traffic import MEASURES
from edge.contract.catalogue import CATALOGUE as RULES

if TYPE_CHECKING:
    from pathlib import Path

INDICATORS = [item for component in load_catalogue().components for item in component.indicators]
SHORTEST_H = {
    Period.HOUR: 0,
    Period.DAY: 24,
    Period.MONTH: 31 * 24,
    Period.QUARTER: 92 * 24,
    Period.YEAR: 366 * 24,
}


def test_there_are_nine_components_with_at_least_four_indicators_each() -> None:
    components = load_catalogue().components

    assert len(components) == 9
    assert all(len(component.indicators) >= 4 for component in components)
    assert components[-1].code == TRAFFIC


def test_codes_are_unique_over_all_components() -> None:
    counts = Counter(item.code for item in INDICATORS)

    assert [code for code, count in counts.items() if count > 1] == []


def test_every_name_and_unit_is_there_in_both_languages() -> None:
    for item in INDICATORS:
        assert item.name_vi, item.code
        assert item.name_en, item.code
        assert item.unit_vi, item.code
        assert item.unit_en, item.code
        assert bool(item.note_vi) == bool(item.note_en), item.code


def test_every_component_shows_three_numbers_on_its_tile() -> None:
    for component in load_catalogue().components:
        shown = [item for item in component.indicators if item.headline]

        assert len(shown) == 3, component.code


def test_every_rule_of_a_box_has_an_indicator_that_counts_it() -> None:
    for rule in RULES:
        indicator = load_catalogue().find(rule_code(rule))

        assert indicator is not None, rule
        assert indicator.kind is Kind.SUM
        assert indicator.origin is Origin.COMPUTED


def test_what_is_computed_has_a_measure_and_the_other_way_round() -> None:
    computed = {item.code for item in INDICATORS if item.origin is Origin.COMPUTED}

    assert computed == set(MEASURES)
    assert {code.partition(".")[0] for code in computed} == {TRAFFIC}


def test_crashes_and_victims_are_taken_over_and_never_counted_here() -> None:
    for code in ("traffic.accidents", "traffic.deaths", "traffic.injured"):
        indicator = load_catalogue().find(code)

        assert indicator is not None
        assert indicator.origin is Origin.FEED
        assert "Công an" in indicator.name_vi


def test_a_suspected_violation_is_called_one() -> None:
    red_light = load_catalogue().find("traffic.red_light")
    congestion = load_catalogue().find("traffic.congestion")

    assert red_light is not None
    assert red_light.name_vi.startswith("Dấu hiệu")
    assert congestion is not None
    assert not congestion.name_vi.startswith("Dấu hiệu")


def test_a_delivered_value_stays_fresh_until_the_next_one_can_be_there() -> None:
    for item in INDICATORS:
        if item.origin is Origin.FEED:
            assert item.stale_after_h > SHORTEST_H[item.period], item.code


def test_what_a_catalogue_lacks_is_not_found() -> None:
    assert load_catalogue().find("health.nothing") is None
    assert load_catalogue().find_component("nothing") is None


def test_communes_have_more_than_a_dozen_indicators() -> None:
    assert sum(item.area_level is AreaLevel.COMMUNE for item in INDICATORS) > 12


GOOD = """
version: 1
components:
  - code: health
    name_vi: Y tế
    name_en: Health
    indicators:
      - {code: health.beds, name_vi: Giường, name_en: Beds, unit_vi: giường, unit_en: beds,
         period: day, kind: level, area_level: province, decimals: 0, stale_after_h: 36,
         better: up}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("health.beds", "hospital.beds", "does not begin with 'health'"),
        ("period: day", "period: fortnight", "period"),
        ("kind: level", "kind: guess", "kind"),
        ("better: up", "better: up, colour: red", "colour"),
        ("decimals: 0", "decimals: -1", "decimals"),
        ("stale_after_h: 36", "stale_after_h: 0", "stale_after_h"),
        ("version: 1", "version: [", "ind.yaml"),
    ],
)
def test_a_mistake_in_the_file_names_its_place(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "ind.yaml"
    path.write_text(GOOD.replace(old, new, 1), "utf-8")

    with pytest.raises(ValueError, match=said):
        load_catalogue(path)


def test_a_code_may_not_be_used_twice(tmp_path: Path) -> None:
    line = GOOD[GOOD.index("      - {code") :]
    path = tmp_path / "ind.yaml"
    path.write_text(GOOD + line, "utf-8")

    with pytest.raises(ValueError, match="used twice"):
        load_catalogue(path)
