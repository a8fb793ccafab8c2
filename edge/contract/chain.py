"""What a signed chain, its head and a manifest of evidence look like, and how they are signed.

A chain is an append-only file of JSON lines. Each entry names the SHA-256 of the line before it, so
nothing can be changed, taken out or put in between unseen; a signed head (``ChainHead``) kept
elsewhere shows a cut-off tail. Boxes write theirs in :mod:`edge.evidence.chain`; the centre's own
records of deletion have the same form.

A *sealed manifest* is the evidence file of kind ``manifest``: JSON lines, first the manifest, then
the entries of the chain up to and with the one that names it, last the signed head at that length.

Invariants:
    * A signed document is one JSON object in canonical form: keys sorted, no spaces, UTF-8. Its
      bytes are the only spelling that verifies.
    * What is signed says what it is (``format``) and whose (``box_id``): one kind of signature can
      never pass for another.

This module reads and writes no file and keeps no key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ENTRY_FORMAT = "songlam-entry/1"
HEAD_FORMAT = "songlam-head/1"
MANIFEST_FORMAT = "songlam-manifest/1"
NOTHING_BEFORE = "0" * 64
"""The ``previous`` of the first entry, and the ``sha256`` of an empty chain."""


class ChainProblem(ValueError):  # noqa: N818  # it names what is wrong with a document, not a fault
    """A signed document is not what it should be; the text says which and why."""


class ChainEntry(BaseModel):
    """One line of a chain, as read; to verify it, take the line itself."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    seq: int = Field(ge=0)
    kind: Literal["start", "evidence", "deletion", "hold", "release", "repair"]
    at: AwareDatetime
    box_id: str
    body: dict[str, Any]
    previous: str
    signature: str


