"""The box's chain: an append-only file of signed lines, each naming the hash of the one before.

``<data_dir>/chain.jsonl`` holds starts, manifests of evidence, deletions, holds, releases and
repairs; :mod:`edge.contract.chain` says how a line looks. A heartbeat carries the signed head.

Invariants:
    * An entry is on disk when :meth:`Chain.append` has returned; other processes
      (``python -m edge hold``) may append too, one at a time, and each takes in what others wrote.
    * Nothing is ever rewritten. A last line torn by a power loss is put aside in a file of its own
      and a ``repair`` entry says so; any other damage stays as it is, is told (``problem``), and
      the chain goes on behind it.

Nothing is judged here beyond order and spelling at the start: :mod:`edge.contract.verify` checks
every signature.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from edge.contract.chain import (
    NOTHING_BEFORE,
    ChainHead,
    canonical,
    is_signed,
    new_entry,
    new_head,
    public_key_of,
    sha256_hex,
    signed,
)
from edge.contract.messages import UtcTime
from edge.evidence.chain_file import ChainFile
from edge.holds import Hold

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from edge.clock import Clock
    from edge.counters import Counters

REMEMBERED = 1_000
"""Incidents whose newest manifest is remembered, so that a further one can name it."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Place:
    """Where in the chain a manifest is about to stand.

    Attributes:
        from_seq: First entry of the segment that is sealed with it.
        previous: Hash of the entry before its own.
        earlier: SHA-256 of the incident's manifest before this one; None for the first.
        number: 1 for the incident's first manifest, 2 for the next.
    """

    from_seq: int
    seq: int
    previous: str
    earlier: str | None
    number: int


