"""Random numbers given out for one log-in or one new passkey: each counts once, for a short time.

They are kept here, as hashes, and deleted when they come back, right or wrong; so an answer that
somebody recorded is good for nothing. The functions leave the commit to their caller.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import delete

from central.auth.tokens import new_token, token_hash
from central.tables.users import HandshakeRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

LIFETIME = timedelta(minutes=5)
"""Source: WebAuthn level 3, section 15.1 (a ceremony with user verification: 5 to 10 minutes)."""


class Purpose(StrEnum):
    """What a handshake is for; it is good for nothing else."""

    NEW_PASSKEY = "new_passkey"
    PASSKEY = "passkey"
    PROVIDER = "provider"


def begin(
    session: Session, purpose: Purpose, now: datetime, username: str = "", **detail: str
) -> str:
    """Return a new random number that counts once within :data:`LIFETIME`."""
    token = new_token()
    session.add(
        HandshakeRow(
            token_hash=token_hash(token),
            purpose=purpose,
            username=username,
            detail=dict(detail),
            expires_at=now + LIFETIME,
        )
    )
    return token


def take(
    session: Session, purpose: Purpose, token: str, now: datetime, username: str = ""
) -> dict[str, str] | None:
    """Take one back; return its detail, or None when it is unknown, used, too old or another's."""
    taken = session.execute(
        delete(HandshakeRow)
        .where(
            HandshakeRow.token_hash == token_hash(token),
            HandshakeRow.purpose == purpose,
            HandshakeRow.username == username,
        )
        .returning(HandshakeRow.detail, HandshakeRow.expires_at)
    ).first()
    if taken is None or taken.expires_at <= now:
        return None
    detail: dict[str, str] = taken.detail
    return detail


def forget_expired(session: Session, now: datetime) -> None:
    """Delete those that nobody brought back in time."""
    session.execute(delete(HandshakeRow).where(HandshakeRow.expires_at <= now))
