"""Ends what a killed process left open: its incidents, with the evidence that the disk still has.

An incident whose evidence was owed gets it cut from the recorded video of the run that saw it, in
one closing revision; any other is closed at once and says why there is no more.

Invariants:
    * On a thread of its own with low priority: what happens now is never delayed.
    * A request is tried ``MAX_TRIES`` times over all processes, so that a file that brings down the
      decoder cannot bring down the box for ever.
    * What was already told is not made anew: an evidence id means one content for ever.
"""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from edge.camera.stream import PLAYABLE_CODECS
from edge.contract.messages import EvidenceKind, Phase
from edge.errors import EvidenceError
from edge.evidence.cut import Cut, check_room, copy_for_browsers, cut_clip, cut_stills

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime
    from pathlib import Path

    from edge.camera.ring import PacketSource
    from edge.clock import Clock
    from edge.config.box import EvidenceConfig
    from edge.contract.messages import EvidenceItem, IncidentMessage
    from edge.counters import Counters
    from edge.evidence.register import Owed, Register

RESTARTED = "the box stopped unexpectedly before the incident was over"
LOW_PRIORITY = 10

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What recovery needs of the rest of the box.

    Attributes:
        video: Returns a camera's recorded video of one run.
        seal: Returns the manifest of a message's evidence, None when it could not be made.
        tell: Queues a message and the upload of its files; False when one was refused.
        queue_file: Queues the upload of one file; False when it was refused.
        has_room: Returns whether evidence may be written to the disk.
    """

    video: Callable[[str, int], PacketSource]
    seal: Callable[[IncidentMessage], EvidenceItem | None]
    tell: Callable[[IncidentMessage], bool]
    queue_file: Callable[[str, EvidenceItem], bool]
    has_room: Callable[[], bool]


class Recovery:
    """Works through what earlier runs left, once, after the start."""

    def __init__(
        self,
        folder: Path,
        register: Register,
        config: EvidenceConfig,
        ways: Ways,
        clock: Clock,
        counters: Counters,
    ) -> None:
        """Prepare; ``folder`` is where evidence lies."""
        self._folder, self._register, self._config = folder, register, config
        self._ways, self._clock, self._counters = ways, clock, counters
        self._stopping = threading.Event()
        self._left: list[tuple[IncidentMessage, Owed]] = []
        self._thread = threading.Thread(target=self._run, name="recovery")

    def start(self, unfinished: Sequence[IncidentMessage]) -> None:
        """Close what nothing is owed of now, and the rest from the thread."""
        owed = self._register.owed()
        for message in unfinished:
            if message.incident_id in owed:
                self._left.append((message, owed.pop(message.incident_id)))
            else:
                self._ways.tell(ended_by_restart(message, self._clock.now()))
        kept = [message.incident_id for message, _ in self._left]
        for incident_id, rest in owed.items():
            # Told whole; only its upload may have been forgotten.
            if [item for item in rest.items if not self._ways.queue_file(incident_id, item)]:
                kept.append(incident_id)
        self._register.forget_earlier(kept)
        self._thread.start()

    def stop(self) -> None:
        """End after the incident under way; the next process goes on."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        """Recover one incident after the other."""
        # On Linux a priority belongs to the thread.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW_PRIORITY)
        for message, owed in self._left:
            if self._stopping.is_set():
                return
            self._register.note_try(message.incident_id)
            ended = self._recover(message, owed)
            self._register.note_items(message.incident_id, ended.evidence)
            if self._ways.tell(ended):
                self._register.done(message.incident_id)
            log.info(
                "incident_recovered",
                incident_id=message.incident_id,
                files=len(ended.evidence),
                missing=ended.evidence_missing,
            )

    def _recover(self, message: IncidentMessage, owed: Owed) -> IncidentMessage:
        """Return the last revision of an incident, with all the evidence that can be had."""
        video = self._ways.video(message.camera_id, owed.run)
        kinds = {item.kind for item in message.evidence}
        items, missing = list(message.evidence), list[str]()
        if EvidenceKind.STILL not in kinds:
            self._make(lambda: cut_stills(self._folder, owed.request, video), items, missing)
        if EvidenceKind.CLIP not in kinds:
            request, config = owed.request, self._config
            self._make(lambda: cut_clip(self._folder, request, video, config), items, missing)
            for clip in [i for i in items if i.kind is EvidenceKind.CLIP]:
                if clip.codec not in PLAYABLE_CODECS:
                    copied = partial(copy_for_browsers, self._folder, clip)
                    self._make(copied, items, missing)
        if missing:
            missing.append(RESTARTED)
        news = {"evidence": tuple(items), "evidence_missing": "; ".join(missing)}
        ended = ended_by_restart(message, self._clock.now()).model_copy(update=news)
        manifest = self._ways.seal(ended)
        if manifest is None:
            return ended
        return ended.model_copy(update={"evidence": (*ended.evidence, manifest)})

    def _make(self, make: Callable[[], Cut], items: list[EvidenceItem], missing: list[str]) -> None:
        """Make one piece; note what was made, or why it could not be."""
        try:
            check_room(has_room=self._ways.has_room())
            cut = make()
        except EvidenceError as error:
            self._counters.increment("evidence_failures")
            missing.append(str(error))
            return
        self._counters.increment("evidence_recovered", len(cut.items))
        items += cut.items
        missing += cut.missing


def ended_by_restart(message: IncidentMessage, now: datetime) -> IncidentMessage:
    """Return the last revision of an incident whose process died: closed when it was last seen.

    Tracks died with the process, so nobody will ever know how it went on; saying so is better than
    an incident that stays open for ever.
    """
    missing = message.evidence_missing
    if not any(item.kind is EvidenceKind.CLIP for item in message.evidence):
        missing = "; ".join(filter(None, (missing, RESTARTED)))
    revision = message.revision + 1
    return message.model_copy(
        update={
            "message_id": f"{message.incident_id}:{revision}",
            "revision": revision,
            "phase": Phase.CLOSED,
            "sent_at": now,
            "ended_at": message.ended_at or message.sent_at,
            "evidence_missing": missing or RESTARTED,
            "historical": True,
        }
    )
