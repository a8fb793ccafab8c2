"""``loitering``: somebody stays about a guarded area and goes to and fro without leaving.

Invariants:
    * Time alone is not enough: who waits, sits or works in one spot stays still, who passes through
      goes straight. Wanted is a way that is long for how far it leads.
    * A person whom the tracker lost and found at the same place goes on with the same time and way.
    * Told about one person at a time; two people who loiter are two events.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, draws, option
from edge.rules.presence import Stays
from edge.rules.road import has_lasted
from edge.scene import Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.camera import CameraConfig
    from edge.rules.presence import Stay
    from edge.scene import Scene

NAME = "loitering"
WATCHED = frozenset({"restricted", "gathering"})
GAP_S = 10.0
"""How long somebody may be hidden; longer, and nobody can say that it is the same person."""


class LoiteringOptions(RuleOptions):
    """Thresholds of ``loitering``."""

    hold_s: float = option(
        120.0,
        title="About the place for at least",
        unit="s",
        ge=10,
        le=7200,
        source="own choice: twice a usual wait for somebody at a gate",
    )
    min_walked_m: float = option(
        20.0,
        title="Walked there at least",
        unit="m",
        ge=2,
        le=500,
        source="own choice: ten seconds of walking; who sits and shifts stays below",
    )
    min_roundabout: float = option(
        2.5,
        title="Way walked by the farthest place reached",
        ge=1,
        le=20,
        source="straight through is 1, there and back is 2",
    )
    min_score: float = option(
        0.4, title="Mean score of the person", ge=0, le=1, source="as for people on foot"
    )


class Loitering:
    """Sees people who go to and fro in a guarded area."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=20.0, merge_gap_s=20.0, merge_iou=0.2, cool_down_s=300.0)

    def __init__(self, camera: CameraConfig, options: LoiteringOptions) -> None:
        """Watch every restricted and gathering area of ``camera``."""
        self._options = options
        self._stays = Stays(camera, WATCHED, {"person"}, GAP_S)

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting per person who loiters now."""
        return [
            self._sighting(stay, scene.stream_s)
            for stay in self._stays.look(scene)
            if self._loiters(stay, scene.stream_s)
        ]

    def _loiters(self, stay: Stay, now_s: float) -> bool:
        """Say whether a stay is long and its way winding."""
        wanted = self._options
        return (
            has_lasted(stay.since_s, now_s, wanted.hold_s)
            and stay.walked_m >= wanted.min_walked_m
            and stay.walked_m >= wanted.min_roundabout * stay.reach_m
            and stay.mean_score >= wanted.min_score
        )

    def _sighting(self, stay: Stay, now_s: float) -> Sighting:
        boxes = tuple(stay.boxes)
        stay.boxes.clear()
        return Sighting(
            rule=NAME,
            key=f"{stay.zone.id}:{stay.since_s:.1f}:{stay.came_in_px[0]:.0f}",
            occurred_s=stay.since_s,
            seen_s=now_s,
            confidence=min(0.9, 0.4 + stay.mean_score / 2),
            place=stay.zone.id,
            object_class="person",
            track_ids=(stay.track.track_id,),
            boxes=boxes,
        )


KIND = RuleKind(
    name=NAME,
    options=LoiteringOptions,
    make=Loitering,
    suits=draws(WATCHED),
)
