"""The flow learned from vehicles where nobody drew an arrow."""

from __future__ import annotations

import pytest

from edge.rules.flow import REMEMBERED, LearnedFlow
from tests.traffic import scene

UP, DOWN = (0.0, 10.0), (0.0, -10.0)
HERE, THERE = (100.0, 100.0), (700.0, 400.0)


def learned(ups: int, downs: int = 0) -> LearnedFlow:
    flow = LearnedFlow((800, 600), min_vehicles=8)
    for track_id in range(ups):
        flow.vote(track_id, HERE, UP)
    for track_id in range(ups, ups + downs):
        flow.vote(track_id, HERE, DOWN)
    return flow


def test_enough_of_one_mind_are_believed() -> None:
    assert learned(9).course_between(HERE, HERE, besides=99) == pytest.approx((0.0, 1.0))


def test_too_few_are_not_believed() -> None:
    assert learned(7).course_between(HERE, HERE, besides=99) is None


def test_a_cell_with_traffic_both_ways_is_never_judged() -> None:
    assert learned(20, 8).course_between(HERE, HERE, besides=99) is None


def test_one_stray_driver_does_not_change_what_is_known() -> None:
    assert learned(20, 1).course_between(HERE, HERE, besides=99) == pytest.approx((0.0, 1.0))


def test_a_vehicle_votes_once_per_cell_however_long_it_stays() -> None:
    flow = LearnedFlow((800, 600), min_vehicles=8)
    for _ in range(50):
        flow.vote(1, HERE, UP)

    assert flow.course_between(HERE, HERE, besides=99) is None


def test_a_vehicle_is_not_judged_by_its_own_vote() -> None:
    flow = learned(8)

    assert flow.course_between(HERE, HERE, besides=99) is not None
    assert flow.course_between(HERE, HERE, besides=3) is None


def test_both_ends_of_a_way_must_be_known() -> None:
    assert learned(9).course_between(HERE, THERE, besides=99) is None


def test_ends_at_odds_with_each_other_say_nothing() -> None:
    flow = learned(9)
    for track_id in range(9):
        flow.vote(track_id, THERE, DOWN)

    assert flow.course_between(HERE, THERE, besides=99) is None


def test_headings_near_each_other_make_a_mean_course() -> None:
    flow = LearnedFlow((800, 600), min_vehicles=8)
    for track_id in range(12):
        flow.vote(track_id, HERE, (10.0, 0.0) if track_id % 2 else (10.0, 10.0))

    course = flow.course_between(HERE, HERE, besides=99)

    assert course is not None
    assert 0 < course[1] < course[0]


def test_voters_are_forgotten_but_not_what_they_said() -> None:
    flow = LearnedFlow((800, 600), min_vehicles=8)
    for track_id in range(3 * REMEMBERED):
        flow.vote(track_id, HERE, UP)
        flow.attend(scene(float(track_id)))

    assert len(flow) <= REMEMBERED
    assert flow.course_between(HERE, HERE, besides=0) == pytest.approx((0.0, 1.0))


def test_places_outside_the_picture_belong_to_its_edge() -> None:
    flow = LearnedFlow((800, 600), min_vehicles=2)
    for track_id in range(5):
        flow.vote(track_id, (-50.0, 2_000.0), UP)

    assert flow.course_between((-9.0, 900.0), (-9.0, 900.0), besides=9) is not None
