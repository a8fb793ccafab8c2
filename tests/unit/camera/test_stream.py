"""One connection: its description, its errors, its names."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import pytest

from edge.camera.stream import (
    CameraStream,
    hide_password,
    name_of,
    new_packet,
    source_of,
    timeout_of,
)
from edge.config.camera import FileSource, RtspSource, UsbSource
from edge.errors import CameraError
from tests.videos import FPS, make_video

if TYPE_CHECKING:
    from pathlib import Path


def test_a_stream_describes_itself_after_its_first_packet(tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mp4", seconds=1)

    with CameraStream(source_of(str(video))) as stream:
        next(stream.packets())

        assert (stream.info.codec, stream.info.fps) == ("mpeg4", FPS)
        assert (stream.info.width_px, stream.info.height_px) == (128, 64)
        assert stream.announced_s == pytest.approx(1.0)
        assert stream.has_sound is False


def test_a_damaged_packet_is_counted_and_passed_over(tmp_path: Path) -> None:
    video = make_video(tmp_path / "v.mkv", codec="mjpeg", seconds=1)

    with CameraStream(source_of(str(video))) as stream:
        packets = stream.packets()
        before = stream.decode(next(packets).packet)
        damaged = stream.decode(new_packet(b"\x00" * 500, 0, is_key=True))
        after = stream.decode(next(packets).packet)

        assert (len(before), len(damaged), len(after)) == (1, 0, 1)
        assert stream.decode_errors == 1


def test_a_picture_that_changes_its_size_asks_for_a_new_connection(tmp_path: Path) -> None:
    small = make_video(tmp_path / "small.mkv", codec="mjpeg", seconds=1)
    large = make_video(tmp_path / "large.mkv", codec="mjpeg", seconds=1, scale=2)

    with (
        CameraStream(source_of(str(small))) as stream,
        CameraStream(source_of(str(large))) as other,
    ):
        next(stream.packets())
        with pytest.raises(CameraError, match=r"changed from 128×64 to 256×128.*connect again"):
            stream.decode(next(other.packets()).packet)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("rtsp://10.0.0.5/live", "rtsp://10.0.0.5/live"),
        ("rtsp://admin:s3cret@10.0.0.5/live", "rtsp://admin:***@10.0.0.5/live"),
        ("rtsp://admin:p@ss:w0rd@10.0.0.5:554/a@b", "rtsp://admin:***@10.0.0.5:554/a@b"),
        ("rtsps://u:p@cam/x?y=z", "rtsps://u:***@cam/x?y=z"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    assert hide_password(url) == shown


def test_an_address_says_what_kind_of_source_it_is() -> None:
    assert source_of("rtsp://cam/1") == RtspSource(kind="rtsp", url="rtsp://cam/1")
    assert source_of("/dev/video2") == UsbSource(kind="usb", device="/dev/video2")
    assert source_of("clips/a.mp4") == FileSource(kind="file", path="clips/a.mp4")


def test_each_kind_of_source_has_a_name_and_a_patience() -> None:
    sources = [source_of(a) for a in ("rtsp://u:p@cam/1", "/dev/video2", "a.mp4")]

    assert [name_of(source) for source in sources] == ["rtsp://u:***@cam/1", "/dev/video2", "a.mp4"]
    assert all(timeout_of(source) > 0 for source in sources)


def test_a_port_where_nothing_listens_is_said_to_refuse() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"rtsp://u:geheim@127.0.0.1:{unused.getsockname()[1]}/live"

    with pytest.raises(CameraError, match=r"connection refused; check address, port") as caught:
        CameraStream(source_of(url))
    assert "geheim" not in str(caught.value)


def test_a_server_that_never_answers_is_given_up_after_the_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        accepted: list[socket.socket] = []
        threading.Thread(target=lambda: accepted.append(server.accept()[0]), daemon=True).start()
        url = f"rtsp://127.0.0.1:{server.getsockname()[1]}/live"

        with pytest.raises(CameraError, match=r"connected but silent for 0\.5 s"):
            CameraStream(RtspSource(kind="rtsp", url=url, timeout_s=0.5))
        for connection in accepted:
            connection.close()


def test_a_usb_camera_that_is_not_there_is_named() -> None:
    with pytest.raises(CameraError, match=r"/dev/video97: there is no such file or device"):
        CameraStream(source_of("/dev/video97"))
