"""READ FIRST. The running box: how a frame becomes an incident at the centre.

``Camera threads → FrameMailbox → Worker.run → Pipeline (detector, tracker, signals, rules,
incidents) → Outbox → Publisher → centre``; beside it, for each opened incident, ``Casework → Outbox
→ Uploader → centre``, out of packets that each camera's thread keeps in memory and on disk.

Invariants:
    * One thread judges all frames, newest first per camera; no step of it waits for a network.
    * A programming mistake in one camera's pipeline costs that frame, is counted, and stops nobody.
    * What the outbox has taken survives, and the recorded video; frames live in memory.

This module composes and passes on; it knows no rule, no protocol and no format.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from edge import __version__
from edge.alarms import Alarms
from edge.attendance import Attendance, RollCall
from edge.camera import Camera, FrameMailbox
from edge.casework import Casework, Means
from edge.contract.messages import Phase
from edge.counters import Counters
from edge.delivery import Delivery, Surroundings
from edge.evidence.custody import Custody
from edge.learned import LearnedFiles
from edge.model_store.active import SharedDetector
from edge.model_store.store import load_running
from edge.oversight import ClockOversight
from edge.pipeline import Pipeline, Setting
from edge.place_book import PlaceBook
from edge.suspensions import Suspensions
from edge.telemetry import FlowCounter
from edge.watchdog import Watchdog

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge.clock import Clock
    from edge.config.load import LoadedBox
    from edge.contract.messages import CameraState, EvidenceItem, IncidentMessage
    from edge.incidents import IncidentChange
    from edge.scene import Frame

STOPPING_BOUND_S = 60.0
"""How long a box may take to stop in all; the watchdog ends one that takes longer."""

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
        self._watchdog, self._judging = watchdog or Watchdog(clock), threading.Lock()
        detector, self._fallback_reason = load_running(box.config)
        self._detector = SharedDetector(detector)
        data_dir, box_id = Path(box.config.data_dir), box.config.box_id
        self._custody = Custody(data_dir, box_id, clock, self._counters)
        self._suspensions = Suspensions(data_dir, clock, self._counters)
        self._book, self._learned = PlaceBook(data_dir, self._counters), LearnedFiles(data_dir)
        around = Surroundings(
            self._detector,
            self._camera_states,
            self._restart,
            self._custody,
            self._suspensions,
            self._book,
            self._alarms,
            self._video_bytes,
        )
        self._delivery = Delivery(box.config, around, clock, self._counters)
        means = Means(
            outbox=self._delivery.outbox,
            custody=self._custody,
            incidents=self,
            alarms=self._alarms,
            clock=clock,
            counters=self._counters,
        )
        self._watches: dict[str, Watch] = {}
        self._casework, self._mailbox = Casework(box, means), FrameMailbox()
        self._cameras: list[Camera] = []
        self._roll_call = RollCall(self._delivery.outbox.put)
        self._add_cameras(box)
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
        self._casework.start()
        for camera in self._cameras:
            camera.start()
        self._roll_call.start()
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
            self._learned.keep(frame.camera_id, watch.pipeline.learned, self._clock.monotonic())

    def find(self, incident_id: str) -> IncidentMessage | None:
        """Return an incident's newest revision; None when it is long forgotten."""
        with self._judging:
            found = (watch.pipeline.find(incident_id) for watch in self._watches.values())
            return next((message for message in found if message is not None), None)

    def attach_evidence(
        self, incident_id: str, items: tuple[EvidenceItem, ...], missing: str
    ) -> IncidentMessage | None:
        """Return an incident's next revision with ``items``; None when it is long forgotten."""
        with self._judging:
            revisions = (
                watch.pipeline.attach_evidence(incident_id, items, missing)
                for watch in self._watches.values()
            )
            return next((revision for revision in revisions if revision is not None), None)

    def _pass_on(self, changes: Iterable[IncidentChange]) -> None:
        """Queue messages, and ask for the evidence of what has just been opened."""
        for change in changes:
            if change.message.phase is Phase.OPENED:
                self._casework.open_case(change)
            else:
                self._delivery.outbox.put(change.message)

    def _add_cameras(self, box: LoadedBox) -> None:
        """Build each camera with its pipeline.

        Raises:
            ConfigError: A camera's rules are wrong.
        """
        for loaded in box.cameras:
            config = loaded.config
            camera = Camera(
                config,
                self._casework.videos[config.id],
                self._mailbox,
                self._clock,
                on_status=self._delivery.beat_now,
                counters=self._counters,
            )
            setting = Setting(
                box_id=self._box.box_id,
                software_version=__version__,
                now=self._clock.now,
                learned=self._learned.load(config),
                suspended=self._suspensions.rules_of,
                book=self._book,
            )
            self._cameras.append(camera)
            self._roll_call.add(camera, Attendance(config, setting, self._clock, self._counters))
            self._watches[config.id] = Watch(
                Pipeline(config, self._detector, setting, self._counters),
                FlowCounter(config, self._box.box_id, self._clock.now),
            )

    def _be_watched(self) -> None:
        """Let the watchdog see to the loops, the clock and the cameras."""
        self._casework.watch(self._watchdog.pulse("writing video"))
        self._time.on_change = self._delivery.beat_now
        self._time.offsets_s = lambda: [camera.clock_offset_s for camera in self._cameras]
        self._watchdog.every_tick(self._time.look)
        for camera in self._cameras:
            self._watchdog.every_tick(camera.look_after)

    def _finish(self) -> None:
        """Stop in the order of the flow: cameras, incidents, evidence, delivery."""
        log.info("box_stopping", box=self._box.box_id)
        self._roll_call.stop()
        # A silent camera notices after its timeout only, so all are told at once.
        stops = [threading.Thread(target=camera.stop) for camera in self._cameras]
        for thread in stops:
            thread.start()
        for thread in stops:
            thread.join()
        for camera_id, watch in self._watches.items():
            with self._judging:
                changes = watch.pipeline.finish()
            self._learned.keep(camera_id, watch.pipeline.learned)
            self._pass_on(changes)
            if (minute := watch.flow.finish()) is not None:
                self._delivery.outbox.put(minute)
        self._casework.stop()
        self._delivery.stop()
        self._custody.close()
        self._watchdog.stop()
        log.info("box_stopped", box=self._box.box_id)

    def _camera_states(self) -> tuple[CameraState, ...]:
        """Return the health of all cameras."""
        return tuple(camera.state() for camera in self._cameras)

    def _video_bytes(self) -> tuple[int | None, int | None]:
        """Return the size of the recorded video and of what is held of it."""
        return self._casework.sizes_bytes()

    def _restart(self) -> None:
        """Stop, to be begun again by the command that runs this."""
        self.restart_wanted = True
        self.stop()
