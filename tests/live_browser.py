"""A browser on the live stream: what it has received so far, read by a thread."""

from __future__ import annotations

import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from central.auth.guard import COOKIE
from central.auth.schemas import Role
from tests.centre import add_person

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.centre import RunningCentre

WAIT_S = 15.0


@dataclass
class Browser:
    """What one EventSource has received."""

    events: list[dict[str, str]] = field(default_factory=list)
    ended: bool = False

    def names(self) -> list[str]:
        """Return the kinds of the events so far."""
        return [event["event"] for event in self.events]

    def wait(self, reached: Callable[[Browser], Any]) -> None:
        """Wait until ``reached`` is true.

        Raises:
            AssertionError: It never was.
        """
        deadline = time.monotonic() + WAIT_S
        while not reached(self):
            assert time.monotonic() < deadline, f"only {self.events}"
            time.sleep(0.005)


@contextmanager
def watching(centre: RunningCentre, last_id: str = "", token: str = "") -> Iterator[Browser]:
    """Yield a browser on the stream, read by a thread as a browser would."""
    token = token or add_person(centre.parts.database, "watcher", Role.OPERATOR)
    browser = Browser()
    headers = {"Last-Event-ID": last_id} if last_id else {}
    client = httpx.Client(base_url=f"{centre.url}/api/v1", timeout=30, cookies={COOKIE: token})
    with client, client.stream("GET", "/live", headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        thread = threading.Thread(target=_read, args=(response, browser), daemon=True)
        thread.start()
        yield browser


def _read(response: httpx.Response, browser: Browser) -> None:
    """Collect events until the stream ends or the test closes it."""
    event: dict[str, str] = {}
    try:
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if not line and event:
                browser.events.append(event)
                event = {}
            elif name:
                event[name] = value
        browser.ended = True
    except (httpx.HTTPError, httpx.StreamError, OSError):
        return


def ids(browser: Browser) -> list[str]:
    """Return the incidents that it was told of, in order."""
    return [
        json.loads(event["data"])["incident_id"]
        for event in browser.events
        if event["event"] == "incident"
    ]
