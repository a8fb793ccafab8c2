"""``livestock_on_road``: large animals are where vehicles drive.

Invariants:
    * A herd is one event, from the first animal on the road to the last, on whichever lanes.
    * An animal is believed by its mean score over the time it must have been there, so a lorry
      called a cow for a moment is none.
    * On a crossing, a pavement or an ignored area nobody is told of.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, draws, option
from edge.rules.presence import Stays
from edge.rules.road import DRIVEN, has_lasted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.camera import CameraConfig
    from edge.scene import Scene, Sighting

NAME = "livestock_on_road"
WATCHED = DRIVEN | {"emergency_lane"}
GAP_S = 10.0
"""How long an animal may be hidden: a lorry passes, see ``stopped_vehicle``."""


class LivestockOptions(RuleOptions):
    """Thresholds of ``livestock_on_road``."""

    hold_s: float = option(
        3.0,
        title="On the road for at least",
        unit="s",
        ge=0.5,
        le=120,
        source="provincial catalogue SC_VAT_NUOI: 3 s on a lane",
    )
    min_score: float = option(
        0.4, title="Mean score of the animal", ge=0, le=1, source="as for people on foot"
    )


class LivestockOnRoad:
    """Sees cattle and the like on carriageways and lanes."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=15.0, merge_gap_s=15.0, merge_iou=0.1, cool_down_s=60.0)

    def __init__(self, camera: CameraConfig, options: LivestockOptions) -> None:
        """Watch every carriageway and lane of ``camera``."""
        self._options = options
        self._stays = Stays(camera, WATCHED, {"livestock"}, GAP_S)

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting of the animals that are on the road now."""
        due = [
            stay
            for stay in self._stays.look(scene)
            if has_lasted(stay.since_s, scene.stream_s, self._options.hold_s)
            and stay.mean_score >= self._options.min_score
        ]
        return [self._stays.sighting(NAME, due, scene.stream_s, occasion="road")] if due else []


KIND = RuleKind(
    name=NAME,
    options=LivestockOptions,
    make=LivestockOnRoad,
    suits=draws(DRIVEN),
)
