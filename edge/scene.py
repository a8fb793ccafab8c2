"""The nouns of the frame's path: TimeQuality, Frame, Detections, Track, Scene, Sighting.

Invariants:
    * Two clocks travel together. ``stream_s`` is seconds since the stream's first frame on the
      stream's own clock: it never jumps back within an ``epoch`` and all durations are measured on
      it. ``captured_at`` is aware UTC for people and courts.
    * ``epoch`` grows at every discontinuity (reconnect, loop of a file); memory of an earlier epoch
      says nothing about a later one.
    * All pixels are source pixels, x right, y down, unless a name says otherwise.

Nothing here reads a camera, a file or a clock.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, get_args

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from edge.contract.messages import (
        LegalSource,
        SignalChange,
        SpeedRefusal,
        TimeSource,
        TimeTrust,
    )

SIGNAL_STATES = ("red", "yellow", "green", "unknown")


@dataclass(frozen=True, slots=True)
class TimeQuality:
    """What a wall time rests on; the first three as in ``IncidentMessage``.

    Attributes:
        stepped_s: By how much in all the box's clock has been set since the process began.
    """

    source: TimeSource = "arrival"
    offset_s: float | None = None
    trust: TimeTrust = "unknown"
    stepped_s: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One decoded picture.

    image: uint8 (height, width, 3), BGR, source pixels.
    time_quality: What ``captured_at`` rests on.
    """

    camera_id: str
    image: NDArray[np.uint8]
    captured_at: datetime
    stream_s: float
    epoch: int = 0
    time_quality: TimeQuality = TimeQuality()

    @property
    def size_px(self) -> tuple[int, int]:
        """Return (width, height)."""
        return self.image.shape[1], self.image.shape[0]


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """What the detector saw in one frame, column by column.

    xyxy: float32 (n, 4); left, top, right, bottom in source pixels.
    scores: float32 (n,); 0..1.
    class_names: n road-user classes, see ``edge.detector.classes``.
    """

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    class_names: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.class_names)
        if self.xyxy.shape != (n, 4) or self.scores.shape != (n,):
            raise ValueError(
                f"Detections want xyxy ({n}, 4) and scores ({n},), "
                f"got {self.xyxy.shape} and {self.scores.shape}"
            )

    def __len__(self) -> int:
        return len(self.class_names)

    @classmethod
    def empty(cls) -> Detections:
        """Return detections of nothing."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), ())


Xyxy = tuple[float, float, float, float]
Point = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Helmet:
    """One rider's head in one frame, as a classifier sees it.

    Attributes:
        worn: Whether it wears a helmet; None: cannot be told (cap, conical hat, hood, hair).
        size_px: Height of the head in source pixels.
        confidence: 0..1, of ``worn``.
    """

    worn: bool | None
    size_px: float
    confidence: float


class Track(NamedTuple):
    """One road user as believed at one instant.

    Attributes:
        track_id: Never reused within a camera's process.
        class_name: Vote over the track's life.
        xyxy: Source pixels.
        score: Score of the last matched detection.
        observed: False while the track coasts without a detection.
        first_seen_s: ``stream_s`` of its first detection.
        foot_px: Ground contact point (bottom centre), smoothed, source pixels.
        seen_foot_px: The same as the last detection had it, for who fits a line himself.
        ground_m: Position on the road plane in metres, None where the camera has no geometry there.
        velocity_mps: (x, y) on the road plane in metres per second; None as ``ground_m``.
        velocity_px_s: (x, y) of the foot point in source pixels per second.
        riders: People on a two-wheeler in this frame; None where no classifier looked.
        riders_confidence: 0..1, of that number.
        helmets: Their heads in this frame; None where no classifier looked.
        earlier: The looks by which it was believed at last, with their ``stream_s``; only at the
            instant at which it is told for the first time.
    """

    track_id: int
    class_name: str
    xyxy: Xyxy
    score: float
    observed: bool
    first_seen_s: float
    foot_px: Point
    velocity_px_s: Point
    seen_foot_px: Point | None = None
    ground_m: Point | None = None
    velocity_mps: Point | None = None
    riders: int | None = None
    riders_confidence: float = 0.0
    helmets: tuple[Helmet, ...] | None = None
    earlier: tuple[tuple[float, Track], ...] = ()


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a road user goes, or why nobody may say.

    Attributes:
        kmh: Measured on the road plane; None where it is refused.
        error_kmh: Half the width of the interval that covers the truth in 95 of 100 cases.
        refused: Why there is no ``kmh``, one of ``SpeedRefusal``; empty where there is one.
        mean_at_s: ``stream_s`` in the middle of the looks, when it was as fast; None where refused.
    """

    kmh: float | None = None
    error_kmh: float | None = None
    refused: SpeedRefusal = "no_geometry"
    mean_at_s: float | None = None


def unmeasured(_track_id: int) -> Speed:
    """Say that there is no geometry to measure a speed with."""
    return Speed()


