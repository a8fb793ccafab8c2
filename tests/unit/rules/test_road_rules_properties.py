"""What must hold for the road rules whatever drives: frame rate, memory, epochs, options."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.rules import (
    congestion,
    crash,
    crowd,
    intrusion,
    left_object,
    livestock_on_road,
    loitering,
    pedestrian_on_carriageway,
    road_encroachment,
    stopped_vehicle,
    wrong_way,
)
from edge.scene import StillThing
from tests.stories import RoadUser, Story, opened, road_camera, run_story, scenes
from tests.traffic import road_user, scene

if TYPE_CHECKING:
    from edge.rules.base import RuleKind
    from edge.scene import Scene

KINDS: dict[str, RuleKind[Any]] = {
    kind.name: kind
    for kind in (
        wrong_way.KIND,
        stopped_vehicle.KIND,
        congestion.KIND,
        pedestrian_on_carriageway.KIND,
        crash.KIND,
        livestock_on_road.KIND,
        road_encroachment.KIND,
        crowd.KIND,
        intrusion.KIND,
        loitering.KIND,
        left_object.KIND,
    )
}
NAMES = sorted(KINDS)
AREAS = {"road_encroachment", "crowd", "intrusion", "loitering", "left_object"}
"""Rules that watch a square rather than a road."""
FULL = {"min_occupancy_ratio": 0.3, "hold_s": 5}


def story(
    rule: str, users: list[RoadUser], fps: float, until_s: float = 20, **options: Any
) -> Story:
    return Story(
        story="a property",
        camera="square" if rule in AREAS else "expressway",
        rules={rule: options},
        until_s=until_s,
        fps=fps,
        road_users=users,
        expect=[],
    )


def user(track_id: int, name: str, *path: tuple[float, float, float]) -> RoadUser:
    return RoadUser.model_validate({"id": track_id, "class": name, "path": list(path)})


def times(rule: str, users: list[RoadUser], fps: float, **options: Any) -> tuple[float, float]:
    """Return when the one incident happened and when it was decided."""
    (message,) = opened(run_story(story(rule, users, fps, **options)))
    return message.clip_s, message.decided_clip_s


def assert_halving_moves_little(
    rule: str, users: list[RoadUser], fps: float, **options: Any
) -> None:
    at_full = times(rule, users, fps, **options)
    at_half = times(rule, users, fps / 2, **options)

    assert at_half == pytest.approx(at_full, abs=2 / fps + 1e-6)


@settings(max_examples=20, deadline=None)
@given(st.floats(8, 25), st.sampled_from([10.0, 16.0, 25.0]))
def test_halving_the_frame_rate_hardly_moves_a_wrong_way_drive(mps: float, fps: float) -> None:
    driver = user(1, "car", (1, 4, 55), (1 + 100 / mps, 4, -45))

    assert_halving_moves_little("wrong_way", [driver], fps)


@settings(max_examples=15, deadline=None)
@given(st.floats(2, 5), st.floats(-20, 20), st.sampled_from([10.0, 16.0]))
def test_halving_the_frame_rate_hardly_moves_a_breakdown(
    arrives_s: float, y: float, fps: float
) -> None:
    car = user(1, "car", (0, 6, -50), (arrives_s, 6, y), (20, 6, y))

    assert_halving_moves_little("stopped_vehicle", [car], fps, hold_s=5)


@settings(max_examples=20, deadline=None)
@given(st.floats(0, 5), st.floats(0.5, 2), st.sampled_from([8.0, 10.0, 25.0]))
def test_halving_the_frame_rate_hardly_moves_a_walk(starts: float, mps: float, fps: float) -> None:
    walker = user(1, "person", (starts, 7, 0), (starts + 8, 7, 8 * mps))

    assert_halving_moves_little("pedestrian_on_carriageway", [walker], fps)


@settings(max_examples=5, deadline=None)
@given(st.floats(0.0, 1.0), st.sampled_from([8.0, 10.0]))
def test_halving_the_frame_rate_hardly_moves_a_jam(mps: float, fps: float) -> None:
    lorries = [
        user(
            10 * row + lane,
            "truck",
            (0, 2.5 * lane, 50 - 4 * row),
            (9, 2.5 * lane, 50 - 4 * row + 9 * mps),
        )
        for row in range(25)
        for lane in (1, 2, 3)
    ]

    assert_halving_moves_little("congestion", lorries, fps, until_s=8, **FULL)


def remembered(rule: Any) -> int:
    """Return how many entries all memories of a rule hold together."""
    memories = (
        *("_drivers", "_last_seen", "_trails", "_spots", "_crowding", "_walkers", "_groups"),
        *("_parties", "_crashes", "_stays", "_things"),
    )
    return sum(len(getattr(rule, name)) for name in memories if hasattr(rule, name))


walks = st.lists(
    st.tuples(
        st.integers(1, 30),
        st.sampled_from(["car", "person", "motorbike", "truck", "bicycle", "livestock"]),
        st.floats(350, 520),
        st.floats(0, 1600),
        st.booleans(),
    ),
    max_size=40,
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(walks)
def test_memory_is_bounded_by_the_living(
    name: str, seen: list[tuple[int, str, float, float, bool]]
) -> None:
    rule = KINDS[name].build(road_camera(story(name, [], 8)), {})
    for number, (track_id, class_name, x, y, observed) in enumerate(seen):
        track = road_user(track_id, (x, y), class_name=class_name, observed=observed)
        thing = StillThing(xyxy=track.xyxy, ground_m=None, since_s=0.0, area_m2=None, kind="object")
        rule.observe(replace(scene(number * 0.1, [track]), still_things=(thing,)))

    for second in range(100):
        rule.observe(scene(10.0 + second))

    assert remembered(rule) == 0


@pytest.mark.parametrize("name", NAMES)
def test_a_new_epoch_begins_with_an_empty_memory(name: str) -> None:
    rule = KINDS[name].build(road_camera(story(name, [], 8)), {})
    for number in range(80):
        rule.observe(scene(number * 0.1, [road_user(1, (440, 800), class_name="car")]))

    rule.observe(scene(0.0, epoch=1))

    assert remembered(rule) == 0


def broken_down(until_s: float) -> list[Scene]:
    car = user(1, "car", (0, 6, 0), (until_s, 6, 0))
    return scenes(story("stopped_vehicle", [car], 8, until_s))


def test_standing_before_a_reconnect_does_not_count_after_it() -> None:
    rule = stopped_vehicle.KIND.build(road_camera(story("stopped_vehicle", [], 8)), {"hold_s": 10})
    before = [rule.observe(look) for look in broken_down(9)]
    after = [rule.observe(replace(look, epoch=1)) for look in broken_down(9)]

    assert not any([*before, *after])


@pytest.mark.parametrize("name", NAMES)
def test_a_misspelt_option_is_named_with_the_allowed_ones(name: str) -> None:
    (problem,) = KINDS[name].check({"hold_seconds": 3})

    assert f"rules.{name}.hold_seconds" in problem
    assert "allowed" in problem


@pytest.mark.parametrize("name", NAMES)
def test_every_option_says_what_it_is_and_where_its_value_comes_from(name: str) -> None:
    for option in KINDS[name].options.model_json_schema()["properties"].values():
        assert option["title"]
        assert option["source"]


@pytest.mark.parametrize("name", NAMES)
def test_a_camera_without_a_carriageway_is_not_watched_unasked(name: str) -> None:
    drawn = road_camera(story(name, [], 8))

    assert KINDS[name].suits(drawn)
    assert not KINDS[name].suits(drawn.model_copy(update={"zones": ()}))
