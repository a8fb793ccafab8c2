"""The camera file: where a camera is, what was drawn on its picture, which rules watch it.

Invariants:
    * All drawing is in pixels of a picture of ``frame_size_px``; a stream of another size and the
      same shape is scaled to it.
    * Every mistake is found by pydantic here or in ``edge.config.load``; later code trusts it.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from edge.config.hours import Hours
from edge.contract.messages import Identifier
from edge.contract.road_users import RoadUserClass

PointPx = tuple[float, float]
MIN_CORNERS = 3
MIN_GROUND_POINTS = 4


class Strict(BaseModel):
    """Base of all configuration: an unknown key is a typing mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RtspSource(Strict):
    """A network camera."""

    kind: Literal["rtsp"]
    url: str = Field(
        pattern=r"^rtsps?://",
        title="Stream address",
        description="rtsp://host:port/path; keep the password in the environment: "
        "${CAMERA_PASSWORD} in any value is replaced when the file is read.",
    )
    timeout_s: float = Field(default=5.0, gt=0, le=60, title="Give up on silence after")


class FileSource(Strict):
    """A video file, played in real time."""

    kind: Literal["file"]
    path: str = Field(title="Video file", description="Relative paths start at the camera file.")
    loop: bool = Field(default=False, title="Start again at the end")


class UsbSource(Strict):
    """A camera on this machine."""

    kind: Literal["usb"]
    device: str = Field(default="/dev/video0", title="Device file")


Source = Annotated[RtspSource | FileSource | UsbSource, Field(discriminator="kind")]


class Location(Strict):
    """Where the camera hangs."""

    lat: float = Field(ge=-90, le=90, title="Latitude, WGS-84 degrees")
    lon: float = Field(ge=-180, le=180, title="Longitude, WGS-84 degrees")
    heading_deg: float | None = Field(default=None, ge=0, lt=360, title="Looks towards, from north")


class GroundPoint(Strict):
    """One picture point whose place on the road is known."""

    px: PointPx = Field(title="Pixel (x, y)")
    m: tuple[float, float] = Field(title="Road plane (x, y) in metres")
    geo: tuple[float, float] | None = Field(
        default=None,
        title="Latitude, longitude in WGS-84 degrees; three points with it place incidents",
    )


class SpeedLimit(Strict):
    """A limit that holds for some classes at some hours; the lowest that applies counts."""

    kmh: float = Field(gt=0, le=200, title="At most, km/h")
    classes: tuple[RoadUserClass, ...] = Field(default=(), title="For these; none named: for all")
    hours: tuple[Hours, ...] = Field(default=(), title="At these hours; none named: always")


class Zone(Strict):
    """An area drawn on the road."""

    id: Identifier
    kind: Literal[
        "carriageway",
        "lane",
        "emergency_lane",
        "crosswalk",
        "junction",
        "pavement",
        "no_stopping",
        "prohibited",
        "restricted",
        "gathering",
        "ignore",
    ]
    polygon: tuple[PointPx, ...] = Field(
        min_length=MIN_CORNERS, title="Corners (x, y) in pixels, at least three"
    )
    direction: tuple[PointPx, PointPx] | None = Field(
        default=None, title="An arrow, tail then head, along the permitted direction"
    )
    signal: Identifier | None = Field(
        default=None, title="The signal whose red makes waiting here legal"
    )
    classes: tuple[RoadUserClass, ...] = Field(
        default=(), title="Only these may use it; none named: everybody"
    )
    hours: tuple[Hours, ...] = Field(
        default=(), title="When what the zone forbids is forbidden; none named: always"
    )
    speed_limits: tuple[SpeedLimit, ...] = ()


class Marking(Strict):
    """A line painted along the road that must not be driven over."""

    id: Identifier
    kind: Literal["solid"] = "solid"
    points: tuple[PointPx, ...] = Field(min_length=2, title="Corners (x, y) along the line, pixels")


class Movement(Strict):
    """A way through the junction that is not allowed, or allowed on red."""

    id: Identifier
    entry: Identifier = Field(title="Zone where it begins")
    exit: Identifier = Field(title="Zone where it ends")
    turn: Literal["left", "right", "straight", "u_turn"]
    allowed: bool = Field(default=False, title="May be driven at all")
    on_red: bool = Field(default=False, title="May be driven while the signal is red")
    classes: tuple[RoadUserClass, ...] = Field(default=(), title="Whom it concerns; none: all")
    hours: tuple[Hours, ...] = Field(default=(), title="When it concerns them; none: always")


