"""The evidence package of one incident: a zip that anybody can check without us.

Layout: one folder named after the incident with every stored file byte for byte as its box uploaded
it (the signed manifests among them), the entries of the box's chain and their signed head, the
incident as the console shows it with its decisions and who looked at it, the verifier, and a guide.

Photos that officers took are not in it: no box signed them, and the verifier takes what nothing
signed for what somebody slipped in. ``incident.json`` has their hashes and who took them when.

Invariants: nothing is altered or re-encoded; the zip is never whole in memory or on disk; what is
missing is said in the guide. Who may have it, and the record of it, are the route's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from sqlalchemy import select

from central.auth.veil import UNVEILED
from central.custody import heads, integrity
from central.evidence.guide import Told, guide
from central.incidents import evidence_rows, page
from central.tables.users import AuditRow
from edge.contract.chain import canonical
from edge.contract.messages import EvidenceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from central.evidence.files import EvidenceFiles
    from central.tables.evidence import EvidenceRow
    from central.tables.incidents import IncidentRow
    from edge.contract.chain import SealedManifest

READ_BYTES = 1 << 18
EXTENSIONS = {
    "video/mp4": "mp4",
    "video/webm": "webm",
    "video/x-matroska": "mkv",
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "application/json": "json",
    "application/jsonl": "jsonl",
}
"""File name endings by media type; anything else is ``bin``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """Who takes a package, when, and what for."""

    username: str
    at: datetime
    purpose: str


@dataclass(frozen=True, slots=True)
class Member:
    """One file of the package: its name, and its bytes or where they lie."""

    name: str
    content: bytes | Path


def members(
    session: Session, incident: IncidentRow, files: EvidenceFiles, errand: Errand
) -> list[Member]:
    """Return every file of an incident's package, in the order of the zip."""
    every = evidence_rows.of_incident(session, incident.incident_id)
    rows = [row for row in every if row.box_id == incident.box_id]
    sealed = integrity.sealed_of(session, incident)
    here = [row for row in rows if files.path(row.evidence_id).exists() and _belongs(row, sealed)]
    evidence = [Member(file_name(row), files.path(row.evidence_id)) for row in here]
    told = Told(
        incident=incident,
        errand=f"{errand.username} – {errand.purpose}",
        at=errand.at,
        integrity=integrity.judge(session, incident),
        keys=heads.trusted_keys(session, incident.box_id),
        files=[member.name for member in evidence],
        absent=[file_name(row) for row in rows if row not in here],
        photos=len(every) - len(rows),
    )
    shown = page.detail(session, incident, UNVEILED).model_dump_json(indent=1)
    seen = "".join(f"{line}\n" for line in _access_log(session, incident.incident_id))
    return [
        *evidence,
        *_chain(sealed, incident.box_id),
        Member("incident.json", f'{{"incident": {shown},\n"access": [\n{seen}]}}\n'.encode()),
        Member("verify.py", (resources.files("edge.contract") / "verify.py").read_bytes()),
        Member("HUONG-DAN.txt", guide(told).encode()),
    ]


def _belongs(row: EvidenceRow, sealed: Sequence[SealedManifest]) -> bool:
    """Return whether a file is for the package: here, and no copy that the manifests leave out.

    The verifier takes a file that nothing signed for what it may be: put there by somebody else.
    """
    named = {file["evidence_id"] for each in sealed for file in each.manifest["files"]}
    copy = row.kind in {EvidenceKind.PLAYBACK, EvidenceKind.THUMBNAIL}
    unnamed_copy = copy and bool(sealed) and row.evidence_id not in named
    return evidence_rows.is_here(row) and not unnamed_copy


def file_name(row: EvidenceRow) -> str:
    """Return the name of a file of evidence in a package."""
    return f"{row.evidence_id}.{EXTENSIONS.get(row.media_type, 'bin')}"


def zipped(folder: str, contents: Iterable[Member], at: datetime) -> Iterator[bytes]:
    """Yield a zip of files below one folder, as it grows; media is compressed already."""
    sink = _Sink()
    with ZipFile(sink, "w", ZIP_STORED) as archive:
        for member in contents:
            info = ZipInfo(f"{folder}/{member.name}", at.timetuple()[:6])
            info.external_attr = 0o644 << 16
            with archive.open(info, "w", force_zip64=True) as into:
                for chunk in _chunks(member.content):
                    into.write(chunk)
                    yield sink.take()
    yield sink.take()


def _chunks(content: bytes | Path) -> Iterator[bytes]:
    """Yield bytes, or those of a file piece by piece."""
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        while chunk := file.read(READ_BYTES):
            yield chunk


class _Sink:
    """A file to write to that hands on what was written; it cannot be sought in."""

    def __init__(self) -> None:
        """Start empty."""
        self._parts: list[bytes] = []

    def write(self, part: bytes, /) -> int:
        """Take a part."""
        self._parts.append(bytes(part))
        return len(part)

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """Nothing is open."""

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._parts)
        self._parts.clear()
        return taken


def _chain(sealed: Sequence[SealedManifest], box_id: str) -> list[Member]:
    """Return the entries behind an incident's manifests and the head at their end.

    Without an unbroken run of entries there is nothing to add to what the manifests carry.
    """
    lines: dict[int, bytes] = {}
    for manifest in sealed:
        lines |= {e.seq: line for e, line in zip(manifest.entries, manifest.lines, strict=True)}
    numbers = sorted(lines)
    if not numbers or numbers[-1] - numbers[0] + 1 != len(numbers):
        return []
    head = canonical(sealed[-1].head.document(box_id)) + b"\n"
    entries = b"".join(lines[number] + b"\n" for number in numbers)
    return [Member("chain.jsonl", entries), Member("checkpoint.json", head)]


def _access_log(session: Session, incident_id: str) -> Iterator[str]:
    """Yield who looked at the evidence, held, released or took it, one JSON object per line."""
    own = (AuditRow.object_kind == "incident") & (AuditRow.object_id == incident_id)
    viewed = (AuditRow.object_kind == "evidence") & AuditRow.object_id.in_(
        [row.evidence_id for row in evidence_rows.of_incident(session, incident_id)]
    )
    rows = session.scalars(select(AuditRow).where(own | viewed).order_by(AuditRow.id)).all()
    for number, row in enumerate(rows, start=1):
        line = canonical(
            {
                "at": row.at.isoformat(),
                "actor": row.actor,
                "action": row.action,
                "object": row.object_id,
                "detail": row.detail,
            }
        ).decode()
        yield line + ("," if number < len(rows) else "")
