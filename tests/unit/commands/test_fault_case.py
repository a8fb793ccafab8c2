"""What a case of the fault matrix owes when its test has ended."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

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


@pytest.mark.parametrize(
    ("ending", "told"),
    [
        ("pytest.skip('no footage here')", "1 skipped"),
        ("raise OSError('lost')", "1 failed"),
        ("", "the case did not count what was lost"),
    ],
    ids=["skipped", "failed", "passed without a word"],
)
def test_only_a_case_that_has_passed_owes_its_row(tmp_path: Path, ending: str, told: str) -> None:
    (tmp_path / "test_case.py").write_text(CASE.format(ending=ending), "utf-8")
    options = ["-q", "-p", "tests.fault_matrix", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert told in run.stdout
    assert ("error" in run.stdout) == (ending == "")
