"""Uploads of evidence: create, append, finish; and what a person may see of it.

Invariants: a box reaches only its own uploads; an upload may come before the incident message that
lists it; a file counts as stored only when whole, synced, and of the announced hash.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from central.custody import integrity
from central.evidence.files import WrongHashError, evidence_files
from central.incidents import evidence_rows, repository, views
from central.problems import Problem
from central.tables.evidence import EvidenceRow
from edge.contract.messages import EvidenceKind

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from central.centre import Centre
    from central.evidence.uploads import UploadRequest

SAFE_MEDIA_TYPES = frozenset(
    {"video/mp4", "video/webm", "image/jpeg", "image/png", "image/webp", "application/json"}
)
"""Shown by a browser as what they are; a box may claim anything, so all else is a download."""
MANIFEST_MAX_BYTES = 5_000_000
"""Longer ones are cut and so do not verify. Source: a manifest of 20 files takes some 10 kB."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Upload:
    """Where an upload stands."""

    evidence_id: str
    offset: int
    size_bytes: int
    discarded: bool = False
    """It was whole just now and its hash was wrong."""


class Uploads:
    """All uploads of this process; at most one request appends to a file at a time."""

    def __init__(self, centre: Centre) -> None:
        """Use the evidence folder of ``centre``."""
        self._centre = centre
        self._busy: set[str] = set()
        """Ids being appended to; :meth:`only_writer` removes its own."""
        self._lock = threading.Lock()
        self._settling = threading.Lock()
        self.files = evidence_files(centre.data_dir)

    def create(self, box_id: str, wanted: UploadRequest) -> Upload:
        """Begin an upload, or find the one that was begun.

        Raises:
            Problem: 422, the id is another's or was announced with another hash; 507, disk full.
        """
        self.check_space(wanted.size_bytes)
        with self._centre.database.write() as session:
            row = session.get(EvidenceRow, wanted.evidence_id)
            if row is None:
                row = EvidenceRow(**wanted.model_dump(), box_id=box_id, received_bytes=0)
                session.add(row)
            elif not _same(row, box_id, wanted):
                raise Problem(
                    422,
                    "announced_otherwise",
                    "Tệp đã được khai báo khác.",
                    "This id is another's, or was announced with another size or hash.",
                )
        return self.find(box_id, wanted.evidence_id)

    def find(self, box_id: str, evidence_id: str) -> Upload:
        """Return where an upload stands; one that is whole is checked and becomes evidence.

        A killed centre may have left it whole, so this does not rely on who appended last.

        Raises:
            Problem: 404, the box has no such upload; 410, what had arrived of it has been deleted.
        """
        with self._settling:  # one check at a time: checking renames or deletes the file
            with self._centre.database.read() as session:
                row = session.get(EvidenceRow, evidence_id)
            if row is None or row.box_id != box_id:
                raise Problem(404, "no_such_upload", "Không có lượt tải này.", "No such upload.")
            if row.deleted_at is not None and row.stored_at is None:
                raise Problem(
                    410, "deleted", "Tệp đã được xóa theo quy định.", "Deleted under retention."
                )
            if row.stored_at is not None:
                return Upload(evidence_id, row.size_bytes, row.size_bytes)
            arrived = self.files.received_bytes(evidence_id)
            named = self.files.path(evidence_id).exists()  # renamed, but the row was not written
            if named or arrived >= row.size_bytes:
                return self._finish(row)
            if arrived != row.received_bytes:
                self._note(evidence_id, arrived)
            return Upload(evidence_id, arrived, row.size_bytes)

    @contextmanager
    def only_writer(self, evidence_id: str) -> Iterator[None]:
        """Hold the right to append to a file.

        Raises:
            Problem: 423, another request is appending.
        """
        with self._lock:
            if evidence_id in self._busy:
                raise Problem(423, "locked", "Tệp đang được tải.", "Another request is appending.")
            self._busy.add(evidence_id)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(evidence_id)

    def check_space(self, size_bytes: int) -> None:
        """Refuse what would fill the disk.

        Raises:
            Problem: 507, too little space is left beside the reserve.
        """
        if self.files.free_bytes() - size_bytes < self._centre.settings.disk_reserve_bytes:
            self.refuse_for_space()

    def refuse_for_space(self) -> None:
        """Refuse an upload for want of space, counted.

        Raises:
            Problem: 507, always.
        """
        self._centre.metrics.uploads_refused.inc()
        raise Problem(
            507, "disk_full", "Máy chủ hết dung lượng.", "The centre has no space; try later."
        )

    def _finish(self, row: EvidenceRow) -> Upload:
        """Check a whole file; the incident shows it, or it is discarded and counted."""
        centre, evidence_id = self._centre, row.evidence_id
        try:
            self.files.finish(evidence_id, row.sha256)
        except WrongHashError as error:
            centre.metrics.uploads_discarded.inc()
            log.warning("upload_discarded", evidence_id=evidence_id, reason=str(error))
            self._note(evidence_id, 0)
            return Upload(evidence_id, 0, row.size_bytes, discarded=True)
        self._note(evidence_id, row.size_bytes, stored_at=centre.clock())
        centre.metrics.uploads_completed.inc()
        return Upload(evidence_id, row.size_bytes, row.size_bytes)

    def _note(self, evidence_id: str, arrived: int, stored_at: datetime | None = None) -> None:
        """Write down how much has arrived; when it is all, let the incident show it."""
        with self._centre.database.write() as session:
            row = session.get_one(EvidenceRow, evidence_id)
            row.received_bytes, row.stored_at = arrived, stored_at
            session.flush()
            if stored_at and row.kind == EvidenceKind.MANIFEST:
                content = self.files.path(evidence_id).read_bytes()
                integrity.receive(session, self._centre, row, content[:MANIFEST_MAX_BYTES])
            incident = repository.find(session, row.incident_id) if stored_at else None
            if incident is not None and incident.box_id == row.box_id:
                evidence_rows.refresh_media(session, incident)
                views.announce(session, self._centre.live, incident, self._centre.clock())


def _same(row: EvidenceRow, box_id: str, wanted: UploadRequest) -> bool:
    """Return whether an upload is of what the row describes."""
    asked = (box_id, wanted.incident_id, wanted.sha256, wanted.size_bytes)
    return (row.box_id, row.incident_id, row.sha256, row.size_bytes) == asked
