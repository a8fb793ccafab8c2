"""``python -m edge verify PATH``: check an export or a box's own evidence, offline.

The same program that lies in every export; see :mod:`edge.contract.verify`, which needs nothing
else of Sông Lam. Exit codes: 0 all is right, 1 something is wrong and named, 2 used wrongly.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edge.contract.verify import main

if TYPE_CHECKING:
    import argparse


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command."""
    parser = subparsers.add_parser(
        "verify",
        help="check evidence: manifests, files, chain, checkpoint",
        description="Check manifests, files, chain and checkpoint of an export (zip or folder), of "
        "a box's data_dir or of the folder a file lies in. Exit code 0: all is right; 1: something "
        "is wrong, and named; 2: used wrongly.",
    )
    parser.add_argument("path", type=Path, help="a zip, a folder, or a file in one")
    parser.add_argument("--key", default="", help="the public key that must have signed (base64)")
    parser.add_argument("--checkpoint", type=Path, help="a signed head that the chain must reach")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Hand over to the verifier; return its exit code."""
    given = [str(args.path)]
    if args.key:
        given += ["--key", args.key]
    if args.checkpoint:
        given += ["--checkpoint", str(args.checkpoint)]
    return main(given)
