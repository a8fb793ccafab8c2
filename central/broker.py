"""The embedded MQTT broker: for a demonstration on one machine, on loopback only.

Invariants:
    * It listens on 127.0.0.1 and nowhere else; production runs Mosquitto (docker-compose.yml).
    * A client is the centre itself (a password made at each start) or a registered box (its
      token); a box writes and reads its own branch only.
    * Nothing here is durable and nothing needs to be: boxes repeat what got no receipt.

amqtt 0.12 speaks MQTT 3.1.1, keeps sessions in memory, hands every retained message to any client
that reconnects, and treats an unanswered plug-in as allowed; the sub-class below closes the first
hole it leaves open to a box. Tokens are 256 random bits, so they are compared by SHA-256 (see
:mod:`central.auth.tokens`): a slow hash at each connect would only stall the broker's one thread.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from amqtt.broker import Broker
from amqtt.contexts import Action
from amqtt.errors import BrokerError
from amqtt.plugins.base import BaseAuthPlugin, BaseTopicPlugin

from central.auth.guard import find_box
from central.auth.tokens import new_token
from central.link import BrokerAddress
from edge.contract.topics import DOWNWARD, ROOT, UPWARD, parse_topic

if TYPE_CHECKING:
    from amqtt.session import Session as MqttSession

    from central.centre import Centre

CENTRE_USER = "songlam-centre"
START_TIMEOUT_S = 10.0
HOST = "127.0.0.1"
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Gate:
    """What the plug-ins of one broker ask: amqtt makes them itself, from a name."""

    centre: Centre
    password: str


_GATES: dict[str, _Gate] = {}
"""Gate of each running broker by its key; :meth:`EmbeddedBroker.stop` removes its own."""


def may_use(username: str, name: str, action: Action) -> bool:
    """Return whether a client may publish to, subscribe to or receive from a topic."""
    if username == CENTRE_USER:
        reads_up = name.rpartition("/")[2] in UPWARD or action is Action.PUBLISH
        return name.startswith(f"{ROOT}/") and reads_up
    try:
        box_id, channel = parse_topic(name)
    except ValueError:
        return False
    return box_id == username and channel in (UPWARD if action is Action.PUBLISH else DOWNWARD)


class BoxAuthentication(BaseAuthPlugin):  # type: ignore[misc]  # amqtt ships no types
    """Lets the centre and registered boxes in."""

    @dataclass
    class Config:
        """Which broker this belongs to."""

        key: str

    async def authenticate(self, *, session: MqttSession) -> bool:
        """Return whether the password is the centre's, or the token of the box so named."""
        gate = _GATES[self.config.key]
        username, password = session.username or "", session.password or ""
        if username == CENTRE_USER:
            return secrets.compare_digest(password.encode(), gate.password.encode())
        known = await asyncio.to_thread(find_box, gate.centre, password) == username
        if not known:
            log.warning("broker_refused_client", username=username[:64])
        return known


class BranchRule(BaseTopicPlugin):  # type: ignore[misc]  # amqtt ships no types
    """Holds every client to what :func:`may_use` allows."""

    @dataclass
    class Config:
        """No choice to make."""

    async def topic_filtering(
        self,
        *,
        session: MqttSession | None = None,
        topic: str | None = None,
        action: Action | None = None,
    ) -> bool:
        """Return whether this client may do this with this topic."""
        if session is None or topic is None or action is None:
            return False
        return may_use(session.username or "", topic, action)


class _LoopbackBroker(Broker):  # type: ignore[misc]  # amqtt ships no types
    """amqtt's broker, with retained messages only for those who may read them."""

    async def _publish_retained_messages_for_subscription(
        self, subscription: tuple[str, int], session: MqttSession
    ) -> None:
        """Skip subscriptions that this client may not have: upstream replays all to anyone."""
        if may_use(session.username or "", subscription[0], Action.SUBSCRIBE):
            await super()._publish_retained_messages_for_subscription(subscription, session)


class EmbeddedBroker:
    """One broker on a thread and event loop of its own."""

    def __init__(self, centre: Centre, port: int) -> None:
        """Prepare a broker on ``port``; 0 picks a free one."""
        self._centre = centre
        self._port = port
        self._key = secrets.token_hex(8)
        self._password = new_token()
        self._stop: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> BrokerAddress:
        """Start and return where and as whom the centre connects.

        Raises:
            RuntimeError: The port is taken, or the broker did not start in time.
        """
        _GATES[self._key] = _Gate(self._centre, self._password)
        started: Future[int] = Future()
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._serve(started)), name="broker", daemon=True
        )
        self._thread.start()
        try:
            port = started.result(timeout=START_TIMEOUT_S)
        except (BrokerError, TimeoutError) as error:
            raise RuntimeError(
                f"the embedded broker cannot listen on {HOST}:{self._port}: {error}"
            ) from error
        log.info("embedded_broker_started", port=port)
        return BrokerAddress(
            host=HOST,
            port=port,
            username=CENTRE_USER,
            password=self._password,
            client_id=self._centre.settings.mqtt_client_id,
        )

    def stop(self) -> None:
        """Stop and wait for the thread."""
        if self._loop is not None and self._stop is not None:
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._thread is not None:
            self._thread.join(timeout=START_TIMEOUT_S)
        _GATES.pop(self._key, None)

    async def _serve(self, started: Future[int]) -> None:
        """Run the broker until told to stop."""
        for name in ("amqtt", "transitions"):
            logging.getLogger(name).setLevel(logging.ERROR)
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        broker = _LoopbackBroker(self._config())
        try:
            await broker.start()
        except BrokerError as error:
            started.set_exception(error)
            return
        started.set_result(_listening_port(broker))
        await self._stop.wait()
        await broker.shutdown()

    def _config(self) -> dict[str, Any]:
        """Return amqtt's configuration: one loopback listener and our two plug-ins."""
        return {
            "listeners": {"default": {"type": "tcp", "bind": f"{HOST}:{self._port}"}},
            "plugins": {
                f"{__name__}.{BoxAuthentication.__qualname__}": {"key": self._key},
                f"{__name__}.{BranchRule.__qualname__}": {},
            },
        }


def _listening_port(broker: Broker) -> int:
    """Return the port that the broker really listens on."""
    server = broker._servers["default"].instance  # noqa: SLF001 - amqtt does not tell otherwise
    port: int = server.sockets[0].getsockname()[1]
    return port
