"""Whether the evidence of an incident is what its box signed: judged from manifests and hashes.

An incident is

* ``unsigned``: its box is of a release without a key, or had none yet when it was sent;
* ``waiting``: the manifest, or a file that it names, is still on its way;
* ``verified``: the newest manifest is signed by a trusted key, and every file it names is stored
  here with that hash (or was deleted here under a signed record);
* ``broken``: a signature, a hash or the announced list does not fit; each fault names its file.

The hashes compared are those of the bytes as they were checked when they were stored. Nothing here
reads files, and judging writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select

from central.custody import heads
from central.custody.schemas import Fault, Integrity
from central.tables.custody import ManifestRow
from central.tables.evidence import EvidenceRow
from central.tables.incidents import IncidentRow
from edge.contract.chain import ChainProblem, SealedManifest, parse_sealed
from edge.contract.messages import EvidenceKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sqlalchemy.orm import Session

    from central.centre import Centre

COPIES = frozenset({EvidenceKind.PLAYBACK, EvidenceKind.THUMBNAIL, EvidenceKind.MANIFEST})
"""Kinds that a manifest need not name: copies that say so, and manifests themselves."""
log = structlog.get_logger(__name__)


def judge(session: Session, incident: IncidentRow) -> Integrity:
    """Return how the evidence of an incident stands."""
    files = {row.evidence_id: row for row in _files(session, incident)}
    manifests = _manifests(session, incident.incident_id)
    faults = list(_own_faults(files.values()))
    keys = heads.trusted_keys(session, incident.box_id)
    if not manifests or not keys:
        signed = bool(manifests) or _is_signing(session, incident, files.values())
        state = "broken" if faults else "waiting" if signed else "unsigned"
        return Integrity(state=state, faults=faults)
    sealed, unsigned = _newest(manifests, keys)
    faults += unsigned
    if sealed is None:
        return Integrity(state="broken", faults=faults)
    faults += _faults(sealed.manifest, files, incident.incident_id)
    waiting = list(_waiting(sealed.manifest, files))
    state = "broken" if faults else "waiting" if waiting else "verified"
    return Integrity(
        state=state,
        faults=faults,
        waiting=waiting,
        public_key=str(sealed.manifest.get("public_key", "")),
        signed_at=sealed.head.signed_at,
    )


def receive(session: Session, centre: Centre, row: EvidenceRow, content: bytes) -> None:
    """Keep a manifest that arrived whole, and compare its part of the chain with the heads kept."""
    session.merge(
        ManifestRow(
            evidence_id=row.evidence_id,
            incident_id=row.incident_id,
            box_id=row.box_id,
            content=content.decode(errors="replace"),
            received_at=centre.clock(),
        )
    )
    session.flush()
    try:
        sealed = open_manifest(
            content.decode(errors="replace"), heads.trusted_keys(session, row.box_id), row.box_id
        )
    except ChainProblem as problem:
        log.warning("manifest_refused", evidence_id=row.evidence_id, reason=str(problem))
    else:
        heads.take_sealed(session, centre, row.box_id, sealed)
    incident = session.get(IncidentRow, row.incident_id)
    state = judge(session, incident).state if incident is not None else "waiting"
    centre.metrics.manifests.labels(state).inc()


def open_manifest(content: str, keys: Sequence[str], box_id: str) -> SealedManifest:
    """Return a manifest that one of the keys signed.

    Raises:
        ChainProblem: None did, or it is damaged; the text is about the first key.
    """
    problem = ChainProblem("no key of this box is known")
    for number, key in enumerate(keys):
        try:
            return parse_sealed(content.encode(), key, box_id)
        except ChainProblem as error:
            problem = problem if number else error
    raise problem


def sealed_of(session: Session, incident: IncidentRow) -> list[SealedManifest]:
    """Return the manifests of an incident that verify, oldest first."""
    keys = heads.trusted_keys(session, incident.box_id)
    found = []
    for row in _manifests(session, incident.incident_id):
        try:
            found.append(open_manifest(row.content, keys, row.box_id))
        except ChainProblem:
            continue
    return sorted(found, key=lambda sealed: sealed.head.length)


def _newest(
    manifests: Sequence[ManifestRow], keys: Sequence[str]
) -> tuple[SealedManifest | None, list[Fault]]:
    """Return the newest manifest that verifies, and a fault for each that does not."""
    newest: SealedManifest | None = None
    faults = []
    for row in manifests:
        try:
            sealed = open_manifest(row.content, keys, row.box_id)
        except ChainProblem as error:
            faults.append(Fault(code="manifest", evidence_id=row.evidence_id, text=str(error)))
            continue
        if newest is None or sealed.head.length > newest.head.length:
            newest = sealed
    return newest, faults


def _faults(
    manifest: dict[str, Any], files: dict[str, EvidenceRow], incident_id: str
) -> list[Fault]:
    """Return what contradicts the manifest."""
    faults = []
    if manifest.get("incident_id") != incident_id:
        faults.append(Fault(code="other_incident", evidence_id="", text=""))
    for evidence_id, told in _listed(manifest).items():
        row = files.get(evidence_id)
        if row is None:
            continue
        if row.sha256 != told.get("sha256") or row.size_bytes != told.get("size_bytes"):
            text = f"{row.sha256} != {told.get('sha256')}"
            faults.append(Fault(code="hash", evidence_id=evidence_id, text=text))
    return faults


def _own_faults(files: Iterable[EvidenceRow]) -> Iterator[Fault]:
    """Yield what is wrong with files whatever a manifest says."""
    for row in files:
        if row.disputed_sha256:
            yield Fault(code="disputed", evidence_id=row.evidence_id, text=row.disputed_sha256)
        if row.damaged_at is not None:
            yield Fault(code="damaged", evidence_id=row.evidence_id, text="")


def _is_signing(session: Session, incident: IncidentRow, files: Iterable[EvidenceRow]) -> bool:
    """Return whether a manifest is to be expected: announced, or the box signed by then."""
    if any(row.kind == EvidenceKind.MANIFEST for row in files):
        return True
    since = heads.signing_since(session, incident.box_id)
    return since is not None and incident.received_at >= since


def _waiting(manifest: dict[str, Any], files: dict[str, EvidenceRow]) -> Iterator[str]:
    """Yield ids of files that the manifest names and are not here, or that it does not name yet."""
    listed = _listed(manifest)
    for evidence_id in listed:
        row = files.get(evidence_id)
        if row is None or (row.stored_at is None and row.deleted_at is None):
            yield evidence_id
    for evidence_id, row in files.items():
        if evidence_id not in listed and row.kind not in COPIES:
            yield evidence_id


def _listed(manifest: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the files that a manifest names, by evidence id."""
    files = manifest.get("files")
    named = [file for file in files if isinstance(file, dict)] if isinstance(files, list) else []
    return {str(file.get("evidence_id", "")): file for file in named}


def _files(session: Session, incident: IncidentRow) -> Sequence[EvidenceRow]:
    """Return the files that the box sent of an incident: it cannot sign what officers add."""
    own = EvidenceRow.box_id == incident.box_id
    of_it = EvidenceRow.incident_id == incident.incident_id
    return session.scalars(select(EvidenceRow).where(of_it, own)).all()


def _manifests(session: Session, incident_id: str) -> Sequence[ManifestRow]:
    """Return the manifests of an incident in the order of arrival."""
    return session.scalars(
        select(ManifestRow)
        .where(ManifestRow.incident_id == incident_id)
        .order_by(ManifestRow.received_at, ManifestRow.evidence_id)
    ).all()
