"""Weather, the stamp, the video file and the command line."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from edge.errors import ConfigError
from edge.simulation.daylight import WEATHERS
from edge.simulation.mesh import Lamp
from edge.simulation.order import EXAMPLES, make_parser, order_of, parse_place, parse_size
from edge.simulation.stamp import Stamp
from edge.simulation.video import VideoFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", sorted(WEATHERS))
def test_a_weather_is_within_reason(name: str) -> None:
    weather = WEATHERS[name]

    assert float(np.linalg.norm(weather.sun_way)) == pytest.approx(1)
    assert weather.sun_way[2] > 0
    assert 0 <= weather.wet <= 1
    assert 0 <= weather.rain <= 1
    assert weather.gain > 0


def test_nights_are_darker_than_days_and_have_lamps() -> None:
    day, night = WEATHERS["day"], WEATHERS["night"]

    assert max(night.sky) < 0.1 * max(day.sky)
    assert night.lamps_on
    assert not day.lamps_on


def test_the_stamp_says_the_local_time_of_the_films_second() -> None:
    stamp = Stamp("Phố thử", datetime(2026, 3, 2, 0, 15, tzinfo=UTC), (640, 360))
    black = np.zeros((360, 640, 3), np.uint8)
    first, same, later = (stamp.on(black, second) for second in (0.0, 0.4, 1.0))

    assert first.max() > 200
    assert not first[60:].any()
    np.testing.assert_array_equal(first, same)
    assert (first != later).any()
    assert not black.any()


def test_a_size_is_two_even_numbers_of_the_right_shape() -> None:
    assert parse_size("960x540") == (960, 540)
    assert parse_size("1280X720") == (1280, 720)


@pytest.mark.parametrize("text", ["960", "960x", "axb", "640x480", "961x541", "80x44", "-4x3"])
def test_another_size_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"want|is not"):
        parse_size(text)


def test_the_command_line_makes_an_order() -> None:
    line_ = ["street", "--weather", "night", "--seed", "7", "--seconds", "12", "--fps", "8"]
    order = order_of(make_parser().parse_args(line_))

    assert (order.place, order.weather, order.seed) == ("street", "night", 7)
    assert (order.seconds, order.fps, order.size_px) == (12, 8, (1280, 720))
    assert (order.zoom, order.aim_m) == (1, None)


def test_the_command_line_zooms_and_turns_the_camera() -> None:
    order = order_of(make_parser().parse_args(["street", "--zoom", "2.5", "--aim=-3,38.5"]))

    assert (order.zoom, order.aim_m) == (2.5, (-3.0, 38.5))


@pytest.mark.parametrize("text", ["", "3", "3,4,5", "left,4", "nan,4", "3,inf"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="X,Y"):
        parse_place(text)


@pytest.mark.parametrize(
    ("option", "value"),
    [("--seconds", "0"), ("--seconds", "601"), ("--fps", "0.5"), ("--fps", "31"),
     ("--samples", "0"), ("--seed", "-1"), ("--zoom", "0.4"), ("--zoom", "4.1"),
     ("--aim", "0,151")],
)  # fmt: skip
def test_a_number_out_of_range_is_named(option: str, value: str) -> None:
    args = make_parser().parse_args(["street", f"{option}={value}"])

    with pytest.raises(ConfigError, match=option):
        order_of(args)


def test_all_wrong_numbers_are_named_at_once() -> None:
    args = make_parser().parse_args(["street", "--seconds", "0", "--fps", "0"])

    with pytest.raises(ConfigError) as caught:
        order_of(args)
    assert "--seconds" in str(caught.value)
    assert "--fps" in str(caught.value)


def test_the_help_shows_examples_that_parse() -> None:
    commands = [row.split()[1:] for row in EXAMPLES.splitlines() if "scripts/simulate" in row]

    assert len(commands) >= 3
    for command in commands:
        order_of(make_parser().parse_args(command))


def test_a_video_has_the_pictures_it_was_given(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    with VideoFile(tmp_path / "a.mp4", (64, 36), 8) as video:
        for _ in range(9):
            video.write(rng.integers(0, 255, (36, 64, 3), np.uint8))
    with av.open(str(tmp_path / "a.mp4")) as container:
        times = [frame.time for frame in container.decode(video=0)]

    assert times == pytest.approx([i / 8 for i in range(9)])


def test_lamps_have_numbers_of_their_own() -> None:
    assert len({int(lamp) for lamp in Lamp}) == len(Lamp) == 12
