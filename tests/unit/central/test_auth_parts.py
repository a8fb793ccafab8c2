"""Passwords, tokens and throttling: the parts of log-in that can be said without HTTP."""

from __future__ import annotations

import math
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyotp import TOTP
from sqlalchemy import select

from central.auth import second_factor, throttle
from central.auth.passwords import (
    hash_password,
    new_password,
    new_recovery_code,
    verify_password,
)
from central.auth.schemas import Role
from central.auth.tokens import new_token, token_hash
from central.auth.weakness import is_weak
from central.settings import Settings, SettingsError
from central.tables.users import LoginFailureRow
from tests.builders import NOON
from tests.centre import add_person, migrated_database

if TYPE_CHECKING:
    from pathlib import Path


def test_a_password_fits_its_own_hash_and_no_other() -> None:
    stored = hash_password("đúng mật khẩu")

    assert verify_password(stored, "đúng mật khẩu")
    assert not verify_password(stored, "đúng mật khẩU")
    assert stored.startswith("$argon2id$")


def test_nobody_logs_in_as_an_unknown_user() -> None:
    assert not verify_password(None, "anything")


def test_a_damaged_hash_lets_nobody_in() -> None:
    assert not verify_password("no hash at all", "anything")


def test_one_time_passwords_are_readable_aloud_and_never_the_same() -> None:
    made = {new_password() for _ in range(50)}

    assert len(made) == 50
    assert all(len(password) == 23 and not set(password) & set("ilo01") for password in made)


def test_tokens_differ_and_are_stored_as_hashes() -> None:
    first, second = new_token(), new_token()

    assert first != second
    assert len(token_hash(first)) == 64
    assert first not in token_hash(first)


@given(failures=st.integers(0, 10_000), free=st.integers(1, 50))
def test_waiting_never_shrinks_and_never_exceeds_a_quarter_of_an_hour(
    failures: int, free: int
) -> None:
    now, later = throttle.wait_s(failures, free), throttle.wait_s(failures + 1, free)

    assert 0 <= now <= later <= 900
    assert (now == 0) == (failures < free)


def test_failures_at_one_address_do_not_lock_the_officer_out_elsewhere(tmp_path: Path) -> None:
    database = migrated_database(tmp_path)
    attacker, officer = throttle.keys("chien", "203.0.113.9"), throttle.keys("chien", "10.0.0.5")
    with database.write() as session:
        for _ in range(100):
            throttle.count_failure(session, attacker, NOON)
        assert throttle.blocked_until(session, attacker, NOON) == NOON + timedelta(minutes=15)
        assert throttle.blocked_until(session, officer, NOON) is None
    database.close()


def test_old_failures_are_forgotten(tmp_path: Path) -> None:
    database = migrated_database(tmp_path)
    with database.write() as session:
        throttle.count_failure(session, throttle.keys("an", "10.0.0.1"), NOON)
        throttle.forget_old(session, NOON + timedelta(days=1, seconds=1))
        assert session.scalars(select(LoginFailureRow)).all() == []
    database.close()


@pytest.mark.parametrize(("failures", "wait"), [(4, 0), (5, 15), (6, 30), (7, 60), (20, 900)])
def test_the_wait_doubles_from_fifteen_seconds(failures: int, wait: float) -> None:
    assert throttle.wait_s(failures, throttle.FREE_PER_NAME) == wait


def test_a_recovery_code_is_random_enough_to_be_stored_as_a_plain_hash() -> None:
    letters = new_recovery_code().replace("-", "")

    assert len(letters) == 24
    assert len(letters) * math.log2(31) >= 112


def test_a_setting_may_name_every_role_and_nothing_else() -> None:
    every = ",".join(Role)

    assert Settings(second_factor_roles=every).second_factor_roles == every
    for wrong in ("boss", "admin,", "admin, officer", ",admin"):
        with pytest.raises(SettingsError, match="SONGLAM_SECOND_FACTOR_ROLES"):
            Settings.from_environment({"SONGLAM_SECOND_FACTOR_ROLES": wrong})


def test_two_log_ins_at_once_do_not_share_a_code(tmp_path: Path) -> None:
    database = migrated_database(tmp_path)
    add_person(database, "chien", Role.OFFICER)
    with database.write() as session:
        secret = second_factor.begin(session, tmp_path, "chien")
    code = TOTP(secret.base32).at(NOON)
    with database.write() as session:
        codes = second_factor.confirm(session, tmp_path, "chien", code, NOON)
    later = NOON + timedelta(seconds=30)
    start, taken = threading.Barrier(2), []

    def log_in() -> None:
        start.wait()
        with database.write() as session:
            code = TOTP(secret.base32).at(later)
            taken.append(second_factor.take(session, tmp_path, "chien", code, later))

    threads = [threading.Thread(target=log_in) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    database.close()

    assert codes is not None
    assert sorted(taken) == [False, True]


@pytest.mark.parametrize(
    "password",
    ["songlam123456", "Mật-khẩu-2026", "passwordpassword", "aaaaaaaaaaaa", "abcdefghijkl",
     "chien.chien.1", "987654321000", "Qwertyuiop!1", "ADMIN admin 99", "111222333444"],
)  # fmt: skip
def test_a_password_of_known_words_and_runs_is_weak(password: str) -> None:
    assert is_weak(password, "chien")


@pytest.mark.parametrize(
    "password",
    ["một câu dài dễ nhớ", "8412 9083 7746", "songlam đẹp lắm ai ơi", "correct horse battery",
     "!?§$%&/()=+*", "chiến thắng mùa đông"],
)  # fmt: skip
def test_a_password_of_any_signs_with_something_of_ones_own_is_not(password: str) -> None:
    assert not is_weak(password, "chien")
