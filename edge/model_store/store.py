"""The steps of a rollout, one model at a time, on a thread of its own.

``desired → signature → download → hashes → trial in another process → load and warm up → swap``;
each step is reported, and the first that fails ends the rollout with the running model kept and the
reason said. Only what may heal by itself, a centre that does not answer, is tried again.

Invariants:
    * The newest wish wins: a rollout under way is given up when another one arrives.
    * The same wish delivered again (it is retained at the broker) is answered, not repeated.
    * Only the running version, the one before it and the one under way keep their files.
"""

from __future__ import annotations

import shutil
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import structlog

from edge.contract.messages import ModelRef, ReportedMessage, RolloutPhase
from edge.detector.onnx import Detector
from edge.errors import BrokerError, ModelError
from edge.model_store.active import PROBATION_S, ActiveModel, SharedDetector
from edge.model_store.download import fetch_file
from edge.model_store.signature import verified_manifest
from edge.model_store.trial import Limits, run_trial

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.clock import Clock
    from edge.config.box import BoxConfig
    from edge.contract.messages import DesiredMessage, ModelManifest
    from edge.counters import Counters

    Trial = Callable[[Path, Path | None, Limits, Callable[[], bool]], float]

FIRST_PAUSE_S = 2.0
MAX_PAUSE_S = 60.0
PROGRESS_STEP = 0.1
"""Share of a download after which its progress is reported again."""
TIMEOUT = httpx.Timeout(30.0, connect=5.0)

log = structlog.get_logger(__name__)


