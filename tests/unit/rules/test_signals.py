"""Reading lamps from painted pictures."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config.camera import Signal
from edge.scene import Frame
from edge.signals import KEPT_CHANGES, SignalReader, lamp_light
from tests.builders import NOON

FPS = 10.0
RED, AMBER, GREEN, DARK = (40, 40, 250), (30, 140, 250), (190, 200, 20), (25, 25, 25)
VERTICAL = Signal(id="main", region=(100, 50, 120, 110))
HORIZONTAL = Signal(id="main", region=(100, 50, 160, 70), layout="horizontal")
Colour = tuple[int, int, int]
Lamps = tuple[Colour, Colour, Colour]
ON_RED: Lamps = (RED, DARK, DARK)
ON_YELLOW: Lamps = (DARK, AMBER, DARK)
ON_GREEN: Lamps = (DARK, DARK, GREEN)
OFF: Lamps = (DARK, DARK, DARK)


def picture(lamps: Lamps, signal: Signal = VERTICAL, around: Colour = (120, 130, 125)) -> Frame:
    """Return a frame of a signal head on a plain background, at second 0."""
    image = np.full((200, 300, 3), around, np.uint8)
    x1, y1, x2, y2 = (round(edge) for edge in signal.region)
    image[y1:y2, x1:x2] = DARK
    for number, colour in enumerate(lamps):
        if signal.layout == "vertical":
            top = y1 + number * 20
            image[top + 3 : top + 17, x1 + 3 : x2 - 3] = colour
        else:
            left = x1 + number * 20
            image[y1 + 3 : y2 - 3, left + 3 : left + 17] = colour
    return Frame("gate", image, NOON, 0.0)


def shown(
    phases: list[tuple[float, Lamps]], fps: float = FPS, epoch: int = 0, start_s: float = 0.0
) -> list[Frame]:
    """Return frames that show each of ``phases`` for its seconds."""
    frames: list[Frame] = []
    for lasts_s, lamps in phases:
        image = picture(lamps).image
        for _ in range(round(lasts_s * fps)):
            now_s = start_s + len(frames) / fps
            frames.append(Frame("gate", image, NOON + timedelta(seconds=now_s), now_s, epoch))
    return frames


def log_of(frames: list[Frame], signal: Signal = VERTICAL) -> list[tuple[str, float]]:
    """Return (state, second) of every change read from ``frames``."""
    reader = SignalReader([signal])
    for frame in frames:
        reader.read(frame)
    return [(change.state, change.clip_s) for change in reader.log]


@pytest.mark.parametrize(
    ("lamps", "brightest"),
    [(ON_RED, 0), (ON_YELLOW, 1), (ON_GREEN, 2)],
    ids=["red", "amber", "green"],
)
@pytest.mark.parametrize("signal", [VERTICAL, HORIZONTAL], ids=["vertical", "horizontal"])
def test_the_lit_lamp_gives_the_most_light(signal: Signal, lamps: Lamps, brightest: int) -> None:
    light = np.diag(lamp_light(picture(lamps, signal).image, signal))

    assert light.argmax() == brightest
    assert np.sort(light)[-1] > 5 * np.sort(light)[-2] + 40


def test_a_full_cycle_is_logged_with_the_seconds_at_which_each_state_began() -> None:
    frames = shown([(5, ON_GREEN), (3, ON_YELLOW), (5, ON_RED), (4, ON_GREEN)])

    assert log_of(frames) == [("green", 0.0), ("yellow", 5.0), ("red", 8.0), ("green", 13.0)]


def test_a_change_carries_the_wall_time_of_its_own_second() -> None:
    reader = SignalReader([VERTICAL])
    for frame in shown([(5, ON_GREEN), (3, ON_YELLOW)]):
        reader.read(frame)

    assert reader.log[-1].at == NOON + timedelta(seconds=5)


def test_nothing_is_known_before_a_state_has_lasted() -> None:
    reader = SignalReader([VERTICAL])

    states = [reader.read(frame)["main"] for frame in shown([(1, ON_RED)])]

    assert states[0] == "unknown"
    assert states[-1] == "red"


def test_an_over_exposed_red_that_looks_amber_is_red() -> None:
    """The camera of one junction shows its red lamp yellow: the place decides, not the hue."""
    assert log_of(shown([(2, ((60, 180, 250), DARK, DARK))])) == [("red", 0.0)]


def test_a_green_light_in_the_place_of_the_red_lamp_is_no_red() -> None:
    assert log_of(shown([(3, (GREEN, DARK, DARK))])) == []


def test_a_led_lamp_that_flickers_dark_keeps_its_state() -> None:
    frames = shown([(3, ON_RED), (0.4, OFF), (0.6, ON_RED), (0.4, OFF), (3, ON_RED)])

    assert log_of(frames) == [("red", 0.0)]


def test_a_lamp_that_stays_dark_is_unknown() -> None:
    (red, unknown) = log_of(shown([(3, ON_RED), (4, OFF)]))

    assert red == ("red", 0.0)
    assert unknown[0] == "unknown"
    assert 4.4 <= unknown[1] <= 4.6


def test_two_lamps_lit_at_once_say_nothing() -> None:
    assert log_of(shown([(4, (RED, DARK, GREEN))])) == []


@pytest.mark.parametrize(
    "paint", [(200, 90, 60), (40, 40, 250), (30, 140, 250), (80, 170, 60)],
    ids=["blue", "red", "orange", "green"],
)  # fmt: skip
def test_a_lorry_that_hides_the_head_makes_the_signal_unknown(paint: Colour) -> None:
    frames = shown([(3, ON_RED), (4, (paint, paint, paint))])
    for frame in frames[30:]:
        frame.image[50:110, 100:120] = paint

    assert [state for state, _ in log_of(frames)] == ["red", "unknown"]


def test_a_white_car_or_a_sunlit_lens_gives_no_light() -> None:
    """Brightness without colour is not a lamp."""
    white: Lamps = ((240, 240, 240), DARK, DARK)

    assert log_of(shown([(4, white)])) == []


def test_a_glint_of_one_frame_changes_nothing() -> None:
    assert log_of(shown([(4, ON_GREEN), (0.1, ON_RED), (4, ON_GREEN)])) == [("green", 0.0)]


def test_green_to_red_without_yellow_needs_longer_but_begins_when_it_began() -> None:
    frames = shown([(4, ON_GREEN), (1, ON_RED)])
    assert log_of(frames) == [("green", 0.0)]

    frames = shown([(4, ON_GREEN), (3, ON_RED)])
    assert log_of(frames) == [("green", 0.0), ("red", 4.0)]


def test_countdown_digits_beside_the_lamps_do_not_matter() -> None:
    """The digits are lit red above the head, outside the drawn region."""
    frames = shown([(3, ON_GREEN)])
    for frame in frames:
        frame.image[25:45, 100:120] = RED

    assert log_of(frames) == [("green", 0.0)]


def test_a_new_epoch_starts_from_unknown() -> None:
    reader = SignalReader([VERTICAL])
    for frame in shown([(2, ON_RED)]):
        reader.read(frame)

    (first, *_) = shown([(1, ON_RED)], epoch=1, start_s=2.0)

    assert reader.read(first) == {"main": "unknown"}
    assert reader.log == ()


def test_a_region_outside_the_picture_is_dark_and_unknown() -> None:
    signal = Signal(id="main", region=(290, 190, 330, 250))

    assert log_of(shown([(3, ON_RED)]), signal) == []


def test_a_camera_without_signals_reads_none() -> None:
    assert SignalReader([]).read(picture(ON_RED)) == {}


def test_the_log_is_bounded() -> None:
    reader = SignalReader([VERTICAL])
    for frame in shown([(2, ON_GREEN), (2, ON_YELLOW), (2, ON_RED)] * 12, fps=5):
        reader.read(frame)

    assert len(reader.log) == KEPT_CHANGES


@settings(deadline=None, max_examples=20)
@given(gain=st.floats(0.45, 1.0), haze=st.integers(0, 60), fps=st.sampled_from([5.0, 8.0, 15.0]))
def test_dusk_haze_and_frame_rate_do_not_change_the_story(
    gain: float, haze: int, fps: float
) -> None:
    """A darker picture or a veil of grey over it moves no change by more than one frame."""
    reader = SignalReader([VERTICAL])
    for frame in shown([(4, ON_GREEN), (3, ON_YELLOW), (4, ON_RED)], fps=fps):
        dull = np.clip(frame.image * gain * (1 - haze / 255) + haze, 0, 255).astype(np.uint8)
        reader.read(Frame(frame.camera_id, dull, frame.captured_at, frame.stream_s))

    read = [(change.state, change.clip_s) for change in reader.log]
    assert [state for state, _ in read] == ["green", "yellow", "red"]
    for (_, at_s), true_s in zip(read, (0.0, 4.0, 7.0), strict=True):
        assert abs(at_s - true_s) <= 1 / fps + 1e-6
