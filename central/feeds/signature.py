"""Signatures of webhooks: HMAC-SHA-256 over time and body, and how secrets are kept.

Invariants:
    * A secret is derived from the centre's feed key and a salt per feed; only the salt is in the
      database. A new salt is a new secret.
    * A signature is compared in constant time and holds for five minutes either way.

Source: the scheme of signed webhooks with a time stamp inside the signed text, as payment services
publish it; RFC 2104 for HMAC. Replay of the same request is refused by the caller, who remembers
signatures.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from central.signing import SECRET_BYTES, load_secret

if TYPE_CHECKING:
    from pathlib import Path

WINDOW = timedelta(minutes=5)
"""How far the sender's clock may be off. Source: the console's agreement on webhooks."""
KEY_BYTES = SECRET_BYTES
_PREFIX = "sha256="


class SignatureError(Exception):
    """A webhook does not prove who sent it; ``code`` is for programs."""

    def __init__(self, code: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.code = code


def load_feed_key(data_dir: Path) -> bytes:
    """Return the centre's feed key, made at first use in a file that only its owner may read.

    Raises:
        ValueError: The file is not a feed key; restore it, or delete it to make every secret void.
    """
    return load_secret(data_dir / "feed.key")


def new_salt() -> str:
    """Return a salt for a new secret."""
    return secrets.token_urlsafe(KEY_BYTES)


def derive_secret(feed_key: bytes, feed: str, salt: str) -> str:
    """Return the secret of ``feed``, as its owner was once shown it."""
    return hmac.new(feed_key, f"feed\n{feed}\n{salt}".encode(), hashlib.sha256).hexdigest()


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Return the value of the signature header for ``body`` sent at ``timestamp``."""
    mac = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return _PREFIX + mac.hexdigest()


def verify(secret: str, timestamp: str, signature: str, body: bytes, now: datetime) -> str:
    """Return the signature in hex when it is right and recent.

    ``timestamp`` is seconds since 1970 in UTC as the sender wrote them; ``signature`` the header,
    ``sha256=`` and 64 hex digits.

    Raises:
        SignatureError: The header is malformed, the signature is wrong, or the time is outside
            the window; nothing tells a guesser how wrong.
    """
    if not hmac.compare_digest(sign(secret, timestamp, body).encode(), signature.encode()):
        raise SignatureError("bad_signature", "the signature does not fit body and timestamp")
    try:
        sent_at = datetime.fromtimestamp(int(timestamp), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise SignatureError("bad_timestamp", "want seconds since 1970, UTC") from error
    if abs(now - sent_at) > WINDOW:
        raise SignatureError(
            "too_old", f"signed at {sent_at.isoformat()}, more than {WINDOW} from now"
        )
    return signature.removeprefix(_PREFIX)
