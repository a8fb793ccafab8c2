"""One camera's way from painted frames to incident messages, with a scripted detector."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from structlog.testing import capture_logs

from edge.config.camera import CameraConfig, RtspSource, Signal, StopLine
from edge.contract.messages import ModelRef, Phase
from edge.counters import Counters
from edge.errors import ConfigError
from edge.pipeline import Pipeline, Setting, scene_version
from edge.rules.base import IncidentPolicy
from edge.scene import Detections, Frame
from tests.builders import NOON

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edge.contract.messages import IncidentMessage
    from edge.scene import Scene, Sighting

FPS = 10.0
SIZE_PX = (400, 800)
RED_AT_S, RIDES_AT_S, PX_PER_S = 3.0, 6.0, 160.0


class Rider:
    """A detector that sees one motorbike ride up the picture, at the picture's own scale."""

    def __init__(self, model: ModelRef | None = None) -> None:
        self.model: ModelRef | None = model

    def detect(self, frame: Frame) -> Detections:
        """Return the motorbike where it is at the frame's second."""
        scale = frame.size_px[1] / SIZE_PX[1]
        foot_y = (780 - max(0.0, frame.stream_s - RIDES_AT_S) * PX_PER_S) * scale
        if foot_y < 60 * scale:
            return Detections.empty()
        x = 200 * scale
        box = [x - 15 * scale, foot_y - 60 * scale, x + 15 * scale, foot_y]
        return Detections(np.array([box], np.float32), np.array([0.9], np.float32), ("motorbike",))


def camera(**given: Any) -> CameraConfig:
    """Return a junction drawn on a picture of ``SIZE_PX``; 40 pixels are about a metre."""
    fields: dict[str, Any] = {
        "id": "gate",
        "name": "Gate",
        "frame_size_px": SIZE_PX,
        "signals": (Signal(id="main", region=(300, 100, 340, 220)),),
        "stop_lines": (
            StopLine(
                id="line",
                line=((0, 500), (400, 500)),
                past=((0, 380), (400, 380)),
                direction=((200, 700), (200, 520)),
                signal="main",
            ),
        ),
        "rules": {"red_light": {}},
    }
    return CameraConfig(**(fields | given))


def frames(until_s: float = 12.0, scale: float = 1.0) -> Iterator[Frame]:
    """Yield frames whose light is yellow, then red from ``RED_AT_S`` on."""
    width, height = round(SIZE_PX[0] * scale), round(SIZE_PX[1] * scale)
    for number in range(round(until_s * FPS)):
        now_s = number / FPS
        image = np.full((height, width, 3), 110, np.uint8)
        lamp, colour = (0, (40, 40, 250)) if now_s >= RED_AT_S else (1, (30, 140, 250))
        for cell in range(3):
            top = round((100 + cell * 40) * scale)
            paint = colour if cell == lamp else (25, 25, 25)
            image[top : round(top + 40 * scale), round(300 * scale) : round(340 * scale)] = paint
        yield Frame("gate", image, NOON + timedelta(seconds=now_s), now_s)


def build(
    given: CameraConfig, detector: Rider | None = None, counters: Counters | None = None
) -> Pipeline:
    """Return a pipeline with a scripted detector."""
    setting = Setting(box_id="n1", software_version="0.1")
    return Pipeline(given, detector or Rider(), setting, counters or Counters())


def messages(pipeline: Pipeline, scale: float = 1.0) -> list[IncidentMessage]:
    """Return every message of the whole clip."""
    changes = [change for frame in frames(scale=scale) for change in pipeline.process(frame)]
    return [change.message for change in changes + pipeline.finish()]


def test_frames_become_messages_about_what_happened() -> None:
    pipeline = build(camera())

    told = messages(pipeline)

    assert [message.phase for message in told] == [Phase.OPENED, Phase.CLOSED]
    first = told[0]
    assert (first.rule, first.place, first.object_class) == ("red_light", "line", "motorbike")
    assert (first.box_id, first.camera_id, first.software_version) == ("n1", "gate", "0.1")
    assert first.clip_s == pytest.approx(7.2, abs=0.6)
    assert first.clip_s < first.decided_clip_s < 9.0
    assert [change.state for change in first.signal_log] == ["yellow", "red"]
    assert first.scene_version == scene_version(camera())


