"""External identities: which local user a person of the province's directory is.

Invariants:
    * Nobody gets in merely by having an account there: an administrator made the user, and named
      the identity on it, or let a claim name it once (:attr:`Settings.oidc_username_claim`).
    * The link is by issuer and subject, which a provider never gives to another person; names and
      addresses change hands.
    * Roles and communes stay ours.

The functions take a session and leave the commit to their caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from central.auth import audit, second_factor
from central.auth.oidc import ProviderError
from central.problems import Problem
from central.tables.users import IdentityRow, UserRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.auth.oidc import Identity
    from central.settings import Settings


def subjects(session: Session, issuer: str) -> dict[str, str]:
    """Return user name → subject of those who are linked at an issuer."""
    rows = session.scalars(select(IdentityRow).where(IdentityRow.issuer == issuer))
    return {row.username: row.subject for row in rows}


def assign(
    session: Session, thing: tuple[str, str], username: str, actor: str, now: datetime
) -> None:
    """Say who at the provider a user is; ``thing`` is issuer and subject.

    Raises:
        Problem: 409, that is somebody else already.
    """
    issuer, subject = thing
    held = session.get(IdentityRow, thing)
    if held is not None and held.username != username:
        raise Problem(
            409,
            "identity_taken",
            f"Tài khoản ngoài này đã gắn với {held.username}.",
            f"This external identity is {held.username} already.",
        )
    _forget(session, issuer, username)
    session.add(IdentityRow(issuer=issuer, subject=subject, username=username, linked_at=now))
    audit.record(session, now, actor, "link_identity", ("user", username), subject=subject)


def release(session: Session, issuer: str, username: str, actor: str, now: datetime) -> None:
    """Forget who at the provider a user is.

    Raises:
        Problem: 409, they are nobody there.
    """
    if not _forget(session, issuer, username):
        raise Problem(
            409, "no_identity", "Chưa gắn tài khoản ngoài.", "There is no external identity."
        )
    audit.record(session, now, actor, "unlink_identity", ("user", username))


def log_in(session: Session, settings: Settings, found: Identity, now: datetime) -> UserRow:
    """Return the enabled user whom the provider has shown.

    Raises:
        ProviderError: It is nobody here, or their role or choice asks for a second factor and the
            provider has asked for one only.
    """
    row = session.get(IdentityRow, (settings.oidc_issuer, found.subject))
    user = session.get(UserRow, row.username) if row else _named(session, settings, found)
    if user is None or user.disabled:
        why = "disabled" if user else "not linked"
        raise ProviderError("provider_unknown", f"{why}: {found.subject}")
    owed = second_factor.is_required(settings, user.role) or user.second_factor_since is not None
    if owed and not found.two_factors:
        raise ProviderError("provider_one_factor", user.username)
    if row is None:
        thing = (settings.oidc_issuer, found.subject)
        assign(session, thing, user.username, "system", now)
    return user


def _named(session: Session, settings: Settings, found: Identity) -> UserRow | None:
    """Return the user whom the configured claim names, unless they are linked to another."""
    linked = subjects(session, settings.oidc_issuer)
    if not found.username or found.username in linked:
        return None
    return session.get(UserRow, found.username)


def _forget(session: Session, issuer: str, username: str) -> bool:
    """Remove the link of a user at an issuer; return whether there was one."""
    of_theirs = (IdentityRow.issuer == issuer, IdentityRow.username == username)
    gone = session.execute(delete(IdentityRow).where(*of_theirs).returning(IdentityRow.subject))
    return gone.first() is not None
