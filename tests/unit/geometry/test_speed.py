"""Speeds: told with an interval where they can be, refused with a reason where they cannot."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from edge.speed import MAX_GAP_S, SpeedMeter
from tests.traffic import camera, instants, road_user, scene

if TYPE_CHECKING:
    from edge.scene import Speed, Track

PX_PER_M = 20.0
"""A plan view: 64 m of road across, 36 m down."""
GROUND = [
    {"px": (x, y), "m": (x / PX_PER_M, y / PX_PER_M)}
    for x in (100, 640, 1200)
    for y in (100, 400, 700)
]


def metered(
    kmh: float = 36.0, seconds: float = 1.5, fps: float = 8, start: float = 200.0, **given: Any
) -> Speed:
    """Return what is told of a vehicle that drives to the right for a while."""
    meter = SpeedMeter(camera(**({"ground": GROUND} | given)))
    for now_s in instants(seconds, fps):
        foot = (start + kmh / 3.6 * PX_PER_M * now_s, 400.0)
        meter.attend(scene(now_s, [road_user(foot=foot, seen_foot_px=foot)]))
    return meter.speed_of(1)


def test_an_even_drive_is_told_with_its_error() -> None:
    told = metered(36.0)

    assert told.kmh == pytest.approx(36.0, abs=0.1)
    assert told.error_kmh is not None
    assert 0 < told.error_kmh < 1.5
    assert told.refused == ""


def test_only_the_last_second_and_a_half_counts() -> None:
    meter = SpeedMeter(camera(ground=GROUND))
    x = 200.0
    for now_s in instants(4.0, 10):
        x += (5.0 if now_s < 2.0 else 10.0) * PX_PER_M * 0.1
        foot = (x, 400.0)
        meter.attend(scene(now_s, [road_user(foot=foot, seen_foot_px=foot)]))

    assert meter.speed_of(1).kmh == pytest.approx(36.0, abs=0.1)


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ({"ground": []}, "no_geometry"),
        ({"seconds": 0.9}, "too_short"),
        ({"seconds": 1.2, "fps": 2.5}, "too_few_points"),
        ({"start": 3000.0}, "outside_points"),
        ({"kmh": 0.9, "ground": [{**p, "px": (p["px"][0] / 40, p["px"][1] / 40)} for p in GROUND]},
         "too_far"),
    ],
)  # fmt: skip
def test_what_cannot_be_known_is_refused_with_the_reason(
    given: dict[str, Any], reason: str
) -> None:
    told = metered(**given)

    assert (told.kmh, told.error_kmh, told.refused) == (None, None, reason)


def test_after_a_hole_the_way_before_it_counts_until_looks_are_enough() -> None:
    meter, told = SpeedMeter(camera(ground=GROUND)), []
    for now_s in instants(2.6, 5):
        foot = (200.0 + 10 * PX_PER_M * now_s, 400.0)
        is_seen = not 0.7 < now_s < 1.9
        meter.attend(scene(now_s, [road_user(foot=foot, seen_foot_px=foot)] if is_seen else []))
        told.append(meter.speed_of(1))

    assert told[10].kmh == pytest.approx(36.0, abs=0.1)
    assert told[10].mean_at_s == pytest.approx((0.0 + 0.2 + 0.4 + 0.6 + 2.0) / 5)
    assert told[13].mean_at_s == pytest.approx((0.6 + 2.0 + 2.2 + 2.4 + 2.6) / 5)


def test_the_looks_before_somebody_was_believed_count() -> None:
    def at(now_s: float) -> Track:
        foot = (200.0 + 10 * PX_PER_M * now_s, 400.0)
        return road_user(foot=foot, seen_foot_px=foot)

    meter = SpeedMeter(camera(ground=GROUND))
    before = tuple((at_s, at(at_s)) for at_s in (0.0, 0.2))
    meter.attend(scene(0.4, [at(0.4)._replace(earlier=before)]))
    for now_s in (0.6, 0.8, 1.0):
        meter.attend(scene(now_s, [at(now_s)]))

    assert meter.speed_of(1).kmh == pytest.approx(36.0, abs=0.1)


def test_a_way_that_is_no_even_drive_is_too_uncertain() -> None:
    meter = SpeedMeter(camera(ground=GROUND))
    for number, now_s in enumerate(instants(1.5, 8)):
        foot = (400.0 + 90.0 * (number % 2) + 40 * now_s, 400.0)
        meter.attend(scene(now_s, [road_user(foot=foot, seen_foot_px=foot)]))

    assert meter.speed_of(1).refused == "too_uncertain"


def test_after_a_jump_of_the_streams_time_nothing_is_told_for_a_while() -> None:
    meter = SpeedMeter(camera(ground=GROUND))
    told = []
    for now_s in instants(5.0, 8):
        at_s = now_s if now_s < 2 else now_s + MAX_GAP_S
        foot = (200 + 150 * at_s, 400.0)
        meter.attend(scene(at_s, [road_user(foot=foot, seen_foot_px=foot)]))
        told.append(meter.speed_of(1).refused)

    assert told[14] == ""
    assert told[16] == told[27] == "clock"
    assert told[-1] == ""


def test_a_moved_view_and_a_new_epoch_begin_anew() -> None:
    meter = SpeedMeter(camera(ground=GROUND))
    for now_s in instants(1.5, 8):
        meter.attend(scene(now_s, [road_user(foot=(300, 400))]))
    assert meter.speed_of(1).refused == ""

    meter.attend(replace(scene(1.6, [road_user(foot=(300, 400))]), view_moved=True))
    assert meter.speed_of(1).refused == "view_moved"
    meter.attend(scene(1.7, [road_user(foot=(300, 400))], epoch=1))
    assert meter.speed_of(1).refused == "too_short"


def test_those_who_left_are_forgotten() -> None:
    meter = SpeedMeter(camera(ground=GROUND))
    for number, now_s in enumerate(instants(20.0, 8)):
        meter.attend(scene(now_s, [road_user(track_id=number, foot=(300, 400))]))

    assert len(meter) <= 14
    assert meter.speed_of(1).refused == "too_short"