class GaugeMark(Strict):
    """One height on a drawn gauge."""

    px: PointPx = Field(title="Pixel (x, y)")
    depth_cm: float = Field(ge=0, title="Depth of water that reaches it, cm")


class Gauge(Strict):
    """A wall, post or kerb on which the depth of water can be read."""

    id: Identifier
    marks: tuple[GaugeMark, ...] = Field(min_length=2, title="From dry to deep")


class Signal(Strict):
    """A traffic light seen by the camera."""

    id: Identifier
    region: tuple[float, float, float, float] = Field(
        title="Rectangle x1, y1, x2, y2 around the lamps"
    )
    layout: Literal["vertical", "horizontal"] = "vertical"


class StopLine(Strict):
    """A line that a vehicle must not pass on red."""

    id: Identifier
    line: tuple[PointPx, PointPx] = Field(title="The two ends of the line")
    past: tuple[PointPx, PointPx] | None = Field(
        default=None, title="A second line; only who crosses both has run the light"
    )
    direction: tuple[PointPx, PointPx] = Field(
        title="An arrow, tail then head: approaching traffic"
    )
    signal: Identifier = Field(title="Id of the signal that governs the line")


class CameraConfig(Strict):
    """One camera file."""

    id: Identifier
    name: str = Field(title="What people call the place")
    source: Source | None = Field(default=None, title="Where frames come from; replay needs none")
    frame_size_px: tuple[int, int] = Field(title="Width, height of the picture drawn on")
    location: Location | None = None
    area_code: str = Field(default="", title="Official code of the commune or ward")
    road: str = ""
    road_kind: Literal["street", "road", "expressway"] = Field(
        default="street", title="Which profile of the rules applies"
    )
    legal_source: Literal["A", "B", "C"] = Field(
        default="B", title="Standing of the data as evidence: A certified, B supplied, C statistics"
    )
    detect_fps: float = Field(default=8.0, gt=0, le=60, title="Frames per second looked at")
    min_score: float = Field(
        default=0.3,
        gt=0,
        lt=1,
        title="A detection this sure may begin a track; weaker ones only extend one",
    )
    ground: tuple[GroundPoint, ...] = Field(
        default=(), title="At least four pixel-to-metre pairs, or none"
    )
    zones: tuple[Zone, ...] = ()
    signals: tuple[Signal, ...] = ()
    stop_lines: tuple[StopLine, ...] = ()
    markings: tuple[Marking, ...] = ()
    movements: tuple[Movement, ...] = ()
    gauges: tuple[Gauge, ...] = ()
    rules: dict[str, dict[str, float | bool | str]] = Field(
        default_factory=dict, title="Rules that watch this camera, each with its thresholds"
    )

    @model_validator(mode="after")
    def _references_exist(self) -> Self:
        """Refuse ids used twice, unknown signals and zones, and too few ground points."""
        problems = [*self._doubled(), *self._unknown_signals(), *self._unknown_zones()]
        if 0 < len(self.ground) < MIN_GROUND_POINTS:
            problems.append(f"ground: {len(self.ground)} points given, want none or at least four")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def _doubled(self) -> list[str]:
        """Return what is wrong with ids that are used twice."""
        problems = []
        for key in ("zones", "signals", "stop_lines", "markings", "movements", "gauges"):
            ids = [item.id for item in getattr(self, key)]
            problems += [f"{key}: id {i!r} is used twice" for i in set(ids) if ids.count(i) > 1]
        return problems

    def _unknown_signals(self) -> list[str]:
        """Return what is wrong with references to signals."""
        known = {signal.id for signal in self.signals}
        referring: list[StopLine | Zone] = [*self.stop_lines, *self.zones]
        return [
            f"{item.id}: signal {item.signal!r} is not one of {sorted(known)}"
            for item in referring
            if item.signal is not None and item.signal not in known
        ]

    def _unknown_zones(self) -> list[str]:
        """Return what is wrong with references to zones."""
        known = {zone.id for zone in self.zones}
        return [
            f"{movement.id}: zone {end!r} is not one of {sorted(known)}"
            for movement in self.movements
            for end in (movement.entry, movement.exit)
            if end not in known
        ]
