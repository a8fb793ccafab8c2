"""Verdicts as training data: what was seen, what people said of it, and which files show it.

Invariants: no plate, no name of a person, no note, no place finer than a camera; the files are
named by hash only, so whoever trains must be given them by another way. Pages of rows, never all.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_
from sqlalchemy.orm import undefer

from central import spreadsheets
from central.incidents.catalogue import describe_rule
from central.tables.evidence import EvidenceRow
from central.tables.incidents import IncidentRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy.orm import Session

    from central.quality.figures import Judged

PAGE = 500
Record = dict[str, Any]
COLUMNS = (
    *("incident_id", "occurred_at", "rule", "code", "box_id", "camera_id", "object_class"),
    *("confidence", "verdict", "reason_code", "model_name", "model_version", "model_sha256"),
    *("software_version", "scene_version", "evidence"),
)


def records(session: Session, judged: Judged) -> Iterator[Record]:
    """Yield a record for each verdict that its reader may know, oldest incident first."""
    after: tuple[Any, str] | None = None
    key = tuple_(IncidentRow.occurred_at, IncidentRow.incident_id)
    base = (
        select(IncidentRow)
        .where(*judged.conditions(), judged.veil.beside(IncidentRow.incident_id))
        .order_by(IncidentRow.occurred_at, IncidentRow.incident_id)
        .options(undefer(IncidentRow.message))
        .limit(PAGE)
    )
    while True:
        page = session.scalars(base if after is None else base.where(key > after)).all()
        files = _files(session, page)
        for row in page:
            yield _record(row, files[row.incident_id])
        if len(page) < PAGE:
            return
        after = (page[-1].occurred_at, page[-1].incident_id)
        session.expunge_all()


def json_lines(found: Iterator[Record]) -> Iterator[str]:
    """Yield one JSON object per line."""
    for record in found:
        yield json.dumps(record, ensure_ascii=False, separators=(",", ":")) + "\n"


def table(found: Iterator[Record]) -> Iterator[str]:
    """Yield a table with a head; the files of a record stand in one cell, ``kind:sha256 …``."""
    yield spreadsheets.comma_separated([COLUMNS])
    for record in found:
        files = " ".join(f"{file['kind']}:{file['sha256']}" for file in record["evidence"])
        flat = record | {"evidence": files}
        yield spreadsheets.comma_separated([[flat[name] for name in COLUMNS]])


def _files(session: Session, page: Sequence[IncidentRow]) -> dict[str, list[Record]]:
    """Return the box's files of each incident; a deleted one keeps its hash.

    What officers photographed is not what a detector saw.
    """
    found: dict[str, list[Record]] = defaultdict(list)
    rows = session.execute(
        select(EvidenceRow.incident_id, EvidenceRow.kind, EvidenceRow.label, EvidenceRow.sha256)
        .where(
            EvidenceRow.incident_id.in_([row.incident_id for row in page]),
            EvidenceRow.box_id != "",
        )
        .order_by(EvidenceRow.starts_at, EvidenceRow.evidence_id)
    )
    for incident_id, kind, label, sha256 in rows:
        found[incident_id].append({"kind": kind, "label": label, "sha256": sha256})
    return found


def _record(row: IncidentRow, files: list[Record]) -> Record:
    """Return one verdict."""
    model: Record = row.message.get("model") or {}
    return {
        "incident_id": row.incident_id,
        "occurred_at": row.occurred_at.isoformat(),
        "rule": row.rule,
        "code": describe_rule(row.rule).code,
        "box_id": row.box_id,
        "camera_id": row.camera_id,
        "object_class": row.object_class,
        "confidence": row.confidence,
        "verdict": row.status,
        "reason_code": row.verdict_reason,
        "model_name": model.get("name"),
        "model_version": model.get("version"),
        "model_sha256": model.get("sha256"),
        "software_version": row.message.get("software_version", ""),
        "scene_version": row.message.get("scene_version", ""),
        "evidence": files,
    }
