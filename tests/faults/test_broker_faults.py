"""What a broker can do to a box: be away, die, forget, refuse, drop, hang, and cheat."""

from __future__ import annotations

import os
import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest
from paho.mqtt import client as paho
from paho.mqtt import publish
from paho.mqtt.enums import CallbackAPIVersion

from edge.contract.messages import ReceiptMessage
from edge.contract.topics import ROOT, Channel, topic
from tests.builders import NOON, incident_message
from tests.delivery_box import TOKEN
from tests.fault_line import PASSWORD, FaultLine
from tests.lossy_proxy import LossyProxy
from tests.mosquitto import CENTRE
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.fault("broker")]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def line(tmp_path: Path, stack: ExitStack) -> FaultLine:
    return FaultLine(tmp_path, stack)


def test_a_broker_that_is_absent_at_start_is_waited_for(
    line: FaultLine, fault_case: FaultCase
) -> None:
    fault_case.injected("no broker for the first 2 s")
    box = line.box()
    line.put(box)
    time.sleep(2)
    assert not box.publisher.connected
    line.broker.start()
    assert line.centre.incidents() == []
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_killed_broker_loses_nothing_that_was_under_way(
    line: FaultLine, fault_case: FaultCase
) -> None:
    fault_case.injected("SIGKILL with 200 incidents under way, back after 2 s")
    box = line.start()
    line.put(box, 200)
    line.broker.kill()
    assert box.counted("broker_disconnects")
    time.sleep(2)
    line.put(box)
    line.broker.start()
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_broker_restarted_by_its_service_manager_is_found_again(
    line: FaultLine, fault_case: FaultCase
) -> None:
    fault_case.injected("SIGTERM and start, three times")
    box = line.start()
    for _ in range(3):
        line.put(box, 20)
        line.broker.stop()
        line.broker.start()
        with fault_case.recovering():
            assert line.has_all(box)
    line.settle(fault_case)


