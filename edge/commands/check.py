"""``python -m edge check --config FILE``: every mistake of a box's files at once.

Checked are the box file, every camera file it names, the rules with their options, and that the
model's manifest and weights are there and whole. Nothing is started and no camera is opened.

Printed when all is well: how far each ground point is from where the road plane puts it.

Exit codes: 0 all is well, 2 something is wrong; standard error then has one line per mistake.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.config.camera import MIN_GROUND_POINTS
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
    for camera in box.cameras:
        sys.stdout.writelines(f"{line}\n" for line in ground_report(camera.config))
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


def ground_report(camera: CameraConfig) -> list[str]:
    """Return how well a camera's ground points fit together, point by point, the worst first."""
    size_px = camera.frame_size_px
    plane = GroundPlane.of_camera(camera.ground, size_px, size_px)
    if plane is None:
        return []
    off = [math.hypot(dx, dy) for dx, dy in plane.fitted.residuals_px.tolist()]
    order = sorted(range(len(off)), key=lambda i: -off[i])
    worst, k1 = camera.ground[order[0]], plane.fitted.lens.k1
    rms_px = math.sqrt(sum(value**2 for value in off) / len(off))
    lens = f"lens bends, k1 {k1:.3f}" if k1 else "no lens distortion shown"
    head = f"{camera.id}: ground: {len(off)} points, reprojection {rms_px:.1f} px, {lens}"
    if len(off) == MIN_GROUND_POINTS:
        return [f"{head}; four points always fit: give more to see mistakes"]
    lines = [f"{head}; worst point {order[0] + 1} at {worst.px}: {off[order[0]]:.1f} px"]
    for i in order:
        px, error_m = camera.ground[i].px, plane.error_at(camera.ground[i].px)
        place = "beyond the usable plane" if error_m is None else f"known to {error_m:.2f} m"
        lines.append(f"  point {i + 1} at {px}: off by {off[i]:.1f} px, {place}")
    if plane.earth is not None:
        lines.append(f"  latitudes and longitudes fit to {plane.earth.error_m:.2f} m")
    return lines


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
