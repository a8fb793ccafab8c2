"""Evidence that may go when the disk is full: the centre has checked and kept it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from edge.deletion import Doomed
from edge.outbox import MEDIA_ID

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from edge.outbox import Outbox

SETTLED_S = 120.0
"""A younger file may not be queued yet. Source: clip and copy are made within a minute."""


def delivered_evidence(folder: Path, outbox: Outbox, now: datetime) -> Iterator[Doomed]:
    """Yield the files below ``folder`` that wait for no upload, oldest first."""
    for modified_s, path in sorted(_files(folder)):
        settled = now.timestamp() - modified_s > SETTLED_S
        if settled and not outbox.holds(MEDIA_ID.format(path.stem)):
            yield Doomed(path=path, incident_id=path.parent.name)


def _files(folder: Path) -> Iterator[tuple[float, Path]]:
    """Yield when each file was written, and where it is."""
    for path in folder.glob("*/*"):
        with suppress(FileNotFoundError):  # retention deletes at the same time
            yield path.stat().st_mtime, path
