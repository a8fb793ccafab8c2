"""``stopped_vehicle``: a vehicle stands where traffic should flow.

Invariants:
    * Evidence belongs to a *spot*, not to a track id: a vehicle hidden by a passing lorry, or found
      again under another id, keeps its time. A spot ends when its vehicle is seen driving off, or
      when nothing has stood there for ``max_gap_s``.
    * Lawful waiting (a red light, the queue green has just released, a signal nobody can read) does
      not count, until it has lasted so long that the signal cannot be the reason.
    * Where most traffic in the zone crawls or stands, that is ``congestion``'s news, not this
      rule's.
    * Where the traffic that passes is fast, known by the road plane, whoever is slower than a
      runner is as good as at rest and is told at once; unless the stream repeats a picture
      (:mod:`edge.rules.stutter`), in which everybody stands.

Parked vehicles outside the drawn carriageway are never seen: draw the parking strip as ``ignore``.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from edge.contract.road_users import MOTOR_VEHICLES
from edge.geometry import iou
from edge.rules.base import DAY_S, IncidentPolicy, RuleKind, RuleOptions, TrackMemory, draws, option
from edge.rules.crowding import Crowding
from edge.rules.pace import Pace, pace_of, rest_began_s
from edge.rules.passing import Passing
from edge.rules.road import DRIVEN, WHOLE_PICTURE, Road, Trail, has_lasted
from edge.rules.stutter import Stutter
from edge.rules.waiting import LawfulWait
from edge.scene import Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.camera import CameraConfig, Zone
    from edge.scene import KnownTraffic, Point, Scene, Track, Xyxy

NAME = "stopped_vehicle"
WATCHED = DRIVEN | {"no_stopping"}
SAME_SPOT_IOU = 0.4
"""Boxes that overlap this much stand in one spot. Source: half a car's length along the road."""
STOOD_RATIO = 1.25
"""Whoever has stood stands on until he is so much faster than the fastest rest. Source:
``DRIVE_KMH`` over it where traffic is fast; a lorry on RoadTrack K221 stood and went by turns."""
LENT_ID_S = 1.0
HIDDEN_S = 1.0
"""Longer unseen is not counted as standing: nobody can say what happened meanwhile."""
SURE_S = 1.0
"""So exactly it is known when somebody came to rest. Source: half of the time over which rest is
measured."""
KEPT_BOXES = 64


class StoppedVehicleOptions(RuleOptions):
    """Thresholds of ``stopped_vehicle``."""

    hold_s: float = option(
        10.0,
        title="Standing unlawfully for at least",
        unit="s",
        ge=1,
        le=3600,
        source="provincial catalogue: expressway lane 10 s, hard shoulder 30 s, street 60 s",
    )
    fast_hold_s: float = option(
        2.5,
        title="Where traffic is fast, standing for at least",
        unit="s",
        ge=1,
        le=3600,
        source="at 100 km/h the next driver is 55 m nearer: nobody stops there for ten seconds",
    )
    fast_kmh: float = option(
        60.0,
        title="Traffic is fast where many pass at",
        unit="km/h",
        ge=20,
        source="lowest speed allowed on expressways, QCVN 41 and Law 36/2024, article 25",
    )
    max_speed_kmh: float = option(
        3.0, title="Standing means slower than", unit="km/h", ge=0.1, source="walking pace"
    )
    fast_max_speed_kmh: float = option(
        8.0,
        title="Where traffic is fast, standing means slower than",
        unit="km/h",
        ge=0.1,
        source="an eighth of the slowest that may drive there; found sooner on RoadTrack K221",
    )
    repeat_after_s: float = option(
        DAY_S,
        title="The same vehicle, still there, is told again after",
        unit="s",
        ge=0,
        source="own choice: a parked car is news once a day; 0 tells it at each return",
    )
    settle_s: float = option(
        2.0, title="Time over which rest is measured", unit="s", ge=0.5, le=30, source="box noise"
    )
    max_gap_s: float = option(
        15.0,
        title="A spot survives unseen for",
        unit="s",
        ge=0,
        le=60,
        source="passing lorries hide a car on the shoulder for up to 10 s (RoadTrack K221)",
    )
    discharge_s: float = option(
        20.0,
        title="Green time a queue may need to move off",
        unit="s",
        ge=0,
        le=300,
        source="ten vehicles at 2 s saturation headway, HCM 2016",
    )
    max_wait_s: float = option(
        180.0,
        title="No signal makes anybody wait longer than",
        unit="s",
        ge=30,
        le=3600,
        source="provincial catalogue SC_HONG_DEN: a phase over 180 s is a fault",
    )
    min_score: float = option(
        0.35,
        title="Mean detection score of what stands there",
        ge=0,
        le=1,
        source="tuned on RoadTrack K221, K287: shadows and signs stay below",
    )
    crowd_vehicles: float = option(
        5,
        title="Vehicles at rest or crawling that may be a jam",
        ge=2,
        source="tuned on RoadTrack K221, K287",
    )
    crowd_ratio: float = option(
        0.6,
        title="Share of the zone's vehicles at rest or crawling that makes it a jam",
        ge=0,
        le=1,
        source="a breakdown lets most pass; tuned on RoadTrack K221, K287",
    )


