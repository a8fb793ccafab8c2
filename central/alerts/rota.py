"""Who is reached how, and who is on call when.

Invariants:
    * A shift that began is never deleted: whoever was on call stays known.
    * A webhook's address may hold a secret: people are shown its host alone.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from central.alerts.schemas import ContactItem
from central.auth import audit
from central.problems import Problem
from central.tables.alerts import ContactRow, ShiftRow
from central.tables.users import UserRow

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.alerts.schemas import NewContact, NewShift
    from central.centre import Centre

ADDRESSES = {
    "sms": (re.compile(r"\+?[0-9]{8,15}"), "+84901234567"),
    "email": (re.compile(r"[^@\s]+@[^@\s]+"), "truc.ban@nghean.gov.vn"),
    "zalo": (re.compile(r"[0-9A-Za-z_-]{3,64}"), "2512523625412515"),
    "webhook": (re.compile(r"https?://[^\s/]+\S*"), "https://may-chu/duong-dan"),
}
"""Channel → how an address of it looks, and an example; of others anything is taken."""
HOST = re.compile(r"(https?://)(?:[^/?#]*@)?([^/?#]+)")
"""Scheme and host of a web address, without name and password."""


def contacts(session: Session) -> list[ContactItem]:
    """Return how people are reached."""
    rows = session.scalars(select(ContactRow).order_by(ContactRow.username, ContactRow.id))
    return [shown(row) for row in rows]


def shown(row: ContactRow) -> ContactItem:
    """Return a contact as an administrator sees it."""
    item = ContactItem.model_validate(row)
    if row.channel != "webhook":
        return item
    host = HOST.match(row.address)
    return item.model_copy(update={"address": f"{host[1]}{host[2]}/…" if host else "…"})


def add_contact(
    session: Session, centre: Centre, new: NewContact, known: Collection[str], actor: str
) -> ContactItem:
    """Store a way to reach a person.

    Raises:
        Problem: 422, the channel is not configured, the address does not fit it or the user is
            unknown; 409, it is there already.
    """
    if new.channel not in known:
        raise Problem(
            422,
            "channel_not_configured",
            "Kênh này chưa được cấu hình ở trung tâm.",
            f"This installation has no channel {new.channel}; it has: {sorted(known) or 'none'}.",
        )
    _check_address(new)
    _check_user(session, new.username)
    row = ContactRow(**new.model_dump(), created_at=centre.clock())
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        raise Problem(
            409, "contact_exists", "Đã có liên hệ này.", "This contact is there already."
        ) from error
    who = ("user", new.username)
    audit.record(session, centre.clock(), actor, "add_contact", who, channel=new.channel)
    return shown(row)


def remove_contact(session: Session, centre: Centre, contact_id: int, actor: str) -> None:
    """Forget a way to reach a person.

    Raises:
        Problem: 404, there is none.
    """
    row = session.get(ContactRow, contact_id)
    if row is None:
        raise _not_found()
    session.delete(row)
    who = ("user", row.username)
    audit.record(session, centre.clock(), actor, "remove_contact", who, channel=row.channel)


def shifts(session: Session, after: datetime, before: datetime | None) -> Sequence[ShiftRow]:
    """Return the shifts that end after one moment and begin before another, by their start."""
    wanted = select(ShiftRow).where(ShiftRow.ends_at > after)
    if before is not None:
        wanted = wanted.where(ShiftRow.starts_at < before)
    return session.scalars(wanted.order_by(ShiftRow.starts_at, ShiftRow.step, ShiftRow.id)).all()


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
    _record(session, centre, actor, "add_shift", row)
    return row


def end_shift(session: Session, centre: Centre, shift_id: int, actor: str) -> None:
    """Take somebody off call: a shift to come is deleted, one under way ends now.

    Raises:
        Problem: 404, there is none; 409, it is over and stays on record.
    """
    row, now = session.get(ShiftRow, shift_id), centre.clock()
    if row is None:
        raise _not_found()
    if row.ends_at <= now:
        raise Problem(
            409,
            "shift_over",
            "Ca trực đã kết thúc, được giữ lại để đối chiếu.",
            "This shift is over and stays on record.",
        )
    _record(session, centre, actor, "end_shift", row)
    if row.starts_at < now:
        row.ends_at = now
    else:
        session.delete(row)


def _record(session: Session, centre: Centre, actor: str, action: str, row: ShiftRow) -> None:
    """Add a change of the rota to the audit log."""
    audit.record(
        session,
        centre.clock(),
        actor,
        action,
        ("user", row.username),
        step=row.step,
        area_code=row.area_code,
        starts_at=row.starts_at.isoformat(),
        ends_at=row.ends_at.isoformat(),
    )


def _check_address(new: NewContact) -> None:
    """Refuse an address that its channel could never reach.

    Raises:
        Problem: 422, it does not fit; the message gives an example.
    """
    if new.channel not in ADDRESSES:
        return
    pattern, example = ADDRESSES[new.channel]
    if not pattern.fullmatch(new.address):
        raise Problem(
            422,
            "bad_address",
            f"Địa chỉ chưa đúng dạng của kênh này, ví dụ: {example}",
            f"The address does not fit this channel; an example: {example}",
        )


def _check_user(session: Session, username: str) -> None:
    """Refuse a user that does not exist.

    Raises:
        Problem: 422, no such user.
    """
    if session.get(UserRow, username) is None:
        raise Problem(422, "unknown_user", "Không có người dùng này.", "There is no such user.")


def _not_found() -> Problem:
    """Return the refusal of what is not there."""
    return Problem(404, "not_found", "Không tìm thấy.", "Not found.")
