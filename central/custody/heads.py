"""Checkpoints: the signed heads of boxes' chains, kept so that a cut or rewritten chain shows.

Invariants:
    * The first key that a box shows is pinned. Another key counts for nothing until a technician
      accepts it; the keys of the past go on verifying what they signed.
    * A head that is not signed by the pinned key, goes back, or contradicts an earlier one sets a
      state that no later message mends: only a technician does, with a reason, audited.
    * Every distinct head is kept as received, with what was found.

Nothing here knows HTTP or the console; who may accept is decided at the route.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import func, select

from central.auth import audit
from central.db import insert_all
from central.problems import Problem
from central.tables.custody import BoxChainRow, CheckpointRow
from edge.contract.chain import NOTHING_BEFORE, ChainHead, sha256_hex

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from central.centre import Centre
    from edge.contract.chain import SealedManifest
    from edge.contract.messages import StateMessage

LATE_S = 60.0
"""How long shorter, older heads may be heartbeats that were under way. Source: own choice; a broker
hands over what it queued within seconds of a connection."""
log = structlog.get_logger(__name__)


class Verdict(StrEnum):
    """What a head is found to be."""

    OK = "ok"
    LATE = "late"
    """An older heartbeat that arrives after a newer one; says nothing new."""
    KEY_CHANGED = "key_changed"
    BAD_SIGNATURE = "bad_signature"
    WENT_BACK = "went_back"
    FORKED = "forked"


def take(
    session: Session, centre: Centre, message: StateMessage, chain: BoxChainRow | None
) -> BoxChainRow | None:
    """Check and keep the head of a heartbeat; boxes of before send none.

    Args:
        session: The transaction to write in.
        centre: For the clock and the metrics.
        message: The heartbeat.
        chain: What is known of the box's chain; None: nothing yet.

    Returns:
        What is known of it now.
    """
    head, key, box_id = message.chain, message.public_key, message.box_id
    if head is None or not key:
        return chain
    now = centre.clock()
    if chain is None:
        chain = _pin_first(session, box_id, key, now)
    if (chain.length, chain.sha256) == (head.length, head.sha256) and key == chain.public_key:
        chain.behind_since = None
        return chain  # nothing was written since the last heartbeat
    signed = head.is_signed_by(key, box_id)
    verdict = judge(chain, head, key, signed=signed, known=_known(session, chain, head.length))
    if verdict is Verdict.LATE:
        verdict = _wait_for_newer(chain, now)
    if verdict is Verdict.KEY_CHANGED:
        chain.proposed_key = key
    _conclude(session, centre, chain, verdict)
    if verdict is Verdict.OK and chain.state == Verdict.OK:
        chain.length, chain.sha256, chain.signed_at = head.length, head.sha256, head.signed_at
        chain.behind_since = None
    _keep(session, centre, box_id, head, key, verdict)
    return chain


def judge(
    chain: BoxChainRow, head: ChainHead, key: str, *, signed: bool, known: str | None
) -> Verdict:
    """Return what a head is, beside the last good one.

    Args:
        chain: The pinned key and the last good head.
        head: What arrived.
        key: The key it came with, base64.
        signed: Whether that key signed it for this box.
        known: Hash of an earlier good head of the same length, if there was one.
    """
    if not signed:
        return Verdict.BAD_SIGNATURE
    if key != chain.public_key:
        return Verdict.KEY_CHANGED
    if known is not None and known != head.sha256:
        return Verdict.FORKED
    if head.length >= chain.length:
        same = head.length > chain.length or head.sha256 == chain.sha256
        return Verdict.OK if same else Verdict.FORKED
    newer = chain.signed_at is not None and head.signed_at > chain.signed_at
    return Verdict.WENT_BACK if newer else Verdict.LATE


def take_sealed(session: Session, centre: Centre, box_id: str, sealed: SealedManifest) -> None:
    """Compare the entries of a verified manifest with the heads kept, and keep its own head."""
    chain = session.get(BoxChainRow, box_id)
    if chain is None:
        return
    lengths = {
        entry.seq + 1: sha256_hex(line)
        for entry, line in zip(sealed.entries, sealed.lines, strict=True)
    }
    kept = session.execute(
        select(CheckpointRow.length, CheckpointRow.sha256).where(
            CheckpointRow.box_id == box_id,
            CheckpointRow.public_key == chain.public_key,
            CheckpointRow.verdict == Verdict.OK,
            CheckpointRow.length.in_(lengths),
            CheckpointRow.received_at >= chain.pinned_at,
        )
    )
    if any(lengths[length] != sha256 for length, sha256 in kept):
        _conclude(session, centre, chain, Verdict.FORKED)
        _keep(session, centre, box_id, sealed.head, chain.public_key, Verdict.FORKED)
        return
    _keep(session, centre, box_id, sealed.head, chain.public_key, Verdict.OK)


def trusted_keys(session: Session, box_id: str) -> list[str]:
    """Return the keys whose signatures count for a box: the pinned one first, then earlier ones."""
    chain = session.get(BoxChainRow, box_id)
    if chain is None:
        return []
    past = session.scalars(
        select(CheckpointRow.public_key)
        .where(CheckpointRow.box_id == box_id, CheckpointRow.verdict == Verdict.OK)
        .distinct()
    )
    return [chain.public_key, *sorted(set(past) - {chain.public_key})]


def signing_since(session: Session, box_id: str) -> datetime | None:
    """Return when a box's first head was received; None for a box that has not signed anything."""
    return session.scalar(
        select(func.min(CheckpointRow.received_at)).where(CheckpointRow.box_id == box_id)
    )


