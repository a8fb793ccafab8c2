"""What must hold for the violations whatever drives: noise, frame rate, memory, epochs, options."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.contract.catalogue import CATALOGUE
from edge.contract.catalogue_entry import IncidentClass
from edge.counters import Counters
from edge.incidents import Incidents, Origin
from edge.rules import RULES, build_rules
from edge.scene import Helmet
from tests.stories import FOLDER, Story, all_stories, load_story, opened, road_camera, scenes
from tests.traffic import road_user, scene

if TYPE_CHECKING:
    from pathlib import Path

    from edge.contract.messages import IncidentMessage
    from edge.scene import Scene, Track

CAMERA_OF = {
    "wrong_lane": "lanes",
    "solid_line_crossing": "lanes",
    "prohibited_road": "market",
    "illegal_stop": "market",
    "illegal_parking": "market",
    "expressway_stop": "motorway",
    "emergency_lane": "motorway",
    "banned_user": "motorway",
    "pavement_riding": "market",
    "illegal_turn": "crossroads",
    "illegal_u_turn": "crossroads",
    "no_yield_to_pedestrian": "street",
    "weaving": "expressway",
    "overloaded_motorbike": "street",
    "no_helmet": "street",
}
NAMES = sorted(CAMERA_OF)
BY_REQUEST = {"no_yield_to_pedestrian", "overloaded_motorbike", "no_helmet"}
BOX_NOISE = 0.04
"""Of the box's height, one standard deviation. Source: RoadTrack K221, K287, vehicles at rest."""
MISSED = 0.1
SHORT_S = 30.0
SHORT = [
    path
    for path in all_stories()
    if path.parent.name in CAMERA_OF and load_story(path).until_s <= SHORT_S
]


def noisy(track: Track, draw: random.Random) -> Track:
    """Return a track as a detector would see it: trembling, now and then missed."""
    reach_px = BOX_NOISE * (track.xyxy[3] - track.xyxy[1])
    dx, dy = draw.gauss(0, reach_px), draw.gauss(0, reach_px)
    x1, y1, x2, y2 = track.xyxy
    ground = track.ground_m
    return track._replace(
        xyxy=(x1 + dx, y1 + dy, x2 + dx, y2 + dy),
        foot_px=(track.foot_px[0] + dx, track.foot_px[1] + dy),
        ground_m=None if ground is None else (ground[0] + dx / 10, ground[1] - dy / 10),
        observed=track.observed and draw.random() >= MISSED,
    )


def told(story: Story, seen: list[Scene]) -> list[IncidentMessage]:
    """Return what is opened when the rules of a story see these scenes."""
    camera = road_camera(story)
    rules = build_rules(camera)
    policies = {rule.name: rule.policy for rule in rules}
    incidents = Incidents(Origin(box_id="story", camera=camera), policies, Counters())
    changes = [
        change
        for look in seen
        for change in incidents.update(look, [s for rule in rules for s in rule.observe(look)])
    ]
    return opened([change.message for change in changes + incidents.finish()])


def drawn(rule: str) -> Story:
    """Return an empty story on the rule's own camera."""
    return Story(
        story="a property", camera=CAMERA_OF[rule], rules={rule: {}}, until_s=1, road_users=[],
        expect=[],
    )  # fmt: skip


def test_every_violation_of_the_catalogue_is_held_to_this() -> None:
    violations = {r for r, e in CATALOGUE.items() if e.incident_class is IncidentClass.VIOLATION}

    assert set(CAMERA_OF) == violations - {"red_light", "stop_line", "wrong_way", "speeding"}


@pytest.mark.parametrize("path", SHORT, ids=[str(p.relative_to(FOLDER)) for p in SHORT])
def test_noise_and_missed_boxes_change_no_story(path: Path) -> None:
    story = load_story(path)
    draw = random.Random(path.name)  # noqa: S311 - noise, not a secret
    seen = [
        replace(look, tracks=tuple(noisy(track, draw) for track in look.tracks))
        for look in scenes(story)
    ]

    assert len(told(story, seen)) == len(story.expect)


