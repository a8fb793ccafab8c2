"""JSON of models and assignments."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from central.asked import Asked
from edge.contract.messages import FileName, Identifier, Sha256, UtcTime

WEIGHTS = "model.onnx"
GOLDEN_STEM = "golden."
"""A box takes the file of this stem for its self-test. Source: edge.model_store."""


class StatedFile(BaseModel):
    """What an uploaded manifest says about one of its files."""

    name: FileName
    sha256: Sha256 | None = None


class StatedManifest(BaseModel):
    """A technician's manifest before its files are measured; everything else is carried along."""

    model_config = ConfigDict(extra="allow", frozen=True)

    weights: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,122}\.onnx$")] = WEIGHTS
    files: Annotated[tuple[StatedFile, ...], Field(max_length=2)] = ()

    @property
    def golden(self) -> str:
        """Return the name that the golden clip shall have."""
        others = (file.name for file in self.files if file.name != self.weights)
        return next((name for name in others if name.startswith(GOLDEN_STEM)), f"{GOLDEN_STEM}mp4")


class ModelItem(BaseModel):
    """A model version that may be assigned."""

    name: str
    version: str
    family: str
    size_bytes: int
    """Size of the weights."""
    sha256: str
    """Hash of the weights."""
    licence: str
    source: str
    classes: list[str]
    input_size_px: tuple[int, int]
    uploaded_at: UtcTime
    uploaded_by: str
    signed: bool = True
    in_use_by: list[str]
    """Boxes whose last report names this version as active."""


class ModelList(BaseModel):
    """All model versions, newest first."""

    items: list[ModelItem]
    next_cursor: str | None = None


class Assignment(Asked):
    """The version that a box should run."""

    name: Identifier
    version: Identifier


class Trust(BaseModel):
    """What a box must know to trust this centre's models."""

    public_key: str
    """Raw Ed25519 public key in base64."""
