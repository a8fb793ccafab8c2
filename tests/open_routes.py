"""What the centre answers without a gate; the scope matrix holds it against the application."""

from __future__ import annotations

OPEN = {
    ("POST", "/api/v1/session"): "the log-in itself",
    ("GET", "/api/v1/session"): "who am I",
    ("DELETE", "/api/v1/session"): "log out",
    ("POST", "/api/v1/session/password"): "one's own password",
    ("GET", "/api/v1/session/second-factor"): "one's own, owed or not",
    ("POST", "/api/v1/session/second-factor"): "one's own; the password again",
    ("POST", "/api/v1/session/second-factor/confirm"): "one's own; a code of the phone",
    ("POST", "/api/v1/session/second-factor/recovery-codes"): "one's own; the password again",
    ("POST", "/api/v1/session/second-factor/remove"): "one's own; the password again",
    ("GET", "/api/v1/session/ways"): "the log-in itself",
    ("POST", "/api/v1/session/provider"): "the log-in itself",
    ("GET", "/api/v1/session/provider/return"): "the log-in itself; cookie and state must fit",
    ("POST", "/api/v1/session/passkey/challenge"): "the log-in itself",
    ("POST", "/api/v1/session/passkey"): "the log-in itself",
    ("GET", "/api/v1/session/passkeys"): "one's own, owed or not",
    ("POST", "/api/v1/session/passkeys"): "one's own; the password again",
    ("POST", "/api/v1/session/passkeys/confirm"): "one's own; what the device made",
    ("PATCH", "/api/v1/session/passkeys/{passkey_id}"): "one's own; another's is not found",
    ("POST", "/api/v1/session/passkeys/{passkey_id}/remove"): "one's own; the password again",
    ("POST", "/api/v1/feeds/{code}/webhook"): "signed by the feed's own secret",
    ("GET", "/healthz"): "for the supervisor",
    ("GET", "/readyz"): "for the supervisor",
    ("GET", "/metrics"): "its own token, or loopback",
}
"""Routes without a gate, each with the reason; a new one does not get here by itself."""
