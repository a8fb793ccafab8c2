"""``scripts/screenshots``: take the README's pictures from a running demonstration.

Only clips that may be shown are played; the event on them is a drill (see the camera file), the
rest is what the programs really show.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from scripts.demo_stack.cast import Cast, find_model
from scripts.demo_stack.parts import POLL_S, ROOT, DemoError
from scripts.demo_stack.stack import Centre, fill_example_data, running_box, running_centre
from tests.console import DESK, PHONE, open_browser, sit_down

if TYPE_CHECKING:
    from tests.console import Desk

BOX_FILE = ROOT / "configs/demo/showable-box.yaml"
PICTURES = ROOT / "central/console/screenshots"
WALL = (1920, 1080)
PATIENCE_S = 180.0
ENOUGH = 8
"""Incidents that fill the visible part of the queue."""
SETTLE_MS, KEY_MS = 3000, 200
FRAMES_ON = 10
"""How far beyond the event the clip is shown: the car is near enough to be seen."""
QUALITY = 84


def main() -> int:
    """Take all pictures and return the exit code."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="songlam-pictures-") as name, ExitStack() as running:
        folder = Path(name)
        centre = running.enter_context(running_centre(folder, 0))
        fill_example_data(centre)
        running.enter_context(running_box(folder, centre, Cast(BOX_FILE, find_model())))
        incident_id = wait_for_incident(centre)
        browser = running.enter_context(open_browser())
        to_event = ("e", *["."] * FRAMES_ON)
        for file, path, size, keys in (
            ("queue", "/", DESK, ("j",)),
            ("incident", f"/incidents/{incident_id}", DESK, to_event),
            ("boxes", "/boxes", DESK, ()),
            ("components", "/ioc", WALL, ()),
            ("map", "/map?hours=720", DESK, ("j",)),
            ("wall", "/wall?every=120", WALL, ()),
            ("alerts", "/alerts", PHONE, ()),
        ):
            desk = sit_down(browser, centre.address, size=size)
            desk.open("/login").log_in(centre.login.username, centre.login.password)
            desk.page.wait_for_url(f"{centre.address}/")
            take(desk, path, keys, PICTURES / f"{file}.jpg")
    return 0


def wait_for_incident(centre: Centre) -> str:
    """Return an incident with its whole evidence, once the queue looks like a working day.

    Raises:
        DemoError: Not enough came in time.
    """
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        ready = [i for i in centre.api.get("/incidents?limit=100")["items"] if i["clip_ready"]]
        for incident in ready if len(ready) >= ENOUGH else []:
            incident_id = str(incident["incident_id"])
            if not centre.api.get(f"/incidents/{incident_id}")["evidence_missing"]:
                return incident_id
        time.sleep(POLL_S)
    raise DemoError(f"fewer than {ENOUGH} incidents, or none whole, within {PATIENCE_S:.0f} s")


def take(desk: Desk, path: str, keys: tuple[str, ...], file: Path) -> None:
    """Open one page, press keys as a person would, and keep what is seen."""
    desk.open(path).page.wait_for_timeout(SETTLE_MS)
    for key in keys:
        desk.page.keyboard.press(key)
        desk.page.wait_for_timeout(KEY_MS)
    desk.page.wait_for_timeout(SETTLE_MS)
    desk.page.screenshot(path=file, type="jpeg", quality=QUALITY)
    desk.page.context.close()
    print(f"{file.relative_to(ROOT)}: {file.stat().st_size // 1000} kB", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
