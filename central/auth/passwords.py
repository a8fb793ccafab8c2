"""Passwords: Argon2id for storage, random ones for first use, and recovery codes.

Parameters are argon2-cffi's defaults. Source: RFC 9106, second recommended option.
"""

from __future__ import annotations

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""No i, l, o, 0 or 1: one-time passwords are read from a screen and typed."""
_GROUPS = 4
_GROUP_LENGTH = 5
_RECOVERY_GROUP_LENGTH = 6


def new_password() -> str:
    """Return a one-time password of 99 random bits in four groups."""
    return _readable(_GROUP_LENGTH)


def new_recovery_code() -> str:
    """Return a recovery code of 118 random bits in four groups.

    With 112 bits or more a plain hash is enough to store it. Source: OWASP ASVS 5.0, 6.5.2.
    """
    return _readable(_RECOVERY_GROUP_LENGTH)


def _readable(length: int) -> str:
    """Return four random groups of ``length`` letters and digits."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(length)) for _ in range(_GROUPS))
    return "-".join(groups)


def hash_password(password: str) -> str:
    """Return the Argon2id hash of ``password`` with its salt and parameters."""
    return _HASHER.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Return whether ``password`` fits ``stored``; None stands for an unknown user.

    An unknown user costs the same time as a known one, so time tells nobody which names exist.
    """
    try:
        _HASHER.verify(stored or _nobody(), password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _nobody() -> str:
    """Return the hash of a password that nobody has."""
    return _HASHER.hash(secrets.token_urlsafe())
