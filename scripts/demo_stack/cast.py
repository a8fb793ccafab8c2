"""Which cameras and which model the demonstration shows: what is here decides.

Real clips are preferred. Where one of them is missing, the films of our own that are in the
repository play instead. The model is the first of ``models/registry.yaml`` whose weights are here,
its default before others: our own weights always are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from edge.commands.fetch_assets import LISTS, load_lists
from edge.detector.manifest import find_weights, load_manifest
from edge.errors import ModelError
from scripts.demo_stack.parts import ROOT, DemoError

if TYPE_CHECKING:
    from pathlib import Path

BOX_FILE = ROOT / "configs/demo/box.yaml"
RENDERED_BOX_FILE = ROOT / "configs/demo/rendered-box.yaml"
USES = ("default", "supported", "comparison")
RENDERED_SHOW = frozenset(
    {
        "congestion",
        "pedestrian_on_carriageway",
        "red_light",
        "stop_line",
        "stopped_vehicle",
        "wrong_way",
    }
)
"""What happens on the films, so what the console must show; each film's truth says when."""


@dataclass(frozen=True, slots=True)
class Cast:
    """What the demonstration plays.

    Attributes:
        box_file: The box file.
        kinds: Rules that must have been seen before ``--check`` is content.
        missing: Names of clips that would be preferred and are not here.
    """

    box_file: Path
    kinds: frozenset[str] = frozenset()
    missing: tuple[str, ...] = ()


def choose_cast() -> Cast:
    """Return the real clips when all of them are here, else the films of our own."""
    missing = tuple(path.name for path in clips_of(BOX_FILE) if not path.is_file())
    return Cast(RENDERED_BOX_FILE, RENDERED_SHOW, missing) if missing else Cast(BOX_FILE)


def clips_of(box_file: Path) -> list[Path]:
    """Return the files that the cameras of a box file play."""
    found = []
    for name in yaml.safe_load(box_file.read_text("utf-8"))["cameras"]:
        camera_file = box_file.parent / name
        source = yaml.safe_load(camera_file.read_text("utf-8"))["source"]
        found.append(camera_file.parent / source["path"])
    return found


def find_model() -> Path:
    """Return the manifest of the model to run: the registry's default, else the next that is here.

    Raises:
        DemoError: No weights are here, with what was sought.
    """
    ranked = sorted(load_lists(LISTS).models, key=lambda model: USES.index(model.use))
    reasons = []
    for path in (ROOT / model.manifest for model in ranked if model.use != "comparison"):
        try:
            find_weights(load_manifest(path), path.parent)
        except ModelError as error:
            reasons.append(str(error))
        else:
            return path
    raise DemoError("no model to run: " + "; ".join(reasons))
