"""What a box knows of an incident and its evidence, as the document that it signs.

One manifest covers all files that there are when it is made; when a file is added later a further
manifest covers them all again and names the earlier one.

Invariants:
    * Every file stands there with kind, size and SHA-256; a copy is called a copy.
    * What the box does not know is null, never a guess: a number plate, a calibration certificate.
    * Times stand twice, as UTC and as people of the province read them (+07:00).

Source: the province's list of what a record of evidence needs, from QCVN 05:2024/BCA 2.2.2.2,
TT 73/2024 article 24 and NĐ 61/2026. Nothing is written or signed here.
"""

from __future__ import annotations

from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any

from edge.contract.catalogue import CATALOGUE
from edge.contract.chain import MANIFEST_FORMAT
from edge.contract.messages import EvidenceKind

if TYPE_CHECKING:
    from datetime import datetime

    from edge.config.camera import CameraConfig
    from edge.contract.messages import EvidenceItem, IncidentMessage
    from edge.evidence.chain import Place

LOCAL = timezone(timedelta(hours=7))
"""Viet Nam keeps no summer time."""
COPIES = frozenset({EvidenceKind.PLAYBACK, EvidenceKind.THUMBNAIL})
VIDEO_MARGIN = timedelta(seconds=60)
"""Video this far around what was seen belongs to an incident and is held with it."""


def manifest_of(
    message: IncidentMessage,
    camera: CameraConfig | None,
    place: Place,
    *,
    public_key: str,
    made_at: datetime,
) -> dict[str, Any]:
    """Return the manifest of an incident with all evidence that its message lists, unsigned.

    Args:
        message: The incident with its evidence.
        camera: Its camera's file; None when the box has it no more, then what it said is null.
        place: Where in the chain the manifest will stand.
        public_key: The box's, base64.
        made_at: Aware UTC.
    """
    entry = CATALOGUE.get(message.rule)
    return {
        "format": MANIFEST_FORMAT,
        "box_id": message.box_id,
        "incident_id": message.incident_id,
        "made": _time(made_at),
        "rule": message.rule,
        "code": entry.code if entry else None,
        "name_vi": entry.name_vi if entry else None,
        "camera": _camera(message, camera),
        "zone_id": message.place or None,
        "legal_source": message.legal_source,
        "calibration_certificate": None,
        "number_plate": None,
        "time": _times(message),
        "object_class": message.object_class or None,
        "confidence": message.confidence,
        "level": message.level or None,
        "signal_log": [change.model_dump(mode="json") for change in message.signal_log],
        "model": message.model.model_dump(mode="json") if message.model else None,
        "software_version": message.software_version or None,
        "scene_version": message.scene_version or None,
        "files": [_file(item) for item in covered(message)],
        "evidence_missing": message.evidence_missing or None,
        "previous_manifest": place.earlier,
        "chain": {"from_seq": place.from_seq, "seq": place.seq, "previous": place.previous},
        "public_key": public_key,
    }


def covered(message: IncidentMessage) -> list[EvidenceItem]:
    """Return the files that a manifest is about: all but manifests."""
    return [item for item in message.evidence if item.kind is not EvidenceKind.MANIFEST]


def span_of(message: IncidentMessage) -> tuple[datetime, datetime]:
    """Return from and until when recorded video belongs to an incident."""
    times = [message.occurred_at, message.decided_at]
    times += [at for item in message.evidence for at in (item.starts_at, item.ends_at) if at]
    if message.ended_at is not None:
        times.append(message.ended_at)
    return min(times) - VIDEO_MARGIN, max(times) + VIDEO_MARGIN


def _camera(message: IncidentMessage, camera: CameraConfig | None) -> dict[str, Any]:
    """Return where it was seen from."""
    heading = camera.location.heading_deg if camera and camera.location else None
    return {
        "camera_id": message.camera_id,
        "name": camera.name if camera else None,
        "road": (camera.road if camera else "") or None,
        "kilometre_post": None,
        "latitude": message.location[0] if message.location else None,
        "longitude": message.location[1] if message.location else None,
        "heading_deg": heading,
        "area_code": message.area_code or None,
        "frame_size_px": list(message.frame_size_px),
    }


def _times(message: IncidentMessage) -> dict[str, Any]:
    """Return when it happened and how far that time can be trusted."""
    return {
        "occurred": _time(message.occurred_at),
        "decided": _time(message.decided_at),
        "ended": _time(message.ended_at) if message.ended_at else None,
        "occurred_clip_s": message.clip_s,
        "source": message.time_source,
        "clock_offset_s": message.clock_offset_s,
        "trust": message.time_trust,
    }


def _time(at: datetime) -> dict[str, str]:
    """Return an instant in UTC and in local time."""
    return {"utc": at.isoformat(), "local": at.astimezone(LOCAL).isoformat()}


def _file(item: EvidenceItem) -> dict[str, Any]:
    """Return what is said of one file."""
    return {
        "evidence_id": item.evidence_id,
        "kind": item.kind.value,
        "label": item.label or None,
        "copy": item.kind in COPIES,
        "media_type": item.media_type,
        "codec": item.codec or None,
        "size_bytes": item.size_bytes,
        "sha256": item.sha256,
        "starts": _time(item.starts_at),
        "ends": _time(item.ends_at) if item.ends_at else None,
        "start_clip_s": item.start_clip_s,
    }
