"""Crash: a jolt against somebody or a fall, and rest after it; figures of its parts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edge.config.load import load_camera
from edge.contract.catalogue import CATALOGUE
from edge.contract.catalogue_entry import Lane, Severity
from edge.counters import Counters
from edge.detector.mot_file import MotFileDetector
from edge.pipeline import Pipeline, Setting
from edge.rules import crash
from edge.rules.impact import (
    Measure,
    gap_m,
    has_fallen,
    is_lying,
    jolt_of,
    shakes_everybody,
    time_to_collision_s,
)
from edge.rules.parties import Party
from edge.rules.road import Trail
from tests.assets import ROOT
from tests.stories import (
    FOLDER,
    RoadUser,
    Story,
    load_story,
    opened,
    road_camera,
    run_story,
    scenes,
)
from tests.traffic import frame, road_user

if TYPE_CHECKING:
    from edge.contract.messages import IncidentMessage
    from edge.rules.impact import Jolt

RENDERED = ROOT / "configs/demo/rendered"
FLAT = Measure(None, 0.1)


def way(*places: tuple[float, float], keep_s: float = 2.0) -> Trail:
    """Return the trail of a car seen at eight frames a second at these foot points."""
    trail = Trail(keep_s, has_plane=False)
    for number, foot in enumerate(places):
        x, y = foot
        box = (x - 9, y - 15, x + 9, y)
        trail.add(road_user(1, foot, class_name="car", xyxy=box), number / 8)
    return trail


def braking(before: float, after: float, frames: int = 5) -> Trail:
    """Return a car that goes right at one speed, then at another, in pixels per frame."""
    xs = [number * before for number in range(frames)]
    xs += [xs[-1] + (number + 1) * after for number in range(frames - 1)]
    return way(*((x, 100.0) for x in xs))


def jolt(before: float = 10.0, after: float = 0.0) -> Jolt:
    """Return the jolt of such a car; a pixel is a tenth of a metre."""
    found = jolt_of(braking(before, after), FLAT)
    assert found is not None
    return found


def film(name: str, until_s: float) -> list[IncidentMessage]:
    """Return what a rendered film's true boxes lead to, one message per incident."""
    camera = load_camera(RENDERED / f"{name}.camera.yaml")
    camera = camera.model_copy(update={"rules": {"crash": {}}})
    detector = MotFileDetector.load(RENDERED / f"{name}.mot.txt", 8.0)
    pipeline = Pipeline(camera, detector, Setting(box_id="film", pictures=False), Counters())
    last: dict[str, IncidentMessage] = {}
    for number in range(round(until_s * 8)):
        look = replace(frame(number / 8, size_px=camera.frame_size_px), camera_id=camera.id)
        for change in pipeline.process(look):
            last[change.message.incident_id] = change.message
    return list(last.values())


def test_the_scripted_crash_of_a_rendered_film_is_confirmed_and_told_once() -> None:
    """Truth: a rear-end crash at 9.0 s, a rider lies; nothing else collides in 24 s."""
    (message,) = film("roundabout-low_sun", 16.0)

    assert message.clip_s == pytest.approx(9.0, abs=0.5)
    assert message.decided_clip_s <= 12.5
    assert message.level == 2
    assert message.boxes


def test_a_rendered_film_without_a_crash_is_quiet() -> None:
    assert film("expressway-rain", 15.0) == []


def test_a_jolt_is_measured_between_two_halves_of_a_second() -> None:
    found = jolt(10, 0)

    assert found.before_mps[0] == pytest.approx(8.0)
    assert found.after_mps[0] == pytest.approx(0.0, abs=1e-6)
    assert found.braking_mps2 == pytest.approx(16.0)
    assert found.at_s == pytest.approx(0.5)
    assert found.whole


def test_steady_ways_and_short_ones_have_no_jolt() -> None:
    assert jolt(10, 10).braking_mps2 == pytest.approx(0.0, abs=1e-6)
    assert jolt_of(way((0, 100), (10, 100)), FLAT) is None
    assert jolt_of(braking(0.1, 0), FLAT) is None
    assert jolt_of(Trail(2.0, has_plane=False), FLAT) is None


