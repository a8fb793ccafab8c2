"""Signatures of webhooks: the threat list."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.feeds.signature import (
    KEY_BYTES,
    WINDOW,
    SignatureError,
    derive_secret,
    load_feed_key,
    new_salt,
    sign,
    verify,
)

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 23, 3, 30, tzinfo=UTC)
STAMP = str(int(NOW.timestamp()))
SECRET = "s" * 64
BODY = b'{"records": []}'


def refused(
    secret: str = SECRET,
    stamp: str = STAMP,
    signature: str | None = None,
    body: bytes = BODY,
    now: datetime = NOW,
) -> str:
    """Return the code with which a webhook is refused."""
    given_signature = sign(SECRET, STAMP, BODY) if signature is None else signature
    with pytest.raises(SignatureError) as caught:
        verify(secret, stamp, given_signature, body, now)
    return caught.value.code


def test_a_right_signature_is_accepted_and_named_by_its_digits() -> None:
    proof = verify(SECRET, STAMP, sign(SECRET, STAMP, BODY), BODY, NOW)

    assert len(proof) == 64
    assert sign(SECRET, STAMP, BODY) == f"sha256={proof}"


def test_the_signature_is_the_published_hmac() -> None:
    """Any tool makes it: printf '1700000000.{}' | openssl dgst -sha256 -hmac key."""
    assert sign("key", "1700000000", b"{}") == (
        "sha256=9d713ed406bb7076d4123f0dc2c39d2df5c654ed4b0cd56b52c8b4c940bd63ae"
    )


def test_a_changed_body_is_refused() -> None:
    assert refused(body=b'{"records": [1]}') == "bad_signature"


def test_a_changed_timestamp_is_refused() -> None:
    assert refused(stamp=str(int(STAMP) + 1)) == "bad_signature"


def test_another_secret_is_refused() -> None:
    assert refused(secret="t" * 64) == "bad_signature"


@pytest.mark.parametrize("signature", ["", "sha256=", "md5=abc", "sha256=" + "0" * 64, "ký số"])
def test_what_is_no_signature_is_refused(signature: str) -> None:
    assert refused(signature=signature) == "bad_signature"


@pytest.mark.parametrize("sign_of", [1, -1])
def test_a_signature_holds_five_minutes_either_way(sign_of: int) -> None:
    signature = sign(SECRET, STAMP, BODY)
    edge = NOW + sign_of * WINDOW

    assert verify(SECRET, STAMP, signature, BODY, edge)
    assert refused(now=edge + sign_of * timedelta(seconds=1)) == "too_old"


@pytest.mark.parametrize("stamp", ["", "now", "12.5", "9" * 40, "-1e9"])
def test_a_signed_timestamp_that_is_no_time_is_refused(stamp: str) -> None:
    assert refused(stamp=stamp, signature=sign(SECRET, stamp, BODY)) == "bad_timestamp"


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_one_signature_fits_one_body(body: bytes, other: bytes) -> None:
    assert (sign(SECRET, STAMP, body) == sign(SECRET, STAMP, other)) == (body == other)


def test_a_secret_depends_on_key_feed_and_salt() -> None:
    key, salt = b"k" * KEY_BYTES, new_salt()
    secret = derive_secret(key, "y-te", salt)

    assert secret == derive_secret(key, "y-te", salt)
    assert secret != derive_secret(b"j" * KEY_BYTES, "y-te", salt)
    assert secret != derive_secret(key, "giao-duc", salt)
    assert secret != derive_secret(key, "y-te", new_salt())


def test_the_feed_key_is_made_once_and_for_its_owner_only(tmp_path: Path) -> None:
    key = load_feed_key(tmp_path)

    assert len(key) == KEY_BYTES
    assert load_feed_key(tmp_path) == key
    assert (tmp_path / "feed.key").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["feed.key"]


def test_centres_that_start_at_once_agree_on_the_feed_key(tmp_path: Path) -> None:
    keys: set[bytes] = set()
    threads = [threading.Thread(target=lambda: keys.add(load_feed_key(tmp_path))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert len(keys) == 1


def test_a_damaged_feed_key_is_not_taken_for_one(tmp_path: Path) -> None:
    (tmp_path / "feed.key").write_bytes(b"short")

    with pytest.raises(ValueError, match="holds 5 bytes, want 32"):
        load_feed_key(tmp_path)
