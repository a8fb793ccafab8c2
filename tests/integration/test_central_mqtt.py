"""Messages over a real broker: Mosquitto as in production, and the embedded one."""

from __future__ import annotations

import json
import queue
import time
from contextlib import contextmanager
from dataclasses import dataclass
from socket import IPPROTO_TCP, SHUT_RDWR, TCP_NODELAY, create_server, socket
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from sqlalchemy import func, select

from central.link import BrokerAddress, BrokerLink
from central.metrics import Metrics
from central.tables.fleet import BoxRow
from central.tables.incidents import IncidentRow, RevisionRow
from central.tables.quarantine import QuarantineRow
from central.tables.rollouts import ModelRow
from edge.contract.messages import DesiredMessage, Message, ReceiptMessage
from edge.contract.topics import DOWNWARD, Channel, topic
from tests.builders import NOON, SHA256, incident_message, state_message
from tests.centre import RunningCentre, add_box, running_centre
from tests.mosquitto import CENTRE, Mosquitto, free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from paho.mqtt.client import MQTTMessage

WAIT_S = 15.0


def wait_for(what: str, found: Callable[[], Any]) -> Any:
    """Return the first true answer.

    Raises:
        AssertionError: None came in time.
    """
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.02)
    raise AssertionError(f"waited {WAIT_S} s for {what}")


class Box:
    """A box's MQTT side, with a client of its own."""

    def __init__(self, port: int, box_id: str, password: str) -> None:
        self.heard: queue.Queue[MQTTMessage] = queue.Queue()
        self.refused: list[str] = []
        self._id = box_id
        self._client = paho.Client(CallbackAPIVersion.VERSION2, client_id=f"box-{box_id}")
        self._client.username_pw_set(box_id, password)
        self._client.on_message = lambda _client, _data, message: self.heard.put(message)
        self._client.on_connect = self._on_connect
        will = state_message(box_id=box_id, status="offline").model_dump_json()
        self._client.will_set(topic(box_id, Channel.STATE), will, qos=1, retain=True)
        self._client.connect("127.0.0.1", port, keepalive=5)
        self._client.loop_start()

    def _on_connect(
        self, client: paho.Client, _data: object, _flags: object, reason: Any, _props: object
    ) -> None:
        if reason.is_failure:
            self.refused.append(str(reason))
        client.subscribe([(topic(self._id, channel), 1) for channel in DOWNWARD])

    def send(self, message: Message | bytes, to: str = "", *, retain: bool = False) -> None:
        """Publish at QoS 1 and wait until the broker has it."""
        payload = message if isinstance(message, bytes) else message.model_dump_json().encode()
        channel = Channel.INCIDENT if isinstance(message, bytes) else Channel(message.kind)  # type: ignore[attr-defined]  # every message has its kind
        sent = self._client.publish(to or topic(self._id, channel), payload, qos=1, retain=retain)
        sent.wait_for_publish(WAIT_S)

    def receipt(self) -> ReceiptMessage:
        """Return the next receipt."""
        return ReceiptMessage.model_validate_json(self.heard.get(timeout=WAIT_S).payload)

    def hang_up(self) -> None:
        """Leave politely: no last will."""
        self._client.disconnect()
        self._client.loop_stop()

    def drop(self) -> None:
        """Vanish: the broker sends the last will."""
        self._client.loop_stop()
        connection = self._client.socket()
        assert isinstance(connection, socket)
        connection.shutdown(SHUT_RDWR)


@dataclass
class Line:
    """A centre, the broker between, and how to make boxes."""

    centre: RunningCentre
    port: int
    tokens: dict[str, str]

    @contextmanager
    def box(self, box_id: str, password: str = "") -> Iterator[Box]:
        """Yield a connected box."""
        box = Box(self.port, box_id, password or self.tokens[box_id])
        try:
            yield box
        finally:
            box.hang_up()

    def rows(self, table: type[Any]) -> int:
        """Return how many rows a table has."""
        with self.centre.parts.database.read() as session:
            return session.scalar(select(func.count()).select_from(table)) or 0

    def quarantined(self) -> list[QuarantineRow]:
        """Return all refused messages."""
        with self.centre.parts.database.read() as session:
            return list(session.scalars(select(QuarantineRow)))


def connected(centre: RunningCentre) -> bool:
    answer = httpx.get(f"{centre.url}/readyz")
    return bool(answer.json()["broker"])


