"""Stories: road users over seconds on a drawn road → the incidents that must, and only may, come.

A story is a YAML file under ``tests/scenarios/<rule>/`` that a traffic engineer can read and write.
All places are metres on a flat road: x to the right, y the way the camera looks; y = 0 is where
the drawing says. A path is the place of the vehicle's near end (the one towards the camera), as
``[second, x, y]``; between two entries it moves evenly. Before its first and after its last entry
a road user is not there.

    story: one sentence
    at: 2026-03-02T22:30:00+07:00  # optional: wall time of second 0
    camera: junction               # a file beside this one's folder: tests/scenarios/<name>.yaml
    rules: {red_light: {}}         # as in a camera file
    signals: {main: {0: green, 5: red}}
    until_s: 20
    fps: 8                         # optional
    road_users:
      - {id: 1, class: motorbike, path: [[0, 0, -30], [10, 0, 10]], unseen: [[3, 4]]}
      - {id: 2, then: {6: 12}, ...}        # from second 6 the tracker calls it 12
      - {id: 3, riders: 3, helmets: [{worn: false, size_px: 30, confidence: 0.9}], ...}
      - {id: 3, falls_s: 4, ...}           # from second 4 it lies on the road
    sees:                                  # what else is in the view: see tests/story_views.py
      things: [{at: [3, 5], during: [2, 40]}]
    expect:
      - {rule: red_light, at_s: 7.5, within_s: 0.5, who: 1, decided_by_s: 9}

What the camera's view, gauges and presence tell is said under ``sees``, see ``tests.story_views``.
``expect: []`` says: nothing at all. The picture is a plan view of 10 pixels per metre.
"""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from edge.config.camera import CameraConfig
from edge.contract.messages import IncidentMessage, Phase, SignalChange
from edge.counters import Counters
from edge.geometry import TYPICAL_HEIGHT_M
from edge.incidents import Incidents, Origin
from edge.rules import build_rules
from edge.rules.flow import LearnedTraffic
from edge.scene import Helmet, Point, Scene, Track
from edge.speed import SpeedMeter
from tests.builders import NOON
from tests.story_views import Sees

FOLDER = Path(__file__).parent / "scenarios"
PX_PER_M = 10.0
SIZE_PX = (800, 1600)
MID_PX = (400.0, 800.0)
WIDTH_M = {
    "person": 0.6,
    "bicycle": 0.7,
    "motorbike": 0.8,
    "three_wheeler": 1.4,
    "car": 1.8,
    "bus": 2.5,
    "truck": 2.5,
    "livestock": 0.8,
}

LYING_M = (1.8, 0.6)
"""Width and height of somebody, or of a motorbike, on the ground."""


