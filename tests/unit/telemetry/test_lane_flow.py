"""Traffic by lane and turn: counts, passenger car units, occupancy, minutes and quarters."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from edge.lane_flow import PCU, Lanes, RoadTally
from edge.telemetry import QUARTER_S, FlowCounter
from tests.builders import NOON
from tests.traffic import camera, instants, road_user, scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge.contract.flows import LaneFlow
    from edge.contract.messages import TelemetryMessage
    from edge.scene import Track


def zone(name: str, top: float, bottom: float, kind: str = "lane", **given: Any) -> dict[str, Any]:
    """Return a zone across the picture."""
    corners = [(0, top), (1280, top), (1280, bottom), (0, bottom)]
    return {"id": name, "kind": kind, "polygon": corners, **given}


ROAD = zone("road", 100, 700, "carriageway")
LANES = [ROAD, zone("outer", 100, 300), zone("inner", 300, 700)]


def messages(
    tracks_at: Callable[[float], Iterable[Track]], seconds: float = 60.0, **given: Any
) -> list[TelemetryMessage]:
    """Return every message of a watch."""
    flow = FlowCounter(camera(**({"zones": LANES} | given)), "n1", lambda: NOON)
    told = [flow.observe(scene(s, tracks_at(s))) for s in instants(seconds, 5)]
    return [message for message in [*told, flow.finish()] if message is not None]


def passing(track_id: int, y: float, name: str, from_s: float, now_s: float) -> list[Track]:
    """Return a vehicle that crosses the picture in ten seconds, while it is there."""
    x = 20 + 124 * (now_s - from_s)
    if not 20 <= x <= 1260:
        return []
    moving = {"ground_m": (x / 20, y / 20), "velocity_mps": (6.2, 0.0)}
    return [road_user(track_id, (x, y), class_name=name, **moving)]


def by_lane(message: TelemetryMessage) -> dict[str, LaneFlow]:
    """Return lane → its flow."""
    assert message.detail is not None
    return {lane.lane: lane for lane in message.detail.lanes}


def traffic(s: float) -> list[Track]:
    """Return four motorbikes and a bus outside, a car inside."""
    outer = [t for i in range(4) for t in passing(i + 1, 250, "motorbike", 3.0 * i, s)]
    return [*outer, *passing(5, 280, "bus", 30, s), *passing(6, 500, "car", 20, s)]


def test_each_lane_has_its_own_counts_units_and_speed() -> None:
    (minute, *_) = messages(traffic)

    lanes = by_lane(minute)
    assert set(lanes) == {"outer", "inner"}
    assert lanes["outer"].counts == {"motorbike": 4, "bus": 1}
    assert lanes["inner"].counts == {"car": 1}
    assert lanes["outer"].vehicles_per_h == pytest.approx(300, rel=0.02)
    assert lanes["outer"].pcu_per_h == pytest.approx(240, rel=0.02)
    assert lanes["inner"].mean_speed_kmh == pytest.approx(22.3, abs=0.1)
    assert minute.detail is not None
    assert minute.detail.pcu_per_h == pytest.approx(300, rel=0.02)
    assert {flow.object_class: flow.count for flow in minute.flows} == {
        "motorbike": 4, "bus": 1, "car": 1
    }  # fmt: skip


def test_occupancy_is_the_time_a_vehicle_is_over_the_middle_of_the_lane() -> None:
    def queue(s: float) -> list[Track]:
        return [road_user(1, (640, 520), xyxy=(600, 460, 680, 520))] if s < 15 else []

    (minute, *_) = messages(queue)

    lanes = by_lane(minute)
    assert lanes["inner"].occupancy_ratio == pytest.approx(0.25, abs=0.01)
    assert lanes["outer"].occupancy_ratio == 0
    assert lanes["inner"].counts == {}


def test_a_carriageway_without_lanes_is_one_lane_and_nothing_drawn_has_none() -> None:
    assert Lanes(camera(zones=[ROAD])).names == ("road",)
    assert Lanes(camera(zones=LANES)).names == ("outer", "inner")
    assert Lanes(camera()).names == ()


MOVEMENTS = [
    {"id": "left", "entry": "outer", "exit": "inner", "turn": "left", "allowed": True},
    {"id": "back", "entry": "inner", "exit": "outer", "turn": "right", "allowed": True},
]


def test_a_turn_is_counted_once_when_it_ends() -> None:
    def turning(s: float) -> list[Track]:
        y = 200 if s < 5 else 400
        weaving = 310 if round(s) % 2 else 290
        return [road_user(1, (100 + 20 * s, y)), road_user(2, (100 + 20 * s, weaving))]

    (minute, *_) = messages(turning, movements=MOVEMENTS)

    assert minute.detail is not None
    turns = {(turn.movement, turn.object_class): turn.count for turn in minute.detail.turns}
    assert turns == {("left", "motorbike"): 2}


def test_the_quarter_comes_with_its_last_minute_and_adds_them_up() -> None:
    def hourly(s: float) -> list[Track]:
        return passing(int(s // 60) + 1, 500, "car", 60 * (s // 60) + 5, s)

    told = messages(hourly, 2 * QUARTER_S + 30)

    quarters = [m.quarter for m in told if m.quarter is not None]
    assert [told.index(m) for m in told if m.quarter is not None] == [14, 29]
    assert [q.period_start for q in quarters] == [NOON, NOON + timedelta(seconds=QUARTER_S)]
    for quarter in quarters:
        (_, inner) = quarter.lanes
        assert inner.counts == {"car": 15}
        assert inner.vehicles_per_h == pytest.approx(60, rel=0.01)
        assert quarter.observed_ratio == pytest.approx(1, abs=0.01)


def test_a_quarter_whose_last_minute_was_not_seen_comes_with_the_next_seen() -> None:
    flow = FlowCounter(camera(zones=LANES), "n1", lambda: NOON)
    told = []
    for s in (*instants(100, 2), *(2000 + s for s in instants(130, 2))):
        message = flow.observe(scene(s))
        if message is not None:
            told.append(message)

    late = [m.quarter for m in told if m.quarter is not None]
    assert [q.period_start for q in late] == [NOON]
    assert late[0].observed_ratio == pytest.approx(100 / QUARTER_S, abs=0.01)


def test_a_moved_view_counts_as_unseen() -> None:
    flow = FlowCounter(camera(zones=LANES), "n1", lambda: NOON)
    for s in instants(40, 5):
        flow.observe(replace(scene(s, traffic(s)), view_moved=s > 20))
    minute = flow.finish()

    assert minute is not None
    assert minute.observed_ratio == pytest.approx(20 / 60, abs=0.02)
    assert by_lane(minute)["inner"].counts == {}


def test_hardly_anything_seen_makes_no_rates() -> None:
    tally = RoadTally(observed_s=5.0)
    tally.counts["outer", "car"] = 3

    flow = tally.flow(["outer"], NOON, 60.0)

    assert flow.lanes[0].counts == {"car": 3}
    assert (flow.lanes[0].vehicles_per_h, flow.pcu_per_h) == (None, None)


def test_every_vehicle_has_its_unit_and_a_car_is_one() -> None:
    assert set(PCU) == {"bicycle", "motorbike", "three_wheeler", "car", "bus", "truck"}
    assert PCU["car"] == 1.0
