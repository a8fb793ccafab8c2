"""Random secrets and their stored form.

Tokens of boxes and sessions are 256 random bits, so a plain SHA-256 is as strong as it gets: there
is no dictionary to try, and a slow password hash would only cost time on every request. Passwords
are chosen by people and take Argon2id (:mod:`central.auth.passwords`).
"""

from __future__ import annotations

import hashlib
import secrets

TOKEN_BYTES = 32


def new_token() -> str:
    """Return a new secret of 256 bits, safe in headers, cookies and MQTT passwords."""
    return secrets.token_urlsafe(TOKEN_BYTES)


def token_hash(token: str) -> str:
    """Return what is stored of ``token``: its SHA-256 in hex."""
    return hashlib.sha256(token.encode()).hexdigest()
