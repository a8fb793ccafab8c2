"""Which cameras and which model the demonstration shows: what is here decides.

Real clips are preferred. Where one of them is missing, the films of our own that are in the
repository play instead. The model is the first of ``models/registry.yaml`` whose weights are here,
its default before others: our own weights always are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from edge.commands.default_model import default_model
from edge.contract.catalogue import CATALOGUE
from edge.errors import ModelError
from scripts.demo_stack.parts import ROOT, DemoError

if TYPE_CHECKING:
    from pathlib import Path

BOX_FILE = ROOT / "configs/demo/box.yaml"
RENDERED_BOX_FILE = ROOT / "configs/demo/rendered-box.yaml"


@dataclass(frozen=True, slots=True)
class Cast:
    """What the demonstration plays.

    Attributes:
        box_file: The box file.
        model: Manifest of the model.
        kinds: Rules that must have been seen before ``--check`` is content.
        missing: Names of clips that would be preferred and are not here.
    """

    box_file: Path
    model: Path
    kinds: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()


def choose_cast(*, offline: bool = False) -> Cast:
    """Return the real clips when all of them are here, else the films of our own.

    Args:
        offline: Take what is in the repository, whatever else is here.

    Raises:
        DemoError: No weights are here, with what was sought.
    """
    model = find_model(offline=offline)
    missing = tuple(path.name for path in clips_of(BOX_FILE) if not path.is_file())
    if not missing and not offline:
        return Cast(BOX_FILE, model)
    return Cast(RENDERED_BOX_FILE, model, kinds_on(clips_of(RENDERED_BOX_FILE)), missing)


def kinds_on(films: list[Path]) -> frozenset[str]:
    """Return the rules that have something to find on films: their truth tells."""
    truths = [json.loads(film.with_suffix(".truth.json").read_text("utf-8")) for film in films]
    return frozenset(i["rule"] for truth in truths for i in truth["incidents"]) & set(CATALOGUE)


def clips_of(box_file: Path) -> list[Path]:
    """Return the files that the cameras of a box file play."""
    found = []
    for name in yaml.safe_load(box_file.read_text("utf-8"))["cameras"]:
        camera_file = box_file.parent / name
        source = yaml.safe_load(camera_file.read_text("utf-8"))["source"]
        found.append(camera_file.parent / source["path"])
    return found


def find_model(*, offline: bool = False) -> Path:
    """Return the manifest of the model to run: of ``offline`` only what is in the repository.

    Raises:
        DemoError: No weights are here, with what was sought.
    """
    try:
        return default_model(committed_only=offline)
    except ModelError as error:
        raise DemoError(str(error)) from error
