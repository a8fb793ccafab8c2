"""Channels, against gateways that speak the real protocols."""

from __future__ import annotations

import hashlib
import hmac

import pytest

from central.alerts.channels import (
    SIGNATURE_HEADER,
    ChannelError,
    Email,
    SmsGateway,
    Webhook,
    ZaloAccount,
    channels_of,
)
from central.alerts.texts import AlertText
from central.settings import Settings
from tests.gateways import free_port, http_gateway, mail_server

TEXT = AlertText(code="K7Q2MX", vi="Đi ngược chiều", plain="Di nguoc chieu", url="https://x/K7Q2MX")


def test_an_sms_carries_the_plain_text_an_id_and_the_gateways_token() -> None:
    with http_gateway() as gateway:
        SmsGateway(gateway.url, "secret").send("+84900000000", TEXT, 7)

    [posted] = gateway.posted
    assert posted.body == {"to": "+84900000000", "text": "Di nguoc chieu", "id": "songlam-7"}
    assert posted.headers["Authorization"] == "Bearer secret"


@pytest.mark.parametrize(
    ("status", "final"), [(400, True), (403, True), (429, False), (503, False)]
)
def test_a_refusal_says_whether_trying_again_can_help(status: int, *, final: bool) -> None:
    with http_gateway() as gateway:
        gateway.answer = (status, {})
        with pytest.raises(ChannelError, match=str(status)) as refused:
            SmsGateway(gateway.url, "secret").send("+84900000000", TEXT, 7)

    assert refused.value.final is final


def test_a_gateway_that_is_away_is_tried_again() -> None:
    with pytest.raises(ChannelError, match="no answer") as refused:
        SmsGateway(f"http://127.0.0.1:{free_port()}/", "secret").send("+84900000000", TEXT, 7)

    assert not refused.value.final


def test_zalo_gets_the_vietnamese_text_and_its_own_error_is_an_error() -> None:
    with http_gateway() as gateway:
        account = ZaloAccount(gateway.url, "secret")
        account.send("user-1", TEXT, 7)
        gateway.answer = (200, {"error": -216, "message": "access token invalid"})
        with pytest.raises(ChannelError, match="-216"):
            account.send("user-1", TEXT, 8)
        gateway.answer = (200, {})
        with pytest.raises(ChannelError, match="cannot be read"):
            account.send("user-1", TEXT, 9)

    first = gateway.posted[0]
    assert first.body == {"recipient": {"user_id": "user-1"}, "message": {"text": TEXT.vi}}
    assert first.headers["access_token"] == "secret"


def test_a_webhook_can_be_checked_by_whoever_shares_the_secret() -> None:
    with http_gateway() as gateway:
        Webhook(b"shared", now=lambda: 1_700_000_000.5).send(gateway.url, TEXT, 7)

    [posted] = gateway.posted
    wanted = hmac.new(b"shared", b"1700000000." + posted.raw, hashlib.sha256).hexdigest()
    assert posted.headers[SIGNATURE_HEADER] == f"t=1700000000,v1={wanted}"
    assert posted.body == {"id": 7, "code": "K7Q2MX", "text": TEXT.vi, "url": TEXT.url}


def test_a_mail_has_the_same_id_each_time_it_is_sent() -> None:
    with mail_server() as server:
        mail = Email(server.url, "songlam@example.vn")
        mail.send("officer@example.vn", TEXT, 7)
        mail.send("officer@example.vn", TEXT, 7)

    first, second = server.mails
    assert first["Message-ID"] == second["Message-ID"]
    assert first["To"] == "officer@example.vn"
    assert "Đi ngược chiều" in first.get_payload(decode=True).decode()  # type: ignore[union-attr]


def test_an_unknown_mailbox_is_given_up_and_a_missing_server_tried_again() -> None:
    with mail_server() as server:
        server.unknown.add("nobody@example.vn")
        with pytest.raises(ChannelError, match="550") as refused:
            Email(server.url, "songlam@example.vn").send("nobody@example.vn", TEXT, 7)
    assert refused.value.final
    with pytest.raises(ChannelError, match="mail server") as away:
        Email(f"smtp://127.0.0.1:{free_port()}", "s@example.vn").send("a@example.vn", TEXT, 7)
    assert not away.value.final


def test_only_what_is_configured_is_a_channel() -> None:
    assert channels_of(Settings()) == {}
    every = Settings.from_environment(
        {
            "SONGLAM_ALERT_SMS_URL": "https://sms.example.vn/send",
            "SONGLAM_ALERT_SMTP_URL": "smtps://user:pass@mail.example.vn",
            "SONGLAM_ALERT_ZALO_TOKEN": "t",
            "SONGLAM_ALERT_WEBHOOK_SECRET": "s",
        }
    )
    assert sorted(channels_of(every)) == ["email", "sms", "webhook", "zalo"]
    assert "pass@" not in repr(every)
