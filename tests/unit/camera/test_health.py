"""What a camera says of itself."""

from __future__ import annotations

from edge.camera.health import RATE_WINDOW_S, CameraHealth, RateMeter
from edge.config.camera import Location
from edge.scene import TimeQuality
from tests.builders import NOON, ManualClock
from tests.videos import camera_config, some_info


def test_a_rate_is_events_per_second() -> None:
    meter = RateMeter()
    for i in range(100):
        meter.tick(i / 25)

    assert round(meter.rate_hz(99 / 25), 6) == 25.0


def test_a_rate_falls_to_zero_when_the_events_stop() -> None:
    meter = RateMeter()
    for i in range(100):
        meter.tick(i / 25)

    assert meter.rate_hz(100.0) == 0.0
    assert RateMeter().rate_hz(1.0) == 0.0


def test_a_rate_remembers_no_more_than_its_window() -> None:
    meter = RateMeter()
    for i in range(10_000):
        meter.tick(i / 10)

    assert len(meter._at_s) <= RATE_WINDOW_S * 10 + 1


def test_a_camera_starts_as_connecting() -> None:
    state = CameraHealth(camera_config(), ManualClock(), lambda: None).state()

    assert (state.status, state.since, state.reason) == ("connecting", NOON, "")


def test_the_beginning_of_a_status_moves_only_when_the_status_changes() -> None:
    clock, changes = ManualClock(), list[int]()
    health = CameraHealth(camera_config(), clock, lambda: changes.append(1))
    clock.advance(1)
    health.offline("refused")
    since = health.state().since
    clock.advance(60)
    health.offline("still refused")

    assert health.state().since == since
    assert health.state().reason == "still refused"
    assert len(changes) == 1


def test_being_online_clears_the_reason_and_tells_the_stream() -> None:
    health = CameraHealth(camera_config(), ManualClock(), lambda: None)
    health.offline("refused")
    health.online(some_info("hevc"))

    state = health.state()

    assert (state.status, state.reason) == ("online", "")
    assert (state.codec, state.width_px, state.height_px) == ("hevc", 128, 64)


def test_frames_replaced_are_counted_and_not_taken_for_processed() -> None:
    clock = ManualClock()
    health = CameraHealth(camera_config(), clock, lambda: None)
    health.online(some_info())
    for i in range(40):
        clock.advance(0.1)
        health.frame(clock.now(), TimeQuality("rtcp", 0.25), replaced=i % 2 == 0)

    state = health.state()

    assert state.frames_dropped == 20
    assert 4.5 <= state.processed_fps <= 5.5
    assert state.last_frame_at == clock.now()
    assert state.clock_offset_s == 0.25


def test_the_place_of_the_camera_travels_with_its_state() -> None:
    place = Location(lat=18.67, lon=105.69, heading_deg=90)
    config = camera_config(location=place, area_code="16681", road="QL1A", rules={"wrong_way": {}})

    state = CameraHealth(config, ManualClock(), lambda: None).state()

    assert (state.location, state.heading_deg) == ((18.67, 105.69), 90)
    assert (state.area_code, state.road, state.rules) == ("16681", "QL1A", ("wrong_way",))


def test_a_camera_that_falls_silent_is_offline_until_its_next_packet() -> None:
    clock, changes = ManualClock(), list[int]()
    health = CameraHealth(camera_config(), clock, lambda: changes.append(1))
    health.online(some_info())
    clock.advance(4)
    health.silent("silent for 3 s")
    health.silent("silent for 3 s")
    silent = health.state()
    health.packet()

    assert (silent.status, silent.reason, silent.since) == (
        "offline",
        "silent for 3 s",
        clock.now(),
    )
    assert (health.state().status, health.state().reason) == ("online", "")
    assert len(changes) == 3


def test_the_clock_of_a_camera_that_is_away_is_not_known() -> None:
    clock = ManualClock()
    health = CameraHealth(camera_config(), clock, lambda: None)
    health.online(some_info())
    health.frame(clock.now(), TimeQuality("rtcp", -1.5), replaced=False)
    known_s = health.state().clock_offset_s
    health.offline("refused")

    assert known_s == -1.5
    assert health.clock_offset_s is None
    assert health.state().clock_offset_s is None


def test_a_camera_that_is_offline_for_another_reason_keeps_it() -> None:
    health = CameraHealth(camera_config(), ManualClock(), lambda: None)
    health.offline("connection refused")
    health.silent("silent for 3 s")

    assert health.state().reason == "connection refused"
