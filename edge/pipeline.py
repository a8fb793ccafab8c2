"""One camera's way from a frame to incident messages; ``run`` and ``replay`` both walk it.

Invariants:
    * ``Frame → Detections → Tracks → Scene → Sighting → IncidentChange``, in this order, in one
      thread, once per frame. Nothing is skipped, queued or sent here. The view is
      watched beside it.
    * The drawing is scaled to the stream at its first frame, and anew when its size changes.
    * A rule that fails costs its own sightings of that scene; the other rules go on.
    * The detector may be swapped between two frames; tracks, signals and incidents live on.

This module opens no camera, writes nothing but a line of log and reads no clock.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from edge.config.drawing import scale_camera
from edge.incidents import Incidents, Origin
from edge.rules import RULES, build_rules, calibrated_rules
from edge.rules.flow import LearnedTraffic
from edge.scene import Scene
from edge.signals import SignalReader
from edge.speed import SpeedMeter
from edge.tracker import Tracker
from edge.view import Sight, ViewWatcher

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from edge.config.camera import CameraConfig
    from edge.contract.messages import EvidenceItem, IncidentMessage
    from edge.counters import Counters
    from edge.detector.protocol import Detects
    from edge.incidents import IncidentChange
    from edge.place_book import PlaceBook
    from edge.rules.base import Rule
    from edge.scene import Frame, Sighting

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a pipeline does not find in the camera file.

    Attributes:
        now: Wall clock for ``sent_at``; None (replay) takes the frame's own time.
        max_boxes: Boxes kept per message, thinned evenly.
        learned: What the camera's traffic taught before; None starts knowing nothing.
        suspended: Returns the rules of a camera, by its id, that rest by order.
        trust_drawing: True (replay) judges a clip by its drawing to its end, though the view moves.
        pictures: False where frames stand for boxes alone: their blank image is no view.
        book: What was told before and what operators excepted; None (replay) begins with nothing.
    """

    box_id: str
    software_version: str = ""
    now: Callable[[], datetime] | None = None
    max_boxes: int = 60
    learned: LearnedTraffic | None = None
    suspended: Callable[[str], frozenset[str]] = lambda _: frozenset()
    trust_drawing: bool = False
    pictures: bool = True
    book: PlaceBook | None = None


class Pipeline:
    """All that judges one camera's frames."""

    def __init__(
        self, camera: CameraConfig, detector: Detects, setting: Setting, counters: Counters
    ) -> None:
        """Build rules and incidents from a camera file.

        Raises:
            ConfigError: The ``rules:`` section names an unknown rule or a wrong option.
        """
        self.detector = detector
        self.scene: Scene | None = None
        """What was believed at the last frame."""
        self.learned = setting.learned or LearnedTraffic(camera)
        self._camera = camera
        # The tracker scales its ground points itself: another picture size must not reuse ids.
        self._tracker = Tracker(camera)
        self._begin(camera)
        origin = Origin(
            box_id=setting.box_id,
            camera=camera,
            scene_version=scene_version(camera),
            software_version=setting.software_version,
        )
        self._counters, self._suspended = counters, setting.suspended
        self._pictures, self._trusts = setting.pictures, setting.trust_drawing
        policies = {rule.name: rule.policy for rule in self._rules}
        self._incidents = Incidents(
            origin,
            policies,
            counters,
            now=setting.now,
            max_boxes=setting.max_boxes,
            book=setting.book,
        )

    def process(self, frame: Frame) -> list[IncidentChange]:
        """Return what is news after ``frame``; frames come in the order of ``stream_s``.

        Raises:
            ModelError: The detector failed on this frame.
        """
        if frame.size_px != self._size_px:
            self._begin(scale_camera(self._camera, frame.size_px))
        detections = self.detector.detect(frame)
        tracks = self._tracker.update(frame, detections)
        sight = self._watcher.look(frame) if self._pictures else Sight()
        self.scene = scene = Scene(
            camera_id=frame.camera_id,
            captured_at=frame.captured_at,
            stream_s=frame.stream_s,
            epoch=frame.epoch,
            time_quality=frame.time_quality,
            frame_size_px=frame.size_px,
            tracks=tracks,
            signals=self._signals.read(frame),
            signal_log=self._signals.log,
            speed_of=self._meter.speed_of,
            learned=self.learned,
            view=sight.view,
            view_moved=sight.moved,
            still_things=sight.still_things,
            water_cm=sight.water_cm,
        )
        self._meter.attend(scene)
        self.learned.attend(scene)
        return self._incidents.update(scene, self._judge(scene), self.detector.model)

    def finish(self) -> list[IncidentChange]:
        """Close what is open: the stream has ended or the box stops."""
        return self._incidents.finish()

    def find(self, incident_id: str) -> IncidentMessage | None:
        """Return the newest revision of an incident of this camera; None when it knows none."""
        return self._incidents.find(incident_id)

    def attach_evidence(
        self, incident_id: str, items: Iterable[EvidenceItem], missing: str = ""
    ) -> IncidentMessage | None:
        """Return the incident's next revision with all ``items``; None when long forgotten."""
        return self._incidents.attach_evidence(incident_id, items, missing)

    @property
    def rules(self) -> tuple[str, ...]:
        """Return the names of the rules that watch."""
        return tuple(rule.name for rule in self._rules)

    def _judge(self, scene: Scene) -> list[Sighting]:
        """Return what the rules see in ``scene``."""
        seen: list[Sighting] = []
        moved = scene.view_moved and not self._trusts
        resting = self._calibrated if moved else frozenset()
        resting |= self._suspended(scene.camera_id)
        for rule in self._rules:
            if rule.name in resting:
                continue
            try:
                seen += [self._meter.completed(s, scene) for s in rule.observe(scene)]
            except Exception:  # one of three: a mistake in one rule silences no other
                if self._counters.increment_and_mark("rule_errors"):
                    log.exception("rule_failed", rule=rule.name, camera=scene.camera_id)
        return seen

    def _begin(self, camera: CameraConfig) -> None:
        """Build what depends on the picture's size."""
        self._size_px = camera.frame_size_px
        self._signals = SignalReader(camera.signals)
        self._meter = SpeedMeter(camera)
        self._rules: list[Rule] = build_rules(camera, on_frames=True)
        asked = (RULES[rule.name].still_kinds for rule in self._rules)
        self._watcher = ViewWatcher(camera, frozenset().union(*asked))
        self._calibrated = calibrated_rules(camera)


def scene_version(camera: CameraConfig) -> str:
    """Return a short hash of what was drawn and configured, without the camera's address."""
    drawn = camera.model_dump_json(exclude={"source"})
    return hashlib.sha256(drawn.encode()).hexdigest()[:12]
