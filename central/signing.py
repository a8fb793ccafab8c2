"""The centre's keys: made at first use, each kept in one file that only its owner can read.

The Ed25519 key signs: boxes pin its public half, a manifest signed by any other key is refused
there, and the centre's own chain hangs on it. The P-256 key says to push services who is sending;
a browser's subscription is bound to it. The private halves never leave this machine and are never
logged.
"""

from __future__ import annotations

import base64
import os
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE = "centre-ed25519.key"
PUSH_KEY_FILE = "push-p256.key"
_OWNER_ONLY = 0o600


class SigningKey:
    """An Ed25519 key pair."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        """Take the private key."""
        self._private = private

    @property
    def private(self) -> Ed25519PrivateKey:
        """Return the private key, for who signs documents of the contract."""
        return self._private

    @property
    def public_base64(self) -> str:
        """Return the raw 32-byte public key in base64, as a box file wants it."""
        raw = self._private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return base64.b64encode(raw).decode()

    def sign(self, content: bytes) -> str:
        """Return the signature over ``content`` in base64."""
        return base64.b64encode(self._private.sign(content)).decode()


def load_signing_key(data_dir: Path) -> SigningKey:
    """Return the centre's key, made and stored if there is none yet.

    Raises:
        OSError: The file cannot be read or written.
        ValueError: The file does not hold 32 raw bytes.
    """
    file = data_dir / KEY_FILE
    if not file.exists():
        key = Ed25519PrivateKey.generate()
        _store(file, key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption()))
    return SigningKey(Ed25519PrivateKey.from_private_bytes(file.read_bytes()))


def load_push_key(data_dir: Path) -> ec.EllipticCurvePrivateKey:
    """Return the key for push services, made and stored if there is none yet.

    Raises:
        OSError: The file cannot be read or written.
        ValueError: The file does not hold a P-256 key; restore it, or delete it and let every
            browser subscribe anew.
    """
    file = data_dir / PUSH_KEY_FILE
    if not file.exists():
        made = ec.generate_private_key(ec.SECP256R1())
        _store(file, made.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()))
    key = load_der_private_key(file.read_bytes(), password=None)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        raise ValueError(f"{file} does not hold a P-256 key")  # noqa: TRY004 - a wrong file
    return key


def _store(file: Path, raw: bytes) -> None:
    """Write a new key, whole or not at all; another process that was faster wins."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_suffix(f".{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as out:
        out.write(raw)
        out.flush()
        os.fsync(out.fileno())
    try:
        os.link(draft, file)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
