"""Outbox and publisher of one box in the test's own process, run as ``edge run`` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from edge.clock import SystemClock
from edge.config.box import BoxConfig, OutboxConfig
from edge.counters import Counters
from edge.outbox import Outbox
from edge.publisher import Publisher
from tests.builders import state_message
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edge.clock import Clock
    from edge.contract.commands import CommandMessage
    from edge.contract.messages import DesiredMessage

TOKEN = "t" * 32


def box_config(port: int, token: str = TOKEN, tls: Mapping[str, str] | None = None) -> BoxConfig:
    """Return a box that talks to a broker on ``port``; ``tls`` names files (tls_ca, tls_cert …)."""
    return BoxConfig.model_validate(
        {
            "box_id": "n1",
            "centre": {"url": "http://127.0.0.1:1", "token": token},
            "broker": {"port": port, "keepalive_s": 5, **(tls or {})},
            "detector": {"manifest": "unused"},
            "cameras": ["unused"],
        }
    )


class DeliveryBox:
    """Outbox and publisher of one box, run as ``edge run`` does."""

    def __init__(
        self,
        folder: Path,
        port: int,
        *,
        token: str = TOKEN,
        clock: Clock | None = None,
        tls: Mapping[str, str] | None = None,
    ) -> None:
        self.counters = Counters()
        self.clock = clock or SystemClock()
        self.desired: list[DesiredMessage] = []
        self.commands: list[CommandMessage] = []
        self.outbox = Outbox(
            folder / "outbox.sqlite3",
            config=OutboxConfig(),
            clock=self.clock,
            counters=self.counters,
        )
        self.publisher = Publisher(
            box_config(port, token, tls),
            self.outbox,
            clock=self.clock,
            counters=self.counters,
            on_desired=self.desired.append,
            on_command=self.commands.append,
        )

    def __enter__(self) -> Self:
        self.publisher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.publisher.stop(state_message(status="offline", message_id="farewell"))
        self.outbox.close()

    def connected(self) -> bool:
        """Wait for the connection."""
        return wait_until(lambda: self.publisher.connected)

    def counted(self, name: str, at_least: int = 1) -> bool:
        """Wait until a counter has reached a number."""
        return wait_until(lambda: self.counters.get(name) >= at_least)

    def emptied(self) -> bool:
        """Wait until nothing is left to send."""
        return wait_until(lambda: self.outbox.depth() == 0)
