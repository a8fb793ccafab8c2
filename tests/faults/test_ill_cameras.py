"""A box with one healthy camera and five ill ones: each is named, the healthy one works on."""

from __future__ import annotations

import socket
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.assets import asset
from tests.edge_process import CAMERA, TOKEN, EdgeProcess, Home, write_box
from tests.mosquitto import CENTRE, Mosquitto, free_port
from tests.rtsp_server import RtspServer
from tests.stand_in_centre import StandInCentre, StandInUploads, wait_until
from tests.videos import cut_off, make_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [
    *(pytest.mark.broker, pytest.mark.rtsp, pytest.mark.assets, pytest.mark.timeout(150)),
    pytest.mark.fault("camera"),
]
PASSWORD = "c" * 32
H264 = "video/vn-street-cctv-motorbikes-20s.mp4"
SAID = {
    "vanished": "vanished.avi: there is no such file or device; check the path",
    "truncated": "cut off",
    "refused": "connection refused; check address, port and that the camera is on",
    "silent": "connected but silent for 1.5 s; check camera and network",
    "locked": "the camera refused user or password (401); check them in the camera file",
}
"""Camera → what the box must say of it."""


@contextmanager
def mute_server() -> Iterator[int]:
    """Yield the port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:  # closed: the test is over
                    return

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in held:
                connection.close()


@dataclass
class Site:
    """A box with its cameras, its broker and its centre."""

    box: EdgeProcess
    centre: StandInCentre
    uploads: StandInUploads
    vanishing: Path

    def states(self, camera_id: str) -> list[dict[str, Any]]:
        """Return all that the box has said about one camera."""
        states = self.centre.of_kind("state")
        return [c for s in states for c in s["cameras"] if c["camera_id"] == camera_id]

    def has_said(self, camera_id: str) -> bool:
        """Say whether the box has named what ails a camera."""
        return any(SAID[camera_id] in camera["reason"] for camera in self.states(camera_id))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    with ExitStack() as stack:
        users = {CENTRE: PASSWORD, "n1": TOKEN}
        broker = stack.enter_context(Mosquitto(tmp_path / "broker", users))
        centre = stack.enter_context(StandInCentre(broker, CENTRE, PASSWORD))
        uploads = stack.enter_context(StandInUploads(TOKEN))
        server = RtspServer({"cam": asset(H264)}, tmp_path, user="viewer", password="s3cret")
        locked = stack.enter_context(server).url("cam", "viewer", "guessed")
        vanishing = make_video(tmp_path / "vanished.avi", seconds=2)
        cut = cut_off(make_video(tmp_path / "whole.mp4", seconds=4))
        mute = f"rtsp://127.0.0.1:{stack.enter_context(mute_server())}/live"
        sources = {
            "vanished": f"{{kind: file, path: {vanishing}, loop: true}}",
            "truncated": f"{{kind: file, path: {cut}, loop: true}}",
            "refused": f'{{kind: rtsp, url: "rtsp://127.0.0.1:{free_port()}/live"}}',
            "silent": f'{{kind: rtsp, url: "{mute}", timeout_s: 1.5}}',
            "locked": f'{{kind: rtsp, url: "{locked}"}}',
        }
        box_file = write_box(tmp_path, Home(broker.port, uploads.url), ("gate", *sources))
        for name, source in sources.items():
            text = CAMERA.format(name=name).replace(
                "{kind: file, path: clip.avi, loop: true}", source
            )
            box_file.with_name(f"{name}.yaml").write_text(text, encoding="utf-8")
        box = stack.enter_context(EdgeProcess(box_file))
        yield Site(box, centre, uploads, vanishing)


def test_every_ill_camera_is_named_and_the_healthy_one_works_on(
    site: Site, fault_case: FaultCase
) -> None:
    fault_case.injected("one of six cameras is well: vanished, cut off, refused, silent, locked")
    assert wait_until(lambda: any(c["status"] == "online" for c in site.states("vanished")), 40)
    began_s = time.monotonic()
    site.vanishing.unlink()
    assert wait_until(lambda: all(map(site.has_said, SAID)), 40), [
        site.states(camera_id)[-1] for camera_id in SAID if not site.has_said(camera_id)
    ]

    heard = len(site.states("gate"))
    assert wait_until(lambda: len(site.states("gate")) >= heard + 3, 20)
    gate = site.states("gate")[-1]
    assert gate["status"] == "online"
    assert gate["processed_fps"] == pytest.approx(10, abs=2)
    assert {c["since"] for c in site.states("gate") if c["status"] == "online"} == {gate["since"]}
    assert wait_until(lambda: any(".clip" in id_ for id_ in site.uploads.order), 40)
    incidents = [i for i in site.centre.of_kind("incident") if i["revision"] == 1]
    assert "gate" in {incident["camera_id"] for incident in incidents}
    assert site.centre.of_kind("state")[-1]["counters"]["pipeline_errors"] == 0
    assert "guessed" not in site.box.log
    assert site.box.terminate() == 0
    dropped, of = gate["frames_dropped"], round(10 * (time.monotonic() - began_s))
    fault_case.lost("frames of the healthy one", dropped, of=of, named_by="frames_dropped")
    fault_case.not_interrupted()
