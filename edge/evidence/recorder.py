"""When what is cut: requests in, evidence out.

For each request there are two rounds: the stills at once, so that an officer sees a picture within
a second, and clip and overlay when the seconds after the event are there. A third follows only
where browsers cannot play the original: the playback copy, in a thread of low priority of its own,
since encoding takes seconds and must not delay the next incident's stills.

Invariants:
    * ``request`` never waits; ``on_ready`` is called from the recorder's threads, one call at a
      time, each with everything there is so far; it must not raise.
    * What is missing is said: too little before or after, too long ago, a full disk.
    * What is pending here lives in memory; :mod:`register` remembers it for the next process.
"""

from __future__ import annotations

import os
import queue
import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Protocol

from edge.camera.stream import PLAYABLE_CODECS
from edge.contract.messages import EvidenceItem, EvidenceKind
from edge.counters import Counters
from edge.errors import EvidenceError
from edge.evidence.cut import (
    REORDER_S,
    Cut,
    check_room,
    copy_for_browsers,
    cut_clip,
    cut_stills,
)
from edge.evidence.files import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from edge.camera.ring import PacketSource
    from edge.clock import Clock
    from edge.config.box import EvidenceConfig
    from edge.evidence.request import EvidenceRequest

PATIENCE_S = 10.0  # beyond ``after_s``, for a stream that lags or hangs
POLL_S = 0.1
LOW_PRIORITY = 10
COUNTED = {
    EvidenceKind.STILL: "evidence_stills",
    EvidenceKind.THUMBNAIL: "evidence_thumbnails",
    EvidenceKind.CLIP: "evidence_clips",
    EvidenceKind.PLAYBACK: "evidence_copies",
}


class OnReady(Protocol):
    """Who is told of evidence."""

    def __call__(
        self, incident_id: str, items: tuple[EvidenceItem, ...], missing: str, *, whole: bool
    ) -> None:
        """Take everything there is so far.

        Args:
            incident_id: Whose evidence it is.
            items: All files, those told before among them.
            missing: What could not be had, in words.
            whole: Nothing more is to come but, at most, a playback copy: time for a manifest.
        """
        ...


@dataclass(slots=True)
class _Job:
    """A request on its way."""

    request: EvidenceRequest
    give_up_s: float
    items: list[EvidenceItem] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


class EvidenceRecorder:
    """Cuts evidence from the cameras' rings into ``folder``.

    Attributes:
        has_room: Asked before each piece; where it says no, nothing is written.
    """

    def __init__(
        self,
        folder: Path,
        rings: Mapping[str, PacketSource],
        config: EvidenceConfig,
        on_ready: OnReady,
        clock: Clock,
        counters: Counters | None = None,
    ) -> None:
        """Start the threads; what a killed process left half written is removed."""
        self.has_room: Callable[[], bool] = lambda: True
        self._folder, self._rings, self._config = folder, rings, config
        self._on_ready, self._clock = on_ready, clock
        self._counters = counters or Counters()
        self._counters.increment("evidence_unfinished", sweep(folder))
        self._telling = threading.Lock()
        self._closing = threading.Event()
        self._requests: queue.SimpleQueue[EvidenceRequest | None] = queue.SimpleQueue()
        self._copies: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._cutter = threading.Thread(target=self._cut_all, name="evidence", daemon=True)
        self._copier = threading.Thread(target=self._copy_all, name="playback", daemon=True)
        self._cutter.start()
        self._copier.start()

    def request(self, request: EvidenceRequest) -> None:
        """Ask for evidence; returns at once.

        Raises:
            EvidenceError: There is no such camera.
        """
        if request.camera_id not in self._rings:
            raise EvidenceError(f"no camera {request.camera_id!r} to take evidence from")
        self._requests.put(request)

    def close(self, wait_s: float = 10.0) -> None:
        """Cut what is pending from what there is, then stop; copies not begun are left out."""
        self._closing.set()
        self._requests.put(None)
        self._cutter.join(wait_s)
        self._copies.put(None)
        self._copier.join(wait_s)

    def _cut_all(self) -> None:
        """Serve requests until closed: stills at once, clips when they are due."""
        waiting: list[_Job] = []
        serving = True
        while serving or waiting:
            for request in self._arrived(POLL_S if waiting else None):
                if request is None:
                    serving = False
                else:
                    waiting.append(self._cut_stills(request))
            due = [job for job in waiting if not serving or self._is_due(job)]
            waiting = [job for job in waiting if job not in due]
            for job in due:
                self._cut_clip(job)

    def _arrived(self, wait_s: float | None) -> list[EvidenceRequest | None]:
        """Return the next request, None for the last, nothing after ``wait_s``."""
        try:
            return [self._requests.get(timeout=wait_s)]
        except queue.Empty:
            return []

    def _cut_stills(self, request: EvidenceRequest) -> _Job:
        """Take the stills and tell of them."""
        job = _Job(request, self._clock.monotonic() + self._config.after_s + PATIENCE_S)
        ring = self._rings[request.camera_id]
        if self._do(job, partial(cut_stills, self._folder, request, ring)):
            self._tell(job, whole=False)
        return job

    def _is_due(self, job: _Job) -> bool:
        """Return whether the clip's end is in the ring, or waiting is of no use."""
        _, until_s = job.request.window(self._config)
        ring = self._rings[job.request.camera_id]
        arrived = ring.has_until(job.request.occurred_s, until_s + REORDER_S)
        return arrived or self._clock.monotonic() >= job.give_up_s

    def _cut_clip(self, job: _Job) -> None:
        """Cut clip and overlay, tell, and order a copy where one is needed."""
        ring = self._rings[job.request.camera_id]
        made = self._do(job, partial(cut_clip, self._folder, job.request, ring, self._config))
        self._tell(job, whole=True)
        if any(i.kind is EvidenceKind.CLIP and i.codec not in PLAYABLE_CODECS for i in made):
            self._copies.put(job)

    def _copy_all(self) -> None:
        """Make playback copies one after another until closed."""
        # On Linux a priority belongs to the thread: the cameras' threads keep theirs.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOW_PRIORITY)
        while (job := self._copies.get()) is not None:
            if self._closing.is_set():
                self._counters.increment("evidence_copies_dropped")
                continue
            clip = next(item for item in job.items if item.kind is EvidenceKind.CLIP)
            self._do(job, partial(copy_for_browsers, self._folder, clip))
            self._tell(job, whole=True)

    def _do(self, job: _Job, make: Callable[[], Cut]) -> tuple[EvidenceItem, ...]:
        """Make one piece; what was made, or why it failed, is noted in the job."""
        try:
            check_room(has_room=self.has_room())
            cut = make()
        except EvidenceError as error:
            self._counters.increment("evidence_failures")
            job.missing.append(str(error))
            return ()
        for item in cut.items:
            if item.kind in COUNTED:
                self._counters.increment(COUNTED[item.kind])
        job.items += cut.items
        job.missing += cut.missing
        return cut.items

    def _tell(self, job: _Job, *, whole: bool) -> None:
        """Hand over everything there is so far."""
        with self._telling:
            missing = "; ".join(job.missing)
            self._on_ready(job.request.incident_id, tuple(job.items), missing, whole=whole)
