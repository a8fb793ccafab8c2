"""``wrong_way``: a vehicle drives against the direction of the zone it is on.

Invariants:
    * Judged on the fitted way of the last seconds, never on one step: net way against the course,
      steadiness of the steps and the scatter around a straight line must all agree. A tracker that
      swaps ids between opposing streams makes a jump, and a jump is not a way.
    * A vehicle astride the line between opposing lanes is on neither: the bottom centre of a box
      seen from the side lies up to a quarter of its width off the wheels.
    * A motorbike pushed by hand stays below the speed. Who came along the course and then backs in
      its own track, into a parking bay or away from a closed road, is not this rule's, unless the
      road is an expressway, where backing is the same act.
    * A zone without a drawn direction is judged by the flow learned there, once enough vehicles
      agree; a zone where they do not agree is never judged.

Not decided here: exemptions of priority vehicles, U-turns allowed by a sign.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edge.contract.road_users import VEHICLES
from edge.geometry import angle_between_deg
from edge.rules.base import IncidentPolicy, RuleKind, RuleOptions, TrackMemory, draws, option
from edge.rules.road import DRIVEN, MPS_TO_KMH, WHOLE_PICTURE, Road, Step, Trail, has_lasted
from edge.scene import Sighting

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.config.camera import CameraConfig, Zone
    from edge.scene import KnownTraffic, Point, Scene, Track

NAME = "wrong_way"
LOST_S = 2.0
"""A tracker may lose a wrong-way driver this long; found again it is the same event."""
REACH_HEIGHTS = 2.0
"""How far from the expected place, in own heights, it may be found again."""
FOOTPRINT_RATIO = 0.25
"""How far left and right of the foot point, in box widths, wheels may be. Source: a car of 4.5 m by
1.8 m seen at 45 degrees fills 4.5 m across, and the middle of its near side is 1.1 m off centre."""
UNDRAWN_CAUTION = 3.0
"""Where nobody even drew a road, so many times the vehicles must agree: a street for both ways may
see one way only for a while."""
WAYS = DRIVEN | {"emergency_lane"}
COMING_S = 1.0
COMING_M = 1.0
COMING_RATIO = 0.36
"""Who made ``COMING_M`` along the course in ``COMING_S``, at most ``COMING_RATIO`` of it sideways,
comes along it. Source: own choice; walking pace, and 20 degrees."""
OWN_TRACK_M = 2.0
"""Who backs stays this close to the track in which it came; a U-turn is wider. Source: turning
circle of a motorbike, about 4 m across."""
EXPRESSWAY: dict[str, float] = {"min_s": 1.0, "backing_kmh": 0.0}
"""What holds on an expressway where the camera file says nothing else.

