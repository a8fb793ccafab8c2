"""What keeps evidence whole on a box, put together: key, chain, holds, deletion, manifests.

Invariants:
    * A manifest is signed, entered and on disk before anybody is told of it.
    * A fault here is counted and told as an alarm; it never stops an incident from being sent.

Each part's own promises stand in its module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog

from edge import __version__
from edge.contract.messages import EvidenceItem, EvidenceKind
from edge.deletion import Deletion
from edge.errors import ConfigError, EvidenceError
from edge.evidence.chain import Chain
from edge.evidence.files import evidence_id, sha256_of, writing
from edge.evidence.key import load_or_create_key
from edge.evidence.manifest import manifest_of, span_of
from edge.holds import Hold, Holds

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge.clock import Clock
    from edge.config.camera import CameraConfig
    from edge.contract.chain import ChainHead
    from edge.contract.commands import CommandMessage
    from edge.contract.messages import IncidentMessage
    from edge.counters import Counters
    from edge.evidence.chain import Place

MANIFEST_TYPE = "application/jsonl"

log = structlog.get_logger(__name__)


class Custody:
    """Key, chain, holds and deletion of one box."""

    def __init__(self, data_dir: Path, box_id: str, clock: Clock, counters: Counters) -> None:
        """Open everything; nothing is written to the chain but what had to be mended.

        Raises:
            ConfigError: The key is not safe, or a file of the chain cannot be used.
        """
        self._evidence, self._clock, self._counters = data_dir / "evidence", clock, counters
        key = load_or_create_key(data_dir)
        try:
            self.chain = Chain(data_dir, box_id, key=key, clock=clock, counters=counters)
            self.holds = Holds(data_dir, clock, self.chain)
            if self.holds.readable:
                self.holds.restore(self.chain.holds.values())
                self._locate_holds()
        except EvidenceError as error:
            raise ConfigError([f"{error}; is data_dir writable, is there room?"]) from error
        self.public_key = self.chain.public_key
        self.deletion = Deletion(data_dir, self.holds, self.chain, counters)

    def _locate_holds(self) -> None:
        """Say which video belongs to holds that came back without it.

        Raises:
            EvidenceError: The disk refuses.
        """
        for hold in self.holds.held():
            place = None if hold.camera_id else self.chain.find_video(hold.incident_id)
            if place is not None:
                span = (place.from_at, place.until_at)
                self.holds.locate(hold.incident_id, place.camera_id, span)

    def begin(self) -> None:
        """Enter that the box has started, with which version and which key."""
        self._record("start", {"software_version": __version__, "public_key": self.public_key})

    def seal(self, message: IncidentMessage, camera: CameraConfig | None) -> EvidenceItem | None:
        """Sign a manifest of all evidence that ``message`` lists, and write its file.

        Returns:
            The file, to be told and uploaded like the others; None when the disk or the chain
            refused, which is counted.
        """
        span = span_of(message)
        said = {
            "camera_id": message.camera_id,
            "from": span[0].isoformat(),
            "until": span[1].isoformat(),
        }
        name = ""

        def build(place: Place) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
            nonlocal name
            further = f"-{place.number}" if place.number > 1 else ""
            name = evidence_id(message.incident_id, f"manifest{further}")
            now = self._clock.now()
            key = self.public_key
            return manifest_of(message, camera, place, public_key=key, made_at=now), said

        try:
            content = self.chain.seal(message.incident_id, build)
            path = self._evidence / message.incident_id / f"{name}.jsonl"
            with writing(path) as part:
                part.write_bytes(content)
            self.holds.locate(message.incident_id, message.camera_id, span)
            sha256 = sha256_of(path)
        except (EvidenceError, OSError) as error:
            self._counters.increment("evidence_unsealed")
            log.exception("evidence_unsealed", incident_id=message.incident_id, reason=str(error))
            return None
        self._counters.increment("evidence_manifests")
        return EvidenceItem(
            evidence_id=name,
            kind=EvidenceKind.MANIFEST,
            media_type=MANIFEST_TYPE,
            sha256=sha256,
            size_bytes=len(content),
            starts_at=message.occurred_at,
        )

    def obey(self, command: CommandMessage) -> None:
        """Hold an incident or let it go, as the centre orders."""
        try:
            if command.command == "hold":
                self.hold(command.incident_id, reason=command.reason, author=command.author)
            else:
                self.holds.release(
                    command.incident_id, reason=command.reason, author=command.author
                )
        except (EvidenceError, ValueError) as error:
            self._counters.increment("commands_refused")
            log.warning("hold_refused", incident_id=command.incident_id, reason=str(error))

    def hold(self, incident_id: str, *, reason: str, author: str) -> bool:
        """Hold an incident with its video; False when it was held already.

        Raises:
            EvidenceError: It cannot be recorded or written.
            ValueError: The id is none.
        """
        place = self.chain.find_video(incident_id)
        return self.holds.place(
            Hold(
                incident_id=incident_id,
                reason=reason,
                author=author,
                placed_at=self._clock.now(),
                camera_id=place.camera_id if place else "",
                from_at=place.from_at if place else None,
                until_at=place.until_at if place else None,
            )
        )

    def checkpoint(self) -> ChainHead | None:
        """Return the signed head of the chain; None while the disk refuses."""
        try:
            return self.chain.head()
        except EvidenceError as error:
            log.warning("no_checkpoint", reason=str(error))
            return None

    def held_incidents(self) -> tuple[str, ...]:
        """Return the ids of the incidents that are held."""
        return tuple(hold.incident_id for hold in self.holds.held())

    def alarms(self) -> dict[str, bool]:
        """Return the alarms of this part by code, and whether each stands now."""
        return {
            "chain_broken": bool(self.chain.problem),
            "holds_unreadable": not self.holds.readable,
        }

    def close(self) -> None:
        """Close the chain's file; nothing may be called afterwards."""
        self.chain.close()

    def _record(self, kind: str, body: Mapping[str, object]) -> None:
        """Append an entry; one that the disk refuses is logged and shows as a missing start."""
        try:
            self.chain.append(kind, body)
        except EvidenceError as error:
            log.warning("not_recorded", kind=kind, reason=str(error))
