"""Ways to reach a person outside the console: SMS gateway, e-mail, Zalo OA, signed webhook.

Web Push, which needs the database, is :mod:`central.alerts.push`.

Invariants:
    * A channel exists only where the installation configured it; nothing is tried without.
    * A channel sends one text to one address and either returns or raises :class:`ChannelError`,
      which says whether trying again can help. A time-out may have delivered: trying again then may
      tell somebody twice, never not at all.
    * Secrets are sent to their own gateway only, and to no log.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import smtplib
import time
from dataclasses import dataclass
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

    from central.alerts.texts import AlertText
    from central.settings import Settings

TIMEOUT_S = 10.0
FIRST_REFUSAL, FIRST_FAILURE = 400, 500
TRY_AGAIN = frozenset({408, 425, 429})
"""Refusals that pass. Source: RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4."""
SMTP_PERMANENT = 500
"""Source: RFC 5321 §4.2.1: 5yz is a permanent negative reply."""
SIGNATURE_HEADER = "X-Songlam-Signature"


class ChannelError(Exception):
    """A text was not delivered; ``final``: trying again cannot help; ``status``: what HTTP said."""

    def __init__(self, reason: str, *, final: bool = False, status: int = 0) -> None:
        """Keep the reason, which an administrator reads."""
        super().__init__(reason)
        self.final, self.status = final, status


class Channel(Protocol):
    """One way out of the house."""

    def send(self, address: str, text: AlertText, delivery_id: int) -> None:
        """Deliver a text.

        Raises:
            ChannelError: It was not delivered.
        """


def channels_of(settings: Settings) -> dict[str, Channel]:
    """Return the channels that an installation has configured, by name."""
    found: dict[str, Channel] = {}
    if settings.alert_sms_url:
        token = settings.alert_sms_token.get_secret_value()
        found["sms"] = SmsGateway(settings.alert_sms_url, token)
    if settings.alert_smtp_url.get_secret_value():
        found["email"] = Email(settings.alert_smtp_url.get_secret_value(), settings.alert_mail_from)
    if settings.alert_zalo_token.get_secret_value():
        token = settings.alert_zalo_token.get_secret_value()
        found["zalo"] = ZaloAccount(settings.alert_zalo_url, token)
    if settings.alert_webhook_secret.get_secret_value():
        found["webhook"] = Webhook(settings.alert_webhook_secret.get_secret_value().encode())
    return found


@dataclass(frozen=True, slots=True)
class SmsGateway:
    """A gateway that takes one SMS as JSON over HTTP; the id lets it refuse a repeat."""

    url: str
    token: str

    def send(self, address: str, text: AlertText, delivery_id: int) -> None:
        """Send the text without diacritics, in one part.

        Raises:
            ChannelError: The gateway is away or refuses.
        """
        body = {"to": address, "text": text.plain, "id": f"songlam-{delivery_id}"}
        _post(self.url, {"Authorization": f"Bearer {self.token}"}, body)


@dataclass(frozen=True, slots=True)
class ZaloAccount:
    """A Zalo official account; the address is the user's id at that account.

    Source: Zalo Official Account API v3, customer-care message: header ``access_token``, answer
    ``{"error": 0}`` with status 200 whatever happened.
    """

    url: str
    token: str

    def send(self, address: str, text: AlertText, delivery_id: int) -> None:
        """Send the text.

        Raises:
            ChannelError: Zalo is away or refuses.
        """
        del delivery_id
        body = {"recipient": {"user_id": address}, "message": {"text": text.vi}}
        answer = _post(self.url, {"access_token": self.token}, body)
        try:
            error = int(answer.json()["error"])
        except (ValueError, KeyError, TypeError) as mistake:
            raise ChannelError("Zalo's answer cannot be read") from mistake
        if error != 0:
            raise ChannelError(f"Zalo refused with error {error}")


@dataclass(frozen=True, slots=True)
class Webhook:
    """Another system's address, told in JSON signed with a shared secret.

    ``X-Songlam-Signature: t=<seconds>,v1=<hex HMAC-SHA256 over "<t>." + body>``.
    """

    secret: bytes
    now: Callable[[], float] = time.time

    def send(self, address: str, text: AlertText, delivery_id: int) -> None:
        """Send code, text and link.

        Raises:
            ChannelError: The other system is away or refuses.
        """
        body = {"id": delivery_id, "code": text.code, "text": text.vi, "url": text.url}
        sent = str(int(self.now()))
        signed = hmac.new(self.secret, f"{sent}.".encode() + _bytes(body), hashlib.sha256)
        _post(address, {SIGNATURE_HEADER: f"t={sent},v1={signed.hexdigest()}"}, body)


@dataclass(frozen=True, slots=True)
class Email:
    """An SMTP server: ``smtps://`` is TLS, ``smtp://`` upgrades to it unless on this machine.

    Source: RFC 8314 for implicit TLS, RFC 3207 for STARTTLS.
    """

    url: str
    sender: str

    def send(self, address: str, text: AlertText, delivery_id: int) -> None:
        """Send the text as a mail; its id stays the same when it is sent again.

        Raises:
            ChannelError: The server is away or refuses.
        """
        mail = EmailMessage()
        mail["From"], mail["To"] = self.sender, address
        mail["Subject"] = f"Sông Lam [{text.code}]"
        mail["Message-ID"] = f"<alert-{delivery_id}-{text.code}@songlam.invalid>"
        mail.set_content(text.vi)
        try:
            with self._connect() as server:
                server.send_message(mail)
        except smtplib.SMTPRecipientsRefused as refusal:
            code = next(iter(refusal.recipients.values()))[0]
            final = code >= SMTP_PERMANENT
            raise ChannelError(f"recipient refused with {code}", final=final) from refusal
        except (OSError, smtplib.SMTPException) as error:
            raise ChannelError(f"mail server: {error!r}") from error

    def _connect(self) -> smtplib.SMTP:
        """Return a connection, encrypted and logged in as the address asks for."""
        parts = urlsplit(self.url)
        host = parts.hostname or "localhost"
        if parts.scheme == "smtps":
            server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or 465, timeout=TIMEOUT_S)
        else:
            server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT_S)
            if host not in {"localhost", "127.0.0.1", "::1"}:
                server.starttls()
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        return server


def _bytes(body: dict[str, Any]) -> bytes:
    """Return a body as it is signed and sent."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def _post(url: str, headers: dict[str, str], body: dict[str, Any]) -> httpx.Response:
    """Post JSON and return the answer.

    Raises:
        ChannelError: No answer, or one that refuses.
    """
    headers = {"Content-Type": "application/json; charset=utf-8", **headers}
    return post(url, headers, _bytes(body))


def post(url: str, headers: dict[str, str], content: bytes) -> httpx.Response:
    """Post some bytes and return the answer.

    Raises:
        ChannelError: No answer, or one that refuses.
    """
    try:
        answer = httpx.post(url, headers=headers, content=content, timeout=TIMEOUT_S)
    except httpx.HTTPError as error:
        raise ChannelError(f"no answer: {type(error).__name__}") from error
    status = answer.status_code
    if status >= FIRST_REFUSAL:
        final = status < FIRST_FAILURE and status not in TRY_AGAIN
        raise ChannelError(f"answered {status}", final=final, status=status)
    return answer
