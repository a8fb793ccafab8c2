"""The press: sets a sheet as PDF/A with Typst, off the event loop and a few at a time.

Typst gets one template of ours and a folder with one JSON file and the pictures, made for the one
sheet: it reads nothing outside it, no network and no font of the machine.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import structlog
import typst
from anyio import CapacityLimiter, to_thread

from central.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

TEMPLATE = Path(__file__).with_name("incident.typ")
AT_ONCE = 2
MAX_WAITING = 20
STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
"""To be kept for long, and to be read out by screen readers."""
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What to set: the content, its pictures by file name, and the time that the PDF carries."""

    content: Mapping[str, Any]
    pictures: Mapping[str, bytes]
    at: datetime


class Press:
    """Sets sheets; one for a centre."""

    def __init__(self) -> None:
        """Read the template and the fonts once."""
        self._template = TEMPLATE.read_bytes()
        self._fonts = typst.Fonts(include_system_fonts=False)
        self._limiter = CapacityLimiter(AT_ONCE)

    async def print_sheet(self, sheet: Sheet) -> bytes:
        """Return a sheet as PDF; waits while others are being set.

        Raises:
            Problem: 503, too many wait already.
        """
        if self._limiter.statistics().tasks_waiting >= MAX_WAITING:
            raise Problem(
                503,
                "press_busy",
                "Đang in quá nhiều phiếu. Hãy thử lại sau ít giây.",
                "Too many sheets are being printed. Try again in some seconds.",
            )
        return await to_thread.run_sync(self.typeset, sheet, limiter=self._limiter)

    def typeset(self, sheet: Sheet) -> bytes:
        """Return a sheet as PDF; without pictures, and saying so, when one of them is none."""
        try:
            return self._compiled(sheet.content, sheet.pictures, sheet.at)
        except typst.TypstError as error:
            if not sheet.pictures:
                raise
            log.warning("pictures_unreadable", reason=error.message)
        plain = {**sheet.content, "pictures": [], "pictures_lost": True}
        return self._compiled(plain, {}, sheet.at)

    def _compiled(
        self, content: Mapping[str, Any], pictures: Mapping[str, bytes], at: datetime
    ) -> bytes:
        """Return what Typst makes of the template."""
        with TemporaryDirectory(prefix="songlam-sheet-") as name:
            folder = Path(name)
            (folder / "main.typ").write_bytes(self._template)
            (folder / "sheet.json").write_text(json.dumps(content), "utf-8")
            for file, octets in pictures.items():
                (folder / file).write_bytes(octets)
            return typst.compile(
                folder / "main.typ",
                root=folder,
                format="pdf",
                font_paths=self._fonts,
                ignore_system_fonts=True,
                pdf_standards=STANDARDS,
                timestamp=at.replace(microsecond=0),  # a PDF knows no less
            )
