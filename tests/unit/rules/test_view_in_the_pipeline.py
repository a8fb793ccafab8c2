"""The pipeline carries what the watcher sees into the Scene, and device rules run on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.contract.messages import Phase
from edge.counters import Counters
from edge.pipeline import Pipeline, Setting
from edge.scene import Detections
from tests.views import frame, street, view_camera

if TYPE_CHECKING:
    from edge.detector.protocol import Detects
    from edge.scene import Frame


class Nobody:
    """A detector of an empty street."""

    model = None

    def detect(self, frame: Frame) -> Detections:
        """Return nothing."""
        del frame
        return Detections.empty()


def test_a_covered_camera_becomes_an_incident_of_the_device() -> None:
    detector: Detects = Nobody()
    camera = view_camera(rules={"camera_blocked": {}, "camera_offline": {}})
    pipeline = Pipeline(camera, detector, Setting(box_id="n1"), Counters())
    told = []
    for second in range(30):
        picture = street(noise_seed=second)
        shown = np.full_like(picture, 30) if second >= 12 else picture
        told += pipeline.process(frame(shown, float(second)))

    (covered,) = [change.message for change in told if change.message.phase is Phase.OPENED]
    assert (covered.rule, covered.clip_s) == ("camera_blocked", 12.0)
    assert pipeline.scene is not None
    assert pipeline.scene.view is not None
    assert pipeline.scene.view.covered == 1.0
    assert pipeline.rules == ("camera_blocked",)
