"""An incident's evidence, from the request to the files that wait for upload, through kills.

``open_case → Register → EvidenceRecorder → manifest → next revision → Outbox``. What a killed
process still owed, :mod:`edge.recovery` makes from the recorded video of its run.

Invariants:
    * A request is on disk before its incident is told, and until its files wait for upload.
    * A revision with evidence is told before its files are queued; each file is queued once.

How things are cut, signed, recorded and kept stands in the parts that are composed here.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from edge.camera.ring import PacketRing
from edge.contract.messages import EvidenceKind
from edge.errors import ConfigError
from edge.evidence.files import find_file
from edge.evidence.recorder import EvidenceRecorder
from edge.evidence.register import Register
from edge.evidence.request import EvidenceRequest
from edge.evidence.retention import Retention
from edge.outbox import MEDIA_ID, MediaUpload
from edge.outbox.rows import MEDIA_RANK
from edge.recording.archive import VideoArchive
from edge.recording.delivered import delivered_evidence
from edge.recording.guard import Room
from edge.recording.shelf import Shelf
from edge.recovery import Recovery, Ways
from edge.wall_times import with_evidence

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from edge.alarms import Alarms
    from edge.clock import Clock
    from edge.config.load import LoadedBox
    from edge.contract.messages import EvidenceItem, IncidentMessage
    from edge.counters import Counters
    from edge.evidence.custody import Custody
    from edge.incidents import IncidentChange
    from edge.outbox import Outbox
    from edge.recording.video import CameraVideo

EVIDENCE_BOUND_S = 10.0
"""How long a stopping box finishes evidence in progress."""
REMEMBERED_FILES = 1_000

log = structlog.get_logger(__name__)


class Incidents(Protocol):
    """Who knows the newest revision of each incident."""

    def find(self, incident_id: str) -> IncidentMessage | None:
        """Return an incident's newest revision; None when it is long forgotten."""
        ...

    def attach_evidence(
        self, incident_id: str, items: tuple[EvidenceItem, ...], missing: str
    ) -> IncidentMessage | None:
        """Return an incident's next revision with ``items``; None when it is long forgotten."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """What casework needs of the rest of the box."""

    outbox: Outbox
    custody: Custody
    incidents: Incidents
    alarms: Alarms
    clock: Clock
    counters: Counters


class Casework:
    """All that makes and keeps the evidence of one box.

    Attributes:
        videos: Where each camera puts its packets and its evidence is cut from, by camera id.
    """

    def __init__(self, box: LoadedBox, means: Means) -> None:
        """Build the parts; nothing is recorded yet.

        Raises:
            ConfigError: The register cannot be opened, or the recorded video cannot be read.
        """
        self._means, config = means, box.config
        self._folder = Path(config.data_dir) / "evidence"
        self._cameras = {camera.config.id: camera.config for camera in box.cameras}
        self._queued_files: deque[str] = deque(maxlen=REMEMBERED_FILES)
        shelf = _open_shelf(Path(config.data_dir) / "video")
        path = Path(config.data_dir) / "evidence.sqlite3"
        clock, counters = means.clock, means.counters
        self.register = Register(path, shelf.newest_run, clock, counters)
        room = Room(
            deletion=means.custody.deletion,
            holds=means.custody.holds,
            delivered=lambda: (
                file
                for file in delivered_evidence(self._folder, means.outbox, clock.now())
                if not self.register.owes(file.incident_id)
            ),
            alarms=means.alarms,
        )
        self._archive = VideoArchive(shelf, config.video, self.register.run, room, clock, counters)
        keep = config.evidence
        self.videos: dict[str, PacketRing | CameraVideo] = {
            name: self._archive.around(PacketRing(keep.ring_s, keep.ring_max_bytes), name)
            for name in self._cameras
        }
        self.recorder = EvidenceRecorder(
            self._folder, self.videos, keep, self.take, clock, counters
        )
        self.recorder.has_room = self._archive.has_room
        ways = Ways(
            video=self._archive.of,
            seal=self._seal,
            tell=self._tell,
            queue_file=self._queue_file,
            has_room=self._archive.has_room,
        )
        self._retention = Retention(
            self._folder,
            config.retention,
            self._waits,
            holds=means.custody.holds,
            deletion=means.custody.deletion,
            clock=clock,
        )
        self._recovery = Recovery(self._folder, self.register, keep, ways, clock, counters)

    def start(self) -> None:
        """Begin to record, and end what an earlier process left open."""
        self._archive.start()
        self._recovery.start(self._means.outbox.unfinished())
        self._retention.start()

    def watch(self, step: AbstractContextManager[object]) -> None:
        """Let ``step`` be entered around each pass of the video's writer; before ``start``."""
        self._archive.watch(step)

    def stop(self) -> None:
        """Finish evidence in progress within a bound, and the video files."""
        self.recorder.close(EVIDENCE_BOUND_S)
        self._recovery.stop()
        self._archive.stop()
        self._retention.stop()
        self.register.close()

    def sizes_bytes(self) -> tuple[int | None, int | None]:
        """Return the size of the recorded video and of what is held of it."""
        return self._archive.sizes_bytes()

    def open_case(self, change: IncidentChange) -> None:
        """Tell of an incident that has just been opened, and ask for its evidence."""
        message = change.message
        request = EvidenceRequest(
            incident_id=message.incident_id,
            camera_id=message.camera_id,
            occurred_s=change.occurred_s,
            occurred_at=message.occurred_at,
            until_s=change.until_s,
            frame_size_px=message.frame_size_px,
            moments=change.moments,
            boxes=message.boxes,
            place=message.place,
        )
        self.register.note(request)
        self._means.outbox.put(message)
        self.recorder.request(request)

    def take(
        self,
        incident_id: str,
        items: tuple[EvidenceItem, ...],
        missing: str,
        *,
        whole: bool = False,
    ) -> None:
        """Queue an incident's next revision with its evidence, and the files themselves.

        Args:
            incident_id: Whose evidence it is.
            items: All files made so far.
            missing: What could not be had, in words.
            whole: Nothing more is to come but, at most, a playback copy.
        """
        items += self._manifests(incident_id, items, missing, whole=whole)
        message = self._means.incidents.attach_evidence(incident_id, items, missing)
        if message is None:
            self._means.counters.increment("evidence_unclaimed")
            log.warning("evidence_unclaimed", incident_id=incident_id)
            return
        self.register.note_items(incident_id, items)
        if self._tell(message) and whole:
            self.register.done(incident_id)

    def _waits(self, evidence_id: str) -> bool:
        """Tell whether a file is still to be uploaded: queued, or owed to the next process."""
        incident_id = evidence_id.rpartition(".")[0]
        queued = self._means.outbox.holds(MEDIA_ID.format(evidence_id))
        return queued or self.register.owes(incident_id)

    def _manifests(
        self, incident_id: str, items: tuple[EvidenceItem, ...], missing: str, *, whole: bool
    ) -> tuple[EvidenceItem, ...]:
        """Return the manifests of an incident, with a new one when its evidence is whole."""
        message = self._means.incidents.find(incident_id)
        if message is None:
            return ()
        earlier = (i for i in message.evidence if i.kind is EvidenceKind.MANIFEST)
        news = with_evidence(message, items, missing)
        new = self._seal(message.model_copy(update=news)) if whole else None
        return (*earlier, *filter(None, (new,)))

    def _seal(self, message: IncidentMessage) -> EvidenceItem | None:
        """Return a signed manifest of a message's evidence; None when it could not be made."""
        return self._means.custody.seal(message, self._cameras.get(message.camera_id))

    def _tell(self, message: IncidentMessage) -> bool:
        """Queue a revision with evidence, and the upload of its files; False when refused."""
        told = self._means.outbox.put(message)
        # In the order of upload: an idle uploader takes the first as soon as it is queued.
        items = sorted(message.evidence, key=lambda item: MEDIA_RANK[item.kind])
        queued = [self._queue_file(message.incident_id, item) for item in items]
        return told and all(queued)

    def _queue_file(self, incident_id: str, item: EvidenceItem) -> bool:
        """Queue one file's upload, once: each round of evidence names the earlier files again.

        Returns:
            False when the outbox refused it: the register goes on owing it to the next process.
        """
        path = find_file(self._folder, item.evidence_id)
        if item.evidence_id in self._queued_files or path is None:
            return True
        kept = self._means.outbox.put_media(
            MediaUpload(
                evidence_id=item.evidence_id,
                incident_id=incident_id,
                kind=item.kind,
                media_type=item.media_type,
                sha256=item.sha256,
                size_bytes=item.size_bytes,
                path=str(path),
            )
        )
        if kept:
            self._queued_files.append(item.evidence_id)
        return kept


def _open_shelf(folder: Path) -> Shelf:
    """Return what video there is.

    Raises:
        ConfigError: It cannot be read.
    """
    try:
        return Shelf(folder)
    except OSError as error:
        raise ConfigError([f"{folder}: the recorded video cannot be read: {error}"]) from error
