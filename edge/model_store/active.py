"""Which model runs: the one detector that all cameras share, and the note that outlives a restart.

Invariants:
    * ``active.json`` is written whole or not at all; without it the box file's model runs.
    * A swap happens between two frames: whoever is inside ``detect`` finishes with the old model.
    * A new model is on probation until one process has run ``PROBATION_S`` with it. A box that dies
      ``MAX_DEATHS`` times before that goes back to the box file's model.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, ValidationError

from edge.contract.messages import Identifier, ModelRef

if TYPE_CHECKING:
    from pathlib import Path

    from edge.detector.protocol import Detects
    from edge.scene import Detections, Frame

POINTER = "active.json"
PROBATION_S = 120.0
"""Seconds a new model must run to be proven. Source: own choice, some thousand frames."""
MAX_DEATHS = 3


class SharedDetector:
    """The detector of all cameras; another can take its place between two frames."""

    def __init__(self, detector: Detects) -> None:
        self._detector = detector

    @property
    def model(self) -> ModelRef | None:
        """Name what makes the boxes now."""
        return self._detector.model

    def detect(self, frame: Frame) -> Detections:
        """Return the road users of one frame in its source pixels.

        Raises:
            ModelError: The network failed on this frame.
        """
        return self._detector.detect(frame)

    def use(self, detector: Detects) -> None:
        """Let ``detector`` see the next frame; assignment is atomic, so no lock is needed."""
        self._detector = detector


class Pointer(BaseModel):
    """What ``active.json`` says."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    name: Identifier
    version: Identifier
    proven: bool = False
    deaths: int = 0
    """Processes that began with this model on probation and have not ended well."""


class ActiveModel:
    """The note of which downloaded model runs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._path = folder / POINTER

    def folder_of(self, name: str, version: str) -> Path:
        """Return where the files of a version are."""
        return self._folder / name / version

    def find(self) -> Pointer | None:
        """Return the note; None when there is none or it cannot be read."""
        try:
            return Pointer.model_validate_json(self._path.read_bytes())
        except (OSError, ValidationError):
            return None

    def begin(self) -> Path | None:
        """Note a start with the active model; return its manifest.

        None when no model was rolled out, its files are gone, or it is on probation and the box has
        died with it too often.
        """
        pointer = self.find()
        if pointer is None:
            return None
        manifest = self.folder_of(pointer.name, pointer.version) / "manifest.json"
        if self.is_condemned(pointer.name, pointer.version) or not manifest.is_file():
            return None
        if not pointer.proven:
            self._write(pointer.model_copy(update={"deaths": pointer.deaths + 1}))
        return manifest

    def is_condemned(self, name: str, version: str) -> bool:
        """Tell whether the box has died too often with a version to run it again."""
        pointer = self.find()
        if pointer is None or (pointer.name, pointer.version) != (name, version):
            return False
        return pointer.deaths >= MAX_DEATHS

    def switch(self, name: str, version: str) -> None:
        """Note that a version runs from now on, on probation.

        Raises:
            OSError: The note cannot be written.
        """
        self._write(Pointer(name=name, version=version, deaths=1))

    def prove(self) -> None:
        """End the probation of what runs."""
        pointer = self.find()
        if pointer is not None and not pointer.proven:
            self._write(pointer.model_copy(update={"proven": True, "deaths": 0}))

    def end_well(self) -> None:
        """Take back this process's death: it ends because somebody wants it to."""
        pointer = self.find()
        if pointer is not None and 0 < pointer.deaths < MAX_DEATHS:
            self._write(pointer.model_copy(update={"deaths": pointer.deaths - 1}))

    def _write(self, pointer: Pointer) -> None:
        """Replace the note, whole."""
        self._folder.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        with part.open("wb") as out:
            out.write(pointer.model_dump_json().encode())
            out.flush()
            os.fsync(out.fileno())
        part.replace(self._path)
