"""``python -m edge hold place|release|list``: keep what must not be deleted, beside a running box.

The running box sees a hold at its next question; a deletion that is going on is waited for. Run it
as the user the box runs as: it signs with the box's key.

Exit codes: 0 done; 1 there was nothing to do (held already, or not held); 2 it cannot be done.
"""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edge.clock import SystemClock
from edge.config.load import load_box
from edge.counters import Counters
from edge.errors import ConfigError, EvidenceError
from edge.evidence.custody import Custody

if TYPE_CHECKING:
    import argparse

OK, NOTHING, WRONG = 0, 1, 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command."""
    parser = subparsers.add_parser(
        "hold",
        help="keep an incident's evidence and video from being deleted, or let it go",
        description="Place, release or list legal holds of a box; also while it runs. Exit code "
        "0: done; 1: there was nothing to do; 2: it cannot be done.",
    )
    parser.add_argument("action", choices=("place", "release", "list"))
    parser.add_argument("incident", nargs="?", default="", help="id of the incident")
    parser.add_argument("--config", type=Path, required=True, help="the box file (YAML)")
    parser.add_argument("--reason", default="", help="why, for the record (place, release)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Do it and say what was done; return the exit code."""
    if args.action != "list" and not (args.incident and args.reason):
        sys.stderr.write(f"hold {args.action}: name the incident and give a --reason\n")
        return WRONG
    try:
        box = load_box(args.config).config
        data_dir = Path(box.data_dir)
        _check_user(data_dir)
        custody = Custody(data_dir, box.box_id, SystemClock(), Counters())
        return _do(custody, args)
    except ConfigError as error:
        sys.stderr.write(f"{error}\n")
    except (EvidenceError, ValueError) as error:
        sys.stderr.write(f"hold {args.action}: {error}\n")
    return WRONG


def _check_user(data_dir: Path) -> None:
    """Refuse to leave files behind that the box itself could not write any more.

    Raises:
        ConfigError: The folder is another user's, or there is none.
    """
    if not data_dir.is_dir():
        raise ConfigError([f"{data_dir}: is no folder; this box has never run here"])
    if (uid := data_dir.stat().st_uid) != os.geteuid():
        raise ConfigError([f"{data_dir}: run this as the user of the box: sudo -u '#{uid}' …"])


def _do(custody: Custody, args: argparse.Namespace) -> int:
    """List, place or release; return the exit code.

    Raises:
        EvidenceError: It cannot be recorded or written.
        ValueError: The id is none.
    """
    if args.action == "list":
        for hold in custody.holds.held():
            at = f"{hold.placed_at:%Y-%m-%dT%H:%M:%SZ}"
            sys.stdout.write(f"{hold.incident_id}  {at}  {hold.author}: {hold.reason}\n")
        return OK
    author = f"{getpass.getuser()} (box)"
    if args.action == "place":
        done = custody.hold(args.incident, reason=args.reason, author=author)
    else:
        done = custody.holds.release(args.incident, reason=args.reason, author=author)
    became = {"place": "held", "release": "not held"}[args.action]
    sys.stdout.write(f"{args.incident}: {became}{' now' if done else ' already'}\n")
    return OK if done else NOTHING
