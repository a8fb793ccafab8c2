"""Incidents as a sheet is made of: complete and valid, each field may be set; and reading a PDF."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import date, timedelta
from typing import Any

from pypdf import PdfReader

from central.custody.schemas import Integrity
from central.evidence.export import Errand
from central.incidents.case_schemas import LegalView, OffenceItem, RouteItem
from central.incidents.schemas import EventEntry, EvidenceEntry, IncidentDetail
from central.settings import Settings
from central.sheets.content import Case
from tests.builders import NOON, SHA256

ERRAND = Errand(username="chien", at=NOON + timedelta(days=1), purpose="Vụ 12/2026")
OFFENCE = OffenceItem(
    code="VP_DEN_DO", article="6.9.b", source="NĐ 168/2024/NĐ-CP", effective_from=date(2025, 1, 1),
    effective_to=None, fine_min_dong=18_000_000, fine_max_dong=20_000_000, points=4, note="",
    verified=False,
)  # fmt: skip
ROUTE = RouteItem(
    unit="pc08", area_code="16681", authority_vi="Trưởng phòng CSGT (PC08)",
    authority_en="Head of the traffic police (PC08)", limit_dong=60_000_000, reason="amount",
    source="NĐ 238/2026/NĐ-CP", verified=False,
)  # fmt: skip
NO_LAW = LegalView(object_class="car", offence=None, route=None, deadlines=[])


def shown(**given: Any) -> IncidentDetail:
    """Return a suspected violation as its page shows it; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "rule": "red_light", "code": "VP_DEN_DO", "name_vi": "Không chấp hành đèn tín hiệu",
        "name_en": "Red light", "incident_class": "violation", "severity": "high",
        "incident_id": "vinh-01-000123", "revision": 2, "phase": "closed", "status": "new",
        "stage": "detected", "version": 3, "camera_id": "cam-1",
        "camera_name": "Quang Trung – Lê Mao", "box_id": "vinh-01", "area_code": "16681",
        "occurred_at": NOON, "decided_at": NOON, "ended_at": None, "received_at": NOON,
        "acknowledged_at": None, "confidence": 0.87, "object_class": "car", "place": "vach-dung",
        "level": 0, "location": (18.67, 105.68), "thumbnail_url": None, "clip_ready": True,
        "historical": False, "time_trust": "trusted", "held": False, "cleared_at": None,
        "merged_into": None, "due_at": None, "clip_s": 1.0, "decided_clip_s": 1.5, "boxes": [],
        "frame_size_px": (640, 480), "signal_log": [], "software_version": "0.9.0",
        "model": {"name": "deimv2", "version": "1.2.0", "sha256": None},
        "scene_version": "a1b2c3", "legal_source": "B", "time_source": "rtcp",
        "clock_offset_s": 0.04, "evidence_missing": "", "holds": [], "held_on_box": False,
        "integrity": Integrity(state="verified", signed_at=NOON), "evidence": [], "events": [],
        "revisions": [], "findings": None, "requirements": [], "merged": [], "may_teach": False,
        "legal": LegalView(object_class="car", offence=OFFENCE, route=ROUTE, deadlines=[]),
        "taught_until": None, "second_look": None,
    }  # fmt: skip
    return IncidentDetail(**(fields | given))


def event(kind: str, actor: str = "chien", **given: Any) -> EventEntry:
    """Return a step that somebody took; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "at": NOON + timedelta(minutes=5), "actor": actor, "kind": kind, "from_status": "new",
        "to_status": "acknowledged", "from_stage": "detected", "to_stage": "in_verification",
        "version": 2, "reason_code": None, "note": "", "detail": {},
    }  # fmt: skip
    return EventEntry(**(fields | given))


def file(evidence_id: str = "e1", kind: str = "still", **given: Any) -> EvidenceEntry:
    """Return a file of evidence; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "evidence_id": evidence_id, "kind": kind, "media_type": "image/png", "label": "",
        "sha256": SHA256, "size_bytes": 1_234_567, "state": "stored", "received_bytes": 1_234_567,
        "url": f"/api/v1/evidence/{evidence_id}", "playable": False, "starts_at": NOON,
        "ends_at": None, "start_clip_s": None, "codec": "", "deleted_at": None,
    }  # fmt: skip
    return EvidenceEntry(**(fields | given))


def case(detail: IncidentDetail | None = None, **given: Any) -> Case:
    """Return what a sheet is made of; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "shown": detail or shown(), "plates": True, "area": "Phường Thành Vinh",
        "people": {"chien": "Nguyễn Văn Chiến"}, "errand": ERRAND, "settings": Settings(),
        "pictures": [], "left_out": 0,
    }  # fmt: skip
    return Case(**(fields | given))


def text_of(pdf: bytes) -> str:
    """Return all text of a PDF, blanks and line breaks as single blanks."""
    return " ".join(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split()
    )


def png(width: int = 64, height: int = 36) -> bytes:
    """Return a grey picture."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        check = zlib.crc32(kind + body)
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", check)

    rows = b"".join(b"\x00" + bytes((x * 3 + y) % 256 for x in range(width)) for y in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
