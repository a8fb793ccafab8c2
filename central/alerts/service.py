"""What people may do with alerts: read, answer, silence."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from central.alerts import history, policy, telling, watch
from central.alerts.policy import Verdict
from central.alerts.schemas import AlertDetail, AlertItem, AlertList, IncidentAlert
from central.auth import audit
from central.incidents.catalogue import describe_rule
from central.problems import Problem
from central.tables.alerts import AlertIncidentRow, AlertRow, SilenceRow
from central.tables.incidents import IncidentRow
from edge.contract.catalogue import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.orm import Session

    from central.alerts.schemas import NewSilence
    from central.auth.scope import Scope
    from central.centre import Centre

LONGEST_SILENCE = timedelta(days=30)
"""Longer is forgotten; whoever still wants it gives it again."""
PAGE = 100
NEVER_SILENCED = sorted(rule for rule in CATALOGUE if policy.is_crash(rule))


def listed(session: Session, scope: Scope, status: str | None, before: int | None) -> AlertList:
    """Return a page of alerts of one's areas, newest first, older than the cursor ``before``."""
    wanted = select(AlertRow).where(scope.condition(AlertRow.area_code))
    wanted = wanted.order_by(AlertRow.id.desc()).limit(PAGE + 1)
    if status is not None:
        wanted = wanted.where(AlertRow.status == status)
    if before is not None:
        wanted = wanted.where(AlertRow.id < before)
    rows = session.scalars(wanted).all()
    more = rows[PAGE - 1].id if len(rows) > PAGE else None
    return AlertList(items=[item(row) for row in rows[:PAGE]], next_cursor=more)


def detail(session: Session, scope: Scope, code: str) -> AlertDetail:
    """Return one alert with its incidents of one's areas, its history and deliveries.

    Raises:
        Problem: 404, no such alert.
    """
    return _detail(session, scope, get(session, code))


def of_incident(session: Session, scope: Scope, incident_id: str) -> IncidentAlert:
    """Return what became of an incident as news, with the alert that it opened or joined."""
    decided = session.get(AlertIncidentRow, incident_id)
    if decided is None:
        return IncidentAlert(verdict=None, decided_at=None, alert=None)
    alert = None if decided.alert_id is None else session.get(AlertRow, decided.alert_id)
    seen = alert is not None and scope.allows([alert.area_code])
    return IncidentAlert(
        verdict=Verdict(decided.verdict),
        decided_at=decided.decided_at,
        alert=_detail(session, scope, alert) if alert is not None and seen else None,
    )


def get(session: Session, code: str) -> AlertRow:
    """Return an alert by the code that people were sent.

    Raises:
        Problem: 404, no such alert.
    """
    row = session.scalar(select(AlertRow).where(AlertRow.code == code.upper()))
    if row is None:
        raise Problem(404, "no_alert", "Không có cảnh báo này.", "There is no such alert.")
    return row


def answer(session: Session, centre: Centre, scope: Scope, code: str, actor: str) -> AlertDetail:
    """Acknowledge an alert; answering one that is answered changes nothing.

    Raises:
        Problem: 404, no such alert.
    """
    row = get(session, code)
    if row.status == telling.OPEN:
        watch.acknowledge(session, centre, row, actor)
        audit.record(session, centre.clock(), actor, "acknowledge", ("alert", row.code))
        session.flush()
    return _detail(session, scope, row)


def silences(session: Session, centre: Centre) -> Sequence[SilenceRow]:
    """Return the silences in force, newest first."""
    return session.scalars(
        select(SilenceRow).where(SilenceRow.in_force(centre.clock())).order_by(SilenceRow.id.desc())
    ).all()


def add_silence(session: Session, centre: Centre, new: NewSilence, actor: str) -> SilenceRow:
    """Let nobody be disturbed about something until a time.

    Raises:
        Problem: 422, it names nothing, names a crash, or lasts too long.
    """
    now = centre.clock()
    if not (new.rule or new.camera_id or new.area_code):
        raise Problem(
            422,
            "silence_of_everything",
            "Hãy nêu loại, camera hoặc địa bàn cần tắt tiếng.",
            "Name a rule, a camera or an area to be silenced.",
        )
    if new.rule and policy.is_crash(new.rule):
        raise Problem(
            422,
            "crash_not_silenced",
            "Không được tắt cảnh báo tai nạn.",
            "Crashes cannot be silenced.",
        )
    if not now < new.expires_at <= now + LONGEST_SILENCE:
        raise Problem(
            422,
            "silence_too_long",
            "Hạn tắt tiếng phải ở tương lai, tối đa 30 ngày.",
            "A silence must end in the future, within 30 days.",
        )
    row = SilenceRow(**new.model_dump(), author=actor, created_at=now)
    session.add(row)
    session.flush()
    audit.record(
        session, now, actor, "silence", ("silence", str(row.id)), **new.model_dump(mode="json")
    )
    return row


def end_silence(session: Session, centre: Centre, silence_id: int, actor: str) -> SilenceRow:
    """End a silence before its time; ending it twice changes nothing.

    Raises:
        Problem: 404, no such silence.
    """
    row = session.get(SilenceRow, silence_id)
    if row is None:
        raise Problem(
            404, "no_silence", "Không có lệnh tắt tiếng này.", "There is no such silence."
        )
    if row.ended_at is None:
        row.ended_at, row.ended_by = centre.clock(), actor
        audit.record(session, centre.clock(), actor, "end_silence", ("silence", str(silence_id)))
    return row


def item(row: AlertRow) -> AlertItem:
    """Return an alert as lists show it."""
    rule = describe_rule(row.rule)
    shown = AlertItem.model_validate(row)
    return shown.model_copy(update={"name_vi": rule.name_vi, "name_en": rule.name_en})


def _detail(session: Session, scope: Scope, row: AlertRow) -> AlertDetail:
    """Return everything about an alert that may be seen within ``scope``."""
    members = session.scalars(
        select(AlertIncidentRow.incident_id)
        .join(IncidentRow, IncidentRow.incident_id == AlertIncidentRow.incident_id)
        .where(AlertIncidentRow.alert_id == row.id, scope.condition(IncidentRow.area_code))
        .order_by(AlertIncidentRow.decided_at.desc())
        .limit(PAGE)
    )
    return AlertDetail(
        **item(row).model_dump(),
        incident_ids=list(members),
        events=history.events(session, row.id),
        deliveries=history.deliveries(session, row.id),
    )
