"""``intrusion``: somebody is in a restricted area in the hours in which nobody may be.

Invariants:
    * The drawing decides who may be where and when: a ``restricted`` zone, its ``hours`` (none: day
      and night) and its ``classes`` (those who may).
    * One occasion is one event: from the first intruder to the last, however many.
    * Passing before the area does not count, nor does a foot point that flickers over its edge:
      ``hold_s`` inside is wanted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.contract.road_users import ROAD_USERS
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, draws, option
from edge.rules.presence import Stays, by_zone
from edge.rules.road import has_lasted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.camera import CameraConfig
    from edge.scene import Scene, Sighting

NAME = "intrusion"
WATCHED = frozenset({"restricted"})
GAP_S = 5.0
"""How long an intruder may be hidden, behind a pillar or a parked car."""


class IntrusionOptions(RuleOptions):
    """Thresholds of ``intrusion``."""

    hold_s: float = option(
        1.0,
        title="Inside for at least",
        unit="s",
        ge=0.2,
        le=60,
        source="own choice: a detector's slip is shorter, three steps are longer",
    )
    min_score: float = option(
        0.4, title="Mean score of the intruder", ge=0, le=1, source="as for people on foot"
    )


class Intrusion:
    """Sees people and vehicles where nobody may be."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=10.0, merge_gap_s=10.0, merge_iou=0.1, cool_down_s=30.0)

    def __init__(self, camera: CameraConfig, options: IntrusionOptions) -> None:
        """Watch every restricted area of ``camera``."""
        self._options = options
        self._stays = Stays(camera, WATCHED, ROAD_USERS, GAP_S)

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting per restricted area with somebody in it now."""
        due = [
            stay
            for stay in self._stays.look(scene)
            if has_lasted(stay.since_s, scene.stream_s, self._options.hold_s)
            and stay.mean_score >= self._options.min_score
        ]
        return [
            self._stays.sighting(NAME, group, scene.stream_s, occasion=group[0].zone.id)
            for group in by_zone(due)
        ]


KIND = RuleKind(
    name=NAME,
    options=IntrusionOptions,
    make=Intrusion,
    suits=draws(WATCHED),
)
