"""A camera on which no road was drawn, and one that looks elsewhere than it was drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.counters import Counters
from edge.pipeline import Pipeline, Setting
from edge.rules import RULES, build_rules, calibrated_rules
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


def run(file: CameraConfig, seconds: float, *, moved_s: float = np.inf) -> list[IncidentMessage]:
    """Return what a pipeline tells of a standing car; from ``moved_s`` on the view has moved."""
    pipeline = Pipeline(file, Watcher(STANDS), Setting(box_id="n1"), Counters())
    messages = []
    for now_s in instants(seconds, 8):
        pipeline.view_moved = now_s >= moved_s
        messages += [change.message for change in pipeline.process(frame(now_s))]
    return messages


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
    assert names == {name for name, kind in RULES.items() if kind.undrawn} & names
    assert "pedestrian_on_carriageway" not in names


def test_a_drawn_road_is_taken_as_it_is() -> None:
    drawn = camera(zones=[WHOLE_ROAD])

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

    assert run(drawn, 15) != []
    assert run(drawn, 15, moved_s=9.0) == []


def test_where_nothing_was_drawn_a_moved_view_stops_nobody() -> None:
    assert calibrated_rules(camera()) == frozenset()
    assert run(camera(rules={"stopped_vehicle": {}}), 15, moved_s=0.0) != []
