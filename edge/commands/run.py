"""``python -m edge run --config FILE``: watch cameras until told to stop.

SIGTERM and Ctrl-C stop it cleanly: evidence in progress is finished within a bound, open incidents
are closed, the centre is told. A second Ctrl-C does not wait. The centre may order a restart; then
this process replaces itself.

Exit codes: 0 stopped as told; 1 a part failed in a way nobody foresaw (see the log; a service
manager starts it again); 2 a file is wrong; 4 no model can be used.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from edge.clock import SystemClock
from edge.commands.check import explain, load_checked_box
from edge.errors import ConfigError, ModelError
from edge.health import configure_logging
from edge.worker import Worker

if TYPE_CHECKING:
    import argparse

OK, FAILED, WRONG, NO_MODEL = 0, 1, 2, 4

log = structlog.get_logger(__name__)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add this command."""
    parser = subparsers.add_parser(
        "run",
        help="watch the cameras of a box file",
        description="Watch cameras and send incidents until SIGTERM or Ctrl-C. Exit code 0: "
        "stopped as told; 1: a part failed unforeseen; 2: a file is wrong; 4: no usable model.",
    )
    parser.add_argument("--config", type=Path, required=True, help="the box file (YAML)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Run a box; return the exit code."""
    try:
        box = load_checked_box(args.config)
        configure_logging(box.config.log_format)
        worker = Worker(box, SystemClock())
        failures = _watch_over(worker)
        worker.run()
    except ConfigError as error:
        sys.stderr.write(explain(error))
        return WRONG
    except ModelError as error:
        sys.stderr.write(f"no usable model: {error}\n")
        return NO_MODEL
    if worker.restart_wanted:
        os.execv(sys.executable, [sys.executable, "-m", "edge", *sys.argv[1:]])  # noqa: S606  # ourselves
    return FAILED if failures else OK


def _watch_over(worker: Worker) -> list[str]:
    """Stop the worker on a signal, or when one of its threads dies; return the dead, as they die.

    A thread that ends by an exception nobody foresaw leaves the box half alive: without uploads,
    say, or deaf to the centre. Stopping, and being started again, is honest and heals most causes.
    """
    failures: list[str] = []

    def on_death(death: threading.ExceptHookArgs) -> None:
        name = death.thread.name if death.thread else "unknown"
        failures.append(name)
        problem = (death.exc_type, death.exc_value or death.exc_type(), death.exc_traceback)
        log.critical("thread_died", thread=name, exc_info=problem)
        worker.stop()

    def on_signal(number: int, _frame: object) -> None:
        log.info("signal", name=signal.Signals(number).name)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        worker.stop()

    threading.excepthook = on_death
    signal.signal(signal.SIGTERM, on_signal)
    signal.signal(signal.SIGINT, on_signal)
    return failures