@dataclass(slots=True)
class _Spot:
    """A place where a vehicle stands; removed by ``StoppedVehicle.observe``."""

    spot_id: int
    zone: Zone
    owner: int
    since_s: float
    last_s: float
    box: Xyxy
    until_s: float = float("inf")
    counted_s: float = 0.0
    scores: float = 0.0
    seen: int = 0
    classes: Counter[str] = field(default_factory=Counter)
    boxes: list[tuple[float, float, float, float, float]] = field(default_factory=list)

    def stand(self, track: Track, now_s: float, *, counts: bool) -> None:
        """Add one look at the vehicle standing here."""
        if counts:
            self.counted_s += min(now_s - self.last_s, HIDDEN_S)
        self.owner, self.last_s, self.box = track.track_id, now_s, track.xyxy
        self.scores += track.score
        self.seen += 1
        self.classes[track.class_name] += 1
        self.boxes.append((now_s, *track.xyxy))
        if len(self.boxes) > KEPT_BOXES:
            del self.boxes[1::2]


class StoppedVehicle:
    """Sees vehicles at rest on the carriageway that have no lawful reason to stand."""

    name = NAME

    def __init__(
        self,
        camera: CameraConfig,
        options: StoppedVehicleOptions,
        watched: frozenset[str] = WATCHED,
    ) -> None:
        """Watch the zones of these kinds: every carriageway, lane and no-stopping zone."""
        # As long as a spot may survive unseen: a vehicle hidden by a passing lorry has not left.
        # There is no cool-down: the next one that stops there is news; the same one is not.
        self.policy = IncidentPolicy(
            clear_after_s=15.0,
            merge_gap_s=10.0,
            merge_iou=0.4,
            cool_down_s=0.0,
            repeat_after_s=options.repeat_after_s,
        )
        self._options = options
        self._watched = watched
        self._road = Road.of(camera)
        self._wait = LawfulWait(camera, options.discharge_s)
        self._crowding = Crowding(options.crowd_vehicles, options.crowd_ratio)
        self._passing = Passing(options.fast_kmh)
        self._trails: TrackMemory[Trail] = TrackMemory(
            lambda _: Trail(options.settle_s, has_plane=False), linger_s=1.0
        )
        self._stutter = Stutter()
        self._learned: KnownTraffic | None = None
        self._spots: list[_Spot] = []
        self._ids = count(1)

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting per vehicle that has stood too long and still stands."""
        now_s, self._learned = scene.stream_s, scene.learned
        if self._trails.attend(scene):
            self._spots.clear()
            self._passing.clear()
        self._wait.attend(scene)
        # Only where fast traffic makes it speak within seconds can it take a repeated picture for a
        # stop.
        repeated_s = self._stutter.attend(scene) if self._passing.is_any_fast() else None
        self._crowding.attend(now_s)
        for at_s, track in scene.looks():
            if track.class_name in MOTOR_VEHICLES:
                self._look_at(track, at_s)
        self._spots = [spot for spot in self._spots if now_s <= spot.until_s]
        for spot in self._spots:
            self._crowding.saw_slow(spot.zone.id, spot.owner, now_s)
        return [
            self._sighting(spot, now_s)
            for spot in self._spots
            if spot.last_s == now_s
            and (repeated_s is None or spot.since_s < repeated_s - SURE_S)
            and self._is_due(spot)
            and not self._crowding.is_jammed(spot.zone.id)
        ]

    def _look_at(self, track: Track, now_s: float) -> None:
        """Let one vehicle stand at its spot, leave it, or drive on."""
        zone = self._road.zone_at(track.foot_px, self._watched)
        if zone is not None and zone.id == WHOLE_PICTURE and not self._is_road(track.foot_px):
            zone = None
        trail = self._trails.of(track, now_s)
        trail.add(track, now_s)
        if zone is None:
            return
        spot = self._spot_of(track)
        stood = spot is not None and spot.owner == track.track_id
        rest_kmh = self._rest_kmh(zone) * (STOOD_RATIO if stood else 1.0)
        pace = pace_of(trail, self._road.plane, rest_kmh)
        self._crowding.saw(zone.id, track, pace, now_s)
        if pace is Pace.DRIVE:
            self._passing.saw(zone.id, track)
        if pace is Pace.REST and spot is None:
            spot = self._new_spot(track, zone, rest_began_s(trail), now_s)
        if spot is None:
            return
        if pace in {Pace.REST, Pace.SETTLING}:
            spot.stand(track, now_s, counts=not self._wait.excuses(zone))
            spot.until_s = now_s + self._options.max_gap_s
        elif spot.owner == track.track_id and pace is Pace.DRIVE:
            # It drove off. A tracker may also have lent its id to a passing vehicle: whoever is
            # found standing here within a moment goes on with the spot's time.
            spot.until_s = min(spot.until_s, now_s + LENT_ID_S)

    def _is_road(self, foot_px: Point) -> bool:
        """Say whether others drive here, where nobody drew the road."""
        return self._learned is None or self._learned.is_road(foot_px)

    def _rest_kmh(self, zone: Zone) -> float:
        """Return the speed below which a vehicle stands in ``zone``."""
        fast = self._passing.is_fast(zone.id)
        return self._options.fast_max_speed_kmh if fast else self._options.max_speed_kmh

    def _spot_of(self, track: Track) -> _Spot | None:
        """Return the spot a track stands in: its own, else the one it overlaps most."""
        for spot in self._spots:
            if spot.owner == track.track_id:
                return spot
        if not self._spots:
            return None
        boxes = np.array([spot.box for spot in self._spots], np.float32)
        overlaps = iou(np.array([track.xyxy], np.float32), boxes)[0]
        best = int(overlaps.argmax())
        return self._spots[best] if overlaps[best] >= SAME_SPOT_IOU else None

    def _new_spot(self, track: Track, zone: Zone, since_s: float, now_s: float) -> _Spot:
        """Remember where a vehicle stands; the time it took to be sure counts as standing."""
        spot = _Spot(next(self._ids), zone, track.track_id, since_s, now_s, track.xyxy)
        if not self._wait.excuses(zone):
            spot.counted_s = now_s - since_s
        self._spots.append(spot)
        return spot

    def _is_due(self, spot: _Spot) -> bool:
        """Say whether a spot's vehicle has stood too long."""
        hold_s = self._options.hold_s
        if self._passing.is_fast(spot.zone.id):
            hold_s = min(hold_s, self._options.fast_hold_s)
        if spot.scores < self._options.min_score * spot.seen:
            return False
        longest_s = self._options.max_wait_s + hold_s
        return has_lasted(0.0, spot.counted_s, hold_s) or has_lasted(
            spot.since_s, spot.last_s, longest_s
        )

    def _sighting(self, spot: _Spot, now_s: float) -> Sighting:
        sighting = Sighting(
            rule=NAME,
            key=f"{spot.zone.id}:{spot.spot_id}",
            occurred_s=spot.since_s,
            seen_s=now_s,
            confidence=min(0.99, 0.5 + 0.5 * spot.scores / spot.seen),
            place=spot.zone.id,
            object_class=spot.classes.most_common(1)[0][0],
            track_ids=(spot.owner,),
            boxes=tuple(spot.boxes),
        )
        spot.boxes.clear()
        return sighting


KIND = RuleKind(
    name=NAME,
    options=StoppedVehicleOptions,
    make=StoppedVehicle,
    suits=draws(WATCHED),
    undrawn=True,
)
