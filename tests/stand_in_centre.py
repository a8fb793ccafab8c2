"""A small centre for tests of the edge: stores in memory, sends receipts, takes uploads.

It speaks the agreements of ``edge.contract`` and of the upload protocol and nothing more. It can be
told to misbehave: stay silent, lose receipts, quarantine, break uploads off.
"""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

from paho.mqtt.client import Client, MQTTMessage, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from edge.contract.messages import ReceiptMessage
from edge.contract.topics import ROOT, Channel, parse_topic, topic
from tests.builders import NOON

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.mosquitto import Mosquitto


def wait_until(condition: Callable[[], bool], timeout_s: float = 15.0) -> bool:
    """Wait for a condition on other threads or processes; return whether it came true."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return condition()


class StandInCentre:
    """The MQTT side: every upward message is kept, and a receipt goes back.

    Attributes:
        received: (topic, fields, retained) in the order of arrival, copies included.
        lose: How many receipts to swallow from now on; -1 means all.
        copies: How often each receipt is sent.
        quarantine: Message ids to answer with ``quarantined``.
    """

    def __init__(
        self,
        broker: Mosquitto,
        username: str = "",
        password: str = "",
        client_id: str = "stand-in-centre",
    ) -> None:
        self.received: list[tuple[str, dict[str, Any], bool]] = []
        self.lose = 0
        self.copies = 1
        self.quarantine: set[str] = set()
        self._subscribed = threading.Event()
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            protocol=MQTTv311,
        )
        if username:
            self._client.username_pw_set(username, password)
        self._client.reconnect_delay_set(0.1, 0.5)  # type: ignore[arg-type]  # takes any number
        self._client.on_connect = lambda client, *_: client.subscribe(f"{ROOT}/+/+", qos=1)
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.on_message = self._on_message
        self._client.connect(broker.host, broker.port)

    def __enter__(self) -> Self:
        self._client.loop_start()
        assert self._subscribed.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def incidents(self) -> list[str]:
        """Return the message ids of all incident messages, copies included."""
        return [f["message_id"] for _, f, _ in list(self.received) if f.get("kind") == "incident"]

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of one kind in the order of arrival."""
        return [fields for _, fields, _ in list(self.received) if fields.get("kind") == kind]

    def send(self, box_id: str, channel: Channel, payload: str, *, retain: bool = False) -> None:
        """Publish something downward and wait until the broker has it."""
        self._client.publish(
            topic(box_id, channel), payload, qos=1, retain=retain
        ).wait_for_publish(10)

    def _on_message(self, client: Client, _userdata: object, message: MQTTMessage) -> None:
        box_id, channel = parse_topic(message.topic)
        if channel not in {Channel.INCIDENT, Channel.TELEMETRY, Channel.STATE, Channel.REPORTED}:
            return
        fields = json.loads(message.payload)
        self.received.append((message.topic, fields, bool(message.retain)))
        if channel in {Channel.STATE, Channel.REPORTED}:
            return
        if self.lose:
            self.lose -= 1
            return
        message_id = fields["message_id"]
        receipt = ReceiptMessage(
            message_id=f"r:{message_id}",
            box_id=box_id,
            sent_at=NOON,
            receipt_for=message_id,
            outcome="quarantined" if message_id in self.quarantine else "stored",
            reason="told to" if message_id in self.quarantine else "",
        )
        for _ in range(self.copies):
            client.publish(topic(box_id, Channel.RECEIPT), receipt.model_dump_json(), qos=1)


