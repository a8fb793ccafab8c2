"""``python -m edge schema``: JSON Schemas of messages and files, for editors and other programs.

They are made from the same models that check messages and files, and lie in ``configs/schema``; a
test fails when they are stale.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.config.box import BoxConfig
from edge.config.camera import CameraConfig
from edge.contract.messages import ModelManifest
from edge.contract.topics import MESSAGE_TYPES

if TYPE_CHECKING:
    import argparse

    from pydantic import BaseModel

FOLDER = Path("configs/schema")
STALE = 1
MODELS: dict[str, type[BaseModel]] = {
    "box": BoxConfig,
    "camera": CameraConfig,
    "manifest": ModelManifest,
    **{f"message-{channel}": model for channel, model in MESSAGE_TYPES.items()},
}
"""File name without its ending → what it describes."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command."""
    parser = subparsers.add_parser(
        "schema",
        help="write the JSON Schemas of messages and configuration files",
        description="Write one JSON Schema per message type and file format. With --check nothing "
        "is written and the exit code is 1 when a file is missing or stale.",
    )
    parser.add_argument("--folder", type=Path, default=FOLDER, help=f"default: {FOLDER}")
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Write or compare; return the exit code."""
    stale = [name for name, text in schemas().items() if _read(args.folder / name) != text]
    if args.check:
        for name in stale:
            sys.stderr.write(f"{args.folder / name} is stale: run python -m edge schema\n")
        return STALE if stale else 0
    args.folder.mkdir(parents=True, exist_ok=True)
    for name in stale:
        (args.folder / name).write_text(schemas()[name], encoding="utf-8")
        sys.stdout.write(f"wrote {args.folder / name}\n")
    return 0


def schemas() -> dict[str, str]:
    """Return file name → JSON Schema as text."""
    return {
        f"{name}.json": json.dumps(model.model_json_schema(), indent=2, ensure_ascii=False) + "\n"
        for name, model in MODELS.items()
    }


def _read(path: Path) -> str:
    """Return a file's text; nothing when there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""
