"""What an installation pulls: light on a box, free of copyleft, named by hash and by no host."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_ON_A_BOX = {"fastapi", "sqlalchemy", "torch", "ultralytics", "uvicorn", "alembic", "amqtt"}
COPYLEFT = re.compile(r"\b(A?GPL|LGPL|General Public|Lesser General|EUPL|SSPL|BUSL)", re.IGNORECASE)
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)
ARM64_TAGS = ("manylinux_2_28_aarch64", "manylinux_2_27_aarch64", "manylinux2014_aarch64")


def pinned(lock: str) -> dict[str, str]:
    """Return name → version of a lock file."""
    return dict(PINNED.findall((ROOT / lock).read_text()))


def licence_of(name: str) -> str:
    """Return what a package says of its licence: expression, classifiers or free text."""
    about = metadata.metadata(name)
    classifiers = [c for c in about.get_all("Classifier") or [] if c.startswith("License")]
    return "; ".join([*(about.get_all("License-Expression") or []), *classifiers])


def test_a_box_installs_nothing_of_the_centre_or_the_trainer() -> None:
    assert NOT_ON_A_BOX.isdisjoint(pinned("requirements-edge.lock"))


@pytest.mark.parametrize("lock", ["requirements-edge.lock", "requirements-central.lock"])
def test_nothing_that_ships_at_run_time_is_copyleft(lock: str) -> None:
    installed = {name for name in pinned(lock) if name not in {"colorama", "tzdata", "pywin32"}}
    bad = {name: licence for name in installed if COPYLEFT.search(licence := licence_of(name))}

    assert bad == {}


@pytest.mark.parametrize("lock", sorted(p.name for p in ROOT.glob("requirements*.lock")))
def test_lock_files_name_hashes_and_no_host(lock: str) -> None:
    text = (ROOT / lock).read_text()

    assert "://" not in text
    assert text.count("--hash=sha256:") >= len(pinned(lock)) > 0


def test_the_locks_pin_the_same_versions() -> None:
    whole = pinned("requirements.lock")
    for lock in ("requirements-edge.lock", "requirements-central.lock"):
        differing = {k: v for k, v in pinned(lock).items() if whole.get(k, v) != v}

        assert differing == {}


def test_every_package_of_a_box_has_an_arm64_wheel(tmp_path: Path) -> None:
    """Asks the package index, as a technician's installation would."""
    platforms = [part for tag in ARM64_TAGS for part in ("--platform", tag)]
    command = [sys.executable, "-m", "pip", "install", "--dry-run", "--quiet", "--no-deps"]
    command += ["--only-binary", ":all:", "--python-version", "3.11", *platforms]
    command += ["--target", str(tmp_path), "--requirement", str(ROOT / "requirements-edge.lock")]

    result = subprocess.run(command, capture_output=True, text=True, timeout=110, check=False)

    assert result.returncode == 0, result.stderr[-2000:]


def test_the_console_lock_names_no_address() -> None:
    text = (ROOT / "central/console/package-lock.json").read_text()

    assert '"resolved"' not in text
