"""Web Push as its three RFCs have it: what only one browser can read, from a sender it knows.

Pure: no network, no database, no files. Written on the primitives of ``cryptography``; a test holds
it to the example that RFC 8291 publishes.

Source: RFC 8030 (delivery), RFC 8188 and RFC 8291 (encryption), RFC 8292 (VAPID).
"""

from __future__ import annotations

import json
import os
import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from collections.abc import Collection

RECORD_BYTES = 4096
"""Declared size of the one record. Source: RFC 8291 §4: push services take no more."""
PADDED_BYTES = 512
"""Every message is as long as any other, so that its length does not tell what it is about."""
SALT_BYTES, SECRET_BYTES, KEY_BYTES, NONCE_BYTES = 16, 32, 16, 12
"""Source: RFC 8188 §2.1–2.3, RFC 8291 §3.4."""
LAST_RECORD = b"\x02"
COORDINATE_BYTES = 32
TOKEN_LIFE_S = 12 * 3600
"""Source: RFC 8292 §2: at most 24 hours."""
LOOPBACK = frozenset({"127.0.0.1", "localhost"})


@dataclass(frozen=True, slots=True)
class Browser:
    """Where a browser is reached, and the keys with which it reads; it gives both itself."""

    endpoint: str
    p256dh: str
    auth: str


def encrypt(
    plain: bytes,
    browser: Browser,
    *,
    padded_bytes: int = PADDED_BYTES,
    sender: ec.EllipticCurvePrivateKey | None = None,
    salt: bytes | None = None,
) -> bytes:
    """Return ``plain`` as the body that only ``browser`` can read (``aes128gcm``).

    Args:
        plain: What it is to read.
        browser: Who reads it.
        padded_bytes: How long the text is made at least, its mark included.
        sender: Key of this one message; None: a new one, as it must be outside tests.
        salt: 16 random bytes; None: new ones.

    Raises:
        ValueError: The browser's key is no point of the curve.
    """
    sender = sender or ec.generate_private_key(ec.SECP256R1())
    salt = salt or os.urandom(SALT_BYTES)
    theirs, ours = decoded(browser.p256dh), _point(sender)
    shared = sender.exchange(ec.ECDH(), public_point(browser.p256dh))
    context = b"WebPush: info\x00" + theirs + ours
    secret = _derived(shared, decoded(browser.auth), context, SECRET_BYTES)
    key = _derived(secret, salt, b"Content-Encoding: aes128gcm\x00", KEY_BYTES)
    nonce = _derived(secret, salt, b"Content-Encoding: nonce\x00", NONCE_BYTES)
    record = (plain + LAST_RECORD).ljust(padded_bytes, b"\x00")
    head = salt + struct.pack("!IB", RECORD_BYTES, len(ours)) + ours
    return head + AESGCM(key).encrypt(nonce, record, None)


def authorization(
    key: ec.EllipticCurvePrivateKey, endpoint: str, contact: str, now_s: float
) -> str:
    """Return the header with which a sender names itself to the push service of ``endpoint``.

    Args:
        key: The centre's push key.
        endpoint: Where the message goes.
        contact: ``mailto:`` or ``https:`` address of who runs the centre.
        now_s: Seconds since 1970, UTC.
    """
    place = urlsplit(endpoint)
    claims = {
        "aud": f"{place.scheme}://{place.netloc}",
        "exp": int(now_s) + TOKEN_LIFE_S,
        "sub": contact,
    }
    head = {"typ": "JWT", "alg": "ES256"}
    signed = ".".join(encoded(json.dumps(part).encode()) for part in (head, claims))
    r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
    signature = r.to_bytes(COORDINATE_BYTES) + s.to_bytes(COORDINATE_BYTES)
    return f"vapid t={signed}.{encoded(signature)}, k={public_key(key)}"


def public_key(key: ec.EllipticCurvePrivateKey) -> str:
    """Return the public half as browsers want it when they subscribe."""
    return encoded(_point(key))


def public_point(p256dh: str) -> ec.EllipticCurvePublicKey:
    """Return a browser's public key.

    Raises:
        ValueError: It is no point of the curve.
    """
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), decoded(p256dh))


def is_push_service(endpoint: str, services: Collection[str]) -> bool:
    """Return whether an address is of one of the push services that the installation allows.

    A browser names the address, so this keeps it from sending the centre to anywhere else. Plain
    HTTP is for a service on this machine, as tests have.
    """
    try:
        place = urlsplit(endpoint)
        host, port = place.hostname or "", place.port
    except ValueError:
        return False
    if place.username is not None or not any(_is_of(host, service) for service in services):
        return False
    return host in LOOPBACK or (place.scheme == "https" and port in {None, 443})


def _is_of(host: str, service: str) -> bool:
    """Return whether a host is a service's, or below it."""
    return host == service or host.endswith(f".{service}")


def encoded(raw: bytes) -> str:
    """Return bytes in base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Return the bytes of base64url, padded or not.

    Raises:
        ValueError: It is none.
    """
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _point(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public half as 65 raw bytes."""
    return key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _derived(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """Return ``length`` bytes of HKDF-SHA-256."""
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=salt, info=info).derive(secret)
