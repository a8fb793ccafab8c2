"""What scenarios came to: who was hidden when missed is told, and counts as missed."""

from __future__ import annotations

from tests.measures.scenarios import Outcome, figures_of

ACT, ALIKE = 0, 1
"""Seeds: the first part of the table is an act, the second only looks like one."""


def came(seed: int, *, found: bool, hidden: float) -> Outcome:
    """Return what came of a minute's scenario."""
    return Outcome(seed, found, 0.0, (), 60.0, hidden)


def test_a_miss_that_was_hidden_is_told_beside_and_taken_out_of_nothing() -> None:
    outcomes = [
        came(ACT, found=True, hidden=0.9),
        came(ACT, found=False, hidden=0.5),
        came(ACT, found=False, hidden=0.4),
        came(ALIKE, found=False, hidden=0.9),
    ]

    figures = figures_of(outcomes)

    assert figures.figures[0].value == 33.3
    assert figures.table[0][2:] == ("scenarios", "found", "missed, hidden", "false")
    assert figures.table[1][2:] == ("3", "1", "1", "0")
    assert figures.table[2][2:] == ("1", "–", "–", "0")
