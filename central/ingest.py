"""READ FIRST: how a message from a box becomes a row, a receipt and a line on a screen.

The path, in order: :mod:`central.link` receives → :meth:`Ingest.take` → one transaction for a
batch: :func:`parse` → the noun's ``store`` (or quarantine) → **commit** → acknowledge to the broker
→ receipt to the box → :mod:`central.live` announces to browsers.

Invariants:
    * Receipt and acknowledgement follow the commit, never the other way round: a centre killed in
      between gets the message again, and storing is idempotent.
    * One bad message never stops the next: it is quarantined with the reason. A database that does
      not answer is no reason to quarantine: the batch waits and is tried again.
"""

from __future__ import annotations

import json
import queue
import threading
from dataclasses import dataclass
from functools import partial
from itertools import repeat
from typing import TYPE_CHECKING

import structlog
from pydantic import ValidationError
from sqlalchemy.exc import IntegrityError, InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm.exc import StaleDataError

from central.bells import Bell
from central.db import after_commit, attempt
from central.fleet import intake as fleet
from central.fleet import repository as fleet_rows
from central.fleet.intake import Heard
from central.incidents import intake as incidents
from central.incidents import views
from central.incidents.evidence_rows import ForeignSenderError
from central.quarantine import service as quarantine
from edge.contract.messages import (
    IncidentMessage,
    Message,
    ReceiptMessage,
    ReportedMessage,
    StateMessage,
    TelemetryMessage,
)
from edge.contract.topics import MESSAGE_TYPES, UPWARD, Channel, parse_topic, topic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from central.link import BrokerLink, Delivery

    OutcomeName = Literal["stored", "duplicate", "quarantined"]

BATCH_MESSAGES = 200
GATHER_S = 0.005
"""A batch that is not full waits so long for company: a commit of one costs as much as of ten."""
RETRY_S = 1.0
TRIES_BEFORE_SPLIT = 3
MESSAGE_ID_CHARACTERS = 160
"""As the contract has it."""
_ALWAYS = repeat(object=True)
RECEIPTED = frozenset({Channel.INCIDENT, Channel.TELEMETRY})
CONFLICT = (IntegrityError, StaleDataError)
"""Another transaction was faster: it stored the same incident, or removed the box."""
log = structlog.get_logger(__name__)


class RefusedError(Exception):
    """A message that must be quarantined; the text is the reason that a person reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one message; a receipt is due when box, channel and message id are known."""

    name: OutcomeName
    reason: str = ""
    box_id: str | None = None
    channel: Channel | None = None
    message_id: str | None = None


