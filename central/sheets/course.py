"""What people did with an incident, and its files, as tables of a sheet. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from central.incidents.case_schemas import StepKind
from central.incidents.catalogue import REJECT_REASONS
from central.sheets.words import NONE, moment
from edge.contract.catalogue_entry import IncidentClass
from edge.contract.messages import EvidenceKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from central.custody.schemas import Integrity
    from central.incidents.schemas import EventEntry, EvidenceEntry, IncidentDetail
    from central.sheets.words import Words

Section = dict[str, Any]
LATE = timedelta(seconds=60)
"""A phone with a network sends within seconds."""
_COPIES = frozenset({EvidenceKind.PLAYBACK, EvidenceKind.THUMBNAIL})
STILL_ORDER = ("wide", "before_line", "on_line", "past_line")


def history(shown: IncidentDetail, people: Mapping[str, str], say: Words) -> Section:
    """Return every step with who took it, when and why, oldest first."""
    title = say("section.history")
    if not shown.events:
        return {"title": title, "lines": [say("value.no_history")]}
    table = [
        [
            str(number),
            moment(event.at),
            say("value.system") if event.actor == "system" else person(event.actor, people),
            _act(shown, event, say),
            " – ".join(filter(None, _why(event, say))) or NONE,
        ]
        for number, event in enumerate(shown.events, 1)
    ]
    head = [say(f"column.{name}") for name in ("number", "at", "actor", "act", "note")]
    return {"title": title, "head": head, "table": table, "widths_mm": [10, 25, 38, 34, 0]}


def person(username: str, people: Mapping[str, str]) -> str:
    """Return a person by both names."""
    name = people.get(username, "")
    return f"{name} ({username})" if name else username


def evidence(shown: IncidentDetail, say: Words) -> Section:
    """Return every file with its hash, and whether they are what the box signed."""
    section: Section = {
        "title": say("section.evidence"),
        "rows": [[say("row.manifest"), integrity(shown.integrity, say)]],
    }
    if not shown.evidence:
        return section | {"lines": [say("value.no_files")]}
    table = [
        [str(number), f"{title(each, say)} ({_about(each, say)})", each.sha256]
        for number, each in enumerate(shown.evidence, 1)
    ]
    head = [say("column.number"), say("column.file"), "SHA-256"]
    return section | {"head": head, "table": table, "widths_mm": [10, 0, 95], "hashes": True}


def integrity(found: Integrity, say: Words) -> str:
    """Return whether the evidence is intact, each fault with its file."""
    faults = [say(f"fault.{each.code}", file=each.evidence_id) for each in found.faults]
    return say(f"integrity.{found.state}", at=moment(found.signed_at), faults="; ".join(faults))


def stills(files: Sequence[EvidenceEntry]) -> list[EvidenceEntry]:
    """Return the pictures in the order of the act; what officers took there comes last."""

    def order(each: EvidenceEntry) -> tuple[int, str, str]:
        known = each.label in STILL_ORDER
        rank = STILL_ORDER.index(each.label) if known else len(STILL_ORDER)
        at = each.starts_at.isoformat() if each.starts_at else ""
        return rank + len(STILL_ORDER) * (each.kind == "photo"), at, each.evidence_id

    return sorted((each for each in files if each.kind in {"still", "photo"}), key=order)


def caption(number: int, still: EvidenceEntry, say: Words) -> str:
    """Return what stands below a picture."""
    shows = _label(still, say) or say(f"file.{still.kind}")
    return say("picture.caption", n=str(number), title=shows, at=moment(still.starts_at))


def title(file: EvidenceEntry, say: Words) -> str:
    """Return what a file is."""
    return " · ".join(filter(None, [say(f"file.{file.kind}"), _label(file, say)]))


def _label(file: EvidenceEntry, say: Words) -> str:
    """Return what a picture shows, "" for nothing in particular."""
    return say.known(f"label.{file.label}", file.label) if file.label else ""


def _about(file: EvidenceEntry, say: Words) -> str:
    """Return where a file comes from, how large it is, and whether it is here."""
    origin = "officer" if file.kind == "photo" else "copy" if file.kind in _COPIES else "original"
    told = (say(f"origin.{origin}"), say.size(file.size_bytes), say(f"file_state.{file.state}"))
    return "; ".join(told)


def _act(shown: IncidentDetail, event: EventEntry, say: Words) -> str:
    """Return what was done; who confirms a suspected violation verifies it."""
    if event.kind == StepKind.ESCALATE:
        code = str(event.detail.get("deadline", ""))
        periods = {
            each.code: say.pick(each.name_vi, each.name_en) for each in shown.legal.deadlines
        }
        who = str(event.detail.get("to", ""))
        return say("value.warned", who=say.known(f"role.{who}", who), what=periods.get(code, code))
    verifies = shown.incident_class == IncidentClass.VIOLATION and event.kind == StepKind.CONFIRM
    return say("act.verify" if verifies else f"act.{event.kind}")


def _why(event: EventEntry, say: Words) -> list[str]:
    """Return reason, note, and when a phone without a network noted what came later."""
    known = REJECT_REASONS.get(event.reason_code or "")
    reason = say.pick(known.name_vi, known.name_en) if known else event.reason_code or ""
    return [reason, event.note, _late(event, say)]


def _late(event: EventEntry, say: Words) -> str:
    """Return when something was noted, if that was long before it came."""
    given = event.detail.get("made_at")
    if not isinstance(given, str):
        return ""
    made_at = datetime.fromisoformat(given)
    return say("value.made_at", at=moment(made_at)) if abs(event.at - made_at) > LATE else ""
