"""``illegal_stop``: a vehicle stops where stopping is forbidden.

Sighted from ``hold_s`` of standing in a ``no_stopping`` zone, at the zone's hours, until it has
stood for ``until_s``: from then on it is parked, and ``illegal_parking`` tells that. Not meant: a
queue at red or just released by green, a jam, and the classes that the zone lists (``[bus]`` at a
bus stop).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge.rules.base import DAY_S, IncidentPolicy, RuleKind, RuleOptions, draws, option
from edge.rules.standing import Standing

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Scene, Sighting

NAME = "illegal_stop"
ZONE = "no_stopping"


class IllegalStopOptions(RuleOptions):
    """Thresholds of ``illegal_stop``."""

    hold_s: float = option(
        60.0, title="Standing for at least", unit="s", ge=3, le=3600,
        source="provincial catalogue VP_DUNG_DO: stop from 60 s",
    )  # fmt: skip
    until_s: float = option(
        300.0, title="From then on it is parked and no longer this rule's", unit="s",
        ge=3, le=86400, source="provincial catalogue VP_DUNG_DO: park from 300 s",
    )  # fmt: skip


class IllegalStop:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(
        clear_after_s=15.0, merge_gap_s=10.0, merge_iou=0.4, repeat_after_s=DAY_S
    )

    def __init__(self, camera: CameraConfig, options: IllegalStopOptions) -> None:
        """Watch every no-stopping zone of ``camera``."""
        self._until_s = options.until_s
        self._standing = Standing(camera, ZONE, options.hold_s)

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who has stopped unlawfully and still stands, but is not parked yet."""
        return [
            replace(each, rule=NAME)
            for each in self._standing.observe(scene)
            if each.seen_s - each.occurred_s < self._until_s
        ]


KIND = RuleKind(
    name=NAME,
    options=IllegalStopOptions,
    make=IllegalStop,
    suits=draws(frozenset({ZONE})),
)
