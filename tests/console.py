"""The console as a person uses it: page objects over a real browser.

A page object knows where things are; it asserts nothing. Things are found by ``data-testid`` or by
what a person reads, never by their place in the markup.
"""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Locator, Page, Request, Response

DIST = Path(__file__).parents[1] / "central" / "console" / "dist"
DESK = (1440, 900)
PHONE = (360, 780)
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--use-angle=swiftshader",  # the map needs WebGL, and test machines have no graphics card
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--autoplay-policy=no-user-gesture-required",
)


def chromium_path() -> str:
    """Return the browser to use.

    Raises:
        RuntimeError: There is none; the message says how to get one.
    """
    path = os.environ.get("SONGLAM_CHROMIUM") or shutil.which("chromium")
    if not path:
        raise RuntimeError("no browser: apt-get install chromium, or set SONGLAM_CHROMIUM")
    return path


def built_console() -> Path:
    """Return the folder of the built console.

    Raises:
        RuntimeError: It is not built.
    """
    if not (DIST / "index.html").is_file():
        raise RuntimeError("console not built: cd central/console && npm ci && npm run build")
    return DIST


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Yield a browser without a window."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()


@dataclass
class Desk:
    """One person at one screen."""

    page: Page
    url: str
    troubles: list[str] = field(default_factory=list)
    """Errors of scripts, of the content policy, requests that left the centre or asked it for what
    it does not know."""

    def open(self, path: str) -> Desk:
        """Go to a page."""
        self.page.goto(self.url + path)
        return self

    def resize(self, size: tuple[int, int]) -> Desk:
        """Give the page another size, as turning a phone or moving a window does."""
        self.page.set_viewport_size({"width": size[0], "height": size[1]})
        return self

    def log_in(self, username: str, password: str) -> None:
        """Fill in and send the login."""
        self.page.fill("input[name=username]", username)
        self.page.fill("input[name=password]", password)
        self.page.click("button[type=submit]")

    def by(self, test_id: str) -> Locator:
        """Return what carries a test id."""
        return self.page.get_by_test_id(test_id)

    def row(self, incident_id: str) -> Locator:
        """Return the row or alert of an incident."""
        return self.page.locator(f"[data-incident-id='{incident_id}']")

    def status(self, incident_id: str) -> Locator:
        """Return the review status in a row."""
        return self.row(incident_id).get_by_test_id("status")

    def press(self, *keys: str) -> None:
        """Press keys one after the other."""
        for key in keys:
            self.page.keyboard.press(key)

    def video(self, condition: str) -> None:
        """Wait until a condition on ``video`` holds, as JavaScript says it."""
        self.page.wait_for_function(
            f"() => {{ const video = document.querySelector('video'); return {condition} }}"
        )

    def pick(self, incident_id: str) -> None:
        """Select an incident of the queue and wait for the quick look at it."""
        self.status(incident_id).click()  # the name itself is a link to the whole incident
        self.by("peek").get_by_test_id("player").wait_for()

    def note_rows(self) -> None:
        """From now on note when each new row is drawn: asking from outside would be too slow."""
        self.page.evaluate(
            """() => {
                 window.rowTimes = {}
                 const note = node => {
                   const id = node.dataset && node.dataset.incidentId
                   if (id) requestAnimationFrame(() => { window.rowTimes[id] ??= Date.now() })
                 }
                 new MutationObserver(changes =>
                   changes.forEach(change => change.addedNodes.forEach(note))
                 ).observe(document.body, { childList: true, subtree: true })
               }"""
        )

    def drawn_at(self, incident_id: str) -> float:
        """Return the wall time, in seconds, at which a noted row was drawn."""
        self.page.wait_for_function("id => window.rowTimes[id]", arg=incident_id)
        drawn_ms: float = self.page.evaluate("id => window.rowTimes[id]", incident_id)
        return drawn_ms / 1000

    def rows_drawn(self) -> dict[str, float]:
        """Return incident → wall time in seconds of every row noted so far."""
        drawn_ms: dict[str, float] = self.page.evaluate("window.rowTimes")
        return {incident_id: at_ms / 1000 for incident_id, at_ms in drawn_ms.items()}

    def drawn_pixels(self) -> int:
        """Return how many pixels of the overlay are not transparent."""
        count: int = self.by("overlay").evaluate(
            """canvas => {
                 const pen = canvas.getContext('2d')
                 const { data } = pen.getImageData(0, 0, canvas.width, canvas.height)
                 let n = 0
                 for (let i = 3; i < data.length; i += 4) if (data[i] > 0) n += 1
                 return n
               }"""
        )
        return count

    def sideways_px(self) -> int:
        """Return by how many pixels the page is wider than the screen."""
        wider: int = self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        return wider


def sit_down(
    browser: Browser,
    url: str,
    cookie: tuple[str, str] | None = None,
    *,
    size: tuple[int, int] = DESK,
    locale: str = "vi",
    theme: str = "light",
) -> Desk:
    """Return a new desk with its own cookies; ``cookie`` is a login's name and value."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        has_touch=size == PHONE,
        timezone_id="America/New_York",  # a wrong zone on the computer must not show
    )
    context.add_init_script(
        f"localStorage.setItem('songlam.locale', '{locale}');"
        f"localStorage.setItem('songlam.theme', '{theme}')"
    )
    if cookie:
        context.add_cookies([{"name": cookie[0], "value": cookie[1], "url": url}])
    page = context.new_page()
    page.set_default_timeout(75_000)  # a busy machine draws maps for that long; tests have 120 s
    desk = Desk(page, url)
    _watch(context, desk)
    return desk


def _watch(context: BrowserContext, desk: Desk) -> None:
    """Note every script error, and every request to anybody else or not as the centre takes it."""

    def requested(request: Request) -> None:
        if not request.url.startswith((desk.url, "data:", "blob:")):
            desk.troubles.append(f"left the centre: {request.url}")

    def answered(answer: Response) -> None:
        if answer.status == 422 and answer.request.method == "GET":
            desk.troubles.append(f"not understood: {answer.url}")

    context.on("request", requested)
    context.on("response", answered)
    desk.page.on("pageerror", lambda error: desk.troubles.append(f"script: {error}"))
    desk.page.on(
        "console",
        lambda said: (
            desk.troubles.append(f"policy: {said.text}")
            if "Content Security Policy" in said.text
            else None
        ),
    )
