"""READ FIRST. The running box: how a frame becomes an incident at the centre.

``Camera threads → FrameMailbox → Worker.run → Pipeline (detector, tracker, signals, rules,
incidents) → Outbox → Publisher → centre``; beside it, for each opened incident, ``EvidenceRecorder
→ Outbox → Uploader → centre``.

Invariants:
    * One thread judges all frames, newest first per camera; no step of it waits for a network.
    * A programming mistake in one camera's pipeline costs that frame, is counted, and stops nobody.
    * What the outbox has taken survives; frames, packets and open incidents live in memory.

This module composes and passes on; it knows no rule, no protocol and no format.
"""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from edge import __version__
from edge.alarms import Alarms
from edge.camera import Camera, FrameMailbox, PacketRing
from edge.contract.messages import EvidenceKind, Phase
from edge.counters import Counters
from edge.delivery import Delivery, Surroundings
from edge.errors import ConfigError
from edge.evidence.custody import Custody
from edge.evidence.files import find_file
from edge.evidence.recorder import EvidenceRecorder
from edge.evidence.register import Register
from edge.evidence.request import EvidenceRequest
from edge.model_store.active import SharedDetector
from edge.model_store.store import load_running
from edge.outbox import MediaUpload
from edge.oversight import ClockOversight
from edge.pipeline import Pipeline, Setting
from edge.recording.archive import VideoArchive
from edge.recording.delivered import delivered_evidence
from edge.recording.guard import Room
from edge.recording.shelf import Shelf
from edge.recovery import Recovery, Ways
from edge.telemetry import FlowCounter
from edge.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge.camera.ring import PacketSource
    from edge.clock import Clock
    from edge.config.load import LoadedBox
    from edge.contract.messages import CameraState, EvidenceItem, IncidentMessage
    from edge.incidents import IncidentChange
    from edge.scene import Frame

EVIDENCE_BOUND_S = 10.0
"""How long a stopping box finishes evidence in progress."""
STOPPING_BOUND_S = 60.0
"""How long a box may take to stop in all; the watchdog ends one that takes longer."""
REMEMBERED_FILES = 1_000

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Watch:
    """What looks at one camera's frames."""

    pipeline: Pipeline
    flow: FlowCounter


