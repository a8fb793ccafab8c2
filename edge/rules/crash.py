"""``crash``: a way ends with a jolt against somebody or in a fall, and does not go on.

Invariants:
    * Nothing is told for a jolt alone. A jolt (braking no driver chooses, or a jump of heading)
      must end a way beside somebody who fell, or, of two with four wheels, meet somebody who was
      converging with it and whose footprint it then touches; and somebody who was in it must come
      to rest there.
    * Level 1 is suspected, at rest for ``suspect_s``; level 2 is confirmed, at rest for
      ``confirm_s`` or a rider down. Both are told; the level only grows.
    * Never taken back: a crash is closed when nobody has rested there for long, never as false, and
      no exception learned from an operator silences it.
    * Where waiting is lawful, one more sign is asked for: queues are where people brake and touch.
    * Evidence belongs to places: trackers lose ids in a crash, so whoever rests where a party was
      last seen goes on with its time, and whoever lies near where a jolt ended a way has fallen
      there, though he was hidden at that moment and has another number.
    * In a jam, and while boxes jitter, only a fall counts.

Look-alikes: hard braking (nobody touched), a queue's end, parking beside, passing close, people
getting on and off (no jolt).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

from edge.contract.road_users import FOUR_WHEELERS, VEHICLES
from edge.geometry import box_overlap
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, TrackMemory, draws, option
from edge.rules.crowding import Crowding
from edge.rules.impact import (
    HALF_S,
    Jolt,
    Measure,
    is_lying,
    jolt_of,
    meeting,
    shakes_everybody,
    size_m,
)
from edge.rules.pace import Pace, pace_of, rest_began_s
from edge.rules.parties import LOW, Party
from edge.rules.road import DRIVEN, MPS_TO_KMH, Road, Trail, has_lasted
from edge.rules.waiting import LawfulWait
from edge.scene import Moment, Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.camera import CameraConfig, Zone
    from edge.scene import Scene, Track, Xyxy

NAME = "crash"
WATCHED = DRIVEN | {"junction", "crosswalk", "emergency_lane"}
PARTIES = VEHICLES | {"person", "livestock"}
TRAIL_S = 2.0
"""Twice the second that a jolt takes; also how long rest is measured."""
DEEP_M = -0.5
"""Footprints of four-wheelers overlap this much only in contact: lanes keep them 1 m apart."""
JAM_VEHICLES, JAM_RATIO = 6, 0.6
"""Vehicles at rest or crawling, and their share, that make a jam, where hidden and uncovered feet
look like jolts: there only a fall counts. Source: as ``stopped_vehicle``, one more and half more,
for a crash itself makes a few stand."""
SAME_PLACE = 0.3
REMEMBERED_S = 15.0
"""A place where nobody rests is forgotten after this; a passing lorry hides it for 10 s."""
HIDDEN_S = 1.0
"""Longer unseen is not counted as resting: nobody can say what happened meanwhile."""
REST_KMH = 3.0
LYING_REACH_M = 6.0
"""How far from the impact a rider may lie. Source: J. Searle, SAE 831622: 30 km/h throws 5.4 m."""
KEPT_BOXES = 64
KEPT_PLACES = 16


class CrashOptions(RuleOptions):
    """Thresholds of ``crash``."""

    min_speed_kmh: float = option(
        8.0, title="Slower before it is no crash", unit="km/h", ge=3, le=60, source="own choice"
    )
    braking_mps2: float = option(
        4.0,
        title="A jolt loses at least",
        unit="m/s²",
        ge=2,
        le=20,
        source="incident design notes: 4 to 6 m/s²; comfortable braking ends at 3 (AASHTO 3.4)",
    )
    hard_mps2: float = option(
        7.0,
        title="No brakes do this",
        unit="m/s²",
        ge=4,
        le=30,
        source="dry friction of tyres 0.7 to 0.8; collisions exceed 10 m/s²",
    )
    turn_deg: float = option(
        45.0, title="Jump of heading", unit="deg", ge=20, le=180, source="no vehicle steers so fast"
    )
    contact_m: float = option(
        0.5,
        title="Footprints this near touch",
        unit="m",
        ge=0,
        le=3,
        source="error of a foot point",
    )
    max_ttc_s: float = option(
        1.0,
        title="Before it they would have met within",
        unit="s",
        ge=0.2,
        le=3,
        source="J. Hayward 1972: serious conflicts are below 1 s",
    )
    suspect_s: float = option(
        1.5,
        title="Suspected after resting",
        unit="s",
        ge=1,
        le=30,
        source="own choice: whoever only braked has moved on by then",
    )
    confirm_s: float = option(
        5.0, title="Confirmed after resting", unit="s", ge=1, le=60, source="catalogue SC_TAI_NAN"
    )
    min_signs: float = option(
        2, title="Signs that make a jolt a crash", ge=1, le=6, source="measured on the footage"
    )


@dataclass(slots=True)
class _Crash:
    """One impact and the places of its parties; removed when nobody rests there any more.

    Attributes:
        places: Track id → last box of a party that was moving or that fell.
        rested_s: Time somebody has rested there, its gaps not counted.
    """

    crash_id: int
    zone: Zone
    at_s: float
    signs: int
    places: dict[int, Xyxy]
    scale: float
    object_class: str
    last_s: float
    rested_s: float = 0.0
    lying: bool = False
    level: int = 0
    boxes: list[tuple[float, float, float, float, float]] = field(default_factory=list)


class Crash:
    """Sees collisions and falls, and tells of them once somebody stays where it happened."""

    name = NAME
    policy = IncidentPolicy(
        clear_after_s=20.0, merge_gap_s=20.0, merge_iou=0.2, cool_down_s=60.0, update_every_s=5.0
    )

    def __init__(self, camera: CameraConfig, options: CrashOptions) -> None:
        """Watch every carriageway, lane, junction and crossing of ``camera``."""
        self._options = options
        self._road = Road.of(camera)
        self._wait = LawfulWait(camera, discharge_s=5.0)
        self._crowding = Crowding(JAM_VEHICLES, JAM_RATIO)
        has_plane = self._road.plane is not None
        self._parties = TrackMemory(lambda _: Party(Trail(TRAIL_S, has_plane)), linger_s=1.0)
        self._crashes: list[_Crash] = []
        self._ids = count(1)

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting per crash at which somebody rests now."""
        if self._parties.attend(scene):
            self._crashes.clear()
        self._wait.attend(scene)
        self._crowding.attend(scene.stream_s)
        here = [t for t in scene.tracks if t.class_name in PARTIES]
        seen = [t for t in here if t.observed]
        for track in seen:
            self._look_at(track, scene)
        shaken = shakes_everybody([party.trail for party in self._parties.entries()])
        for track in here:
            self._judge(track, seen, scene.stream_s, shaken=shaken)
        for crash in self._crashes:
            self._follow(crash, seen, scene.stream_s)
        self._crashes = [
            crash for crash in self._crashes if scene.stream_s - crash.last_s <= REMEMBERED_S
        ]
        return [
            self._sighting(crash, scene.stream_s)
            for crash in self._crashes
            if crash.level and crash.last_s == scene.stream_s
        ]

    def _look_at(self, track: Track, scene: Scene) -> None:
        """Note one road user's way, how it moves in its zone, and whether it lies."""
        party, now_s = self._parties.of(track, scene.stream_s), scene.stream_s
        party.see(track, now_s, scene.frame_size_px)
        if party.trail.steps and track.class_name in VEHICLES:
            zone = self._road.zone_at(track.foot_px, WATCHED)
            if zone is not None:
                pace = pace_of(party.trail, self._road.plane, REST_KMH)
                self._crowding.saw(zone.id, track, pace, now_s)
            self._note_jolt(track, party, now_s)

    def _note_jolt(self, track: Track, party: Party, now_s: float) -> None:
        """Note a jolt of the whole of a vehicle that was under way."""
        jolt = jolt_of(party.trail, self._by(track, party))
        if jolt is None or not (jolt.whole or track.class_name not in LOW):
            return
        driven = math.hypot(*jolt.before_mps) * MPS_TO_KMH >= self._options.min_speed_kmh
        if driven and jolt.braking_mps2 >= self._options.braking_mps2:
            party.note_jolt(jolt, now_s)

    def _by(self, track: Track, party: Party) -> Measure:
        """Return the frame in which one road user and others are measured."""
        return Measure.at(self._road.plane, track.class_name, party.upright())

    def _judge(self, track: Track, seen: Sequence[Track], now_s: float, *, shaken: bool) -> None:
        """Begin a crash when a jolted road user touches whom it was about to meet, or one fell.

        Who is not seen now has not been seen to go on, and counts where somebody fell beside it.
        """
        party = self._parties.of(track, now_s)
        if party.jolt is None or not party.trail.steps:  # it has left the usable plane since
            return
        zone = self._road.zone_at(track.foot_px, WATCHED)
        if zone is None or any(track.track_id in crash.places for crash in self._crashes):
            return
        by = self._by(track, party)
        if track.observed and not party.has_ended(by):
            return
        fresh = party.is_fresh(now_s)
        others = [other for other in seen if other is not track]
        fallen = self._fallen_near(track, seen if fresh else others, by, now_s)
        unsure = shaken or not track.observed or self._crowding.is_jammed(zone.id)
        if fallen is None and unsure:
            return
        if not fresh and (fallen is None or party.jolt.braking_mps2 < self._options.hard_mps2):
            return
        needed = self._options.min_signs + self._wait.excuses(zone)
        alone = self._signs_alone(party.jolt) + 2 * (fallen is not None)
        met = [
            (alone + signs, other)
            for other in others
            if fresh
            and (signs := self._signs_with(track, party.jolt, other, by, now_s)) is not None
        ]
        signs, other = max(met, default=(alone, fallen), key=lambda pair: pair[0])
        if other is not None and signs >= needed:
            self._begin(track, fallen or other, zone, signs, by, now_s)

    def _fallen_near(
        self, track: Track, among: Sequence[Track], by: Measure, now_s: float
    ) -> Track | None:
        """Return who of some fell of late within a fall's reach of a road user."""
        here, reach_m = by.place(track.foot_px), LYING_REACH_M + size_m(track.class_name)[0]
        for other in among:
            there = by.place(other.foot_px)
            if here is None or there is None or self._parties.of(other, now_s).fell_s is None:
                continue
            if math.dist(here, there) <= reach_m:
                return other
        return None

    def _signs_alone(self, jolt: Jolt) -> int:
        """Count what the jolted one shows by itself."""
        hard = jolt.braking_mps2 >= self._options.hard_mps2
        turned = jolt.turn_deg >= self._options.turn_deg and math.hypot(*jolt.after_mps) > HALF_S
        return 1 + hard + turned

    def _signs_with(
        self, track: Track, jolt: Jolt, other: Track, by: Measure, now_s: float
    ) -> int | None:
        """Count what it shows with another; None when the two did not meet.

        Two-wheelers ride and wait within reach of everybody; those that collide fall.
        """
        if not {track.class_name, other.class_name} <= FOUR_WHEELERS:
            return None
        own, theirs = self._parties.of(track, now_s), self._parties.of(other, now_s)
        met = meeting((track, own.trail), (other, theirs.trail), jolt, by)
        wanted = self._options
        if met is None or met.within_s > wanted.max_ttc_s or met.gap_m > wanted.contact_m:
            return None
        pushed = met.pushed_mps > REST_KMH / MPS_TO_KMH
        return (met.gap_m <= DEEP_M) + 2 * pushed

    def _begin(
        self, track: Track, other: Track, zone: Zone, signs: int, by: Measure, now_s: float
    ) -> None:
        """Remember an impact, or add to one at the same place."""
        party = self._parties.of(track, now_s)
        places = {track.track_id: track.xyxy}
        theirs = self._parties.of(other, now_s)
        fell = party.fell_s is not None or theirs.fell_s is not None
        if fell or theirs.jolt is not None:  # Who stood all along proves nothing by resting there.
            places[other.track_id] = other.xyxy
        for crash in self._crashes:
            if any(
                box_overlap(box, known, of_smaller=True) >= SAME_PLACE
                for box in places.values()
                for known in crash.places.values()
            ):
                crash.places = dict([*crash.places.items(), *places.items()][-KEPT_PLACES:])
                crash.signs = max(crash.signs, signs)
                return
        crash = _Crash(
            next(self._ids), zone, party.jolted_s, signs, places, by.scale, track.class_name, now_s
        )
        crash.lying = fell
        self._crashes.append(crash)

    def _follow(self, crash: _Crash, seen: Sequence[Track], now_s: float) -> None:
        """Count how long somebody has rested where the parties were, and grade it."""
        resting = []
        for track in seen:
            if track.track_id in crash.places:
                crash.places[track.track_id] = track.xyxy
            if self._rests_there(crash, track, now_s):
                resting.append(track)
        if not resting:
            return
        if crash.rested_s == 0.0:
            trails = (self._parties.of(track, now_s).trail for track in resting)
            crash.rested_s = now_s - max(crash.at_s, min(map(rest_began_s, trails)))
        else:
            crash.rested_s += min(now_s - crash.last_s, HIDDEN_S)
        crash.last_s = now_s
        crash.lying = crash.lying or any(is_lying(track) for track in resting)
        crash.boxes = [*crash.boxes, *((now_s, *t.xyxy) for t in resting[:1])][-KEPT_BOXES:]
        wanted = self._options
        if has_lasted(0.0, crash.rested_s, wanted.suspect_s):
            confirmed = crash.lying or has_lasted(0.0, crash.rested_s, wanted.confirm_s)
            crash.level = max(crash.level, 2 if confirmed else 1)

    def _rests_there(self, crash: _Crash, track: Track, now_s: float) -> bool:
        """Say whether a road user rests where a party was last, or lies near it."""
        trail = self._parties.of(track, now_s).trail
        if pace_of(trail, self._road.plane, REST_KMH) is not Pace.REST:
            return False
        if is_lying(track):
            reach_px = LYING_REACH_M / crash.scale
            return any(
                math.dist(track.foot_px, ((box[0] + box[2]) / 2, box[3])) <= reach_px
                for box in crash.places.values()
            )
        return any(
            box_overlap(track.xyxy, box, of_smaller=True) >= SAME_PLACE
            for box in crash.places.values()
        )

    def _sighting(self, crash: _Crash, now_s: float) -> Sighting:
        sighting = Sighting(
            rule=NAME,
            key=f"{crash.zone.id}:{crash.crash_id}",
            occurred_s=crash.at_s,
            seen_s=now_s,
            confidence=min(0.95, 0.4 + 0.1 * crash.signs + 0.1 * crash.level),
            place=crash.zone.id,
            level=crash.level,
            object_class=crash.object_class,
            track_ids=tuple(crash.places),
            boxes=tuple(crash.boxes),
            moments=(Moment(label="wide", stream_s=crash.at_s),),
        )
        crash.boxes.clear()
        return sighting


KIND = RuleKind(
    name=NAME,
    options=CrashOptions,
    make=Crash,
    suits=draws(DRIVEN),
)
