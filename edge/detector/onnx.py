"""The detector that runs a network: manifest → verified weights → one ONNX Runtime session.

Invariants:
    * One session serves all cameras of a box; it is asked by one thread, frame by frame.
    * What the network says about a frame does not depend on earlier frames.
    * A network that cannot run, or whose outputs do not fit its manifest, is a ``ModelError`` and
      never a strange detection.

Batches are not formed: half of the supported files have a fixed batch of one, and a frame should
not wait for others to come.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as ort_errors

from edge.contract.messages import ModelManifest, ModelRef
from edge.detector import deim, yolo, yolox
from edge.detector.manifest import find_weights, load_manifest
from edge.detector.select import road_users
from edge.errors import ModelError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from edge.detector.protocol import Family
    from edge.scene import Detections, Frame

FAMILIES: dict[str, Family] = {"deim": deim, "yolox": yolox, "yolo": yolo}

RUNTIME_ERRORS = (
    ort_errors.Fail,
    ort_errors.InvalidArgument,
    ort_errors.NoSuchFile,
    ort_errors.NoModel,
    ort_errors.EngineError,
    ort_errors.RuntimeException,
    ort_errors.InvalidProtobuf,
    ort_errors.NotImplemented,
    ort_errors.InvalidGraph,
    ort_errors.EPFail,
)
"""All that ONNX Runtime raises; it has no common ancestor below Exception."""


class Detector:
    """A loaded network; see the module.

    Attributes:
        manifest: What it is and how it is fed.
        session: The one session all cameras share.
    """

    def __init__(self, manifest: ModelManifest, session: ort.InferenceSession) -> None:
        """Keep a session that already runs the manifest's weights; most callers want ``load``."""
        weights = next(file for file in manifest.files if file.name == manifest.weights)
        self.manifest = manifest
        self.session = session
        self._family = FAMILIES[manifest.family]
        self._inputs = [value.name for value in session.get_inputs()]
        self._outputs = [value.name for value in session.get_outputs()]
        self._model = ModelRef(name=manifest.name, version=manifest.version, sha256=weights.sha256)

    @classmethod
    def load(
        cls,
        manifest_path: Path,
        providers: Sequence[str] = ("CPUExecutionProvider",),
        threads: int = 1,
    ) -> Detector:
        """Load, verify and open a model.

        Raises:
            ModelError: Anything is missing, altered, or cannot be run on this machine.
        """
        manifest = load_manifest(manifest_path)
        weights = find_weights(manifest, manifest_path.parent)
        return cls(manifest, open_session(weights, providers, threads))

    @property
    def model(self) -> ModelRef | None:
        """Name the network behind the boxes."""
        return self._model

    def detect(self, frame: Frame) -> Detections:
        """Return the road users of one frame in its source pixels.

        Raises:
            ModelError: The network failed or answered in another shape than its family's.
        """
        outputs = self.answer(frame)
        found = self._family.decode(
            outputs, self.manifest.input_size_px, frame.size_px, len(self.manifest.classes)
        )
        return road_users(found, self.manifest.classes, frame.size_px)

    def answer(self, frame: Frame) -> dict[str, NDArray[Any]]:
        """Return what the network itself says about a frame, by output name; for self-tests.

        Raises:
            ModelError: The network failed.
        """
        return self._run(self._family.prepare(frame.image, self.manifest.input_size_px))

    def warm_up(self, runs: int = 2) -> None:
        """Run a grey picture through, so that the first real frame is not the slow one.

        Raises:
            ModelError: The network does not run.
        """
        width, height = self.manifest.input_size_px
        grey = np.full((height, width, 3), 114, np.uint8)
        for _ in range(runs):
            outputs = self._run(self._family.prepare(grey, (width, height)))
            self._family.decode(
                outputs, (width, height), (width, height), len(self.manifest.classes)
            )

    def _run(self, inputs: Sequence[NDArray[Any]]) -> dict[str, NDArray[Any]]:
        """Return the network's outputs by name."""
        if len(inputs) != len(self._inputs):
            raise ModelError(
                f"model {self.manifest.name} has inputs {self._inputs}, its family "
                f"{self.manifest.family} feeds {len(inputs)}: wrong family in the manifest"
            )
        try:
            values = self.session.run(self._outputs, dict(zip(self._inputs, inputs, strict=True)))
        except RUNTIME_ERRORS as error:
            raise ModelError(f"model {self.manifest.name} failed: {error}") from error
        return dict(zip(self._outputs, values, strict=True))


def open_session(weights: Path, providers: Sequence[str], threads: int) -> ort.InferenceSession:
    """Open one session on an ONNX file.

    Raises:
        ModelError: A provider is not in this build of ONNX Runtime, or the file is not a model.
    """
    unknown = [name for name in providers if name not in ort.get_available_providers()]
    if unknown:
        raise ModelError(
            f"execution provider {', '.join(unknown)} is not in this ONNX Runtime; "
            f"it has {', '.join(ort.get_available_providers())}"
        )
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Spinning threads steal the cores that decode video: 66 ms against 32 on busy machines.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3  # errors are raised; warnings about constant folding are noise
    try:
        return ort.InferenceSession(str(weights), options, providers=list(providers))
    except RUNTIME_ERRORS as error:
        raise ModelError(f"{weights}: cannot open the model: {error}") from error
