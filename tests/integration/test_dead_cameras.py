"""What a dead camera costs: refused ports, black holes, mute servers, by the CPU's own clock."""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.mosquitto import free_port
from tests.rtsp_server import RtspServer
from tests.videos import make_video

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
WATCHED_S = 12.0
MOST_SHARE = 0.01
"""Source: the bar of one per cent of a core for a dead camera."""
PROGRAM = """
import sys, time
from edge.camera import Camera, FrameMailbox, PacketRing
from edge.clock import SystemClock
from edge.config.camera import CameraConfig, RtspSource
source = RtspSource(kind="rtsp", url=sys.argv[1])
config = CameraConfig(id="dead", name="Dead", source=source, frame_size_px=(640, 360))
camera = Camera(config, PacketRing(30, 10**7), FrameMailbox(), SystemClock())
camera.start()
time.sleep(1.0)
began_s, cpu_s = time.monotonic(), time.process_time()
while time.monotonic() < began_s + float(sys.argv[2]):
    time.sleep(0.5)
    camera.look_after()
print(time.process_time() - cpu_s, camera.state().status, flush=True)
import os
os._exit(0)
"""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def refused(_: ExitStack, __: Path) -> str:
    """Return an address where nobody listens."""
    return f"rtsp://127.0.0.1:{free_port()}/live"


def black_hole(stack: ExitStack, __: Path) -> str:
    """Return an address that swallows every packet: a listener whose queue is full."""
    server = stack.enter_context(socket.socket())
    server.bind(("127.0.0.1", 0))
    server.listen(0)
    for _ in range(4):
        caller = stack.enter_context(socket.socket())
        caller.settimeout(0)
        caller.connect_ex(server.getsockname())
    return f"rtsp://127.0.0.1:{server.getsockname()[1]}/live"


def mute(stack: ExitStack, _: Path) -> str:
    """Return an address that takes connections and never says a word."""
    server = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1000))
    return f"rtsp://127.0.0.1:{server.getsockname()[1]}/live"


def without_stream(stack: ExitStack, folder: Path) -> str:
    """Return a path that a real server does not know."""
    video = make_video(folder / "v.mp4", seconds=1)
    server = stack.enter_context(RtspServer({"cam": video}, folder, lasting_s=10))
    return server.url("other")


@pytest.mark.rtsp
def test_a_dead_camera_costs_at_most_one_per_cent_of_a_core(
    stack: ExitStack, tmp_path: Path
) -> None:
    """All four at once, each in a process of its own: the CPU's clock counts each by itself."""
    processes = {
        kind.__name__: subprocess.Popen(
            [sys.executable, "-c", PROGRAM, kind(stack, tmp_path), str(WATCHED_S)],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        for kind in (refused, black_hole, mute, without_stream)
    }
    told = {name: process.communicate(timeout=90)[0].split() for name, process in processes.items()}
    shares = {name: float(cpu_s) / WATCHED_S for name, (cpu_s, _) in told.items()}

    print({name: f"{share:.2%} of a core" for name, share in shares.items()})  # noqa: T201
    assert {status for _, status in told.values()} == {"offline"}
    assert max(shares.values()) <= MOST_SHARE
