"""The centre's own chain: holds, releases and deletions, each a signed entry before it happens.

The form is that of the boxes' chains (:mod:`edge.contract.chain`) with ``centre`` as its owner, so
the verifier that every export carries reads the centre's minutes too.

Invariants: entries follow one another without gap; an entry and what it is about are one
transaction; the database refuses to change or delete one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, text

from central.db import is_postgres
from central.signing import load_signing_key
from central.tables.custody import LedgerRow
from edge.contract.chain import NOTHING_BEFORE, canonical, new_entry, new_head, sha256_hex

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sqlalchemy.orm import Session

    from central.centre import Centre

OWNER = "centre"
MANY = 1_000


def append(session: Session, centre: Centre, kind: str, body: Mapping[str, Any]) -> LedgerRow:
    """Add one signed entry in the transaction of ``session``.

    Args:
        session: The transaction of what is recorded.
        centre: For its clock and key.
        kind: ``hold``, ``release`` or ``deletion``.
        body: What a reader needs; a deletion's lists ``files`` with their ``size_bytes``.
    """
    if is_postgres(session):  # SQLite has one writer anyway
        session.execute(text("LOCK TABLE ledger IN SHARE ROW EXCLUSIVE MODE"))
    last = _last(session)
    if last is None and kind != "start":  # so that the chain itself says whose key it is
        last = append(session, centre, "start", {"public_key": public_key(centre)})
    now, seq = centre.clock(), last.seq + 1 if last else 0
    line = new_entry(
        load_signing_key(centre.data_dir).private,
        box_id=OWNER,
        seq=seq,
        kind=kind,
        at=now,
        body=body,
        previous=last.sha256 if last else NOTHING_BEFORE,
    )
    files = body.get("files", ())
    row = LedgerRow(
        seq=seq,
        at=now,
        kind=kind,
        files=len(files),
        size_bytes=sum(file["size_bytes"] for file in files),
        sha256=sha256_hex(line),
        line=line.decode(),
    )
    session.add(row)
    session.flush()
    return row


def public_key(centre: Centre) -> str:
    """Return the key that verifies the chain, in base64."""
    return load_signing_key(centre.data_dir).public_base64


def newest(session: Session, kind: str, below: int | None, limit: int) -> Sequence[LedgerRow]:
    """Return entries of a kind, newest first, those before ``below`` when it is given."""
    query = select(LedgerRow).where(LedgerRow.kind == kind)
    if below is not None:
        query = query.where(LedgerRow.seq < below)
    return session.scalars(query.order_by(LedgerRow.seq.desc()).limit(limit)).all()


def lines(session: Session) -> Iterable[bytes]:
    """Yield every line of the chain in order, each with its line end."""
    for line in session.scalars(
        select(LedgerRow.line).order_by(LedgerRow.seq).execution_options(yield_per=MANY)
    ):
        yield f"{line}\n".encode()


def head(session: Session, centre: Centre) -> bytes:
    """Return the signed head of the chain as it is now, as the verifier takes a checkpoint."""
    last = _last(session)
    made = new_head(
        load_signing_key(centre.data_dir).private,
        box_id=OWNER,
        length=last.seq + 1 if last else 0,
        sha256=last.sha256 if last else NOTHING_BEFORE,
        signed_at=centre.clock(),
    )
    return canonical(made.document(OWNER)) + b"\n"


def _last(session: Session) -> LedgerRow | None:
    """Return the newest entry."""
    return session.scalars(select(LedgerRow).order_by(LedgerRow.seq.desc()).limit(1)).first()