class RoadUser(BaseModel):
    """Somebody on the road."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    id: int
    class_name: str = Field(alias="class")
    path: list[tuple[float, float, float]] = Field(min_length=2)
    unseen: list[tuple[float, float]] = []
    then: dict[float, int] = {}
    box_m: tuple[float, float] | None = None
    """Width and height of the box, where they differ from those usual for the class."""
    riders: int | None = None
    helmets: list[dict[str, Any]] | None = None
    falls_s: float = math.inf

    def at(self, second: float) -> tuple[Point, Point] | None:
        """Return (place m, velocity m/s) at a second, None when it is not there."""
        for (t1, x1, y1), (t2, x2, y2) in pairwise(self.path):
            if t1 <= second <= t2:
                share, lasts_s = (second - t1) / (t2 - t1), t2 - t1
                place = (x1 + (x2 - x1) * share, y1 + (y2 - y1) * share)
                return place, ((x2 - x1) / lasts_s, (y2 - y1) / lasts_s)
        return None

    def called(self, second: float) -> int:
        """Return the id the tracker gives it at a second."""
        return next((i for s, i in sorted(self.then.items(), reverse=True) if s <= second), self.id)


class Expected(BaseModel):
    """An incident that must come."""

    model_config = ConfigDict(extra="forbid")

    rule: str
    at_s: float
    within_s: float = 0.5
    who: int | None = None
    decided_by_s: float = math.inf
    level: int | None = None
    """The highest it reaches."""

    def is_met_by(self, message: IncidentMessage) -> bool:
        """Say whether an opened incident is the one expected."""
        return (
            message.rule == self.rule
            and abs(message.clip_s - self.at_s) <= self.within_s
            and (self.who is None or self.who in message.track_ids)
            and message.decided_clip_s <= self.decided_by_s
        )


class Story(BaseModel):
    """One file."""

    model_config = ConfigDict(extra="forbid")

    story: str
    camera: str
    rules: dict[str, dict[str, float | bool | str]]
    signals: dict[str, dict[float, str]] = {}
    until_s: float
    fps: float = 8.0
    at: datetime = NOON
    road_users: list[RoadUser] = []
    sees: Sees = Sees()
    expect: list[Expected]


def load_story(path: Path) -> Story:
    """Read one story."""
    return Story.model_validate(yaml.safe_load(path.read_text("utf-8")))


def all_stories() -> list[Path]:
    """Return every story of every rule."""
    return sorted(FOLDER.glob("*/*.yaml"))


def run_story(story: Story) -> list[IncidentMessage]:
    """Return every message the story leads to, open incidents closed at the end."""
    camera = road_camera(story)
    rules = build_rules(camera)
    incidents = Incidents(
        Origin(box_id="story", camera=camera), {r.name: r.policy for r in rules}, Counters()
    )
    messages: list[IncidentMessage] = []
    meter, learned = SpeedMeter(camera), LearnedTraffic(camera)
    for seen in scenes(story):
        scene = replace(seen, speed_of=meter.speed_of, learned=learned)
        meter.attend(scene)
        learned.attend(scene)
        sightings = [sighting for rule in rules for sighting in rule.observe(scene)]
        messages += [change.message for change in incidents.update(scene, sightings)]
    return messages + [change.message for change in incidents.finish()]


def opened(messages: list[IncidentMessage]) -> list[IncidentMessage]:
    """Return one message per incident: the one that opened it."""
    return [message for message in messages if message.phase is Phase.OPENED]


def road_camera(story: Story) -> CameraConfig:
    """Return the camera of a story: its drawing, carried from metres to the plan view."""
    drawn: dict[str, Any] = yaml.safe_load((FOLDER / f"{story.camera}.yaml").read_text("utf-8"))
    items = [drawn.get(key, []) for key in ("zones", "stop_lines", "markings")]
    for item in [item for several in items for item in several]:
        for key in ("polygon", "line", "past", "direction", "points"):
            if key in item:
                item[key] = [to_px(tuple(point)) for point in item[key]]
    for mark in [mark for gauge in drawn.get("gauges", []) for mark in gauge["marks"]]:
        mark["px"] = to_px(tuple(mark["px"]))
    corners = [(-30.0, -60.0), (30.0, -60.0), (-30.0, 60.0), (30.0, 60.0)]
    ground = [{"px": to_px(corner), "m": corner} for corner in corners]
    fixed = {"id": story.camera, "name": story.camera, "frame_size_px": SIZE_PX, "ground": ground}
    return CameraConfig.model_validate({**fixed, **drawn, "rules": story.rules})


def to_px(place_m: Point) -> Point:
    """Return the pixel of a place in metres."""
    return MID_PX[0] + place_m[0] * PX_PER_M, MID_PX[1] - place_m[1] * PX_PER_M


def scenes(story: Story) -> list[Scene]:
    """Return what the rules see, frame by frame."""
    log = [
        SignalChange.model_validate(
            {"signal_id": name, "state": state, "clip_s": s, "at": story.at + timedelta(seconds=s)}
        )
        for name, phases in story.signals.items()
        for s, state in sorted(phases.items())
    ]
    log.sort(key=lambda change: change.clip_s)
    count = round(story.until_s * story.fps) + 1
    return [_scene(story, number / story.fps, log) for number in range(count)]


def _scene(story: Story, now_s: float, log: list[SignalChange]) -> Scene:
    past = tuple(change for change in log if change.clip_s <= now_s)
    tracks = [_track(user, now_s) for user in story.road_users]
    return Scene(
        camera_id=story.camera,
        captured_at=story.at + timedelta(seconds=now_s),
        stream_s=now_s,
        frame_size_px=SIZE_PX,
        tracks=tuple(track for track in tracks if track is not None),
        signals={change.signal_id: change.state for change in past},
        signal_log=past,
        **story.sees.facts(now_s, to_px),
    )


def _track(user: RoadUser, now_s: float) -> Track | None:
    where = user.at(now_s)
    if where is None:
        return None
    place, velocity = where
    x, y = to_px(place)
    usual = WIDTH_M[user.class_name], TYPICAL_HEIGHT_M[user.class_name]
    width_m, height_m = LYING_M if now_s >= user.falls_s else user.box_m or usual
    half = width_m / 2 * PX_PER_M
    return Track(
        track_id=user.called(now_s),
        class_name=user.class_name,
        xyxy=(x - half, y - height_m * PX_PER_M, x + half, y),
        score=0.8,
        observed=not any(start <= now_s <= end for start, end in user.unseen),
        first_seen_s=user.path[0][0],
        foot_px=(x, y),
        velocity_px_s=(velocity[0] * PX_PER_M, -velocity[1] * PX_PER_M),
        ground_m=place,
        velocity_mps=velocity,
        riders=user.riders,
        riders_confidence=0.9,
        helmets=None if user.helmets is None else tuple(Helmet(**head) for head in user.helmets),
    )