def accept(session: Session, centre: Centre, box_id: str, actor: str, reason: str) -> None:
    """Begin anew with the key and chain that a box has now; what was found stays on record.

    Raises:
        Problem: 404, the box has shown no chain; 409, there is nothing to accept.
    """
    chain = session.get(BoxChainRow, box_id, with_for_update=True)
    if chain is None:
        raise Problem(404, "no_chain", "Thiết bị chưa gửi chuỗi ký.", "The box has sent no chain.")
    if chain.state == Verdict.OK:
        raise Problem(
            409, "nothing_to_accept", "Không có gì cần chấp nhận.", "There is nothing to accept."
        )
    now, found = centre.clock(), {"state": chain.state, "old_key": chain.public_key}
    chain.public_key = chain.proposed_key or chain.public_key
    chain.pinned_at, chain.pinned_by, chain.proposed_key = now, actor, ""
    chain.state, chain.state_since = Verdict.OK, now
    chain.length, chain.sha256 = 0, NOTHING_BEFORE
    chain.signed_at = chain.behind_since = None
    told = found | {"new_key": chain.public_key, "reason": reason}
    audit.record(session, now, actor, "accept_chain", ("box", box_id), **told)


def _pin_first(session: Session, box_id: str, key: str, now: datetime) -> BoxChainRow:
    """Pin the first key that a registered box shows."""
    chain = BoxChainRow(
        box_id=box_id,
        public_key=key,
        pinned_at=now,
        pinned_by="system",
        proposed_key="",
        state=Verdict.OK,
        state_since=now,
        length=0,
        sha256=NOTHING_BEFORE,
    )
    session.add(chain)
    session.flush()
    audit.record(session, now, f"box:{box_id}", "pin_key", ("box", box_id), new_key=key)
    return chain


def _known(session: Session, chain: BoxChainRow, length: int) -> str | None:
    """Return the hash of a good head of this length since the key was pinned."""
    return session.scalar(
        select(CheckpointRow.sha256)
        .where(
            CheckpointRow.box_id == chain.box_id,
            CheckpointRow.length == length,
            CheckpointRow.public_key == chain.public_key,
            CheckpointRow.verdict == Verdict.OK,
            CheckpointRow.received_at >= chain.pinned_at,
        )
        .limit(1)
    )


def _wait_for_newer(chain: BoxChainRow, now: datetime) -> Verdict:
    """Return late, or went back once older heads have been arriving for too long."""
    if chain.behind_since is None:
        chain.behind_since = now
    waited = now - chain.behind_since
    return Verdict.WENT_BACK if waited >= timedelta(seconds=LATE_S) else Verdict.LATE


def _conclude(session: Session, centre: Centre, chain: BoxChainRow, verdict: Verdict) -> None:
    """Let what was found become the state of the chain; a bad one stays."""
    if verdict in {Verdict.OK, Verdict.LATE} or chain.state != Verdict.OK:
        return
    chain.state, chain.state_since = verdict, centre.clock()
    log.error("chain_alarm", box_id=chain.box_id, verdict=verdict)
    audit.record(
        session, centre.clock(), "system", "chain_alarm", ("box", chain.box_id), verdict=verdict
    )


def _keep(
    session: Session, centre: Centre, box_id: str, head: ChainHead, key: str, verdict: Verdict
) -> None:
    """Keep a head as received, once."""
    told = {
        "box_id": box_id,
        "length": head.length,
        "sha256": head.sha256[:64],
        "public_key": key[:64],
        "verdict": verdict,
    }
    same = (getattr(CheckpointRow, name) == value for name, value in told.items())
    if session.scalar(select(CheckpointRow.id).where(*same).limit(1)) is not None:
        return
    further = {
        "signed_at": head.signed_at,
        "signature": head.signature[:120],
        "received_at": centre.clock(),
    }
    insert_all(session, CheckpointRow, [told | further])
    centre.metrics.chain_heads.labels(verdict).inc()
