"""A box may be x86-64 or arm64: the package index has a wheel for each."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ARM64_TAGS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64")


def test_every_package_of_a_box_has_an_arm64_wheel(tmp_path: Path) -> None:
    """Asks the package index, as a technician's installation would."""
    platforms = [part for tag in ARM64_TAGS for part in ("--platform", tag)]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--python-version", "3.11", *platforms]
    command += ["--target", str(tmp_path), "--requirement", str(ROOT / "requirements-edge.lock")]

    result = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)

    assert result.returncode == 0, result.stderr[-2000:]
