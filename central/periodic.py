"""Background tasks of the centre: one thread that runs small jobs at fixed intervals.

Invariants: jobs run one after another and each in its own transactions; a job that the database
refuses is counted and runs again at its next time. A job is short (well under a second) and may be
run at any moment, so that running late or twice does no harm.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from central.centre import Centre

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One job: its name in logs and counters, its interval, and what to do."""

    name: str
    interval_s: float
    run: Callable[[Centre], None]


class PeriodicTasks:
    """The thread that runs the tasks between :meth:`start` and :meth:`stop`."""

    def __init__(self, centre: Centre, tasks: tuple[Task, ...]) -> None:
        """Prepare; nothing runs before :meth:`start`."""
        self._centre = centre
        self._tasks = tasks
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="periodic", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread still runs; a programming mistake in a task ends it."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Run every task once and then at its interval."""
        self._thread.start()

    def stop(self) -> None:
        """Let the running task finish and end the thread."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _loop(self) -> None:
        """Run whatever is due, then wait for the next."""
        due = dict.fromkeys(self._tasks, time.monotonic())
        while not self._stop.is_set():
            for task, at in due.items():
                if time.monotonic() >= at:
                    run_once(self._centre, task)
                    due[task] = time.monotonic() + task.interval_s
            self._stop.wait(max(0.05, min(due.values(), default=1.0) - time.monotonic()))


def run_once(centre: Centre, task: Task) -> None:
    """Run one task; what the database refuses is logged and counted."""
    try:
        task.run(centre)
    except SQLAlchemyError:
        centre.metrics.periodic_failures.labels(task.name).inc()
        log.exception("periodic_task_failed", task=task.name)
