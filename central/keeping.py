"""Commands that look after what is kept: retention by hand, hashing again, the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from central.auth.audit_check import check
from central.evidence import retention
from central.evidence.files import evidence_files
from central.signing import load_signing_key
from central.tables.evidence import EvidenceRow

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from central.centre import Centre


def retain(centre: Centre, say: Callable[[str], None], *, dry_run: bool) -> None:
    """Delete what is due until nothing is; with ``dry_run`` only list it."""
    if dry_run:
        _list_due(centre, say)
        return
    files = evidence_files(centre.data_dir)
    while done := retention.run(centre, files):
        for deleted in done:
            say(
                f"record {deleted.seq}: {deleted.incidents} incidents, {deleted.files} files, "
                f"{deleted.size_bytes} bytes"
            )
    say("nothing more is due")


def inspect(centre: Centre, say: Callable[[str], None]) -> int:
    """Hash every stored file again, mark what is missing or altered, and return how many are."""
    files = evidence_files(centre.data_dir)
    with centre.database.read() as session:
        stored = session.execute(
            select(EvidenceRow.evidence_id, EvidenceRow.sha256)
            .where(EvidenceRow.stored_at.is_not(None), EvidenceRow.deleted_at.is_(None))
            .order_by(EvidenceRow.evidence_id)
        ).all()
    damaged = [name for name, sha256 in stored if not files.is_intact(name, sha256)]
    for evidence_id in damaged:
        say(f"damaged: {evidence_id}")
        with centre.database.write() as session:
            row = session.get_one(EvidenceRow, evidence_id)
            row.damaged_at = row.damaged_at or centre.clock()
    say(f"{len(stored)} files, {len(damaged)} damaged")
    return len(damaged)


def verify_audit(centre: Centre, say: Callable[[str], None], kept: Path | None) -> int:
    """Check the audit log and the events of incidents; return how many faults there are.

    Args:
        centre: Whose.
        say: Where to report.
        kept: A file with checkpoint lines of before, as this prints them; None: none.
    """
    lines = kept.read_text(encoding="utf-8").splitlines() if kept is not None else []
    heads = [line.split() for line in lines if line.startswith("checkpoint ")]
    key = load_signing_key(centre.data_dir).public_base64
    with centre.database.snapshot() as session:
        found = check(session, key, [(int(words[1]), words[2]) for words in heads])
    for fault in found.faults:
        say(fault)
    say(
        f"{found.lines} lines, {found.checkpoints} checkpoints, {found.events} events, "
        f"{len(found.faults)} faults"
    )
    if found.newest is not None:
        head = found.newest
        say(f"checkpoint {head.last_id} {head.sha256} {head.signed_at.isoformat()}")
    return len(found.faults)


def _list_due(centre: Centre, say: Callable[[str], None]) -> None:
    """List what retention would delete, and what a hold keeps from it."""
    with centre.database.read() as session:
        found = retention.due(session, centre.settings, centre.clock())
    for each in found:
        fate = "held" if each.held else "due"
        say(
            f"{fate}\t{each.rule}\t{each.incident_id}\tsince {each.since:%Y-%m-%d}\t"
            f"{each.files} files\t{each.size_bytes} bytes"
        )
    going = [each for each in found if not each.held]
    say(
        f"{len(going)} incidents would lose their evidence "
        f"({sum(each.size_bytes for each in going)} bytes); "
        f"{len(found) - len(going)} are held; nothing was deleted"
    )