class StandInUploads:
    """The HTTP side: the tus subset and a folder of model files, in memory.

    Attributes:
        stored: evidence_id → bytes of completed uploads.
        partial: evidence_id → bytes so far.
        break_after: Cut the connection once after so many bytes of a PATCH; 0 means never.
        answer_with: Answer every request with this status instead; 0 means behave.
        files: path → bytes served with Range.
        truncate_to: Serve only so many bytes of a file although the full length is promised.
    """

    def __init__(self, token: str) -> None:
        self.token = token
        self.stored: dict[str, bytes] = {}
        self.partial: dict[str, bytes] = {}
        self.metadata: dict[str, dict[str, str]] = {}
        self.lengths: dict[str, int] = {}
        self.order: list[str] = []
        self.requests: list[str] = []
        self.break_after = 0
        self.answer_with = 0
        self.files: dict[str, bytes] = {}
        self.truncate_to = 0
        self._server = _Server(self)
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """Return the address of the centre."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def complete(self, evidence_id: str) -> int:
        """Check a full upload; return 204, or 460 and forget it when the hash is wrong."""
        content = self.partial.pop(evidence_id)
        if hashlib.sha256(content).hexdigest() != self.metadata[evidence_id]["sha256"]:
            del self.lengths[evidence_id]
            return 460
        self.stored[evidence_id] = content
        self.order.append(evidence_id)
        return 204


class _Server(ThreadingHTTPServer):
    """A server that knows the centre it stands for."""

    def __init__(self, centre: StandInUploads) -> None:
        super().__init__(("127.0.0.1", 0), _Request)
        self.centre = centre


class _Request(BaseHTTPRequestHandler):
    """One connection."""

    server: _Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def answer(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), str(value))
        if "Content_Length" not in headers:
            self.send_header("Content-Length", "0")
        self.end_headers()

    def admitted(self) -> bool:
        self.server.centre.requests.append(f"{self.command} {self.path}")
        status = self.server.centre.answer_with
        if self.headers.get("Authorization") != f"Bearer {self.server.centre.token}":
            status = 401
        if status:
            # The body stays unread, so the connection cannot be used again.
            self.close_connection = True
            self.answer(status)
        return not status

    def do_POST(self) -> None:
        if not self.admitted():
            return
        pairs = (part.split(" ") for part in self.headers["Upload-Metadata"].split(","))
        metadata = {key: base64.b64decode(value).decode() for key, value in pairs}
        evidence_id = metadata["evidence_id"]
        new = evidence_id not in self.server.centre.lengths
        if new:
            self.server.centre.metadata[evidence_id] = metadata
            self.server.centre.lengths[evidence_id] = int(self.headers["Upload-Length"])
            self.server.centre.partial[evidence_id] = b""
        there = self.server.centre.stored.get(
            evidence_id, self.server.centre.partial.get(evidence_id, b"")
        )
        place = f"/api/v1/uploads/{evidence_id}"
        self.answer(201 if new else 200, Location=place, Upload_Offset=len(there))

    def do_HEAD(self) -> None:
        if not self.admitted():
            return
        evidence_id = self.path.rpartition("/")[2]
        if evidence_id not in self.server.centre.lengths:
            self.answer(404)
            return
        done = self.server.centre.stored.get(
            evidence_id, self.server.centre.partial.get(evidence_id, b"")
        )
        length = self.server.centre.lengths[evidence_id]
        self.answer(200, Upload_Offset=len(done), Upload_Length=length)

    def do_PATCH(self) -> None:
        if not self.admitted():
            return
        evidence_id = self.path.rpartition("/")[2]
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if int(self.headers["Upload-Offset"]) != len(self.server.centre.partial[evidence_id]):
            self.answer(409)
            return
        if 0 < self.server.centre.break_after < len(body):
            self.server.centre.partial[evidence_id] += body[: self.server.centre.break_after]
            self.server.centre.break_after = 0
            self.close_connection = True
            return
        self.server.centre.partial[evidence_id] += body
        offset = len(self.server.centre.partial[evidence_id])
        status = 204
        if offset == self.server.centre.lengths[evidence_id]:
            status = self.server.centre.complete(evidence_id)
        self.answer(status, Upload_Offset=offset)

    def do_GET(self) -> None:
        if not self.admitted():
            return
        content = self.server.centre.files.get(self.path)
        if content is None:
            self.answer(404)
            return
        start = int(self.headers.get("Range", "bytes=0-")[6:].rstrip("-"))
        if start >= len(content):
            self.answer(416)
            return
        rest = content[start:]
        self.answer(206, Content_Length=len(rest))
        if self.server.centre.truncate_to:
            rest = rest[: self.server.centre.truncate_to]
            self.close_connection = True
        self.wfile.write(rest)
