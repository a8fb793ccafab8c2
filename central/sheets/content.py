"""What stands on a sheet: everything of it as JSON, in one language, in the order of the page.

Pure: no database, no clock, no Typst. ``incident.typ`` lays out what is here and adds no words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from central.auth.audit import content_hash
from central.clock import LOCAL
from central.evidence.export import EXTENSIONS
from central.incidents.case_schemas import Stage
from central.incidents.schemas import ReviewStatus
from central.sheets import course, facts
from central.sheets.printable import printable
from edge.contract.catalogue_entry import IncidentClass

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from central.evidence.export import Errand
    from central.incidents.schemas import EvidenceEntry, IncidentDetail
    from central.settings import Settings
    from central.sheets.words import Words

JSON = dict[str, Any]
APPROVED = frozenset({Stage.APPROVED, Stage.HANDED_OVER, Stage.SETTLED})
"""Stages of a violation in which it may be called more than suspected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a sheet is made of."""

    shown: IncidentDetail
    """As its page shows it to whoever prints, plates masked where they must be."""
    plates: bool
    """Whether they may read number plates, and so see the pictures."""
    area: str
    people: Mapping[str, str]
    """User name → the name that a person signs with."""
    errand: Errand
    settings: Settings
    pictures: Sequence[EvidenceEntry]
    """The stills to print, in order."""
    left_out: int
    """Stills that are not printed."""


def write(case: Case, say: Words) -> JSON:
    """Return all that stands on a sheet, and the code by which the audit log knows it."""
    sections = [
        facts.incident(case.shown, case.area, standing(case.shown), say),
        facts.findings(case.shown, say, plates=case.plates),
        facts.law(case.shown, say),
        facts.device(case.shown, say),
        course.history(case.shown, case.people, say),
        course.evidence(case.shown, say),
        _notes(case, say),
        _printing(case, say),
    ]
    whole: JSON = printable(
        {
            "language": say.locale,
            "at": case.errand.at.isoformat(),  # to the microsecond: no two prints have one code
            "head": _head(case, say),
            "sections": [each for each in sections if each],
            "annex": say("picture.annex"),
            "pictures": [
                {"file": picture_file(number, each), "caption": course.caption(number, each, say)}
                for number, each in enumerate(case.pictures, 1)
            ],
            "pictures_lost": False,
            "pictures_failed": say("picture.failed"),
            "sign": _sign(case, say),
        }
    )
    digest = content_hash(whole).upper()
    code = "-".join(digest[start : start + 4] for start in range(0, 16, 4))
    foot = f"{case.shown.incident_id} · {say('row.code')}: {code}"
    return whole | {"code": code, "code_label": say("row.code"), "foot": printable(foot)}


def picture_file(number: int, still: EvidenceEntry) -> str:
    """Return the name under which the template finds a picture."""
    return f"picture-{number}.{EXTENSIONS[still.media_type]}"


def standing(shown: IncidentDetail) -> str:
    """Return the word for how far an incident is settled; a path below ``standing``."""
    if shown.incident_class == IncidentClass.VIOLATION:
        if shown.stage in APPROVED:
            return "approved"
        if shown.stage == Stage.REJECTED:
            return "refused"
        return "verified" if shown.stage == Stage.VERIFIED else "suspected"
    if shown.status == ReviewStatus.REJECTED:
        return "false_alarm"
    return "confirmed" if shown.status == ReviewStatus.CONFIRMED else "reported"


def _head(case: Case, say: Words) -> JSON:
    """Return the head of the first page, as NĐ 30/2020/NĐ-CP orders it."""
    at, settings, shown = case.errand.at.astimezone(LOCAL), case.settings, case.shown
    violation = shown.incident_class == IncidentClass.VIOLATION
    suspected = "approved" if standing(shown) == "approved" else "suspected"
    subject = suspected if violation else shown.incident_class.value
    dated = say(
        "head.dated",
        place=settings.sheet_place,
        day=f"{at.day:02}",
        # Only days below ten and the first two months get a nought. Source: NĐ 30/2020, Annex I.
        month=f"{at.month:02}" if at.month in {1, 2} or say.locale == "en" else str(at.month),
        year=str(at.year),
    )
    return {
        "parent": settings.sheet_parent,
        "office": settings.sheet_office,
        "number": say("head.number", symbol=settings.sheet_symbol),
        "nation": say("head.nation"),
        "motto": say("head.motto"),
        "dated": dated,
        "title": say("head.title"),
        "subject": say(f"subject.{subject}", name=say.pick(shown.name_vi, shown.name_en)),
        "intro": say("head.intro"),
    }


def _notes(case: Case, say: Words) -> JSON:
    """Return what whoever holds the sheet must know."""
    shown = case.shown
    violation, legal = shown.incident_class == IncidentClass.VIOLATION, shown.legal
    settled = standing(shown) == "approved"
    unverified = [each for each in (legal.offence, legal.route) if each and not each.verified]
    notes = {
        "note.suspected": violation and not settled,
        "note.approved": violation and settled,
        "note.speed": shown.speed_kmh is not None,
        "note.time": shown.time_trust != "trusted",
        "note.law": violation and bool(unverified),
        "note.pictures": bool(case.pictures),
        "picture.left_out": case.plates and case.left_out > 0,
        "picture.masked": not case.plates and case.left_out > 0,
        "note.personal": True,
        "note.check": True,
    }
    left_out = say.number(case.left_out)
    lines = [say(path, n=left_out) for path, applies in notes.items() if applies]
    return {"title": say("section.notes"), "lines": lines}


def _printing(case: Case, say: Words) -> JSON:
    """Return who prints it, when and what for; the template adds the check code."""
    errand, shown = case.errand, case.shown
    rows = [
        [say("row.printed_by"), course.person(errand.username, case.people)],
        [say("row.printed_at"), facts.local_time(errand.at, say)],
        [say("row.purpose"), errand.purpose],
        [
            say("row.version"),
            say("value.revision", revision=str(shown.revision), version=str(shown.version)),
        ],
    ]
    return {"title": say("section.printing"), "rows": rows, "coded": True}


def _sign(case: Case, say: Words) -> JSON:
    """Return the end of a sheet: whom it goes to, and who signs."""
    return {
        "to": say("sign.to"),
        "whom": [say("sign.to_purpose"), say("sign.to_file")],
        "author": say("sign.author"),
        "how": say("sign.how"),
        "name": case.people.get(case.errand.username, case.errand.username),
    }