class VideoPlace(BaseModel):
    """Where in the recorded video an incident is, as the entry of its manifest says."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    incident_id: str
    camera_id: str
    from_at: UtcTime = Field(alias="from")
    until_at: UtcTime = Field(alias="until")


@dataclass(frozen=True, slots=True)
class _Sealed:
    """The newest manifest of an incident, and where its segment begins: offset and entry."""

    manifest_sha256: str
    segment: tuple[int, int]
    number: int


class Chain:
    """One box's chain. Every method may be called from any thread."""

    def __init__(
        self,
        data_dir: Path,
        box_id: str,
        *,
        key: Ed25519PrivateKey,
        clock: Clock,
        counters: Counters,
    ) -> None:
        """Read what there is, and mend a torn last line.

        Raises:
            EvidenceError: The file cannot be opened, or not mended because the disk refuses.
        """
        self._box_id, self._key, self._clock, self._counters = box_id, key, clock, counters
        self.public_key = public_key_of(key)
        self.problem = ""
        """What is wrong with the chain on disk, in words; empty while all is well."""
        self.holds: dict[str, Hold] = {}
        """Holds that were recorded and not released, by incident; a release takes one out."""
        self._forget()
        self._file = ChainFile(data_dir)
        with self._alone():
            if self._signer not in {"", self.public_key}:
                self._begin_anew()
            elif self._last and not is_signed(self._last, self.public_key):
                self._tell("the last entry is not signed by this box")

    def append(self, kind: str, body: Mapping[str, object]) -> None:
        """Write an entry; it is on disk when this returns.

        Raises:
            EvidenceError: The disk refuses; the chain is as it was.
        """
        with self._alone():
            self._append(kind, body)

    def seal(
        self,
        incident_id: str,
        build: Callable[[Place], tuple[Mapping[str, Any], Mapping[str, Any]]],
    ) -> bytes:
        """Sign a manifest, enter it, and return it sealed: the content of its evidence file.

        Args:
            incident_id: Whose manifest it is.
            build: Returns the manifest for its place in the chain, without signature, and what
                the entry shall say of the incident beside its hash.

        Raises:
            EvidenceError: The disk refuses; nothing was entered.
        """
        with self._alone():
            earlier = self._sealed.get(incident_id)
            start, from_seq = self._segment_of(incident_id)
            start = min(start, self._end)  # less than it was: the file has lost its tail
            place = Place(
                from_seq=from_seq,
                seq=self._length,
                previous=self._sha256,
                earlier=earlier.manifest_sha256 if earlier else None,
                number=earlier.number + 1 if earlier else 1,
            )
            manifest, said = build(place)
            line = signed(manifest, self._key)
            body = {**said, "incident_id": incident_id, "manifest_sha256": sha256_hex(line)}
            self._append("evidence", {**body, "number": place.number})
            segment = self._file.part(start, self._end)
            head = canonical(self._head().document(self._box_id))
        return line + b"\n" + segment + head + b"\n"

    def find_video(self, incident_id: str) -> VideoPlace | None:
        """Return which video belongs to an incident, as its newest manifest's entry says.

        Raises:
            EvidenceError: The disk refuses.
        """
        wanted, found = incident_id.encode(), None
        with self._alone():
            for line in self._file.lines_from(0):
                document = _document(line) if wanted in line else None
                if document and document.get("kind") == "evidence":
                    with suppress(ValidationError):  # damage is told of elsewhere
                        found = VideoPlace.model_validate(document.get("body"))
        return found if found and found.incident_id == incident_id else None

    def head(self) -> ChainHead:
        """Return the signed head as of now.

        Raises:
            EvidenceError: The file cannot be read or locked.
        """
        with self._alone():
            return self._head()

    def close(self) -> None:
        """Close the file; nothing may be called afterwards."""
        self._file.close()

    def _head(self) -> ChainHead:
        now = self._clock.now()
        return new_head(
            self._key,
            box_id=self._box_id,
            length=self._length,
            sha256=self._sha256,
            signed_at=now,
        )

    def _append(self, kind: str, body: Mapping[str, object]) -> None:
        """Write an entry; the caller is alone.

        Raises:
            OSError: The disk refuses.
        """
        line = new_entry(
            self._key,
            box_id=self._box_id,
            seq=self._length,
            kind=kind,
            at=self._clock.now(),
            body=body,
            previous=self._sha256,
        )
        self._file.append(line + b"\n")
        self._counters.increment("chain_entries")
        self._take(line + b"\n")

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Be the one writer, knowing everything that others have written.

        Raises:
            EvidenceError: The disk refuses, also to mend a torn line.
        """
        with self._file.alone():
            self._read_on()
            yield

    def _forget(self) -> None:
        """Know of no entry."""
        self._end, self._length, self._sha256 = 0, 0, NOTHING_BEFORE
        self._segment = (0, 0)
        self._signer = ""
        self._last: dict[str, Any] = {}
        self._sealed: OrderedDict[str, _Sealed] = OrderedDict()

    def _read_on(self) -> None:
        """Take in what is behind the last known entry: all of it at first, others' lines later.

        Raises:
            OSError: It cannot be read, or a torn line not be put aside.
        """
        size = self._file.size_bytes()
        if size < self._end:
            self._tell(f"{self._end - size} bytes at the end are gone")
            self._end = size
        if size == self._end:
            return
        doubtful = b""
        for line in self._file.lines_from(self._end):
            if doubtful:  # not the last line: damage, which no loss of power explains
                self._take(doubtful)
                doubtful = b""
            if line.endswith(b"\n") and _document(line) is not None:
                self._take(line)
            else:
                doubtful = line
        if doubtful:
            self._mend(doubtful)

    def _mend(self, torn: bytes) -> None:
        """Put a torn last line aside and say so in the chain.

        Raises:
            OSError: The disk refuses.
        """
        aside = f"chain.jsonl.torn-{self._clock.now():%Y%m%dT%H%M%S%f}"
        self._file.put_tail_aside(self._end, aside)
        self._counters.increment("chain_repairs")
        log.warning("chain_repaired", torn_bytes=len(torn), kept_as=aside)
        body = {
            "what": "a torn last line was put aside",
            "kept_as": aside,
            "size_bytes": len(torn),
            "sha256": sha256_hex(torn),
        }
        self._append("repair", body)

    def _begin_anew(self) -> None:
        """Put aside a chain that another key has signed: this box has got a new identity.

        Raises:
            OSError: The disk refuses.
        """
        aside = f"chain.jsonl.other-key-{self._clock.now():%Y%m%dT%H%M%S}"
        body = {
            "what": "the chain before was signed by another key",
            "kept_as": aside,
            "length": self._length,
            "sha256": self._sha256,
            "public_key": self._signer,
        }
        self._file.put_aside(aside)
        log.error("chain_of_another_key", kept_as=aside)
        self._forget()
        self._append("repair", body)

    def _take(self, line: bytes) -> None:
        """Take in one line with its line end, standing where the known part ends."""
        self._note(line[:-1], self._end)
        self._end += len(line)

    def _note(self, line: bytes, offset: int) -> None:
        """Take one line in that stands at ``offset``; tell when it does not follow the last."""
        document = _document(line) or {}
        seq = document.get("seq")
        if seq != self._length or document.get("previous") != self._sha256:
            self._tell(f"line {self._length + 1} does not follow the line before it")
        # The highest number ever seen counts: no later entry may have one that was there before.
        self._length = 1 + (max(seq, self._length) if isinstance(seq, int) else self._length)
        self._sha256 = sha256_hex(line)
        self._last = document
        body = document.get("body")
        if isinstance(body, dict):
            self._remember(str(document.get("kind")), body, offset, len(line))

    def _remember(self, kind: str, body: dict[str, Any], offset: int, size_bytes: int) -> None:
        """Keep of an entry what later ones refer to."""
        incident_id = str(body.get("incident_id", ""))
        if kind == "start":
            self._signer = str(body.get("public_key", ""))
        elif kind == "hold":
            with suppress(ValidationError):  # told of as damage elsewhere: it is signed or not
                self.holds[incident_id] = Hold.model_validate(body)
        elif kind == "release":
            self.holds.pop(incident_id, None)
        elif kind == "evidence":
            segment, number = self._segment_of(incident_id), body.get("number")
            self._segment = (offset + size_bytes + 1, self._length)
            self._sealed.pop(incident_id, None)
            self._sealed[incident_id] = _Sealed(
                str(body.get("manifest_sha256", "")),
                segment,
                number if isinstance(number, int) else 1,
            )
            while len(self._sealed) > REMEMBERED:
                self._sealed.popitem(last=False)

    def _segment_of(self, incident_id: str) -> tuple[int, int]:
        """Return offset and number of the first entry that goes with an incident's next manifest.

        Everything since the last manifest of any incident, so that the centre gets every entry;
        for a further manifest everything since the first, should that never have arrived.
        """
        earlier = self._sealed.get(incident_id)
        return min(self._segment, earlier.segment) if earlier else self._segment

    def _tell(self, problem: str) -> None:
        """Remember the first thing that is wrong with the chain, and log each."""
        self.problem = self.problem or problem
        log.error("chain_broken", path=str(self._file.path), problem=problem)


def _document(line: bytes) -> dict[str, Any] | None:
    """Return a line's JSON object, None when it is none."""
    try:
        document = json.loads(line)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
