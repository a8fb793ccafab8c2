"""``speeding`` through the pipeline: what is told of the speed, its standing and its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from edge.counters import Counters
from edge.pipeline import Pipeline, Setting
from edge.rules import build_rules
from edge.scene import Detections, Frame
from tests.traffic import Mover, camera, frame, instants, seen

PX_PER_M = 20.0
GROUND = [
    {
        "px": (x, y),
        "m": (x / PX_PER_M, y / PX_PER_M),
        "geo": (18.67 - y / 2.2e6, 105.68 + x / 2.1e6),
    }
    for x in (100, 640, 1200)
    for y in (100, 400, 700)
]
ROAD = {
    "id": "road",
    "kind": "carriageway",
    "polygon": [(0, 200), (1280, 200), (1280, 720), (0, 720)],
    "speed_limits": [{"kmh": 40, "classes": ["car"]}],
}


class Watcher:
    """A detector that sees movers with half a pixel of noise."""

    model = None

    def __init__(self, *movers: Mover) -> None:
        self.movers = movers
        self.rng = np.random.default_rng(1)

    def detect(self, frame: Frame) -> Detections:
        """Return their boxes."""
        found = seen(self.movers, frame.stream_s)
        noise = self.rng.normal(0, 0.5, found.xyxy.shape).astype(np.float32)
        return Detections(found.xyxy + noise, found.scores, found.class_names)


def told(kmh: float, seconds: float = 3.0, **given: Any) -> list[Any]:
    """Return the messages of a car that drives to the right."""
    fields = {"ground": GROUND, "zones": [ROAD], "rules": {"speeding": {}}} | given
    car = Mover(60, 420, vx=kmh / 3.6 * PX_PER_M, name="car", width=90, height=60)
    pipeline = Pipeline(camera(**fields), Watcher(car), Setting(box_id="n1"), Counters())
    messages = []
    for now_s in instants(seconds, 10):
        messages += [change.message for change in pipeline.process(frame(now_s))]
    return messages + [change.message for change in pipeline.finish()]


def test_a_message_tells_speed_error_and_place() -> None:
    last = told(60.0)[-1]

    assert last.rule == "speeding"
    assert last.speed_kmh == pytest.approx(60.0, abs=last.speed_error_kmh)
    assert 0 < last.speed_error_kmh < 3
    assert last.speed_refused == ""
    assert last.location[0] == pytest.approx(18.67 - 420 / 2.2e6, abs=2e-6)
    assert 0 < last.location_error_m < 0.5


@pytest.mark.parametrize(("camera_is", "standing"), [("A", "A"), ("B", "C"), ("C", "C")])
def test_without_a_certified_meter_a_speed_is_no_more_than_statistics(
    camera_is: str, standing: str
) -> None:
    assert {message.legal_source for message in told(60.0, legal_source=camera_is)} == {standing}


@pytest.mark.parametrize(
    "given",
    [
        {"zones": [ROAD | {"speed_limits": [{"kmh": 60}]}]},
        {"zones": [ROAD | {"speed_limits": [{"kmh": 40, "classes": ["truck"]}]}]},
        {"zones": [ROAD, ROAD | {"id": "yard", "kind": "pavement"}]},
        {"ground": []},
    ],
)
def test_nobody_is_accused_without_a_limit_that_holds_and_a_measured_speed(
    given: dict[str, Any],
) -> None:
    assert told(60.0, **given) == []


def test_the_rule_watches_where_points_and_limits_are_drawn_and_nowhere_else() -> None:
    def watches(**given: Any) -> bool:
        return "speeding" in {rule.name for rule in build_rules(camera(**given))}

    assert watches(ground=GROUND, zones=[ROAD])
    assert not watches(zones=[ROAD])
    assert not watches(ground=GROUND, zones=[ROAD | {"speed_limits": []}])


def test_other_rules_tell_the_speed_too_or_why_not() -> None:
    zone = ROAD | {"direction": [(900, 400), (300, 400)], "speed_limits": []}
    wrong_way: dict[str, Any] = {"zones": [zone], "rules": {"wrong_way": {}}}

    assert told(36.0, **wrong_way)[0].speed_kmh == pytest.approx(36, abs=2)
    blind = told(36.0, ground=[], **wrong_way)
    assert {(m.speed_kmh, m.speed_refused) for m in blind} == {(None, "no_geometry")}


def part(from_x: float, to_x: float, kmh: float) -> dict[str, Any]:
    """Return a part of the road with a limit."""
    corners = [(from_x, 200), (to_x, 200), (to_x, 720), (from_x, 720)]
    limits = [{"kmh": kmh}]
    return ROAD | {"id": f"to-{kmh:.0f}", "polygon": corners, "speed_limits": limits}


@pytest.mark.parametrize(("before", "after", "places"), [(80, 40, set()), (40, 80, {"to-40"})])
def test_the_limit_is_that_of_where_the_speed_was_measured_and_not_of_where_it_is_known(
    before: float, after: float, places: set[str]
) -> None:
    """The second limit begins 6 m before the end of what is seen, and 0.4 s."""
    zones = [part(0, 600, before), part(600, 1280, after)]

    messages = told(60.0, seconds=2.0, zones=zones)

    assert {message.place for message in messages} == places
