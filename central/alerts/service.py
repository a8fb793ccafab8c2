"""What people may do with alerts: read, answer, silence, and say who is reached how and when."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from central.alerts import policy, watch
from central.alerts.schemas import AlertDelivery, AlertDetail, AlertItem, AlertList
from central.auth import audit
from central.incidents.catalogue import describe_rule
from central.problems import Problem
from central.tables.alerts import (
    AlertDeliveryRow,
    AlertIncidentRow,
    AlertRow,
    ContactRow,
    ShiftRow,
    SilenceRow,
)
from central.tables.users import UserRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.orm import Session

    from central.alerts.schemas import NewContact, NewShift, NewSilence
    from central.auth.scope import Scope
    from central.centre import Centre

LONGEST_SILENCE = timedelta(days=30)
"""Longer is forgotten; whoever still wants it gives it again."""
PAGE = 100


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
    return AlertList(items=[_item(row) for row in rows[:PAGE]], next_cursor=more)


def detail(session: Session, code: str) -> AlertDetail:
    """Return one alert with its incidents and deliveries.

    Raises:
        Problem: 404, no such alert.
    """
    row = get(session, code)
    members = session.scalars(
        select(AlertIncidentRow.incident_id)
        .where(AlertIncidentRow.alert_id == row.id)
        .order_by(AlertIncidentRow.decided_at.desc())
        .limit(PAGE)
    )
    told = session.scalars(
        select(AlertDeliveryRow)
        .where(AlertDeliveryRow.alert_id == row.id)
        .order_by(AlertDeliveryRow.id)
    )
    return AlertDetail(
        **_item(row).model_dump(),
        incident_ids=list(members),
        deliveries=[AlertDelivery.model_validate(each) for each in told],
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


def answer(session: Session, centre: Centre, code: str, actor: str) -> AlertDetail:
    """Acknowledge an alert; answering one that is answered changes nothing.

    Raises:
        Problem: 404, no such alert.
    """
    row = get(session, code)
    if row.status == watch.OPEN:
        watch.acknowledge(session, centre, row, actor)
        audit.record(session, centre.clock(), actor, "acknowledge", ("alert", row.code))
        session.flush()
    return detail(session, code)


def add_contact(
    session: Session, centre: Centre, new: NewContact, known: Collection[str], actor: str
) -> ContactRow:
    """Store a way to reach a person.

    Raises:
        Problem: 422, the channel is not configured or the user unknown; 409, it is there already.
    """
    if new.channel not in known:
        raise Problem(
            422,
            "channel_not_configured",
            "Kênh này chưa được cấu hình ở trung tâm.",
            f"This installation has no channel {new.channel}; it has: {sorted(known) or 'none'}.",
        )
    _check_user(session, new.username)
    row = ContactRow(**new.model_dump(), created_at=centre.clock())
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Problem(
            409, "contact_exists", "Đã có liên hệ này.", "This contact is there already."
        ) from error
    audit.record(session, centre.clock(), actor, "add_contact", ("user", new.username))
    return row


def add_shift(session: Session, centre: Centre, new: NewShift, actor: str) -> ShiftRow:
    """Put somebody on call.

    Raises:
        Problem: 422, the user is unknown or the shift ends before it starts.
    """
    if new.ends_at <= new.starts_at:
        raise Problem(
            422,
            "shift_ends_before_start",
            "Ca trực kết thúc trước khi bắt đầu.",
            "The shift ends before it starts.",
        )
    _check_user(session, new.username)
    row = ShiftRow(**new.model_dump())
    session.add(row)
    session.flush()
    audit.record(session, centre.clock(), actor, "add_shift", ("user", new.username))
    return row


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


def forget(session: Session, row: ContactRow | ShiftRow | None) -> None:
    """Delete a contact or a shift.

    Raises:
        Problem: 404, there is none.
    """
    if row is None:
        raise Problem(404, "not_found", "Không tìm thấy.", "Not found.")
    session.delete(row)


def _check_user(session: Session, username: str) -> None:
    """Refuse a user that does not exist.

    Raises:
        Problem: 422, no such user.
    """
    if session.get(UserRow, username) is None:
        raise Problem(422, "unknown_user", "Không có người dùng này.", "There is no such user.")


def _item(row: AlertRow) -> AlertItem:
    """Return an alert as lists show it."""
    rule = describe_rule(row.rule)
    item = AlertItem.model_validate(row)
    return item.model_copy(update={"name_vi": rule.name_vi, "name_en": rule.name_en})
