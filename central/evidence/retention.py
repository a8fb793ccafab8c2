"""How long evidence is kept at the centre, by the decision on its incident.

=========== ====================================== ==========================================
rule        counts from                            default
=========== ====================================== ==========================================
confirmed   the decision                           400 days; never under 13 months
rejected    the decision                           30 days, then deleted with a signed record
undecided   the arrival of the incident            396 days: the limitation year and 30 more
=========== ====================================== ==========================================

Held incidents are passed over. The incident itself, who decided what, and every hash stay; figures
are never deleted.

Source: NĐ 168/2024 article 4 (limitation of one year, results usable until then); TT 67/2024 (no
deletion without a record); the days are the province's defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, select

from central.custody import holds
from central.evidence import deletion
from central.evidence.deletion import PRESENT, Deleted, Ground
from central.incidents.schemas import ReviewStatus
from central.tables.evidence import EvidenceRow
from central.tables.incidents import IncidentRow

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import InstrumentedAttribute, Session

    from central.centre import Centre
    from central.evidence.files import EvidenceFiles
    from central.settings import Settings

BATCH_INCIDENTS = 50
BATCHES_PER_RUN = 4
"""What is due beyond that waits for the next run: a background task is short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """How long the evidence of incidents with one of some statuses is kept."""

    name: str
    statuses: tuple[ReviewStatus, ...]
    since: InstrumentedAttribute[datetime] | InstrumentedAttribute[datetime | None]
    """From when the days count."""

    def days(self, settings: Settings) -> int:
        """Return for how many days."""
        days: int = getattr(settings, f"retention_{self.name}_days")
        return days

    def is_over(self, settings: Settings, now: datetime) -> ColumnElement[bool]:
        """Return the condition under which an incident's evidence may go."""
        over = self.since < now - timedelta(days=self.days(settings))
        return IncidentRow.status.in_(self.statuses) & over


RULES = (
    Rule(name="confirmed", statuses=(ReviewStatus.CONFIRMED,), since=IncidentRow.reviewed_at),
    Rule(name="rejected", statuses=(ReviewStatus.REJECTED,), since=IncidentRow.reviewed_at),
    Rule(
        name="undecided",
        statuses=(ReviewStatus.NEW, ReviewStatus.ACKNOWLEDGED),
        since=IncidentRow.received_at,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One incident whose time is over."""

    incident_id: str
    rule: str
    since: datetime
    files: int
    size_bytes: int
    held: bool
    """A hold keeps it all the same."""


def due(session: Session, settings: Settings, now: datetime, limit: int = 1_000) -> list[Due]:
    """Return what the rules would delete now, and what a hold keeps from them, oldest first."""
    found = []
    for rule in RULES:
        rows = session.execute(
            select(
                IncidentRow.incident_id,
                rule.since,
                func.count(EvidenceRow.evidence_id),
                func.sum(EvidenceRow.size_bytes),
            )
            .join(EvidenceRow, EvidenceRow.incident_id == IncidentRow.incident_id)
            .where(PRESENT, rule.is_over(settings, now))
            .group_by(IncidentRow.incident_id, rule.since)
            .order_by(rule.since, IncidentRow.incident_id)
            .limit(limit)
        ).all()
        held = holds.held_among(session, [row[0] for row in rows])
        found += [
            Due(
                incident_id=incident_id,
                rule=rule.name,
                since=since,
                files=files,
                size_bytes=int(size_bytes),
                held=incident_id in held,
            )
            for incident_id, since, files, size_bytes in rows
            if since is not None
        ]
    return found


def run(centre: Centre, files: EvidenceFiles) -> list[Deleted]:
    """Delete what is due, in batches of one signed record each; return what was deleted.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: The database does not answer; what was committed stands.
    """
    deletion.finish(centre, files)
    done: list[Deleted] = []
    for rule in RULES:
        ground = Ground(rule=rule.name, days=rule.days(centre.settings))
        while len(done) < BATCHES_PER_RUN:
            with centre.database.write() as session:
                over = _over(session, centre, rule)
                deleted = deletion.delete(session, centre, files, over, ground)
            if deleted.seq is None:
                break
            done.append(deleted)
    return done


def _over(session: Session, centre: Centre, rule: Rule) -> list[str]:
    """Return the next batch of incidents whose time is over and that nobody holds."""
    present = exists().where(EvidenceRow.incident_id == IncidentRow.incident_id, PRESENT)
    conditions = (rule.is_over(centre.settings, centre.clock()), IncidentRow.held.is_(False))
    return list(
        session.scalars(
            select(IncidentRow.incident_id)
            .where(*conditions, present)
            .order_by(IncidentRow.incident_id)
            .limit(BATCH_INCIDENTS)
            .with_for_update()  # a decision that is being taken back now is waited for
        )
    )