Source: provincial catalogue VP_NGUOC_CHIEU_CT: wrong way, backing and U-turn from 1 s."""
MIN_STEPS = 5
"""A line through fewer points has no scatter to speak of."""


class WrongWayOptions(RuleOptions):
    """Thresholds of ``wrong_way``."""

    min_s: float = option(
        1.2, title="Way observed for at least", unit="s", ge=0.3, le=30, source="anchors, recipes"
    )
    min_distance_m: float = option(
        6.0,
        title="Net way against the direction",
        unit="m",
        ge=1,
        le=200,
        source="field practice 6-10 m, provincial catalogue VP_NGUOC_CHIEU 10 m",
    )
    min_speed_kmh: float = option(
        5.0, title="Faster than", unit="km/h", ge=0, source="provincial catalogue VP_NGUOC_CHIEU"
    )
    backing_kmh: float = option(
        15.0,
        title="Backing in its own track is slower than; 0: backing counts as well",
        unit="km/h",
        ge=0,
        le=50,
        source="own choice: nobody backs faster for more than a moment",
    )
    min_angle_deg: float = option(
        135.0,
        title="Heading away from the direction by more than",
        unit="degrees",
        ge=90,
        le=180,
        source="provincial catalogue VP_NGUOC_CHIEU",
    )
    min_consistent_ratio: float = option(
        0.8, title="Share of steps against the direction", ge=0.5, le=1, source="anchors, recipes"
    )
    max_scatter_ratio: float = option(
        0.12,
        title="Scatter around a straight way, as a share of the way",
        ge=0.01,
        le=1,
        source="a jump fitted as a way scatters by 0.17 of it",
    )
    min_shift_ratio: float = option(
        0.5,
        title="Way seen in the picture, in own heights",
        ge=0,
        le=50,
        source="eight times the box noise: far away a metre is less than a pixel",
    )
    min_score: float = option(
        0.3, title="Mean detection score", ge=0, le=1, source="measured: phantoms stay below 0.3"
    )
    window_s: float = option(
        3.0, title="Way remembered", unit="s", ge=1, le=30, source="anchors, recipes"
    )
    learn_vehicles: float = option(
        8,
        title="Vehicles that must agree before a learned flow is believed",
        ge=2,
        source="8 of one mind by chance in a balanced street: below 1 %",
    )


@dataclass(frozen=True, slots=True)
class Way:
    """The straight line fitted to a trail.

    Attributes:
        velocity_mps: Fitted velocity.
        lasted_s: Time it covers.
        scatter_m: Root mean square distance of the steps from the line.
        steps_m: The single moves, for their consistency.
    """

    velocity_mps: Point
    lasted_s: float
    scatter_m: float
    steps_m: tuple[Point, ...]

    @property
    def speed_kmh(self) -> float:
        """Return the fitted speed."""
        return math.hypot(*self.velocity_mps) * MPS_TO_KMH


def fit_way(trail: Trail) -> Way | None:
    """Return the straight line through a trail by least squares; None when it is too short."""
    if len(trail.steps) < MIN_STEPS or trail.lasted_s <= 0:
        return None
    at_s = np.array([step.at_s for step in trail.steps])
    at_m = np.array([step.at_m for step in trail.steps])
    since = at_s - at_s.mean()
    velocity = (since @ (at_m - at_m.mean(axis=0))) / (since @ since)
    off = at_m - at_m.mean(axis=0) - np.outer(since, velocity)
    return Way(
        (float(velocity[0]), float(velocity[1])),
        trail.lasted_s,
        float(np.sqrt((off**2).sum(axis=1).mean())),
        tuple((float(dx), float(dy)) for dx, dy in np.diff(at_m, axis=0)),
    )


@dataclass(slots=True)
class _Driver:
    """What is remembered of one vehicle; ``TrackMemory`` removes it with its track."""

    trail: Trail
    course: Point | None = None
    began_s: float | None = None
    event: str = ""
    came: Step | None = None
    """Where it last was while it drove along the course."""


@dataclass(frozen=True, slots=True)
class _LastSeen:
    """Where a wrong-way driver was last; removed by ``WrongWay.observe`` after ``LOST_S``."""

    at_s: float
    track: Track

    def leads_to(self, step: Step) -> bool:
        """Say whether the driver would have come to the place of ``step``."""
        passed_s = step.at_s - self.at_s
        if not 0 <= passed_s <= LOST_S:
            return False
        (x, y), (vx, vy) = self.track.foot_px, self.track.velocity_px_s
        height_px = self.track.xyxy[3] - self.track.xyxy[1]
        off_px = math.dist((x + vx * passed_s, y + vy * passed_s), step.foot_px)
        return off_px <= REACH_HEIGHTS * height_px


class WrongWay:
    """Sees vehicles that drive against their zone's direction."""

    name = NAME
    policy = IncidentPolicy(clear_after_s=2.0, merge_gap_s=2.0, merge_iou=0.3)

    def __init__(self, camera: CameraConfig, options: WrongWayOptions) -> None:
        """Watch every carriageway and lane of ``camera``."""
        self._options = options
        self._road = Road.of(camera)
        self._courses = {zone.id: self._road.course(zone) for zone in camera.zones}
        self._learned: KnownTraffic | None = None
        self._drivers = TrackMemory(
            lambda _: _Driver(Trail(options.window_s, self._road.plane is not None)), linger_s=1.0
        )
        self._last_seen: dict[str, _LastSeen] = {}

    def observe(self, scene: Scene) -> Sequence[Sighting]:
        """Return one sighting per vehicle that drives the wrong way now."""
        if self._drivers.attend(scene):
            self._last_seen.clear()
        self._learned = scene.learned
        kept_s = LOST_S + self._options.window_s
        self._last_seen = {
            event: last
            for event, last in self._last_seen.items()
            if scene.stream_s - last.at_s <= kept_s
        }
        seen = [
            self._judge(track, scene.stream_s)
            for track in scene.tracks
            if track.class_name in VEHICLES and track.observed
        ]
        return [sighting for sighting in seen if sighting is not None]

    def _judge(self, track: Track, now_s: float) -> Sighting | None:
        driver = self._drivers.of(track, now_s)
        zone = self._zone_of(track)
        self._keep_to_course(driver, zone)
        if zone is None:
            return None
        driver.trail.add(track, now_s)
        self._note_coming(driver)
        way = fit_way(driver.trail) if self._may_matter(driver) else None
        course = None
        if way is not None:
            course = driver.course or self._learned_course(track, driver, zone)
        against = way is not None and course is not None and self._is_against(way, course)
        if not against or self._is_backing(driver, way):
            driver.began_s = None
            return None
        if driver.began_s is None:
            driver.began_s = driver.trail.steps[0].at_s
        if not driver.event:
            driver.event = self._event_of(track, driver, zone)
        self._last_seen[driver.event] = _LastSeen(now_s, track)
        return self._sighting(track, driver, zone, now_s)

    def _zone_of(self, track: Track) -> Zone | None:
        """Return the zone that a vehicle is on, None when it stands astride two opposing ones."""
        zone = self._road.zone_at(track.foot_px, WAYS)
        course = None if zone is None else self._courses[zone.id]
        if course is None:
            return zone
        (x, y), reach_px = track.foot_px, (track.xyxy[2] - track.xyxy[0]) * FOOTPRINT_RATIO
        for side in (x - reach_px, x + reach_px):
            beside = self._road.zone_at((side, y), WAYS)
            other = None if beside is None else self._courses[beside.id]
            if other is not None and course[0] * other[0] + course[1] * other[1] < 0:
                return None
        return zone

    def _keep_to_course(self, driver: _Driver, zone: Zone | None) -> None:
        """Begin a new trail where the road's direction changes; lanes side by side are one road."""
        course = None if zone is None else self._courses[zone.id]
        old = driver.course
        same = (
            old is not None and course is not None and old[0] * course[0] + old[1] * course[1] > 0
        )
        if zone is None or (course != old and not same):
            driver.trail.steps.clear()
            driver.began_s = None
        driver.course = course

    def _note_coming(self, driver: _Driver) -> None:
        """Remember where a vehicle is that drives along the course."""
        steps, course = driver.trail.steps, driver.course
        if course is None or not steps:
            return
        newest = steps[-1]
        if len(steps) == 1 and not driver.trail.has_plane:
            driver.came = None  # apparent metres begin anew with the trail
        start = newest
        for step in reversed(steps):
            if newest.at_s - step.at_s > COMING_S:
                break
            start = step
        dx, dy = newest.at_m[0] - start.at_m[0], newest.at_m[1] - start.at_m[1]
        along_m, aside_m = dx * course[0] + dy * course[1], abs(dx * course[1] - dy * course[0])
        if along_m >= COMING_M and aside_m <= COMING_RATIO * along_m:
            driver.came = newest

    def _is_backing(self, driver: _Driver, way: Way | None) -> bool:
        """Say whether a vehicle backs, slowly, in the track in which it came."""
        came, course = driver.came, driver.course
        if came is None or course is None or way is None:
            return False
        if way.speed_kmh >= self._options.backing_kmh:
            return False
        newest = driver.trail.steps[-1]
        dx, dy = newest.at_m[0] - came.at_m[0], newest.at_m[1] - came.at_m[1]
        return abs(dx * course[1] - dy * course[0]) <= OWN_TRACK_M

    def _event_of(self, track: Track, driver: _Driver, zone: Zone) -> str:
        """Return the event of a driver the tracker lost just where this one began, else a new."""
        first = driver.trail.steps[0]
        for event, last in self._last_seen.items():
            if last.leads_to(first):
                return event
        return f"{zone.id}:{track.track_id}"

    def _learned_course(self, track: Track, driver: _Driver, zone: Zone) -> Point | None:
        """Return which way others drive here, if enough of them are known to."""
        if self._learned is None:
            return None
        wanted = self._options.learn_vehicles
        if zone.id == WHOLE_PICTURE:
            wanted *= UNDRAWN_CAUTION
        first = driver.trail.steps[0].foot_px
        return self._learned.course_between(
            first, track.foot_px, besides=track.track_id, min_vehicles=wanted
        )

    def _may_matter(self, driver: _Driver) -> bool:
        """Say whether a way is worth fitting: long enough, really seen, and not along the course.

        Most vehicles fail here, cheaply. A straight line fitted to a jump can be half as long again
        as the way from end to end, so half the wanted distance must do.
        """
        trail, wanted = driver.trail, self._options
        if len(trail.steps) < MIN_STEPS or not has_lasted(0.0, trail.lasted_s, wanted.min_s):
            return False
        first, last = trail.steps[0], trail.steps[-1]
        height_px = max(1.0, last.xyxy[3] - last.xyxy[1])
        if math.dist(first.foot_px, last.foot_px) < wanted.min_shift_ratio * height_px:
            return False
        dx, dy = last.at_m[0] - first.at_m[0], last.at_m[1] - first.at_m[1]
        if driver.course is not None:
            against_m = -(dx * driver.course[0] + dy * driver.course[1])
            if against_m < wanted.min_distance_m / 2:
                return False
        return sum(step.score for step in trail.steps) >= wanted.min_score * len(trail.steps)

    def _is_against(self, way: Way, course: Point) -> bool:
        """Say whether a fitted way is a drive against ``course``, all thresholds together."""
        wanted, (vx, vy) = self._options, way.velocity_mps
        against_m = -(vx * course[0] + vy * course[1]) * way.lasted_s
        if against_m < wanted.min_distance_m:
            return False
        backward = [-(dx * course[0] + dy * course[1]) for dx, dy in way.steps_m]
        consistent = sum(step > 0 for step in backward) / len(backward)
        return (
            way.speed_kmh > wanted.min_speed_kmh
            and angle_between_deg(way.velocity_mps, course) > wanted.min_angle_deg
            and consistent >= wanted.min_consistent_ratio
            and way.scatter_m <= wanted.max_scatter_ratio * against_m
        )

    def _sighting(self, track: Track, driver: _Driver, zone: Zone, now_s: float) -> Sighting:
        began_s = now_s if driver.began_s is None else driver.began_s
        return Sighting(
            rule=NAME,
            key=driver.event,
            occurred_s=began_s,
            seen_s=now_s,
            confidence=min(0.99, 0.5 + track.score / 2),
            place=zone.id,
            object_class=track.class_name,
            track_ids=(track.track_id,),
            boxes=tuple((step.at_s, *step.xyxy) for step in driver.trail.steps),
        )


def wrong_way(camera: CameraConfig, options: WrongWayOptions) -> WrongWay:
    """Return the rule with the profile of the camera's road; options that are given stand."""
    profile = EXPRESSWAY if camera.road_kind == "expressway" else {}
    update = {key: value for key, value in profile.items() if key not in options.model_fields_set}
    return WrongWay(camera, options.model_copy(update=update))


KIND = RuleKind(
    name=NAME,
    options=WrongWayOptions,
    make=wrong_way,
    suits=draws(DRIVEN),
    undrawn=True,
)
