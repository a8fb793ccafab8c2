"""``pedestrian_on_carriageway``: somebody on foot is where vehicles drive.

Invariants:
    * Only the foot point counts: a person leaning over a kerb stone is on the pavement.
    * A rider is not a pedestrian: neither one whose two-wheeler overlaps, nor one whose two-wheeler
      was missed but who is faster than anybody walks.
    * On a drawn crosswalk nobody is reported; at its edge the crosswalk wins.
    * People close together are one group and one event; a group ends when nobody of it has been
      seen on the road for ``group_gap_s``, which is also what removes it from memory.

Not decided here: whether crossing was allowed; the rule speaks of danger, not of guilt.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from edge.contract.road_users import TWO_WHEELERS
from edge.geometry import metres_per_px
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, TrackMemory, draws, option
from edge.rules.road import DRIVEN, MPS_TO_KMH, Road, Trail, has_lasted
from edge.scene import Sighting

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from edge.config.camera import CameraConfig, Zone
    from edge.scene import Point, Scene, Track, Xyxy

NAME = "pedestrian_on_carriageway"
JUDGED = DRIVEN | {"crosswalk"}
RIDING_SHARE = 0.25
"""Share of a person's box covered by a two-wheeler that makes a rider of them. Source: a rider's
legs are beside the bike: about a third of the height."""
MAX_RODE_SHARE = 0.3
"""Who looked like a rider more often than this is one; below it a motorbike passed behind."""
KEPT_BOXES = 64
PACE_S = 1.0
"""Time over which walking speed is measured."""


class PedestrianOptions(RuleOptions):
    """Thresholds of ``pedestrian_on_carriageway``."""

    min_s: float = option(
        1.0, title="On the carriageway for at least", unit="s", ge=0.2, le=60, source="anchors"
    )
    max_speed_kmh: float = option(
        12.0,
        title="Whoever is faster rides something",
        unit="km/h",
        ge=3,
        le=60,
        source="adults run at 8-12 km/h",
    )
    min_score: float = option(
        0.4, title="Mean score of the person", ge=0, le=1, source="measured on the footage"
    )
    group_m: float = option(
        4.0, title="People this close are one group", unit="m", ge=0, le=50, source="a lane's width"
    )
    group_gap_s: float = option(
        3.0, title="A group survives unseen for", unit="s", ge=0, le=60, source="a bus passes by"
    )
    cyclists: bool = option(
        default=False,
        title="Bicycles count as well (expressways, where they are forbidden)",
        source="Law 36/2024 on expressways: motor vehicles only",
    )


@dataclass(slots=True)
class _Walker:
    """What is remembered of one person; ``TrackMemory`` removes it with its track."""

    trail: Trail
    since_s: float | None = None
    scores: float = 0.0
    looks: int = 0
    rode: int = 0
    boxes: list[tuple[float, float, float, float, float]] = field(default_factory=list)


@dataclass(slots=True)
class _Group:
    """People near each other on the road; removed when all have gone.

    ``places_px`` holds where each was last; who is unseen for ``group_gap_s`` is dropped from it.
    """

    group_id: int
    zone_id: str
    since_s: float
    places_px: dict[int, tuple[Point, float]]


class PedestrianOnCarriageway:
    """Sees people on foot where vehicles drive."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=3.0, merge_gap_s=3.0, merge_iou=0.3, cool_down_s=5.0)

    def __init__(self, camera: CameraConfig, options: PedestrianOptions) -> None:
        """Watch every carriageway and lane of ``camera``."""
        self._options = options
        self._road = Road.of(camera)
        self._classes = {"person", "bicycle"} if options.cyclists else {"person"}
        has_plane = self._road.plane is not None
        self._walkers = TrackMemory(lambda _: _Walker(Trail(PACE_S, has_plane)), linger_s=1.0)
        self._groups: list[_Group] = []
        self._ids = count(1)

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting per group of people on the road now."""
        if self._walkers.attend(scene):
            self._groups.clear()
        now_s = scene.stream_s
        bikes = [
            track.xyxy
            for track in scene.tracks
            if track.class_name in TWO_WHEELERS and track.observed
        ]
        found: dict[int, list[Track]] = {}
        for track in scene.tracks:
            if track.class_name in self._classes and track.observed:
                zone = self._look_at(track, bikes, now_s)
                if zone is not None:
                    found.setdefault(self._group_of(track, zone, now_s), []).append(track)
        self._forget(now_s)
        return [
            self._sighting(group, found[group.group_id], now_s)
            for group in self._groups
            if group.group_id in found
        ]

    def _look_at(self, track: Track, bikes: Iterable[Xyxy], now_s: float) -> Zone | None:
        """Return the zone in which a person has been on the road long enough, else None."""
        walker, options = self._walkers.of(track, now_s), self._options
        walker.trail.add(track, now_s)
        zone = self._road.zone_at(track.foot_px, JUDGED)
        if zone is None or zone.kind == "crosswalk":
            walker.since_s, walker.scores, walker.looks, walker.rode = None, 0.0, 0, 0
            walker.boxes.clear()
            return None
        if walker.since_s is None:
            walker.since_s = now_s
        walker.scores += track.score
        walker.looks += 1
        walker.rode += self._rides(track, walker, bikes)
        walker.boxes = [*walker.boxes, (now_s, *track.xyxy)][-KEPT_BOXES:]
        is_person = (
            walker.scores >= options.min_score * walker.looks
            and walker.rode <= MAX_RODE_SHARE * walker.looks
        )
        long_enough = has_lasted(walker.since_s, now_s, options.min_s)
        return zone if is_person and long_enough else None

    def _rides(self, track: Track, walker: _Walker, bikes: Iterable[Xyxy]) -> bool:
        """Say whether a person sits on a two-wheeler, seen or not."""
        if self._options.cyclists:
            return False
        if any(share_inside(track.xyxy, bike) >= RIDING_SHARE for bike in bikes):
            return True
        steps = walker.trail.steps
        if walker.trail.lasted_s < PACE_S / 2:
            return False
        way_m = math.dist(steps[0].at_m, steps[-1].at_m)
        return way_m / walker.trail.lasted_s * MPS_TO_KMH > self._options.max_speed_kmh

    def _group_of(self, track: Track, zone: Zone, now_s: float) -> int:
        """Return the id of the group a person belongs to, a new one for a loner."""
        reach_px = self._options.group_m / metres_per_px(track)
        for group in self._groups:
            near = any(
                math.dist(track.foot_px, place) <= reach_px for place, _ in group.places_px.values()
            )
            if group.zone_id == zone.id and near:
                break
        else:
            since_s = self._walkers.of(track, now_s).since_s
            begun_s = now_s if since_s is None else since_s
            group = _Group(next(self._ids), zone.id, begun_s, {})
            self._groups.append(group)
        group.places_px[track.track_id] = (track.foot_px, now_s)
        return group.group_id

    def _forget(self, now_s: float) -> None:
        """Remove who has not been seen for long, and groups of which nobody is left."""
        gap_s = self._options.group_gap_s
        for group in self._groups:
            group.places_px = {
                track_id: seen
                for track_id, seen in group.places_px.items()
                if now_s - seen[1] <= gap_s
            }
        self._groups = [group for group in self._groups if group.places_px]

    def _sighting(self, group: _Group, people: Sequence[Track], now_s: float) -> Sighting:
        boxes = []
        for track in people:
            walker = self._walkers.of(track, now_s)
            boxes += walker.boxes
            walker.boxes.clear()
        return Sighting(
            rule=NAME,
            key=f"{group.zone_id}:{group.group_id}",
            occurred_s=group.since_s,
            seen_s=now_s,
            confidence=min(0.99, 0.4 + max(track.score for track in people) / 2),
            place=group.zone_id,
            object_class=people[0].class_name,
            track_ids=tuple(track.track_id for track in people),
            boxes=tuple(sorted(boxes)),
        )


def share_inside(box: Xyxy, other: Xyxy) -> float:
    """Return which share 0..1 of ``box`` lies inside ``other``, same pixels."""
    width = min(box[2], other[2]) - max(box[0], other[0])
    height = min(box[3], other[3]) - max(box[1], other[1])
    area = (box[2] - box[0]) * (box[3] - box[1])
    return max(0.0, width) * max(0.0, height) / area if area > 0 else 0.0


KIND = RuleKind(
    name=NAME,
    options=PedestrianOptions,
    make=PedestrianOnCarriageway,
    suits=draws(DRIVEN),
)
