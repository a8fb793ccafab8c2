"""Everything between the outbox and the centre, started and stopped together.

Outbox, publisher, uploads, model rollouts, heartbeat and Prometheus figures. The worker puts
messages into :attr:`Delivery.outbox` and says when a camera's status has changed; the rest happens
on the threads composed here. This module composes only: what each part promises stands there.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import structlog

from edge import __version__
from edge.alarms import Alarms
from edge.contract.messages import StateMessage
from edge.errors import ConfigError
from edge.health import Heartbeat, MetricsServer, disk_free_bytes, memory_bytes
from edge.model_store.store import ModelStore
from edge.outbox import Outbox
from edge.publisher import Publisher
from edge.uploads import Uploader

if TYPE_CHECKING:
    from collections.abc import Callable

    from edge.clock import Clock
    from edge.config.box import BoxConfig
    from edge.contract.commands import CommandMessage
    from edge.contract.messages import CameraState, DesiredMessage
    from edge.counters import Counters
    from edge.evidence.custody import Custody
    from edge.model_store.active import SharedDetector
    from edge.place_book import PlaceBook
    from edge.suspensions import Suspensions

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What delivery needs to know of the rest of the box.

    Attributes:
        detector: Gets a new model when one is rolled out.
        cameras: Returns the health of all cameras.
        restart: Called when the centre orders a restart; returns at once.
        custody: Obeys holds, and tells the head of the chain.
        book: Learns where a rule is wrong, and tells what it has learned.
        alarms: What somebody should see to.
        suspensions: Obeys orders that let rules rest.
        video_bytes: Returns the size of the recorded video and of what is held of it.
    """

    detector: SharedDetector
    cameras: Callable[[], tuple[CameraState, ...]]
    restart: Callable[[], None]
    custody: Custody
    suspensions: Suspensions
    book: PlaceBook
    alarms: Alarms = field(default_factory=Alarms)
    video_bytes: Callable[[], tuple[int | None, int | None]] = lambda: (None, None)


class Delivery:
    """A box's way to its centre and back."""

    def __init__(
        self, box: BoxConfig, surroundings: Surroundings, clock: Clock, counters: Counters
    ) -> None:
        """Build the parts; nothing runs yet.

        Raises:
            ConfigError: The outbox cannot be opened.
        """
        self._box, self._around = box, surroundings
        self._clock, self._counters = clock, counters
        self._since = clock.now()
        self._metrics: MetricsServer | None = None
        self.outbox = Outbox(
            Path(box.data_dir) / "outbox.sqlite3",
            config=box.outbox,
            clock=clock,
            counters=counters,
        )
        self._publisher = Publisher(
            box,
            self.outbox,
            clock=clock,
            counters=counters,
            on_desired=self._want,
            on_command=self._obey,
        )
        self._uploader = Uploader(
            box, self.outbox, clock=clock, counters=counters, alarms=surroundings.alarms
        )
        self._heartbeat = Heartbeat(self.state, self._publisher.announce, box.heartbeat_s)
        self._models = ModelStore(
            box,
            surroundings.detector,
            clock=clock,
            counters=counters,
            report=self._publisher.announce,
        )

    def start(self, fallback_reason: str = "") -> None:
        """Start every part.

        Args:
            fallback_reason: Why the model last rolled out does not run; empty when it does.

        Raises:
            ConfigError: The port for Prometheus cannot be used; nothing was started.
        """
        if port := self._box.metrics_port:
            try:
                self._metrics = MetricsServer(self.state, port)
            except OSError as error:
                raise ConfigError([f"metrics_port: {port} cannot be used: {error}"]) from error
        self._publisher.start()
        self._models.start(fallback_reason)
        self._uploader.start()
        self._heartbeat.start()

    def stop(self) -> None:
        """Stop every part; what is not delivered waits on disk for the next process."""
        self._models.stop()
        self._uploader.stop()
        self._heartbeat.stop()
        self._publisher.stop(self._state("offline"))
        if self._metrics is not None:
            self._metrics.stop()
        self.outbox.close()

    def beat_now(self) -> None:
        """Announce the box's state at once: a camera's status has changed."""
        self._heartbeat.beat_now()

    def state(self) -> StateMessage:
        """Return the box's health as it is now."""
        return self._state("online")

    def _state(self, status: Literal["online", "offline"]) -> StateMessage:
        """Compose a state message."""
        now = self._clock.now()
        video_bytes, held_bytes = self._around.video_bytes()
        custody, alarms = self._around.custody, self._around.alarms
        for code, stands in custody.alarms().items():
            alarms.set(code, on=stands)
        return StateMessage(
            message_id=f"{self._box.box_id}:state:{now.timestamp():.6f}",
            box_id=self._box.box_id,
            sent_at=now,
            status=status,
            since=self._since if status == "online" else now,
            software_version=__version__,
            cameras=self._around.cameras(),
            counters=self._counters.snapshot(),
            outbox_depth=self.outbox.depth(),
            oldest_unsent_at=self.outbox.oldest_at(),
            disk_free_bytes=disk_free_bytes(Path(self._box.data_dir)),
            memory_bytes=memory_bytes(),
            clock_synchronised=self._clock.synchronised(),
            model=self._around.detector.model,
            alarms=alarms.raised(),
            video_bytes=video_bytes,
            held_bytes=held_bytes,
            holds=custody.held_incidents(),
            chain=custody.checkpoint(),
            public_key=custody.public_key,
            exceptions=self._around.book.exceptions(now),
            suspensions=self._around.suspensions.standing(),
        )

    def _want(self, desired: DesiredMessage) -> None:
        """Pass the centre's wish for a model on."""
        self._models.want(desired)

    def _obey(self, command: CommandMessage) -> None:
        """Do what the centre orders once."""
        log.info("command", command=command.command, message_id=command.message_id)
        if command.command == "restart":
            self._around.restart()
            return
        if command.command in {"hold", "release"}:
            self._around.custody.obey(command)
        elif command.command in {"suspend_rules", "resume_rules"}:
            self._around.suspensions.obey(command)
        elif not self._learn(command):
            self._counters.increment("commands_refused")
        self._heartbeat.beat_now()

    def _learn(self, command: CommandMessage) -> bool:
        """Except a place or let an exception go; False when a command asks for neither rightly."""
        book = self._around.book
        if command.command == "forget_exception":
            said = {"author": command.author, "reason": command.reason}
            return book.forget(command.incident_id, **said)
        if command.command == "except_place":
            return command.exception is not None and book.learn(
                command.exception, self._clock.now()
            )
        return True
