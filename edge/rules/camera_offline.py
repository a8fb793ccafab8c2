"""``camera_offline``: no picture has come from a camera for a minute.

The heartbeat tells the centre within seconds; this makes it an incident somebody has to deal with,
opened after ``after_s`` and closed when pictures come again. Level 2 from ``long_s`` on.

It sees presence, not pictures: see ``edge.attendance``. A file that has ended is no camera.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.config.camera import FileSource
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, of_the_camera, option

if TYPE_CHECKING:
    from edge.scene import Scene, Sighting

NAME = "camera_offline"


class CameraOfflineOptions(RuleOptions):
    """Thresholds of ``camera_offline``."""

    after_s: float = option(
        60.0, title="No picture for", unit="s",
        source="domain-vn.md §4, HT_MAT_KET_NOI: 60 s", ge=5, le=3600,
    )  # fmt: skip
    long_s: float = option(
        300.0, title="Level 2 when away for", unit="s",
        source="domain-vn.md §4, HT_MAT_KET_NOI: 5 min", ge=10, le=86400,
    )  # fmt: skip


class CameraOffline:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=0.0, cool_down_s=0.0, update_every_s=300.0)

    def __init__(self, options: CameraOfflineOptions) -> None:
        """Watch whether pictures come."""
        self._options = options

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return the absence while it lasts."""
        presence = scene.presence
        if presence is None or presence.away_s < self._options.after_s:
            return []
        return [
            of_the_camera(
                NAME,
                scene,
                1.0,
                since_s=scene.stream_s - presence.away_s,
                level=2 if presence.away_s >= self._options.long_s else 1,
            )
        ]


KIND = RuleKind(
    name=NAME,
    options=CameraOfflineOptions,
    make=lambda _, options: CameraOffline(options),
    suits=lambda camera: not isinstance(camera.source, FileSource),
    needs_frames=False,
)
