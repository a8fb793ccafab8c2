"""What a camera can do to a box: die, freeze, change, flap, refuse, send rubbish."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.assets import asset
from tests.camera_site import CameraSite, Garbler
from tests.mosquitto import free_port
from tests.rtsp_server import RtspServer
from tests.videos import cut_off, make_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.rtsp, pytest.mark.assets, pytest.mark.fault("camera")]
H264 = "video/vn-street-cctv-motorbikes-20s.mp4"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def site(tmp_path: Path, stack: ExitStack) -> CameraSite:
    """A box with one camera that is well."""
    made = stack.enter_context(CameraSite())
    made.start("well", str(make_video(tmp_path / "well.mp4", seconds=4)))
    return made


def serve(
    stack: ExitStack, folder: Path, video: Path | None = None, port: int = 0, password: str = ""
) -> RtspServer:
    """Start a camera that serves a video as ``cam``, with ``password`` to ``viewer`` alone."""
    folder.mkdir(exist_ok=True)
    user = "viewer" if password else ""
    server = RtspServer({"cam": video or asset(H264)}, folder, user=user, password=password)
    server.port = port
    return stack.enter_context(server)


def test_a_camera_that_loses_its_power_is_back_soon_after_it(
    site: CameraSite, tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("camera killed in mid-stream, on again after 3 s")
    server = serve(stack, tmp_path / "a")
    site.start("ill", server.url("cam"))
    site.sees("ill")
    server.stop()
    site.is_off("ill", "connection")
    time.sleep(3)
    server.start()
    with fault_case.recovering():
        site.sees("ill", 1)
    site.settle(fault_case)


def test_a_camera_that_freezes_is_told_and_taken_up_again(
    site: CameraSite, tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("camera stops sending but stays connected, then goes on")
    server = serve(stack, tmp_path / "a")
    site.start("ill", server.url("cam"))
    site.sees("ill")
    server.freeze()
    site.is_off("ill", "silent")
    server.thaw()
    with fault_case.recovering():
        site.sees("ill", 1)
    site.settle(fault_case)


def test_a_camera_that_flaps_every_two_seconds_is_used_whenever_it_is_there(
    site: CameraSite, tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("on for 2 s, off for 2 s, 4 times")
    server = serve(stack, tmp_path / "a")
    site.start("ill", server.url("cam"))
    site.sees("ill")
    for _ in range(4):
        time.sleep(2)
        server.stop()
        time.sleep(2)
        server.start()
    with fault_case.recovering():
        site.sees("ill")
    site.settle(fault_case)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(("mpeg4", 1), ("mpeg4", 2), id="picture size"),
        pytest.param(("mpeg4", 2), ("mjpeg", 2), id="codec"),
    ],
)
def test_a_camera_that_comes_back_changed_is_decoded_as_it_is(
    site: CameraSite,
    tmp_path: Path,
    stack: ExitStack,
    fault_case: FaultCase,
    first: tuple[str, int],
    second: tuple[str, int],
) -> None:
    fault_case.injected("camera restarted with other settings on the same address")
    videos = [
        make_video(tmp_path / f"{i}.mkv", codec=codec, seconds=4, scale=scale)
        for i, (codec, scale) in enumerate((first, second))
    ]
    before = serve(stack, tmp_path / "a", videos[0])
    camera = site.start("ill", before.url("cam"))
    site.sees("ill")
    before.stop()
    site.is_off("ill", "connection")
    after = serve(stack, tmp_path / "b", videos[1], before.port)
    assert after.port == before.port
    with fault_case.recovering():
        site.sees("ill", 1)
    assert camera.state().codec == second[0]
    assert site.of("ill")[-1].size_px == (128 * second[1], 64 * second[1])
    site.settle(fault_case)


def test_a_camera_whose_password_is_put_right_is_let_in(
    site: CameraSite, tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("camera knows another password, put right after two refusals")
    wrong = serve(stack, tmp_path / "a", password="other")
    site.start("ill", wrong.url("cam", "viewer", "s3cret"))
    site.is_off("ill", "401")
    wrong.stop()
    serve(stack, tmp_path / "b", None, wrong.port, password="s3cret")
    with fault_case.recovering():
        site.sees("ill", 1)
    site.sees("ill")
    site.settle(fault_case)


def test_a_stream_that_does_not_exist_yet_is_named_and_taken_when_it_does(
    site: CameraSite, tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("camera answers 404, then offers the stream")
    other = RtspServer({"other": asset(H264)}, tmp_path)
    stack.enter_context(other)
    site.start("ill", other.url("cam"))
    site.is_off("ill", "no stream of this path (404)")
    other.stop()
    serve(stack, tmp_path / "b", None, other.port)
    with fault_case.recovering():
        site.sees("ill", 1)
    site.sees("ill")
    site.settle(fault_case)


def test_a_camera_that_is_switched_on_last_is_found(
    site: CameraSite, tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("nobody listens at the camera's port for 4 s")
    port = free_port()
    site.start("ill", f"rtsp://127.0.0.1:{port}/cam")
    site.is_off("ill", "connection refused; check address, port and that the camera is on")
    time.sleep(4)
    serve(stack, tmp_path / "a", None, port)
    with fault_case.recovering():
        site.sees("ill", 1)
    site.sees("ill")
    site.settle(fault_case)


def test_a_camera_that_sends_rubbish_is_counted_and_recovers(
    site: CameraSite, tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("about one byte in 2,000 flipped on the way for 6 s")
    server = serve(stack, tmp_path / "a")
    relay = stack.enter_context(Garbler(server.port))
    site.start("ill", f"rtsp://127.0.0.1:{relay.port}/cam")
    site.sees("ill")
    relay.every_bytes = 2_000
    time.sleep(6)
    relay.every_bytes = 0
    with fault_case.recovering():
        site.sees("ill", 10)
    noticed = ("camera_decode_errors", "camera_reconnects")
    assert any(site.counters.get(name) for name in noticed)
    site.settle(fault_case)


def test_something_that_is_no_camera_is_said_to_be_none(
    site: CameraSite, tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("a web server answers at the camera's address, then the camera")
    web = socket.create_server(("127.0.0.1", 0))
    port = web.getsockname()[1]
    thread = threading.Thread(target=_answer_as_a_web_server, args=(web,))
    thread.start()
    site.start("ill", f"rtsp://127.0.0.1:{port}/cam")
    site.is_off("ill", "")
    assert site.reason("ill")
    web.shutdown(socket.SHUT_RDWR)
    thread.join()
    web.close()
    serve(stack, tmp_path / "a", None, port)
    with fault_case.recovering():
        site.sees("ill", 1)
    site.sees("ill")
    site.settle(fault_case)


def test_a_file_that_is_removed_while_it_plays_is_named_and_found_again(
    site: CameraSite, tmp_path: Path, fault_case: FaultCase
) -> None:
    fault_case.injected("looped file deleted while it plays, copied back after it was missed")
    video = make_video(tmp_path / "ill.mp4", seconds=2)
    content = video.read_bytes()
    site.start("ill", str(video))
    site.sees("ill")
    video.unlink()
    site.is_off("ill", "there is no such file")
    video.write_bytes(content)
    with fault_case.recovering():
        site.sees("ill", 1)
    site.settle(fault_case)


def test_a_file_that_is_cut_off_is_named_and_played_as_far_as_it_goes(
    site: CameraSite, tmp_path: Path, fault_case: FaultCase
) -> None:
    fault_case.injected("looped file with its second half missing, then made whole")
    whole = make_video(tmp_path / "whole.mp4", seconds=4)
    cut = cut_off(whole)
    site.start("ill", str(cut))
    site.is_off("ill", "the file is cut off, copy it again")
    cut.write_bytes(whole.read_bytes())
    with fault_case.recovering():
        site.sees("ill", 45)  # more than the half that was there
    site.settle(fault_case)


def _answer_as_a_web_server(listening: socket.socket) -> None:
    """Answer every request with a page, until the socket is shut down."""
    while True:
        try:
            connection, _ = listening.accept()
        except OSError:
            return
        with connection:
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
