"""Attempts to prove who one is, by password and code, passkey or provider: throttled, recorded.

Every route that takes one goes through here, so that a guesser finds no way around the throttle:
neither at the second step nor in a session left open.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from central.auth import audit, identities, oidc, passkeys, second_factor, throttle
from central.auth.passwords import verify_password
from central.problems import Problem
from central.tables.users import UserRow

if TYPE_CHECKING:
    from fastapi import Request

    from central.auth.passkey_schemas import PasskeyProof
    from central.centre import Centre


NOBODY = "?"
"""Who tried, in the log, where nothing says it; no user name looks so."""


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else "unknown"


def log_in(centre: Centre, address: str, username: str, password: str, code: str | None) -> UserRow:
    """Return the enabled user who proved who they are.

    Raises:
        Problem: 401, wrong password or code, or a code or passkey is needed; 429, after too many
            failures.
    """
    check_wait(centre, _counted(username, address))
    with centre.database.read() as session:
        user = session.get(UserRow, username)
        keys = passkeys.of_person(session, username)
    fits = verify_password(user.password_hash if user else None, password)
    if user is None or not fits or user.disabled:
        _fail(centre, username, address, "login_failed", throttle.keys(username, address))
        raise Problem(401, "wrong_login", "Sai tên hoặc mật khẩu.", "Wrong user name or password.")
    if user.second_factor_since is not None:
        _take_code(centre, address, user, code)
    elif keys and second_factor.is_required(centre.settings, user.role):
        raise Problem(
            401,
            "passkey_needed",
            "Vai trò của bạn phải dùng xác thực hai lớp: hãy đăng nhập bằng khóa truy cập.",
            "Your role must use a second factor: log in with your passkey.",
        )
    return user


def log_in_by_passkey(
    centre: Centre, address: str, site: passkeys.Site, proof: PasskeyProof
) -> UserRow:
    """Return the enabled user whose passkey answered.

    Raises:
        Problem: 401, it does not show who this is; 429, after too many failures.
    """
    counted = throttle.address_keys(address)
    check_wait(centre, counted)
    with centre.database.write() as session:
        found = passkeys.log_in(session, site, proof, centre.clock())
    if isinstance(found, UserRow):
        return found
    _fail(centre, found.username or NOBODY, address, "passkey_failed", counted, why=found.why)
    raise Problem(
        401,
        "wrong_passkey",
        "Khóa truy cập này không đăng nhập được. Thử lại, hoặc dùng mật khẩu.",
        "This passkey does not log in. Try again, or use the password.",
    )


def prove_password(centre: Centre, address: str, user: UserRow, password: str) -> None:
    """See that it is the person themselves who changes how they log in.

    Raises:
        Problem: 422, wrong password; 429, after too many failures.
    """
    check_wait(centre, _counted(user.username, address))
    if not verify_password(user.password_hash, password):
        counted = throttle.keys(user.username, address)
        _fail(centre, user.username, address, "password_failed", counted)
        raise Problem(422, "wrong_password", "Mật khẩu không đúng.", "The password is not right.")


def log_in_by_provider(
    centre: Centre, address: str, code: str, attempt: oidc.Attempt, refused: str
) -> tuple[UserRow, str]:
    """Return the enabled user whom the provider has shown, and the token by which it did.

    ``refused`` is why it showed nobody.

    Raises:
        oidc.ProviderError: It did not, or they are nobody here.
    """
    try:
        if refused:
            raise oidc.ProviderError("provider_refused", refused)  # noqa: TRY301 - one place counts
        found = oidc.redeem(centre.settings, code, attempt, centre.clock())
        with centre.database.write() as session:
            return identities.log_in(session, centre.settings, found, centre.clock()), found.token
    except oidc.ProviderError as error:
        counted, why = throttle.address_keys(address), str(error)[:200]
        _fail(centre, NOBODY, address, "provider_failed", counted, why=why)
        raise


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
    _fail(centre, name, address, "code_failed", _counted(name, address))
    raise Problem(
        401,
        "wrong_code",
        "Mã không đúng hoặc đã dùng. Hãy chờ mã tiếp theo.",
        "The code is wrong or was used. Wait for the next one.",
    )


def _counted(username: str, address: str) -> dict[str, int]:
    """Return the counters of passwords and codes."""
    return throttle.keys(username, address) | throttle.code_keys(username)


def check_wait(centre: Centre, counted: dict[str, int]) -> None:
    """Refuse who must wait, whatever was wrong too often.

    Raises:
        Problem: 429, with how long.
    """
    now = centre.clock()
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
    centre: Centre,
    username: str,
    address: str,
    action: str,
    counted: dict[str, int],
    **told: str,
) -> None:
    """Count and record a refusal."""
    centre.metrics.logins_failed.inc()
    now = centre.clock()
    with centre.database.write() as session:
        throttle.count_failure(session, counted, now)
        audit.record(session, now, username, action, ("user", username), address=address, **told)
