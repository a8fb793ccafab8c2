"""The crowd of a load measure: its packets, what a box says and hears, what a viewer sees."""

from __future__ import annotations

import json
import selectors
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.incidents.catalogue import RULES as CATALOGUE
from edge.contract.messages import IncidentMessage, ReceiptMessage, StateMessage
from tests.builders import NOON
from tests.measures.load import mqtt
from tests.measures.load.boxes import ID, NOW, RULES, Box, cameras_of, said_by
from tests.measures.load.viewers import Viewer, Viewers

if TYPE_CHECKING:
    from collections.abc import Iterator

EVENT = b'event: incident\ndata: {"incident_id": "%b", "rule": "crash"}\nid: 7\n\n'


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield two ends of a connection."""
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        ours.settimeout(5)
        theirs.settimeout(5)
        yield ours, theirs


def receipt(message_id: str, packet_id: int) -> bytes:
    """Return a receipt as a broker delivers it."""
    message = ReceiptMessage(
        message_id=f"receipt:{message_id}", box_id="n1", sent_at=NOON,
        receipt_for=message_id, outcome="stored",
    )  # fmt: skip
    return mqtt.publish(b"songlam/v1/n1/receipt", packet_id, message.model_dump_json().encode())


@given(st.binary(max_size=300), st.integers(1, 65_535), st.integers(1, 40))
def test_packets_come_out_whole_however_they_arrive(
    payload: bytes, packet_id: int, step: int
) -> None:
    stream = mqtt.publish(b"a/b", packet_id, payload) + mqtt.acknowledge(b"\x00\x07")
    received, found = bytearray(), []
    for start in range(0, len(stream), step):
        received += stream[start : start + step]
        found += list(mqtt.packets(received))

    (first, body), ack = found
    assert mqtt.payload_of(first, body) == (payload, packet_id.to_bytes(2, "big"))
    assert ack == (mqtt.PUBACK, b"\x00\x07")
    assert not received


def test_a_message_without_assurance_has_no_packet_id() -> None:
    assert mqtt.payload_of(mqtt.PUBLISH, b"\x00\x01axyz") == (b"xyz", b"")


def test_a_long_message_has_a_long_length() -> None:
    """Source: MQTT 3.1.1, table 2.4."""
    packet = mqtt.publish(b"t", 1, b"x" * (16_384 - 5))

    assert packet[:4] == b"\x32\x80\x80\x01"
    assert [len(body) for _, body in mqtt.packets(bytearray(packet))] == [16_384]


def test_what_a_box_says_is_valid_and_of_its_own() -> None:
    said = said_by("box-0007", 7, RULES)
    messages = [IncidentMessage.model_validate_json(each) for each in said.incidents]
    state = StateMessage.model_validate_json(said.heartbeat)

    assert [each.rule for each in messages] == list(RULES)
    assert {each.box_id for each in messages} == {state.box_id} == {"box-0007"}
    assert {each.camera_id for each in messages} == {each.camera_id for each in state.cameras}
    assert set(RULES) <= set(CATALOGUE)


def test_no_two_cameras_stand_at_one_place() -> None:
    places = [each.location for n in range(1000) for each in cameras_of(f"b{n}", n)]

    assert len(set(places)) == 4000


def test_a_box_is_answered_once_and_acknowledges(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    box = Box("n1", ours, said_by("n1", 0, ["crash"]))

    incident_id = box.publish("series.", 1.0)
    box.flush()
    ((first, body),) = mqtt.packets(bytearray(theirs.recv(65_536)))
    payload, packet_id = mqtt.payload_of(first, body)
    message = IncidentMessage.model_validate_json(payload)
    theirs.sendall(mqtt.acknowledge(packet_id) + receipt(message.message_id, 9))

    assert (incident_id, message.incident_id) == ("series.n1.1", "series.n1.1")
    assert message.occurred_at > NOON
    assert ID.encode() not in payload
    assert NOW.encode() not in payload
    assert box.take() == [(f"{incident_id}:1", "stored")]
    box.flush()
    assert theirs.recv(100) == mqtt.acknowledge(b"\x00\x09")


def test_a_heartbeat_goes_to_the_state(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    box = Box("n1", ours, said_by("n1", 0, ["crash"]))
    box.beat()
    box.flush()

    ((_, body),) = mqtt.packets(bytearray(theirs.recv(65_536)))
    assert body[2:].startswith(b"songlam/v1/n1/state")


def test_a_broker_that_hangs_up_is_an_error(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    box = Box("n1", ours, said_by("n1", 0, ["crash"]))
    theirs.shutdown(socket.SHUT_RDWR)

    with pytest.raises(ConnectionError, match="n1"):
        box.take()


def test_a_viewer_sees_an_incident_once_in_pieces_and_chunks(
    pair: tuple[socket.socket, socket.socket],
) -> None:
    ours, theirs = pair
    viewer = Viewer(ours)
    stream = b"5a\r\n" + EVENT % b"a" + b"\r\n5a\r\n" + EVENT % b"a" + b"\r\n" + EVENT % b"b"
    seen = []
    for start in range(0, len(stream), 50):
        theirs.sendall(stream[start : start + 50])
        seen += viewer.take() or []

    assert seen == ["a", "b"]


def test_other_news_is_not_seen(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    told = json.dumps({"incident_id": "a"}).encode()
    theirs.sendall(b"event: alert\ndata: " + told + b"\n\n: a comment\n\n")

    assert Viewer(ours).take() == []


def test_a_viewer_who_was_cut_off_is_counted(pair: tuple[socket.socket, socket.socket]) -> None:
    ours, theirs = pair
    with selectors.DefaultSelector() as selector:
        viewers = Viewers(selector, {"a": 0.0})
        viewers.add(Viewer(ours))
        theirs.sendall(EVENT % b"a" + EVENT % b"of-before")
        (key, _), *_ = selector.select(5)
        key.data()
        assert (len(viewers.seen.waits), viewers.waited_for) == (1, 0)

        theirs.shutdown(socket.SHUT_RDWR)
        key.data()
        assert viewers.seen.dropped == 1
        assert not selector.get_map()
