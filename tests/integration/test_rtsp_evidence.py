"""Evidence and probe from a real network camera: B-frames, missing times and all."""

from __future__ import annotations

import queue
from itertools import islice
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from edge.camera import Camera, FrameMailbox, PacketRing
from edge.camera.frames import to_bgr
from edge.camera.probe import probe
from edge.clock import SystemClock
from edge.config.box import EvidenceConfig
from edge.config.camera import RtspSource
from edge.contract.messages import EvidenceItem, EvidenceKind
from edge.evidence import EvidenceRecorder, EvidenceRequest, find_file
from edge.scene import Moment
from tests.assets import asset
from tests.rtsp_server import RtspServer
from tests.videos import camera_config

if TYPE_CHECKING:
    from pathlib import Path

    from edge.scene import Frame

pytestmark = [pytest.mark.rtsp, pytest.mark.assets]


@pytest.mark.parametrize(
    ("clip", "codec", "playback"),
    [
        ("vn-expressway-day-night-20s.mp4", "h264", False),  # B-frames, untimed first packets
        ("us-freeway-33s.avi", "mpeg4", True),
    ],
)
def test_the_seen_frame_is_in_the_still_and_in_the_clip(
    tmp_path: Path, clip: str, codec: str, *, playback: bool
) -> None:
    told: queue.Queue[tuple[EvidenceItem, ...]] = queue.Queue()
    folder, ring, mailbox = tmp_path / "evidence", PacketRing(30, 10**8), FrameMailbox()
    with RtspServer({"cam": asset(f"video/{clip}")}, tmp_path) as server:
        source = RtspSource(kind="rtsp", url=server.url("cam"))
        camera = Camera(camera_config(source=source), ring, mailbox, SystemClock())
        recorder = EvidenceRecorder(
            folder,
            {"gate": ring},
            EvidenceConfig(before_s=1, after_s=1),
            lambda *told_now, **_: told.put(told_now[1]),
            SystemClock(),
        )
        camera.start()
        frame = list(islice(mailbox, 16))[-1]
        recorder.request(request_for(frame))
        rounds = [told.get(timeout=20) for _ in range(3 if playback else 2)]
        recorder.close()
        camera.stop()

    kinds = [item.kind for item in rounds[-1]]
    assert (EvidenceKind.PLAYBACK in kinds) is playback
    still, _, clip_item = rounds[-1][:3]
    assert still.start_clip_s == pytest.approx(frame.stream_s, abs=0.001)
    assert clip_item.codec == codec
    assert_shows(folder, clip_item, frame)


def request_for(frame: Frame) -> EvidenceRequest:
    return EvidenceRequest(
        incident_id="i1",
        camera_id="gate",
        occurred_s=frame.stream_s,
        occurred_at=frame.captured_at,
        until_s=frame.stream_s,
        frame_size_px=frame.size_px,
        moments=(Moment(label="wide", stream_s=frame.stream_s),),
    )


def assert_shows(folder: Path, clip: EvidenceItem, frame: Frame) -> None:
    """The very picture that was seen live stands at its second in the clip."""
    path = find_file(folder, clip.evidence_id)
    assert path is not None
    assert clip.start_clip_s is not None
    with av.open(str(path)) as container:
        shown = [
            to_bgr(picture)
            for picture in container.decode(video=0)
            if abs(picture.time + clip.start_clip_s - frame.stream_s) < 0.002
        ]
    assert len(shown) == 1
    np.testing.assert_array_equal(shown[0], frame.image)


def test_probe_reads_a_network_camera_s_clock(tmp_path: Path) -> None:
    with RtspServer({"cam": asset("video/vn-street-cctv-motorbikes-20s.mp4")}, tmp_path) as server:
        report = probe(server.url("cam"), 7.0, SystemClock())

    assert (report.codec, report.width_px, report.height_px) == ("h264", 640, 360)
    assert report.fps_measured == pytest.approx(30, rel=0.1)
    assert report.key_interval_s == pytest.approx(4.27, abs=0.1)
    assert report.drift_ratio == pytest.approx(1.0, abs=0.1)
    assert report.clock_offset_s is not None
    assert -0.5 < report.clock_offset_s < 0.1
