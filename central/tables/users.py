"""Tables of people: users, how they log in, failed attempts, and the audit log with its checks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from central.tables.base import Row


class UserRow(Row):
    """A person who may log in."""

    __tablename__ = "users"

    username: Mapped[str] = mapped_column(String(64), primary_key=True)
    display_name: Mapped[str] = mapped_column(String(120))
    role: Mapped[str] = mapped_column(String(20))
    password_hash: Mapped[str] = mapped_column(String(255))
    """Argon2id; the password itself is nowhere."""
    must_change_password: Mapped[bool]
    disabled: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    areas: Mapped[list[Any]] = mapped_column(default=lambda: ["*"], server_default='["*"]')
    """Codes of the communes whose things they see; ``*`` is the whole province."""
    second_factor_since: Mapped[datetime | None]
    """Since when they log in with codes of their phone too; None: by password alone."""
    second_factor_salt: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """What their secret is derived with; the secret itself is nowhere."""
    second_factor_step: Mapped[int] = mapped_column(default=0, server_default="0")
    """The time step of the last code taken, so that none is taken twice."""


class RecoveryCodeRow(Row):
    """One way in without the phone, as a hash; deleted when it is used."""

    __tablename__ = "recovery_codes"

    username: Mapped[str] = mapped_column(
        ForeignKey("users.username", ondelete="CASCADE"), primary_key=True
    )
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)


class PasskeyRow(Row):
    """A key pair of a person's phone, computer or stick; its private half never leaves there."""

    __tablename__ = "passkeys"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    username: Mapped[str] = mapped_column(
        ForeignKey("users.username", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(String(60))
    """What its owner calls it."""
    credential_id: Mapped[str] = mapped_column(String(1400), unique=True)
    """Chosen by the authenticator, at most 1,023 bytes; base64url, as all that follows."""
    user_handle: Mapped[str] = mapped_column(String(90))
    """Random; the same for all passkeys of a person, and says nothing about who that is."""
    public_key: Mapped[str] = mapped_column(String(4000))
    """In COSE's form."""
    sign_count: Mapped[int] = mapped_column(BigInteger)
    """What the authenticator last counted; 0 for ever where it does not count."""
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    cloned_at: Mapped[datetime | None]
    """When its counter went back: two of it exist, and neither logs in any more."""


class HandshakeRow(Row):
    """A random number given out for one log-in or one new passkey; deleted when it comes back."""

    __tablename__ = "handshakes"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[str] = mapped_column(String(20))
    username: Mapped[str] = mapped_column(String(64))
    """Whose it is; empty where that is only found out."""
    detail: Mapped[dict[str, Any]]
    """What else must fit when it comes back."""
    expires_at: Mapped[datetime] = mapped_column(index=True)


class IdentityRow(Row):
    """Which user a person of an external provider is."""

    __tablename__ = "identities"
    __table_args__ = (UniqueConstraint("issuer", "username"),)

    issuer: Mapped[str] = mapped_column(String(255), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    """What the issuer calls them, and never anybody else."""
    username: Mapped[str] = mapped_column(
        ForeignKey("users.username", ondelete="CASCADE"), index=True
    )
    linked_at: Mapped[datetime]


class SavedFilterRow(Row):
    """A filter of the queue that a person keeps under a name."""

    __tablename__ = "saved_filters"

    username: Mapped[str] = mapped_column(
        ForeignKey("users.username", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(60), primary_key=True)
    query: Mapped[str] = mapped_column(String(500))
    """As it stands in the address bar, without the question mark."""


class LoginRow(Row):
    """A browser that is logged in; the cookie's token is stored as a hash only."""

    __tablename__ = "logins"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    username: Mapped[str] = mapped_column(
        ForeignKey("users.username", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    way: Mapped[str] = mapped_column(String(10), default="password", server_default="password")
    """How they proved who they are: see :class:`central.auth.schemas.Way`."""


class LoginFailureRow(Row):
    """Failed attempts for one user name or one address; deleted on success or after a day."""

    __tablename__ = "login_failures"

    key: Mapped[str] = mapped_column(String(160), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime]
    blocked_until: Mapped[datetime | None]


class AuditRow(Row):
    """Who did or saw what; a trigger refuses changes and deletions."""

    __tablename__ = "audit_log"
    __table_args__ = (
        Index("ix_audit_log_object", "object_kind", "object_id", "at"),
        Index("ix_audit_log_at", "at", "id"),
        Index("ix_audit_log_actor", "actor", "at", "id"),
        Index("ix_audit_log_action", "action", "at", "id"),
        Index("ix_audit_log_kind", "object_kind", "at", "id"),
        {"sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(40))
    object_kind: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any]]
    previous: Mapped[str] = mapped_column(String(64))
    """``sha256`` of the line before; zeros before the first."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Over this line and ``previous``; see :mod:`central.auth.audit`."""


class AuditCheckpointRow(Row):
    """The head of the audit log, signed now and then; a trigger refuses changes and deletions."""

    __tablename__ = "audit_checkpoints"

    last_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """The audit line that it is about: lines are numbered without gap."""
    sha256: Mapped[str] = mapped_column(String(64))
    signed_at: Mapped[datetime]
    public_key: Mapped[str] = mapped_column(String(64))
    """Base64 of the 32 raw bytes of the Ed25519 key that signed."""
    signature: Mapped[str] = mapped_column(String(120))


class AuditCheckRow(Row):
    """One check of the whole audit log, asked for by a person or by the time of day."""

    __tablename__ = "audit_checks"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    requested_at: Mapped[datetime]
    requested_by: Mapped[str] = mapped_column(String(64))
    finished_at: Mapped[datetime | None]
    """None: it waits, or is under way."""
    lines: Mapped[int] = mapped_column(default=0)
    checkpoints: Mapped[int] = mapped_column(default=0)
    events: Mapped[int] = mapped_column(default=0)
    fault_count: Mapped[int] = mapped_column(default=0)
    faults: Mapped[list[Any]] = mapped_column(default=list)
    """The first of them, as ``verify-audit`` words them."""