class ModelStore:
    """Brings desired models to the shared detector.

    Args:
        box: Centre, pinned key, folder, how models are run.
        shared: The detector that cameras use; gets the new model at the end.
        clock: Times in reports.
        counters: Where rollouts are counted.
        report: Publishes what the box runs and how far it is; latest wins.
        trial: Runs a model elsewhere first; tests give one that crashes or hangs.
    """

    def __init__(
        self,
        box: BoxConfig,
        shared: SharedDetector,
        *,
        clock: Clock,
        counters: Counters,
        report: Callable[[ReportedMessage], None],
        trial: Trial = run_trial,
    ) -> None:
        self._box = box
        self._shared = shared
        self._clock = clock
        self._counters = counters
        self._publish = report
        self._trial = trial
        self._folder = Path(box.data_dir) / "models"
        self._active = ActiveModel(self._folder)
        self._wish: DesiredMessage | None = None
        self._wished = threading.Condition()
        self._stopping = False
        self._answered: ReportedMessage | None = None
        self._answered_id = ""
        self._probation_ends_s = clock.monotonic() + PROBATION_S
        self._http = httpx.Client(
            base_url=box.centre.url,
            headers={"Authorization": f"Bearer {box.centre.token}"},
            timeout=TIMEOUT,
        )
        self._thread = threading.Thread(target=self._run, name="model-store")

    def start(self, fallback_reason: str = "") -> None:
        """Report what runs, and why it is not the model last rolled out; listen for wishes."""
        phase = RolloutPhase.KEPT_OLD if fallback_reason else RolloutPhase.ACTIVE
        self._report(phase, None, fallback_reason)
        self._thread.start()

    def want(self, desired: DesiredMessage) -> None:
        """Take the centre's newest wish; returns at once, from any thread."""
        with self._wished:
            self._wish = desired
            self._wished.notify_all()

    def stop(self) -> None:
        """End after the step under way; a rollout is begun anew by the next process."""
        with self._wished:
            self._stopping = True
            self._wished.notify_all()
        self._thread.join()
        self._http.close()
        self._active.end_well()

    def _run(self) -> None:
        """Serve wishes one after the other; meanwhile end the probation of what runs."""
        while not self._stopping:
            with self._wished:
                self._wished.wait_for(self._is_interrupted, timeout=1.0)
                desired, self._wish = self._wish, None
            if desired is not None:
                self._answer(desired)
            if self._clock.monotonic() >= self._probation_ends_s:
                self._active.prove()
                self._probation_ends_s = float("inf")

    def _is_interrupted(self) -> bool:
        """Tell whether something more important than the rollout under way has come."""
        return self._stopping or self._wish is not None

    def _answer(self, desired: DesiredMessage) -> None:
        """Roll out a wish, or repeat the last answer when it is the same wish again."""
        if desired.message_id == self._answered_id and self._answered is not None:
            self._publish(self._answered)
            return
        pause_s = FIRST_PAUSE_S
        while not self._is_interrupted():
            try:
                self._roll_out(desired)
            except BrokerError as error:
                log.warning("rollout_paused", reason=str(error))
                with self._wished:
                    self._wished.wait_for(self._is_interrupted, timeout=pause_s)
                pause_s = min(2 * pause_s, MAX_PAUSE_S)
            except (ModelError, OSError) as error:
                self._keep_old(desired, str(error))
                return
            else:
                return

    def _keep_old(self, desired: DesiredMessage, reason: str) -> None:
        """Say why the running model stays."""
        self._counters.increment("rollouts_refused")
        log.error("rollout_refused", reason=reason, running=self._shared.model)
        wanted = self._answered.desired if self._answered else None
        self._answered = self._report(RolloutPhase.KEPT_OLD, wanted, reason)
        self._answered_id = desired.message_id

    def _roll_out(self, desired: DesiredMessage) -> None:
        """Do every step for one wish.

        Raises:
            ModelError: The model must not run here; says why.
            BrokerError: The centre cannot be reached now, or a newer wish interrupted.
            OSError: The box's disk is full or broken.
        """
        self._answered, self._answered_id = None, ""
        manifest = verified_manifest(desired, self._box.centre.public_key)
        wanted = _ref(manifest)
        if wanted == self._shared.model:
            self._answered = self._report(RolloutPhase.ACTIVE, wanted, progress=1.0)
            self._answered_id = desired.message_id
            return
        self._answered = self._report(RolloutPhase.DOWNLOADING, wanted)
        if self._active.is_condemned(manifest.name, manifest.version):
            raise ModelError("this version passed its self-test and then made the box die")
        folder = self._active.folder_of(manifest.name, manifest.version)
        self._download(desired, manifest, folder)
        detector = self._prove_fit(manifest, folder)
        self._active.switch(manifest.name, manifest.version)
        before = self._shared.model
        self._shared.use(detector)
        self._probation_ends_s = self._clock.monotonic() + PROBATION_S
        self._counters.increment("rollouts_activated")
        log.info("rollout_activated", model=wanted.model_dump(), before=before)
        self._answered = self._report(RolloutPhase.ACTIVE, wanted, progress=1.0)
        self._answered_id = desired.message_id
        self._prune([wanted, *([before] if before else [])])

    def _download(self, desired: DesiredMessage, manifest: ModelManifest, folder: Path) -> None:
        """Fetch every file of a manifest into its folder and write the manifest beside them.

        Raises:
            ModelError: A file is not what was signed, or the centre does not have it.
            BrokerError: It broke off, or a newer wish interrupted.
            OSError: The disk is full or cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        total = max(1, sum(file.size_bytes for file in manifest.files))
        have, told = 0, 0.0

        def count(more: int) -> bool:
            nonlocal have, told
            have += more
            if have / total - told >= PROGRESS_STEP:
                told = have / total
                self._report(RolloutPhase.DOWNLOADING, _ref(manifest), progress=min(1.0, told))
            return not self._is_interrupted()

        for file in manifest.files:
            fetch_file(self._http, f"{desired.download_path}/{file.name}", file, folder, count)
        self._report(RolloutPhase.VERIFYING, _ref(manifest), progress=1.0)
        (folder / "manifest.json").write_text(desired.manifest_json, encoding="utf-8")

    def _prove_fit(self, manifest: ModelManifest, folder: Path) -> Detector:
        """Try a downloaded model elsewhere, then load and warm it up here.

        Raises:
            ModelError: It fails, crashes, hangs or is too slow.
        """
        path, wanted, config = folder / "manifest.json", _ref(manifest), self._box.detector
        self._report(RolloutPhase.TESTING, wanted, progress=1.0)
        golden = next(
            (folder / f.name for f in manifest.files if f.name.startswith("golden.")), None
        )
        limits = Limits(config.max_latency_s, config.providers, config.threads)
        latency_s = self._trial(path, golden, limits, self._is_interrupted)
        log.info("rollout_trial_passed", model=wanted.model_dump(), latency_s=latency_s)
        self._report(RolloutPhase.WARMING_UP, wanted, progress=1.0)
        detector = Detector.load(path, config.providers, config.threads)
        detector.warm_up()
        return detector

    def _prune(self, kept: list[ModelRef]) -> None:
        """Delete the files of versions that are neither running nor the one before."""
        wanted = {self._active.folder_of(ref.name, ref.version) for ref in kept}
        for folder in self._folder.glob("*/*"):
            if folder.is_dir() and folder not in wanted:
                shutil.rmtree(folder, ignore_errors=True)

    def _report(
        self,
        phase: RolloutPhase,
        desired: ModelRef | None,
        reason: str = "",
        progress: float = 0.0,
    ) -> ReportedMessage:
        """Publish where the box stands, and return what was said."""
        now = self._clock.now()
        message = ReportedMessage(
            message_id=f"{self._box.box_id}:reported:{now.timestamp():.6f}",
            box_id=self._box.box_id,
            sent_at=now,
            active=self._shared.model,
            desired=desired,
            phase=phase,
            reason=reason,
            progress_ratio=progress,
        )
        self._publish(message)
        return message


def load_running(box: BoxConfig) -> tuple[Detector, str]:
    """Return the detector a box starts with, and why it is not the one last rolled out.

    The one last rolled out, if it is still whole and has not killed the box on probation; else the
    box file's own.

    Raises:
        ModelError: Not even the box file's model can be loaded.
    """
    active = ActiveModel(Path(box.data_dir) / "models")
    pointer, manifest = active.find(), active.begin()
    config = box.detector
    reason = ""
    if manifest is not None:
        try:
            return Detector.load(manifest, config.providers, config.threads), ""
        except ModelError as error:
            reason = str(error)
    elif pointer is not None:
        reason = f"{pointer.name} {pointer.version} is gone or made the box die {pointer.deaths}×"
    return Detector.load(Path(config.manifest), config.providers, config.threads), reason


def _ref(manifest: ModelManifest) -> ModelRef:
    """Return how messages call a manifest's model."""
    weights = next(file for file in manifest.files if file.name == manifest.weights)
    return ModelRef(name=manifest.name, version=manifest.version, sha256=weights.sha256)
