"""``python -m edge COMMAND``: the one way into the box's programs; see :mod:`edge.commands`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from edge import __version__
from edge.commands import (
    bench,
    check,
    fetch_assets,
    hold,
    probe,
    replay,
    run,
    scene,
    schema,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = (run, replay, check, probe, bench, scene, schema, fetch_assets, verify, hold)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command that was asked for; return its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m edge", description="Sông Lam's box: from cameras to incidents."
    )
    parser.add_argument("--version", action="version", version=f"songlam {__version__}")
    subparsers = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    args = parser.parse_args(arguments)
    code: int = args.run(args)
    return code


if __name__ == "__main__":
    sys.exit(main())
