"""Which frames are looked at."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edge.camera.frames import FramePicker


def picked(fps: float, times_s: list[float]) -> list[float]:
    picker = FramePicker(fps)
    return [at_s for at_s in times_s if picker.wants(at_s)]


def test_the_first_frame_is_always_picked() -> None:
    assert picked(8.0, [123.4]) == [123.4]


def test_a_faster_camera_is_thinned_to_the_asked_rate() -> None:
    times_s = [i / 25 for i in range(25 * 20)]

    assert len(picked(8.0, times_s)) == 160


def test_a_slower_camera_is_taken_whole() -> None:
    times_s = [i / 6 for i in range(60)]

    assert picked(8.0, times_s) == times_s


def test_no_frames_are_owed_after_a_gap() -> None:
    burst_s = [10.0 + i / 100 for i in range(100)]

    after_gap = picked(8.0, [0.0, *burst_s])[1:]

    assert len(after_gap) == 8


def test_a_frame_that_goes_back_in_time_is_never_picked() -> None:
    assert picked(8.0, [5.0, 4.9, 4.0, 5.2]) == [5.0, 5.2]


@given(
    fps=st.floats(1.0, 30.0),
    steps_s=st.lists(st.floats(0.005, 2.0), min_size=1, max_size=200),
)
def test_picked_frames_are_never_more_than_asked_for(fps: float, steps_s: list[float]) -> None:
    times_s = [sum(steps_s[: i + 1]) for i in range(len(steps_s))]

    times_picked = picked(fps, times_s)

    span_s = times_picked[-1] - times_picked[0]
    assert len(times_picked) <= span_s * fps + 2
    assert times_picked == sorted(times_picked)
