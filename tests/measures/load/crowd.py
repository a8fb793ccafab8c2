"""The crowd's own process: boxes and viewers on one selector, at full pace or at a rate."""

from __future__ import annotations

import math
import multiprocessing
import os
import selectors
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from tests.measures.load.boxes import RULES, Boxes, Sent
from tests.measures.load.viewers import Seen, Viewers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TELL_EVERY_S, IDLE_S = 10.0, 0.2
PATIENCE_S = 60.0
"""How long is waited for what is outstanding once nothing more is sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a crowd is to do.

    Attributes:
        series: Begins the id of each incident, so that two orders never share one.
        mqtt_port: Of the broker, on loopback.
        tokens: Box → its password.
        seconds: How long messages are sent.
        rate: Messages a second over all boxes; 0: each box sends as receipts come.
        beat_s: Seconds between two heartbeats of a box; 0: none.
        window: Messages of a box without a receipt, at full pace.
        rules: What the boxes see, in turn.
        http_port: Of the centre, for viewers.
        log_ins: Of the viewers, one each.
        keep_times: Tell when each incident was published.
        watched: Name → id of a process of which is told what it took meanwhile.
    """

    series: str
    mqtt_port: int
    tokens: Mapping[str, str]
    seconds: float
    rate: float = 0.0
    beat_s: float = 10.0
    window: int = 1
    rules: tuple[str, ...] = RULES
    http_port: int = 0
    log_ins: tuple[str, ...] = ()
    keep_times: bool = False
    watched: Mapping[str, int] = field(default_factory=dict)


@dataclass(slots=True)
class Done:
    """What a crowd did and saw.

    Attributes:
        sent: What boxes sent and what became of it.
        seen: What viewers saw.
        elapsed_s: From the first message until nothing was outstanding.
        core_s: Core-seconds of each process watched, and of the crowd itself.
    """

    sent: Sent
    seen: Seen
    elapsed_s: float
    core_s: dict[str, float]


def carry_out(order: Order) -> Done:
    """Let a crowd of its own process carry out an order; wait for it.

    Raises:
        ConnectionError: Broker or centre refused, or hung up on, one of them.
    """
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=spawn) as process:
        return process.submit(press, order).result()


def press(order: Order) -> Done:
    """Carry out an order in this process."""
    watched = {**order.watched, "crowd": os.getpid()}
    with selectors.DefaultSelector() as selector:
        boxes = Boxes(selector, order.series, keep_times=order.keep_times or bool(order.log_ins))
        viewers = Viewers(selector, boxes.sent.times)
        try:
            boxes.connect(order.mqtt_port, order.tokens, order.rules)
            viewers.connect(order.http_port, order.log_ins)
            tell(order, f"{len(order.tokens)} boxes, {len(order.log_ins)} viewers connected")
            before = used(watched)
            _send(selector, boxes, viewers, order)
            took = {name: after - before[name] for name, after in used(watched).items()}
            elapsed_s = time.monotonic() - boxes.began
        finally:
            viewers.close()
            boxes.close()
    return Done(boxes.sent, viewers.seen, elapsed_s, took)


def _send(selector: selectors.BaseSelector, boxes: Boxes, viewers: Viewers, order: Order) -> None:
    """Send for as long as ordered, then wait for what is outstanding, not for ever."""
    now = boxes.began = time.monotonic()
    boxes.until = now + order.seconds
    told, give_up = now, boxes.until + PATIENCE_S
    incidents = Pace(now, order.rate, boxes.until)
    beats = Pace(now, len(order.tokens) / order.beat_s if order.beat_s else 0.0, give_up)
    if not order.rate:
        boxes.fill(order.window)
    while now < give_up and (now < boxes.until or boxes.sent.unanswered or viewers.waited_for > 0):
        for due in incidents.due(now):
            boxes.offer(due)
        for _ in beats.due(now):
            boxes.beat()
        for key, _ in selector.select(max(min(incidents.next, beats.next) - now, 0.0)):
            key.data()
        now = time.monotonic()
        if now - told >= TELL_EVERY_S:
            told = now
            tell(order, f"{now - boxes.began:3.0f} s, {len(boxes.sent.waits)} receipts")


class Pace:
    """Moments at an even rate until an end; ``next`` is when to look again at the latest."""

    def __init__(self, began: float, rate: float, until: float) -> None:
        self._began, self._rate, self._until = began, rate, until
        self._count = 0
        self.next = began

    def due(self, now: float) -> Iterator[float]:
        """Yield the moments that have come."""
        while (at := self._at()) <= now:
            yield at
            self._count += 1
        self.next = min(at, now + IDLE_S)

    def _at(self) -> float:
        """Return when the next one is; never after the end."""
        at = self._began + self._count / self._rate if self._rate else math.inf
        return at if at < self._until else math.inf


def tell(order: Order, what: str) -> None:
    """Tell a person who waits."""
    sys.stderr.write(f"{order.series}: {what}\n")
    sys.stderr.flush()


def used(watched: Mapping[str, int]) -> dict[str, float]:
    """Return the core-seconds that each process and its children have taken so far."""
    total = {}
    for name, pid in watched.items():
        process = psutil.Process(pid)
        times = [each.cpu_times() for each in (process, *process.children(recursive=True))]
        total[name] = sum(each.user + each.system for each in times)
    return total
