"""Passkeys: log-in by a key pair that a person's phone, computer or stick keeps and unlocks.

Invariants:
    * The device has asked for finger, face or PIN each time (user verification), and it knows whose
      key it is (discoverable): a passkey is two factors and needs no user name.
    * A challenge is ours, counts once and within minutes; an answer is for our own address only.
    * A counter that goes back means that two copies exist: neither logs in any more.

The functions take a session and leave the commit to their caller. Source: W3C Web Authentication
level 3, sections 7.1 (registration) and 7.2 (log-in).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sqlalchemy import delete, func, select
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    RegistrationCredential,
)

from central.auth import audit, handshakes, second_factor
from central.auth.handshakes import Purpose
from central.auth.tokens import new_token
from central.problems import Problem
from central.tables.users import PasskeyRow, UserRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session
    from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
    from webauthn.registration.verify_registration_response import VerifiedRegistration

    from central.auth.passkey_schemas import NewPasskey, PasskeyProof
    from central.settings import Settings

ALGORITHMS = (
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
)
MOST_PER_PERSON = 20
LOOPBACK = "localhost"
_PORTS = {"https": 443, "http": 80}
_MALFORMED = (WebAuthnException, ValueError, LookupError, TypeError, AttributeError)
"""What the library raises on bytes that are no answer of an authenticator."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a passkey did not log anybody in, for the log; ``username`` is its owner's if known."""

    why: str
    username: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """What passkeys are bound to: our own address, as browsers know it."""

    rp_id: str
    origin: str


def site_of(settings: Settings, host: str) -> Site | None:
    """Return our address, or None where browsers offer no passkeys.

    That is everywhere but on a named host under https; without a public address ``host`` (of the
    request) may still be this very computer's, for trying it out.
    """
    parts = urlsplit(settings.public_url or f"http://{host}")
    name = parts.hostname or ""
    secure = parts.scheme == "https" and "." in name and not _is_number(name)
    if name != LOOPBACK and (not secure or not settings.public_url):
        return None
    port = "" if parts.port in {None, _PORTS[parts.scheme]} else f":{parts.port}"
    return Site(rp_id=name, origin=f"{parts.scheme}://{name}{port}")


def of_person(session: Session, username: str) -> list[PasskeyRow]:
    """Return a person's passkeys, the oldest first."""
    own = select(PasskeyRow).where(PasskeyRow.username == username).order_by(PasskeyRow.id)
    return list(session.scalars(own))


def counts(session: Session) -> dict[str, int]:
    """Return user name → number of passkeys."""
    rows = session.execute(
        select(PasskeyRow.username, func.count()).group_by(PasskeyRow.username)
    ).all()
    return {username: count for username, count in rows}  # noqa: C416 - a row is no pair to mypy


def begin(session: Session, username: str, now: datetime) -> tuple[str, str]:
    """Return the challenge for a new passkey and the handle of the person.

    Raises:
        Problem: 409, there are too many already.
    """
    present = of_person(session, username)
    if len(present) >= MOST_PER_PERSON:
        raise Problem(
            409,
            "too_many_passkeys",
            f"Mỗi người có nhiều nhất {MOST_PER_PERSON} khóa. Hãy xóa khóa không dùng.",
            f"A person has at most {MOST_PER_PERSON} passkeys. Remove one that is not used.",
        )
    handle = present[0].user_handle if present else new_token()
    challenge = handshakes.begin(session, Purpose.NEW_PASSKEY, now, username, handle=handle)
    return challenge, handle


def add(session: Session, site: Site, username: str, new: NewPasskey, now: datetime) -> bool:
    """Keep a new passkey; return False when the answer does not fit or came too late.

    Raises:
        Problem: 409, this very key is known already.
    """
    detail = handshakes.take(session, Purpose.NEW_PASSKEY, new.challenge, now, username)
    made = _registered(site, new) if detail is not None else None
    if detail is None or made is None:
        return False
    credential_id = bytes_to_base64url(made.credential_id)
    known = select(PasskeyRow.id).where(PasskeyRow.credential_id == credential_id)
    if session.scalar(known) is not None:
        raise Problem(
            409, "passkey_known", "Khóa này đã được đăng ký.", "This passkey is registered already."
        )
    row = PasskeyRow(
        username=username,
        name=new.name,
        credential_id=credential_id,
        user_handle=detail["handle"],
        public_key=bytes_to_base64url(made.credential_public_key),
        sign_count=made.sign_count,
        created_at=now,
    )
    session.add(row)
    audit.record(session, now, username, "passkey_on", ("user", username), name=new.name)
    return True


