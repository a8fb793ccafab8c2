"""``scene show|export --config FILE --camera ID``: what the traffic of a camera has taught.

``show`` is a table for people; ``export`` writes zones in the camera file's own words, to be
reviewed, edited and pasted there. What a person has drawn comes before what was learned. Reads the
box's ``data_dir``; a running box writes there every quarter of an hour.

Exit codes: 0 shown; 1 nothing was learned yet; 2 a file is wrong or the camera is not in it.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from edge.config.load import load_box
from edge.errors import ConfigError
from edge.learned import LearnedFiles
from edge.rules.lanes import ProposedLane, propose_lanes

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

OK, NOTHING, WRONG = 0, 1, 2
MIN_VEHICLES = 24


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command."""
    parser = subparsers.add_parser(
        "scene",
        help="show or export the lanes, directions and speeds a camera's traffic has taught",
        description="Show, or export as zones of a camera file, what was learned from the traffic "
        "of a camera. Exit code 0: shown; 1: nothing was learned yet; 2: a file is wrong.",
    )
    parser.add_argument("what", choices=("show", "export"), help="a table, or YAML for the file")
    parser.add_argument("--config", type=Path, required=True, help="the box file (YAML)")
    parser.add_argument("--camera", required=True, help="id of the camera")
    parser.add_argument(
        "--min-vehicles",
        type=float,
        default=MIN_VEHICLES,
        help=f"so many must have driven at a place (default: {MIN_VEHICLES})",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Show or export; return the exit code."""
    try:
        box = load_box(args.config)
    except ConfigError as error:
        sys.stderr.write("\n".join([*error.problems, ""]))
        return WRONG
    cameras = {camera.config.id: camera.config for camera in box.cameras}
    camera = cameras.get(args.camera)
    if camera is None:
        known = ", ".join(sorted(cameras))
        sys.stderr.write(f"{args.config}: no camera {args.camera!r}; there are: {known}\n")
        return WRONG
    learned = LearnedFiles(Path(box.config.data_dir)).load(camera)
    lanes = propose_lanes(camera, learned, args.min_vehicles)
    if not lanes:
        sys.stderr.write(f"{camera.id}: {learned.seen} vehicles seen, no lane known yet\n")
        return NOTHING
    sys.stdout.write(as_table(lanes) if args.what == "show" else as_yaml(lanes, learned.seen))
    return OK


def as_table(lanes: Sequence[ProposedLane]) -> str:
    """Return one line per lane, then its speeds by hour."""
    lines = []
    for lane in lanes:
        tail, head = lane.zone.direction or ((0.0, 0.0), (0.0, 0.0))
        mean = "–" if lane.kmh is None else f"{lane.kmh:.0f} km/h"
        lines.append(f"{lane.zone.id}: {lane.vehicles} vehicles, {mean}, from {tail} to {head}")
        hours = ", ".join(f"{hour:02d} h {kmh:.0f}" for hour, kmh in lane.kmh_by_hour.items())
        lines.append(f"  km/h by hour: {hours or 'too few'}")
    return "\n".join([*lines, ""])


def as_yaml(lanes: Sequence[ProposedLane], seen: int) -> str:
    """Return the zones as they would stand in a camera file."""
    zones = [
        {
            "id": lane.zone.id,
            "kind": lane.zone.kind,
            "polygon": [list(corner) for corner in lane.zone.polygon],
            "direction": [list(end) for end in lane.zone.direction or ()],
        }
        for lane in lanes
    ]
    notes = "".join(f"# {line}\n" for line in as_table(lanes).splitlines())
    body = yaml.safe_dump({"zones": zones}, sort_keys=False, default_flow_style=None, width=100)
    head = f"# Proposed from {seen} vehicles; review the outlines before you paste them.\n"
    return head + notes + body
