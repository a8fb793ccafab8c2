"""``red_light`` and ``stop_line`` beyond the stories: geometry, frame rate, memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.contract.messages import IncidentMessage, SignalChange
from edge.rules.approach import LENGTH_M, Approach, present_red
from edge.rules.red_light import RedLight, RedLightOptions
from edge.rules.stop_line import StopLineOptions, StopLineRule
from edge.scene import Scene, Track
from tests.builders import NOON
from tests.stories import FOLDER, Story, load_story, opened, road_camera, run_story, scenes, to_px

if TYPE_CHECKING:
    from edge.config.camera import CameraConfig

RUN = load_story(FOLDER / "red_light/runs_three_seconds_into_red.yaml")
WAIT = load_story(FOLDER / "stop_line/waits_on_the_crossing.yaml")


def story(**given: Any) -> Story:
    """Return a story at the junction, on red all the time; ``given`` replaces fields."""
    fields: dict[str, Any] = {
        "story": "a story",
        "camera": "junction",
        "rules": {"red_light": {}},
        "signals": {"main": {0: "red"}},
        "until_s": 12,
        "road_users": [],
        "expect": [],
    }
    return Story.model_validate(fields | given)


def junction(**given: Any) -> CameraConfig:
    """Return the camera of the junction of the stories."""
    return road_camera(RUN).model_copy(update=given)


def vehicle(x_m: float, y_m: float, class_name: str = "motorbike", **given: Any) -> Track:
    """Return a vehicle whose near end stands at a place in metres."""
    x, y = to_px((x_m, y_m))
    fields: dict[str, Any] = {
        "track_id": 1,
        "class_name": class_name,
        "xyxy": (x - 4, y - 15.5, x + 4, y),
        "score": 0.8,
        "observed": True,
        "first_seen_s": 0.0,
        "foot_px": (x, y),
        "velocity_px_s": (0.0, 0.0),
        "ground_m": (x_m, y_m),
    }
    return Track(**(fields | given))


def lamp(*states: str) -> Scene:
    """Return a scene whose log shows ``states``, one a second, the last one now."""
    log = tuple(
        SignalChange.model_validate(
            {"signal_id": "main", "state": state, "clip_s": float(second), "at": NOON}
        )
        for second, state in enumerate(states)
    )
    return Scene(
        camera_id="gate",
        captured_at=NOON,
        stream_s=20.0,
        frame_size_px=(640, 480),
        signals={"main": states[-1]} if states else {},
        signal_log=log,
    )


def the_one(messages: list[IncidentMessage]) -> IncidentMessage:
    """Return the only incident."""
    (message,) = opened(messages)
    return message


@pytest.mark.parametrize("class_name", sorted(LENGTH_M))
def test_the_front_is_a_vehicle_ahead_of_its_near_end_when_it_drives_away(class_name: str) -> None:
    (approach,) = Approach.all_of(junction())
    shortest, longest = LENGTH_M[class_name]

    track = vehicle(0, -10, class_name)

    assert approach.front_past_m(track) == pytest.approx(longest - 10, abs=0.01)
    assert approach.front_past_m(track, at_least=True) == pytest.approx(shortest - 10, abs=0.01)


def test_the_near_end_is_the_front_when_traffic_comes_towards_the_camera() -> None:
    drawn = junction()
    (line,) = drawn.stop_lines
    towards = line.model_copy(update={"direction": (to_px((0, 20)), to_px((0, 0)))})
    (approach,) = Approach.all_of(drawn.model_copy(update={"stop_lines": (towards,)}))

    assert approach.front_past_m(vehicle(0, 10)) == pytest.approx(-10, abs=0.01)
    assert approach.front_past_m(vehicle(0, -2)) == pytest.approx(2, abs=0.01)


def test_a_line_may_be_drawn_from_either_end() -> None:
    drawn = junction()
    (line,) = drawn.stop_lines
    turned = line.model_copy(update={"line": line.line[::-1]})
    (approach,) = Approach.all_of(drawn.model_copy(update={"stop_lines": (turned,)}))

    assert approach.front_past_m(vehicle(0, -10)) < 0 < approach.front_past_m(vehicle(0, 3))
    assert approach.is_through(vehicle(0, 5.5), 3.0)
    assert not approach.is_through(vehicle(0, 4.5), 3.0)


def test_who_passes_beside_the_line_is_not_on_the_approach() -> None:
    (approach,) = Approach.all_of(junction())

    assert approach.is_beside(to_px((9, -3)))
    assert not approach.is_beside(to_px((5, -3)))


def test_a_turn_to_the_right_is_positive_and_to_the_left_negative() -> None:
    (approach,) = Approach.all_of(junction())
    start = vehicle(0, 0)

    assert approach.heading_off_deg(start, vehicle(5, 5)) == pytest.approx(45, abs=1)
    assert approach.heading_off_deg(start, vehicle(-5, 5)) == pytest.approx(-45, abs=1)
    assert abs(approach.heading_off_deg(start, vehicle(0, -5))) == pytest.approx(180, abs=1)


def test_a_turn_is_seen_without_ground_points_too() -> None:
    (approach,) = Approach.all_of(junction(ground=()))
    start = vehicle(0, 0, ground_m=None)

    assert approach.heading_off_deg(start, vehicle(8, 2, ground_m=None)) > 45
    assert approach.heading_off_deg(start, vehicle(-8, 2, ground_m=None)) < -45


def test_without_ground_points_the_vehicle_is_its_own_ruler() -> None:
    (approach,) = Approach.all_of(junction(ground=()))

    assert approach.front_past_m(vehicle(0, -15, ground_m=None)) < -5
    assert approach.front_past_m(vehicle(0, 15, ground_m=None)) > 5


def test_without_a_second_line_a_way_past_the_first_counts() -> None:
    drawn = junction()
    (line,) = drawn.stop_lines
    open_line = line.model_copy(update={"past": None})
    (approach,) = Approach.all_of(drawn.model_copy(update={"stop_lines": (open_line,)}))

    assert not approach.is_through(vehicle(0, 2.9), 3.0)
    assert approach.is_through(vehicle(0, 3.1), 3.0)
    assert not approach.is_through(vehicle(9, 10), 3.0)


@pytest.mark.parametrize(
    ("states", "since_s", "is_warned"),
    [
        (("green", "yellow", "red"), 2.0, True),
        (("red",), 0.0, True),
        (("green", "red"), 1.0, False),
        (("green", "unknown", "red"), 2.0, False),
        (("red", "unknown", "red"), 2.0, True),
    ],
)
def test_a_red_knows_when_it_began_and_whether_a_yellow_came_before(
    states: tuple[str, ...],
    since_s: float,
    is_warned: bool,  # noqa: FBT001 - a table's column
) -> None:
    red = present_red(lamp(*states), "main")

    assert red is not None
    assert (red.since_s, red.is_warned) == (since_s, is_warned)


@pytest.mark.parametrize("states", [("green",), ("red", "unknown"), ("red", "green"), ()])
def test_there_is_no_red_unless_it_is_surely_red_now(states: tuple[str, ...]) -> None:
    assert present_red(lamp(*states), "main") is None
    assert present_red(lamp(*states), "another") is None


def test_the_record_of_a_run_shows_before_on_and_past_the_line_in_this_order() -> None:
    rule = RedLight(junction(), RedLightOptions())

    seen = [sighting for scene in scenes(RUN) for sighting in rule.observe(scene)]

    moments = {moment.label: moment.stream_s for moment in seen[0].moments}
    assert list(moments) == ["before_line", "on_line", "past_line"]
    assert moments["before_line"] < moments["on_line"] < moments["past_line"]
    assert moments["before_line"] >= 5.0, "the red is in view"
    assert seen[0].boxes[0][0] <= moments["before_line"]
    assert {change.state for change in seen[0].signal_log} >= {"yellow", "red"}


def test_a_run_is_followed_a_little_and_then_left() -> None:
    rule = RedLight(junction(), RedLightOptions(follow_s=1.0))

    seen = [sighting.seen_s for scene in scenes(RUN) for sighting in rule.observe(scene)]

    assert 0.9 <= seen[-1] - seen[0] <= 1.0


@pytest.mark.parametrize("fps", [5.0, 8.0, 15.0, 30.0])
def test_the_frame_rate_moves_a_run_by_at_most_a_frame(fps: float) -> None:
    message = the_one(run_story(RUN.model_copy(update={"fps": fps})))

    assert abs(message.clip_s - 8.0) <= 1 / fps + 0.05
    assert abs(message.decided_clip_s - 8.86) <= 1 / fps + 0.05


@pytest.mark.parametrize("fps", [5.0, 8.0, 15.0, 30.0])
def test_the_frame_rate_moves_a_stay_by_at_most_a_frame(fps: float) -> None:
    message = the_one(run_story(WAIT.model_copy(update={"fps": fps})))

    assert abs(message.clip_s - 3.75) <= 1 / fps + 0.05


@settings(deadline=None, max_examples=40)
@given(
    speed_mps=st.floats(2.0, 16.0),
    x_m=st.floats(-4.5, 4.5),
    class_name=st.sampled_from(["motorbike", "car", "truck", "bus", "bicycle"]),
)
def test_whoever_rides_through_on_red_is_one_incident(
    speed_mps: float, x_m: float, class_name: str
) -> None:
    lasts_s = 70 / speed_mps
    rider = {"id": 1, "class": class_name, "path": [(1, x_m, -40), (1 + lasts_s, x_m, 30)]}

    message = the_one(run_story(story(road_users=[rider], until_s=lasts_s + 2)))

    front_on_line_s = 1 + (40 - LENGTH_M[class_name][1]) / speed_mps
    assert message.clip_s == pytest.approx(front_on_line_s, abs=0.3)


@settings(deadline=None, max_examples=40)
@given(
    stop_y_m=st.floats(-14.0, -13.0),
    speed_mps=st.floats(2.0, 16.0),
    x_m=st.floats(-4.5, 4.5),
    class_name=st.sampled_from(["motorbike", "car", "truck", "bus"]),
)
def test_whoever_stops_before_the_line_is_none(
    stop_y_m: float, speed_mps: float, x_m: float, class_name: str
) -> None:
    stop_s = 1 + (stop_y_m + 40) / speed_mps
    rider = {
        "id": 1,
        "class": class_name,
        "path": [(1, x_m, -40), (stop_s, x_m, stop_y_m), (stop_s + 8, x_m, stop_y_m)],
    }
    both: dict[str, dict[str, float]] = {"red_light": {}, "stop_line": {}}

    assert run_story(story(road_users=[rider], until_s=stop_s + 8, rules=both)) == []


@settings(deadline=None, max_examples=30)
@given(crowd=st.lists(st.tuples(st.integers(0, 30), st.floats(-8, 8), st.floats(-30, 30))))
def test_both_rules_forget_the_dead(crowd: list[tuple[int, float, float]]) -> None:
    """Memory is bounded by the living: long after the last vehicle nothing is remembered."""
    drawn = junction()
    red_light = RedLight(drawn, RedLightOptions())
    stop_line = StopLineRule(drawn, StopLineOptions())
    for number, (track_id, x_m, y_m) in enumerate(crowd):
        scene = lamp("red")
        tracks = (vehicle(x_m, y_m, track_id=track_id),)
        at = Scene(
            camera_id="gate",
            captured_at=NOON,
            stream_s=number * 0.2,
            frame_size_px=(640, 480),
            tracks=tracks,
            signals=scene.signals,
            signal_log=scene.signal_log,
        )
        red_light.observe(at)
        stop_line.observe(at)
    end = Scene(
        camera_id="gate",
        captured_at=NOON,
        stream_s=len(crowd) * 0.2 + 10,
        frame_size_px=(640, 480),
    )
    red_light.observe(end)
    stop_line.observe(end)

    assert [len(memory) for _, memory in red_light._watched + stop_line._watched] == [0, 0]


def test_an_exchange_of_two_vehicles_under_one_id_is_no_run() -> None:
    """A tracker that jumps from a waiting motorbike to one far ahead has not seen it cross."""
    rider = {
        "id": 1,
        "class": "motorbike",
        "path": [(0, 0, -3), (5, 0, -3), (5.05, 1, 9), (9, 1, 30)],
    }

    assert run_story(story(road_users=[rider])) == []


def test_a_way_with_a_long_hole_in_it_is_no_run() -> None:
    rider = {
        "id": 1,
        "class": "motorbike",
        "path": [(0, 0, -20), (5, 0, -3), (9, 0, 8), (11, 0, 20)],
        "unseen": [(5.2, 7.5)],
    }

    assert run_story(story(road_users=[rider])) == []


def test_two_tracks_on_one_vehicle_are_one_run() -> None:
    """Rider and bike boxed apart: both tracks go through, half a metre from each other."""
    rider = {"id": 1, "class": "motorbike", "path": [(0, 0, -20), (8, 0, 20)]}
    double = {"id": 2, "class": "motorbike", "path": [(0, 0.1, -19.6), (8, 0.1, 20.4)]}

    message = the_one(run_story(story(road_users=[rider, double])))

    assert message.clip_s == pytest.approx(3.6, abs=0.3)


def test_a_camera_without_stop_lines_has_nothing_to_watch() -> None:
    drawn = junction(stop_lines=())
    tracks = (vehicle(0, 0),)
    scene = Scene(
        camera_id="gate",
        captured_at=NOON,
        stream_s=1.0,
        frame_size_px=(640, 480),
        tracks=tracks,
    )

    assert RedLight(drawn, RedLightOptions()).observe(scene) == []
    assert StopLineRule(drawn, StopLineOptions()).observe(scene) == []
