"""When a camera is tried again, and how a knock at its port is answered."""

from __future__ import annotations

import random
import socket
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.camera.reconnect import (
    FIRST_RETRY_S,
    LAST_RETRY_S,
    LOGIN_RETRY_S,
    Backoff,
    why_closed,
)
from edge.config.camera import FileSource, RtspSource, UsbSource
from edge.errors import CameraError, CameraRefusedError


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311 - jitter, not a secret


def camera_at(port: int) -> RtspSource:
    return RtspSource(kind="rtsp", url=f"rtsp://user:p%40ss@127.0.0.1:{port}/live")


def test_waits_between_attempts_grow_to_a_bound_and_start_small_again() -> None:
    backoff = Backoff(seeded(1))
    waits_s = [backoff.wait_s() for _ in range(12)]
    backoff.reset()

    for i, wait_s in enumerate(waits_s):
        bound_s = min(FIRST_RETRY_S * 2**i, LAST_RETRY_S)
        assert bound_s / 2 <= wait_s <= bound_s
    assert backoff.wait_s() <= FIRST_RETRY_S


def test_waits_of_two_cameras_differ() -> None:
    first, second = Backoff(seeded(1)), Backoff(seeded(2))

    assert [first.wait_s() for _ in range(5)] != [second.wait_s() for _ in range(5)]


def test_two_cameras_of_one_box_do_not_knock_together() -> None:
    """Each has jitter of its own without being told so."""
    assert [Backoff().wait_s() for _ in range(5)] != [Backoff().wait_s() for _ in range(5)]


def test_a_wrong_password_is_tried_ever_more_rarely() -> None:
    backoff = Backoff(seeded(3))
    waits_s = [backoff.after(CameraRefusedError("401")) for _ in range(12)]

    assert waits_s[0] <= FIRST_RETRY_S
    assert LOGIN_RETRY_S / 2 <= waits_s[-1] <= LOGIN_RETRY_S
    assert backoff.after(CameraError("broke off")) <= LAST_RETRY_S


@given(seed=st.integers(0, 10_000), refusals=st.lists(st.booleans(), max_size=40))
def test_an_ordinary_failure_is_never_waited_for_long(seed: int, refusals: list[bool]) -> None:
    """Whatever went before: a camera that is back is tried within the bar of three seconds."""
    backoff = Backoff(seeded(seed))
    for refused in refusals:
        backoff.after(CameraRefusedError("401") if refused else CameraError("broke off"))

    assert backoff.after(CameraError("broke off")) <= LAST_RETRY_S


def test_a_knock_is_answered_by_whoever_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert why_closed(camera_at(server.getsockname()[1])) == ""


def test_a_refused_knock_says_what_to_check() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    assert why_closed(camera_at(port)).startswith("connection refused; check address, port")


def test_an_unknown_name_is_said_to_be_unreachable() -> None:
    source = RtspSource(kind="rtsp", url="rtsp://camera.invalid/live")

    assert why_closed(source).startswith("cannot be reached or broke off (")


@pytest.mark.parametrize("url", ["rtsp://127.0.0.1:99999/live", "rtsp://[bad/live"])
def test_an_address_that_cannot_be_taken_apart_is_left_to_the_opening(url: str) -> None:
    assert why_closed(RtspSource(kind="rtsp", url=url)) == ""


def test_files_and_usb_cameras_have_no_door() -> None:
    assert why_closed(FileSource(kind="file", path="gone.mp4")) == ""
    assert why_closed(UsbSource(kind="usb")) == ""


def test_waits_are_spread_over_half_their_bound() -> None:
    backoff = Backoff(seeded(5))
    waits_s = sorted(backoff.jittered(1.0) for _ in range(1000))

    assert waits_s[0] < 0.51
    assert waits_s[-1] > 0.99
    assert max(b - a for a, b in pairwise(waits_s)) < 0.05
