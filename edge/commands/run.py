"""``python -m edge run --config FILE``: watch cameras until told to stop.

SIGTERM and Ctrl-C stop it cleanly: evidence in progress is finished within a bound, open incidents
are closed, the centre is told. A second Ctrl-C ends it at once, as a power cut would. The centre
may order a restart; then this process replaces itself.

A service manager starts it again when it ends by itself, and is told when it is ready, that it is
alive, and that it stops (``configs/systemd``). A loop that hangs for ``watchdog_s`` ends the
process, so does a process that hangs as a whole.

Exit codes: 0 stopped as told; 1 a part failed in a way nobody foresaw, or the whole process hung
(see the log); 2 a file is wrong; 3 a loop hung; 4 no model can be used.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from edge.clock import SystemClock
from edge.commands.check import explain, load_checked_box
from edge.errors import ConfigError, ModelError
from edge.health import configure_logging
from edge.service_manager import ALIVE, READY, STOPPING, tell_manager
from edge.watchdog import Watchdog, end_process
from edge.worker import Worker

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from edge.config.box import BoxConfig

OK, FAILED, WRONG, NO_MODEL = 0, 1, 2, 4
STACKS = "hung.txt"
"""File in ``data_dir``: where every thread stood when the whole process hung."""

log = structlog.get_logger(__name__)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command."""
    parser = subparsers.add_parser(
        "run",
        help="watch the cameras of a box file",
        description="Watch cameras and send incidents until SIGTERM or Ctrl-C. Exit code 0: "
        "stopped as told; 1: a part failed unforeseen; 2: a file is wrong; 3: a loop hung; 4: no "
        "usable model.",
    )
    parser.add_argument("--config", type=Path, required=True, help="the box file (YAML)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a box; return the exit code."""
    try:
        box = load_checked_box(args.config)
        configure_logging(box.config.log_format)
        clock = SystemClock()
        watchdog = Watchdog(clock, box.config.watchdog_s, end_process)
        worker = Worker(box, clock, watchdog)
        watchdog.every_tick(_feeder(box.config))
        failures = _watch_over(worker)
        worker.run(on_started=partial(tell_manager, READY))
    except ConfigError as error:
        sys.stderr.write(explain(error))
        return WRONG
    except ModelError as error:
        sys.stderr.write(f"no usable model: {error}\n")
        return NO_MODEL
    faulthandler.cancel_dump_traceback_later()
    if worker.restart_wanted:
        os.execv(sys.executable, [sys.executable, "-m", "edge", *sys.argv[1:]])  # noqa: S606  # ourselves
    return FAILED if failures else OK


def _feeder(box: BoxConfig) -> Callable[[], None]:
    """Return what tells those who watch from outside that all is well, each time it is called.

    They are the service manager, and a timer that needs no interpreter: it ends a process whose
    every thread waits for one that hangs, and writes the stacks into a file, which takes them even
    when nobody reads the log.
    """
    stacks = (Path(box.data_dir) / STACKS).open("ab")

    def feed() -> None:
        tell_manager(ALIVE)
        faulthandler.dump_traceback_later(2 * box.watchdog_s, exit=True, file=stacks)

    return feed


def _watch_over(worker: Worker) -> list[str]:
    """Stop the worker on a signal, or when one of its threads dies; return the dead, as they die.

    A thread that ends by an exception nobody foresaw leaves the box half alive: without uploads,
    say, or deaf to the centre. Stopping, and being started again, is honest and heals most causes.
    A camera's thread is begun anew without that: one camera must not stop the others.
    """
    failures: list[str] = []

    def on_death(death: threading.ExceptHookArgs) -> None:
        name = death.thread.name if death.thread else "unknown"
        problem = (death.exc_type, death.exc_value or death.exc_type(), death.exc_traceback)
        if not worker.revives(death.thread):
            failures.append(name)
            worker.stop()
        log.critical("thread_died", thread=name, exc_info=problem)

    def on_signal(number: int, _frame: object) -> None:
        worker.stop()
        # An exception in the middle of stopping would leave threads that nobody ends any more.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        tell_manager(STOPPING)
        log.info("signal", name=signal.Signals(number).name)

    threading.excepthook = on_death
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return failures
