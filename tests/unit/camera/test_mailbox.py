"""The newest frame of each camera, fairly."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from itertools import islice

import numpy as np

from edge.camera.mailbox import FrameMailbox
from edge.scene import Frame
from tests.builders import NOON


def frame(camera_id: str, stream_s: float) -> Frame:
    return Frame(camera_id, np.zeros((2, 2, 3), np.uint8), NOON, stream_s)


def take(mailbox: FrameMailbox, n: int) -> list[tuple[str, float]]:
    return [(f.camera_id, f.stream_s) for f in islice(mailbox, n)]


def test_a_newer_frame_replaces_one_that_nobody_took() -> None:
    mailbox = FrameMailbox()

    assert mailbox.put(frame("a", 1.0)) is False
    assert mailbox.put(frame("a", 2.0)) is True
    assert take(mailbox, 1) == [("a", 2.0)]


def test_a_frame_that_was_taken_is_not_counted_as_replaced() -> None:
    mailbox = FrameMailbox()
    mailbox.put(frame("a", 1.0))
    take(mailbox, 1)

    assert mailbox.put(frame("a", 2.0)) is False


def test_a_fast_camera_does_not_push_in_front_of_a_waiting_one() -> None:
    mailbox = FrameMailbox()
    mailbox.put(frame("slow", 1.0))
    for i in range(10):
        mailbox.put(frame("fast", float(i)))

    assert take(mailbox, 2) == [("slow", 1.0), ("fast", 9.0)]


def test_replacing_keeps_the_place_in_the_line() -> None:
    mailbox = FrameMailbox()
    for camera_id in ("a", "b", "a"):
        mailbox.put(frame(camera_id, 1.0))

    assert [camera_id for camera_id, _ in take(mailbox, 2)] == ["a", "b"]


def test_closing_ends_a_reader_that_waits() -> None:
    mailbox, seen = FrameMailbox(), list[Frame]()
    reader = threading.Thread(target=lambda: seen.extend(mailbox))
    reader.start()

    mailbox.close()
    reader.join(5)

    assert not reader.is_alive()
    assert seen == []


def test_frames_left_when_closed_are_not_handed_out() -> None:
    mailbox = FrameMailbox()
    mailbox.put(frame("a", 1.0))
    mailbox.close()

    assert list(mailbox) == []


def test_many_cameras_share_one_reader_without_loss_of_order() -> None:
    """Frames arrive in order; those taken and those replaced make up all that was put."""
    mailbox, replaced, done = FrameMailbox(), Counter[str](), threading.Event()
    taken: dict[str, list[float]] = {name: [] for name in "abcd"}

    def write(camera_id: str) -> None:
        for i in range(300):
            replaced[camera_id] += mailbox.put(frame(camera_id, float(i)))

    def read() -> None:
        for one in mailbox:
            taken[one.camera_id].append(one.stream_s)
            if all(times_s[-1:] == [299.0] for times_s in taken.values()):
                done.set()

    with ThreadPoolExecutor(5) as pool:
        pool.submit(read)
        pool.map(write, taken)
        in_time = done.wait(10)
        mailbox.close()

    assert in_time
    for name, times_s in taken.items():
        assert times_s == sorted(times_s)
        assert len(times_s) + replaced[name] == 300
