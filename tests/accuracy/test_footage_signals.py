"""Red lights and stop lines on real footage with the real model, against what was seen by eye.

Truth: ``EVENTS-by-eye.json`` beside the clips, ±0.5 s. The thresholds were chosen on these clips:
this holds what was reached and does not prove what a third junction will give.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.camera import read_file
from edge.config.load import load_camera
from edge.counters import Counters
from edge.detector.onnx import Detector
from edge.pipeline import Pipeline, Setting
from tests.assets import ROOT, asset
from tests.builders import NOON
from tests.stories import opened

if TYPE_CHECKING:
    from edge.contract.messages import IncidentMessage, SignalChange

pytestmark = [pytest.mark.assets, pytest.mark.timeout(300)]

CAMERAS = ROOT / "configs/demo/cameras"
MODELS = ROOT / "models"
HANG_BAI = "vn-hanoi-hangbai-redlight"
JUMP_START_S = 40.3
TOLERANCE_S = 2.0


@pytest.fixture(scope="module")
def detector() -> Detector:
    asset("models")
    return Detector.load(MODELS / "deimv2_femto_coco_416/1.0.0/manifest.json", threads=2)


def replayed(
    name: str, detector: Detector, until_s: float = 64.0
) -> tuple[list[IncidentMessage], tuple[SignalChange, ...]]:
    """Return the message that opened each incident of a clip, and the log of its signal."""
    camera = load_camera(CAMERAS / f"{name}.yaml")
    assert camera.source is not None
    assert camera.source.kind == "file"
    pipeline = Pipeline(camera, detector, Setting(box_id="replay", trust_drawing=True), Counters())
    messages = []
    for frame in read_file(asset(f"video/{Path(camera.source.path).name}"), camera, NOON):
        if frame.stream_s > until_s:
            break
        messages += [change.message for change in pipeline.process(frame)]
    assert pipeline.scene is not None
    messages += [change.message for change in pipeline.finish()]
    return opened(messages), pipeline.scene.signal_log


def seconds(messages: list[IncidentMessage], rule: str) -> list[float]:
    """Return when each incident of a rule happened."""
    return sorted(message.clip_s for message in messages if message.rule == rule)


def labelled_runs() -> list[float]:
    """Return the seconds of the red-light runs labelled by eye before the jump start."""
    labels = json.loads(asset("video/EVENTS-by-eye.json").read_text("utf-8"))
    events = labels["clips"][f"{HANG_BAI}-64s.mp4"]["events"]
    runs = [event["t_line"] for event in events if event["type"] == "red_light"]
    return [at_s for at_s in runs if at_s < JUMP_START_S]


def matched(found: list[float], labels: list[float]) -> tuple[int, list[float]]:
    """Return how many labels were found, each by one incident, and the incidents left over."""
    rest = list(found)
    hits = 0
    for label in labels:
        near = [at_s for at_s in rest if abs(at_s - label) <= TOLERANCE_S]
        if near:
            rest.remove(min(near))  # in the order of time: most pairs for windows of one width
            hits += 1
    return hits, rest


def test_every_run_before_the_jump_start_is_found_and_nothing_else(detector: Detector) -> None:
    messages, log = replayed(HANG_BAI, detector, until_s=46.0)

    hits, rest = matched(seconds(messages, "red_light"), labelled_runs())
    assert hits == 7
    assert [at_s for at_s in rest if at_s < JUMP_START_S - TOLERANCE_S] == []
    assert len(rest) >= 3, "the jump start of the queue, at least three vehicles of it"
    assert [(change.state, round(change.clip_s)) for change in log] == [("red", 0), ("green", 42)]
    run = next(message for message in messages if message.rule == "red_light")
    assert run.boxes
    assert any(change.state == "red" for change in run.signal_log)
    assert any(abs(at_s - 24.0) <= TOLERANCE_S for at_s in seconds(messages, "stop_line"))


def test_another_model_finds_six_of_the_seven_runs_and_nothing_else() -> None:
    asset("models")  # absent without the folder, and then skipped
    yolox = Detector.load(MODELS / "yolox_nano_416/1.0.0/manifest.json", threads=2)

    messages, _ = replayed(HANG_BAI, yolox, until_s=38.0)

    hits, rest = matched(seconds(messages, "red_light"), labelled_runs())
    assert hits >= 6
    assert rest == []


def test_a_growing_legal_queue_is_neither_a_run_nor_a_breakdown(detector: Detector) -> None:
    messages, log = replayed("vn-hanoi-giangvo-queue", detector)

    assert {message.rule for message in messages} <= {"stop_line"}
    assert [change.state for change in log] == ["green", "unknown", "red"]
    assert log[-1].clip_s == pytest.approx(4.3, abs=0.5)


def test_right_turns_on_the_arrow_are_not_runs(detector: Detector) -> None:
    messages, log = replayed("vn-intersection-queue", detector)

    assert seconds(messages, "red_light") == []
    assert [change.state for change in log] == ["red"]


def test_traffic_on_green_raises_nothing(detector: Detector) -> None:
    messages, log = replayed("vn-junction-danghuytru-a", detector)

    assert messages == []
    assert [change.state for change in log] == ["green"]


def test_a_motorbike_that_stops_over_the_line_is_found(detector: Detector) -> None:
    messages, log = replayed("vn-junction-danghuytru-b", detector)

    assert [message.rule for message in messages] == ["stop_line"]
    assert messages[0].clip_s == pytest.approx(2.0, abs=TOLERANCE_S)
    assert [change.state for change in log] == ["red"]
