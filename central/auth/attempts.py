"""Attempts to prove who one is, by password and by second factor: throttled, counted, recorded.

Every route that takes a password or a code goes through here, so that a guesser finds no way
around the throttle: neither at the second step nor in a session left open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.auth import audit, second_factor, throttle
from central.auth.passwords import verify_password
from central.problems import Problem
from central.tables.users import UserRow

if TYPE_CHECKING:
    from fastapi import Request

    from central.centre import Centre


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else "unknown"


def log_in(centre: Centre, address: str, username: str, password: str, code: str | None) -> UserRow:
    """Return the enabled user who proved who they are.

    Raises:
        Problem: 401, wrong password or code, or a code is needed; 429, after too many failures.
    """
    _check_wait(centre, username, address)
    with centre.database.read() as session:
        user = session.get(UserRow, username)
    fits = verify_password(user.password_hash if user else None, password)
    if user is None or not fits or user.disabled:
        _fail(centre, username, address, "login_failed", throttle.keys(username, address))
        raise Problem(401, "wrong_login", "Sai tên hoặc mật khẩu.", "Wrong user name or password.")
    if user.second_factor_since is not None:
        _take_code(centre, address, user, code)
    return user


def prove_password(centre: Centre, address: str, user: UserRow, password: str) -> None:
    """See that it is the person themselves who changes how they log in.

    Raises:
        Problem: 422, wrong password; 429, after too many failures.
    """
    _check_wait(centre, user.username, address)
    if not verify_password(user.password_hash, password):
        counted = throttle.keys(user.username, address)
        _fail(centre, user.username, address, "password_failed", counted)
        raise Problem(422, "wrong_password", "Mật khẩu không đúng.", "The password is not right.")


def _take_code(centre: Centre, address: str, user: UserRow, code: str | None) -> None:
    """Take the second step.

    Raises:
        Problem: 401, no code was given, or it is wrong or used.
    """
    if not code:
        raise Problem(
            401,
            "second_factor_needed",
            "Nhập mã xác thực từ điện thoại.",
            "Give the code from your phone.",
        )
    name, now = user.username, centre.clock()
    with centre.database.write() as session:
        taken = second_factor.take(session, centre.data_dir, name, code, now)
    if taken:
        return
    counted = throttle.keys(name, address) | throttle.code_keys(name)
    _fail(centre, name, address, "code_failed", counted)
    raise Problem(
        401,
        "wrong_code",
        "Mã không đúng hoặc đã dùng. Hãy chờ mã tiếp theo.",
        "The code is wrong or was used. Wait for the next one.",
    )


def _check_wait(centre: Centre, username: str, address: str) -> None:
    """Refuse who must wait, whether password or code was wrong too often.

    Raises:
        Problem: 429, with how long.
    """
    now, counted = centre.clock(), throttle.keys(username, address) | throttle.code_keys(username)
    with centre.database.read() as session:
        until = throttle.blocked_until(session, counted, now)
    if until is None:
        return
    centre.metrics.logins_failed.inc()
    seconds = max(1, round((until - now).total_seconds()))
    problem = Problem(
        429,
        "too_many_attempts",
        f"Sai nhiều lần. Thử lại sau {seconds} giây.",
        f"Too many attempts. Try again in {seconds} s.",
    )
    problem.headers = {"Retry-After": str(seconds)}
    raise problem


def _fail(
    centre: Centre, username: str, address: str, action: str, counted: dict[str, int]
) -> None:
    """Count and record a refusal."""
    centre.metrics.logins_failed.inc()
    now = centre.clock()
    with centre.database.write() as session:
        throttle.count_failure(session, counted, now)
        audit.record(session, now, username, action, ("user", username), address=address)
