"""JSON of models and assignments."""

from __future__ import annotations

from pydantic import BaseModel

from edge.contract.messages import Identifier, UtcTime


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


class Assignment(BaseModel):
    """The version that a box should run."""

    name: Identifier
    version: Identifier


class Trust(BaseModel):
    """What a box must know to trust this centre's models."""

    public_key: str
    """Raw Ed25519 public key in base64."""
