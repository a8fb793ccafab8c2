"""A crowd of boxes: each has its connection and topic, sends incidents and waits for receipts."""

from __future__ import annotations

import json
import selectors
import socket
import struct
import time
from array import array
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from edge.contract.topics import Channel, topic
from tests.builders import incident_message
from tests.measures.load import mqtt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ID, NOW = "@id@", "2000-01-01T00:00:00Z"
"""What a template has in place of the incident's id and of its times."""
RULES = (
    *("red_light", "no_helmet", "illegal_parking", "wrong_lane", "solid_line_crossing"),
    *("no_helmet", "speeding", "congestion", "stopped_vehicle", "wrong_way"),
)
"""One in ten each: what a province's boxes say on a busy day, three in ten of it alerting."""
AREAS = [f"{16681 + 3 * number}" for number in range(130)]
STUCK_S = 30
READ_BYTES = 65_536
_BEGINNING = datetime.fromisoformat(NOW)


@dataclass(slots=True)
class Sent:
    """What became of the messages of a crowd.

    Attributes:
        outcomes: Receipts by outcome.
        waits: Seconds from publish (or, at an offered rate, from when it was due) to receipt.
        per_second: Receipts in each second since the beginning.
        times: Incident → when it was published, by this machine's monotonic clock; kept on demand.
    """

    published: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    waits: array[float] = field(default_factory=lambda: array("d"))
    per_second: Counter[int] = field(default_factory=Counter)
    times: dict[str, float] = field(default_factory=dict)

    @property
    def receipts(self) -> int:
        """Return how many receipts came."""
        return self.outcomes.total()


class Box:
    """One connection to the broker, with a template for each message that it can send."""

    __slots__ = ("_received", "_templates", "_topic", "name", "number", "socket", "waiting")

    def __init__(self, name: str, connection: socket.socket, templates: Sequence[bytes]) -> None:
        self.name, self.socket, self._templates = name, connection, templates
        self.number = 0
        self.waiting: dict[str, float] = {}
        self._topic = topic(name, Channel.INCIDENT).encode()
        self._received = bytearray()

    def publish(self, series: str, since: float) -> str:
        """Send the next incident, timed from ``since``; return its id."""
        self.number += 1
        incident_id = f"{series}.{self.name}.{self.number}"
        template = self._templates[self.number % len(self._templates)]
        now = datetime.now(UTC).isoformat().encode()
        payload = template.replace(b"@id@", incident_id.encode()).replace(NOW.encode(), now)
        self.waiting[f"{incident_id}:1"] = since
        self.socket.sendall(mqtt.publish(self._topic, self.number % mqtt.LAST_ID + 1, payload))
        return incident_id

    def take(self) -> list[tuple[str, str]]:
        """Read what has come, acknowledge it; return message and outcome of each receipt.

        Raises:
            ConnectionError: The broker has hung up.
        """
        read = self.socket.recv(READ_BYTES)
        if not read:
            raise ConnectionError(f"the broker hung up on {self.name}")
        self._received += read
        receipts, answer = [], b""
        for first, body in mqtt.packets(self._received):
            if first & 0xF0 == mqtt.PUBLISH:
                payload, packet_id = mqtt.payload_of(first, body)
                answer += mqtt.acknowledge(packet_id) if packet_id else b""
                told = json.loads(payload)
                receipts.append((told["receipt_for"], told["outcome"]))
        if answer:
            self.socket.sendall(answer)
        return receipts


