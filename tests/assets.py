"""Where tests find real footage, labels and weights.

``$SONGLAM_ASSETS`` or, beside the checkout, ``../shared/assets``. Tests that use it carry the mark
``assets``. Without the folder they are skipped and say so, because the product must be testable
without it; with ``CI=true`` they fail, because there it must be. A file that is missing from a
folder that exists fails everywhere.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def asset(path: str) -> Path:
    """Return the full path of an asset such as ``video/us-suburban-road-28s.mp4``.

    Skips the test that asks when there is no folder of assets at all.

    Raises:
        FileNotFoundError: It is not there; says where it was sought and how to name the place.
    """
    folder = assets_folder()
    if not folder.is_dir() and "PYTEST_VERSION" in os.environ and not must_be_present():
        pytest.skip(f"real footage is absent: no folder {folder} (SONGLAM_ASSETS names another)",
                    allow_module_level=True)  # fmt: skip
    found = folder / path
    if not found.exists():
        raise FileNotFoundError(
            f"{found}: this test needs it; set SONGLAM_ASSETS to the assets folder"
        )
    return found


def assets_folder() -> Path:
    """Return where assets are sought."""
    return Path(os.environ.get("SONGLAM_ASSETS", ROOT.parent / "shared" / "assets"))


def must_be_present() -> bool:
    """Say whether this is continuous integration, where nothing may be skipped for want of it."""
    return os.environ.get("CI", "").lower() == "true"
