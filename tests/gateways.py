"""Gateways that alerts are sent through, speaking the real protocols on loopback ports.

``with http_gateway() as gateway`` answers POST and remembers it; ``with mail_server() as mail`` is
a real SMTP server. Both can be told to refuse or to be slow.
"""

from __future__ import annotations

import json
import socket
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from aiosmtpd.controller import Controller

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import Message

    from aiosmtpd.smtp import SMTP, Envelope, Session


def free_port() -> int:
    """Return a loopback port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Posted:
    """One request as it came, ``at`` seconds of this machine's monotonic clock."""

    headers: dict[str, str]
    raw: bytes
    at: float = field(default_factory=time.monotonic)

    @property
    def body(self) -> dict[str, Any]:
        """Return the JSON that was posted."""
        parsed: dict[str, Any] = json.loads(self.raw)
        return parsed


@dataclass
class HttpGateway:
    """What a gateway was sent, and how it answers: ``answers`` in turn, then ``answer``."""

    url: str = ""
    posted: list[Posted] = field(default_factory=list)
    answer: tuple[int, dict[str, Any]] = (200, {"error": 0})
    answers: list[tuple[int, dict[str, Any]]] = field(default_factory=list)

    def next_answer(self) -> tuple[int, dict[str, Any]]:
        """Return the status and body of the next answer."""
        return self.answers.pop(0) if self.answers else self.answer


@contextmanager
def http_gateway() -> Iterator[HttpGateway]:
    """Yield a gateway on a free loopback port."""
    gateway = HttpGateway()

    class Desk(BaseHTTPRequestHandler):
        """Takes the requests."""

        def do_POST(self) -> None:
            """Remember a request and answer it."""
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            gateway.posted.append(Posted(dict(self.headers), raw))
            status, body = gateway.next_answer()
            answer = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    gateway.url = f"http://127.0.0.1:{server.server_port}/send"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield gateway
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class MailServer:
    """What a mail server took; addresses in ``unknown`` are refused."""

    url: str = ""
    mails: list[Message] = field(default_factory=list)
    unknown: set[str] = field(default_factory=set)

    async def handle_RCPT(  # noqa: N802 - the name and arguments of aiosmtpd
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        """Take or refuse a recipient."""
        del server, session, options
        if address in self.unknown:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - the name that aiosmtpd calls
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        """Keep a mail."""
        del server, session
        content = envelope.content
        assert isinstance(content, bytes)
        self.mails.append(message_from_bytes(content, policy=policy.default))
        return "250 OK"


@contextmanager
def mail_server() -> Iterator[MailServer]:
    """Yield an SMTP server on a free loopback port."""
    mail = MailServer()
    port = free_port()
    controller = Controller(mail, hostname="127.0.0.1", port=port)
    controller.start()
    mail.url = f"smtp://127.0.0.1:{port}"
    try:
        yield mail
    finally:
        controller.stop()
