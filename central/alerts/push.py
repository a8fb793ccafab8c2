"""Web Push: the channel to browsers that people let ring, and which browsers those are.

Invariants:
    * One log-in is at most one browser; the browser that somebody else logs in on is theirs. Who
      logs out, changes the password or is shut out is told nothing more there
      (:mod:`central.auth.service`); a log-in that merely ran out ends nothing: who is on call is
      told all the same, and logs in to see more.
    * A message says the code, what kind of incident it is, and where to look, behind log-in: no
      plate, no person, no place. It is encrypted for the one browser.
    * A browser that its push service no longer knows is forgotten at once, and counted.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import delete, select

from central.alerts.channels import ChannelError, post
from central.alerts.webpush import Browser, authorization, encrypt, is_push_service, public_point
from central.auth import audit
from central.problems import Problem
from central.signing import load_push_key
from central.tables.alerts import PushSubscriptionRow

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cryptography.hazmat.primitives.asymmetric import ec
    from sqlalchemy.orm import Session

    from central.alerts.channels import Channel
    from central.alerts.schemas import NewSubscription
    from central.alerts.texts import AlertText
    from central.centre import Centre
    from central.settings import Settings

PUSH = "push"
TTL_S = 900
"""How long a push service keeps what it cannot deliver: later the alert is no news any more
(:data:`central.alerts.policy.LATE_AFTER`)."""
GONE = frozenset({404, 410})
"""Source: RFC 8030 §7.3: the subscription does not exist any more."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WebPush:
    """The channel; an address is the number of a subscription."""

    centre: Centre
    key: ec.EllipticCurvePrivateKey
    now_s: Callable[[], float] = time.time

    def send(self, address: str, text: AlertText, delivery_id: int) -> None:
        """Ring on one browser; a newer message about the same alert replaces one not yet shown.

        Raises:
            ChannelError: The browser is gone, or its push service is away or refuses.
        """
        del delivery_id
        browser = self._find(int(address))
        if browser is None:
            raise ChannelError("nobody is logged in on that browser any more", final=True)
        headers = {
            "Content-Type": "application/octet-stream",
            "Content-Encoding": "aes128gcm",
            "TTL": str(TTL_S),
            "Urgency": "high",
            "Topic": text.code,
            "Authorization": authorization(
                self.key, browser.endpoint, contact_of(self.centre.settings), self.now_s()
            ),
        }
        try:
            post(browser.endpoint, headers, encrypt(message(text), browser))
        except ChannelError as error:
            if error.status in GONE:
                self._forget(int(address))
            raise

    def _find(self, subscription_id: int) -> Browser | None:
        """Return a browser that is still subscribed."""
        with self.centre.database.read() as session:
            row = session.get(PushSubscriptionRow, subscription_id)
        return None if row is None else Browser(row.endpoint, row.p256dh, row.auth)

    def _forget(self, subscription_id: int) -> None:
        """Forget a browser that its push service does not know any more."""
        with self.centre.database.write() as session:
            gone = PushSubscriptionRow.id == subscription_id
            session.execute(delete(PushSubscriptionRow).where(gone))
        self.centre.metrics.push_gone.inc()
        log.info("push_gone", subscription=subscription_id)


def message(text: AlertText) -> bytes:
    """Return what a browser reads; the page's worker makes the words of it."""
    told = {"code": text.code, "kind": text.kind, "url": f"/officer/{text.code}"}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def push_channel(centre: Centre) -> dict[str, Channel]:
    """Return the channel, made with the centre's push key; none where it is switched off.

    A key that cannot be read costs this channel and is logged; the others still tell people.
    """
    if not services_of(centre.settings):
        return {}
    try:
        return {PUSH: WebPush(centre, load_push_key(centre.data_dir))}
    except (OSError, ValueError) as error:
        log.error("push_key_unreadable", reason=str(error))  # noqa: TRY400 - the text says it
        return {}


def services_of(settings: Settings) -> list[str]:
    """Return the hosts of the push services that may be used."""
    return settings.alert_push_services.split()


def contact_of(settings: Settings) -> str:
    """Return whom a push service may ask about the centre's messages."""
    own = settings.public_url
    return own if own.startswith("https://") else f"mailto:{settings.alert_mail_from}"


def subscriptions(session: Session, usernames: Sequence[str]) -> Sequence[tuple[str, int]]:
    """Return (user name, number) of every browser on which these people let it ring."""
    rows = session.execute(
        select(PushSubscriptionRow.username, PushSubscriptionRow.id)
        .where(PushSubscriptionRow.username.in_(usernames))
        .order_by(PushSubscriptionRow.id)
    )
    return [(username, number) for username, number in rows]


def own_subscription(session: Session, login: str) -> PushSubscriptionRow | None:
    """Return the subscription of the browser that a log-in is on."""
    return session.scalar(
        select(PushSubscriptionRow).where(PushSubscriptionRow.login_hash == login)
    )


def subscribe(
    session: Session, centre: Centre, new: NewSubscription, username: str, login: str
) -> None:
    """Let it ring on this browser; doing it again renews the keys.

    Raises:
        Problem: 422, the address is of no push service that may be used, or the key is none.
    """
    _check_keys(centre, new)
    elsewhere = (PushSubscriptionRow.login_hash == login) & (
        PushSubscriptionRow.endpoint != new.endpoint
    )
    others = (PushSubscriptionRow.endpoint == new.endpoint) & (
        PushSubscriptionRow.username != username
    )
    session.execute(delete(PushSubscriptionRow).where(elsewhere | others))
    known = session.scalar(
        select(PushSubscriptionRow).where(PushSubscriptionRow.endpoint == new.endpoint)
    )
    if known is None:
        known = PushSubscriptionRow(
            username=username, endpoint=new.endpoint, created_at=centre.clock()
        )
        session.add(known)
        audit.record(session, centre.clock(), username, "push_on", ("user", username))
    # The row stays when it is renewed: what is on its way to it arrives.
    known.login_hash, known.p256dh, known.auth = login, new.keys.p256dh, new.keys.auth


def unsubscribe(session: Session, centre: Centre, username: str, login: str) -> None:
    """Let this browser be quiet; one that was quiet stays so."""
    row = own_subscription(session, login)
    if row is not None:
        session.delete(row)
        audit.record(session, centre.clock(), username, "push_off", ("user", username))


def _check_keys(centre: Centre, new: NewSubscription) -> None:
    """Refuse what no push service that may be used could have given out.

    Raises:
        Problem: 422.
    """
    if not is_push_service(new.endpoint, services_of(centre.settings)):
        raise Problem(
            422,
            "unknown_push_service",
            "Trung tâm không dùng dịch vụ thông báo của trình duyệt này.",
            "The centre does not use this browser's push service (SONGLAM_ALERT_PUSH_SERVICES).",
        )
    try:
        public_point(new.keys.p256dh)
    except ValueError as error:
        raise Problem(
            422, "bad_push_key", "Khóa của trình duyệt không hợp lệ.", "The key is no P-256 point."
        ) from error
