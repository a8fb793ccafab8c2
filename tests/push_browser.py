"""A browser that subscribed to Web Push, and its push service's checks: it really reads a message.

Written from the RFCs with HMAC alone, so that it shares no code with what it tests. Beside
:func:`tests.gateways.http_gateway`, which takes the messages.
"""

from __future__ import annotations

import hmac
import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if TYPE_CHECKING:
    from tests.gateways import Posted

CURVE = ec.SECP256R1()


def text_of(raw: bytes) -> str:
    """Return bytes in base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def bytes_of(text: str) -> bytes:
    """Return the bytes of base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def hkdf(salt: bytes, secret: bytes, info: bytes, length: int) -> bytes:
    """Return one block of RFC 5869's key derivation."""
    extracted = hmac.new(salt, secret, sha256).digest()
    return hmac.new(extracted, info + b"\x01", sha256).digest()[:length]


@dataclass
class PushBrowser:
    """A subscribed browser."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(CURVE))
    secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def point(self) -> bytes:
        """Return the public key, 65 bytes."""
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def subscription(self) -> dict[str, Any]:
        """Return what the page sends to the centre."""
        keys = {"p256dh": text_of(self.point), "auth": text_of(self.secret)}
        return {"endpoint": self.endpoint, "keys": keys}

    def read(self, body: bytes) -> bytes:
        """Return the text of a message. Source: RFC 8188 §2.1, RFC 8291 §3.4 and §4."""
        salt, size, length = body[:16], int.from_bytes(body[16:20]), body[20]
        sender, record = body[21 : 21 + length], body[21 + length :]
        assert len(record) <= size <= 4096
        shared = self.key.exchange(
            ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(CURVE, sender)
        )
        secret = hkdf(self.secret, shared, b"WebPush: info\x00" + self.point + sender, 32)
        key = hkdf(salt, secret, b"Content-Encoding: aes128gcm\x00", 16)
        nonce = hkdf(salt, secret, b"Content-Encoding: nonce\x00", 12)
        padded = AESGCM(key).decrypt(nonce, record, None).rstrip(b"\x00")
        assert padded.endswith(b"\x02")
        return padded[:-1]

    def told(self, posted: Posted) -> dict[str, Any]:
        """Return what the worker of the page is told, as its push service lets it through."""
        assert posted.headers["Content-Encoding"] == "aes128gcm"
        assert int(posted.headers["TTL"]) > 0
        parsed: dict[str, Any] = json.loads(self.read(posted.raw))
        return parsed


def sender_of(header: str) -> tuple[str, dict[str, Any]]:
    """Return (public key, claims) of a VAPID header whose signature is right. Source: RFC 8292."""
    scheme, _, fields = header.partition(" ")
    assert scheme == "vapid"
    told = dict(part.strip().split("=", 1) for part in fields.split(","))
    signed, _, signature = told["t"].rpartition(".")
    raw = bytes_of(signature)
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:])
    public = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, bytes_of(told["k"]))
    public.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256()))
    head, claims = (json.loads(bytes_of(part)) for part in signed.split("."))
    assert head == {"typ": "JWT", "alg": "ES256"}
    return told["k"], claims
