"""Figures: what is met, what has fallen, what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.measures.figures import Figure, Figures, as_markdown, fallen, read, write

if TYPE_CHECKING:
    from pathlib import Path


def recall(value: float, target: float | None = None) -> Figure:
    return Figure(name="recall", value=value, unit="%", tolerance=2, target=target)


def part(*figures: Figure) -> Figures:
    return Figures(title="Rules", data="Simulated.", figures=figures, notes=("missed one",))


@pytest.mark.parametrize(("now", "falls"), [(97.0, False), (95.0, False), (94.9, True)])
def test_a_figure_has_fallen_when_it_is_worse_by_more_than_its_tolerance(
    now: float,
    falls: bool,  # noqa: FBT001
) -> None:
    assert bool(fallen(part(recall(97.0)), part(recall(now)))) is falls


def test_more_false_alarms_are_a_fall_and_fewer_are_none() -> None:
    kept = part(Figure(name="false", value=3, tolerance=1, higher_is_better=False))
    more = part(Figure(name="false", value=5, tolerance=1, higher_is_better=False))

    assert fallen(kept, more) == ["false: 5 , kept 3"]
    assert fallen(more, kept) == []


def test_a_figure_that_was_never_kept_cannot_fall() -> None:
    assert fallen(None, part(recall(1.0))) == []


def test_a_missed_target_is_told_and_kept_and_is_no_fall(tmp_path: Path) -> None:
    missed = part(recall(90.0, target=99))

    write(tmp_path / "results.json", {"rules": missed})

    assert read(tmp_path / "results.json") == {"rules": missed}
    assert fallen(missed, missed) == []
    assert "| recall | 90 % | ≥ 99 | **no** |" in as_markdown("rules", missed)
    assert "- missed one" in as_markdown("rules", missed)


def test_nothing_is_kept_where_there_is_no_file(tmp_path: Path) -> None:
    assert read(tmp_path / "results.json") == {}
