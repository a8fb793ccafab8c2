"""The table of injected faults in step with the tests, which a process of its own collects."""

from __future__ import annotations

from tests.fault_matrix import README, case_name, collected, names_in

FAULT_CASES = 60


def test_the_readme_lists_every_fault_that_is_injected_and_no_other() -> None:
    cases = [case_name(nodeid) for nodeid in collected()]

    assert len(cases) >= FAULT_CASES
    listed = names_in(README.read_text(encoding="utf-8"))
    assert sorted(listed) == sorted(cases), "run scripts/fault_table run"
