"""What waits in the outbox: messages, and files to be uploaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from edge.contract.messages import EvidenceKind, Sha256

if TYPE_CHECKING:
    from edge.contract.catalogue_entry import Lane

LATE_AFTER_S = 30.0
"""Sent later than this, a message is historical: nobody can act on it at once any more."""
MAX_PAYLOAD_BYTES = 256 * 1024
"""Largest message that is kept. Source: 60 boxes and 200 signal changes make about 25 kB."""
MEDIA_ID = "media:{}"
"""Name of the row of an evidence id."""
MEDIA_RANK = {
    EvidenceKind.THUMBNAIL: 0,
    EvidenceKind.STILL: 1,
    EvidenceKind.OVERLAY: 2,
    EvidenceKind.MANIFEST: 3,
    EvidenceKind.PLAYBACK: 4,
    EvidenceKind.CLIP: 5,
}
"""Order of uploads: what an officer can look at soonest goes first."""
LAST_PICTURE_RANK = MEDIA_RANK[EvidenceKind.STILL]
"""Thumbnails and stills: small, and what a decision is made by."""


class MediaUpload(BaseModel):
    """A file of evidence that waits to be uploaded."""

    model_config = ConfigDict(frozen=True)

    evidence_id: str
    incident_id: str
    kind: EvidenceKind
    media_type: str
    sha256: Sha256
    size_bytes: int
    path: str

    @property
    def message_id(self) -> str:
        """Return the name of its row."""
        return MEDIA_ID.format(self.evidence_id)

    @property
    def is_picture(self) -> bool:
        """Tell whether it is a thumbnail or still, which goes before everything else."""
        return MEDIA_RANK[self.kind] <= LAST_PICTURE_RANK


@dataclass(frozen=True, slots=True)
class Parcel:
    """One row, taken to be sent now.

    Attributes:
        tries: How often it was taken before.
        late: Queued more than ``LATE_AFTER_S`` ago or by an earlier process.
    """

    message_id: str
    lane: Lane
    channel: str
    payload: bytes
    tries: int
    late: bool
