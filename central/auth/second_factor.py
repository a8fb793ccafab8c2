"""The second factor: a code of six digits from a person's phone, or a recovery code.

Invariants:
    * The secret is derived from a key file and a salt per person; only the salt is in the database,
      so a copy of the database makes no codes.
    * A code is taken once: the time step of the last one is kept, and only a later one is taken.
    * Recovery codes are kept as hashes, and each is gone once it was taken.

The functions take a session and leave the commit to their caller. Source: RFC 6238, section 5.2
(one time step of drift either way, never the same code twice); RFC 4226 for 160 bits of secret.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import segno
from pyotp import TOTP
from sqlalchemy import delete, func, select, update

from central.auth import audit
from central.auth.passwords import new_recovery_code
from central.auth.tokens import token_hash
from central.problems import Problem
from central.signing import load_secret
from central.tables.users import RecoveryCodeRow, UserRow

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.orm import Session

    from central.settings import Settings

STEP_S = 30
DRIFT_STEPS = 1
RECOVERY_CODES = 10
ISSUER = "Sông Lam"
_SECRET_BYTES = 20
_SIX_DIGITS = re.compile(r"[0-9]{6}")


@dataclass(frozen=True, slots=True)
class Secret:
    """What a person's phone needs to make codes; shown once, at enrolment."""

    base32: str
    uri: str
    qr_url: str
    """A picture of ``uri``: SVG as a ``data:`` address."""


def is_required(settings: Settings, role: str) -> bool:
    """Return whether people of a role must have a second factor."""
    return role in settings.second_factor_roles.split(",")


def begin(session: Session, data_dir: Path, username: str) -> Secret:
    """Give a person a new secret; it means nothing before :func:`confirm`.

    Raises:
        Problem: 409, there is a second factor already.
    """
    user = session.get_one(UserRow, username)
    if user.second_factor_since is not None:
        raise Problem(
            409,
            "second_factor_on",
            "Xác thực hai lớp đang bật. Hãy tắt trước khi thiết lập lại.",
            "The second factor is on. Turn it off before setting it up anew.",
        )
    user.second_factor_salt, user.second_factor_step = secrets.token_urlsafe(_SECRET_BYTES), 0
    totp = _totp(data_dir, user)
    uri = totp.provisioning_uri(name=username, issuer_name=ISSUER)
    picture = segno.make_qr(uri).svg_data_uri(scale=5, light="white")
    return Secret(base32=totp.secret, uri=uri, qr_url=picture)


def confirm(
    session: Session, data_dir: Path, username: str, code: str, now: datetime
) -> list[str] | None:
    """Turn it on when the phone makes the right codes, and return the recovery codes.

    Returns None when the code is not right.

    Raises:
        Problem: 409, there is nothing to confirm.
    """
    user = session.get_one(UserRow, username)
    if user.second_factor_since is not None or not user.second_factor_salt:
        raise Problem(
            409,
            "second_factor_not_begun",
            "Hãy quét mã QR trước.",
            "Scan the QR code first.",
        )
    if not _take_totp(session, data_dir, user, code, now):
        return None
    user.second_factor_since = now
    audit.record(session, now, username, "second_factor_on", ("user", username))
    return _new_recovery_codes(session, username)


def take(session: Session, data_dir: Path, username: str, code: str, now: datetime) -> bool:
    """Take a code of the phone or a recovery code, once; return whether it was right."""
    user = session.get_one(UserRow, username)
    if _take_totp(session, data_dir, user, code, now):
        return True
    used = session.execute(
        delete(RecoveryCodeRow)
        .where(RecoveryCodeRow.username == username, RecoveryCodeRow.code_hash == _hash(code))
        .returning(RecoveryCodeRow.code_hash)
    ).first()
    if used is not None:
        left = codes_left(session, username)
        audit.record(session, now, username, "recovery_code", ("user", username), left=left)
    return used is not None


def renew_codes(session: Session, username: str, now: datetime) -> list[str]:
    """Replace all recovery codes and return the new ones.

    Raises:
        Problem: 409, there is no second factor.
    """
    _check_on(session.get_one(UserRow, username))
    audit.record(session, now, username, "renew_recovery_codes", ("user", username))
    return _new_recovery_codes(session, username)


def turn_off(session: Session, username: str, actor: str, now: datetime) -> None:
    """Turn it off and forget secret and recovery codes.

    Raises:
        Problem: 409, there is no second factor.
    """
    user = session.get_one(UserRow, username)
    _check_on(user)
    user.second_factor_since, user.second_factor_salt = None, ""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.username == username))
    audit.record(session, now, actor, "second_factor_off", ("user", username))


def codes_left(session: Session, username: str) -> int:
    """Return how many recovery codes a person has."""
    own = select(func.count()).where(RecoveryCodeRow.username == username)
    return session.scalars(own).one()


def _check_on(user: UserRow) -> None:
    """Refuse where there is no second factor.

    Raises:
        Problem: 409.
    """
    if user.second_factor_since is None:
        raise Problem(
            409,
            "second_factor_not_on",
            "Xác thực hai lớp chưa bật.",
            "The second factor is not on.",
        )


def _totp(data_dir: Path, user: UserRow) -> TOTP:
    """Return what makes the codes of a person."""
    key = load_secret(data_dir / "second-factor.key")
    text = f"second factor\n{user.username}\n{user.second_factor_salt}"
    secret = hmac.new(key, text.encode(), hashlib.sha256).digest()[:_SECRET_BYTES]
    return TOTP(base64.b32encode(secret).decode(), interval=STEP_S)


def _take_totp(session: Session, data_dir: Path, user: UserRow, code: str, now: datetime) -> bool:
    """Take a code of the phone if it is right and of a later step than the last one taken."""
    typed = "".join(code.split())
    if not _SIX_DIGITS.fullmatch(typed):
        return False
    totp, present = _totp(data_dir, user), int(now.timestamp()) // STEP_S
    steps = range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1)
    fitting = [each for each in steps if hmac.compare_digest(totp.generate_otp(each), typed)]
    if not fitting:
        return False
    # Compared inside the UPDATE: of two log-ins at once with one code, one is refused.
    used = session.execute(
        update(UserRow)
        .where(UserRow.username == user.username, UserRow.second_factor_step < fitting[-1])
        .values(second_factor_step=fitting[-1])
        .returning(UserRow.username)
    ).first()
    return used is not None


def _new_recovery_codes(session: Session, username: str) -> list[str]:
    """Replace a person's recovery codes and return the new ones."""
    session.execute(delete(RecoveryCodeRow).where(RecoveryCodeRow.username == username))
    codes = [new_recovery_code() for _ in range(RECOVERY_CODES)]
    session.add_all(RecoveryCodeRow(username=username, code_hash=_hash(code)) for code in codes)
    return codes


def _hash(code: str) -> str:
    """Return what is stored of a recovery code, however it was typed."""
    return token_hash("".join(sign for sign in code.lower() if sign.isalnum()))
