"""Log-in, log-out, passwords and users: what is allowed, and what is recorded.

The functions take a session and leave the commit to their caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from central.auth import audit, handshakes, passkeys, second_factor, throttle
from central.auth.passwords import hash_password, new_password
from central.auth.schemas import NewUser, Role, UserChange, Way
from central.auth.scope import Scope, scope_of
from central.auth.tokens import new_token, token_hash
from central.problems import Problem
from central.tables.alerts import PushSubscriptionRow
from central.tables.users import LoginRow, UserRow

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy.orm import Session

FIRST_ADMIN = "admin"


def create_first_admin(session: Session, now: datetime) -> str | None:
    """Create the administrator of an empty installation and return the one-time password.

    Returns None when there are users already.
    """
    if session.scalar(select(func.count()).select_from(UserRow)):
        return None
    admin = NewUser(username=FIRST_ADMIN, display_name="Quản trị hệ thống", role=Role.ADMIN)
    return create_user(session, admin, "system", now)


def create_user(session: Session, new: NewUser, actor: str, now: datetime) -> str:
    """Create a user and return the one-time password.

    Raises:
        Problem: 409, when the name is taken.
    """
    if session.get(UserRow, new.username) is not None:
        raise Problem(409, "user_exists", "Tên đăng nhập đã có.", "The user name is taken.")
    password = new_password()
    session.add(
        UserRow(
            username=new.username,
            display_name=new.display_name,
            role=new.role,
            areas=new.areas,
            password_hash=hash_password(password),
            must_change_password=True,
            created_at=now,
        )
    )
    told = {"role": new.role, "areas": ",".join(new.areas)}
    audit.record(session, now, actor, "create", ("user", new.username), **told)
    return password


def record_login(
    session: Session, username: str, address: str, way: Way, now: datetime, lifetime: timedelta
) -> str:
    """Store a new log-in and return its token, the cookie's value."""
    token = new_token()
    counted = throttle.keys(username, address) | throttle.code_keys(username)
    throttle.forgive(session, counted)
    session.add(
        LoginRow(
            token_hash=token_hash(token),
            username=username,
            created_at=now,
            expires_at=now + lifetime,
            way=way,
        )
    )
    audit.record(session, now, username, "login", ("user", username), address=address, way=way)
    return token


def log_out(session: Session, token: str) -> None:
    """End the log-in that has ``token``, if any; its browser does not ring any more."""
    ended = token_hash(token)
    session.execute(delete(PushSubscriptionRow).where(PushSubscriptionRow.login_hash == ended))
    session.execute(delete(LoginRow).where(LoginRow.token_hash == ended))


def end_log_ins(session: Session, username: str) -> None:
    """Log a user out everywhere; no browser of theirs rings any more."""
    of_theirs = PushSubscriptionRow.username == username
    session.execute(delete(PushSubscriptionRow).where(of_theirs))
    session.execute(delete(LoginRow).where(LoginRow.username == username))


def set_password(session: Session, username: str, password: str, now: datetime) -> None:
    """Store a password that the user chose and end all other log-ins of theirs."""
    user = get_user(session, username)
    user.password_hash = hash_password(password)
    user.must_change_password = False
    end_log_ins(session, username)
    audit.record(session, now, username, "change_password", ("user", username))


def reset_password(session: Session, username: str, actor: str, now: datetime) -> str:
    """Give a user a new one-time password, end their log-ins, and return the password.

    Raises:
        Problem: 404, when there is no such user.
    """
    user = get_user(session, username)
    password = new_password()
    user.password_hash = hash_password(password)
    user.must_change_password = True
    end_log_ins(session, username)
    audit.record(session, now, actor, "reset_password", ("user", username))
    return password


def reset_second_factor(session: Session, username: str, actor: str, now: datetime) -> UserRow:
    """Take the second factor of somebody who lost it, and end their log-ins.

    Raises:
        Problem: 404, no such user; 409, they have none.
    """
    user = get_user(session, username)
    second_factor.turn_off(session, username, actor, now)
    end_log_ins(session, username)
    return user


def remove_passkeys(session: Session, username: str, actor: str, now: datetime) -> UserRow:
    """Remove all passkeys of somebody, and end their log-ins.

    Raises:
        Problem: 404, no such user; 409, they have none.
    """
    user = get_user(session, username)
    if not passkeys.forget_all(session, username, actor, now):
        raise Problem(
            409, "no_passkeys", "Người này không có khóa truy cập.", "They have no passkeys."
        )
    end_log_ins(session, username)
    return user


def change_user(
    session: Session, username: str, change: UserChange, actor: str, now: datetime
) -> UserRow:
    """Change name, role or access of a user.

    Raises:
        Problem: 404, no such user; 409, the last administrator would lose access.
    """
    user = get_user(session, username)
    loses_admin = change.disabled is True or change.role not in {None, Role.ADMIN}
    if user.role == Role.ADMIN and loses_admin and _enabled_admins(session) == 1:
        raise Problem(
            409,
            "last_admin",
            "Đây là quản trị viên cuối cùng.",
            "This is the last administrator.",
        )
    changed = change.model_dump(exclude_none=True)
    for name, value in changed.items():
        setattr(user, name, value)
    if user.disabled:
        end_log_ins(session, username)
    told = {name: ",".join(v) if name == "areas" else v for name, v in changed.items()}
    audit.record(session, now, actor, "change", ("user", username), **told)
    return user


def get_user(session: Session, username: str) -> UserRow:
    """Return a user.

    Raises:
        Problem: 404, when there is none of that name.
    """
    user = session.get(UserRow, username)
    if user is None:
        raise Problem(404, "no_such_user", "Không có người dùng này.", "There is no such user.")
    return user


def colleagues(session: Session, scope: Scope) -> list[UserRow]:
    """Return the enabled people who see at least what ``scope`` does, by their names.

    Who sees the whole province is given everybody: they put local people on call.
    """
    rows = session.scalars(
        select(UserRow)
        .where(UserRow.disabled.is_(False))
        .order_by(UserRow.display_name, UserRow.username)
    )
    return [row for row in rows if scope.whole or scope_of(row).allows(scope.areas)]


def forget_expired(session: Session, now: datetime) -> None:
    """Delete log-ins that ended, failure counters that are old, and what nobody brought back."""
    session.execute(delete(LoginRow).where(LoginRow.expires_at <= now))
    throttle.forget_old(session, now)
    handshakes.forget_expired(session, now)


def _enabled_admins(session: Session) -> int:
    """Return how many administrators can log in."""
    enabled = select(func.count()).where(UserRow.role == Role.ADMIN, UserRow.disabled.is_(False))
    return session.scalar(enabled) or 0
