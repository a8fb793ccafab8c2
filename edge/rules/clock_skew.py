"""``clock_skew``: a camera's clock is off the box's; its times would not stand in court.

Level 1 above half a second, level 2 above two: from there on incidents say that their times are not
to be trusted. It lasts ten seconds before it is told: one late sender report says nothing.

Not seen: a camera that tells no time, and a box whose own clock is wrong (that is an alarm).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.config.camera import FileSource
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, of_the_camera, option

if TYPE_CHECKING:
    from edge.scene import Scene, Sighting

NAME = "clock_skew"


class ClockSkewOptions(RuleOptions):
    """Thresholds of ``clock_skew``."""

    warn_s: float = option(
        0.5, title="Level 1 above", unit="s",
        source="domain-vn.md §4, HT_LECH_GIO: 500 ms", ge=0.05, le=60,
    )  # fmt: skip
    doubt_s: float = option(
        2.0, title="Level 2 above", unit="s",
        source="domain-vn.md §4, HT_LECH_GIO: 2 s, evidence flagged", ge=0.1, le=600,
    )  # fmt: skip


class ClockSkew:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(
        min_duration_s=10.0, clear_after_s=60.0, cool_down_s=600.0, update_every_s=3600.0
    )

    def __init__(self, options: ClockSkewOptions) -> None:
        """Watch what the camera says the time is."""
        self._options = options

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return the offset while it is too large."""
        presence = scene.presence
        offset_s = abs((presence.clock_offset_s if presence else None) or 0.0)
        if offset_s <= self._options.warn_s:
            return []
        return [of_the_camera(NAME, scene, 1.0, level=2 if offset_s > self._options.doubt_s else 1)]


KIND = RuleKind(
    name=NAME,
    options=ClockSkewOptions,
    make=lambda _, options: ClockSkew(options),
    suits=lambda camera: not isinstance(camera.source, FileSource),
    needs_frames=False,
)
