"""The fault matrix itself: a case tells everything or fails, and the README lists every case."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.fault_matrix import BEGIN, END, FaultCase, Row, case_name, names_in, read_rows, table

if TYPE_CHECKING:
    from pathlib import Path


def told(**given: float) -> FaultCase:
    """Return a case that has told everything."""
    case = FaultCase("tests/faults/test_x.py::test_a_broker_is_killed", "broker")
    case.injected("SIGKILL")
    case.lost("incidents", 0, of=5)
    case.recovered_in(given.get("recovery_s", 1.25))
    return case


def test_a_case_becomes_a_row_in_words() -> None:
    assert told().row().cells() == (
        *("broker", "a broker is killed", "SIGKILL"),
        *("0 of 5 incidents", "1.2 s"),
    )


def test_a_loss_without_a_name_is_refused() -> None:
    case = told()
    with pytest.raises(AssertionError, match="2 of 9 frames lost silently"):
        case.lost("frames", 2, of=9)
    case.lost("frames", 2, of=9, named_by="frames_dropped")
    assert case.row().lost.endswith("2 of 9 frames, told by `frames_dropped`")


@pytest.mark.parametrize(("count", "of"), [(0, 0), (-1, 3), (4, 3)])
def test_a_loss_that_cannot_be_is_refused(count: int, of: int) -> None:
    with pytest.raises(AssertionError):
        told().lost("incidents", count, of=of, named_by="x")


def test_the_longest_recovery_counts() -> None:
    case = told(recovery_s=7.0)
    case.recovered_in(3.0)
    assert case.row().recovery_s == 7.0


@pytest.mark.parametrize("silent", ["injected", "lost", "recovery"])
def test_a_case_that_tells_half_is_refused(silent: str) -> None:
    case = FaultCase("x::test_y", "disk")
    if silent != "injected":
        case.injected("full")
    if silent != "lost":
        case.lost("files", 0, of=1)
    if silent != "recovery":
        case.not_interrupted()
    with pytest.raises(AssertionError, match="the case"):
        case.row()


def test_what_never_stopped_has_no_time_to_recover() -> None:
    case = FaultCase("x::test_y[tmpfs]", "disk")
    case.injected("full")
    case.lost("files", 0, of=1)
    case.not_interrupted()
    assert case.row().cells()[4] == "not interrupted"
    assert case_name("tests/x.py::test_a_b[c d]") == "a b (c d)"


def test_the_table_is_read_back_as_it_was_written() -> None:
    rows = [
        told().row(),
        Row("x::test_later[b]", "model", "half a file", "1 of 2 files, told by `y`", None),
    ]
    written = table(rows, "2026-11-24")
    assert "2 cases on 2026-11-24, 1 of them without any loss" in written
    assert names_in(f"before\n{BEGIN}\n{written}\n{END}\nafter") == [
        "a broker is killed",
        "later (b)",
    ]


def test_without_earlier_runs_there_are_no_rows(tmp_path: Path) -> None:
    assert read_rows(tmp_path / "none.json") == {}
