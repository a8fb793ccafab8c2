"""A real RTSP server for tests: files in, ``rtsp://127.0.0.1:PORT/name`` out.

Invariants:
    * Loopback only, on a free port; stopped by its own process id.
    * Pictures are not re-encoded: a file is repeated (packets copied, time running on) until it
      lasts ``lasting_s``, so that a camera never ends during a test.

``freeze`` stops the process without closing its sockets: the silent camera. ``stop`` closes them:
the unplugged one. ``start`` again keeps the port.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import time
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Self

import av

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SYSTEM_PYTHON = "/usr/bin/python3"
PACKAGES = (
    "python3-gi gir1.2-gst-rtsp-server-1.0 gstreamer1.0-plugins-good gstreamer1.0-plugins-bad"
)
PROCESS = Path(__file__).with_name("gst_rtsp_process.py")
MILLISECOND = Fraction(1, 1000)
START_S = 15.0


def repeat(source: Path, target: Path, lasting_s: float) -> str:
    """Write the video of ``source`` into Matroska ``target`` over and over; return its codec."""
    with av.open(str(source)) as first, av.open(str(target), "w", format="matroska") as output:
        stream = output.add_stream_from_template(first.streams.video[0], opaque=True)
        codec = first.streams.video[0].codec_context.name
        offset_s = 0.0
        while offset_s < lasting_s:
            end_s = offset_s
            with av.open(str(source)) as container:
                for packet in container.demux(video=0):
                    if packet.dts is None or packet.pts is None:
                        continue
                    at_s = float(packet.pts * packet.time_base)
                    dts_s = float(packet.dts * packet.time_base)
                    end_s = max(end_s, offset_s + at_s + 0.04)
                    copy = av.Packet(bytes(packet))
                    copy.time_base = MILLISECOND
                    copy.pts = round((offset_s + at_s) * 1000)
                    copy.dts = round((offset_s + dts_s) * 1000)
                    copy.is_keyframe = packet.is_keyframe
                    copy.stream = stream
                    output.mux(copy)
            offset_s = end_s
    return codec


class RtspServer:
    """One server process with any number of streams; a context manager."""

    def __init__(
        self,
        files: Mapping[str, Path],
        folder: Path,
        *,
        user: str = "",
        password: str = "",
        method: str = "basic",
        lasting_s: float = 120.0,
    ) -> None:
        """Prepare looped copies of ``files`` (name → video) in ``folder`` for ``start``."""
        self._streams: dict[str, tuple[str, str]] = {}
        for name, path in files.items():
            looped = folder / f"{name}.mkv"
            self._streams[name] = (str(looped), repeat(path, looped, lasting_s))
        self._user, self._password, self._method = user, password, method
        self._process: subprocess.Popen[str] | None = None
        self.port = 0

    def url(self, name: str, user: str = "", password: str = "") -> str:
        """Return the address of one stream."""
        login = f"{user}:{password}@" if user else ""
        return f"rtsp://{login}127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start serving; the first start picks the port, later ones keep it.

        Raises:
            RuntimeError: The server did not come up; says which packages it needs.
        """
        options = {
            "port": self.port,
            "streams": self._streams,
            "user": self._user,
            "password": self._password,
            "method": self._method,
        }
        self._process = subprocess.Popen(
            [SYSTEM_PYTHON, str(PROCESS), json.dumps(options)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        )
        assert self._process.stdout is not None
        readable, _, _ = select.select([self._process.stdout], [], [], START_S)
        line = self._process.stdout.readline() if readable else ""
        if not line.startswith("PORT "):
            self._process.kill()
            _, errors = self._process.communicate()
            raise RuntimeError(
                f"no RTSP server for the tests; as root: apt-get install {PACKAGES}\n{errors}"
            )
        self.port = int(line.split()[1])

    def freeze(self) -> None:
        """Stop sending without closing the connection."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on after ``freeze``."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGCONT)

    def stop(self) -> None:
        """Kill the process; every connection breaks."""
        if self._process is None:
            return
        self._process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.communicate(timeout=5)
        self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


def wait_for(condition: Callable[[], bool], within_s: float, what: str) -> None:
    """Wait until ``condition()`` is true; real servers give no other sign.

    Raises:
        AssertionError: It did not become true in time.
    """
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within_s} s: {what}")
        time.sleep(0.05)
