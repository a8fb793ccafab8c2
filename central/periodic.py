"""Background tasks of the centre: one thread that runs small jobs at intervals, or at a bell.

Invariants: jobs run one after another and each in its own transactions; a job that the database
refuses is counted and runs again at its next time. A job is short (well under a second) and may be
run at any moment, so that running late or twice does no harm. A bell that rings all the time makes
a job run every :data:`REST_S`, no more. A job that grows with what came may say how much of the
time it takes at most, so that a storm's third hour is stored as fast as its first minute.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from collections.abc import Callable

    from central.bells import Bell
    from central.centre import Centre

REST_S = 0.2
"""Source: a job that is hurried takes a tenth of that; the rest is for the others."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One job.

    Attributes:
        name: In logs and counters.
        interval_s: From its end to its next run.
        run: What to do.
        bell: What hurries it.
        share: It rests until it has taken no more than this part of the time.
    """

    name: str
    interval_s: float
    run: Callable[[Centre], None]
    bell: Bell | None = None
    share: float = 1.0


class PeriodicTasks:
    """The thread that runs the tasks between :meth:`start` and :meth:`stop`."""

    def __init__(self, centre: Centre, tasks: tuple[Task, ...]) -> None:
        """Prepare; nothing runs before :meth:`start`."""
        self._centre = centre
        self._tasks = tasks
        self._stop, self._wake = threading.Event(), threading.Event()
        self._hurried: set[Task] = set()
        for task in tasks:
            if task.bell is not None:
                centre.bells.listen(task.bell, partial(self._hurry, task))
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
        self._wake.set()
        self._thread.join(timeout=10)

    def _hurry(self, task: Task) -> None:
        """Let a task run as soon as it may."""
        self._hurried.add(task)
        self._wake.set()

    def _loop(self) -> None:
        """Run whatever is due, then wait for the next."""
        due = dict.fromkeys(self._tasks, time.monotonic())
        ended = dict.fromkeys(self._tasks, -REST_S)
        while True:
            self._wake.clear()
            if self._stop.is_set():  # asked after clearing: whoever stops us wakes us last
                return
            for task in self._tasks:
                if task in self._hurried:
                    due[task] = min(due[task], ended[task] + REST_S)
                if time.monotonic() >= due[task]:
                    self._hurried.discard(task)
                    began = time.monotonic()
                    run_once(self._centre, task)
                    ended[task] = time.monotonic()
                    rest_s = (ended[task] - began) * (1 / task.share - 1)
                    due[task] = ended[task] + max(task.interval_s, rest_s)
            self._wake.wait(max(0.0, min(due.values(), default=1.0) - time.monotonic()))


def run_once(centre: Centre, task: Task) -> None:
    """Run one task; what the database refuses is logged and counted."""
    try:
        task.run(centre)
    except SQLAlchemyError:
        centre.metrics.periodic_failures.labels(task.name).inc()
        log.exception("periodic_task_failed", task=task.name)
