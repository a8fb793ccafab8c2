"""The box's own key: Ed25519, made at the first start, never leaves the box.

Invariants:
    * The file can be read and written by the box's user alone; with any other permission the box
      refuses to start, since a key that others could read proves nothing.
    * An existing file is never overwritten: a new key is a new identity, which the centre asks a
      technician about.

A TPM would go here: whatever signs 32 bytes and tells its public half can stand in for the file
(``Chain`` and manifests use ``sign`` and ``public_key`` only). None is supported yet.
"""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

KEY_FILE = "box.key"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def load_or_create_key(data_dir: Path) -> Ed25519PrivateKey:
    """Return the box's key; at the first start it is made.

    Raises:
        ConfigError: Others may read it, it is no Ed25519 key, or it cannot be written.
    """
    path = data_dir / KEY_FILE
    try:
        if not path.exists():
            _create(path)
        mode = stat.S_IMODE(path.stat().st_mode)
        if mode & OTHERS:
            problem = f"{path}: its permissions are {mode:04o}, so others may use the box's key"
            raise ConfigError([f"{problem}; run: chmod 600 {path}"])
        key = load_pem_private_key(path.read_bytes(), password=None)
    except OSError as error:
        problem = f"{path}: the box's key cannot be read or made: {error.strerror}"
        raise ConfigError([f"{problem}; is data_dir writable by the box's user?"]) from error
    except ValueError as error:
        raise ConfigError([_unusable(path)]) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError([_unusable(path)])
    return key


def _create(path: Path) -> None:
    """Write a new key, whole or not at all.

    Raises:
        OSError: The disk refuses.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    part = path.with_name(f".{path.name}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    part.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _unusable(path: Path) -> str:
    """Return what is wrong and what to do."""
    return (
        f"{path}: is no Ed25519 private key in PEM; put the box's key back from its backup, or "
        "move the file away: a new key is made, and the centre asks a technician to accept it"
    )
