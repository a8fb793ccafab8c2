"""What a training run is made from: read from YAML, written beside the weights, hashed."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import yaml
from pydantic import Field, ValidationError

from edge.config.camera import Strict
from edge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


class DataSet(Strict):
    """One folder of labelled pictures."""

    folder: str = Field(title="Folder under --data")
    share: float = Field(gt=0, title="Part of the pictures drawn from it")
    from_step: int = Field(default=0, ge=0, title="First step that draws from it")
    untold: tuple[str, ...] = Field(default=(), title="Classes its labels cannot tell from others")
    sha256: str = Field(default="", title="Hash of pictures and labels; empty: not checked")


class Training(Strict):
    """A run: the same file, data and machine give the same weights."""

    base: str = Field(title="Base network: file name in models/registry.yaml")
    base_sha256: str
    input_px: tuple[int, int] = Field(title="Width, height of the network's input")
    seed: int = Field(ge=0)
    steps: int = Field(gt=0)
    batch: int = Field(gt=0)
    rate: float = Field(gt=0, title="Highest learning rate, of neck and head")
    backbone_share: float = Field(ge=0, title="Part of the rate that the backbone learns with")
    frozen_convolutions: int = Field(ge=0, title="First convolutions that do not learn")
    backbone_convolutions: int = Field(ge=0, title="First convolutions that are the backbone")
    warm_up_steps: int = Field(ge=0)
    cool_down_steps: int = Field(ge=0, title="Last steps, over which the rate falls")
    decay: float = Field(ge=0, title="Weight decay")
    averaging: float = Field(ge=0, lt=1, title="Share of the running mean of weights kept a step")
    sets: tuple[DataSet, ...]

    def digest(self) -> str:
        """Return the SHA-256 of all values, whatever the file's layout."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def read_training(path: Path) -> Training:
    """Read a run's file.

    Raises:
        ConfigError: It cannot be read or a value is wrong; says which.
    """
    try:
        return Training.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except OSError as error:
        raise ConfigError([f"{path}: {error.strerror}"]) from error
    except ValidationError as error:
        problems = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise ConfigError([f"{path}: {problem}" for problem in problems]) from error
