"""Web Push against the RFCs: their own example, a browser that reads, and who may be written to."""

from __future__ import annotations

import pytest
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec

from central.alerts.webpush import (
    Browser,
    authorization,
    decoded,
    encrypt,
    is_push_service,
    public_key,
    public_point,
)
from tests.push_browser import CURVE, PushBrowser, bytes_of, sender_of

SERVICES = ["fcm.googleapis.com", "push.apple.com", "127.0.0.1"]
# Source: RFC 8291 §5, the published example.
TEXT = b"When I grow up, I want to be a watermelon"
RECEIVER = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
RECEIVER_POINT = (
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
)
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
SECRET, SALT = "BTBZMqHH6r4Tts7J_aSIgg", "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS"
    "6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qu"
    "lcy4a-fN"
)


def private_key(text: str) -> ec.EllipticCurvePrivateKey:
    """Return the key that a base64url number stands for."""
    return ec.derive_private_key(int.from_bytes(bytes_of(text)), CURVE)


def browser_of(phone: PushBrowser) -> Browser:
    """Return a browser as the centre knows it."""
    keys = phone.subscription()["keys"]
    return Browser(phone.endpoint, keys["p256dh"], keys["auth"])


def test_the_example_of_the_rfc_comes_out_byte_for_byte() -> None:
    browser = Browser("https://push.example.net/x", RECEIVER_POINT, SECRET)
    sender, salt = private_key(SENDER), decoded(SALT)

    assert encrypt(TEXT, browser, padded_bytes=0, sender=sender, salt=salt) == bytes_of(BODY)
    assert PushBrowser("", private_key(RECEIVER), bytes_of(SECRET)).read(bytes_of(BODY)) == TEXT


def test_one_browser_reads_a_message_and_no_other() -> None:
    phone, other = PushBrowser("https://a"), PushBrowser("https://b")
    body = encrypt("Đi ngược chiều".encode(), browser_of(phone))

    assert phone.read(body).decode() == "Đi ngược chiều"
    with pytest.raises(InvalidTag):
        other.read(body)


def test_the_length_of_a_message_tells_nothing_and_no_two_are_alike() -> None:
    browser = browser_of(PushBrowser("https://a"))
    short, long = encrypt(b"x", browser), encrypt(b"x" * 300, browser)

    assert len(short) == len(long)
    assert encrypt(b"x", browser) != short


def test_the_sender_names_itself_to_that_push_service_for_half_a_day() -> None:
    key = ec.generate_private_key(CURVE)
    header = authorization(key, "https://fcm.googleapis.com/fcm/send/abc", "mailto:a@b.vn", 1_000.7)
    named, claims = sender_of(header)

    assert named == public_key(key)
    assert claims == {
        "aud": "https://fcm.googleapis.com",
        "exp": 1_000 + 12 * 3600,
        "sub": "mailto:a@b.vn",
    }


def test_a_point_beside_the_curve_is_no_key() -> None:
    assert public_point(RECEIVER_POINT).curve.name == "secp256r1"
    with pytest.raises(ValueError, match=r"."):
        public_point("B" + "A" * 86)


@pytest.mark.parametrize(
    ("endpoint", "allowed"),
    [
        ("https://fcm.googleapis.com/fcm/send/abc", True),
        ("https://web.push.apple.com/abc", True),
        ("http://127.0.0.1:4711/send", True),
        ("http://fcm.googleapis.com/fcm/send/abc", False),
        ("https://fcm.googleapis.com:8080/abc", False),
        ("https://fcm.googleapis.com@evil.example/abc", False),
        ("https://u:p@fcm.googleapis.com/abc", False),
        ("https://evilpush.apple.com/abc", False),
        ("https://fcm.googleapis.com.evil.example/abc", False),
        ("https://169.254.169.254/latest", False),
        ("https://[::1", False),
        ("file:///etc/passwd", False),
    ],
)
def test_only_push_services_that_may_be_used_are_written_to(
    endpoint: str, *, allowed: bool
) -> None:
    assert is_push_service(endpoint, SERVICES) is allowed
    assert not is_push_service(endpoint, [])
