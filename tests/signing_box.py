"""A box that signs, for tests of the centre: its key, its chain, its heads and sealed manifests.

It builds documents with the contract's own functions and keeps the chain in memory.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from edge.contract.chain import (
    MANIFEST_FORMAT,
    NOTHING_BEFORE,
    ChainHead,
    canonical,
    new_entry,
    new_head,
    public_key_of,
    sha256_hex,
    signed,
)
from edge.contract.messages import EvidenceItem, StateMessage
from tests.builders import NOON, state_message

if TYPE_CHECKING:
    from datetime import datetime


@dataclass
class SigningBox:
    """One box with a key and a chain."""

    box_id: str = "n1"
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    lines: list[bytes] = field(default_factory=list)
    sealed_up_to: int = 0
    """How many entries the manifests so far carry."""

    @property
    def public_key(self) -> str:
        """Return the public half in base64."""
        return public_key_of(self.key)

    def append(self, kind: str = "start", **body: Any) -> bytes:
        """Add an entry and return its line."""
        line = new_entry(
            self.key,
            box_id=self.box_id,
            seq=len(self.lines),
            kind=kind,
            at=NOON,
            body=body,
            previous=sha256_hex(self.lines[-1]) if self.lines else NOTHING_BEFORE,
        )
        self.lines.append(line)
        return line

    def grow(self, entries: int) -> SigningBox:
        """Add entries and return itself."""
        for number in range(entries):
            self.append("repair", number=number)
        return self

    def head(self, at: datetime = NOON) -> ChainHead:
        """Return the signed head of the chain as it is."""
        return new_head(
            self.key,
            box_id=self.box_id,
            length=len(self.lines),
            sha256=sha256_hex(self.lines[-1]) if self.lines else NOTHING_BEFORE,
            signed_at=at,
        )

    def state(self, at: datetime = NOON, **given: Any) -> StateMessage:
        """Return a heartbeat with head and key; ``given`` replaces fields."""
        told = {
            "box_id": self.box_id,
            "sent_at": at,
            "chain": self.head(at),
            "public_key": self.public_key,
        }
        return state_message(**(told | given))

    def seal(self, incident_id: str, items: list[EvidenceItem], at: datetime = NOON) -> bytes:
        """Return a sealed manifest that names ``items``, with the entries since the last one."""
        files = [
            {
                "evidence_id": item.evidence_id,
                "kind": item.kind.value,
                "sha256": item.sha256,
                "size_bytes": item.size_bytes,
                "media_type": item.media_type,
                "label": item.label,
                "copy": item.kind in {"playback", "thumbnail"},
            }
            for item in items
        ]
        first = self.sealed_up_to
        manifest = signed(
            {
                "format": MANIFEST_FORMAT,
                "box_id": self.box_id,
                "incident_id": incident_id,
                "files": files,
                "public_key": self.public_key,
                "previous_manifest": None,
                "chain": {
                    "from_seq": first,
                    "seq": len(self.lines),
                    "previous": sha256_hex(self.lines[-1]) if self.lines else NOTHING_BEFORE,
                },
            },
            self.key,
        )
        self.append("evidence", incident_id=incident_id, manifest_sha256=sha256_hex(manifest))
        head = canonical(self.head(at).document(self.box_id))
        entries, self.sealed_up_to = self.lines[first:], len(self.lines)
        return b"\n".join([manifest, *entries, head]) + b"\n"


def evidence_of(content: bytes, evidence_id: str, kind: str, media_type: str) -> EvidenceItem:
    """Return the announcement of a file."""
    return EvidenceItem.model_validate(
        {
            "evidence_id": evidence_id,
            "kind": kind,
            "media_type": media_type,
            "sha256": hashlib.sha256(content).hexdigest(),
            "size_bytes": len(content),
            "starts_at": NOON,
        }
    )
