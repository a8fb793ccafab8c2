"""How the box is: heartbeat, Prometheus figures, logging.

Invariants:
    * The heartbeat goes out every ``heartbeat_s`` and at once when a camera's status changes.
    * Every counter of :mod:`edge.counters` is in each heartbeat and in each scrape.
    * Prometheus figures are served on the loopback only: they name cameras and need no password.

What is done about bad health is decided at the centre, by people.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import structlog
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from edge.alarms import ALARMS
from edge.contract import logs
from edge.counters import COUNTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from wsgiref.simple_server import WSGIServer

    from prometheus_client.core import Metric

    from edge.contract.messages import StateMessage

LOOPBACK = "127.0.0.1"


def configure_logging(style: Literal["json", "console"]) -> None:
    """Send structured logs to standard error, one line each, with UTC times."""
    renderer: structlog.typing.Processor = structlog.processors.JSONRenderer(ensure_ascii=False)
    if style == "console":
        renderer = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    logs.configure([structlog.processors.format_exc_info, renderer], sys.stderr)


def memory_bytes() -> int | None:
    """Return the resident memory of this process; None when the kernel does not tell.

    A box that has run out of descriptors must still be able to say how it is.
    Source: proc(5), second field of statm.
    """
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


def disk_free_bytes(folder: Path) -> int | None:
    """Return the bytes that may still be written where ``folder`` is; None when nobody can say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


class Heartbeat:
    """Announces the box's state on a thread of its own.

    Args:
        state: Composes the state as it is now.
        announce: Publishes it, latest wins.
        every_s: Longest silence.
    """

    def __init__(
        self,
        state: Callable[[], StateMessage],
        announce: Callable[[StateMessage], None],
        every_s: float,
    ) -> None:
        self._state = state
        self._announce = announce
        self._every_s = every_s
        self._due = threading.Event()
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="heartbeat")

    def start(self) -> None:
        """Begin with a first heartbeat at once."""
        self._thread.start()

    def beat_now(self) -> None:
        """Announce without waiting: something has changed. Returns at once, from any thread."""
        self._due.set()

    def stop(self) -> None:
        """End without a last word: the farewell is the publisher's."""
        self._stopping = True
        self._due.set()
        self._thread.join()

    def _run(self) -> None:
        """Announce, wait, and again."""
        while not self._stopping:
            self._due.clear()
            self._announce(self._state())
            self._due.wait(self._every_s)


class StateCollector(Collector):
    """Turns the box's state into Prometheus figures at each scrape."""

    def __init__(self, state: Callable[[], StateMessage]) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        """Yield all figures of one scrape."""
        state = self._state()
        for name, count in state.counters.items():
            yield CounterMetricFamily(f"songlam_{name}", COUNTERS[name], value=count)
        waiting_s = (state.sent_at - (state.oldest_unsent_at or state.sent_at)).total_seconds()
        for name, text, value in (
            ("outbox_depth", "Rows that wait for the centre.", state.outbox_depth),
            ("outbox_oldest_seconds", "Age of the longest-waiting row.", waiting_s),
            ("disk_free_bytes", "Bytes left where the box keeps its data.", state.disk_free_bytes),
            ("memory_bytes", "Resident memory of the process.", state.memory_bytes),
        ):
            if value is not None:
                yield GaugeMetricFamily(f"songlam_{name}", text, value=value)
        if state.clock_synchronised is not None:
            text = "1 while a time server holds the box's clock."
            held = float(state.clock_synchronised)
            yield GaugeMetricFamily("songlam_clock_synchronised", text, value=held)
        alarms = GaugeMetricFamily("songlam_alarm", "1 while an alarm stands.", labels=["code"])
        for code in ALARMS:
            alarms.add_metric([code], float(code in state.alarms))
        yield alarms
        yield from _camera_figures(state)


def _camera_figures(state: StateMessage) -> Iterator[Metric]:
    """Yield figures that exist once per camera."""
    online = GaugeMetricFamily("songlam_camera_online", "1 while frames come.", labels=["camera"])
    rate = GaugeMetricFamily(
        "songlam_camera_processed_fps", "Frames looked at per second.", labels=["camera"]
    )
    offset = GaugeMetricFamily(
        "songlam_camera_clock_offset_seconds",
        "The camera's clock minus the box's; absent where the camera tells no time.",
        labels=["camera"],
    )
    for camera in state.cameras:
        online.add_metric([camera.camera_id], float(camera.status == "online"))
        rate.add_metric([camera.camera_id], camera.processed_fps)
        if camera.clock_offset_s is not None:
            offset.add_metric([camera.camera_id], camera.clock_offset_s)
    yield online
    yield rate
    yield offset


class MetricsServer:
    """Serves the figures over HTTP on the loopback."""

    def __init__(self, state: Callable[[], StateMessage], port: int) -> None:
        """Listen on ``port``.

        Raises:
            OSError: The port is taken.
        """
        registry = CollectorRegistry()
        registry.register(StateCollector(state))
        server: tuple[WSGIServer, threading.Thread] = start_http_server(
            port, addr=LOOPBACK, registry=registry
        )
        self._server, self._thread = server

    @property
    def port(self) -> int:
        """Return the port it listens on."""
        return self._server.server_port

    def stop(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
