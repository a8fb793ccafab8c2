"""The numbers: ten thousand incidents through ten minutes without a broker, and five kills.

Box, Mosquitto and centre are processes of their own, the centre on SQLite. The ten minutes are
waited by the box's clock only; the delivery is real.
"""

from __future__ import annotations

import random
import time
from collections import defaultdict
from contextlib import ExitStack
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from edge.outbox.window import RECEIPT_WAIT_S
from tests.delivery_line import BoxLife, DeliveryLine, StoredRevision
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.timed, pytest.mark.timeout(300)]
INCIDENTS = 10_000
CAMERAS = 4
BEFORE = 500
"""Incidents put before the broker is killed."""
UNDISTURBED = 4_000
"""The last ones, drained with nothing killed: over them the rate is measured."""
OUTAGE_S = 600.0
OPTIONS = ("--pause", "0", "--cameras", str(CAMERAS))
SEED = 20261124


@pytest.mark.fault("power")
def test_ten_thousand_incidents_arrive_once_and_in_order_through_an_outage_and_five_kills(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    """Two lives of the box and of the centre end by SIGKILL, and the broker's in between."""
    fault_case.injected("broker killed and 10 min away; SIGKILL of box and centre, twice each")
    dice = random.Random(SEED)  # noqa: S311  # chance, not secrecy
    with ExitStack() as stack:
        line = DeliveryLine(tmp_path, stack)
        line.start_centre()
        box, durable = put_through_an_outage(line, dice)
        line.broker.start()
        began = time.monotonic()
        with fault_case.recovering():
            box = kill_while_draining(line, box, dice)
            assert wait_until(lambda: line.count() >= len(durable), 120)
        drained_s = time.monotonic() - began
        # The last receipts; one that a kill took with it costs a second sending.
        time.sleep(RECEIPT_WAIT_S + 2)
        box.kill()
        stored = line.stored()
        assert line.waiting() == 0
    arrived = [int(each.key[0].removeprefix("i")) for each in stored]
    fault_case.lost("incidents", len(durable - set(arrived)), of=len(durable))
    assert durable <= set(arrived)
    assert len(arrived) == len(set(arrived)), "an incident was stored twice"
    # A put whose line the kill swallowed is durable too.
    assert len(set(arrived) - durable) <= 1
    assert all(each.historical for each in stored[2 * BEFORE :])
    check_order(stored)
    rate = drain_rate(stored)
    print(f"\n{len(arrived)} incidents, all in {drained_s:.1f} s, last {rate:.0f}/s, seed {SEED}")  # noqa: T201  # a figure for people
    assert rate >= 500


def put_through_an_outage(line: DeliveryLine, dice: random.Random) -> tuple[BoxLife, set[int]]:
    """Put all, the broker gone and the box killed meanwhile; return the box and what is durable."""
    half = INCIDENTS // 2
    first = line.box(0, half, *OPTIONS)
    first.put(BEFORE)
    assert wait_until(lambda: line.count() > 0, 30)
    line.broker.kill()
    first.put(half - BEFORE - dice.randrange(100, 900))
    durable = first.kill()
    begin = max(durable) + 2  # the one after may be durable although its line was swallowed
    second = line.box(begin, INCIDENTS - begin, *OPTIONS)
    second.put(INCIDENTS - begin)
    second.skip(OUTAGE_S)
    return second, durable | second.durable


def kill_while_draining(line: DeliveryLine, box: BoxLife, dice: random.Random) -> BoxLife:
    """Kill centre, box, centre, each after some more have been stored; return the last box."""
    step = (INCIDENTS - UNDISTURBED - BEFORE) // 3
    for turn, victim in enumerate(("centre", "box", "centre")):
        wanted = BEFORE + turn * step + dice.randrange(step)
        assert wait_until(lambda: line.count() >= wanted, 60)  # noqa: B023  # called at once
        if victim == "centre":
            line.kill_centre()
            line.start_centre()
        else:
            box.kill()
            box = line.box(0, 0, *OPTIONS)
    return box


def check_order(stored: list[StoredRevision]) -> None:
    """Each camera's incidents were stored in the order in which they happened."""
    by_camera: dict[str, list[str]] = defaultdict(list)
    for each in stored:
        by_camera[each.camera_id].append(each.occurred_at)
    assert len(by_camera) == CAMERAS
    for times in by_camera.values():
        assert times == sorted(times)


def drain_rate(stored: list[StoredRevision]) -> float:
    """Return how many were stored per second over the last stretch, with nothing killed."""
    last = stored[-UNDISTURBED:]
    first_at, last_at = (datetime.fromisoformat(each.stored_at) for each in (last[0], last[-1]))
    return len(last) / (last_at - first_at).total_seconds()
