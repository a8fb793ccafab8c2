"""How soon a camera's end and return are known: real streams, a real box, a real broker."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from edge.contract.messages import IncidentMessage, StateMessage
from tests.assets import asset
from tests.box_bench import BoxBench
from tests.edge_process import CAMERA
from tests.rtsp_clock_proxy import RtspClockProxy
from tests.rtsp_server import RtspServer, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.contract.messages import CameraState
    from tests.fault_matrix import FaultCase

pytestmark = [
    pytest.mark.broker,
    pytest.mark.rtsp,
    pytest.mark.assets,
    pytest.mark.fault("camera"),
    pytest.mark.timeout(180),
]
H264 = "video/vn-street-cctv-motorbikes-20s.mp4"
OFFLINE_WITHIN_S = 5.0
BACK_WITHIN_S = 3.0


@dataclass
class Scene:
    """A box with a network camera ``gate`` and a healthy file camera ``yard``."""

    bench: BoxBench
    server: RtspServer

    def states(self, camera_id: str = "gate") -> list[CameraState]:
        """Return all that the centre has heard of a camera."""
        told = [StateMessage.model_validate(s) for s in self.bench.centre.of_kind("state")]
        return [c for state in told for c in state.cameras if c.camera_id == camera_id]

    def is_now(self, status: str) -> bool:
        """Return whether the camera's newest state says so."""
        states = self.states()
        return bool(states) and states[-1].status == status

    def is_watched(self) -> bool:
        """Return whether frames of the camera are being looked at."""
        return self.is_now("online") and self.states()[-1].processed_fps > 1


def laid_out(folder: Path, stack: ExitStack, offset_s: float | None = None) -> Scene:
    """Return the scene with its real camera, whose clock may be off; no box runs yet."""
    bench = BoxBench(folder, stack, ("gate", "yard"))
    server = stack.enter_context(RtspServer({"cam": asset(H264)}, folder))
    url = server.url("cam")
    if offset_s is not None:
        url = stack.enter_context(RtspClockProxy(server.port, offset_s)).url("cam")
    source = f'{{kind: rtsp, url: "{url}"}}'
    text = CAMERA.format(name="gate").replace("{kind: file, path: clip.avi, loop: true}", source)
    text = text.replace("frame_size_px: [128, 64]", "frame_size_px: [640, 320]")
    text = text.replace("[128, 0], [128, 64], [0, 64]", "[640, 0], [640, 320], [0, 320]")
    bench.box_file.with_name("gate.yaml").write_text(text, encoding="utf-8")
    return Scene(bench, server)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with ExitStack() as stack:
        scene = laid_out(tmp_path, stack)
        scene.bench.box()
        wait_for(scene.is_watched, 60, "the camera to be watched")
        yield scene


def others_never_stopped(scene: Scene) -> bool:
    """Return whether the healthy camera has been online without a break."""
    online = [state for state in scene.states("yard") if state.status != "connecting"]
    return {state.status for state in online} == {"online"} and len({s.since for s in online}) == 1


def test_a_camera_that_freezes_is_offline_at_the_centre_within_five_seconds(
    scene: Scene, fault_case: FaultCase
) -> None:
    fault_case.injected("SIGSTOP of the camera: connected, but silent")
    scene.server.freeze()
    frozen_s, frozen_at = time.monotonic(), time.time()
    wait_for(lambda: scene.is_now("offline"), 15, "the silence to reach the centre")
    noticed_s, noticed_at = time.monotonic() - frozen_s, time.time()
    state = scene.states()[-1]

    assert noticed_s <= OFFLINE_WITHIN_S
    assert state.last_frame_at is not None
    assert noticed_at - state.last_frame_at.timestamp() <= OFFLINE_WITHIN_S
    assert state.last_frame_at.timestamp() <= frozen_at + 0.5
    assert "connected but silent for 3 s" in state.reason
    time.sleep(6)  # long enough for the connection to be given up as well
    scene.server.thaw()
    with fault_case.recovering():
        wait_for(scene.is_watched, 20, "the camera to be watched again")
    fault_case.lost("other cameras disturbed", 0 if others_never_stopped(scene) else 1, of=1)


def test_a_camera_that_is_back_is_watched_within_three_seconds(
    scene: Scene, fault_case: FaultCase
) -> None:
    fault_case.injected("the camera unplugged for 12 s")
    scene.server.stop()
    wait_for(lambda: scene.is_now("offline"), OFFLINE_WITHIN_S, "the loss to reach the centre")
    time.sleep(12)  # waits have grown to their bound
    reconnects = scene.states()[-1].reconnects
    scene.server.start()
    with fault_case.recovering():
        began_s = time.monotonic()
        wait_for(lambda: scene.is_now("online"), 20, "the camera to come back")
        took_s = time.monotonic() - began_s

    assert took_s <= BACK_WITHIN_S
    assert scene.states()[-1].reconnects == reconnects + 1
    wait_for(scene.is_watched, 5, "frames to be looked at")
    fault_case.lost("other cameras disturbed", 0 if others_never_stopped(scene) else 1, of=1)


DYING_CAMERA = """
import edge.camera.camera as module
real, state = module.to_bgr, {"left": 3}
def failing(picture):
    if picture.width == 640 and state["left"]:
        state["left"] -= 1
        raise RuntimeError("a mistake nobody foresaw")
    return real(picture)
module.to_bgr = failing
"""


def test_a_mistake_in_the_thread_of_one_camera_stops_neither_it_nor_the_others(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    fault_case.injected("a programming mistake kills a camera's thread three times")
    with ExitStack() as stack:
        scene = laid_out(tmp_path, stack)
        process = scene.bench.box_with(DYING_CAMERA)
        with fault_case.recovering():
            wait_for(scene.is_watched, 60, "the camera to be watched at last")
        counters: dict[str, Any] = scene.bench.centre.of_kind("state")[-1]["counters"]
        assert counters["camera_failures"] == 3
        assert process.poll() is None
        fault_case.lost("other cameras disturbed", 0 if others_never_stopped(scene) else 1, of=1)


@pytest.mark.parametrize("offset_s", [1.2, -25_200.0], ids=["1.2 s fast", "7 h slow"])
def test_a_camera_whose_clock_is_wrong_is_told_in_its_incidents_and_as_an_alarm(
    tmp_path: Path, fault_case: FaultCase, offset_s: float
) -> None:
    fault_case.injected("the camera's sender reports carry a wrong time")
    with ExitStack() as stack:
        scene = laid_out(tmp_path, stack, offset_s)
        scene.bench.box()

        def told() -> list[IncidentMessage]:
            heard = scene.bench.centre.of_kind("incident")
            messages = [IncidentMessage.model_validate(message) for message in heard]
            of_gate = [m for m in messages if m.camera_id == "gate"]
            return [message for message in of_gate if message.clock_offset_s is not None]

        wait_for(lambda: bool(told()), 60, "an incident that knows the camera's clock")
        states = partial(scene.bench.centre.of_kind, "state")
        wait_for(
            lambda: any("camera_clock_off" in state["alarms"] for state in states()),
            10,
            "the alarm in a heartbeat",
        )
        message = told()[-1]
        heard_at = datetime.now(UTC)
    assert message.clock_offset_s == pytest.approx(offset_s, abs=0.3)
    assert message.time_trust in {"doubtful", "untrusted"}
    off_s = (message.occurred_at - heard_at).total_seconds()
    fault_case.not_interrupted()
    fault_case.lost("right times", int(abs(off_s) > 60), of=1)
