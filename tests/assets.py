"""Where tests find real footage, labels and weights.

``$SONGLAM_ASSETS`` or, beside the checkout, ``../shared/assets``. Tests that use it carry the mark
``assets``. A missing file fails the test, on any machine: nothing is skipped.
"""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def asset(path: str) -> Path:
    """Return the full path of an asset such as ``video/us-suburban-road-28s.mp4``.

    Raises:
        FileNotFoundError: It is not there; says where it was sought and how to name the place.
    """
    folder = Path(os.environ.get("SONGLAM_ASSETS", ROOT.parent / "shared" / "assets"))
    found = folder / path
    if not found.exists():
        raise FileNotFoundError(
            f"{found}: this test needs it; set SONGLAM_ASSETS to the assets folder"
        )
    return found
