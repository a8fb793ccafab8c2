"""The broker configuration that docker-compose ships, run by hand: TLS and one branch per box."""

from __future__ import annotations

import queue
import shutil
import socket
import ssl
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from edge.contract.topics import Channel, topic

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.broker

ROOT = Path(__file__).resolve().parents[2]
PASSWORDS = {"centre": "pw-of-the-centre", "box-1": "pw-of-box-one", "box-2": "pw-of-box-two"}
PATIENCE_S = 5.0


@dataclass(frozen=True)
class Broker:
    """A running broker: its port and the CA that signed it."""

    port: int
    ca: Path


def free_port() -> int:
    """Return a port of the loopback interface that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def write_configuration(folder: Path, port: int) -> Path:
    """Write the shipped configuration with this machine's paths and return its file."""
    subprocess.run([ROOT / "scripts/certificates", folder / "tls", "localhost"], check=True)
    passwords = folder / "passwords"
    passwords.touch(mode=0o600)
    for name, password in PASSWORDS.items():
        subprocess.run(["mosquitto_passwd", "-b", passwords, name, password], check=True)
    (folder / "data").mkdir()
    text = (ROOT / "configs/mosquitto/mosquitto.conf").read_text()
    for shipped, here in (
        ("listener 8883", f"listener {port} 127.0.0.1\nuser root"),
        ("/mosquitto/tls", str(folder / "tls")),
        ("/mosquitto/auth", str(folder)),
        ("/mosquitto/config/acl", str(ROOT / "configs/mosquitto/acl")),
        ("/mosquitto/data/", f"{folder}/data/"),
    ):
        assert shipped in text
        text = text.replace(shipped, here)
    file = folder / "mosquitto.conf"
    file.write_text(text)
    return file


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Run the real Mosquitto with the shipped configuration."""
    program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
    folder = tmp_path_factory.mktemp("mosquitto")
    port = free_port()
    process = subprocess.Popen([program, "-c", str(write_configuration(folder, port))])
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield Broker(port, folder / "tls/ca.crt")
    process.terminate()
    process.wait(PATIENCE_S)


@dataclass
class Party:
    """A connected client and what it has received."""

    client: mqtt.Client
    received: queue.Queue[mqtt.MQTTMessage]


@contextmanager
def party(
    broker: Broker,
    name: str,
    password: str | None = None,
    protocol: MQTTProtocolVersion = mqtt.MQTTv5,
) -> Iterator[Party]:
    """Connect as ``name`` over TLS; raise ``ConnectionRefusedError`` when it is turned away."""
    answer: queue.Queue[Any] = queue.Queue()
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, protocol=protocol)
    client.username_pw_set(name, PASSWORDS[name] if password is None else password)
    client.tls_set(ca_certs=str(broker.ca))
    who = Party(client, queue.Queue())
    client.on_connect = lambda _c, _u, _f, reason, _p: answer.put(reason)
    client.on_message = lambda _c, _u, message: who.received.put(message)
    client.connect("localhost", broker.port, keepalive=30)
    client.loop_start()
    try:
        reason = answer.get(timeout=PATIENCE_S)
        if reason.is_failure:
            raise ConnectionRefusedError(str(reason))
        yield who
    finally:
        client.disconnect()
        client.loop_stop()


def subscribe(who: Party, name: str) -> bool:
    """Subscribe and return whether the broker granted it."""
    granted: queue.Queue[bool] = queue.Queue()
    who.client.on_subscribe = lambda _c, _u, _m, reasons, _p: granted.put(not reasons[0].is_failure)
    who.client.subscribe(name, qos=1)
    return granted.get(timeout=PATIENCE_S)


def published(who: Party, name: str, payload: bytes) -> bool:
    """Publish at QoS 1 and return whether the broker accepted it."""
    accepted: queue.Queue[bool] = queue.Queue()
    who.client.on_publish = lambda _c, _u, _m, reason, _p: accepted.put(not reason.is_failure)
    who.client.publish(name, payload, qos=1)
    return accepted.get(timeout=PATIENCE_S)


def test_a_box_speaks_to_the_centre_in_its_own_branch(broker: Broker) -> None:
    with party(broker, "centre") as centre, party(broker, "box-1") as box:
        assert subscribe(centre, "songlam/v1/+/incident")
        assert published(box, topic("box-1", Channel.INCIDENT), b"seen")

        message = centre.received.get(timeout=PATIENCE_S)

    assert (message.topic, message.payload) == ("songlam/v1/box-1/incident", b"seen")


def test_a_box_cannot_publish_in_the_branch_of_another(broker: Broker) -> None:
    with party(broker, "box-1") as box:
        assert not published(box, topic("box-2", Channel.INCIDENT), b"forged")


def test_a_box_cannot_forge_a_receipt_to_itself(broker: Broker) -> None:
    with party(broker, "box-1") as box:
        assert not published(box, topic("box-1", Channel.RECEIPT), b"forged")


def test_a_box_does_not_hear_what_another_is_told(broker: Broker) -> None:
    with party(broker, "centre") as centre, party(broker, "box-1") as nosy:
        subscribe(nosy, topic("box-2", Channel.DESIRED))
        subscribe(nosy, topic("box-1", Channel.DESIRED))
        assert published(centre, topic("box-2", Channel.DESIRED), b"for box 2")
        assert published(centre, topic("box-1", Channel.DESIRED), b"for box 1")

        first = nosy.received.get(timeout=PATIENCE_S)

    assert first.payload == b"for box 1"
    assert nosy.received.empty()


def test_ten_megabytes_reach_nobody_and_the_same_connection_goes_on(broker: Broker) -> None:
    """In MQTT 3.1.1, which boxes speak, the broker has no way to refuse: it takes and drops."""
    with party(broker, "centre") as centre, party(broker, "box-1", protocol=mqtt.MQTTv311) as box:
        assert subscribe(centre, "songlam/v1/+/incident")
        published(box, topic("box-1", Channel.INCIDENT), b" " * 10_000_000)
        published(box, topic("box-1", Channel.INCIDENT), b"seen")

        message = centre.received.get(timeout=PATIENCE_S)

    assert message.payload == b"seen"


def test_a_wrong_password_is_turned_away(broker: Broker) -> None:
    with pytest.raises(ConnectionRefusedError), party(broker, "box-1", password="guess"):
        pass


def test_plain_text_is_not_spoken(broker: Broker) -> None:
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    client.connect("localhost", broker.port)
    answered = queue.Queue[object]()
    client.on_connect = lambda *_: answered.put(None)
    client.loop_start()
    try:
        with pytest.raises(queue.Empty):
            answered.get(timeout=1.0)
    finally:
        client.loop_stop()


def test_the_certificate_names_the_host_and_is_signed_by_our_ca(broker: Broker) -> None:
    context = ssl.create_default_context(cafile=str(broker.ca))
    with (
        socket.create_connection(("127.0.0.1", broker.port)) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert secure.version() in {"TLSv1.2", "TLSv1.3"}
    with (
        socket.create_connection(("127.0.0.1", broker.port)) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        context.wrap_socket(plain, server_hostname="somewhere-else")