class Worker:
    """All parts of a box, and the loop that moves frames through them."""

    def __init__(self, box: LoadedBox, clock: Clock, watchdog: Watchdog | None = None) -> None:
        """Build everything; nothing is delivered or watched yet.

        Args:
            box: The checked box file with its cameras.
            clock: Wall time and monotonic time.
            watchdog: Ends the process when a loop hangs; without one nothing does.

        Raises:
            ConfigError: Outbox, key or chain cannot be used, or a camera's rules are wrong.
            ModelError: No model can be loaded.
        """
        self.restart_wanted = False
        self._box, self._counters, self._alarms = box.config, Counters(), Alarms()
        self._time = ClockOversight(clock, self._counters, self._alarms)
        self._clock = clock = self._time.clock
        self._watchdog = watchdog or Watchdog(clock)
        self._folder = Path(box.config.data_dir) / "evidence"
        self._box_cameras = {camera.config.id: camera.config for camera in box.cameras}
        self._judging = threading.Lock()
        self._queued_files: deque[str] = deque(maxlen=REMEMBERED_FILES)
        detector, self._fallback_reason = load_running(box.config)
        self._detector = SharedDetector(detector)
        data_dir, box_id = Path(box.config.data_dir), box.config.box_id
        self._custody = Custody(data_dir, box_id, clock, self._counters)
        around = Surroundings(
            self._detector,
            self._camera_states,
            self._restart,
            self._custody,
            self._alarms,
            self._video_bytes,
        )
        self._delivery = Delivery(box.config, around, clock, self._counters)
        self._register, self._archive = self._open_archive(data_dir)
        self._mailbox = FrameMailbox()
        self._cameras: list[Camera] = []
        self._watches: dict[str, Watch] = {}
        rings = self._add_cameras(box)
        self._evidence = EvidenceRecorder(
            self._folder, rings, box.config.evidence, self._on_evidence, clock, self._counters
        )
        self._evidence.has_room = self._archive.has_room
        self._recovery = self._prepare_recovery()
        self._judgement = self._watchdog.pulse("judging frames")
        self._ending = self._watchdog.pulse("stopping", STOPPING_BOUND_S)
        self._be_watched()

    def run(self, on_started: Callable[[], object] = lambda: None) -> None:
        """Work until :meth:`stop` is called; ``on_started`` is called once everything runs.

        Raises:
            ConfigError: The port for Prometheus cannot be used; nothing was started.
        """
        self._delivery.start(self._fallback_reason)
        self._custody.begin()
        self._archive.start()
        self._recovery.start(self._delivery.outbox.unfinished())
        for camera in self._cameras:
            camera.start()
        log.info("box_started", box=self._box.box_id, cameras=len(self._cameras))
        self._watchdog.start()
        on_started()
        for frame in self._mailbox:
            with self._judgement:
                self._look_at(frame)
        self._finish()

    def stop(self) -> None:
        """End :meth:`run`; returns at once, may be called from a signal or any thread."""
        self._ending.begin()
        self._mailbox.close()

    def revives(self, thread: threading.Thread | None) -> bool:
        """Return whether the death of ``thread`` is mended here: it is a camera's."""
        return any(camera.runs_on(thread) for camera in self._cameras)

    def _look_at(self, frame: Frame) -> None:
        """Take one frame all the way: judge it, and pass on what is news."""
        watch = self._watches[frame.camera_id]
        try:
            with self._judging:
                changes = watch.pipeline.process(frame)
            scene = watch.pipeline.scene
            minute = watch.flow.observe(scene) if scene is not None else None
        except Exception:  # one of three: a mistake in one camera stops nobody else
            if self._counters.increment_and_mark("pipeline_errors"):
                log.exception("pipeline_failed", camera=frame.camera_id)
            return
        self._counters.increment("frames_processed")
        self._pass_on(changes)
        if minute is not None:
            self._delivery.outbox.put(minute)

    def _pass_on(self, changes: Iterable[IncidentChange]) -> None:
        """Queue messages, and ask for the evidence of what has just been opened."""
        for change in changes:
            message = change.message
            if message.phase is Phase.OPENED:
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
                # Before the incident: the next process must know what this one owed.
                self._register.note(request)
                self._delivery.outbox.put(message)
                self._evidence.request(request)
            else:
                self._delivery.outbox.put(message)

    def _on_evidence(
        self,
        incident_id: str,
        items: tuple[EvidenceItem, ...],
        missing: str,
        *,
        whole: bool = False,
    ) -> None:
        """Queue an incident's next revision with its evidence, and the files themselves."""
        items += self._manifests(incident_id, items, missing, whole=whole)
        with self._judging:
            revisions = (
                watch.pipeline.attach_evidence(incident_id, items, missing)
                for watch in self._watches.values()
            )
            message = next((revision for revision in revisions if revision is not None), None)
        if message is None:
            self._counters.increment("evidence_unclaimed")
            log.warning("evidence_unclaimed", incident_id=incident_id)
            return
        self._register.note_items(incident_id, items)
        self._tell(message)
        if whole:
            self._register.done(incident_id)

    def _tell(self, message: IncidentMessage) -> None:
        """Queue a revision with evidence, and the upload of its files."""
        self._delivery.outbox.put(message)
        for item in message.evidence:
            self._queue_file(message.incident_id, item)

    def _manifests(
        self, incident_id: str, items: tuple[EvidenceItem, ...], missing: str, *, whole: bool
    ) -> tuple[EvidenceItem, ...]:
        """Return the manifests of an incident, with a new one when its evidence is whole."""
        with self._judging:
            found = [watch.pipeline.find(incident_id) for watch in self._watches.values()]
        message = next((message for message in found if message is not None), None)
        if message is None:
            return ()
        earlier = (i for i in message.evidence if i.kind is EvidenceKind.MANIFEST)
        news = {"evidence": items, "evidence_missing": missing}
        camera = self._box_cameras.get(message.camera_id)
        new = self._custody.seal(message.model_copy(update=news), camera) if whole else None
        return (*earlier, *filter(None, (new,)))

    def _queue_file(self, incident_id: str, item: EvidenceItem) -> None:
        """Queue one file's upload, once: each round of evidence names the earlier files again."""
        path = find_file(self._folder, item.evidence_id)
        if item.evidence_id in self._queued_files or path is None:
            return
        self._queued_files.append(item.evidence_id)
        self._delivery.outbox.put_media(
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

    def _open_archive(self, data_dir: Path) -> tuple[Register, VideoArchive]:
        """Begin a run of the register, and prepare to record its video.

        Raises:
            ConfigError: The register cannot be opened, or the video cannot be read.
        """
        try:
            shelf = Shelf(data_dir / "video")
        except OSError as error:
            raise ConfigError([f"{data_dir / 'video'}: cannot be read: {error}"]) from error
        path = data_dir / "evidence.sqlite3"
        register = Register(path, shelf.newest_run, self._clock, self._counters)
        outbox, video = self._delivery.outbox, self._box.video
        room = Room(
            deletion=self._custody.deletion,
            holds=self._custody.holds,
            delivered=lambda: delivered_evidence(self._folder, outbox, self._clock.now()),
            alarms=self._alarms,
        )
        archive = VideoArchive(shelf, video, register.run, room, self._clock, self._counters)
        return register, archive

    def _prepare_recovery(self) -> Recovery:
        """Prepare to end what an earlier process left open."""
        ways = Ways(
            video=self._archive.of,
            seal=lambda message: self._custody.seal(
                message, self._box_cameras.get(message.camera_id)
            ),
            tell=self._tell,
            queue_file=self._queue_file,
            has_room=self._archive.has_room,
        )
        config = self._box.evidence
        return Recovery(self._folder, self._register, config, ways, self._clock, self._counters)

    def _add_cameras(self, box: LoadedBox) -> dict[str, PacketSource]:
        """Build each camera with its video and its pipeline; return the videos by camera id.

        Raises:
            ConfigError: A camera's rules are wrong.
        """
        keep = box.config.evidence
        rings: dict[str, PacketSource] = {}
        for loaded in box.cameras:
            config = loaded.config
            memory = PacketRing(keep.ring_s, keep.ring_max_bytes)
            ring = rings[config.id] = self._archive.around(memory, config.id)
            camera = Camera(
                config,
                ring,
                self._mailbox,
                self._clock,
                on_status=self._delivery.beat_now,
                counters=self._counters,
            )
            setting = Setting(
                box_id=self._box.box_id,
                software_version=__version__,
                now=self._clock.now,
            )
            self._cameras.append(camera)
            self._watches[config.id] = Watch(
                Pipeline(config, self._detector, setting, self._counters),
                FlowCounter(config, self._box.box_id, self._clock.now),
            )
        return rings

    def _be_watched(self) -> None:
        """Let the watchdog see to the loops, the clock and the cameras."""
        self._archive.watch(self._watchdog.pulse("writing video"))
        self._time.on_change = self._delivery.beat_now
        self._time.offsets_s = lambda: [camera.clock_offset_s for camera in self._cameras]
        self._watchdog.every_tick(self._time.look)
        for camera in self._cameras:
            self._watchdog.every_tick(camera.look_after)

    def _finish(self) -> None:
        """Stop in the order of the flow: cameras, incidents, evidence, delivery."""
        log.info("box_stopping", box=self._box.box_id)
        # A silent camera notices after its timeout only, so all are told at once.
        stops = [threading.Thread(target=camera.stop) for camera in self._cameras]
        for thread in stops:
            thread.start()
        for thread in stops:
            thread.join()
        for watch in self._watches.values():
            with self._judging:
                changes = watch.pipeline.finish()
            self._pass_on(changes)
            if (minute := watch.flow.finish()) is not None:
                self._delivery.outbox.put(minute)
        self._evidence.close(EVIDENCE_BOUND_S)
        self._recovery.stop()
        self._archive.stop()
        self._delivery.stop()
        self._custody.close()
        self._register.close()
        self._watchdog.stop()
        log.info("box_stopped", box=self._box.box_id)

    def _camera_states(self) -> tuple[CameraState, ...]:
        """Return the health of all cameras."""
        return tuple(camera.state() for camera in self._cameras)

    def _video_bytes(self) -> tuple[int | None, int | None]:
        """Return the size of the recorded video and of what is held of it."""
        return self._archive.sizes_bytes()

    def _restart(self) -> None:
        """Stop, to be begun again by the command that runs this."""
        self.restart_wanted = True
        self.stop()
