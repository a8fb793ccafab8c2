"""What a network camera sends comes back from the disk as it does from memory, picture by picture.

Over RTSP packets come in another packing (Annex B) than files hold (ISO/IEC 14496-15): here the
conversion on the way to the disk is seen at work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from edge.camera import Camera, FrameMailbox, PacketRing
from edge.camera.frames import to_bgr
from edge.clock import SystemClock
from edge.config.camera import RtspSource
from edge.evidence.clip import write_clip
from edge.evidence.stills import decode_at
from edge.recording.video import CameraVideo
from tests.assets import asset
from tests.recordings import Station, pictures_in
from tests.rtsp_server import RtspServer
from tests.videos import camera_config, make_video

if TYPE_CHECKING:
    from pathlib import Path

    from edge.camera.ring import Segment

pytestmark = [pytest.mark.rtsp, pytest.mark.assets, pytest.mark.timeout(90)]
H265 = {"x265-params": "log-level=none:bframes=3:keyint=10"}


def source(folder: Path, codec: str) -> Path:
    """Return a video of a codec: H.264 with B-frames from a real camera, H.265 made here."""
    if codec == "h264":
        return asset("video/vn-expressway-day-night-20s.mp4")
    return make_video(folder / "v.mkv", codec="libx265", seconds=20, options=H265, scale=2)


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_network_camera_s_video_comes_back_from_disk_as_from_memory(
    tmp_path: Path, codec: str
) -> None:
    station, mailbox = Station(tmp_path / "video", file_s=2), FrameMailbox()
    ring = PacketRing(60, 10**9)
    with RtspServer({"cam": source(tmp_path, codec)}, tmp_path) as server:
        url = server.url("cam")
        config = camera_config(source=RtspSource(kind="rtsp", url=url), detect_fps=5)
        video = CameraVideo(ring, station.tape, station.disk)
        camera = Camera(config, video, mailbox, SystemClock())
        camera.start()
        last_s = 0.0
        for frame in mailbox:
            station.recorder.write_pass()
            last_s = frame.stream_s
            if last_s > 8:
                break
        mailbox.close()
        camera.stop()
        station.end()

    assert len(station.files) >= 2
    for at_s in (1.0, 4.5, 7.0):
        here, there = (v.cut(at_s, at_s - 1, at_s + 1) for v in (ring, station.disk))
        assert here is not None
        assert there is not None
        assert there.info.codec == codec
        assert_same_pictures(here, there, at_s)
        clip = tmp_path / f"{at_s}.mp4"
        write_clip(there, clip)
        assert pictures_in(clip) == len(there.packets)


def assert_same_pictures(here: Segment, there: Segment, at_s: float) -> None:
    """The same pictures at the same times, and the one at ``at_s`` the same in every pixel."""
    times = [[p.stream_s for p in piece.packets] for piece in (here, there)]
    np.testing.assert_allclose(times[0], times[1], atol=0.0001)
    [(_, one)] = decode_at(here, [at_s]).values()
    [(_, other)] = decode_at(there, [at_s]).values()
    np.testing.assert_array_equal(to_bgr(one), to_bgr(other))