def test_feet_that_are_uncovered_are_no_jolt_of_the_whole() -> None:
    """The foot of a box runs down the picture while its top stays: its legs have been hidden."""
    trail = Trail(2.0, has_plane=False)
    for number in range(9):
        foot = min(number, 4) * 10.0 + 100
        look = road_user(1, (100, foot), xyxy=(90, 60, 110, foot))
        trail.add(look, number / 8)
    found = jolt_of(trail, FLAT)

    assert found is not None
    assert not found.whole


@pytest.mark.parametrize(
    ("other", "heading", "expected"),
    [
        ((45.0, 100.0), None, 0.25),
        ((30.0, 100.0), None, -1.25),
        ((0.0, 107.0), None, -0.05),
        ((0.0, 114.0), None, 1.7),
        ((35.0, 100.0), (0.0, 5.0), 0.475),
    ],
)
def test_footprints_lie_along_their_ways(
    other: tuple[float, float], heading: tuple[float, float] | None, expected: float
) -> None:
    """Two cars of 4.25 by 1.8 m; across the picture feet and middles are alike."""
    one = road_user(1, (0, 100), class_name="car")
    met = road_user(2, other, class_name="car")

    assert gap_m(one, met, jolt(), heading, FLAT) == pytest.approx(expected, abs=0.01)


def test_time_to_collision_is_distance_by_closing_speed() -> None:
    assert time_to_collision_s((10.0, 0.0), (4.0, 0.0), 2.0) == pytest.approx(2.0)
    assert time_to_collision_s((10.0, 0.0), (-4.0, 0.0), 2.0) == float("inf")
    assert time_to_collision_s((10.0, 0.0), (0.0, 9.0), 2.0) == float("inf")
    assert time_to_collision_s((1.0, 0.0), (4.0, 0.0), 2.0) == 0.0


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ((100, 170, 140, 200), True),
        ((100, 140, 120, 200), False),
        ((100, 175, 110, 200), False),
        ((0, 170, 40, 200), False),
        ((100, 102, 140, 132), False),
        ((100, 60, 145, 100), True),
    ],
)
def test_a_fall_is_low_and_wide_and_not_cut_off(
    now: tuple[float, float, float, float],
    expected: bool,  # noqa: FBT001 - a table
) -> None:
    assert has_fallen((100, 100, 135, 200), now, (1280, 720)) is expected


def test_a_motorbike_lies_where_it_is_flatter_than_any_that_stands() -> None:
    assert is_lying(road_user(1, xyxy=(0, 0, 40, 18)))
    assert not is_lying(road_user(1, xyxy=(0, 0, 40, 20)))  # it stands, its wheels are hidden


def test_who_is_low_for_one_look_has_not_fallen() -> None:
    party = Party(Trail(2.0, has_plane=False))
    lying = road_user(1, class_name="person", xyxy=(100, 180, 140, 200))
    standing = road_user(1, class_name="person", xyxy=(110, 150, 125, 200))
    fell = []
    for number, look in enumerate([standing, lying, standing, lying, lying, lying]):
        party.see(look, number / 8, (1280, 720))
        fell.append(party.fell_s is not None)

    assert fell == [False, False, False, False, False, True]


def test_who_rides_does_not_lie_however_low_its_box() -> None:
    """A bicycle that crosses before the camera, its wheels hidden; then the same one at rest."""
    party = Party(Trail(2.0, has_plane=False))
    fell = []
    for number in range(12):
        x = 20 * min(number, 6)
        low = road_user(1, (x + 60, 250), class_name="bicycle", xyxy=(x, 200, x + 120, 250))
        party.see(low, number / 8, (1280, 720))
        fell.append(party.fell_s is not None)

    assert fell == [False] * 8 + [True] * 4


