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
from typing import TYPE_CHECKING, Any

from edge.contract.messages import CameraState
from edge.contract.topics import Channel, topic
from tests.builders import incident_message, state_message
from tests.measures.load import mqtt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ID, NOW = "ID-OF-THE-INCIDENT", "2000-01-01T00:00:00Z"
"""What a template has in place of the incident's id and of its times."""
RULES = (
    *("red_light", "no_helmet", "illegal_parking", "wrong_lane", "solid_line_crossing"),
    *("no_helmet", "speeding", "congestion", "stopped_vehicle", "wrong_way"),
)
"""One in ten each: what a province's boxes say on a busy day, three in ten of it alerting."""
CAMERAS = 4
AREAS = [f"{16681 + 3 * number}" for number in range(130)]
STUCK_S = 30
READ_BYTES = 65_536
_BEGINNING = datetime.fromisoformat(NOW)
_OF_ALL: dict[str, Any] = {
    "sent_at": _BEGINNING,
    "occurred_at": _BEGINNING,
    "decided_at": _BEGINNING,
    "object_class": "motorbike",
    "track_ids": (17,),
    "boxes": tuple((41.0 + step, 100.5, 200.0, 140.5, 260.0) for step in range(8)),
    "place": "stop-line",
    "software_version": "0.1.0",
    "scene_version": "0a1b2c3d4e5f",
}
"""What every incident has."""


@dataclass(slots=True)
class Sent:
    """What became of the messages of a crowd.

    Attributes:
        outcomes: Receipts by outcome; ``again``: a further one for the same message.
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
    def unanswered(self) -> int:
        """Return how many messages have no receipt."""
        return self.published - len(self.waits)


@dataclass(frozen=True, slots=True)
class Said:
    """What one box says, in JSON to be completed with the id and the times."""

    incidents: Sequence[bytes]
    heartbeat: bytes


class Box:
    """One connection to the broker. What it is to send waits for :meth:`flush`: one system call."""

    __slots__ = ("_packet", "_ready", "_received", "_said", "name", "number", "socket", "waiting")

    def __init__(self, name: str, connection: socket.socket, said: Said) -> None:
        self.name, self.socket, self._said = name, connection, said
        self.number = 0
        self.waiting: dict[str, float] = {}
        self._packet = 0
        self._received, self._ready = bytearray(), bytearray()

    def publish(self, series: str, since: float) -> str:
        """Prepare the next incident, timed from ``since``; return its id."""
        self.number += 1
        incident_id = f"{series}{self.name}.{self.number}"
        template = self._said.incidents[self.number % len(self._said.incidents)]
        self.waiting[f"{incident_id}:1"] = since
        self._prepare(Channel.INCIDENT, template.replace(ID.encode(), incident_id.encode()))
        return incident_id

    def beat(self) -> None:
        """Prepare a heartbeat."""
        self._prepare(Channel.STATE, self._said.heartbeat)

    def flush(self) -> None:
        """Send what is prepared."""
        if self._ready:
            self.socket.sendall(self._ready)
            self._ready.clear()

    def _prepare(self, channel: Channel, template: bytes) -> None:
        self._packet = self._packet % mqtt.LAST_ID + 1
        payload = template.replace(NOW.encode(), datetime.now(UTC).isoformat().encode())
        where = topic(self.name, channel).encode()
        self._ready += mqtt.publish(where, self._packet, payload)

    def take(self) -> list[tuple[str, str]]:
        """Read what has come, prepare its acknowledgement; return message and outcome of receipts.

        Raises:
            ConnectionError: The broker has hung up.
        """
        read = self.socket.recv(READ_BYTES)
        if not read:
            raise ConnectionError(f"the broker hung up on {self.name}")
        self._received += read
        receipts = []
        for first, body in mqtt.packets(self._received):
            if first & 0xF0 == mqtt.PUBLISH:
                payload, packet_id = mqtt.payload_of(first, body)
                self._ready += mqtt.acknowledge(packet_id) if packet_id else b""
                told = json.loads(payload)
                receipts.append((told["receipt_for"], told["outcome"]))
        return receipts


class Boxes:
    """All boxes on one selector; ``window`` messages of each box wait for a receipt, no more."""

    def __init__(self, selector: selectors.BaseSelector, series: str, *, keep_times: bool) -> None:
        self._selector, self._keep_times = selector, keep_times
        self._series = f"{series}."
        self._boxes: list[Box] = []
        self._next = self._next_beat = 0
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
            box = Box(name, connection, said_by(name, place, rules))
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
            self._selector.register(
                connection, selectors.EVENT_READ, lambda box=box: self._take(box)
            )

    def fill(self, window: int) -> None:
        """Let every box send its window and, from now on, one for each receipt."""
        self.refill = True
        for box in self._boxes:
            for _ in range(window):
                self._publish(box, time.monotonic())
            box.flush()

    def offer(self, since: float) -> None:
        """Let the next box send one message, timed from ``since``, when it was due."""
        box = self._boxes[self._next % len(self._boxes)]
        self._next += 1
        self._publish(box, since)
        box.flush()

    def beat(self) -> None:
        """Let the next box send a heartbeat."""
        box = self._boxes[self._next_beat % len(self._boxes)]
        self._next_beat += 1
        box.beat()
        box.flush()

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
            if not message_id.startswith(self._series):
                continue  # of a series before this, come too late for it
            since = box.waiting.pop(message_id, None)
            if since is None:
                self.sent.outcomes["again"] += 1
                continue
            self.sent.outcomes[outcome] += 1
            self.sent.waits.append(now - since)
            self.sent.per_second[int(now - self.began)] += 1
            if self.refill and now < self.until:
                self._publish(box, now)
        box.flush()


def said_by(name: str, place: int, rules: Sequence[str]) -> Said:
    """Return what a box says: an incident of each rule, and its heartbeat."""
    cameras, found = cameras_of(name, place), []
    for number, rule in enumerate(rules):
        camera = cameras[number % CAMERAS]
        message = incident_message(
            ID,
            **_OF_ALL,
            box_id=name,
            rule=rule,
            camera_id=camera.camera_id,
            area_code=camera.area_code,
            location=camera.location,
        )
        found.append(message.model_dump_json().encode())
    heartbeat = state_message(
        box_id=name,
        message_id=f"{name}:state",
        sent_at=_BEGINNING,
        since=_BEGINNING,
        cameras=cameras,
    )
    return Said(found, heartbeat.model_dump_json().encode())


def cameras_of(name: str, place: int) -> tuple[CameraState, ...]:
    """Return the cameras of the box with the number ``place``, 200 m from each other.

    What one has in view, no other sees: nothing is merged.
    """
    south, west = 18.5 + 0.02 * (place // 40), 104.0 + 0.02 * (place % 40)
    return tuple(
        CameraState(
            camera_id=f"{name}-{number}",
            name=f"Camera {number}",
            status="online",
            since=_BEGINNING,
            area_code=AREAS[place % len(AREAS)],
            location=(south + 0.0018 * number, west),
        )
        for number in range(CAMERAS)
    )


def _expect(connection: socket.socket, first: int, body: bytes, name: str) -> None:
    """Read one short packet.

    Raises:
        ConnectionError: It is another one: the broker refuses.
    """
    came = connection.recv(2 + len(body), socket.MSG_WAITALL)
    if came != bytes([first, len(body)]) + body:
        raise ConnectionError(f"the broker refused {name}: {came!r}")
