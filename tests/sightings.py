"""Sightings told second by second to one camera's incidents, for tests of the incident policy."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from edge.config.camera import CameraConfig, Location
from edge.contract.messages import IncidentMessage, ModelRef, Phase
from edge.counters import Counters
from edge.incidents import IncidentChange, Incidents, Origin
from edge.rules.base import IncidentPolicy
from edge.scene import Scene, Sighting, TimeQuality
from tests.builders import NOON

CAMERA = CameraConfig(
    id="gate",
    name="Gate",
    frame_size_px=(640, 480),
    location=Location(lat=18.67, lon=105.68),
    area_code="16681",
    legal_source="B",
)
AT_ONCE = IncidentPolicy(clear_after_s=2.0, merge_gap_s=1.0, merge_iou=0.5, cool_down_s=5.0)
PATIENT = IncidentPolicy(min_duration_s=3.0, clear_after_s=2.0, cool_down_s=5.0)
BOX = (100.0, 100.0, 200.0, 200.0)
ASIDE = (110.0, 100.0, 210.0, 200.0)
FAR = (400.0, 100.0, 500.0, 200.0)
Box = tuple[float, float, float, float]


class Story:
    """Sightings told second by second to one camera's incidents."""

    def __init__(self, policy: IncidentPolicy = AT_ONCE, **given: Any) -> None:
        self.counters = Counters()
        self.incidents = Incidents(
            Origin(box_id="n1", camera=CAMERA, software_version="0.1", scene_version="abc"),
            {"red_light": policy, "stop_line": policy},
            self.counters,
            **given,
        )
        self.changes: list[IncidentChange] = []

    def tell(
        self,
        now_s: float,
        *sightings: Sighting,
        model: ModelRef | None = None,
        step: timedelta = timedelta(),
        quality: TimeQuality = TimeQuality(),  # noqa: B008 - frozen
    ) -> None:
        """Let one scene with these sightings pass, on a clock that was set by ``step`` before."""
        shown = scene(now_s)
        at = shown.captured_at + step
        shown = replace(shown, captured_at=at, time_quality=quality)
        self.changes += self.incidents.update(shown, sightings, model)

    @property
    def phases(self) -> list[tuple[Phase, int]]:
        """Return phase and revision of every message so far."""
        return [(change.message.phase, change.message.revision) for change in self.changes]

    @property
    def messages(self) -> list[IncidentMessage]:
        """Return every message so far."""
        return [change.message for change in self.changes]


def scene(now_s: float) -> Scene:
    """Return an empty scene at a second."""
    return Scene(
        camera_id="gate",
        captured_at=NOON + timedelta(seconds=now_s),
        stream_s=now_s,
        frame_size_px=(640, 480),
    )


def sighting(now_s: float, key: str = "a", box: Box = BOX, **given: Any) -> Sighting:
    """Return a sighting of one vehicle at a second."""
    fields: dict[str, Any] = {
        "rule": "red_light",
        "key": key,
        "occurred_s": now_s,
        "seen_s": now_s,
        "confidence": 0.5,
        "place": "line",
        "object_class": "motorbike",
        "track_ids": (1,),
        "boxes": ((now_s, *box),),
    }
    return Sighting(**(fields | given))


def opened(story: Story) -> int:
    """Return how many incidents were opened."""
    return sum(message.phase is Phase.OPENED for message in story.messages)
