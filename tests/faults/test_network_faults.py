"""What a network can do to messages: cut, half-open, slow, late, swallowed."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.fault_line import FaultLine
from tests.lossy_proxy import LossyProxy, Weather
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.fault("network")]


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def line(tmp_path: Path, stack: ExitStack) -> FaultLine:
    made = FaultLine(tmp_path, stack)
    made.broker.start()
    assert made.centre.received == []
    return made


def test_a_link_that_is_cut_loses_nothing(
    line: FaultLine, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("all connections reset and new ones refused for 3 s, 300 under way")
    proxy = stack.enter_context(LossyProxy({"mqtt": line.broker.port}))
    box = line.box(proxy.port("mqtt"))
    assert box.connected()
    line.put(box, 200)
    proxy.refuse()
    proxy.cut()
    assert box.counted("broker_disconnects")
    line.put(box, 100)
    time.sleep(3)
    proxy.refuse(refusing=False)
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_half_open_connection_is_noticed_by_its_keepalive(
    line: FaultLine, stack: ExitStack, fault_case: FaultCase
) -> None:
    """The line swallows everything and says nothing, as a lost mobile cell does."""
    fault_case.injected("line dead without a word until the box notices, then new connections work")
    proxy = stack.enter_context(LossyProxy({"mqtt": line.broker.port}))
    box = line.box(proxy.port("mqtt"))
    assert box.connected()
    proxy.freeze()
    line.put(box, 100)
    assert wait_until(lambda: not box.publisher.connected, 30)
    proxy.cut()
    proxy.thaw()
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_line_of_128_kbit_per_s_delivers_everything(
    line: FaultLine, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("128 kbit/s each way, 150 incidents at once")
    weather = Weather(rate_bytes_per_s=16_000)
    proxy = stack.enter_context(LossyProxy({"mqtt": line.broker.port}, weather))
    box = line.box(proxy.port("mqtt"))
    assert box.connected()
    line.put(box, 150)
    assert line.has_all(box)
    assert box.counters.get("broker_disconnects") == 0
    line.settle(fault_case)
    fault_case.not_interrupted()


def test_a_third_of_all_packets_lost_delivers_everything(
    line: FaultLine, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("30 % of segments lost (modelled as retransmission timeouts), seed 7")
    proxy = stack.enter_context(
        LossyProxy({"mqtt": line.broker.port}, Weather(loss_ratio=0.3, seed=7))
    )
    box = line.box(proxy.port("mqtt"))
    assert wait_until(lambda: box.publisher.connected, 30)
    line.put(box, 60)
    assert line.has_all(box)
    assert proxy.traffic["mqtt"].copies > proxy.traffic["mqtt"].segments
    line.settle(fault_case)
    fault_case.not_interrupted()


def test_a_second_of_delay_each_way_delivers_everything(
    line: FaultLine, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("1 s delay each way, 60 incidents")
    proxy = stack.enter_context(LossyProxy({"mqtt": line.broker.port}, Weather(delay_s=1.0)))
    box = line.box(proxy.port("mqtt"))
    assert box.connected()
    line.put(box, 60)
    assert line.has_all(box)
    assert box.counters.get("messages_resent") < len(line.wanted) / 2
    line.settle(fault_case)
    fault_case.not_interrupted()


def test_a_port_that_swallows_connections_is_tried_until_it_answers(
    line: FaultLine, fault_case: FaultCase
) -> None:
    """A listener whose queue is full: the kernel drops further packets, as a firewall would."""
    fault_case.injected("connection attempts vanish without an answer for 4 s")
    line.broker.stop()
    hole = socket.create_server(("127.0.0.1", line.broker.port), backlog=0)
    stuck = [socket.socket() for _ in range(4)]
    for each in stuck:
        each.settimeout(0)
        each.connect_ex(("127.0.0.1", line.broker.port))
    box = line.box()
    line.put(box, 40)
    time.sleep(4)
    assert not box.publisher.connected
    for each in (*stuck, hole):
        each.close()
    line.broker.start()
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)


def test_a_link_that_flaps_every_two_seconds_delivers_everything(
    line: FaultLine, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("1 s up, 1 s down, 6 times, incidents all along")
    proxy = stack.enter_context(LossyProxy({"mqtt": line.broker.port}))
    box = line.box(proxy.port("mqtt"))
    for _ in range(6):
        line.put(box, 15)
        time.sleep(1)
        proxy.refuse()
        proxy.cut()
        line.put(box, 15)
        time.sleep(1)
        proxy.refuse(refusing=False)
    with fault_case.recovering():
        assert line.has_all(box)
    line.settle(fault_case)
