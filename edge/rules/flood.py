"""``flood``: water stands on the road, read off a drawn gauge.

Level 1 from 20 cm, level 2 from 30 cm: motorbikes stall, the road should be closed. A passing
vehicle, a puddle and rain move the reading for seconds only.

Not seen: what the gauge's reader is blind to, see ``edge.view.gauges``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, option
from edge.scene import Sighting

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Scene

NAME = "flood"
SURE = 0.8
"""Confidence: a gauge is read, not guessed, but only by its looks."""


class FloodOptions(RuleOptions):
    """Thresholds of ``flood``."""

    warn_cm: float = option(
        20.0, title="Level 1 from", unit="cm", source="domain-vn.md §4, SC_NGAP", ge=5, le=200,
    )  # fmt: skip
    close_cm: float = option(
        30.0, title="Level 2 from", unit="cm", source="domain-vn.md §4, SC_NGAP", ge=5, le=300,
    )  # fmt: skip


class Flood:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(
        min_duration_s=20.0, clear_after_s=60.0, cool_down_s=600.0, update_every_s=300.0
    )

    def __init__(self, camera: CameraConfig, options: FloodOptions) -> None:
        """Watch every gauge drawn."""
        self._options = options
        self._middle = {
            gauge.id: (gauge.marks[0].px, gauge.marks[-1].px) for gauge in camera.gauges
        }

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return the gauges that stand in water now."""
        options = self._options
        return [
            self._sighting(gauge_id, 2 if depth_cm >= options.close_cm else 1, scene)
            for gauge_id, depth_cm in scene.water_cm.items()
            if depth_cm >= options.warn_cm
        ]

    def _sighting(self, gauge_id: str, level: int, scene: Scene) -> Sighting:
        (x1, y1), (x2, y2) = self._middle[gauge_id]
        box = (scene.stream_s, min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))
        return Sighting(
            rule=NAME,
            key=gauge_id,
            occurred_s=scene.stream_s,
            seen_s=scene.stream_s,
            confidence=SURE,
            place=gauge_id,
            level=level,
            boxes=(box,),
        )


KIND = RuleKind(
    name=NAME, options=FloodOptions, make=Flood, suits=lambda camera: bool(camera.gauges)
)
