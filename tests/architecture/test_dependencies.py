"""What an installation pulls: light on a box, free of copyleft, named by hash and by no host."""

from __future__ import annotations

import re
from importlib import metadata
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
NOT_ON_A_BOX = {"fastapi", "sqlalchemy", "torch", "ultralytics", "uvicorn", "alembic", "amqtt"}
COPYLEFT = re.compile(r"\b(A?GPL|LGPL|General Public|Lesser General|EUPL|SSPL|BUSL)", re.IGNORECASE)
PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


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


def test_the_console_lock_names_no_address() -> None:
    text = (ROOT / "central/console/package-lock.json").read_text()

    assert '"resolved"' not in text
