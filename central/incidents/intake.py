"""Stores what boxes tell of incidents, a batch at once: a few statements, however many messages.

Invariants:
    * (incident_id, revision) is stored once; the row shows the highest revision whatever the
      order of arrival, so any permutation and duplication of messages ends in the same state.
    * A message never changes a review.
    * What is new is written by one statement for each table and never enters the session: as
      objects of the session they would cost five times as much.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from central.db import insert_all
from central.incidents import evidence_rows, repository
from central.incidents.catalogue import describe_rule
from central.incidents.evidence_rows import ForeignSenderError
from central.incidents.schemas import ReviewStatus
from central.incidents.stages import first_stage
from central.tables.base import row_values, unsaved
from central.tables.incidents import IncidentRow, RevisionRow

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from edge.contract.messages import IncidentMessage


@dataclass(frozen=True, slots=True)
class Intake:
    """What storing a batch did."""

    duplicates: list[bool]
    """For each message in order: whether this revision had been stored before."""
    changed: list[IncidentRow]
    """Every incident that looks different now; new ones are not in the session."""


def store(session: Session, messages: Sequence[IncidentMessage], now: datetime) -> Intake:
    """Store revisions in the order in which they came; each incident then shows its highest.

    Args:
        session: Where to write.
        messages: The revisions, of any incidents, in any order.
        now: When they came.

    Raises:
        ForeignSenderError: An incident or its evidence belongs to another box.
    """
    rows = repository.find_all(session, {message.incident_id for message in messages})
    batch = _Batch(rows, _revisions(session, rows), now)
    new = [batch.take(message) for message in messages]
    listing = [message for message, is_new in zip(messages, new, strict=True) if is_new]
    files = evidence_rows.announce(session, [each for each in listing if each.evidence])
    changed = {row.incident_id: row for row in batch.changed}
    for incident_id, of_incident in files.items():
        if evidence_rows.show_media(rows[incident_id], of_incident):
            changed[incident_id] = rows[incident_id]
    insert_all(session, IncidentRow, batch.new_rows())
    insert_all(session, RevisionRow, batch.kept)
    return Intake([not is_new for is_new in new], list(changed.values()))


class _Batch:
    """Messages, one after the other, over what is stored: nothing here asks the database.

    Attributes:
        kept: Every new revision, as the columns of its row.
        changed: Incidents that show another revision now; one may stand here twice.
    """

    def __init__(
        self, rows: dict[str, IncidentRow], told: dict[str, set[int]], now: datetime
    ) -> None:
        """Begin with the incidents that are there, and which revisions of them."""
        self._rows, self._told, self._now = rows, told, now
        self._shown: dict[str, IncidentMessage] = {}
        """Of incidents never heard of before: what they show."""
        self.kept: list[dict[str, object]] = []
        self.changed: list[IncidentRow] = []

    def take(self, message: IncidentMessage) -> bool:
        """Let the incident show ``message`` if it is its highest; return whether it is new at all.

        Raises:
            ForeignSenderError: The incident belongs to another box.
        """
        row = self._row(message)
        if row.box_id != message.box_id:
            raise ForeignSenderError(f"incident {message.incident_id} belongs to {row.box_id}")
        told = self._told[message.incident_id]
        if message.revision in told:
            return False
        if message.revision > row.revision:
            _show(row, message)
            if message.incident_id in self._shown:
                self._shown[message.incident_id] = message
            else:
                row.message = message.model_dump(mode="json")
            self.changed.append(row)
        elif message.revision < min(told):  # the first after all: it says whether the news is old
            row.historical = message.historical
        told.add(message.revision)
        self.kept.append(_revision(message, self._now))
        return True

    def new_rows(self) -> list[dict[str, object]]:
        """Return the columns of incidents never heard of before."""
        # A message becomes JSON where it is written: half the cost of doing it here and there.
        return [
            row_values(self._rows[incident_id]) | {"message": message}
            for incident_id, message in self._shown.items()
        ]

    def _row(self, message: IncidentMessage) -> IncidentRow:
        """Return the incident's row, made when there is none."""
        row = self._rows.get(message.incident_id)
        if row is None:
            row = self._rows[message.incident_id] = _new_row(message, self._now)
            self._shown[message.incident_id] = message
        return row


def _revisions(session: Session, incident_ids: Collection[str]) -> dict[str, set[int]]:
    """Return which revisions of these incidents are stored; of any other there is none."""
    told: dict[str, set[int]] = defaultdict(set)
    if incident_ids:
        wanted = select(RevisionRow.incident_id, RevisionRow.revision).where(
            RevisionRow.incident_id.in_(incident_ids)
        )
        for incident_id, revision in session.execute(wanted):
            told[incident_id].add(revision)
    return told


def _new_row(message: IncidentMessage, now: datetime) -> IncidentRow:
    """Return the row of an incident never heard of before, still to be filled by :func:`_show`."""
    row = unsaved(IncidentRow)
    row.incident_id, row.box_id = message.incident_id, message.box_id
    row.revision, row.version = 0, 1
    row.received_at, row.historical = now, message.historical
    row.status = ReviewStatus.NEW
    row.stage = first_stage(describe_rule(message.rule).incident_class)
    row.thumbnail_evidence_id = None
    row.clip_ready = row.held = False
    return row


def _show(row: IncidentRow, message: IncidentMessage) -> None:
    """Copy what lists need from ``message``, now the highest revision."""
    known = describe_rule(message.rule)
    row.revision = message.revision
    row.phase = message.phase
    row.rule = message.rule
    row.incident_class = known.incident_class
    row.severity = known.severity
    row.camera_id = message.camera_id
    row.area_code = message.area_code
    row.occurred_at = message.occurred_at
    row.decided_at = message.decided_at
    row.ended_at = message.ended_at
    row.confidence = message.confidence
    row.object_class = message.object_class
    row.place = message.place
    row.level = message.level
    row.time_trust = message.time_trust
    row.latitude, row.longitude = message.location or (None, None)


def _revision(message: IncidentMessage, now: datetime) -> dict[str, object]:
    """Return the columns of a message as it came."""
    return {
        "incident_id": message.incident_id,
        "revision": message.revision,
        "phase": message.phase,
        "received_at": now,
        "message": message,
    }