@contextmanager
def mosquitto_line(folder: Path) -> Iterator[Line]:
    """Yield a centre on Mosquitto with branches as in production."""
    tokens = {"n1": "token-of-n1-long-enough", "n2": "token-of-n2-long-enough"}
    users = tokens | {CENTRE: "secret-of-the-centre", "unregistered": "token-of-a-stranger"}
    with Mosquitto(folder / "broker", users) as broker:
        options: dict[str, Any] = {
            "mqtt_host": "127.0.0.1",
            "mqtt_port": broker.port,
            "mqtt_username": CENTRE,
            "mqtt_password": users[CENTRE],
        }
        with running_centre(folder, **options) as centre:
            for box_id in tokens:
                add_box(centre.parts.database, box_id)
            wait_for("the broker", lambda: connected(centre))
            yield Line(centre, broker.port, users)


@contextmanager
def embedded_line(folder: Path) -> Iterator[Line]:
    """Yield a centre with its embedded broker."""
    port = free_port()
    with running_centre(folder, mqtt_port=port) as centre:
        tokens = {box_id: add_box(centre.parts.database, box_id) for box_id in ("n1", "n2")}
        wait_for("the broker", lambda: connected(centre))
        yield Line(centre, port, tokens)


@pytest.fixture(params=[pytest.param("mosquitto", marks=pytest.mark.broker), "embedded"])
def line(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Line]:
    """A centre and a broker: the test runs with Mosquitto and with the embedded one."""
    make = mosquitto_line if request.param == "mosquitto" else embedded_line
    with make(tmp_path) as made:
        yield made


def test_an_incident_is_stored_and_the_box_gets_its_receipt(line: Line) -> None:
    with line.box("n1") as box:
        box.send(incident_message())
        receipt = box.receipt()

    assert (receipt.receipt_for, receipt.outcome) == ("i1:1", "stored")
    assert line.rows(IncidentRow) == 1


def test_sent_three_times_it_is_stored_once_and_receipted_three_times(line: Line) -> None:
    with line.box("n1") as box:
        for _ in range(3):
            box.send(incident_message())
        outcomes = [box.receipt().outcome for _ in range(3)]

    assert outcomes == ["stored", "duplicate", "duplicate"]
    assert line.rows(RevisionRow) == 1


def test_bad_messages_are_quarantined_and_the_next_good_one_is_stored(line: Line) -> None:
    with line.box("n1") as box:
        box.send(b"{not json")
        box.send(b" " * 10_000_000)
        box.send(incident_message())
        box.receipt()

    refused = {row.size_bytes: row.reason for row in line.quarantined()}
    assert refused.keys() == {9, 10_000_000}
    assert "Invalid JSON" in refused[9]
    assert refused[10_000_000] == "10000000 bytes; at most 2000000 are parsed"
    assert line.rows(IncidentRow) == 1


def test_a_box_cannot_write_to_the_branch_of_another(line: Line) -> None:
    """The broker drops it; what reaches the centre after it proves that it had its chance."""
    with line.box("n1") as box:
        box.send(incident_message("forged", box_id="n2"), topic("n2", Channel.INCIDENT))
        box.send(incident_message("own"))
        assert box.receipt().receipt_for == "own:1"

    assert line.rows(IncidentRow) == 1


def test_a_box_hears_its_own_receipts_only(line: Line) -> None:
    with line.box("n1") as box, line.box("n2") as other:
        other.send(incident_message("theirs", box_id="n2"))
        other.receipt()
        box.send(incident_message("ours"))
        assert box.receipt().receipt_for == "ours:1"

        assert box.heard.empty()


def test_a_wrong_token_is_refused_by_the_broker(line: Line) -> None:
    with line.box("n1", password="wrong-token") as box:
        wait_for("the refusal", lambda: box.refused)

    assert "ot authori" in box.refused[0]


def test_a_box_that_vanishes_is_offline_by_its_last_will(line: Line) -> None:
    def status() -> str:
        with line.centre.parts.database.read() as session:
            return session.get_one(BoxRow, "n1").status

    with line.box("n1") as box:
        box.send(state_message(), retain=True)
        wait_for("online", lambda: status() == "online")
        box.drop()
        wait_for("offline", lambda: status() == "offline")


def test_a_retained_desired_state_reaches_a_box_that_comes_later(line: Line) -> None:
    payload = json.dumps({"kind": "desired"}).encode()
    for box_id in ("n1", "n2"):
        line.centre.parts.publish(topic(box_id, Channel.DESIRED), payload + box_id.encode(), True)  # noqa: FBT003 - retain
    with line.box("n2") as other:
        other.heard.get(timeout=WAIT_S)  # sent last: the broker has both
    with line.box("n1") as box:
        heard = box.heard.get(timeout=WAIT_S)
        assert (heard.topic, heard.retain) == ("songlam/v1/n1/desired", True)
        assert heard.payload.endswith(b"n1")