def test_who_rides_does_not_lie_after_a_hole_either() -> None:
    """At 5 frames a second a lost look left a single one, which was compared with itself."""
    party = Party(Trail(2.0, has_plane=False))
    for at_s in (0.0, 0.2, 0.4, 0.8, 1.0, 1.4):
        x = 200 * at_s
        low = road_user(1, (x + 60, 250), class_name="bicycle", xyxy=(x, 200, x + 120, 250))
        party.see(low, at_s, (1280, 720))

        assert party.fell_s is None


def test_a_fall_is_told_though_the_boxes_of_all_others_jitter() -> None:
    """As our own detector's do: before, nothing was told beside five noisy road users."""
    story = load_story(FOLDER / "crash/motorbike_falls_alone.yaml")
    jittering = [
        user(10 + number, "motorbike", *((k / 2, 9.0 + number, 0.6 * (k % 2)) for k in range(29)))
        for number in range(3)
    ]
    jittering += [
        user(
            20 + number,
            "motorbike",
            *((k / 2 + 0.25, -9.0 - number, 0.6 * (k % 2)) for k in range(29)),
        )
        for number in range(3)
    ]
    crowd = story.model_copy(update={"road_users": [*story.road_users, *jittering]})

    (message,) = opened(run_story(crowd))
    assert message.rule == crash.NAME


def test_somebody_who_lies_is_wider_than_high() -> None:
    assert is_lying(road_user(1, class_name="person", xyxy=(0, 0, 40, 20)))
    assert not is_lying(road_user(1, class_name="person", xyxy=(0, 0, 20, 40)))
    assert not is_lying(road_user(1, class_name="car", xyxy=(0, 0, 40, 20)))


def test_a_shaken_picture_is_nobodys_jolt() -> None:
    assert shakes_everybody([braking(10, 0)] * 5)
    assert not shakes_everybody([braking(10, 0)] * 4)
    assert not shakes_everybody([braking(10, 0), *[braking(10, 10)] * 4])


def two_cars(**options: Any) -> Story:
    """Return a car that runs into the back of another."""
    return Story(
        story="runs into the back",
        camera="expressway",
        rules={"crash": options},
        until_s=20,
        road_users=[
            user(1, "car", (0, 5, -58), (3.6, 5, -4), (3.9, 5, -1.8), (20, 5, -1.8)),
            user(2, "car", (0, 5, -11), (3.6, 5, 0), (4.0, 5, 2.4), (20, 5, 2.4)),
        ],
        expect=[],
    )


def user(track_id: int, name: str, *path: tuple[float, float, float]) -> RoadUser:
    return RoadUser.model_validate({"id": track_id, "class": name, "path": list(path)})


def test_it_is_suspected_first_and_confirmed_when_somebody_stays() -> None:
    messages = run_story(two_cars())

    (first,) = opened(messages)
    assert first.level == 1
    levels = [message.level for message in messages]
    assert levels == sorted(levels)
    assert levels[-1] == 2


def test_the_cars_of_a_bump_that_drive_on_are_not_told() -> None:
    story = two_cars()
    on = [
        replace_path(u, [*u.path[:-1], (4.5, 5, u.path[-1][2]), (12, 5, 55)])
        for u in story.road_users
    ]

    assert run_story(story.model_copy(update={"road_users": on})) == []


def replace_path(given: RoadUser, path: list[tuple[float, float, float]]) -> RoadUser:
    return given.model_copy(update={"path": path})


def test_it_goes_first_and_is_the_most_urgent() -> None:
    entry = CATALOGUE[crash.NAME]

    assert (entry.lane, entry.severity) == (Lane.CRASH, Severity.CRITICAL)


@pytest.mark.parametrize("fps", [6.0, 8.0, 16.0])
def test_the_frame_rate_hardly_matters(fps: float) -> None:
    (message,) = opened(run_story(two_cars().model_copy(update={"fps": fps})))

    assert message.clip_s == pytest.approx(3.6, abs=0.6)


def test_a_new_epoch_forgets_an_impact() -> None:
    story = two_cars()
    rule = crash.KIND.build(road_camera(story), {})
    before = [s for look in scenes(story)[:36] for s in rule.observe(look)]
    after = [s for look in scenes(story)[36:] for s in rule.observe(replace(look, epoch=1))]

    assert before == after == []
