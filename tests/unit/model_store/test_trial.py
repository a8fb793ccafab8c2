"""What a model's answers must be like, and the note of which model runs."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from edge.clock import SystemClock
from edge.detector.onnx import Detector
from edge.errors import BrokerError, ModelError
from edge.model_store.active import MAX_DEATHS, ActiveModel, SharedDetector
from edge.model_store.trial import (
    MAX_DETECTIONS,
    Limits,
    check_finite,
    check_sane,
    golden_frames,
    judge,
    made_up_frames,
    try_on,
)
from edge.scene import Detections, Frame
from tests.builders import NOON
from tests.tiny_models import write_model
from tests.videos import make_video

if TYPE_CHECKING:
    from pathlib import Path

SIZE = (100, 50)
FRAME = Frame("gate", np.zeros((48, 64, 3), np.uint8), NOON, 0.0)


def detections(*boxes: tuple[float, float, float, float], score: float = 0.5) -> Detections:
    """Return detections of cars."""
    xyxy = np.array(boxes, np.float32).reshape(-1, 4)
    count = len(boxes)
    return Detections(xyxy, np.full(count, score, np.float32), ("car",) * count)


@pytest.mark.parametrize(
    "sane",
    [
        detections(),
        detections((0, 0, 100, 50)),
        detections((10, 10, 20, 20), (30, 30, 30, 30)),
        detections((-0.5, 0, 100.5, 50)),
        detections((10, 10, 20, 20), score=1.0),
    ],
)
def test_boxes_inside_the_picture_are_sane(sane: Detections) -> None:
    check_sane(sane, SIZE)


@pytest.mark.parametrize(
    ("strange", "said"),
    [
        (detections((10, 10, 200, 20)), "outside the picture"),
        (detections((-30, 10, 20, 20)), "outside the picture"),
        (detections((20, 10, 10, 20)), "inside out"),
        (detections((10, 10, 20, 20), score=1.5), "beyond 0..1"),
        (detections((10, 10, 20, 20), score=-0.1), "beyond 0..1"),
        (detections(*[(1, 1, 2, 2)] * (MAX_DETECTIONS + 1)), "1001 boxes in one picture"),
    ],
)
def test_boxes_that_cannot_be_road_users_are_refused(strange: Detections, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        check_sane(strange, SIZE)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_outputs_that_are_not_finite_are_refused_by_name(value: float) -> None:
    check_finite({"labels": np.array([1, 2]), "boxes": np.zeros(3, np.float32)})
    with pytest.raises(ModelError, match="'boxes' is not finite"):
        check_finite({"labels": np.array([1, 2]), "boxes": np.array([value], np.float32)})


def test_made_up_pictures_are_of_several_shapes_and_always_the_same() -> None:
    first, second = list(made_up_frames()), list(made_up_frames())
    assert len({frame.size_px for frame in first}) == 3
    assert all(np.array_equal(a.image, b.image) for a, b in zip(first, second, strict=True))


def test_a_golden_clip_is_looked_at_a_few_times_a_second(tmp_path: Path) -> None:
    clip = make_video(tmp_path / "golden.mp4", seconds=3.0)
    assert 11 <= len(list(golden_frames(clip))) <= 13


def test_a_fit_network_passes_and_its_time_is_told(tmp_path: Path) -> None:
    detector = Detector.load(write_model(tmp_path))
    assert 0 < try_on(detector, None) < 1
    assert 0 < try_on(detector, make_video(tmp_path / "golden.mp4", seconds=1.0)) < 1


@pytest.mark.parametrize(
    ("manifest", "code", "problem"),
    [("good/manifest.json", 0, ""), ("none.json", 4, "cannot read the model's manifest")],
)
def test_the_trials_process_prints_one_line(
    tmp_path: Path, manifest: str, code: int, problem: str
) -> None:
    write_model(tmp_path / "good")
    program = [sys.executable, "-m", "edge.model_store.trial", str(tmp_path / manifest)]
    done = subprocess.run(
        [*program, "--provider", "CPUExecutionProvider"], capture_output=True, check=False
    )
    assert done.returncode == code
    [line] = done.stdout.splitlines()
    assert problem in json.loads(line)["problem"]
    assert bool(problem) == bool(json.loads(line)["problem"])


def test_a_trial_can_be_given_up() -> None:
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    began = SystemClock().monotonic()
    with pytest.raises(BrokerError, match="given up"):
        judge(command, Limits(max_latency_s=1.0), lambda: True)
    assert SystemClock().monotonic() - began < 10


def test_much_output_does_not_block_a_trial() -> None:
    """More than a pipe holds, on both streams, before the verdict."""
    code = (
        "import sys; sys.stderr.write('x' * 300_000); print('y' * 300_000);"
        """print('{"latency_s": 0.1, "problem": ""}')"""
    )
    assert judge([sys.executable, "-c", code], Limits(max_latency_s=1.0), lambda: False) == 0.1


class Fixed:
    """A detector that sees nothing and has a name."""

    def __init__(self, name: str) -> None:
        self.model: Any = name

    def detect(self, frame: Frame) -> Detections:
        """Return nothing."""
        del frame
        return Detections.empty()


def test_the_shared_detector_is_the_one_last_given(tmp_path: Path) -> None:
    shared = SharedDetector(Fixed("old"))
    assert str(shared.model) == "old"
    assert len(shared.detect(FRAME)) == 0
    shared.use(Detector.load(write_model(tmp_path)))
    assert shared.model is not None
    assert shared.model.version == "1.0.0"
    assert len(shared.detect(FRAME)) == 1


@pytest.fixture
def active(tmp_path: Path) -> ActiveModel:
    write_model(tmp_path / "tiny" / "2.0.0", "2.0.0")
    return ActiveModel(tmp_path)


def test_without_a_note_nothing_was_rolled_out(active: ActiveModel) -> None:
    assert active.find() is None
    assert active.begin() is None
    active.prove()
    active.end_well()
    assert active.find() is None


@pytest.mark.parametrize("text", ["", "not json", "[]", '{"name": "../x", "version": "1"}'])
def test_a_note_that_cannot_be_read_counts_as_none(
    active: ActiveModel, tmp_path: Path, text: str
) -> None:
    (tmp_path / "active.json").write_text(text, encoding="utf-8")
    assert active.begin() is None


def test_a_noted_model_is_found_after_a_restart(active: ActiveModel, tmp_path: Path) -> None:
    active.switch("tiny", "2.0.0")
    assert ActiveModel(tmp_path).begin() == tmp_path / "tiny/2.0.0/manifest.json"


def test_a_noted_model_whose_files_are_gone_is_not_begun(active: ActiveModel) -> None:
    active.switch("tiny", "3.0.0")
    assert active.begin() is None


def test_deaths_on_probation_condemn_a_version_and_only_that(active: ActiveModel) -> None:
    active.switch("tiny", "2.0.0")
    for _ in range(MAX_DEATHS - 1):
        assert active.begin() is not None
    assert active.begin() is None
    assert active.is_condemned("tiny", "2.0.0")
    assert not active.is_condemned("tiny", "2.0.1")
    active.end_well()
    assert active.is_condemned("tiny", "2.0.0")


def test_a_proven_model_is_never_condemned(active: ActiveModel) -> None:
    """A box whose power comes and goes keeps its model."""
    active.switch("tiny", "2.0.0")
    active.prove()
    for _ in range(3 * MAX_DEATHS):
        assert active.begin() is not None


def test_a_process_that_ends_well_is_no_death(active: ActiveModel) -> None:
    active.switch("tiny", "2.0.0")
    for _ in range(3 * MAX_DEATHS):
        active.end_well()
        assert active.begin() is not None