def test_a_box_that_comes_back_is_not_handed_what_is_retained_for_others(line: Line) -> None:
    line.centre.parts.publish(topic("n2", Channel.DESIRED), b"for n2", True)  # noqa: FBT003 - retain
    with line.box("n2") as other:
        other.heard.get(timeout=WAIT_S)
        for _ in range(2):
            with line.box("n1") as box:
                box.send(incident_message())
                assert box.receipt().receipt_for == "i1:1"
                assert box.heard.empty()


def test_small_messages_are_sent_at_once() -> None:
    """Held back by Nagle's algorithm, each receipt came 40 ms later."""
    link = BrokerLink(Metrics())
    with create_server(("127.0.0.1", 0)) as broker:
        link.start(BrokerAddress(host="127.0.0.1", port=broker.getsockname()[1]))
        with broker.accept()[0]:
            client = link._client
            assert client is not None
            connection = wait_for("the socket", client.socket)
            assert connection.getsockopt(IPPROTO_TCP, TCP_NODELAY) == 1
        link.stop()


@pytest.mark.broker
def test_a_box_that_nobody_registered_is_quarantined(tmp_path: Path) -> None:
    """Mosquitto knows the user; the centre does not know the box. The others go on."""
    with mosquitto_line(tmp_path) as line:
        with line.box("unregistered") as stranger, line.box("n1") as box:
            stranger.send(incident_message(box_id="unregistered"))
            box.send(incident_message())
            assert box.receipt().outcome == "stored"
            wait_for("the quarantine", line.quarantined)

        reason = line.quarantined()[0].reason
        assert reason == "unknown box 'unregistered': register it first"
        assert line.rows(IncidentRow) == 1


@pytest.mark.broker
def test_the_centre_comes_back_by_itself_when_the_broker_was_away(tmp_path: Path) -> None:
    users = {"n1": "token-of-n1-long-enough", CENTRE: "secret-of-the-centre"}
    with Mosquitto(tmp_path / "broker", users) as broker:
        options: dict[str, Any] = {
            "mqtt_host": "127.0.0.1",
            "mqtt_port": broker.port,
            "mqtt_username": CENTRE,
            "mqtt_password": users[CENTRE],
        }
        with running_centre(tmp_path, **options) as centre:
            add_box(centre.parts.database, "n1")
            wait_for("the broker", lambda: connected(centre))
            broker.kill()
            wait_for("its loss", lambda: not connected(centre))
            assert httpx.get(f"{centre.url}/readyz").status_code == 503
            broker.start()
            wait_for("the broker again", lambda: connected(centre))
            with Line(centre, broker.port, users).box("n1") as box:
                box.send(incident_message())
                assert box.receipt().outcome == "stored"


@pytest.mark.broker
def test_a_broker_that_lost_what_it_retained_is_told_again_what_each_box_shall_run(
    tmp_path: Path,
) -> None:
    users = {"n1": "token-of-n1-long-enough", CENTRE: "secret-of-the-centre"}
    with Mosquitto(tmp_path / "broker", users) as broker:
        options: dict[str, Any] = {
            "mqtt_host": "127.0.0.1",
            "mqtt_port": broker.port,
            "mqtt_username": CENTRE,
            "mqtt_password": users[CENTRE],
        }
        with running_centre(tmp_path, **options) as centre:
            add_box(centre.parts.database, "n1")
            wait_for("the broker", lambda: connected(centre))
            want_model(centre, "n1")
            broker.kill()
            broker.start()
            with Line(centre, broker.port, users).box("n1") as box:
                order = DesiredMessage.model_validate_json(box.heard.get(timeout=WAIT_S).payload)

    assert (order.box_id, order.signature) == ("n1", "signed")


def want_model(centre: RunningCentre, box_id: str) -> None:
    """Let the centre want a model on a box without telling the box."""
    with centre.parts.database.write() as session:
        model = ModelRow(
            name="deim",
            version="2",
            manifest_json="{}",
            signature="signed",
            sha256=SHA256,
            size_bytes=1,
            uploaded_at=NOON,
            uploaded_by="technician",
        )
        session.add(model)
        box = session.get_one(BoxRow, box_id)
        box.desired_name, box.desired_version = model.name, model.version