def test_a_rule_rests_while_an_officer_directs_the_traffic() -> None:
    resting = {"gate": frozenset({"red_light"})}
    setting = Setting(box_id="n1", suspended=lambda camera_id: resting.get(camera_id, frozenset()))
    pipeline = Pipeline(camera(), Rider(), setting, Counters())

    assert messages(pipeline) == []
    resting.clear()
    assert messages(Pipeline(camera(), Rider(), setting, Counters()))


@pytest.mark.parametrize("scale", [0.5, 0.75, 2.0])
def test_a_stream_of_another_size_tells_the_same_story(scale: float) -> None:
    """The drawing is on the main stream, the box watches the sub-stream."""
    pipeline = build(camera())

    (first, _) = messages(pipeline, scale=scale)

    assert first.clip_s == pytest.approx(7.2, abs=0.6)
    assert first.frame_size_px == (round(SIZE_PX[0] * scale), round(SIZE_PX[1] * scale))


def test_an_incident_outlives_a_change_of_the_picture_s_size() -> None:
    pipeline = build(camera())
    for frame in frames(until_s=8.8):
        pipeline.process(frame)
    smaller = next(iter(frames(scale=0.5)))
    later = Frame("gate", smaller.image, NOON + timedelta(seconds=9), 9.0, epoch=1)

    assert pipeline.process(later) == []
    assert [change.message.phase for change in pipeline.finish()] == [Phase.CLOSED]


def test_the_scene_that_was_believed_can_be_asked_for() -> None:
    pipeline = build(camera())
    believed = [pipeline.scene]

    for frame in frames(until_s=4.0):
        pipeline.process(frame)
        believed.append(pipeline.scene)

    assert believed[0] is None
    assert believed[-1] is not None
    assert believed[-1].signals == {"main": "red"}
    assert len(believed[-1].tracks) == 1


def test_the_detector_may_be_swapped_between_two_frames() -> None:
    """The track lives on, and the incident names the model that was in charge when it opened."""
    old, new = ModelRef(name="old", version="1"), ModelRef(name="new", version="2")
    pipeline = build(camera(), Rider(old))
    told: list[IncidentMessage] = []
    for frame in frames():
        if frame.stream_s == 7.0:
            pipeline.detector = Rider(new)
        told += [change.message for change in pipeline.process(frame)]

    assert told[0].model == new
    assert told[0].boxes[0][0] < 7.0


def test_evidence_is_attached_through_the_pipeline() -> None:
    pipeline = build(camera())
    (first, _) = messages(pipeline)

    attached = pipeline.attach_evidence(first.incident_id, [], "the ring was empty")

    assert attached is not None
    assert (attached.revision, attached.evidence_missing) == (3, "the ring was empty")
    assert pipeline.attach_evidence("nobody", []) is None


def test_a_wrong_rules_section_is_refused_before_the_first_frame() -> None:
    with pytest.raises(ConfigError, match=r"rules\.red_light\.grace"):
        build(camera(rules={"red_light": {"grace": 1.0}}))


def test_the_rules_that_watch_are_named() -> None:
    assert build(camera()).rules == ("red_light",)
    assert {"red_light", "stop_line"} <= set(build(camera(rules={})).rules)


def test_the_scene_version_follows_the_drawing_and_not_the_address() -> None:
    """The address may hold a password, and moving a camera's cable changes no judgement."""
    plain = camera()
    cabled = camera(source=RtspSource(kind="rtsp", url="rsts://x".replace("rsts", "rtsp")))
    redrawn = camera(min_score=0.4)

    assert scene_version(plain) == scene_version(cabled)
    assert scene_version(plain) != scene_version(redrawn)
    assert len(scene_version(plain)) == 12


def test_a_rule_that_fails_silences_no_other_rule_and_is_counted() -> None:
    class Broken:
        name = "stop_line"
        policy = IncidentPolicy()

        def observe(self, _: Scene) -> Sequence[Sighting]:
            raise ZeroDivisionError("a mistake")

    counters = Counters()
    pipeline = build(camera(), counters=counters)
    pipeline._rules.insert(0, Broken())

    with capture_logs() as logs:
        told = messages(pipeline)

    assert [message.rule for message in told] == ["red_light", "red_light"]
    assert counters.get("rule_errors") == 120
    assert [entry["event"] for entry in logs] == ["rule_failed"] * 7
    assert {entry["rule"] for entry in logs} == {"stop_line"}
