"""How fast the live map is: a day of ten thousand incidents at two thousand cameras.

``python -m tests.measures.map_page [--incidents N] [--cameras N] [--pictures FOLDER]`` prints one
JSON object. Centre, database and browser share the machine, and the browser draws without a
graphics card, so a desk is faster. With ``--pictures`` it also keeps what is on the screens.

``page_s``: from opening the address to the sign of every incident in place.
``event_s``: from an incident told to its row in the list, the map being full.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from central.app import ALERTING, TASKS
from central.areas.repository import sync_areas
from central.auth.guard import COOKIE
from central.auth.schemas import Role
from central.incidents import views
from tests.builders import incident_message
from tests.centre import (
    RunningCentre,
    add_person,
    centre_parts,
    migrated_database,
    running_centre,
    take_in,
)
from tests.console import DESK, PHONE, Desk, built_console, open_browser, sit_down
from tests.map_day import add_alerts, add_clips, build

if TYPE_CHECKING:
    from playwright.sync_api import Browser

WALL, LARGE_WALL = (1920, 1080), (3840, 2160)
RUNS = 3
PATIENCE_MS = 60_000
SETTLE_MS = 1500


def main() -> int:
    """Measure, print, and keep pictures when asked to."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--incidents", type=int, default=10_000)
    parser.add_argument("--cameras", type=int, default=2_000)
    parser.add_argument("--pictures", type=Path)
    asked = parser.parse_args()
    built_console()
    with tempfile.TemporaryDirectory(prefix="songlam-map-") as name:
        folder = Path(name)
        database = migrated_database(folder)
        day, _ = centre_parts(database, folder)
        with database.write() as session:
            sync_areas(session)
        build(day, cameras=asked.cameras, incidents=asked.incidents)
        # What a centre has behind it after a day is not to be measured.
        for task in (*ALERTING, *TASKS):
            task.run(day)
        database.close()
        with running_centre(folder) as centre, open_browser() as browser:
            figures = {**api(centre), **page(centre, browser, asked.incidents)}
            print(json.dumps({**vars(asked), "pictures": None, **figures}))  # noqa: T201
            if asked.pictures:
                prepare(centre, folder)
                take_all(centre, browser, asked.pictures)
    return 0


def api(centre: RunningCentre) -> dict[str, Any]:
    """Return seconds and bytes of what the map asks for."""
    person, told = centre.person(Role.OPERATOR), {}
    for name, path in (("points", "/map/incidents"), ("boxes", "/boxes"), ("cameras", "/cameras")):
        took, size = [], 0
        for _ in range(RUNS):
            began = time.perf_counter()
            size = int(person.get(path).headers["Content-Length"])
            took.append(time.perf_counter() - began)
        told[name] = {"s": round(statistics.median(took), 3), "bytes_on_the_line": size}
    return {"api": told}


def page(centre: RunningCentre, browser: Browser, incidents: int) -> dict[str, Any]:
    """Return how long the page takes to open, and a new incident to be on it."""
    opened, seen = [], []
    for number in range(RUNS):
        desk = seat(centre, browser, DESK)
        began = time.perf_counter()
        desk.open("/map")
        drawn(desk, incidents // 2)
        opened.append(time.perf_counter() - began)
        name = f"live-{number}"
        began = time.perf_counter()
        happen(centre, name)
        desk.page.wait_for_selector(f"[data-point={name}]", timeout=PATIENCE_MS)
        seen.append(time.perf_counter() - began)
        desk.page.context.close()
    return {
        "page_s": round(statistics.median(opened), 2),
        "event_s": round(statistics.median(seen), 2),
    }


def drawn(desk: Desk, least: int) -> None:
    """Wait until the map has drawn at least so many incidents."""
    desk.page.wait_for_function(
        "least => Number(document.querySelector('[data-drawn]')?.dataset.drawn) >= least",
        arg=least, timeout=PATIENCE_MS,
    )  # fmt: skip


def happen(centre: RunningCentre, name: str) -> None:
    """Let an incident happen now in Vinh, told to every open page."""
    parts = centre.parts
    now = parts.clock()
    message = incident_message(
        name, box_id="tu-0000", camera_id="cam-0", rule="crash", area_code="16681",
        occurred_at=now, decided_at=now, location=(18.672, 105.684), historical=True,
    )  # fmt: skip
    with parts.database.write() as session:
        stored = take_in(session, message, now)
        views.announce(session, parts.live, stored, now)


def prepare(centre: RunningCentre, folder: Path) -> None:
    """Add clips and alerts for the pictures."""
    newest = centre.person(Role.OPERATOR).get("/map/incidents").json()["items"]
    severe = [each for each in newest if each["severity"] in {"critical", "high"}]
    add_clips(centre.parts, folder, [each["incident_id"] for each in severe[:5]])
    add_alerts(centre.parts, 11)


def take_all(centre: RunningCentre, browser: Browser, folder: Path) -> None:
    """Keep a picture of each screen."""
    folder.mkdir(parents=True, exist_ok=True)
    for theme in ("light", "dark"):
        desk = seat(centre, browser, DESK, theme=theme).open("/map")
        drawn(desk, 1)
        shot(desk, folder / f"map-{theme}.png")
        desk.press("j")
        desk.by("play-clip").wait_for()
        shot(desk, folder / f"map-peek-{theme}.png")
        desk.by("area").select_option("16681")
        shot(desk, folder / f"map-area-{theme}.png")
        desk.page.context.close()
    desk = seat(centre, browser, PHONE).open("/map")
    drawn(desk, 1)
    shot(desk, folder / "map-phone.png")
    desk.page.locator("[data-testid=point]").first.click()
    desk.by("play-clip").wait_for()
    shot(desk, folder / "map-phone-peek.png")
    for size in (WALL, LARGE_WALL):
        desk = seat(centre, browser, size).open("/wall?every=120")
        drawn(desk, 1)
        for scene in ("map", "figures", "footage", "alerts", "health"):
            shot(desk, folder / f"wall-{size[0]}-{scene}.png")
            desk.press("ArrowRight")
        desk.page.context.close()


def seat(
    centre: RunningCentre, browser: Browser, size: tuple[int, int], theme: str = "light"
) -> Desk:
    """Return the screen of an operator."""
    token = add_person(centre.parts.database, "truc-ban", Role.OPERATOR, centre.parts.clock)
    return sit_down(browser, centre.url, (COOKIE, token), size=size, theme=theme)


def shot(desk: Desk, file: Path) -> None:
    """Keep what is on a screen once it has come to rest."""
    desk.page.wait_for_timeout(SETTLE_MS)
    desk.page.screenshot(path=file)


if __name__ == "__main__":
    sys.exit(main())