class KnownTraffic(Protocol):
    """What a camera's traffic has taught so far; see ``edge.rules.flow``."""

    def course_between(
        self, start_px: Point, end_px: Point, *, besides: int, min_vehicles: float
    ) -> Point | None:
        """Return the unit heading, in trail metres, that others drive at both places."""

    def is_road(self, foot_px: Point) -> bool:
        """Say whether vehicles drive at a place; True while too little is known."""

    def usual_kmh(self, foot_px: Point, at: datetime) -> float | None:
        """Return the mean speed driven at a place at this hour of the week."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewFacts:
    """How well the camera sees, measured about once a second; see ``edge.view``.

    Attributes:
        brightness: Mean grey, 0..255.
        clipped: Share of the picture burnt out to white, 0..1.
        entropy_bits: Of 64 grey levels: 0 where all is one grey.
        frozen_s: For how long the very same picture has come.
        sharpness: Fine detail against the usual at this hour, 1 as usual.
        covered: Share of the usual structure that something without structure hides, 0..1.
        likeness: Correlation of the structure with the usual view, -1..1.
        shift_px: How far the view has moved, 1080p pixels; None where it cannot be told.
    """

    brightness: float
    clipped: float
    entropy_bits: float
    frozen_s: float
    sharpness: float = 1.0
    covered: float = 0.0
    likeness: float = 1.0
    shift_px: float | None = None


StillKind = Literal["object", "flame", "smoke"]
STILL_KINDS: frozenset[StillKind] = frozenset(get_args(StillKind))


@dataclass(frozen=True, slots=True, kw_only=True)
class StillThing:
    """Something that the background did not hold, and that does not move on.

    Attributes:
        xyxy: Source pixels.
        ground_m: Middle of its near end on the road plane; None without geometry.
        since_s: ``stream_s`` from which on it has been there.
        area_m2: What it covers of the picture, at the scale of its place; None without geometry.
    """

    xyxy: Xyxy
    ground_m: Point | None
    since_s: float
    area_m2: float | None
    kind: StillKind = "object"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """Whether a camera is there at all; told once a second, frames or none.

    Attributes:
        away_s: For how long no picture has come; 0 while they come.
        clock_offset_s: The camera's clock minus the box's; None where it tells none.
    """

    away_s: float
    clock_offset_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that rules may know about one instant of one camera."""

    camera_id: str
    captured_at: datetime
    stream_s: float
    epoch: int = 0
    time_quality: TimeQuality = TimeQuality()
    frame_size_px: tuple[int, int]
    tracks: tuple[Track, ...] = ()
    signals: Mapping[str, str] = field(default_factory=dict)
    """Signal id → one of ``SIGNAL_STATES``."""
    signal_log: tuple[SignalChange, ...] = ()
    speed_of: Callable[[int], Speed] = unmeasured
    """Track id → its speed, measured when asked; see ``edge.speed``."""
    learned: KnownTraffic | None = None
    view: ViewFacts | None = None
    """None until the usual view is known."""
    view_moved: bool = False
    """The view is not the one drawn on: places and speeds are not to be believed."""
    still_things: tuple[StillThing, ...] = ()
    water_cm: Mapping[str, float] = field(default_factory=dict)
    """Gauge id → depth of water read off it; a gauge that cannot be read is missing."""
    presence: Presence | None = None
    """Only in the scenes of ``edge.attendance``, which hold nothing else."""

    def looks(self) -> Iterator[tuple[float, Track]]:
        """Yield every look at a road user that is news, with its ``stream_s``; in order for each.

        Who is believed only now brings the looks before along: he was there.
        """
        for track in self.tracks:
            yield from track.earlier
            if track.observed:
                yield self.stream_s, track


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An instant worth a still: ``label`` as in ``EvidenceItem.label``."""

    label: str
    stream_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """A rule's word: "I see this now". Not yet news; ``edge.incidents`` decides that.

    Attributes:
        rule: Name as in the catalogue.
        key: What makes two sightings the same event: place and road user as the rule sees fit.
        occurred_s: ``stream_s`` at which the event began to happen.
        seen_s: ``stream_s`` of this sighting.
        confidence: 0..1.
        moments: Instants to keep as stills; empty means one wide still at ``occurred_s``.
        level: 1 to 3 for rules that grade, as ``IncidentMessage.level``.
        speed: Of the road user concerned, where the rule measured it; else the pipeline asks.
        legal_source: As ``IncidentMessage.legal_source``, where the rule knows it to be another
            than its camera's.
        location: (latitude, longitude) of the event; the pipeline fills it in where it can.
        location_error_m: Standard deviation of that place.
        queue_m: Length of a queue in metres; None where nobody measured one.
    """

    rule: str
    key: str
    occurred_s: float
    seen_s: float
    confidence: float
    place: str = ""
    level: int = 0
    queue_m: float | None = None
    object_class: str = ""
    track_ids: tuple[int, ...] = ()
    boxes: tuple[tuple[float, float, float, float, float], ...] = ()
    moments: tuple[Moment, ...] = ()
    signal_log: tuple[SignalChange, ...] = ()
    speed: Speed | None = None
    legal_source: LegalSource | None = None
    location: Point | None = None
    location_error_m: float | None = None

    def facts(self) -> dict[str, object]:
        """Return what was measured, under the names of ``IncidentMessage``."""
        facts: dict[str, object] = {}
        if self.speed is not None:
            facts["speed_kmh"] = self.speed.kmh
            facts["speed_error_kmh"] = self.speed.error_kmh
            facts["speed_refused"] = self.speed.refused
        if self.legal_source is not None:
            facts["legal_source"] = self.legal_source
        if self.location is not None:
            facts["location"] = self.location
            facts["location_error_m"] = self.location_error_m
        return facts
