"""``python -m edge check --config FILE``: every mistake of a box's files at once.

Checked are the box file, every camera file it names, the rules with their options, and that the
model's manifest and weights are there and whole. Nothing is started and no camera is opened.

Exit codes: 0 all is well, 2 something is wrong; standard error then has one line per mistake.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.config.load import LoadedBox, load_box
from edge.detector.manifest import find_weights, load_manifest
from edge.errors import ConfigError, ModelError
from edge.geometry import GroundPlane
from edge.rules import check_rules

if TYPE_CHECKING:
    import argparse

    from edge.config.camera import CameraConfig

OK, WRONG = 0, 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command."""
    parser = subparsers.add_parser(
        "check",
        help="report every mistake in a box file and its camera files",
        description="Read a box file and all it names, and report every mistake at once: file, "
        "line, key, value, what is allowed. Exit code 0: all is well; 2: something is wrong.",
    )
    parser.add_argument("--config", type=Path, required=True, help="the box file (YAML)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Check and print; return the exit code."""
    try:
        box = load_checked_box(args.config)
    except ConfigError as error:
        sys.stderr.write(explain(error))
        return WRONG
    cameras = ", ".join(camera.config.id for camera in box.cameras)
    sys.stdout.write(f"{args.config}: box {box.config.box_id} is well; cameras: {cameras}\n")
    return OK


def load_checked_box(path: Path) -> LoadedBox:
    """Read a box file as ``run`` needs it.

    Raises:
        ConfigError: With every mistake of every file.
    """
    return load_box(path, check_camera=check_camera, check_model=check_model)


def check_camera(camera: CameraConfig) -> list[str]:
    """Return what is wrong with a camera's rules and with its ground points taken together."""
    problems = check_rules(camera)
    try:
        GroundPlane.of_camera(camera.ground, camera.frame_size_px, camera.frame_size_px)
    except ConfigError as error:
        problems += error.problems
    return problems


def check_model(manifest: Path) -> list[str]:
    """Return what is wrong with the model of a manifest."""
    try:
        find_weights(load_manifest(manifest), manifest.parent)
    except ModelError as error:
        return [str(error)]
    return []


def explain(error: ConfigError) -> str:
    """Return all mistakes, one line each, and how many there are."""
    count = len(error.problems)
    plural = "s" if count > 1 else ""
    return "\n".join([*error.problems, f"{count} mistake{plural}; nothing was started", ""])