@pytest.mark.parametrize("path", SHORT, ids=[str(p.relative_to(FOLDER)) for p in SHORT])
def test_a_slower_camera_changes_no_story(path: Path) -> None:
    story = load_story(path).model_copy(update={"fps": 5.0})

    assert len(told(story, scenes(story))) == len(story.expect)


def remembered(thing: Any, depth: int = 3) -> int:
    """Return how many entries all memories of a rule and its parts hold together."""
    if depth == 0:
        return 0
    total = 0
    for name in ("_entries", "_slow_s", "_drove_s", "_rested", "_spots"):
        held = getattr(thing, name, ())
        total += len(held) if isinstance(held, dict | list) else 0
    parts = [
        value
        for value in getattr(thing, "__dict__", {}).values()
        if hasattr(value, "observe") or type(value).__module__.startswith("edge.rules")
    ]
    return total + sum(remembered(part, depth - 1) for part in parts)


walks = st.lists(
    st.tuples(
        st.integers(1, 30),
        st.sampled_from(["car", "person", "motorbike", "truck", "bicycle", "livestock"]),
        st.floats(300, 560),
        st.floats(0, 1600),
        st.booleans(),
    ),
    max_size=40,
)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=15, deadline=None)
@given(walks)
def test_memory_is_bounded_by_the_living(
    name: str, seen: list[tuple[int, str, float, float, bool]]
) -> None:
    rule = RULES[name].build(road_camera(drawn(name)), {})
    for number, (track_id, class_name, x, y, observed) in enumerate(seen):
        seen_there = road_user(track_id, (x, y), class_name=class_name, observed=observed)
        track = seen_there._replace(
            riders=4,
            riders_confidence=0.9,
            helmets=(Helmet(worn=False, size_px=30, confidence=0.9),),
        )
        rule.observe(scene(number * 0.1, [track]))
    for second in range(100):
        rule.observe(scene(10.0 + second))

    assert remembered(rule) == 0


@pytest.mark.parametrize("name", NAMES)
def test_who_stood_or_drove_before_a_reconnect_is_not_told_after_it(name: str) -> None:
    path = next(p for p in SHORT + all_stories() if p.parent.name == name and load_story(p).expect)
    story = load_story(path)
    first = min(expected.decided_by_s for expected in story.expect)
    seen = [look for look in scenes(story) if look.stream_s < first - 2.5]
    later = [replace(look, epoch=1, stream_s=look.stream_s + 0.1) for look in seen[-2:]]

    rule = RULES[name].build(road_camera(story), story.rules[name])
    for look in seen:
        rule.observe(look)

    assert not [sighting for look in later for sighting in rule.observe(look)]


@pytest.mark.parametrize("name", NAMES)
def test_a_camera_is_watched_unasked_only_where_its_drawing_is_for_the_rule(name: str) -> None:
    camera = road_camera(drawn(name))
    bare = camera.model_copy(update={"zones": (), "markings": (), "movements": ()})

    assert RULES[name].suits(camera) == (name not in BY_REQUEST)
    assert not RULES[name].suits(bare)


def test_a_camera_in_a_street_is_not_watched_for_what_expressways_forbid() -> None:
    street = road_camera(drawn("banned_user")).model_copy(update={"road_kind": "street"})

    assert not RULES["banned_user"].suits(street)
    assert not RULES["expressway_stop"].suits(street)


def test_an_expressway_changes_the_code_of_wrong_way_and_only_of_that() -> None:
    entries = CATALOGUE.values()
    changed = {e.rule for e in entries if e.code_on("expressway") != e.code_on("street")}

    assert changed == {"wrong_way"}


def test_a_violation_that_a_picture_proves_stands_as_its_camera_does() -> None:
    entry = CATALOGUE["red_light"]

    assert [entry.standing(source) for source in ("A", "B", "C")] == ["A", "B", "C"]
    assert replace(entry, legal_status="C").standing("A") == "C"
    assert CATALOGUE["congestion"].standing("B") == "B"
