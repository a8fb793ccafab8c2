"""Heartbeat, figures and logs: what is told is what is, at once and in full."""

from __future__ import annotations

import json
import resource
import threading
import urllib.request
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

import pytest
import structlog
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from edge.contract.messages import CameraState, StateMessage
from edge.counters import COUNTERS, Counters
from edge.health import (
    Heartbeat,
    MetricsServer,
    StateCollector,
    configure_logging,
    disk_free_bytes,
    memory_bytes,
)
from tests.builders import NOON, state_message
from tests.mosquitto import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCES = Path(__file__).parents[3] / "edge"


def figures(state: StateMessage) -> dict[tuple[str, str], float]:
    """Return (name, camera) → value of one scrape."""
    registry = CollectorRegistry()
    registry.register(StateCollector(lambda: state))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, sample.labels.get("camera", "")): sample.value
        for family in families
        for sample in family.samples
    }


def test_clocks_and_alarms_are_figures() -> None:
    camera = CameraState(camera_id="gate", status="online", since=NOON, clock_offset_s=-0.7)
    silent = CameraState(camera_id="yard", status="online", since=NOON)
    state = state_message(
        cameras=(camera, silent), clock_synchronised=False, alarms=("clock_unsynchronised",)
    )
    registry = CollectorRegistry()
    registry.register(StateCollector(lambda: state))
    text = generate_latest(registry).decode()

    assert "songlam_clock_synchronised 0.0" in text
    assert 'songlam_alarm{code="clock_unsynchronised"} 1.0' in text
    assert 'songlam_alarm{code="disk_low"} 0.0' in text
    assert 'songlam_camera_clock_offset_seconds{camera="gate"} -0.7' in text
    assert 'offset_seconds{camera="yard"}' not in text


def test_a_kernel_that_cannot_say_gives_no_figure_of_its_clock() -> None:
    assert ("songlam_clock_synchronised", "") not in figures(state_message())


def test_a_counter_grows_and_is_known_by_name() -> None:
    counters = Counters()
    counters.increment("frames_dropped")
    counters.increment("frames_dropped", 3)
    assert counters.get("frames_dropped") == 4
    assert counters.snapshot() == {**dict.fromkeys(COUNTERS, 0), "frames_dropped": 4}


def test_counting_under_an_unknown_name_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Counters().increment("frames_droped")
    with pytest.raises(KeyError):
        Counters().get("frames_droped")


def test_counts_of_many_threads_all_arrive() -> None:
    counters = Counters()

    def count() -> None:
        for _ in range(2_000):
            counters.increment("messages_sent")

    threads = [threading.Thread(target=count) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.get("messages_sent") == 16_000


def test_every_counter_is_used_and_explained_in_a_sentence() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in SOURCES.rglob("*.py")
        if path.stem != "counters"
    )
    named_by_parts = {"incidents_queued", "telemetry_queued"}
    assert [n for n in COUNTERS if f'"{n}"' not in code and n not in named_by_parts] == []
    assert [n for n, text in COUNTERS.items() if not text.endswith(".") or len(text) < 12] == []


def test_every_counter_reaches_prometheus() -> None:
    counters = Counters()
    counters.increment("frames_processed", 7)
    found = figures(state_message(counters=counters.snapshot()))
    assert found["songlam_frames_processed_total", ""] == 7
    assert {f"songlam_{name}_total" for name in COUNTERS} <= {name for name, _ in found}


def test_queue_disk_memory_and_cameras_reach_prometheus() -> None:
    cameras = tuple(
        CameraState(camera_id=name, status=status, since=NOON, processed_fps=fps)
        for name, status, fps in (("gate", "online", 7.5), ("bridge", "offline", 0.0))
    )
    found = figures(
        state_message(
            sent_at=NOON.replace(minute=1),
            oldest_unsent_at=NOON,
            outbox_depth=3,
            disk_free_bytes=10,
            memory_bytes=20,
            cameras=cameras,
        )
    )
    assert found["songlam_outbox_depth", ""] == 3
    assert found["songlam_outbox_oldest_seconds", ""] == 60
    assert found["songlam_disk_free_bytes", ""] == 10
    assert found["songlam_memory_bytes", ""] == 20
    assert found["songlam_camera_online", "gate"] == 1
    assert found["songlam_camera_online", "bridge"] == 0
    assert found["songlam_camera_processed_fps", "gate"] == 7.5


def test_what_is_not_known_is_left_out_and_not_zero() -> None:
    found = figures(state_message())
    assert ("songlam_disk_free_bytes", "") not in found
    assert ("songlam_memory_bytes", "") not in found


def test_figures_are_served_on_the_loopback() -> None:
    server = MetricsServer(lambda: state_message(outbox_depth=5), free_port())
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics") as answer:
            assert b"songlam_outbox_depth 5.0" in answer.read()
    finally:
        server.stop()


def test_a_heartbeat_goes_out_at_the_start_and_at_once_when_something_changes() -> None:
    """The longest silence is an hour here, so what comes came by itself."""
    beats: SimpleQueue[StateMessage] = SimpleQueue()
    heartbeat = Heartbeat(state_message, beats.put, every_s=3600.0)
    heartbeat.start()
    assert beats.get(timeout=5).status == "online"
    heartbeat.beat_now()
    assert beats.get(timeout=5).status == "online"
    heartbeat.stop()


def test_heartbeats_go_on_by_themselves() -> None:
    beats: SimpleQueue[StateMessage] = SimpleQueue()
    heartbeat = Heartbeat(state_message, beats.put, every_s=0.01)
    heartbeat.start()
    for _ in range(3):
        beats.get(timeout=5)
    heartbeat.stop()


@pytest.fixture
def _logging() -> Iterator[None]:
    yield
    structlog.reset_defaults()


@pytest.mark.usefixtures("_logging")
def test_a_log_line_is_json_with_level_and_utc_time(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    structlog.get_logger().warning("ngắt_kết_nối", camera="cổng")
    written = capsys.readouterr().err
    line = json.loads(written)
    assert (line["event"], line["camera"], line["level"]) == ("ngắt_kết_nối", "cổng", "warning")
    assert line["timestamp"].endswith("Z")
    assert "cổng" in written


@pytest.mark.usefixtures("_logging")
def test_a_log_line_for_people_is_plain_text(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("console")
    structlog.get_logger().info("box_started", cameras=4)
    written = capsys.readouterr().err
    assert "box_started" in written
    assert "cameras=4" in written
    assert "\x1b" not in written


@pytest.mark.usefixtures("_logging")
def test_debug_lines_stay_out_of_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("json")
    structlog.get_logger().debug("chatter")
    assert capsys.readouterr().err == ""


def test_memory_and_disk_are_read_from_the_machine(tmp_path: Path) -> None:
    assert 5_000_000 < (memory_bytes() or 0) < 50_000_000_000
    assert (disk_free_bytes(tmp_path) or 0) > 0
    assert disk_free_bytes(tmp_path / "none") is None


def test_without_a_descriptor_left_the_box_says_that_it_does_not_know() -> None:
    usual = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1, usual[1]))
    try:
        known = memory_bytes()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, usual)
    assert known is None
