"""A box's model store with its running detector, and a centre that serves other models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edge.clock import SystemClock
from edge.config.box import BoxConfig
from edge.contract.messages import ModelManifest, ReportedMessage, RolloutPhase
from edge.counters import Counters
from edge.model_store.active import SharedDetector
from edge.model_store.store import ModelStore, load_running
from edge.model_store.trial import run_trial
from edge.scene import Frame
from tests.builders import NOON
from tests.stand_in_centre import StandInUploads, wait_until
from tests.tiny_models import Signer, manifest_of, write_model

if TYPE_CHECKING:
    from pathlib import Path

    from edge.model_store.store import Trial

TOKEN = "t" * 32
FRAME = Frame("gate", np.zeros((48, 64, 3), np.uint8), NOON, 0.0)
ENDED = (RolloutPhase.ACTIVE, RolloutPhase.KEPT_OLD)


class ModelBench:
    """A box that runs version 1.0.0 and a centre that can serve others."""

    def __init__(self, folder: Path, centre: StandInUploads) -> None:
        self.folder = folder
        self.centre = centre
        self.signer = Signer()
        self.reports: list[ReportedMessage] = []
        self.counters = Counters()
        self.own = write_model(folder / "own")
        self.start()

    def start(self, trial: Trial = run_trial, **centre: str) -> None:
        """Begin as a new process does; ``centre`` replaces keys of that section."""
        known = {"url": self.centre.url, "token": TOKEN, "public_key": self.signer.public_key}
        box = BoxConfig.model_validate(
            {
                "box_id": "n1",
                "data_dir": str(self.folder / "var"),
                "centre": {**known, **centre},
                "detector": {"manifest": str(self.own)},
                "cameras": ["unused"],
            }
        )
        detector, self.fallback_reason = load_running(box)
        self.shared = SharedDetector(detector)
        self.store = ModelStore(
            box,
            self.shared,
            clock=SystemClock(),
            counters=self.counters,
            report=self.reports.append,
            trial=trial,
        )
        self.store.start()

    def restart(self, trial: Trial = run_trial, **centre: str) -> None:
        """End well and begin again."""
        self.store.stop()
        self.start(trial, **centre)

    def die_and_start(self) -> None:
        """Begin again without having ended well."""
        self.store._active.end_well = lambda: None  # type: ignore[method-assign]
        self.restart()

    def serve(self, manifest: ModelManifest, **files: bytes) -> ModelManifest:
        """Let the centre serve a version's files."""
        for name, content in files.items():
            path = f"/api/v1/box/models/tiny/{manifest.version}/{name.replace('_', '.')}"
            self.centre.files[path] = content
        return manifest

    def offer(self, version: str, number: int = 1, **files: bytes) -> None:
        """Serve, sign and wish for a version."""
        manifest = self.serve(manifest_of(version, **files), **files)
        self.store.want(self.signer.desired(manifest, number))

    def ended(self, timeout_s: float = 30.0) -> ReportedMessage:
        """Wait for the end of the rollout under way and return its report."""
        assert wait_until(
            lambda: (
                self.reports[-1].phase in ENDED
                and (self.reports[-1].desired is not None or bool(self.reports[-1].reason))
            ),
            timeout_s,
        ), self.reports
        return self.reports[-1]

    @property
    def running(self) -> str:
        """Return the version that sees the next frame."""
        assert self.shared.model is not None
        return self.shared.model.version
