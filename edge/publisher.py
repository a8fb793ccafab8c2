"""Outbox → MQTT, and the centre's answers back: receipts, desired models, commands.

Invariants:
    * A message is sent again, after a growing pause, until its receipt has come. The broker's own
      acknowledgement means nothing here: it is no proof of storage.
    * Live incidents never wait for a backlog; of everything else only so many are under way as line
      and centre take at once (:mod:`edge.outbox.window`).
    * Receipts are taken off the network thread as they come and settled together: one flush to disk
      for all that have come meanwhile.
    * State and reported model are retained and latest-wins: they do not pass through the outbox.
      The broker sends the offline state when the box vanishes.
    * Without a connection nothing is handed to the client, and what it holds of a lost one is taken
      away: its memory is not durable, and its resends would disturb the order of ours.

What a desired model or a command means is decided elsewhere.
"""

from __future__ import annotations

import json
import queue
import random
import sys
import threading
from typing import TYPE_CHECKING, Any

import structlog
from paho.mqtt.client import MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from edge.connecting import PatientClient
from edge.contract.commands import CommandMessage
from edge.contract.messages import (
    DesiredMessage,
    Message,
    ReceiptMessage,
    ReportedMessage,
    StateMessage,
)
from edge.contract.topics import DOWNWARD, MESSAGE_TYPES, RETAINED, Channel, parse_topic, topic
from edge.outbox import SendWindow

if TYPE_CHECKING:
    from collections.abc import Callable

    from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from edge.clock import Clock
    from edge.config.box import BoxConfig
    from edge.counters import Counters
    from edge.outbox import Outbox, Parcel

POLL_S = 0.5
"""How often the loop looks for what has become due while nothing is put or settled."""
FAREWELL_S = 2.0
"""How long a stopping box waits for its last state to reach the broker."""

log = structlog.get_logger(__name__)


