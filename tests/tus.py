"""Uploading evidence as a box does, in one piece, for tests of the centre."""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

    from edge.contract.messages import EvidenceItem

TUS = {"Tus-Resumable": "1.0.0"}


def begin(box: httpx.Client, incident_id: str, item: EvidenceItem) -> httpx.Response:
    """Create the upload of one file."""
    told = {
        "evidence_id": item.evidence_id,
        "incident_id": incident_id,
        "kind": item.kind,
        "media_type": item.media_type,
        "sha256": item.sha256,
    }
    coded = ",".join(f"{k} {b64encode(str(v).encode()).decode()}" for k, v in told.items())
    headers = {"Upload-Length": str(item.size_bytes), "Upload-Metadata": coded}
    return box.post("/uploads", headers=TUS | headers)


def append(box: httpx.Client, item: EvidenceItem, content: bytes) -> httpx.Response:
    """Send all bytes of one file."""
    headers = {"Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    return box.patch(f"/uploads/{item.evidence_id}", headers=TUS | headers, content=content)


def send_evidence(box: httpx.Client, incident_id: str, item: EvidenceItem, content: bytes) -> None:
    """Upload one file of evidence whole, and see that it was taken."""
    begun = begin(box, incident_id, item)
    assert begun.status_code == 201, begun.text
    sent = append(box, item, content)
    assert sent.status_code == 204, sent.text
