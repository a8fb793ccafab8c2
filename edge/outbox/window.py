"""How many messages may be under way: what the line and the centre take without queues building up.

Invariants:
    * The window grows while receipts come within ``TARGET_S`` and it is really used, and shrinks
      when they take longer: a backlog fills a fast line, and on a slow one a live incident waits
      behind a few messages only.
    * While no receipts come at all, few messages probe, so that a long outage does not fill the
      broker with copies.
    * What is remembered of a message goes with its receipt or with the connection.

It knows no queue and no broker, and is used by the one thread that sends.

Source: delay-based congestion control, RFC 6817 (LEDBAT), with receipts as acknowledgements.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edge.clock import Clock

START = 8
"""Messages under way on a new connection. Source: 8 of 2 kB pass 128 kbit/s in a second."""
SMALLEST, LARGEST = 2, 512
TARGET_S = 0.5
"""Receipts slower than this mean that something queues. Source: a batch of 200 is stored in less
than 0.4 s on one core; live incidents shall be receipted within 2 s."""
SHRINK = 0.7
PROBES = 2
"""Messages of a backlog under way while no receipts come."""
SILENT_AFTER_S = 10.0
"""Without a receipt for this long the centre counts as silent."""
RECEIPT_WAIT_S = 5.0
"""Shortest pause before a resend; the outbox doubles it with each try up to sixteen times."""
LONGEST_WAIT_S = 60.0


class SendWindow:
    """The window of one connection after the other."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._under_way: dict[str, float] = {}
        self.reset()

    def reset(self) -> None:
        """Begin anew with a new connection: nothing is known of it, and nothing is under way."""
        self._under_way.clear()
        self._messages = float(START)
        self._usual_s = 0.0
        self._shrunk_s = self._heard_s = self._clock.monotonic()

    @property
    def messages(self) -> int:
        """Return how many messages may be under way."""
        silent = self._clock.monotonic() - self._heard_s >= SILENT_AFTER_S
        return PROBES if silent else int(self._messages)

    @property
    def retry_after_s(self) -> float:
        """Return after how long without a receipt a message is sent again."""
        return min(max(RECEIPT_WAIT_S, 4 * self._usual_s), LONGEST_WAIT_S)

    def sent(self, message_id: str) -> None:
        """Note that a message is under way."""
        self._under_way[message_id] = self._clock.monotonic()

    def receipted(self, message_id: str) -> None:
        """Draw the consequence of a receipt."""
        now = self._heard_s = self._clock.monotonic()
        used = len(self._under_way)
        sent_s = self._under_way.pop(message_id, None)
        if sent_s is None:
            return
        took_s = now - sent_s
        self._usual_s += (took_s - self._usual_s) / 8
        if took_s <= TARGET_S:
            if used >= self._messages / 2:
                self._messages = min(self._messages + 1, LARGEST)
        elif now - self._shrunk_s > took_s:  # once per round trip, not once per late receipt
            self._messages = max(self._messages * SHRINK, SMALLEST)
            self._shrunk_s = now
