"""A phone with passkeys, in software: it makes key pairs and signs as an authenticator does.

Source: W3C Web Authentication level 3, sections 6.1 (authenticator data) and 6.5 (attestation).
"""

from __future__ import annotations

import hashlib
import json
import secrets
import struct
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, encode_cbor

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


@dataclass
class Device:
    """One authenticator, at a page of ``origin``; its attributes are what goes wrong in tests."""

    origin: str
    verifies: bool = True
    """Whether it asks for finger, face or PIN."""
    count: int = 0
    counts: bool = True
    """Whether its counter goes up; synchronised passkeys stay at 0."""
    fresh: bool = True
    """Whether each passkey has an id of its own."""
    keys: dict[str, ec.EllipticCurvePrivateKey] = field(default_factory=dict)
    handle: str = ""

    def make(self, options: dict[str, Any], name: str = "Điện thoại") -> dict[str, Any]:
        """Return a new passkey, as the console sends it."""
        key = ec.generate_private_key(ec.SECP256R1())
        raw_id = secrets.token_bytes(32) if self.fresh else bytes(32)
        credential_id = bytes_to_base64url(raw_id)
        self.keys[credential_id], self.handle = key, options["user_handle"]
        attested = bytes(16) + struct.pack(">H", len(raw_id)) + raw_id + _cose(key)
        data = self._data(options["rp_id"], ATTESTED) + attested
        return {
            "name": name,
            "challenge": options["challenge"],
            "credential_id": credential_id,
            "client_data": self._client_data("webauthn.create", options["challenge"]),
            "attestation": bytes_to_base64url(
                encode_cbor({"fmt": "none", "attStmt": {}, "authData": data})
            ),
        }

    def prove(self, options: dict[str, Any], credential_id: str = "") -> dict[str, Any]:
        """Return what it signs for a log-in, as the console sends it."""
        chosen = credential_id or next(iter(self.keys))
        data = self._data(options["rp_id"])
        client_data = self._client_data("webauthn.get", options["challenge"])
        signed = data + hashlib.sha256(base64url_to_bytes(client_data)).digest()
        signature = self.keys[chosen].sign(signed, ec.ECDSA(hashes.SHA256()))
        return {
            "challenge": options["challenge"],
            "credential_id": chosen,
            "client_data": client_data,
            "authenticator_data": bytes_to_base64url(data),
            "signature": bytes_to_base64url(signature),
            "user_handle": self.handle,
        }

    def _data(self, rp_id: str, more: int = 0) -> bytes:
        """Return the authenticator data up to the counter, which goes up."""
        self.count += self.counts
        flags = PRESENT | (VERIFIED if self.verifies else 0) | more
        return hashlib.sha256(rp_id.encode()).digest() + struct.pack(">BI", flags, self.count)

    def _client_data(self, kind: str, challenge: str) -> str:
        """Return what the browser says of the page."""
        told = {"type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": False}
        return bytes_to_base64url(json.dumps(told).encode())


def _cose(key: ec.EllipticCurvePrivateKey) -> bytes:
    """Return the public key in COSE's form: EC2, ES256, P-256."""
    point = key.public_key().public_numbers()
    x, y = point.x.to_bytes(32, "big"), point.y.to_bytes(32, "big")
    return encode_cbor({1: 2, 3: -7, -1: 1, -2: x, -3: y})
