"""Everything about one incident, as its own page and an evidence package show it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from central.custody import holds, integrity
from central.custody.schemas import HoldItem
from central.incidents import (
    completeness,
    evidence_rows,
    exceptions,
    legal,
    repository,
    second_look,
)
from central.incidents.case_schemas import Findings, LegalView
from central.incidents.schemas import (
    EventEntry,
    EvidenceEntry,
    IncidentDetail,
    IncidentItem,
    RevisionEntry,
)
from central.incidents.views import evidence_url, item
from central.law.tables import load_law
from edge.contract.catalogue_entry import IncidentClass

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from central.auth.veil import Veil
    from central.law.tables import Law
    from central.tables.evidence import EvidenceRow
    from central.tables.incidents import IncidentRow


def detail(
    session: Session, row: IncidentRow, veil: Veil, *, law: Law | None = None, plates: bool = True
) -> IncidentDetail:
    """Return everything about one incident that its reader may know.

    Args:
        session: Where to read.
        row: The incident.
        veil: What the reader is not to know yet.
        law: The tables to look it up in; None: those of this release.
        plates: Whether who reads it may read number plates; else they are masked.
    """
    message: dict[str, Any] = row.message
    own = set(IncidentDetail.model_fields) - set(IncidentItem.model_fields)
    told = {name: message[name] for name in own if name in message}
    events = repository.events(session, row.incident_id)
    found = repository.revisions(session, row.incident_id)
    told["evidence"] = [
        evidence_entry(each) for each in evidence_rows.of_incident(session, row.incident_id)
    ]
    told["events"] = [EventEntry.model_validate(each, from_attributes=True) for each in events]
    findings = Findings.model_validate(row.findings) if row.findings else None
    told["findings"] = findings if plates else masked(findings)
    if not plates:
        for event in told["events"]:
            event.detail.pop("findings", None)
    told["legal"] = legal_view(session, row, law or load_law())
    told["merged"] = [
        item(each, repository.camera_name(session, each), veil)
        for each in repository.merged_children(session, row.incident_id)
    ]
    told["revisions"] = [
        RevisionEntry(revision=number, phase=phase, received_at=at) for number, phase, at in found
    ]
    told["integrity"] = integrity.judge(session, row)
    told["requirements"] = []
    if row.incident_class == IncidentClass.VIOLATION:
        told["requirements"] = completeness.requirements(
            row, findings, told["legal"], told["evidence"], told["integrity"]
        )
    told["holds"] = [
        HoldItem.model_validate(each, from_attributes=True)
        for each in holds.of_incident(session, row.incident_id)
    ]
    told["held_on_box"] = repository.box_holds(session, row)
    told["may_teach"] = exceptions.teachable(row)
    told["taught_until"] = exceptions.taught_until(session, row.incident_id)
    shown = item(row, repository.camera_name(session, row), veil)
    whole = IncidentDetail.model_validate({**shown.model_dump(), **told})
    return whole if whole.second_look is None else second_look.unjudged(whole)


def legal_view(session: Session, row: IncidentRow, law: Law) -> LegalView:
    """Return what the law says about an incident as it stands now."""
    return legal.view(law, row, repository.events(session, row.incident_id))


def masked(findings: Findings | None) -> Findings | None:
    """Return findings with all but the ends of the plate hidden: ``37A***45``."""
    if findings is None or not findings.plate:
        return findings
    hidden = f"{findings.plate[:3]}***{findings.plate[-2:]}"
    return findings.model_copy(update={"plate": hidden})


def evidence_entry(row: EvidenceRow) -> EvidenceEntry:
    """Return one file of evidence as the incident page shows it."""
    stored = evidence_rows.is_here(row)
    arriving = "partial" if row.received_bytes else "expected"
    state = "deleted" if row.deleted_at else "stored" if stored else arriving
    copied = set(EvidenceEntry.model_fields) - {"state", "url", "playable"}
    return EvidenceEntry(
        **{name: getattr(row, name) for name in copied},
        state=state,
        url=evidence_url(row.evidence_id) if stored else None,
        playable=stored and evidence_rows.is_playable(row),
    )