def test_a_broker_that_forgets_everything_loses_nothing(
    tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    """The centre comes back to a broker that knows no session of its."""
    fault_case.injected("SIGKILL of a broker without persistence, centre subscribed anew")
    line = FaultLine(tmp_path, stack, persistent=False)
    box = line.start()
    line.put(box, 100)
    line.broker.kill()
    line.put(box)
    line.broker.start()
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_refused_login_is_counted_and_healed_by_the_right_password(
    line: FaultLine, fault_case: FaultCase
) -> None:
    fault_case.injected("broker knows another password, put right after the second refusal")
    line.broker._users["n1"] = "w" * 32
    line.broker.start()
    assert line.centre.incidents() == []
    box = line.box()
    line.put(box)
    assert box.counted("broker_refusals", 2)
    assert not box.publisher.connected
    line.broker._users["n1"] = TOKEN
    line.broker._write_passwords()
    line.hang_up()
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_broker_that_silently_denies_the_branch_empties_no_outbox(
    line: FaultLine, fault_case: FaultCase
) -> None:
    """Mosquitto acknowledges what its rules forbid and throws it away; only receipts count."""
    fault_case.injected("rules without the box's branch: every message acknowledged and dropped")
    box = line.start()
    rules = line.broker.folder / "acl"
    right = rules.read_text()
    rules.write_text(f"user {CENTRE}\ntopic readwrite {ROOT}/#\n")
    line.hang_up()
    time.sleep(0.5)
    line.put(box)
    assert box.counted("messages_sent", len(line.wanted) // 3)
    time.sleep(1)
    assert line.centre.incidents() == []
    assert box.outbox.depth() == len(line.wanted)
    rules.write_text(right)
    line.hang_up()
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_connection_that_drops_every_second_delivers_all_the_same(
    line: FaultLine, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("connection reset 5 times, once a second, 300 incidents meanwhile")
    line.broker.start()
    proxy = stack.enter_context(LossyProxy({"mqtt": line.broker.port}))
    assert line.centre.incidents() == []
    box = line.box(proxy.port("mqtt"))
    for _ in range(5):
        line.put(box, 60)
        time.sleep(1)
        proxy.cut()
    with fault_case.recovering():
        assert line.has_all(box)
    assert box.counters.get("broker_disconnects") >= 2
    line.settle(fault_case)


def test_a_broker_that_hangs_is_waited_for(line: FaultLine, fault_case: FaultCase) -> None:
    fault_case.injected("broker process stopped (SIGSTOP) for 4 s, then goes on")
    box = line.start()
    os.kill(line.broker.pid, signal.SIGSTOP)
    line.put(box, 100)
    time.sleep(4)
    arrived = len(line.centre.incidents())
    os.kill(line.broker.pid, signal.SIGCONT)
    assert arrived == 0
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_stranger_under_the_name_of_the_box_makes_it_lose_nothing(
    line: FaultLine, fault_case: FaultCase
) -> None:
    """Each time the broker throws the box out in the stranger's favour."""
    fault_case.injected("a second client with the same client id, 4 times")
    box = line.start()
    for taken in range(4):
        line.put(box, 20)
        stranger = paho.Client(CallbackAPIVersion.VERSION2, client_id="songlam-n1")
        stranger.username_pw_set("n1", TOKEN)
        stranger.connect("127.0.0.1", line.broker.port)
        stranger.loop_start()
        assert box.counted("broker_disconnects", taken + 1)
        stranger.disconnect()
        stranger.loop_stop()
        assert box.counted("broker_connects", taken + 2)
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_message_too_large_for_the_broker_waits_and_blocks_nobody(
    line: FaultLine, fault_case: FaultCase
) -> None:
    fault_case.injected("broker takes 2 kB at most, one incident has 20 kB; then the limit goes")
    line.broker._extra = ("message_size_limit 2000",)
    box = line.start()
    line.put(box, 1, evidence_missing="x" * 20_000)
    line.put(box, 30)
    assert wait_until(lambda: len(set(line.centre.incidents())) == 30)
    assert wait_until(lambda: box.outbox.depth() == 1)
    line.broker.stop()
    line.broker._extra = ()
    line.broker.start()
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_message_too_large_for_any_broker_is_refused_and_counted(
    line: FaultLine, fault_case: FaultCase
) -> None:
    fault_case.injected("one incident of 300 kB among 20")
    box = line.start()
    assert not box.outbox.put(incident_message("huge", evidence_missing="x" * 300_000))
    line.put(box, 20)
    assert line.has_all(box)
    refused = box.counters.get("outbox_oversize")
    fault_case.lost("incident messages", refused, of=21, named_by="outbox_oversize")
    fault_case.not_interrupted()


@pytest.mark.parametrize("channel", ["desired", "command", "receipt"])
def test_retained_garbage_is_counted_and_does_not_stop_the_box(
    line: FaultLine, fault_case: FaultCase, channel: str
) -> None:
    fault_case.injected(f"retained nonsense on `{channel}` before the box connects, and again")
    line.broker.start()
    login = {"username": CENTRE, "password": PASSWORD}
    place = {"hostname": line.broker.host, "port": line.broker.port, "auth": login}
    name = topic("n1", Channel(channel))
    publish.single(name, b'{"kind": "\xff', qos=1, retain=True, **place)  # type: ignore[arg-type]
    assert line.centre.incidents() == []
    box = line.box()
    assert box.counted("downward_invalid")
    publish.single(name, b"[]", qos=1, **place)  # type: ignore[arg-type]
    line.put(box)
    assert line.has_all(box)
    assert box.counted("downward_invalid", 2)
    line.settle(fault_case)
    fault_case.not_interrupted()


def test_receipts_delivered_three_times_empty_the_outbox_once(
    line: FaultLine, fault_case: FaultCase
) -> None:
    fault_case.injected("each receipt three times")
    box = line.start()
    line.centre.copies = 3
    line.put(box, 50)
    assert line.has_all(box)
    assert box.counted("receipts_unknown", 100)
    assert box.counters.get("receipts_stored") == 50
    line.settle(fault_case)
    fault_case.not_interrupted()


def test_receipts_for_messages_never_sent_harm_nobody(
    line: FaultLine, fault_case: FaultCase
) -> None:
    fault_case.injected("25 receipts for unknown messages among 26 incidents")
    box = line.start()
    line.put(box, 1)
    assert line.has_all(box)  # so it has subscribed too: one receipt has reached it
    for number in range(25):
        receipt = ReceiptMessage(
            message_id=f"r{number}",
            box_id="n1",
            sent_at=NOON,
            receipt_for=f"never:{number}",
            outcome="stored",
        )
        line.centre.send("n1", Channel.RECEIPT, receipt.model_dump_json())
        line.put(box, 1)
    assert line.has_all(box)
    assert box.counted("receipts_unknown", 25)
    line.settle(fault_case)
    fault_case.not_interrupted()


def test_lost_receipts_cost_a_second_sending_and_nothing_else(
    line: FaultLine, fault_case: FaultCase
) -> None:
    fault_case.injected("the first 30 receipts swallowed")
    box = line.start()
    line.centre.lose = 30
    line.put(box, 60)
    with fault_case.recovering():
        assert line.has_all(box)
    assert box.counters.get("messages_resent") >= 30
    line.settle(fault_case)


def test_a_quarantined_incident_leaves_the_box_and_is_named(
    line: FaultLine, fault_case: FaultCase
) -> None:
    """The centre keeps its bytes and the reason; a box must not resend for ever."""
    fault_case.injected("centre cannot use 3 of 40 messages")
    box = line.start()
    line.centre.quarantine = {"i3:1", "i7:1", "i9:1"}
    line.put(box, 40)
    assert line.has_all(box)
    assert box.counted("receipts_quarantined", 3)
    assert box.counters.get("receipts_quarantined") == 3
    line.settle(fault_case)
    fault_case.not_interrupted()
