"""Sessions of video walls: a screen that shows for weeks, and can do nothing else.

Invariants:
    * A wall only reads, and only what a route gives to walls (``Gate(..., wall=True)``).
    * It sees the communes of who started it and no number plates; it ends with their account.
    * Unused it ends after :data:`IDLE`, used or not after :data:`LONGEST`; whoever started it, and
      who sees the whole province, ends it at once. Start and end are in the audit log, and what it
      looks at stands there under its own name, ``wall:<number>``, which no person can have.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from central.auth import audit
from central.auth.schemas import Role
from central.auth.scope import scope_of
from central.auth.tokens import new_token, token_hash
from central.problems import Problem
from central.tables.users import UserRow
from central.tables.walls import WallRow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre

IDLE = timedelta(days=7)
"""A screen that was switched off for longer is started anew. Source: own choice."""
LONGEST = timedelta(days=90)
"""Source: own choice; somebody should look at every screen once a quarter."""
NOTED = timedelta(minutes=10)
"""How often use is written down: not with every request."""
_NAME, _TOKEN = "wall:", "wall."


def is_wall(user: UserRow) -> bool:
    """Return whether it is a wall that asks, not a person."""
    return user.username.startswith(_NAME)


def is_token(token: str) -> bool:
    """Return whether a session cookie is a wall's."""
    return token.startswith(_TOKEN)


def start(session: Session, user: UserRow, name: str, now: datetime) -> tuple[WallRow, str]:
    """Store a new wall; return it with its token, the cookie's value."""
    token = _TOKEN + new_token()
    wall = WallRow(
        name=name,
        token_hash=token_hash(token),
        started_by=user.username,
        started_at=now,
        last_used_at=now,
        expires_at=now + IDLE,
        ends_at=now + LONGEST,
    )
    session.add(wall)
    session.flush()
    audit.record(session, now, user.username, "start_wall", ("wall", str(wall.id)), name=name)
    return wall, token


def acting(centre: Centre, token: str) -> UserRow | None:
    """Return as whom a wall acts, and note that it is in use; None: it ended.

    The row is made up here and in no database: rights of who only reads, communes of who started.
    """
    now = centre.clock()
    wanted = (
        select(WallRow, UserRow)
        .join(UserRow, UserRow.username == WallRow.started_by)
        .where(
            WallRow.token_hash == token_hash(token),
            WallRow.expires_at > now,
            UserRow.disabled.is_(False),
        )
    )
    with centre.database.read() as session:
        found = session.execute(wanted).first()
    if found is None:
        return None
    wall, starter = found
    if now - wall.last_used_at >= NOTED:
        _note_use(centre, wall.id, now)
    return UserRow(
        username=f"{_NAME}{wall.id}",
        display_name=wall.name,
        role=Role.LEADER,
        areas=starter.areas,
        must_change_password=False,
        second_factor_since=wall.started_at,  # who started it had proved who they are
    )


def _note_use(centre: Centre, wall_id: int, now: datetime) -> None:
    """Move the end of an unused wall on, within its longest life."""
    with centre.database.write() as session:
        wall = session.get(WallRow, wall_id)
        if wall is not None:
            wall.last_used_at, wall.expires_at = now, min(now + IDLE, wall.ends_at)


def known_to(session: Session, user: UserRow, now: datetime) -> Sequence[WallRow]:
    """Return the walls that a person may end: their own, or all for who sees the province."""
    query = select(WallRow).where(WallRow.expires_at > now).order_by(WallRow.id)
    if not scope_of(user).whole:
        query = query.where(WallRow.started_by == user.username)
    return session.scalars(query).all()


def end(session: Session, user: UserRow, wall_id: int, now: datetime) -> None:
    """End a wall at once.

    Raises:
        Problem: 404, when there is none that this person may end.
    """
    wall = next((each for each in known_to(session, user, now) if each.id == wall_id), None)
    if wall is None:
        raise Problem(404, "no_such_wall", "Không có màn hình này.", "There is no such wall.")
    session.delete(wall)
    audit.record(session, now, user.username, "end_wall", ("wall", str(wall_id)), name=wall.name)


def forget_ended(session: Session, now: datetime) -> None:
    """Delete walls whose time is over, with a line in the audit log."""
    for wall in session.scalars(select(WallRow).where(WallRow.expires_at <= now)):
        session.delete(wall)
        audit.record(session, now, "system", "end_wall", ("wall", str(wall.id)), name=wall.name)
