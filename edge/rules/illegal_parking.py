"""``illegal_parking``: a vehicle is parked where that is forbidden.

Sighted from ``hold_s`` of standing in a ``no_stopping`` zone, at the zone's hours. Where a sign
forbids parking but not stopping, leave ``illegal_stop`` out of the camera's rules. Queues, jams and
exempt classes are as in ``illegal_stop``.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edge.rules.base import DAY_S, IncidentPolicy, RuleKind, RuleOptions, draws, option
from edge.rules.standing import Standing

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.scene import Scene, Sighting

NAME = "illegal_parking"
ZONE = "no_stopping"


class IllegalParkingOptions(RuleOptions):
    """Thresholds of ``illegal_parking``."""

    hold_s: float = option(
        300.0, title="Standing for at least", unit="s", ge=3, le=86400,
        source="provincial catalogue VP_DUNG_DO: park from 300 s",
    )  # fmt: skip


class IllegalParking:
    """The rule on one camera."""

    name = NAME
    policy = IncidentPolicy(
        clear_after_s=15.0, merge_gap_s=10.0, merge_iou=0.4, repeat_after_s=DAY_S
    )

    def __init__(self, camera: CameraConfig, options: IllegalParkingOptions) -> None:
        """Watch every no-stopping zone of ``camera``."""
        self._standing = Standing(camera, ZONE, options.hold_s)

    def observe(self, scene: Scene) -> list[Sighting]:
        """Return who is parked unlawfully now."""
        return [replace(each, rule=NAME) for each in self._standing.observe(scene)]


KIND = RuleKind(
    name=NAME,
    options=IllegalParkingOptions,
    make=IllegalParking,
    suits=draws(frozenset({ZONE})),
)
