"""Handing a shift over and taking it over.

Invariants:
    * A handover holds the open items as they stood then, whatever is done to them later.
    * Nothing of it is ever changed; that it was taken over is a row of its own, written once.
    * It is about the communes of whoever hands over; whoever takes over sees all of them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from central.auth import audit
from central.auth.scope import scope_of
from central.auth.veil import veil_of
from central.handovers.open_items import known_to, open_items
from central.handovers.schemas import (
    Acceptance,
    HandoverDetail,
    HandoverItem,
    HandoverList,
    HandoverNews,
    OpenItems,
)
from central.incidents.stages import FIELD, LEADS
from central.problems import Problem
from central.tables.handovers import HandoverAcceptanceRow, HandoverAreaRow, HandoverRow
from central.tables.users import UserRow

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.orm import Session

    from central.auth.scope import Scope
    from central.centre import Centre
    from central.handovers.schemas import NewHandover

PAGE = 50
WAITING_FOR = timedelta(hours=24)
"""A handover that was not taken over for so long is history: no shift is longer."""


def listed(session: Session, scope: Scope, before: int | None) -> HandoverList:
    """Return a page of handovers, newest first, older than the cursor ``before``."""
    wanted = select(HandoverRow).where(_within(scope)).order_by(HandoverRow.id.desc())
    if before is not None:
        wanted = wanted.where(HandoverRow.id < before)
    rows = session.scalars(wanted.limit(PAGE + 1)).all()
    more = rows[PAGE - 1].id if len(rows) > PAGE else None
    return HandoverList(items=[_item(session, row) for row in rows[:PAGE]], next_cursor=more)


def waiting(session: Session, user: UserRow, centre: Centre) -> HandoverList:
    """Return what was handed to a person who has not taken it over yet, newest first."""
    taken = select(HandoverAcceptanceRow.handover_id)
    rows = session.scalars(
        select(HandoverRow)
        .where(
            HandoverRow.to_username == user.username,
            HandoverRow.created_at > centre.clock() - WAITING_FOR,
            HandoverRow.id.not_in(taken),
            _within(scope_of(user)),
        )
        .order_by(HandoverRow.id.desc())
        .limit(PAGE)
    )
    return HandoverList(items=[_item(session, row) for row in rows])


def detail(session: Session, handover_id: int, user: UserRow) -> HandoverDetail:
    """Return one handover with what was open, as far as its reader may know of it.

    Raises:
        Problem: 404, no such handover.
    """
    return _detail(session, _get(session, handover_id), user)


def hand_over(session: Session, centre: Centre, user: UserRow, new: NewHandover) -> HandoverDetail:
    """Hand one's shift over with all that is open.

    Raises:
        Problem: 422, there is no such person, it is oneself, or they cannot take it over.
    """
    now, scope = centre.clock(), scope_of(user)
    _check_incoming(session, user, new.to_username)
    row = HandoverRow(
        created_at=now,
        from_username=user.username,
        to_username=new.to_username,
        note=new.note,
        items=open_items(session, scope, now).model_dump(mode="json"),
    )
    session.add(row)
    session.flush()
    areas = sorted(scope.areas)
    session.add_all(HandoverAreaRow(handover_id=row.id, area_code=area) for area in areas)
    session.flush()
    _tell(session, centre, row, "hand_over", user.username)
    return _detail(session, row, user)


def accept(
    session: Session, centre: Centre, user: UserRow, handover_id: int, note: str
) -> HandoverDetail:
    """Take a shift over; taking it over twice changes nothing.

    Raises:
        Problem: 404, no such handover; 403, it is somebody else's; 409, somebody else took it.
    """
    row = _get(session, handover_id)
    taken = session.get(HandoverAcceptanceRow, handover_id)
    if taken is not None and taken.accepted_by == user.username:
        return _detail(session, row, user)
    if taken is not None:
        raise _taken(taken.accepted_by)
    in_their_place = user.role in LEADS and user.username != row.from_username
    if user.username != row.to_username and not in_their_place:
        raise Problem(
            403,
            "not_yours",
            "Chỉ người được giao ca, ca trưởng hoặc chỉ huy nhận được ca này.",
            "Only who it was handed to, a shift lead or a commander may take this shift over.",
        )
    session.add(
        HandoverAcceptanceRow(
            handover_id=row.id, accepted_at=centre.clock(), accepted_by=user.username, note=note
        )
    )
    try:
        session.flush()
    except IntegrityError as error:  # two at the same moment
        raise _taken("") from error
    _tell(session, centre, row, "accept", user.username)
    return _detail(session, row, user)


def _check_incoming(session: Session, user: UserRow, username: str) -> None:
    """Refuse to hand over to somebody who could not take it.

    Raises:
        Problem: 422, see :func:`hand_over`.
    """
    incoming = session.get(UserRow, username)
    if incoming is None or incoming.disabled:
        raise Problem(422, "unknown_user", "Không có người dùng này.", "There is no such user.")
    if username == user.username:
        raise Problem(
            422,
            "to_oneself",
            "Hãy chọn người nhận ca khác với bạn.",
            "Choose somebody other than yourself to take over.",
        )
    if incoming.role not in FIELD or not scope_of(incoming).allows(scope_of(user).areas):
        raise Problem(
            422,
            "cannot_take_over",
            "Người này không trực hoặc không phụ trách đủ địa bàn của bạn.",
            "This person is never on duty or does not see all of your communes.",
        )


def _within(scope: Scope) -> ColumnElement[bool]:
    """Return the condition that all communes of a handover are within ``scope``."""
    inside = scope.condition(HandoverAreaRow.area_code)
    some = select(HandoverAreaRow.handover_id).where(inside)
    outside = select(HandoverAreaRow.handover_id).where(~inside)
    return HandoverRow.id.in_(some) & HandoverRow.id.not_in(outside)


def _get(session: Session, handover_id: int) -> HandoverRow:
    """Return a handover.

    Raises:
        Problem: 404, there is none.
    """
    row = session.get(HandoverRow, handover_id)
    if row is None:
        raise Problem(404, "no_handover", "Không có lần giao ca này.", "There is no such handover.")
    return row


def _taken(who: str) -> Problem:
    """Return the refusal of who comes too late."""
    return Problem(
        409,
        "already_taken",
        f"Ca này đã có người nhận: {who}" if who else "Ca này vừa có người nhận.",
        f"Somebody took this shift over already: {who}" if who else "Somebody just took it over.",
    )


def _tell(session: Session, centre: Centre, row: HandoverRow, action: str, actor: str) -> None:
    """Record a step of a handover and tell open consoles."""
    now, areas = centre.clock(), _areas(session, row.id)
    thing = ("handover", str(row.id))
    audit.record(
        session, now, actor, action, thing, to=row.to_username, areas=",".join(areas)[:500]
    )
    news = HandoverNews(id=row.id, areas=areas, to_username=row.to_username)
    centre.live.announce(session, "handover", news, now)


def _areas(session: Session, handover_id: int) -> list[str]:
    """Return the communes that a handover is about."""
    wanted = select(HandoverAreaRow.area_code).where(HandoverAreaRow.handover_id == handover_id)
    return list(session.scalars(wanted.order_by(HandoverAreaRow.area_code)))


def _item(session: Session, row: HandoverRow) -> HandoverItem:
    """Return a handover as lists show it."""
    taken = session.get(HandoverAcceptanceRow, row.id)
    return HandoverItem(
        id=row.id,
        created_at=row.created_at,
        from_username=row.from_username,
        to_username=row.to_username,
        areas=_areas(session, row.id),
        note=row.note,
        acceptance=None if taken is None else Acceptance.model_validate(taken),
    )


def _detail(session: Session, row: HandoverRow, user: UserRow) -> HandoverDetail:
    """Return a handover with what was open then."""
    shown, items = _item(session, row).model_dump(), OpenItems.model_validate(row.items)
    return HandoverDetail(**shown, items=known_to(veil_of(session, user), items))
