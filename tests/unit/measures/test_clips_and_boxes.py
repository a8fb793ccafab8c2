"""The referees of the measurements: who matches whom, who hides whom, what noise does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from edge.simulation.traffic import Actor, Instant
from tests.measures.clips import Event, events, matched
from tests.measures.noise import Noise
from tests.measures.road_film import Film, shown_boxes
from tests.measures.scenario_parts import Part, took_s
from tests.measures.scenario_table import PARTS
from tests.simulated import lens


def car(name: str, y_m: float, x_m: float = 0.0) -> Actor:
    return Actor(name, "car", x_m, y_m, np.pi / 2, 0.0)


def test_labels_that_are_no_incident_are_left_out() -> None:
    labels = {
        "events": [
            {"type": "queue_growth", "t": [6, 60]},
            {"type": "red_light", "t_line": 18.4},
            {"type": "congestion", "t": [0, 32.9]},
        ]
    }

    assert events(labels) == [
        Event("red_light", 18.4, 18.4),
        Event("congestion", 0.0, 32.9),
    ]


def test_an_event_that_lasts_takes_all_of_its_rule_and_an_instant_takes_one() -> None:
    lasting, instant = Event("stopped_vehicle", 5, 30), Event("red_light", 10, 10)
    told = [
        ("stopped_vehicle", 6.0, 8.0),
        ("stopped_vehicle", 12.0, 15.0),
        ("red_light", 9.0, 10.5),
        ("red_light", 11.0, 12.0),
        ("wrong_way", 11.0, 12.0),
    ]

    missed, delays, false = matched([lasting, instant], told)

    assert missed == []
    assert delays == pytest.approx([3.0, 0.5])
    assert false == ["red_light", "wrong_way"]


def test_an_event_without_an_incident_near_it_is_missed() -> None:
    run = Event("red_light", 10, 10)

    assert matched([run], [("red_light", 14.0, 15.0)]) == ([run], [], ["red_light"])


def test_a_car_behind_another_is_hidden_and_one_beside_it_is_not() -> None:
    names, boxes, shown = shown_boxes([car("far", 23.0), car("near", 18.0)], lens())
    apart, _, open_to_view = shown_boxes([car("far", 30.0, -6), car("near", 18.0, 6)], lens())

    assert [actor.name for actor in names] == ["near", "far"]
    assert shown[0] == 1.0
    assert shown[1] < 0.6
    assert boxes[0][3] > boxes[1][3]
    assert len(apart) == 2
    assert open_to_view.tolist() == [1.0, 1.0]


def test_who_is_behind_the_camera_is_not_in_view() -> None:
    assert shown_boxes([car("behind", -20.0)], lens())[0] == []


@pytest.mark.parametrize("pose", ["fallen", "toppled"])
def test_who_lies_is_low_and_wide_however_the_pose_is_called(pose: str) -> None:
    upright = Actor("a", "motorbike", 0.0, 40.0, 0.5, 0.0)
    (_, (standing,), _), (_, (lying,), _) = (
        shown_boxes([actor], lens()) for actor in (upright, replace(upright, pose=pose))
    )

    assert lying[3] - lying[1] < 0.75 * (standing[3] - standing[1])
    assert lying[2] - lying[0] > standing[2] - standing[0]


def test_who_lies_is_seen_as_often_as_who_stands_on_as_many_pixels() -> None:
    """A bicycle of 44 by 18 pixels: misses go by the longer side, as they were measured."""
    actors = [Actor("a", "bicycle", 0.0, 0.0, 0.0, 0.0)]
    found = 0
    for seed in range(200):
        noise = Noise(seed, (640, 360))
        box = np.array([[300, 300, 344, 318]], np.float32)
        found += "bicycle" in noise.spoil(actors, box, np.ones(1), 0.0).class_names

    assert found > 160


def test_a_film_is_seen_at_any_rate_between_the_steps_it_was_recorded_at() -> None:
    run = Film(tuple(Instant(n / 10, (car("a", n / 10),), {}) for n in range(31)), ())

    places = [instant.actors[0].y_m for instant in run.at(25.0, 1.0, 2.0)]

    assert places == pytest.approx([1.0 + n / 25 for n in range(26)])


def test_noise_of_no_strength_leaves_every_box_that_is_shown() -> None:
    actors, boxes, shown = shown_boxes([car("a", 20.0, -3), car("b", 20.0, 3)], lens())

    found = Noise(1, (640, 360), strength=0.0).spoil(actors, boxes, shown, 0.0)

    assert found.class_names == ("car", "car")
    assert found.xyxy == pytest.approx(boxes, abs=1e-3)


def test_the_box_of_who_stands_scatters_as_measured_and_keeps_its_error() -> None:
    """Source: 0.04 own heights, RoadTrack K221 and K287, vehicles labelled while stopped."""
    actors, boxes, shown = shown_boxes([car("a", 12.0)], lens())
    scatters = []
    for seed in range(20):
        noise = Noise(seed, (640, 360))
        seen = [noise.spoil(actors, boxes, shown, 0.2 * number) for number in range(300)]
        height = boxes[0, 3] - boxes[0, 1]
        off = np.concatenate([at.xyxy - boxes[0] for at in seen])
        feet = off[np.abs(off).max(axis=1) < height / 2, 3]  # others are false boxes
        scatters.append(feet.std() / height)

    assert 0.03 < float(np.median(scatters)) < 0.05


def test_the_same_seed_spoils_the_same_way_and_another_does_not() -> None:
    actors, boxes, shown = shown_boxes([car("a", 12.0)], lens())
    made = [
        [Noise(seed, (640, 360)).spoil(actors, boxes, shown, 0.0).xyxy.tolist()]
        for seed in (5, 5, 6)
    ]

    assert made[0] == made[1]
    assert made[0] != made[2]


def test_at_least_half_of_the_table_are_look_alikes_of_rules_it_breaks_too() -> None:
    alikes = [part for part in PARTS if part.is_alike]

    assert len(alikes) >= len(PARTS) / 2
    assert {part.rule for part in alikes} == {part.rule for part in PARTS if not part.is_alike}


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_every_performance_fits_into_a_film(part: Part) -> None:
    lasts = [took_s(part.draw(np.random.default_rng(seed))) for seed in range(20)]

    assert min(lasts) > 3.0
    assert max(lasts) < part.film_s + 20.0