class Publisher:
    """The box's one MQTT connection.

    Args:
        box: Who the box is and where its broker.
        outbox: What is to be sent; emptied by receipts.
        clock: Times in messages and the silence of the centre.
        counters: Where sends, receipts and refusals are counted.
        on_desired: Called with each desired model, from the network thread; must return at once.
        on_command: Called with each command in time, likewise.
    """

    def __init__(
        self,
        box: BoxConfig,
        outbox: Outbox,
        *,
        clock: Clock,
        counters: Counters,
        on_desired: Callable[[DesiredMessage], None],
        on_command: Callable[[CommandMessage], None],
    ) -> None:
        self._box = box
        self._outbox = outbox
        self._clock = clock
        self._counters = counters
        self._on_desired = on_desired
        self._on_command = on_command
        self._connected = threading.Event()
        self._stopping = threading.Event()
        self._window = SendWindow(clock)
        self._reconnected = threading.Event()
        self._receipts: queue.SimpleQueue[ReceiptMessage] = queue.SimpleQueue()
        self._latest_lock = threading.Lock()
        self._latest: dict[Channel, StateMessage | ReportedMessage] = {}
        self._unsent: set[Channel] = set()
        self._thread = threading.Thread(target=self._run, name="publisher")
        self._client = self._make_client()

    @property
    def connected(self) -> bool:
        """Tell whether the broker has accepted the box."""
        return self._connected.is_set()

    def start(self) -> None:
        """Begin to connect, for ever if need be, and to send."""
        self._client.connect_async(
            self._box.broker.host, self._box.broker.port, keepalive=self._box.broker.keepalive_s
        )
        self._client.loop_start()
        self._thread.start()

    def announce(self, message: StateMessage | ReportedMessage) -> None:
        """Publish a state or reported model, now or as soon as there is a connection."""
        with self._latest_lock:
            channel = Channel(message.kind)
            self._latest[channel] = message
            self._unsent.add(channel)
        self._outbox.wake()

    def stop(self, farewell: StateMessage) -> None:
        """Send a last state if the broker is there, and end; unsent rows stay in the outbox."""
        self._stopping.set()
        self._outbox.wake()
        self._thread.join()
        if self.connected:
            # Receipts that nobody reads any more would turn the good-bye into a reset connection,
            # and the broker would send the last will over it.
            self._client.unsubscribe([topic(self._box.box_id, channel) for channel in DOWNWARD])
            self._say_farewell(farewell)
        self._client.disconnect()
        self._client.loop_stop()

    def _say_farewell(self, farewell: StateMessage) -> None:
        """Publish the last state; a line that breaks meanwhile leaves the word to the last will."""
        sent = self._publish(Channel.STATE, farewell.model_dump_json())
        try:
            sent.wait_for_publish(FAREWELL_S)
        except RuntimeError as error:
            log.warning("farewell_not_sent", reason=str(error))

    def _make_client(self) -> Client:
        """Return the client with everything set but the connection."""
        client = PatientClient(
            CallbackAPIVersion.VERSION2,
            client_id=f"songlam-{self._box.box_id}",
            # A session at the broker would only keep receipts for messages that are sent again
            # anyway, and the embedded broker loses them: every connection starts clean.
            clean_session=True,
            protocol=MQTTv311,
        )
        broker = self._box.broker
        if not broker.tls_cert:
            client.username_pw_set(self._box.box_id, self._box.centre.token)
        if broker.tls_ca:
            client.tls_set(broker.tls_ca, broker.tls_cert or None, broker.tls_key or None)
        client.max_inflight_messages_set(0)  # no limit of its own: ours looks at receipts
        # Jitter, so that a province of boxes does not come back in the same second. The delay
        # doubles from the first to the second figure. The stubs know whole seconds only; the
        # client takes any number.
        shortest: Any = random.uniform(0.5, 1.5)  # noqa: S311  # not a secret
        longest: Any = random.uniform(20, 40)  # noqa: S311  # not a secret
        client.reconnect_delay_set(shortest, longest)
        client.on_pre_connect = self._leave_will
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        return client

    def _run(self) -> None:
        """Settle what has been receipted, send whatever is due, and wait for more."""
        seen = 0
        while not self._stopping.is_set():
            self._settle()
            if self.connected:
                if self._reconnected.is_set():
                    self._reconnected.clear()
                    self._window.reset()
                    self._outbox.make_due()
                self._send_latest()
                window = self._window
                for parcel in self._outbox.take_messages(window.messages, window.retry_after_s):
                    self._send(parcel)
            seen = self._outbox.wait_for_change(seen, POLL_S)
        self._settle()

    def _send_latest(self) -> None:
        """Publish the states that changed since they were last sent."""
        with self._latest_lock:
            messages = [self._latest[channel] for channel in self._unsent]
            self._unsent.clear()
        for message in messages:
            self._publish(Channel(message.kind), message.model_dump_json())

    def _send(self, parcel: Parcel) -> None:
        """Publish one row, with the time of this try and a mark when it comes late."""
        fields = json.loads(parcel.payload)
        fields["sent_at"] = self._clock.now().isoformat()
        if parcel.channel == Channel.INCIDENT and parcel.late:
            fields["historical"] = True
            self._counters.increment("messages_historical")
        self._counters.increment("messages_resent" if parcel.tries else "messages_sent")
        self._window.sent(parcel.message_id)
        self._publish(Channel(parcel.channel), json.dumps(fields, ensure_ascii=False))

    def _publish(self, channel: Channel, payload: str) -> Any:
        """Hand one payload to the client and return its receipt of that."""
        return self._client.publish(
            topic(self._box.box_id, channel),
            payload.encode(),
            qos=1,
            retain=channel in RETAINED,
        )

    def _leave_will(self, client: Client, _userdata: object) -> None:
        """Before each connection: tell the broker what to say when the box vanishes."""
        client.drop_out_messages()
        now = self._clock.now()
        will = StateMessage(
            message_id=f"{self._box.box_id}:will:{now.timestamp():.3f}",
            box_id=self._box.box_id,
            sent_at=now,
            status="offline",
            since=now,
        )
        name = topic(self._box.box_id, Channel.STATE)
        client.will_set(name, will.model_dump_json(), qos=1, retain=True)

    def _on_connect(
        self,
        client: Client,
        _userdata: object,
        _flags: ConnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        """Subscribe and send everything again, or say why the broker refused."""
        if reason.is_failure:
            self._refused(str(reason), "check box_id and token or certificate at the broker")
            return
        self._counters.increment("broker_connects")
        log.info("broker_connected", host=self._box.broker.host, port=self._box.broker.port)
        client.subscribe([(topic(self._box.box_id, channel), 1) for channel in DOWNWARD])
        with self._latest_lock:
            self._unsent.update(self._latest)
        self._reconnected.set()
        self._connected.set()
        self._outbox.wake()

    def _on_connect_fail(self, _client: Client, _userdata: object) -> None:
        """Log why the broker cannot be reached; the client tries again by itself."""
        # The client calls this from its except block and does not pass the error on.
        log.warning(
            "broker_unreachable",
            host=self._box.broker.host,
            port=self._box.broker.port,
            reason=str(sys.exc_info()[1]),
        )

    def _on_disconnect(
        self,
        _client: Client,
        _userdata: object,
        _flags: DisconnectFlags,
        reason: ReasonCode,
        _properties: Properties | None,
    ) -> None:
        """Note that an accepted connection has ended."""
        if self.connected:
            self._connected.clear()
            self._counters.increment("broker_disconnects")
            log.warning("broker_disconnected", reason=str(reason))

    def _on_subscribe(
        self,
        _client: Client,
        _userdata: object,
        _mid: int,
        reasons: list[ReasonCode],
        _properties: Properties | None,
    ) -> None:
        """Say so when the broker does not let the box hear its own branch."""
        if any(reason.is_failure for reason in reasons):
            self._refused("subscription denied", "the broker's rules must grant the box its branch")

    def _refused(self, reason: str, what_to_do: str) -> None:
        """Count and log a refusal by the broker."""
        self._counters.increment("broker_refusals")
        log.error("broker_refused_box", reason=reason, box=self._box.box_id, hint=what_to_do)

    def _on_message(self, _client: Client, _userdata: object, message: MQTTMessage) -> None:
        """Understand a message from the centre and pass it on; what is not for us is counted."""
        if message.topic == topic(self._box.box_id, Channel.DESIRED) and not message.payload:
            return  # the assignment was taken back; what runs goes on running
        try:
            parsed = self._parse(message)
        except ValueError as error:
            self._counters.increment("downward_invalid")
            log.warning("downward_message_invalid", topic=message.topic, error=str(error)[:300])
            return
        if isinstance(parsed, ReceiptMessage):
            self._receipts.put(parsed)
            self._outbox.wake()
        elif isinstance(parsed, DesiredMessage):
            self._on_desired(parsed)
        elif isinstance(parsed, CommandMessage):
            self._obey(parsed)

    def _parse(self, message: MQTTMessage) -> Message:
        """Return the message of a topic of ours.

        Raises:
            ValueError: It is for another box, goes up instead of down, or is not what it should be.
        """
        box_id, channel = parse_topic(message.topic)
        if box_id != self._box.box_id or channel not in DOWNWARD:
            raise ValueError(f"not addressed to {self._box.box_id}")
        return MESSAGE_TYPES[channel].model_validate_json(message.payload)

    def _settle(self) -> None:
        """Remove the rows the centre has spoken for since the last time."""
        receipts = []
        while not self._receipts.empty():
            receipts.append(self._receipts.get_nowait())
            self._window.receipted(receipts[-1].receipt_for)
        if not receipts:
            return
        gone = self._outbox.settle_all([each.receipt_for for each in receipts])
        for receipt in receipts:
            self._count(receipt, known=receipt.receipt_for in gone)
            gone.discard(receipt.receipt_for)

    def _count(self, receipt: ReceiptMessage, *, known: bool) -> None:
        """Count a receipt by what it said."""
        if not known:
            self._counters.increment("receipts_unknown")
        elif receipt.outcome == "quarantined":
            self._counters.increment("receipts_quarantined")
            log.error("message_quarantined", message_id=receipt.receipt_for, reason=receipt.reason)
        else:
            self._counters.increment("receipts_stored")

    def _obey(self, command: CommandMessage) -> None:
        """Pass a command on unless its time is over."""
        if command.expires_at <= self._clock.now():
            self._counters.increment("commands_refused")
            log.warning("command_expired", command=command.command, message_id=command.message_id)
            return
        self._on_command(command)
