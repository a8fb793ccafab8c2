"""Outbox and publisher against a real Mosquitto: receipts, resends, order, will, refusals."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from socket import SHUT_RDWR
from typing import TYPE_CHECKING, Any

import pytest
from paho.mqtt import publish
from structlog.testing import capture_logs

from edge.contract.commands import CommandMessage
from edge.contract.messages import (
    DesiredMessage,
    ReceiptMessage,
    ReportedMessage,
    RolloutPhase,
)
from edge.contract.topics import Channel
from edge.outbox.window import PROBES, START
from edge.publisher import Publisher
from tests.builders import NOON, ManualClock, incident_message, state_message, telemetry_message
from tests.delivery_box import TOKEN, DeliveryBox
from tests.mosquitto import CENTRE, Mosquitto, free_port
from tests.stand_in_centre import StandInCentre, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


pytestmark = pytest.mark.broker
PASSWORD = "c" * 32


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def broker(tmp_path: Path, stack: ExitStack) -> Mosquitto:
    users = {CENTRE: PASSWORD, "n1": TOKEN}
    return stack.enter_context(Mosquitto(tmp_path / "broker", users, persistent=True))


def centre_of(broker: Mosquitto) -> StandInCentre:
    return StandInCentre(broker, CENTRE, PASSWORD)


def test_a_message_reaches_the_centre_and_leaves_on_its_receipt(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    centre = stack.enter_context(centre_of(broker))
    box = stack.enter_context(DeliveryBox(tmp_path, broker.port))
    box.outbox.put(incident_message())
    assert box.emptied()
    assert centre.incidents() == ["i1:1"]
    assert box.counted("receipts_stored")
    assert box.counters.get("receipts_stored") == 1
    [(topic, fields, _)] = centre.received
    assert topic == "songlam/v1/n1/incident"
    assert fields["historical"] is False


def test_without_a_receipt_the_message_stays_and_is_sent_again(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    clock = ManualClock()
    centre = stack.enter_context(centre_of(broker))
    centre.lose = 1
    box = stack.enter_context(DeliveryBox(tmp_path, broker.port, clock=clock))
    box.outbox.put(incident_message())
    assert wait_until(lambda: centre.incidents() == ["i1:1"])
    assert box.outbox.depth() == 1
    clock.advance(6)
    assert box.emptied()
    assert centre.incidents() == ["i1:1", "i1:1"]
    assert box.counters.get("messages_resent") == 1


def test_a_copy_of_a_receipt_does_no_harm(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    centre = stack.enter_context(centre_of(broker))
    box = stack.enter_context(DeliveryBox(tmp_path, broker.port))
    box.outbox.put(incident_message())
    assert box.emptied()
    receipt = ReceiptMessage(
        message_id="r2", box_id="n1", sent_at=NOON, receipt_for="i1:1", outcome="duplicate"
    )
    centre.send("n1", Channel.RECEIPT, receipt.model_dump_json())
    assert box.counted("receipts_unknown")


def test_a_quarantined_message_leaves_and_is_counted(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    centre = stack.enter_context(centre_of(broker))
    centre.quarantine.add("i1:1")
    box = stack.enter_context(DeliveryBox(tmp_path, broker.port))
    box.outbox.put(incident_message())
    assert box.emptied()
    assert box.counted("receipts_quarantined")


def test_messages_queued_while_the_broker_is_away_arrive_when_it_is_back(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    centre = stack.enter_context(centre_of(broker))
    box = stack.enter_context(DeliveryBox(tmp_path, broker.port))
    assert box.connected()
    broker.kill()
    for number in range(5):
        box.outbox.put(incident_message(f"i{number}"))
    assert box.counted("broker_disconnects")
    assert box.outbox.depth() == 5
    broker.start()
    assert box.emptied()
    assert set(centre.incidents()) == {f"i{n}:1" for n in range(5)}


def test_a_backlog_is_sent_as_historical_and_a_live_incident_goes_first(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    """The next process finds 300 rows of the last one; a new incident passes nearly all of them."""
    earlier = DeliveryBox(tmp_path, broker.port)
    for number in range(300):
        earlier.outbox.put(incident_message(f"old{number}"))
    earlier.outbox.close()
    centre = stack.enter_context(centre_of(broker))
    box = DeliveryBox(tmp_path, broker.port)
    box.outbox.put(incident_message("now"))
    stack.enter_context(box)
    assert box.emptied()
    assert centre.incidents()[0] == "now:1"
    late = {f["message_id"] for f in centre.of_kind("incident") if f["historical"]}
    assert late == {f"old{n}:1" for n in range(300)}


def test_a_live_incident_overtakes_a_backlog_under_way(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    centre = stack.enter_context(centre_of(broker))
    box = stack.enter_context(DeliveryBox(tmp_path, broker.port))
    assert box.connected()
    for number in range(1_000):
        box.outbox.put(telemetry_message(number))
    box.outbox.put(incident_message("now"))
    arrived_before = len(centre.received)
    assert box.emptied()
    order = [fields["message_id"] for _, fields, _ in centre.received]
    assert len(order) == 1_001
    assert order.index("now:1") <= arrived_before + 2 * box.publisher._window.messages


def test_a_silent_centre_is_probed_and_not_flooded(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    clock = ManualClock()
    centre = stack.enter_context(centre_of(broker))
    centre.lose = -1
    box = stack.enter_context(DeliveryBox(tmp_path, broker.port, clock=clock))
    assert box.connected()
    # The publisher begins anew with the connection, a moment after it: silence counts from there.
    assert wait_until(lambda: not box.publisher._reconnected.is_set())
    time.sleep(0.1)
    assert box.publisher._window.messages == START
    clock.advance(11)
    assert box.publisher._window.messages == PROBES
    for number in range(50):
        box.outbox.put(telemetry_message(number))
    assert wait_until(lambda: len(centre.received) >= PROBES)
    clock.advance(3)
    box.outbox.wake()
    assert box.counters.get("messages_sent") == PROBES
    centre.lose = 0
    clock.advance(100)
    assert box.emptied()


def test_state_and_reported_are_retained_and_the_newest_wins(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    first = stack.enter_context(centre_of(broker))
    box = stack.enter_context(DeliveryBox(tmp_path, broker.port))
    box.publisher.announce(state_message(message_id="s1", outbox_depth=1))
    box.publisher.announce(state_message(message_id="s2", outbox_depth=2))
    box.publisher.announce(
        ReportedMessage(message_id="p1", box_id="n1", sent_at=NOON, phase=RolloutPhase.ACTIVE)
    )
    assert wait_until(lambda: {"s2", "p1"} <= {f["message_id"] for _, f, _ in first.received})
    later = stack.enter_context(StandInCentre(broker, CENTRE, PASSWORD, "later-centre"))
    assert wait_until(lambda: len(later.received) >= 2)
    retained = {f["message_id"] for _, f, is_retained in later.received if is_retained}
    assert retained == {"s2", "p1"}


def test_a_box_that_vanishes_is_reported_offline_by_the_broker(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    centre = stack.enter_context(centre_of(broker))
    box = stack.enter_context(DeliveryBox(tmp_path, broker.port))
    box.publisher.announce(state_message(message_id="alive"))
    assert wait_until(lambda: len(centre.of_kind("state")) == 1)
    connection: Any = box.publisher._client.socket()
    connection.shutdown(SHUT_RDWR)
    assert wait_until(lambda: any(s["status"] == "offline" for s in centre.of_kind("state")))
    assert wait_until(lambda: centre.of_kind("state")[-1]["message_id"] == "alive")


def test_a_box_that_stops_says_so_itself(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    centre = stack.enter_context(centre_of(broker))
    with DeliveryBox(tmp_path, broker.port) as box:
        assert box.connected()
        for number in range(100):
            box.outbox.put(telemetry_message(number))
    assert wait_until(lambda: "songlam-n1 disconnected" in broker.log)
    assert wait_until(lambda: bool(centre.of_kind("state")))
    assert [s["message_id"] for s in centre.of_kind("state")] == ["farewell"]


def test_a_line_that_breaks_just_as_the_box_stops_does_not_keep_it_from_ending(
    tmp_path: Path, broker: Mosquitto, monkeypatch: pytest.MonkeyPatch
) -> None:
    with capture_logs() as logs, DeliveryBox(tmp_path, broker.port) as box:
        assert box.connected()
        broker.kill()
        assert wait_until(lambda: not box.publisher.connected)
        # The box asked an instant before the client noticed.
        monkeypatch.setattr(Publisher, "connected", True)
    assert "farewell_not_sent" in {entry["event"] for entry in logs}
    assert not any(thread.name == "publisher" for thread in threading.enumerate())


def test_a_wrong_password_is_said_clearly_and_nothing_is_lost(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    with capture_logs() as logs:
        box = stack.enter_context(DeliveryBox(tmp_path, broker.port, token="w" * 32))
        box.outbox.put(incident_message())
        assert box.counted("broker_refusals")
    [refusal] = [entry for entry in logs if entry["event"] == "broker_refused_box"][:1]
    assert refusal["reason"] == "Not authorized"
    assert refusal["hint"] == "check box_id and token or certificate at the broker"
    assert not box.publisher.connected
    assert box.outbox.depth() == 1


def test_a_broker_that_is_not_there_is_said_with_its_address(
    tmp_path: Path, stack: ExitStack
) -> None:
    port = free_port()
    with capture_logs() as logs:
        stack.enter_context(DeliveryBox(tmp_path, port))
        assert wait_until(lambda: any(e["event"] == "broker_unreachable" for e in logs))
    [first] = [entry for entry in logs if entry["event"] == "broker_unreachable"][:1]
    assert first["port"] == port
    assert "refused" in first["reason"]


def test_desired_models_and_commands_in_time_are_passed_on(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack
) -> None:
    """The desired model is retained: a box that comes later still hears of it."""
    centre = stack.enter_context(centre_of(broker))
    desired = DesiredMessage(
        message_id="d1",
        box_id="n1",
        sent_at=NOON,
        manifest_json="{}",
        signature="s",
        download_path="/x",
    )
    centre.send("n1", Channel.DESIRED, desired.model_dump_json(), retain=True)
    box = stack.enter_context(DeliveryBox(tmp_path, broker.port, clock=ManualClock()))
    assert wait_until(lambda: box.desired == [desired])
    for message_id, year in (("late", 2020), ("in-time", 2030)):
        command = CommandMessage(
            message_id=message_id,
            box_id="n1",
            sent_at=NOON,
            command="resend_state",
            expires_at=NOON.replace(year=year),
        )
        centre.send("n1", Channel.COMMAND, command.model_dump_json())
    assert wait_until(lambda: [c.message_id for c in box.commands] == ["in-time"])
    assert box.counters.get("commands_refused") == 1


@pytest.mark.parametrize("payload", [b"", b"not json", b"{}", b'{"kind": "receipt"}', b"\xff\xfe"])
def test_nonsense_from_the_centre_is_counted_and_the_box_goes_on(
    tmp_path: Path, broker: Mosquitto, stack: ExitStack, payload: bytes
) -> None:
    stack.enter_context(centre_of(broker))
    box = stack.enter_context(DeliveryBox(tmp_path, broker.port))
    assert box.connected()
    publish.single(
        "songlam/v1/n1/receipt",
        payload,
        qos=1,
        hostname=broker.host,
        port=broker.port,
        auth={"username": CENTRE, "password": PASSWORD},
    )
    assert box.counted("downward_invalid")
    box.outbox.put(incident_message())
    assert box.emptied()
