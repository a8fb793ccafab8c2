"""From candidates to road users: classes, double boxes and riders."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.contract.road_users import ROAD_USERS
from edge.detector.classes import ALIASES, COCO_NUMBERS, road_user
from edge.detector.protocol import Candidates
from edge.detector.select import MAX_OVERLAP, road_users, strongest, with_riders
from edge.geometry import iou
from tests.traffic import detections

CLASSES = ("person", "bicycle", "car", "motorcycle", "bus", "truck", "bench")
SOURCE_PX = (640, 480)
BIKE = (100.0, 140.0, 140.0, 200.0)
RIDER = (105.0, 90.0, 135.0, 190.0)


def found(*rows: tuple[tuple[float, float, float, float], str, float]) -> Candidates:
    """Return candidates from (box, class, score) rows."""
    return Candidates(
        np.array([row[0] for row in rows], np.float32).reshape(-1, 4),
        np.array([row[2] for row in rows], np.float32),
        np.array([CLASSES.index(row[1]) for row in rows], np.int64),
    )


def test_other_peoples_names_become_ours_and_the_rest_is_nobody() -> None:
    assert road_user("Motorcycle") == "motorbike"
    assert road_user(" pedestrian ") == "person"
    assert road_user("dining table") is None
    assert set(ALIASES.values()) == set(ROAD_USERS)
    # COCO knows no three-wheelers: those take weights of our own.
    assert set(COCO_NUMBERS.values()) == set(ROAD_USERS) - {"three_wheeler"}


def test_what_is_no_road_user_is_dropped() -> None:
    users = road_users(
        found((BIKE, "motorcycle", 0.9), ((300, 300, 400, 400), "bench", 0.99)), CLASSES, SOURCE_PX
    )

    assert users.class_names == ("motorbike",)


def test_one_object_called_bus_and_truck_is_one_road_user() -> None:
    bus = ((100.0, 100.0, 300.0, 250.0), "bus", 0.6)
    truck = ((102.0, 98.0, 303.0, 252.0), "truck", 0.7)

    users = road_users(found(bus, truck), CLASSES, SOURCE_PX)

    assert users.class_names == ("truck",)
    assert users.scores.tolist() == pytest.approx([0.7])


def test_a_person_before_a_car_is_not_swallowed_by_it() -> None:
    car = ((100.0, 100.0, 200.0, 260.0), "car", 0.9)
    person = ((110.0, 100.0, 200.0, 260.0), "person", 0.5)

    assert sorted(road_users(found(car, person), CLASSES, SOURCE_PX).class_names) == [
        "car",
        "person",
    ]


def test_boxes_are_clipped_to_the_picture_and_slivers_go() -> None:
    users = road_users(
        found(((-50, 400, 60, 500), "car", 0.9), ((639, 10, 700, 90), "car", 0.9)),
        CLASSES,
        SOURCE_PX,
    )

    assert users.xyxy.tolist() == [[0, 400, 60, 480]]


def test_a_rider_becomes_part_of_the_motorbike() -> None:
    users = with_riders(detections([BIKE, RIDER], ["motorbike", "person"]))

    assert users.class_names == ("motorbike",)
    assert users.xyxy.tolist() == [[100, 90, 140, 200]]


def test_a_weak_bike_under_a_sure_rider_is_as_sure_as_the_rider() -> None:
    users = road_users(
        found((BIKE, "motorcycle", 0.15), (RIDER, "person", 0.8)), CLASSES, SOURCE_PX
    )

    assert users.class_names == ("motorbike",)
    assert users.scores.tolist() == pytest.approx([0.8])


def test_three_on_one_motorbike_are_one_road_user() -> None:
    second, third = (108.0, 85.0, 138.0, 185.0), (102.0, 95.0, 130.0, 188.0)

    users = with_riders(detections([BIKE, RIDER, second, third], ["motorbike", *["person"] * 3]))

    assert users.class_names == ("motorbike",)
    assert users.xyxy[0].tolist() == [100, 85, 140, 200]


@pytest.mark.parametrize(
    "walker",
    [
        (150.0, 110.0, 180.0, 205.0),
        (60.0, 100.0, 95.0, 200.0),
        (105.0, 140.0, 140.0, 260.0),
        (60.0, -100.0, 180.0, 205.0),
        (105.0, 185.0, 130.0, 198.0),
    ],
    ids=["right of it", "left of it", "nearer to the camera", "towering over it", "low child"],
)
def test_who_does_not_sit_on_it_stays_a_person(walker: tuple[float, float, float, float]) -> None:
    users = with_riders(detections([BIKE, walker], ["motorbike", "person"]))

    assert users.class_names == ("motorbike", "person")


def test_people_do_not_ride_cars() -> None:
    users = with_riders(detections([BIKE, RIDER], ["car", "person"]))

    assert users.class_names == ("car", "person")


boxes = st.lists(
    st.tuples(
        st.integers(0, 500), st.integers(0, 400), st.integers(3, 130), st.integers(3, 70),
        st.sampled_from(CLASSES), st.integers(10, 99),
    ),
    max_size=15,
)  # fmt: skip


@given(boxes, st.randoms(use_true_random=False))
def test_the_order_of_candidates_does_not_matter(rows: list[tuple], random: object) -> None:  # type: ignore[type-arg]
    every = [((x, y, x + w, y + h), name, score / 100) for x, y, w, h, name, score in rows]
    unique = list({(row[0], row[2]): row for row in every}.values())
    shuffled = sorted(unique, key=lambda _: random.random())  # type: ignore[attr-defined]

    first, second = (road_users(found(*r), CLASSES, SOURCE_PX) for r in (unique, shuffled))

    assert sorted(zip(first.class_names, first.xyxy.tolist(), strict=True)) == sorted(
        zip(second.class_names, second.xyxy.tolist(), strict=True)
    )


@given(boxes)
def test_no_two_kept_boxes_overlap_too_much_and_each_dropped_one_had_a_stronger(
    rows: list[tuple],  # type: ignore[type-arg]
) -> None:
    xyxy = np.array([(x, y, x + w, y + h) for x, y, w, h, *_ in rows], np.float32).reshape(-1, 4)
    scores = np.array([row[5] / 100 for row in rows], np.float32)

    kept = strongest(xyxy, scores)

    overlap = iou(xyxy, xyxy)
    assert all(overlap[i, j] <= MAX_OVERLAP for i in kept for j in kept if i != j)
    for dropped in set(range(len(rows))) - set(kept.tolist()):
        assert any(overlap[dropped, i] > MAX_OVERLAP and scores[i] >= scores[dropped] for i in kept)
