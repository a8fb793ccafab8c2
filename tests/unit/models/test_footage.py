"""Two teachers label a picture: what they agree on, what stays in doubt, what a set says itself."""

from __future__ import annotations

import numpy as np
import pytest

from models.classes import number
from models.footage import Seen, agree, complete
from models.labels import IGNORED
from models.riders import merged

BIKE, CAR, PERSON = number("motorbike"), number("car"), number("person")
NOTHING = Seen(np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64))
HERE = (10.0, 10.0, 30.0, 40.0)
NEARLY = (11.0, 10.0, 31.0, 41.0)


def seen(*found: tuple[tuple[float, float, float, float], int, float]) -> Seen:
    """Return what a teacher saw: box, class, score."""
    return Seen(
        np.array([box for box, _, _ in found], np.float32),
        np.array([score for _, _, score in found], np.float32),
        np.array([kind for _, kind, _ in found], np.int64),
    )


@pytest.mark.parametrize(
    ("first", "second", "label"),
    [
        (0.3, 0.3, BIKE),  # both see it
        (0.3, None, IGNORED),  # one, not surely
        (None, 0.6, BIKE),  # one, surely
        (0.3, 0.2, IGNORED),  # the other too faintly
    ],
)
def test_two_teachers_or_one_sure_one(
    first: float | None, second: float | None, label: int
) -> None:
    found = agree(
        seen((HERE, BIKE, first)) if first else NOTHING,
        seen((NEARLY, BIKE, second)) if second else NOTHING,
    )

    assert found.classes.tolist() == [label]


def test_what_is_fainter_than_noise_is_not_there() -> None:
    assert not len(agree(seen((HERE, BIKE, 0.11)), NOTHING).scores)


def test_the_surer_teacher_names_the_class() -> None:
    found = agree(seen((HERE, CAR, 0.5)), seen((NEARLY, BIKE, 0.4)))

    assert found.classes.tolist() == [CAR]


def test_one_box_is_left_where_a_sure_and_a_doubtful_one_overlap() -> None:
    found = agree(seen((HERE, BIKE, 0.6)), seen((NEARLY, BIKE, 0.2)))

    assert found.classes.tolist() == [BIKE]


def test_labels_of_a_set_win_over_teachers() -> None:
    own = np.array([CAR]), np.array([HERE], np.float32)
    away = (60.0, 10.0, 80.0, 40.0)
    classes, boxes = complete(own, seen((NEARLY, BIKE, 0.9), (away, PERSON, 0.8)))

    assert classes.tolist() == [CAR, PERSON]
    assert boxes.tolist() == [list(HERE), list(away)]


def test_a_set_without_labels_takes_the_teachers() -> None:
    own = np.empty(0, np.int64), np.empty((0, 4), np.float32)

    assert complete(own, seen((HERE, BIKE, 0.9)))[0].tolist() == [BIKE]


def test_labels_that_part_bike_and_rider_become_one_box() -> None:
    boxes = np.array([(10, 30, 40, 60), (15, 10, 35, 50), (80, 10, 95, 60)], np.float32)
    classes, xyxy = merged(np.array([BIKE, PERSON, PERSON]), boxes)

    assert sorted(classes.tolist()) == [BIKE, PERSON]
    assert xyxy[classes.tolist().index(BIKE)].tolist() == [10, 10, 40, 60]
