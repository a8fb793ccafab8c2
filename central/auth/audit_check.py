"""Whether the audit log and the events of incidents are as they were written, and where not.

What is found in a line, an event or a checkpoint is located by its number. What somebody with the
database *and* the centre's key rewrites from some point on can only be found with a checkpoint kept
elsewhere: :func:`check` takes those, as ``verify-audit`` prints them.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select

from central.auth.audit import NOTHING_BEFORE, content_hash, line_hash, signed_text
from central.tables.incidents import IncidentEventRow, IncidentRow
from central.tables.users import AuditCheckpointRow, AuditRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy.orm import Session

AT_ONCE = 1_000


@dataclass(slots=True)
class Found:
    """What a check found."""

    lines: int = 0
    checkpoints: int = 0
    events: int = 0
    faults: list[str] = field(default_factory=list)
    newest: AuditCheckpointRow | None = None
    """The last checkpoint that holds; worth a copy elsewhere."""


def check(session: Session, public_key: str, kept: Iterable[tuple[int, str]] = ()) -> Found:
    """Follow the log from its first line and compare events and checkpoints with it.

    Args:
        session: Where to read.
        public_key: The centre's key in base64.
        kept: (line, hash) of checkpoints that were kept elsewhere.
    """
    found = Found()
    elsewhere = dict(kept)
    signed = session.scalars(select(AuditCheckpointRow.last_id))
    hashes, told = _lines(session, found, elsewhere.keys() | set(signed))
    _checkpoints(session, found, hashes, public_key)
    for number, sha256 in elsewhere.items():
        if hashes.get(number) != sha256:
            found.faults.append(f"line {number}: not what the checkpoint kept elsewhere says")
    _events(session, found, told)
    return found


def _lines(
    session: Session, found: Found, wanted: Collection[int]
) -> tuple[dict[int, str], dict[int, str]]:
    """Follow the chain; return line → hash of those wanted, and event → hash as told there."""
    hashes: dict[int, str] = {}
    told: dict[int, str] = {}
    number, before = 0, NOTHING_BEFORE
    rows = session.scalars(
        select(AuditRow).order_by(AuditRow.id).execution_options(yield_per=AT_ONCE)
    )
    for row in rows:
        found.lines += 1
        if row.id != number + 1:
            found.faults.append(f"line {number + 1}: missing, up to line {row.id - 1}")
        elif row.previous != before:
            found.faults.append(f"line {row.id}: does not follow the line before it")
        if line_hash(row) != row.sha256:
            found.faults.append(f"line {row.id}: altered ({row.action} by {row.actor})")
        number, before = row.id, row.sha256
        if number in wanted:
            hashes[number] = before
        if "event" in row.detail:
            told[row.detail["event"]] = row.detail["sha256"]
    return hashes, told


def _checkpoints(
    session: Session, found: Found, hashes: Mapping[int, str], public_key: str
) -> None:
    """Compare every signed head with the line it is about."""
    query = select(AuditCheckpointRow).order_by(AuditCheckpointRow.last_id)
    for row in session.scalars(query):
        found.checkpoints += 1
        if row.public_key != public_key or not _is_signed(row):
            found.faults.append(f"checkpoint {row.last_id}: not signed by this centre")
        elif row.last_id not in hashes:
            found.faults.append(f"checkpoint {row.last_id}: the log no longer reaches that line")
        elif hashes[row.last_id] != row.sha256:
            found.faults.append(f"checkpoint {row.last_id}: the log up to it was rewritten")
        else:
            found.newest = row


def _is_signed(row: AuditCheckpointRow) -> bool:
    """Return whether the key of a checkpoint signed it."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(row.public_key))
        key.verify(base64.b64decode(row.signature), signed_text(row))
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def _events(session: Session, found: Found, told: Mapping[int, str]) -> None:
    """Compare the events of incidents with the log, and each incident with its last event."""
    seen: set[int] = set()
    stands: dict[str, tuple[str, int]] = {}
    rows = session.scalars(
        select(IncidentEventRow).order_by(IncidentEventRow.id).execution_options(yield_per=AT_ONCE)
    )
    for event in rows:
        found.events += 1
        seen.add(event.id)
        stands[event.incident_id] = (event.to_stage, event.version)
        if event.id not in told and event.version > 0:
            found.faults.append(f"event {event.id} of {event.incident_id}: not in the log")
        elif event.id in told and told[event.id] != event_hash(event):
            found.faults.append(f"event {event.id} of {event.incident_id}: altered")
    found.faults += [f"event {number}: deleted" for number in sorted(told.keys() - seen)]
    incidents = session.execute(
        select(IncidentRow.incident_id, IncidentRow.stage, IncidentRow.version).where(
            IncidentRow.version > 1
        )
    )
    for incident_id, stage, version in incidents:
        last = stands.get(incident_id, ("", 0))
        if last[1] > 0 and last != (stage, version):
            found.faults.append(f"incident {incident_id}: {stage}, its last event says {last[0]}")
        elif not last[0]:
            found.faults.append(f"incident {incident_id}: {stage} without any event")


def event_hash(event: IncidentEventRow) -> str:
    """Return the hash of everything that an event says, in hexadecimal."""
    content = {
        column.key: getattr(event, column.key) for column in IncidentEventRow.__table__.columns
    }
    at: datetime = content["at"]
    return content_hash(content | {"at": at.astimezone(UTC).isoformat(timespec="microseconds")})
