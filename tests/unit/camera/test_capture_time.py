"""Which wall time a picture gets: the camera's, or the box's, and what is said of it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.camera.capture_time import CaptureTime, trust_in
from edge.clock import WatchedClock
from tests.builders import NOON, ManualClock


def network_camera(clock: ManualClock) -> CaptureTime:
    return CaptureTime(clock, is_file=False)


def one_packet(clock: ManualClock, offset_s: float | None, stream_s: float = 0.0) -> CaptureTime:
    """Return what knows one packet, sent by a clock that is ``offset_s`` off."""
    capture = network_camera(clock)
    sent_s = None if offset_s is None else clock.now().timestamp() + offset_s
    capture.arrived(stream_s, clock.monotonic(), sent_s)
    return capture


def test_a_camera_that_tells_no_time_gets_the_box_s_at_arrival() -> None:
    clock = ManualClock()
    at, quality = one_packet(clock, None, stream_s=5.0).at(5.0)

    assert at == NOON
    assert (quality.source, quality.offset_s, quality.trust) == ("arrival", None, "trusted")


@pytest.mark.parametrize(
    ("offset_s", "source", "trust"),
    [
        (-0.08, "rtcp", "trusted"),
        (0.5, "rtcp", "trusted"),
        (-0.6, "rtcp", "doubtful"),
        (2.0, "rtcp", "doubtful"),
        (-2.1, "arrival", "untrusted"),
        (7 * 3600.0, "arrival", "untrusted"),
        (-50 * 365 * 86_400.0, "arrival", "untrusted"),
    ],
)
def test_the_camera_s_time_is_taken_while_it_agrees_and_disagreement_is_told(
    offset_s: float, source: str, trust: str
) -> None:
    at, quality = one_packet(ManualClock(), offset_s).at(0.0)

    assert (quality.source, quality.trust) == (source, trust)
    assert quality.offset_s == pytest.approx(offset_s, abs=0.001)
    expected = NOON + timedelta(seconds=offset_s if source == "rtcp" else 0.0)
    assert abs((at - expected).total_seconds()) < 0.001


@pytest.mark.parametrize(
    ("offset_s", "synchronised", "trust"),
    [
        (None, True, "trusted"),
        (None, None, "unknown"),
        (None, False, "untrusted"),
        (0.1, True, "trusted"),
        (0.1, None, "unknown"),
        (0.1, False, "untrusted"),
        (-0.7, True, "doubtful"),
        (0.7, None, "doubtful"),
        (3.0, True, "untrusted"),
    ],
)
def test_a_box_without_a_time_server_is_not_trusted(
    offset_s: float | None, *, synchronised: bool | None, trust: str
) -> None:
    assert trust_in(offset_s, synchronised=synchronised) == trust


def test_delay_on_the_way_is_taken_out_by_the_camera_s_own_time() -> None:
    """A picture that took 0.4 s more than others is stamped with when it was sent."""
    clock = ManualClock()
    capture = one_packet(clock, -0.05)
    clock.advance(1.4)
    capture.arrived(1.0, clock.monotonic(), NOON.timestamp() - 0.05 + 1.0)
    at, quality = capture.at(1.0)

    assert (at - NOON).total_seconds() == pytest.approx(0.95, abs=0.001)
    assert quality.offset_s == pytest.approx(-0.05, abs=0.001)


def test_before_the_first_report_the_box_s_time_serves() -> None:
    clock = ManualClock()
    capture = one_packet(clock, None)
    assert capture.at(0.0)[1].source == "arrival"
    clock.advance(1)
    capture.arrived(1.0, clock.monotonic(), clock.now().timestamp() - 0.1)

    assert capture.at(1.0)[1].source == "rtcp"


def test_a_new_connection_starts_without_what_the_old_one_told() -> None:
    clock = ManualClock()
    capture = one_packet(clock, 0.2)
    capture.begin_epoch()
    clock.advance(60)
    capture.arrived(60.0, clock.monotonic(), None)

    at, quality = capture.at(60.0)
    assert at == NOON + timedelta(seconds=60)
    assert (quality.source, quality.offset_s) == ("arrival", None)


def test_a_file_s_pictures_are_taken_when_they_are_played() -> None:
    clock = ManualClock(synchronised=False)
    capture = CaptureTime(clock, is_file=True)
    capture.arrived(3.0, clock.monotonic(), None)
    at, quality = capture.at(3.5)

    assert at == NOON + timedelta(seconds=0.5)
    assert (quality.source, quality.trust) == ("file", "unknown")


@pytest.mark.parametrize("step_s", [3600.0, -3600.0, -86_400.0])
def test_a_step_of_the_box_s_clock_is_in_the_very_next_picture(step_s: float) -> None:
    clock = ManualClock()
    watch = WatchedClock(clock, lambda _: None)
    capture = CaptureTime(watch, is_file=False)
    capture.arrived(0.0, clock.monotonic(), None)
    assert capture.at(0.0)[1].stepped_s == 0.0
    clock.advance(0.04)
    clock.set_wall(clock.now() + timedelta(seconds=step_s))
    capture.arrived(0.04, clock.monotonic(), None)
    at, quality = capture.at(0.04)

    assert abs((at - clock.now()).total_seconds()) < 0.001
    assert quality.stepped_s == pytest.approx(step_s, abs=0.001)


def test_a_camera_whose_clock_is_right_is_taken_as_soon_as_the_box_s_is_set() -> None:
    """At boot the box is an hour behind; NTP sets it; the camera was right all along."""
    clock = ManualClock(synchronised=False)
    right_s = NOON.timestamp() + 3600
    capture = network_camera(clock)
    capture.arrived(0.0, clock.monotonic(), right_s)
    at, quality = capture.at(0.0)
    assert (at, quality.source, quality.trust) == (NOON, "arrival", "untrusted")
    assert quality.offset_s == pytest.approx(3600, abs=0.001)

    clock.advance(1.0)
    clock.set_wall(NOON + timedelta(seconds=3601))
    clock.held = True
    capture.arrived(1.0, clock.monotonic(), right_s + 1.0)
    at, quality = capture.at(1.0)

    assert at == NOON + timedelta(seconds=3601)
    assert (quality.source, quality.trust) == ("rtcp", "trusted")


@given(
    packets=st.lists(
        st.tuples(st.floats(0.01, 2), st.floats(0, 3), st.floats(-3600, 3600)),
        min_size=1,
        max_size=100,
    )
)
def test_between_two_steps_a_later_picture_never_has_an_earlier_time(
    packets: list[tuple[float, float, float]],
) -> None:
    """Whatever delays and steps do: in order on one clock, and right on the newest."""
    clock = ManualClock()
    watch = WatchedClock(clock, lambda _: None)
    capture = CaptureTime(watch, is_file=False)
    stream_s, before = 0.0, None

    for step_s, late_s, clock_step_s in packets:
        stream_s += step_s
        clock.advance(step_s + late_s)
        stepped = abs(clock_step_s) > 1800
        if stepped:
            clock.set_wall(clock.now() + timedelta(seconds=clock_step_s))
        capture.arrived(stream_s, clock.monotonic(), None)
        at, _ = capture.at(stream_s)
        assert at <= clock.now() + timedelta(milliseconds=1)
        if before is not None and not stepped:
            assert at >= before - timedelta(milliseconds=1)
        before = at
