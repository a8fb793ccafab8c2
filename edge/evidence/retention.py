"""How long evidence stays on the box once it is done with.

A roadside box should keep as little personal data as it can, and nothing that nobody else has: what
the centre has checked and kept goes soon, what it has not goes only when nobody can be expected to
fetch it any more. Recorded video has its own age (``video.keep_s``); messages never age.

Invariants:
    * Nothing that is held is asked for, and nothing is deleted but by :mod:`edge.deletion`.
    * An incident's files go together, so that what is there can always be verified.
    * What nobody has fetched is given up only by a clock that a time server holds.
    * One entry of the chain names at most ``BATCH`` files.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from edge.deletion import Doomed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edge.clock import Clock
    from edge.config.box import RetentionConfig
    from edge.deletion import Deletion
    from edge.holds import Holds

SWEEP_EVERY_S = 600.0
BATCH = 500

log = structlog.get_logger(__name__)


class Retention:
    """Looks through the evidence of one box from time to time, on a thread of its own.

    Args:
        folder: Where evidence lies, one folder per incident.
        waits: Tells whether the file of that evidence id still waits for the centre.
    """

    def __init__(
        self,
        folder: Path,
        config: RetentionConfig,
        waits: Callable[[str], bool],
        *,
        holds: Holds,
        deletion: Deletion,
        clock: Clock,
    ) -> None:
        self._folder, self._config, self._waits = folder, config, waits
        self._holds, self._deletion, self._clock = holds, deletion, clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="retention")

    def start(self) -> None:
        """Begin with a first look at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the look under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def sweep(self) -> int:
        """Delete what is old enough; return how many files went."""
        delivered: list[Doomed] = []
        given_up: list[Doomed] = []
        believed = self._clock.synchronised() is not False
        for folder in sorted(self._folder.glob("*")):
            if not folder.is_dir() or self._holds.incident_is_held(folder.name):
                continue
            files = [path for path in folder.iterdir() if not path.name.startswith(".")]
            waiting = [path for path in files if self._waits(path.stem)]
            age_s = self._age_s(files)
            doomed = [Doomed(path=path, incident_id=folder.name) for path in files]
            if not waiting and age_s > self._config.delivered_s:
                delivered += doomed
            elif waiting and believed and age_s > self._config.undelivered_s:
                given_up += doomed
                log.error("evidence_given_up", incident_id=folder.name, files=len(waiting))
        return self._delete(delivered, "delivered") + self._delete(given_up, "never fetched")

    def _run(self) -> None:
        """Look, wait, and again."""
        self.sweep()
        while not self._stopping.wait(SWEEP_EVERY_S):
            self.sweep()

    def _age_s(self, files: list[Path]) -> float:
        """Return how long ago the newest file of an incident was written."""
        times = []
        for path in files:
            with suppress(FileNotFoundError):  # the disk guard has been faster
                times.append(path.stat().st_mtime)
        return self._clock.now().timestamp() - max(times, default=0.0)

    def _delete(self, doomed: list[Doomed], why: str) -> int:
        """Delete in batches; return how many files went."""
        batches = (doomed[first : first + BATCH] for first in range(0, len(doomed), BATCH))
        return sum(self._deletion.delete(batch, why=why).files for batch in batches)
