"""The road rules on real footage with the real model, against what was seen by eye.

Truth: ``EVENTS-by-eye.json`` beside the clips, ±0.5 s. A clip not named there holds nothing that
its camera file's rules should report.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from edge.camera import read_file
from edge.config.load import load_camera
from edge.contract.messages import Phase
from edge.counters import Counters
from edge.detector.onnx import Detector
from edge.pipeline import Pipeline, Setting
from tests.assets import ROOT, asset
from tests.builders import NOON

if TYPE_CHECKING:
    from edge.contract.messages import IncidentMessage

pytestmark = [pytest.mark.assets, pytest.mark.timeout(300)]

CAMERAS = ROOT / "configs/demo/cameras"
MANIFEST = ROOT / "models/deimv2_femto_coco_416/1.0.0/manifest.json"


@pytest.fixture(scope="module")
def detector() -> Detector:
    asset("models")
    return Detector.load(MANIFEST, threads=2)


def incidents(name: str, detector: Detector, until_s: float = 60.0) -> list[IncidentMessage]:
    """Return the last message of every incident of a clip, in the order of opening."""
    camera = load_camera(CAMERAS / f"{name}.yaml")
    assert camera.source is not None
    assert camera.source.kind == "file"
    video = asset(f"video/{Path(camera.source.path).name}")
    pipeline = Pipeline(camera, detector, Setting(box_id="replay", trust_drawing=True), Counters())
    last: dict[str, IncidentMessage] = {}
    for frame in read_file(str(video), camera, NOON, None):
        if frame.stream_s > until_s:
            break
        for change in pipeline.process(frame):
            last[change.message.incident_id] = change.message
    for change in pipeline.finish():
        last[change.message.incident_id] = change.message
    return list(last.values())


def told(messages: list[IncidentMessage]) -> list[tuple[str, str, float]]:
    """Return rule, place and second of each incident."""
    return [(message.rule, message.place, message.clip_s) for message in messages]


def test_the_wrong_way_minivan_is_found_and_nobody_else(detector: Detector) -> None:
    """Truth: 2.1 to 3.8 s, a red minivan drives away while all others come."""
    (van,) = incidents("us-wrongway-minivan", detector)

    assert (van.rule, van.object_class, van.phase) == ("wrong_way", "car", Phase.CLOSED)
    assert van.clip_s == pytest.approx(2.1, abs=0.5)
    assert van.decided_clip_s <= 3.8
    assert van.boxes[-1][1] > van.boxes[0][1]


def test_traffic_that_comes_towards_the_camera_raises_nothing(detector: Detector) -> None:
    assert told(incidents("highway-forward-slow", detector)) == []


def test_the_two_people_on_the_carriageway_are_one_incident(detector: Detector) -> None:
    """Truth: 0 to 2.0 s, then the clip cuts to another minute."""
    messages = incidents("vn-junction-pedestrians", detector)

    (people,) = messages
    assert people.rule == "pedestrian_on_carriageway"
    assert people.clip_s <= 0.5
    assert people.decided_clip_s <= 1.6


def test_riders_in_a_street_are_not_pedestrians(detector: Detector) -> None:
    assert told(incidents("vn-street-cctv-motorbikes", detector)) == []


def test_an_expressway_by_day_and_by_night_raises_nothing(detector: Detector) -> None:
    assert told(incidents("vn-expressway-day-night", detector)) == []


def test_a_cyclist_on_a_motorway_shoulder_is_found(detector: Detector) -> None:
    """Truth: from 2.7 s on, small and far after 16 s; the system of that road told at 20.5 s."""
    (cyclist,) = incidents("eu-motorway-cyclist-aid", detector, until_s=8.0)

    assert cyclist.rule == "pedestrian_on_carriageway"
    assert cyclist.place == "lan-dung-khan-cap"
    assert 2.5 <= cyclist.clip_s <= 6.0


def test_a_jam_is_congestion_and_only_the_car_across_the_mouth_stands(detector: Detector) -> None:
    """Truth: the street stands all the time; a black car stands across the zebra from 6 s.

    The hand-held picture drifts until 5 s, so nothing before that can be told to stand.
    """
    messages = incidents("hn-congestion-pedestrians", detector, until_s=25.0)

    jams = [message for message in messages if message.rule == "congestion"]
    standing = [message for message in messages if message.rule == "stopped_vehicle"]
    assert [jam.place for jam in jams] == ["duong-chinh"]
    assert jams[0].clip_s <= 8.0
    assert jams[0].decided_clip_s <= 20.0
    assert {message.place for message in standing} == {"mieng-ngo"}
    assert min(abs(message.clip_s - 6.0) for message in standing) <= 1.0


def test_a_crash_is_suspected_and_both_cars_are_found_standing(detector: Detector) -> None:
    """Truth: impact at 1.2 s, both stand from 1.5 s; one had been waiting to turn before.

    The clip ends before anybody has rested for five seconds, so it stays suspected.
    """
    messages = incidents("ru-crash-summer", detector)

    (crash,) = [message for message in messages if message.rule == "crash"]
    assert crash.clip_s == pytest.approx(1.2, abs=0.5)
    assert crash.decided_clip_s <= 3.6
    assert crash.level == 1
    standing = [message for message in messages if message.rule != "crash"]
    assert {message.rule for message in standing} == {"stopped_vehicle"}
    starts = sorted(message.clip_s for message in standing)
    assert starts[0] <= 0.5
    assert any(abs(start - 1.5) <= 0.5 for start in starts)
