"""A camera on which no road was drawn, and one that looks elsewhere than it was drawn."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge.counters import Counters
from edge.pipeline import Pipeline, Setting
from edge.rules import build_rules, calibrated_rules
from edge.rules.road import WHOLE_PICTURE, with_whole_picture
from tests.traffic import SIZE_PX, Mover, camera, frame, instants, seen

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig
    from edge.contract.messages import IncidentMessage
    from edge.scene import Detections, Frame

GROUND = [
    {"px": (0, 300), "m": (-20, 60)},
    {"px": (1280, 300), "m": (20, 60)},
    {"px": (0, 720), "m": (-20, 0)},
    {"px": (1280, 720), "m": (20, 0)},
]
WHOLE_ROAD = {
    "id": "road",
    "kind": "carriageway",
    "polygon": [(-1, -1), (1281, -1), (1281, 721), (-1, 721)],
}
STANDS = Mover(640, 500, name="car", width=120, height=90)


class Watcher:
    """A detector that sees movers as they are."""

    model = None

    def __init__(self, *movers: Mover) -> None:
        self.movers = movers

    def detect(self, frame: Frame) -> Detections:
        """Return their boxes."""
        return seen(self.movers, frame.stream_s)


def watching(file: CameraConfig) -> Pipeline:
    """Return a pipeline before which a car stands."""
    return Pipeline(file, Watcher(STANDS), Setting(box_id="n1"), Counters())


def run(file: CameraConfig, seconds: float) -> list[IncidentMessage]:
    """Return what a pipeline tells of a standing car."""
    pipeline, messages = watching(file), []
    for now_s in instants(seconds, 8):
        messages += [change.message for change in pipeline.process(frame(now_s))]
    return messages


def seen_if_moved(file: CameraConfig) -> tuple[int, int]:
    """Return how many sightings a standing car makes, and how many once the view has moved."""
    pipeline = watching(file)
    for now_s in instants(15, 8):
        pipeline.process(frame(now_s))
    scene = pipeline.scene
    assert scene is not None
    moved = replace(scene, view_moved=True)
    return len(pipeline._judge(scene)), len(pipeline._judge(moved))


@pytest.mark.parametrize("ground", [[], GROUND])
def test_a_standing_vehicle_is_told_where_nothing_was_drawn(ground: list[object]) -> None:
    (message, *_) = run(camera(ground=ground, rules={"stopped_vehicle": {}}), 15)

    assert (message.rule, message.place) == ("stopped_vehicle", WHOLE_PICTURE)


@pytest.mark.parametrize("ground", [[], GROUND])
def test_nothing_drawn_judges_like_the_whole_picture_drawn(ground: list[object]) -> None:
    undrawn = run(camera(ground=ground, rules={"stopped_vehicle": {}}), 15)
    drawn = run(camera(ground=ground, zones=[WHOLE_ROAD], rules={"stopped_vehicle": {}}), 15)

    assert [m.decided_clip_s for m in undrawn] == [m.decided_clip_s for m in drawn]
    assert [m.boxes for m in undrawn] == [m.boxes for m in drawn]


def test_without_drawing_and_rules_those_run_that_can_do_without() -> None:
    names = {rule.name for rule in build_rules(camera())}

    assert {"stopped_vehicle", "wrong_way", "congestion"} <= names
    assert "pedestrian_on_carriageway" not in names


@pytest.mark.parametrize("kind", ["carriageway", "lane", "emergency_lane", "junction"])
def test_a_drawn_road_is_taken_as_it_is(kind: str) -> None:
    drawn = camera(zones=[WHOLE_ROAD | {"kind": kind}])

    assert with_whole_picture(drawn) is drawn
    assert with_whole_picture(camera()).zones[0].polygon[2] == (SIZE_PX[0] + 1, SIZE_PX[1] + 1)


def test_an_ignored_area_stays_ignored_where_no_road_was_drawn() -> None:
    yard = {
        "id": "yard",
        "kind": "ignore",
        "polygon": [(500, 400), (800, 400), (800, 600), (500, 600)],
    }

    assert run(camera(zones=[yard], rules={"stopped_vehicle": {}}), 15) == []


def test_rules_that_trust_the_drawing_rest_once_the_view_has_moved() -> None:
    drawn = camera(zones=[WHOLE_ROAD], rules={"stopped_vehicle": {}})

    assert seen_if_moved(drawn) == (1, 0)


def test_where_nothing_was_drawn_a_moved_view_stops_nobody() -> None:
    assert calibrated_rules(camera()) == frozenset()
    assert seen_if_moved(camera(rules={"stopped_vehicle": {}})) == (1, 1)