class ChainHead(BaseModel):
    """How long a chain is and what its last line hashes to, signed by who writes the chain."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    length: int = Field(ge=0)
    sha256: str
    signed_at: AwareDatetime
    signature: str

    def document(self, box_id: str) -> dict[str, Any]:
        """Return the signed document: this head with its format and whose it is."""
        return {
            **head_body(box_id, self.length, self.sha256, self.signed_at),
            "signature": self.signature,
        }

    def is_signed_by(self, public_key: str, box_id: str) -> bool:
        """Tell whether the holder of a key (base64) signed this head for a box."""
        return is_signed(self.document(box_id), public_key)


@dataclass(frozen=True, slots=True)
class SealedManifest:
    """A manifest with the entries of the chain that lead to it and the head at that length."""

    manifest: dict[str, Any]
    entries: tuple[ChainEntry, ...]
    head: ChainHead
    lines: tuple[bytes, ...]
    """The entries' own lines, to be kept and hashed."""


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the one byte string of a document that is hashed and signed.

    Raises:
        ValueError: It holds a number that JSON does not know.
    """
    text = json.dumps(
        document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def sha256_hex(content: bytes) -> str:
    """Return the SHA-256 of bytes in hex."""
    return hashlib.sha256(content).hexdigest()


def signed(document: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """Return the canonical bytes of a document with its ``signature`` in it."""
    signature = base64.b64encode(key.sign(canonical(document))).decode()
    return canonical({**document, "signature": signature})


def is_signed(document: Mapping[str, Any], public_key: str) -> bool:
    """Tell whether a document was signed by the holder of a key.

    Args:
        document: With its ``signature``.
        public_key: Base64 of the 32 raw bytes.
    """
    unsigned = {name: value for name, value in document.items() if name != "signature"}
    try:
        signature = base64.b64decode(document["signature"], validate=True)
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(signature, canonical(unsigned))
    except (binascii.Error, KeyError, TypeError, ValueError, InvalidSignature):
        return False
    # Base64 has several spellings of the same bytes; only one of them is ours.
    return bool(base64.b64encode(signature).decode() == document["signature"])


def public_key_of(key: Ed25519PrivateKey) -> str:
    """Return the public half as it is pinned and sent: base64 of 32 raw bytes."""
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def new_entry(  # noqa: PLR0913  # these are the entry's fields
    key: Ed25519PrivateKey,
    *,
    box_id: str,
    seq: int,
    kind: str,
    at: datetime,
    body: Mapping[str, Any],
    previous: str,
) -> bytes:
    """Return the signed line of an entry, without its line end."""
    fields = {
        "format": ENTRY_FORMAT,
        "box_id": box_id,
        "seq": seq,
        "kind": kind,
        "at": at.isoformat(),
        "body": body,
        "previous": previous,
    }
    return signed(fields, key)


def new_head(
    key: Ed25519PrivateKey, *, box_id: str, length: int, sha256: str, signed_at: datetime
) -> ChainHead:
    """Return the signed head of a chain of ``length`` entries whose last line has ``sha256``."""
    document = json.loads(signed(head_body(box_id, length, sha256, signed_at), key))
    return ChainHead.model_validate(document)


def head_body(box_id: str, length: int, sha256: str, signed_at: datetime) -> dict[str, Any]:
    """Return what the signature of a head is over."""
    return {
        "format": HEAD_FORMAT,
        "box_id": box_id,
        "length": length,
        "sha256": sha256,
        "signed_at": signed_at.isoformat(),
    }


def parse_line(line: bytes, public_key: str, form: str, box_id: str) -> dict[str, Any]:
    """Return the document of one line once spelling, format, owner and signature are right.

    Raises:
        ChainProblem: One of them is not.
    """
    try:
        document = json.loads(line)
        spelled = canonical(document)
    except (ValueError, TypeError, AttributeError) as error:
        raise ChainProblem(f"is no JSON object: {error}") from error
    if not isinstance(document, dict) or spelled != line:
        raise ChainProblem("is not in canonical form")
    if document.get("format") != form or document.get("box_id") != box_id:
        raise ChainProblem(f"is not a {form} of {box_id}")
    if not is_signed(document, public_key):
        raise ChainProblem(f"is not signed by the key of {box_id}")
    return document


def check_entries(
    lines: Iterable[bytes], public_key: str, box_id: str, previous: str | None = None
) -> list[ChainEntry]:
    """Return entries that follow one another and are signed.

    Args:
        lines: In the order of the chain.
        public_key: Base64, of who must have signed them.
        box_id: Whose chain it is.
        previous: The hash that the first line must name; None takes any.

    Raises:
        ChainProblem: Naming the first line that is wrong, from 1.
    """
    entries: list[ChainEntry] = []
    for number, line in enumerate(lines, start=1):
        try:
            entry = ChainEntry.model_validate(parse_line(line, public_key, ENTRY_FORMAT, box_id))
        except ValueError as error:
            raise ChainProblem(f"chain line {number}: {error}") from error
        if entries and entry.seq != entries[-1].seq + 1:
            raise ChainProblem(f"chain line {number}: entry {entries[-1].seq + 1} is missing")
        if previous is not None and entry.previous != previous:
            raise ChainProblem(f"chain line {number}: does not follow the entry before it")
        entries.append(entry)
        previous = sha256_hex(line)
    return entries


def parse_sealed(content: bytes, public_key: str, box_id: str) -> SealedManifest:
    """Return a sealed manifest whose signatures, order and head are right.

    Raises:
        ChainProblem: Saying what is wrong. The files it names are the caller's to check.
    """
    if not content.endswith(b"\n"):
        raise ChainProblem("the last line is cut off")
    first, *lines, last = content[:-1].split(b"\n")
    try:
        manifest = parse_line(first, public_key, MANIFEST_FORMAT, box_id)
        head = ChainHead.model_validate(parse_line(last, public_key, HEAD_FORMAT, box_id))
    except ValueError as error:
        raise ChainProblem(f"the manifest or its head {error}") from error
    entries = check_entries(lines, public_key, box_id)
    if not entries or (head.length, head.sha256) != (entries[-1].seq + 1, sha256_hex(lines[-1])):
        raise ChainProblem("the entries do not end at the head")
    own = entries[-1]
    if own.kind != "evidence" or own.body.get("manifest_sha256") != sha256_hex(first):
        raise ChainProblem("the last entry does not name this manifest")
    return SealedManifest(manifest, tuple(entries), head, tuple(lines))
