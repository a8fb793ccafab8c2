"""``scripts/demo``: run the demonstration until Ctrl-C, or check it once and say how it went."""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.demo_stack.cast import Cast, choose_cast
from scripts.demo_stack.check import wait_for_playable_incident
from scripts.demo_stack.parts import POLL_S, ROOT, DemoError
from scripts.demo_stack.stack import Centre, fill_example_data, running_box, running_centre

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

FOLDER = ROOT / ".demo"
CHECK_S = 180.0


def main(arguments: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    begun = time.monotonic()
    try:
        if options.check:
            return _check(_cast(offline=options.offline), options.seconds, begun)
        return _show(_cast(offline=options.offline), options.port, fresh=options.fresh)
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 0 if not options.check else 130
    except DemoError as reason:
        if options.check:
            print(json.dumps({"ok": False, "reason": str(reason)}))
        print(f"error: {reason}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    """Return the command line."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--check", action="store_true", help="headless: one JSON line, exit code")
    parser.add_argument("--seconds", type=float, default=CHECK_S, help="patience of --check")
    parser.add_argument("--port", type=int, default=8080, help="port of the console")
    parser.add_argument("--offline", action="store_true", help="our own films and weights only")
    parser.add_argument("--fresh", action="store_true", help="forget an earlier demonstration")
    return parser


def _check(cast: Cast, seconds: float, begun: float) -> int:
    """Run everything in a folder of its own and print what was found as one JSON line."""
    with tempfile.TemporaryDirectory(prefix="songlam-demo-") as name, ExitStack() as running:
        folder = Path(name)
        centre = running.enter_context(running_centre(folder, 0))
        _say(f"centre at {centre.address}")
        box = running.enter_context(running_box(folder, centre, cast))
        kinds = f" and {len(cast.kinds)} kinds of incidents" if cast.kinds else ""
        _say(f"box started; waiting for an incident with a playable clip{kinds}")

        def alive() -> None:
            centre.part.check_alive()
            box.check_alive()

        summary = wait_for_playable_incident(centre.api, alive, seconds, cast.kinds, _say)
    print(json.dumps({**summary.as_dict(), "seconds_in_all": round(time.monotonic() - begun, 1)}))
    return 0


def _show(cast: Cast, port: int, *, fresh: bool) -> int:
    """Run everything until Ctrl-C."""
    if fresh and FOLDER.exists():
        shutil.rmtree(FOLDER)
    with ExitStack() as running:
        _say("starting the centre")
        centre = running.enter_context(running_centre(FOLDER, port))
        _say("starting the box with its cameras")
        box = running.enter_context(running_box(FOLDER, centre, cast))
        _say("filling the other eight components with example data")
        fill_example_data(centre)
        _announce(centre)
        while True:
            centre.part.check_alive()
            box.check_alive()
            time.sleep(POLL_S)


def _cast(*, offline: bool) -> Cast:
    """Return what is played, and say so when it is not the real clips."""
    cast = choose_cast(offline=offline)
    if cast.missing and not offline:
        _say(
            f"{len(cast.missing)} of the real clips are not here ({', '.join(cast.missing)}): "
            "rendered films play instead. To get the clips run scripts/fetch_assets with a "
            "network, or with SONGLAM_ASSETS=FOLDER that holds them, then scripts/demo again"
        )
    _say(f"model {cast.model.relative_to(ROOT).parent}")
    return cast


def _announce(centre: Centre) -> None:
    """Print where to look and how to log in."""
    print(
        f"\n  Console   {centre.address}\n  Phone     {centre.address}/alerts\n"
        f"  Log in    {centre.login.username} / {centre.login.password}\n"
        f"  Logs      {FOLDER}/centre.log, {FOLDER}/box.log\n\n  Ctrl-C stops everything.\n",
        flush=True,
    )


def _say(what: str) -> None:
    """Print a step to standard error, so that standard output stays for results."""
    print(f"[{time.strftime('%H:%M:%S')}] {what}", file=sys.stderr, flush=True)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """Treat a request to end like Ctrl-C."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
