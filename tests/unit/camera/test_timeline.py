"""Stream seconds over epochs, and when they arrived."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.camera.timeline import BUCKET_S, ArrivalAnchor, Timeline


def test_the_first_epoch_starts_at_zero_whatever_the_camera_counts() -> None:
    timeline = Timeline()

    assert timeline.begin_epoch(first_pts_s=81_234.5, gap_s=7.0) == 0.0
    assert timeline.epoch == 0
    assert timeline.stream_s(81_236.0) == pytest.approx(1.5)


def test_a_loop_goes_on_one_frame_after_the_end() -> None:
    timeline = Timeline()
    timeline.begin_epoch(0.0, 0.0)
    timeline.pass_by(timeline.stream_s(9.96))

    assert timeline.begin_epoch(0.0, gap_s=0.04) == pytest.approx(10.0)
    assert timeline.epoch == 1
    assert timeline.stream_s(1.0) == pytest.approx(11.0)


def test_a_reconnect_advances_by_the_time_that_passed() -> None:
    timeline = Timeline()
    timeline.begin_epoch(500.0, 0.0)
    timeline.pass_by(timeline.stream_s(510.0))

    assert timeline.begin_epoch(first_pts_s=0.0, gap_s=30.0) == pytest.approx(40.0)


@given(
    epochs=st.lists(
        st.tuples(st.floats(0, 1e6), st.floats(-5, 100), st.floats(0, 1000)), min_size=1
    )
)
def test_stream_seconds_never_go_back_over_epochs(
    epochs: list[tuple[float, float, float]],
) -> None:
    timeline, latest_s = Timeline(), 0.0

    for first_pts_s, gap_s, length_s in epochs:
        starts_s = timeline.begin_epoch(first_pts_s, gap_s)
        assert starts_s >= latest_s
        timeline.pass_by(timeline.stream_s(first_pts_s + length_s))
        assert timeline.latest_s >= starts_s
        latest_s = timeline.latest_s


def test_before_anything_arrived_a_stream_second_has_no_other_time() -> None:
    with pytest.raises(ValueError, match="no packet has arrived"):
        ArrivalAnchor().arrived_s(1.0)


def test_a_late_packet_does_not_move_the_others() -> None:
    anchor = ArrivalAnchor()
    anchor.observe(0.0, 100.0)
    anchor.observe(1.0, 104.0)

    assert anchor.arrived_s(2.0) == pytest.approx(102.0)


def test_a_burst_at_the_start_is_placed_by_its_last_packet() -> None:
    """A camera that first sends two old seconds at once: the newest packet was fastest."""
    anchor = ArrivalAnchor()
    for stream_s in (0.0, 1.0, 2.0):
        anchor.observe(stream_s, 100.0)

    assert anchor.arrived_s(2.0) == pytest.approx(100.0)


def test_a_drifting_camera_is_followed() -> None:
    """A quartz 200 ppm slow, for a day: without following, times would be 17 s off."""
    anchor = ArrivalAnchor()
    for minute in range(24 * 60):
        for part in range(4):
            stream_s = minute * 60.0 + part * 15
            anchor.observe(stream_s, stream_s * 1.0002)
    last_s = 24 * 3600.0 - 15

    assert anchor.arrived_s(last_s) == pytest.approx(last_s * 1.0002, abs=0.02)


def test_arrivals_before_a_long_gap_are_forgotten() -> None:
    anchor = ArrivalAnchor()
    anchor.observe(0.0, 50.0)
    anchor.observe(10 * BUCKET_S, 100.0)

    assert anchor.arrived_s(10 * BUCKET_S) == pytest.approx(100.0)


@given(
    steps=st.lists(st.tuples(st.floats(0.001, 20), st.floats(0, 5)), min_size=1, max_size=200),
)
def test_later_stream_seconds_never_arrive_earlier(steps: list[tuple[float, float]]) -> None:
    """Whatever the network does, a later picture is never stamped before an earlier one."""
    anchor = ArrivalAnchor()
    stream_s, arrived_s, before_s = 0.0, 0.0, float("-inf")

    for step_s, delay_s in steps:
        stream_s += step_s
        arrived_s = max(arrived_s, stream_s + delay_s)  # TCP: in order, however late
        anchor.observe(stream_s, arrived_s)
        told_s = anchor.arrived_s(stream_s)
        assert before_s <= told_s + 1e-9
        assert told_s <= arrived_s
        before_s = told_s