def log_in(session: Session, site: Site, proof: PasskeyProof, now: datetime) -> UserRow | Refusal:
    """Return the enabled user whose passkey answered, or why it logs nobody in.

    A refusal is to be committed too: the challenge is used, and a copy is marked.
    """
    in_time = handshakes.take(session, Purpose.PASSKEY, proof.challenge, now) is not None
    row = session.scalar(
        select(PasskeyRow).where(PasskeyRow.credential_id == proof.credential_id).with_for_update()
    )
    if row is None:
        return Refusal("unknown")
    user = session.get_one(UserRow, row.username)
    answer = _proven(site, proof, row) if in_time else None
    if answer is None or proof.user_handle not in {None, row.user_handle}:
        return Refusal("answer" if in_time else "challenge", row.username)
    if user.disabled or row.cloned_at is not None:
        return Refusal("disabled" if user.disabled else "cloned", row.username)
    if (answer.new_sign_count or row.sign_count) and answer.new_sign_count <= row.sign_count:
        row.cloned_at = now
        audit.record(
            session, now, row.username, "passkey_cloned", ("user", row.username), name=row.name
        )
        return Refusal("cloned", row.username)
    row.sign_count, row.last_used_at = answer.new_sign_count, now
    return user


def rename(session: Session, username: str, passkey_id: int, name: str, now: datetime) -> None:
    """Call a passkey of one's own something else.

    Raises:
        Problem: 404, there is no such passkey of theirs.
    """
    row = _own(session, username, passkey_id)
    told = {"name": name, "before": row.name}
    audit.record(session, now, username, "rename_passkey", ("user", username), **told)
    row.name = name


def forget(
    session: Session, settings: Settings, username: str, passkey_id: int, now: datetime
) -> None:
    """Forget a passkey of one's own.

    Raises:
        Problem: 404, there is no such passkey of theirs; 409, it is the last second factor of a
            role that must have one.
    """
    row, user = _own(session, username, passkey_id), session.get_one(UserRow, username)
    last = len(of_person(session, username)) == 1 and user.second_factor_since is None
    if last and second_factor.is_required(settings, user.role):
        raise Problem(
            409,
            "second_factor_required",
            "Vai trò của bạn phải dùng xác thực hai lớp.",
            "Your role must use a second factor.",
        )
    session.delete(row)
    audit.record(session, now, username, "passkey_off", ("user", username), name=row.name)


def forget_all(session: Session, username: str, actor: str, now: datetime) -> int:
    """Forget all passkeys of a person; return how many there were."""
    gone = session.execute(
        delete(PasskeyRow).where(PasskeyRow.username == username).returning(PasskeyRow.id)
    ).all()
    if gone:
        audit.record(session, now, actor, "passkeys_off", ("user", username), count=len(gone))
    return len(gone)


def _own(session: Session, username: str, passkey_id: int) -> PasskeyRow:
    """Return a passkey of a person.

    Raises:
        Problem: 404.
    """
    row = session.get(PasskeyRow, passkey_id)
    if row is None or row.username != username:
        raise Problem(404, "no_such_passkey", "Không có khóa này.", "There is no such passkey.")
    return row


def _registered(site: Site, new: NewPasskey) -> VerifiedRegistration | None:
    """Return what the authenticator made, or None when its answer does not fit."""
    try:
        raw_id = base64url_to_bytes(new.credential_id)
        return verify_registration_response(
            credential=RegistrationCredential(
                id=new.credential_id,
                raw_id=raw_id,
                response=AuthenticatorAttestationResponse(
                    client_data_json=base64url_to_bytes(new.client_data),
                    attestation_object=base64url_to_bytes(new.attestation),
                ),
            ),
            expected_challenge=base64url_to_bytes(new.challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            require_user_verification=True,
            supported_pub_key_algs=list(ALGORITHMS),
        )
    except _MALFORMED:
        return None


def _proven(site: Site, proof: PasskeyProof, row: PasskeyRow) -> VerifiedAuthentication | None:
    """Return what the authenticator answered, or None when it does not fit; counters come later.

    The library would look at the counter before the signature, and whoever can send anything could
    then have a passkey taken for copied.
    """
    try:
        return verify_authentication_response(
            credential=AuthenticationCredential(
                id=proof.credential_id,
                raw_id=base64url_to_bytes(proof.credential_id),
                response=AuthenticatorAssertionResponse(
                    client_data_json=base64url_to_bytes(proof.client_data),
                    authenticator_data=base64url_to_bytes(proof.authenticator_data),
                    signature=base64url_to_bytes(proof.signature),
                ),
            ),
            expected_challenge=base64url_to_bytes(proof.challenge),
            expected_rp_id=site.rp_id,
            expected_origin=site.origin,
            credential_public_key=base64url_to_bytes(row.public_key),
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _MALFORMED:
        return None


def _is_number(host: str) -> bool:
    """Return whether a host is an address instead of a name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
