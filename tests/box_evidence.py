"""A box's folder with sealed evidence, and a package made of it, for tests of custody."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from edge.config.camera import CameraConfig
from edge.contract.chain import canonical
from edge.contract.messages import EvidenceItem, EvidenceKind, IncidentMessage, Phase
from edge.counters import Counters
from edge.evidence.custody import Custody
from tests.builders import NOON, ManualClock, incident_message

if TYPE_CHECKING:
    from pathlib import Path

BOX = "n1"
FILES = {
    "clip": (EvidenceKind.CLIP, "mp4", b"clip " * 40),
    "still-wide": (EvidenceKind.STILL, "jpg", b"still " * 20),
    "overlay": (EvidenceKind.OVERLAY, "json", b'{"boxes":[]}'),
}


def custody_of(data_dir: Path, clock: ManualClock | None = None) -> Custody:
    """Open the custody of a box that starts now."""
    custody = Custody(data_dir, BOX, clock or ManualClock(), Counters())
    custody.begin()
    return custody


def camera() -> CameraConfig:
    """Return a camera's file with everything a manifest may want of it."""
    return CameraConfig.model_validate(
        {
            "id": "gate",
            "name": "Ngã tư Quán Bàu",
            "frame_size_px": (640, 480),
            "road": "QL46",
            "area_code": "16690",
            "location": {"lat": 18.7, "lon": 105.68, "heading_deg": 90.0},
        }
    )


def write_evidence(data_dir: Path, incident_id: str, *labels: str) -> tuple[EvidenceItem, ...]:
    """Write files of an incident as the recorder does; return what they are."""
    folder = data_dir / "evidence" / incident_id
    folder.mkdir(parents=True, exist_ok=True)
    items = []
    for label in labels or FILES:
        kind, ending, content = FILES[label]
        content += incident_id.encode()
        (folder / f"{incident_id}.{label}.{ending}").write_bytes(content)
        items.append(
            EvidenceItem(
                evidence_id=f"{incident_id}.{label}",
                kind=kind,
                media_type="application/octet-stream",
                sha256=hashlib.sha256(content).hexdigest(),
                size_bytes=len(content),
                starts_at=NOON,
            )
        )
    return tuple(items)


def sealed_incident(
    custody: Custody, data_dir: Path, incident_id: str, *labels: str
) -> IncidentMessage:
    """Write an incident's evidence and its manifest; return the message that lists both."""
    items = write_evidence(data_dir, incident_id, *labels)
    message = incident_message(incident_id, phase=Phase.CLOSED, evidence=items)
    manifest = custody.seal(message, camera())
    assert manifest is not None
    return message.model_copy(update={"evidence": (*items, manifest)})


def write_checkpoint(custody: Custody, path: Path) -> Path:
    """Write the chain's head as the centre hands it out."""
    path.write_bytes(canonical(custody.chain.head().document(BOX)) + b"\n")
    return path


def package(folder: Path) -> dict[str, bytes]:
    """Return the files of a folder by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
