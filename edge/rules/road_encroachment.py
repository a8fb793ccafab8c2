"""``road_encroachment``: people, vehicles or goods take up a pavement or a lane for long.

Invariants:
    * Watched are the pavements, carriageways and lanes that were drawn with hours: only somebody on
      the spot knows when a market or a parked row there is against the rules.
    * At rest means where it was, for ``hold_s`` without a break; people who walk and traffic that
      flows take nothing up.
    * On a carriageway a motor vehicle that stands is ``stopped_vehicle``'s news, not this rule's.
    * A street market is one event of its zone, however many stalls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edge.config.hours import holds
from edge.contract.road_users import MOTOR_VEHICLES, ROAD_USERS
from edge.geometry import in_polygon
from edge.rules.base import DAY_S, IncidentPolicy, RuleKind, RuleOptions, option
from edge.rules.presence import Stays, by_zone
from edge.rules.road import DRIVEN, has_lasted
from edge.scene import Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.camera import CameraConfig
    from edge.rules.presence import Stay
    from edge.scene import Scene

NAME = "road_encroachment"
WATCHED = DRIVEN | {"pavement"}
GAP_S = 30.0
"""How long somebody at a stall may be hidden by customers."""


class RoadEncroachmentOptions(RuleOptions):
    """Thresholds of ``road_encroachment``."""

    hold_s: float = option(
        600.0,
        title="In one place for at least",
        unit="s",
        ge=10,
        le=14400,
        source="provincial catalogue VP_LAN_CHIEM: 10 minutes static",
    )
    min_things: float = option(
        1, title="At least this many at once", ge=1, le=50, source="provincial catalogue: any"
    )
    min_score: float = option(
        0.4, title="Mean score of a road user", ge=0, le=1, source="as for people on foot"
    )


class RoadEncroachment:
    """Sees what stays on pavements and lanes in the hours in which nothing may."""

    name = NAME
    policy = IncidentPolicy(
        clear_after_s=60.0,
        merge_gap_s=60.0,
        merge_iou=0.1,
        cool_down_s=600.0,
        update_every_s=600.0,
        repeat_after_s=DAY_S,
    )

    def __init__(self, camera: CameraConfig, options: RoadEncroachmentOptions) -> None:
        """Watch the areas of ``camera`` that have hours."""
        self._options = options
        zones = tuple(z for z in camera.zones if z.kind not in WATCHED or z.hours)
        self._zones = [zone for zone in zones if zone.kind in WATCHED]
        drawn = camera.model_copy(update={"zones": zones})
        self._stays = Stays(drawn, WATCHED, ROAD_USERS, GAP_S)

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting per area that is taken up now."""
        now_s = scene.stream_s
        due = {
            group[0].zone.id: group
            for group in by_zone([s for s in self._stays.look(scene) if self._is_due(s, now_s)])
        }
        things = self._lying(scene)
        return [
            sighting
            for zone in self._zones
            if (sighting := self._judge(due.get(zone.id, []), things.get(zone.id, []), now_s))
        ]

    def _is_due(self, stay: Stay, now_s: float) -> bool:
        """Say whether a road user has been in its place too long, and is this rule's."""
        if stay.zone.kind in DRIVEN and stay.track.class_name in MOTOR_VEHICLES:
            return False
        lasted = has_lasted(stay.still_since_s, now_s, self._options.hold_s)
        return lasted and stay.mean_score >= self._options.min_score

    def _lying(self, scene: Scene) -> dict[str, list[Sighting]]:
        """Return what lies in each area too long and is no road user, each as its own sighting."""
        found: dict[str, list[Sighting]] = {}
        for thing in scene.still_things:
            left, _, right, bottom = thing.xyxy
            lasted = has_lasted(thing.since_s, scene.stream_s, self._options.hold_s)
            if thing.kind != "object" or not lasted:
                continue
            for zone in self._zones:
                inside = in_polygon(((left + right) / 2, bottom), zone.polygon)
                if inside and holds(zone.hours, scene.captured_at):
                    sighting = Sighting(
                        rule=NAME,
                        key=f"{zone.id}:{thing.since_s:.1f}",
                        occurred_s=thing.since_s,
                        seen_s=scene.stream_s,
                        confidence=0.6,
                        place=zone.id,
                        boxes=((scene.stream_s, *thing.xyxy),),
                    )
                    found.setdefault(zone.id, []).append(sighting)
        return found

    def _judge(
        self, group: Sequence[Stay], things: Sequence[Sighting], now_s: float
    ) -> Sighting | None:
        """Return the word about one area; goods alone are told as what they are."""
        if len(group) + len(things) < max(1, self._options.min_things):
            return None
        if not group:
            return things[0]
        return self._stays.sighting(NAME, group, now_s, occasion=group[0].zone.id)


KIND = RuleKind(
    name=NAME,
    options=RoadEncroachmentOptions,
    make=RoadEncroachment,
    suits=lambda camera: any(zone.kind in WATCHED and zone.hours for zone in camera.zones),
    still_kinds=frozenset({"object"}),
)
