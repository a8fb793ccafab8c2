"""Traffic statistics: who counts as flow, when, and how fast."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.telemetry import FORGET_S, FlowCounter
from tests.builders import NOON
from tests.traffic import camera, instants, road_user, scene

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from edge.contract.messages import TelemetryMessage
    from edge.scene import Track

ROAD = {
    "id": "road",
    "kind": "carriageway",
    "polygon": [(0, 100), (1280, 100), (1280, 700), (0, 700)],
}


def counter(**given: Any) -> FlowCounter:
    """Return a counter on a camera; ``given`` replaces its keys."""
    return FlowCounter(camera(**given), "n1", lambda: NOON + timedelta(seconds=90))


def watched(
    flow: FlowCounter,
    tracks_at: Callable[[float], Iterable[Track]],
    seconds: float = 60.0,
    fps: float = 5.0,
) -> TelemetryMessage:
    """Watch until a period ends; return its message."""
    for s in instants(seconds, fps):
        message = flow.observe(scene(s, tracks_at(s)))
        if message is not None:
            return message
    last = flow.finish()
    assert last is not None
    return last


def rider(track_id: int, x: float, **given: Any) -> Track:
    """Return a motorbike at x on the road."""
    return road_user(track_id, (x, 300), **given)


def counts(message: TelemetryMessage) -> dict[str, int]:
    """Return the flow per class."""
    return {flow.object_class: flow.count for flow in message.flows}


def test_a_motorbike_that_rides_through_is_counted_once() -> None:
    message = watched(counter(), lambda s: [rider(1, 100 + 50 * s)] if s < 20 else [])

    assert counts(message) == {"motorbike": 1}
    assert message.flows[0].mean_speed_kmh is None


def test_one_that_stands_all_minute_is_no_flow_but_is_on_the_road() -> None:
    message = watched(counter(), lambda s: [rider(1, 300 + 5 * (round(s * 5) % 2))])

    assert counts(message) == {}
    assert message.mean_objects == 1.0


def test_a_minute_ends_on_the_minute_and_the_next_begins_empty() -> None:
    flow = counter()
    messages = [
        message
        for s in instants(121, 5)
        if (message := flow.observe(scene(s, [rider(1, 100 + 9 * s)]))) is not None
    ]

    assert [m.period_start for m in messages] == [NOON, NOON + timedelta(seconds=60)]
    assert [counts(m) for m in messages] == [{"motorbike": 1}, {}]
    assert [m.observed_ratio for m in messages] == [pytest.approx(1, abs=0.01)] * 2
    assert messages[0].message_id != messages[1].message_id
    assert messages[0].sent_at > messages[0].period_start


def test_a_camera_that_starts_late_or_has_a_gap_says_how_little_it_saw() -> None:
    flow = counter()
    for s in (*instants(15, 5), *(30 + s for s in instants(15, 5))):
        flow.observe(scene(s))
    message = flow.finish()

    assert message is not None
    assert message.observed_ratio == pytest.approx(31 / 60, abs=0.01)


def test_pavement_and_ignored_ground_are_not_the_road() -> None:
    yard = [(0, 250), (640, 250), (640, 700), (0, 700)]
    flow = counter(zones=[ROAD, {"id": "yard", "kind": "ignore", "polygon": yard}])

    def traffic(s: float) -> list[Track]:
        over = road_user(1, (100 + 9 * s, 50))
        ignored = road_user(2, (50 + 9 * s, 400))
        driving = road_user(3, (50 + 9 * s, 200))
        return [over, ignored, driving]

    message = watched(flow, traffic)

    assert counts(message) == {"motorbike": 1}
    assert message.mean_objects == 1.0


def test_people_on_foot_are_no_vehicles() -> None:
    message = watched(counter(), lambda s: [rider(1, 100 + 20 * s, class_name="person")])

    assert counts(message) == {}


def test_a_coasting_track_drives_nowhere() -> None:
    """A guess of the tracker is not flow; the first detection after it is."""
    message = watched(counter(), lambda s: [rider(1, 100 + 9 * s, observed=s < 1)])

    assert counts(message) == {}


def test_speed_is_distance_by_time_and_a_queue_pulls_it_down() -> None:
    def traffic(s: float) -> list[Track]:
        moving = rider(1, 100 + 10 * s, ground_m=(10 * s, 0.0), velocity_mps=(10.0, 0.0))
        standing = rider(2, 600, ground_m=(0.0, 5.0), velocity_mps=(0.2, 0.1))
        return [moving, standing]

    message = watched(counter(), traffic)

    assert counts(message) == {"motorbike": 1}
    assert message.flows[0].mean_speed_kmh == pytest.approx(18.0, abs=0.1)


def test_metres_on_the_ground_decide_where_they_are_known() -> None:
    """Far away a metre is two pixels: the ground counts what pixels would miss."""
    message = watched(
        counter(), lambda s: [rider(1, 100 + 0.2 * s, ground_m=(s, 0.0), velocity_mps=(1.0, 0.0))]
    )

    assert counts(message) == {"motorbike": 1}


def test_a_track_that_comes_back_after_hiding_is_not_counted_again() -> None:
    def traffic(s: float) -> list[Track]:
        return [] if 20 <= s < 20 + FORGET_S - 1 else [rider(1, 100 + 9 * s)]

    assert counts(watched(counter(), traffic)) == {"motorbike": 1}


def test_a_new_epoch_starts_with_an_empty_road() -> None:
    flow = counter()
    flow.observe(scene(0.0, [rider(1, 100)]))
    flow.observe(scene(1.0, [rider(1, 900)], epoch=1))
    message = flow.finish()

    assert message is not None
    assert counts(message) == {}


def test_nothing_seen_is_nothing_said() -> None:
    flow = counter()
    assert flow.finish() is None

    flow.observe(scene(1.0))
    assert flow.finish() is not None
    assert flow.finish() is None


def test_two_processes_of_one_minute_send_two_messages() -> None:
    """A box that is started again within a minute must not have its second half refused."""
    first, second = counter(), counter()
    first.observe(scene(1.0))
    second.observe(scene(31.0))
    messages = [first.finish(), second.finish()]

    assert len({m.message_id for m in messages if m is not None}) == 2
    assert {m.period_start for m in messages if m is not None} == {NOON}


def test_another_stream_size_carries_the_drawing_along() -> None:
    half = {**ROAD, "polygon": [(0, 200), (2560, 200), (2560, 1400), (0, 1400)]}
    flow = counter(frame_size_px=(2560, 1440), zones=[half])

    message = watched(flow, lambda s: [rider(1, 100 + 9 * s), road_user(2, (100 + 9 * s, 50))])

    assert counts(message) == {"motorbike": 1}


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 500), st.floats(0, 300)), max_size=80))
def test_memory_is_bounded_by_the_living(lives: list[tuple[int, float]]) -> None:
    flow = counter()
    for track_id, start_s in sorted(lives, key=lambda life: life[1]):
        flow.observe(scene(start_s, [rider(track_id, 100 + track_id)]))
    flow.observe(scene(300 + FORGET_S + 1))

    assert flow._users == {}
