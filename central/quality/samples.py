"""Second looks: a reproducible draw of judged incidents, and what another person says of each.

Invariants:
    * A draw depends on the week and on what was judged, not on who draws or when: whoever has the
      same rows draws the same.
    * Samples and second looks are only ever added; the database refuses anything else.
    * Nobody looks twice: not at what they judged, not at what was looked at.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta
from heapq import nsmallest
from typing import TYPE_CHECKING

from sqlalchemy import case, func, select, text, true

from central.auth import audit
from central.auth.scope import scope_of
from central.auth.veil import may_look
from central.clock import LOCAL
from central.db import is_postgres
from central.incidents import repository, steps
from central.incidents.case_schemas import StepKind
from central.incidents.catalogue import describe_rule
from central.incidents.schemas import ReviewStatus
from central.incidents.stages import life_cycle
from central.problems import Problem
from central.quality.schemas import SampleItem, SampleList, SampleWeek, Share
from central.tables.incidents import IncidentRow
from central.tables.quality import SampleRow, SecondLookRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from central.auth.scope import Scope
    from central.centre import Centre
    from central.quality.schemas import DrawOrder, SecondLook
    from central.tables.users import UserRow

WEEK = timedelta(days=7)
MOST_WEEKS = 60


def draw(session: Session, centre: Centre, wanted: DrawOrder, user: UserRow) -> SampleWeek:
    """Draw until a week has so many samples; what was drawn before stays.

    Raises:
        Problem: 422, it is no Monday; 409, the week is not over.
    """
    now = centre.clock()
    start = datetime.combine(wanted.week, time(), LOCAL).astimezone(UTC)
    if wanted.week.weekday() != 0:
        raise Problem(422, "no_monday", "Tuần phải bắt đầu từ thứ Hai.", "A week is its Monday.")
    if start + WEEK > now:
        raise Problem(409, "week_not_over", "Tuần này chưa hết.", "That week is not over yet.")
    if is_postgres(session):  # SQLite has one writer anyway
        session.execute(text("LOCK TABLE quality_samples IN SHARE ROW EXCLUSIVE MODE"))
    drawn = select(SampleRow.incident_id).where(SampleRow.week == wanted.week)
    before = set(session.scalars(drawn))
    chosen = _lowest(session, wanted, start, before)
    session.add_all(
        SampleRow(
            incident_id=incident_id,
            week=wanted.week,
            drawn_at=now,
            drawn_by=user.username,
            verdict=status,
            verdict_by=verdict_by,
            reason_code=reason,
        )
        for incident_id, status, verdict_by, reason in chosen
    )
    session.flush()
    thing = ("sample", wanted.week.isoformat())
    audit.record(session, now, user.username, "draw", thing, size=wanted.size, added=len(chosen))
    nothing = SampleWeek(week=wanted.week, drawn=0, agreement=Share.of(0, 0))
    found = next(iter(weeks(session, scope_of(user), wanted.week)), nothing)
    centre.live.mention(session, "second_look", found)
    return found


def _lowest(
    session: Session, wanted: DrawOrder, start: datetime, before: set[str]
) -> list[tuple[str, str, str | None, str | None]]:
    """Return (id, verdict, by, reason) of those of lowest rank that are still missing."""
    judged = select(
        IncidentRow.incident_id,
        IncidentRow.status,
        IncidentRow.verdict_by,
        IncidentRow.verdict_reason,
    ).where(
        IncidentRow.verdict_at.is_not(None),
        IncidentRow.occurred_at >= start,
        IncidentRow.occurred_at < start + WEEK,
    )
    left = [row for row in session.execute(judged) if row[0] not in before]
    missing = max(0, wanted.size - len(before))
    return nsmallest(missing, left, key=lambda row: rank(wanted.week, row[0]))


def rank(week: date, incident_id: str) -> bytes:
    """Return where an incident stands in the draw of a week: the lowest are drawn."""
    return hashlib.sha256(f"{week.isoformat()} {incident_id}".encode()).digest()


def weeks(session: Session, scope: Scope, week: date | None = None) -> list[SampleWeek]:
    """Return the weeks that have samples within a scope, newest first; or the one named."""
    agrees = case((SecondLookRow.verdict == SampleRow.verdict, 1), else_=0)
    looked = func.count(SecondLookRow.incident_id)
    query = (
        select(SampleRow.week, func.count(), func.sum(agrees), looked)
        .join(IncidentRow, IncidentRow.incident_id == SampleRow.incident_id)
        .outerjoin(SecondLookRow, SecondLookRow.incident_id == SampleRow.incident_id)
        .where(
            scope.condition(IncidentRow.area_code),
            true() if week is None else SampleRow.week == week,
        )
        .group_by(SampleRow.week)
        .order_by(SampleRow.week.desc())
        .limit(MOST_WEEKS)
    )
    return [
        SampleWeek(week=week, drawn=drawn, agreement=Share.of(int(agreed), again))
        for week, drawn, agreed, again in session.execute(query)
    ]


def of_week(session: Session, user: UserRow, scope: Scope, week: date | None) -> SampleList:
    """Return the samples of a week; None: of the newest that has any."""
    known = weeks(session, scope)
    wanted = week or (known[0].week if known else None)
    rows = session.execute(
        select(SampleRow, SecondLookRow, IncidentRow)
        .join(IncidentRow, IncidentRow.incident_id == SampleRow.incident_id)
        .outerjoin(SecondLookRow, SecondLookRow.incident_id == SampleRow.incident_id)
        .where(SampleRow.week == wanted, scope.condition(IncidentRow.area_code))
        .order_by(IncidentRow.occurred_at, IncidentRow.incident_id)
    )
    items = [_item(session, user, sample, look, row) for sample, look, row in rows]
    return SampleList(week=wanted, items=items, weeks=known)


def look(
    session: Session, centre: Centre, incident_id: str, wanted: SecondLook, user: UserRow
) -> SampleItem:
    """Store what another person says of a sample.

    Raises:
        Problem: 404, it was not drawn; 403, their own verdict or not their role; 409, somebody
            looked before; 422, the reason is unknown or wants a note.
    """
    sample = session.get(SampleRow, incident_id, with_for_update=True)
    if sample is None:
        raise Problem(404, "no_such_sample", "Vụ này không được rút.", "It was not drawn.")
    row = session.get_one(IncidentRow, incident_id)
    if session.get(SecondLookRow, incident_id) is not None:
        raise Problem(
            409, "looked", "Đã có người xem lại vụ này.", "Somebody has looked at it already."
        )
    if sample.verdict_by == user.username:
        raise Problem(
            403,
            "two_people",
            "Vụ này do bạn kết luận nên người khác phải xem lại.",
            "The verdict is yours, so somebody else must look.",
        )
    steps.check_role(life_cycle(row.incident_class)[StepKind.REJECT], user)
    reason = steps.checked_reason(wanted.reason_code, wanted.note)
    said = SecondLookRow(
        incident_id=incident_id,
        at=centre.clock(),
        actor=user.username,
        verdict=wanted.verdict,
        reason_code=reason,
        note=wanted.note,
    )
    session.add(said)
    thing = ("incident", incident_id)
    audit.record(session, said.at, said.actor, "second_look", thing, verdict=said.verdict)
    shown = _item(session, user, sample, said, row)
    centre.live.mention(session, "second_look", shown)
    return shown


def _item(
    session: Session,
    user: UserRow,
    sample: SampleRow,
    said: SecondLookRow | None,
    row: IncidentRow,
) -> SampleItem:
    """Return a sample as ``user`` may see it."""
    return SampleItem(
        **describe_rule(row.rule).model_dump(),
        incident_id=row.incident_id,
        week=sample.week,
        camera_name=repository.camera_name(session, row),
        area_code=row.area_code,
        occurred_at=row.occurred_at,
        may_look=said is None and may_look(user, sample.verdict_by, row.incident_class),
        looked_at=said.at if said else None,
        looked_by=said.actor if said else None,
        first=ReviewStatus(sample.verdict) if said else None,
        second=ReviewStatus(said.verdict) if said else None,
        reason_code=said.reason_code if said else None,
        note=said.note if said else "",
    )