class Ingest:
    """The thread that takes messages from the link between :meth:`start` and :meth:`stop`."""

    def __init__(self, centre: Centre, link: BrokerLink, retry_s: float = RETRY_S) -> None:
        """Prepare; nothing is taken before :meth:`start`."""
        self._retry_s = retry_s
        self._centre = centre
        self._link = link
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="ingest", daemon=True)

    @property
    def alive(self) -> bool:
        """Whether the thread still runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to take messages."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch in hand and end; what is not taken stays unacknowledged."""
        self._stopping.set()
        self._thread.join(timeout=10)

    def _run(self) -> None:
        """Take what arrives within a moment as one batch, full ones at once."""
        while not self._stopping.is_set():
            try:
                batch = [self._link.inbox.get(timeout=0.2)]
            except queue.Empty:
                continue
            if self._link.inbox.qsize() < BATCH_MESSAGES:
                self._stopping.wait(GATHER_S)
            while len(batch) < BATCH_MESSAGES and not self._link.inbox.empty():
                batch.append(self._link.inbox.get_nowait())
            self.take(batch)

    def take(self, batch: list[Delivery]) -> None:
        """Store a batch, then acknowledge it and send receipts; wait while the database is away."""
        tries = 0
        while not self._stopping.is_set():
            try:
                with self._centre.metrics.batch_seconds.time():
                    outcomes = self._commit(batch)
            except SQLAlchemyError as error:
                tries += 1
                self._centre.metrics.database_retries.inc()
                log.error("database_refused", messages=len(batch), tries=tries, error=str(error))  # noqa: TRY400 - the driver's text says it; a trace a second does not help
                if tries >= TRIES_BEFORE_SPLIT and self._database_answers():
                    self._isolate(batch)
                    return
                self._stopping.wait(self._retry_s)
                continue
            for delivery, outcome in zip(batch, outcomes, strict=True):
                self._finish(delivery, outcome)
            return

    def _commit(self, batch: list[Delivery]) -> list[Outcome]:
        """Store a batch in one transaction and return what became of each message."""
        with self._centre.database.write() as session:
            return self._store(session, batch)

    def _store(self, session: Session, batch: list[Delivery], tries: int = 2) -> list[Outcome]:
        """Store messages in one savepoint; when one fails, each half in its own, or quarantine it.

        Together they cost half: rows of a kind are written by one statement.
        """
        try:
            return self._store_together(session, batch)
        except (OperationalError, InterfaceError):
            raise
        except CONFLICT as error:
            reason, again = f"conflicts with what is stored: {error}", tries > 1
        except (RefusedError, ForeignSenderError) as refusal:
            reason, again = str(refusal), False
        except Exception as error:  # one of the three: around one ingest message
            log.exception("ingest_failed", topic=batch[0].topic, messages=len(batch))
            reason, again = f"internal error: {error!r}", False
        session.expire_all()  # what another transaction did is visible now
        if (half := len(batch) // 2) > 0:
            return self._store(session, batch[:half]) + self._store(session, batch[half:])
        if again:
            return self._store(session, batch, tries - 1)
        return [self._quarantine(session, batch[0], reason)]

    def _store_together(self, session: Session, batch: list[Delivery]) -> list[Outcome]:
        """Parse and store messages in a savepoint: all of them, or none and the first's error."""
        parsed = [parse(each, self._centre.settings.message_max_bytes) for each in batch]
        messages = [message for message, _ in parsed]
        told = [
            Heard(message, each.retained)
            for message, each in zip(messages, batch, strict=True)
            if isinstance(message, StateMessage | ReportedMessage)
        ]
        with attempt(session):
            _check_registered(session, {message.box_id for message in messages})
            fleet.take(session, self._centre, told)  # first: an incident is shown with its camera
            new = {
                IncidentMessage: iter(self._store_incidents(session, messages)),
                TelemetryMessage: iter(self._store_telemetry(session, messages)),
            }
        return [
            Outcome(
                name="stored" if next(new.get(type(message), _ALWAYS)) else "duplicate",
                box_id=message.box_id,
                channel=channel,
                message_id=message.message_id,
            )
            for message, channel in parsed
        ]

    def _store_incidents(self, session: Session, messages: Sequence[Message]) -> list[bool]:
        """Store those of ``messages`` that tell of incidents; return whether each is new."""
        told = [message for message in messages if isinstance(message, IncidentMessage)]
        now = self._centre.clock()
        intake = incidents.store(session, told, now)
        views.announce_all(session, self._centre.live, intake.changed, now)
        if intake.changed:
            after_commit(session, partial(self._centre.bells.ring, Bell.INCIDENTS))
        return [not duplicate for duplicate in intake.duplicates]

    def _store_telemetry(self, session: Session, messages: Sequence[Message]) -> list[bool]:
        """Store those of ``messages`` that are statistics; return whether each is new."""
        told = [message for message in messages if isinstance(message, TelemetryMessage)]
        return fleet_rows.store_telemetry(session, told, self._centre.clock())

    def _quarantine(self, session: Session, delivery: Delivery, reason: str) -> Outcome:
        """Keep what could not be taken, and tell the box so that it stops sending it."""
        box_id, channel = _sender(delivery.topic)
        if box_id is not None and fleet_rows.find(session, box_id) is None:
            box_id = None
        refused = quarantine.RefusedMessage(
            topic=delivery.topic, box_id=box_id, reason=reason, payload=delivery.payload
        )
        quarantine.keep(session, self._centre, refused)
        return Outcome(
            name="quarantined",
            reason=reason[:200],
            box_id=box_id,
            channel=channel,
            message_id=_message_id(delivery.payload, self._centre.settings.message_max_bytes),
        )

    def _finish(self, delivery: Delivery, outcome: Outcome) -> None:
        """Acknowledge to the broker and send the receipt; the commit has happened."""
        self._link.ack(delivery)
        channel = outcome.channel or "unknown"
        self._centre.metrics.messages.labels(channel, outcome.name).inc()
        if outcome.box_id is None or outcome.message_id is None or channel not in RECEIPTED:
            return
        receipt = ReceiptMessage(
            message_id=f"receipt:{outcome.message_id}"[:160],
            box_id=outcome.box_id,
            sent_at=self._centre.clock(),
            receipt_for=outcome.message_id,
            outcome=outcome.name,
            reason=outcome.reason,
        )
        self._link.publish(
            topic(outcome.box_id, Channel.RECEIPT),
            receipt.model_dump_json().encode(),
            retain=False,
        )

    def _database_answers(self) -> bool:
        """Return whether the database runs at all."""
        try:
            self._centre.database.ping()
        except SQLAlchemyError:
            return False
        return True

    def _isolate(self, batch: list[Delivery]) -> None:
        """Take the messages of a batch one by one, for one of them poisons it.

        The poison is let go without a receipt, counted and logged: its box keeps it.
        """
        if len(batch) > 1:
            for delivery in batch:
                self.take([delivery])
            return
        log.error("message_given_up", topic=batch[0].topic, size_bytes=len(batch[0].payload))
        self._centre.metrics.messages.labels("unknown", "given_up").inc()
        self._link.ack(batch[0])


def parse(delivery: Delivery, max_bytes: int) -> tuple[Message, Channel]:
    """Return the message of a delivery and its channel.

    Raises:
        RefusedError: Too large, a foreign topic, not JSON, not the contract, or another box's name.
    """
    size = len(delivery.payload)
    if size > max_bytes:
        raise RefusedError(f"{size} bytes; at most {max_bytes} are parsed")
    box_id, channel = _sender(delivery.topic)
    if box_id is None or channel not in UPWARD:
        raise RefusedError("not a topic that boxes write to")
    try:
        message = MESSAGE_TYPES[channel].model_validate_json(delivery.payload)
    except ValidationError as error:
        mistakes = "; ".join(
            f"{'.'.join(str(part) for part in mistake['loc']) or 'message'}: {mistake['msg']}"
            for mistake in error.errors()[:5]
        )
        raise RefusedError(f"not a valid {channel} message: {mistakes}") from error
    if message.box_id != box_id:
        raise RefusedError(f"box {message.box_id!r} on the topic of box {box_id!r}")
    return message, channel


def _check_registered(session: Session, box_ids: set[str]) -> None:
    """Refuse boxes that nobody registered.

    Raises:
        RefusedError: There is no such box.
    """
    unknown = box_ids - fleet_rows.registered(session, box_ids)
    if unknown:
        raise RefusedError(f"unknown box {min(unknown)!r}: register it first")


def _sender(name: str) -> tuple[str | None, Channel | None]:
    """Return box and channel that a topic names, or nothing."""
    try:
        return parse_topic(name)
    except ValueError:
        return None, None


def _message_id(payload: bytes, max_bytes: int) -> str | None:
    """Return the id of a message that did not validate, if it can be read at all."""
    try:
        found = json.loads(payload) if len(payload) <= max_bytes else None
    except (ValueError, RecursionError):
        return None
    message_id = found.get("message_id") if isinstance(found, dict) else None
    usable = isinstance(message_id, str) and 0 < len(message_id) <= MESSAGE_ID_CHARACTERS
    return message_id if usable else None
