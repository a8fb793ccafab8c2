"""A run's file: read, refused with a reason, hashed by its values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from edge.errors import ConfigError
from models.config import read_training
from models.evaluate import SETS

OURS = Path("models/songlam-traffic/1.1.0/training.yaml")


def written(folder: Path, **changed: Any) -> Path:
    """Write our run's file with other values."""
    values = yaml.safe_load(OURS.read_text("utf-8")) | changed
    path = folder / "training.yaml"
    path.write_text(yaml.safe_dump(values), "utf-8")
    return path


def test_the_hash_is_of_the_values_and_not_of_the_layout(tmp_path: Path) -> None:
    first = read_training(OURS).digest()

    assert read_training(written(tmp_path)).digest() == first
    assert read_training(written(tmp_path, seed=1)).digest() != first


def test_a_wrong_value_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="steps"):
        read_training(written(tmp_path, steps=0))


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="stepz"):
        read_training(written(tmp_path, stepz=3))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        read_training(tmp_path / "nowhere.yaml")


def test_training_names_no_set_that_figures_are_told_of() -> None:
    named = {one.folder for one in read_training(OURS).sets}
    measured = {test.folder for test in SETS}

    assert not named & measured
    assert not any("hanoi" in folder or "valid" in folder or "unseen" in folder for folder in named)
