"""What a case of the fault matrix owes when its test has ended."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.assets import ROOT

if TYPE_CHECKING:
    from pathlib import Path

CASE = """
import pytest

@pytest.mark.fault("network")
def test_a_case(fault_case):
    fault_case.injected("nothing")
    {ending}
"""


ENDINGS = {
    "skipped": "pytest.skip('no footage here')",
    "failed": "raise OSError('lost')",
    "passed_without_a_word": "",
}


def counts(said: str) -> set[str]:
    """Return what the last line of a run counts."""
    return set(said.splitlines()[-1].partition(" in ")[0].split(", "))


def test_only_a_case_that_has_passed_owes_its_row(tmp_path: Path) -> None:
    for name, ending in ENDINGS.items():
        (tmp_path / f"test_{name}.py").write_text(CASE.format(ending=ending), "utf-8")
    options = ["-q", "-p", "tests.fault_matrix", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert {"1 failed", "1 passed", "1 skipped", "1 error"} <= counts(run.stdout)
    (erred,) = [line for line in run.stdout.splitlines() if line.startswith("ERROR ")]
    assert "test_passed_without_a_word.py::test_a_case" in erred
    assert "the case did not count what was lost" in run.stdout
