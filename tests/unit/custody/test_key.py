"""The box's key: made once, kept safe, refused when it is not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from edge.contract.chain import public_key_of
from edge.errors import ConfigError
from edge.evidence.key import load_or_create_key

if TYPE_CHECKING:
    from pathlib import Path


def test_the_first_start_makes_a_key_for_the_box_alone(tmp_path: Path) -> None:
    key = load_or_create_key(tmp_path / "new")
    path = tmp_path / "new" / "box.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert public_key_of(load_or_create_key(tmp_path / "new")) == public_key_of(key)
    assert [entry.name for entry in path.parent.iterdir()] == ["box.key"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o610])
def test_a_key_that_others_could_use_is_refused_with_what_to_do(tmp_path: Path, mode: int) -> None:
    load_or_create_key(tmp_path)
    (tmp_path / "box.key").chmod(mode)
    with pytest.raises(ConfigError, match=r"chmod 600 .*box\.key"):
        load_or_create_key(tmp_path)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN PRIVATE KEY-----\n"])
def test_a_damaged_key_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "box.key"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    os.write(descriptor, content)
    os.close(descriptor)
    with pytest.raises(ConfigError, match="no Ed25519 private key"):
        load_or_create_key(tmp_path)
    assert path.read_bytes() == content


def test_a_key_of_another_kind_is_refused(tmp_path: Path) -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    path = tmp_path / "box.key"
    path.write_bytes(other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o600)
    with pytest.raises(ConfigError, match="no Ed25519 private key"):
        load_or_create_key(tmp_path)


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be read or made"):
        load_or_create_key(tmp_path / "file")