class Boxes:
    """All boxes on one selector; ``window`` messages of each box wait for a receipt, no more."""

    def __init__(self, selector: selectors.BaseSelector, series: str, *, keep_times: bool) -> None:
        self._selector, self._series, self._keep_times = selector, series, keep_times
        self._boxes: list[Box] = []
        self._next = 0
        self.sent = Sent()
        self.began = 0.0
        self.until = 0.0
        self.refill = False
        """Whether a receipt makes its box send the next message."""

    def connect(self, port: int, tokens: Mapping[str, str], rules: Sequence[str]) -> None:
        """Open a connection for every box.

        Raises:
            ConnectionError: The broker refused one.
        """
        for place, (name, token) in enumerate(tokens.items()):
            connection = socket.create_connection(("127.0.0.1", port), timeout=STUCK_S)
            box = Box(name, connection, templates(name, place, rules))
            self._boxes.append(box)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(mqtt.connect(name, name, token))
            _expect(connection, mqtt.CONNACK, b"\x00\x00", name)
            connection.sendall(mqtt.subscribe(topic(name, Channel.RECEIPT)))
            _expect(connection, mqtt.SUBACK, b"\x00\x01\x01", name)
            # Blocking sends are the brake; a broker that takes nothing for so long is an error.
            connection.settimeout(None)
            stuck = struct.pack("ll", STUCK_S, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, stuck)
            self._selector.register(connection, selectors.EVENT_READ, lambda box=box: self._take(box))

    @property
    def outstanding(self) -> int:
        """Return how many messages have no receipt yet."""
        return self.sent.published - self.sent.receipts

    def fill(self, window: int) -> None:
        """Let every box send its window and, from now on, one for each receipt."""
        self.refill = True
        for box in self._boxes:
            for _ in range(window):
                self._publish(box, time.monotonic())

    def offer(self, since: float) -> None:
        """Let the next box send one message, timed from ``since``, when it was due."""
        self._publish(self._boxes[self._next % len(self._boxes)], since)
        self._next += 1

    def close(self) -> None:
        """Hang up."""
        for box in self._boxes:
            self._selector.unregister(box.socket)
            box.socket.close()

    def _publish(self, box: Box, since: float) -> None:
        incident_id = box.publish(self._series, since)
        self.sent.published += 1
        if self._keep_times:
            self.sent.times[incident_id] = since

    def _take(self, box: Box) -> None:
        receipts = box.take()
        now = time.monotonic()
        for message_id, outcome in receipts:
            since = box.waiting.pop(message_id, None)
            if since is None:
                outcome = "again"  # noqa: PLW2901 - a second receipt of one message
            else:
                self.sent.waits.append(now - since)
                self.sent.per_second[int(now - self.began)] += 1
            self.sent.outcomes[outcome] += 1
            if self.refill and now < self.until:
                self._publish(box, now)


def templates(name: str, place: int, rules: Sequence[str]) -> list[bytes]:
    """Return the messages of one box, one for each rule, to be completed with id and times.

    Every rule has a camera of its own, 200 m from the next, so that nothing is merged.
    """
    made = []
    for number, rule in enumerate(rules):
        message = incident_message(
            ID.strip("@"),
            **{
                "box_id": name,
                "rule": rule,
                "camera_id": f"{name}-{number}",
                "area_code": AREAS[place % len(AREAS)],
                "location": (18.5 + 0.02 * (place // 40) + 0.0018 * number, 104 + 0.02 * (place % 40)),
                "sent_at": _BEGINNING,
                "occurred_at": _BEGINNING,
                "decided_at": _BEGINNING,
                "object_class": "motorbike",
                "track_ids": (17,),
                "boxes": tuple((41.0 + step, 100.5, 200.0, 140.5, 260.0) for step in range(8)),
                "place": "stop-line",
                "software_version": "0.1.0",
                "scene_version": "0a1b2c3d4e5f",
            },
        )
        fields = message.model_dump(mode="json") | {"message_id": f"{ID}:1", "incident_id": ID}
        made.append(json.dumps(fields, separators=(",", ":")).encode())
    return made


def _expect(connection: socket.socket, first: int, body: bytes, name: str) -> None:
    """Read one short packet.

    Raises:
        ConnectionError: It is another one: the broker refuses.
    """
    came = connection.recv(2 + len(body), socket.MSG_WAITALL)
    if came != bytes([first, len(body)]) + body:
        raise ConnectionError(f"the broker refused {name}: {came!r}")
