"""Box (outbox and publisher) → real Mosquitto → stand-in centre, with counts of what was put.

For cases of the fault matrix: everything runs in the test's own process but the broker, so that
a case takes a second or two.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from tests.builders import incident_message
from tests.delivery_box import TOKEN, DeliveryBox
from tests.mosquitto import CENTRE, Mosquitto
from tests.stand_in_centre import StandInCentre, wait_until

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from tests.fault_matrix import FaultCase

PASSWORD = "c" * 32
PATIENCE_S = 60.0


class FaultLine:
    """One box, its broker and its centre; ``put`` and ``settle`` keep the books."""

    def __init__(self, folder: Path, stack: ExitStack, **broker: Any) -> None:
        """Prepare a broker with the options of :class:`Mosquitto`; nothing runs yet."""
        self._stack, self._folder = stack, folder
        self._centre: StandInCentre | None = None
        self.wanted: set[str] = set()
        given = {"persistent": True} | broker
        self.broker = Mosquitto(folder / "broker", {CENTRE: PASSWORD, "n1": TOKEN}, **given)
        stack.callback(self.broker.stop)

    @property
    def centre(self) -> StandInCentre:
        """Return the centre, started and subscribed at the first use."""
        if self._centre is None:
            self._centre = self._stack.enter_context(StandInCentre(self.broker, CENTRE, PASSWORD))
        return self._centre

    def start(self) -> DeliveryBox:
        """Start all; return the box once it is connected."""
        self.broker.start()
        assert self.centre.received == []
        box = self.box()
        assert box.connected()
        return box

    def box(self, port: int = 0) -> DeliveryBox:
        """Start the box, on another port than the broker's if one is given."""
        return self._stack.enter_context(DeliveryBox(self._folder, port or self.broker.port))

    def put(self, box: DeliveryBox, count: int = 40, **given: Any) -> None:
        """Queue so many incidents and note that they are wanted."""
        for _ in range(count):
            message = incident_message(f"i{len(self.wanted)}", **given)
            assert box.outbox.put(message)
            self.wanted.add(message.message_id)

    def has_all(self, box: DeliveryBox) -> bool:
        """Wait until the centre has all that was put and the box knows it."""
        return wait_until(
            lambda: self.wanted <= set(self.centre.incidents()) and box.outbox.depth() == 0,
            PATIENCE_S,
        )

    def settle(self, case: FaultCase) -> None:
        """Tell the case how many of the incidents never came."""
        lost = self.wanted - set(self.centre.incidents())
        case.lost("incidents", len(lost), of=len(self.wanted))

    def hang_up(self) -> None:
        """Let the broker read its password and rules files again."""
        os.kill(self.broker.pid, signal.SIGHUP)
