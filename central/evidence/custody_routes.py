"""HTTP routes of custody: evidence packages, rules of retention, and records of deletion."""

import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from fastapi.responses import Response, StreamingResponse
from sqlalchemy import func, select

from central.auth import audit
from central.auth.guard import Gate, Reach
from central.auth.schemas import Role
from central.auth.veil import veil_of
from central.centre import CentreDep
from central.custody import ledger
from central.custody.schemas import (
    DeletionItem,
    DeletionList,
    LossItem,
    LossList,
    Reason,
    RetentionItem,
    RetentionRule,
)
from central.evidence import export, retention
from central.evidence.routes import UploadsDep
from central.incidents import service as incidents
from central.problems import Problem
from central.tables.custody import LedgerRow
from central.tables.evidence import EvidenceRow
from central.tables.users import UserRow

router = APIRouter(tags=["custody"])
PROVINCE = Depends(Gate(Reach.PROVINCE))
Keeper = Annotated[UserRow, Depends(Gate(Reach.AREA, Role.OFFICER, Role.COMMANDER))]
PAGE = 50
JSON_LINES = "application/jsonl"
LOSSES: dict[str, tuple[str, dict[str, str]]] = {
    "quarantine_pruned": ("songlam_quarantine_pruned_total", {}),
    "messages_given_up": (
        "songlam_ingest_messages_total",
        {"channel": "unknown", "outcome": "given_up"},
    ),
    "uploads_discarded": ("songlam_uploads_discarded_total", {}),
    "uploads_refused": ("songlam_uploads_refused_total", {}),
}
"""What may be lost here → the number that counts it, and its labels."""


@router.get("/incidents/{incident_id}/export", response_class=StreamingResponse)
def export_incident(
    incident_id: str,
    purpose: Annotated[Reason, Query(description="Case number or what it is for; recorded")],
    user: Keeper,
    centre: CentreDep,
    uploads: UploadsDep,
) -> StreamingResponse:
    """Return everything about an incident as a zip that carries its own verifier; recorded.

    409 for who is to give a second look of their own first: the package tells every verdict.
    """
    errand = export.Errand(username=user.username, at=centre.clock(), purpose=purpose)
    with centre.database.write() as session:
        incidents.get(session, incident_id)
        veil_of(session, user).check(incident_id)
        thing = ("incident", incident_id)
        audit.record(session, errand.at, user.username, "export", thing, purpose=purpose)
    with centre.database.read() as session:  # after the commit: its own line is in the access log
        row = incidents.get(session, incident_id)
        contents = export.members(session, row, uploads.files, errand)
    return StreamingResponse(
        export.zipped(incident_id, contents, errand.at),
        media_type="application/zip",
        headers=attachment(f"{incident_id}.zip"),
    )


@router.get("/retention", dependencies=[PROVINCE])
def get_retention(centre: CentreDep) -> RetentionItem:
    """Return the rules of retention and how much they would delete now."""
    with centre.database.read() as session:
        found = retention.due(session, centre.settings, centre.clock())
    return RetentionItem(
        rules=[
            RetentionRule(name=rule.name, days=rule.days(centre.settings))
            for rule in retention.RULES
        ],
        due=sum(not each.held for each in found),
        held=sum(each.held for each in found),
        public_key=ledger.public_key(centre),
    )


@router.get("/losses", dependencies=[PROVINCE])
def list_losses(centre: CentreDep) -> LossList:
    """List every way in which this centre can lose something, zero or not."""
    read = centre.metrics.registry.get_sample_value
    counted = {code: int(read(name, labels) or 0) for code, (name, labels) in LOSSES.items()}
    with centre.database.read() as session:
        damaged = select(func.count()).where(EvidenceRow.damaged_at.is_not(None))
        counted["evidence_damaged"] = session.scalars(damaged).one()
    return LossList(items=[LossItem(code=code, count=n) for code, n in counted.items()])


@router.get("/deletions", dependencies=[PROVINCE])
def list_deletions(centre: CentreDep, cursor: int | None = None) -> DeletionList:
    """List the records of deletion, newest first."""
    with centre.database.read() as session:
        rows = ledger.newest(session, "deletion", cursor, PAGE + 1)
    return DeletionList(
        items=[_deletion(row) for row in rows[:PAGE]],
        next_cursor=str(rows[PAGE - 1].seq) if len(rows) > PAGE else None,
    )


@router.get("/deletions/ledger.jsonl", dependencies=[PROVINCE], response_class=Response)
def get_ledger(centre: CentreDep) -> Response:
    """Return the centre's whole signed chain (holds, releases, deletions), entry by entry."""
    with centre.database.read() as session:
        content = b"".join(ledger.lines(session))
    return Response(content, media_type=JSON_LINES, headers=attachment("chain.jsonl"))


@router.get("/deletions/checkpoint.json", dependencies=[PROVINCE], response_class=Response)
def get_checkpoint(centre: CentreDep) -> Response:
    """Return the signed head of the centre's chain as it is now."""
    with centre.database.read() as session:
        content = ledger.head(session, centre)
    return Response(content, media_type="application/json", headers=attachment("checkpoint.json"))


@router.get("/deletions/{seq}", dependencies=[PROVINCE], response_class=Response)
def get_deletion(seq: int, centre: CentreDep) -> Response:
    """Return one record of deletion exactly as it was signed."""
    with centre.database.read() as session:
        row = session.get(LedgerRow, seq)
    if row is None or row.kind != "deletion":
        raise Problem(404, "no_such_record", "Không có biên bản này.", "There is no such record.")
    name = f"bien-ban-xoa-{seq}.jsonl"
    return Response(f"{row.line}\n", media_type=JSON_LINES, headers=attachment(name))


def _deletion(row: LedgerRow) -> DeletionItem:
    """Return a record as the console lists it."""
    body = json.loads(row.line)["body"]
    return DeletionItem(
        seq=row.seq,
        at=row.at,
        rule=body["rule"],
        days=body["days"],
        incidents=len(body["incidents"]),
        files=row.files,
        size_bytes=row.size_bytes,
        sha256=row.sha256,
    )


def attachment(name: str) -> dict[str, str]:
    """Return the headers of a download."""
    return {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
