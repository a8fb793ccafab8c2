"""One browser for all browser tests, and a centre with a box on the line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion
from playwright.sync_api import expect

from tests.centre import add_box, running_centre
from tests.console import built_console, open_browser
from tests.mosquitto import free_port
from tests.province import Province

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Yield the one browser; each desk has its own cookies in it."""
    built_console()
    # The machine that runs all tests is busy; what is about time measures it itself.
    expect.set_options(timeout=15_000)
    with open_browser() as running:
        yield running


@pytest.fixture
def province(tmp_path: Path, browser: Browser) -> Iterator[Province]:
    """Yield a fresh centre with box ``vinh-01`` connected through the embedded broker."""
    port = free_port()
    with running_centre(tmp_path, mqtt_port=port) as centre:
        token = add_box(centre.parts.database, "vinh-01")
        line = paho.Client(CallbackAPIVersion.VERSION2, client_id="box-vinh-01")
        line.username_pw_set("vinh-01", token)
        line.connect("127.0.0.1", port)
        line.loop_start()
        box = centre.client(headers={"Authorization": f"Bearer {token}"})
        try:
            yield Province(centre, browser, line, box)
        finally:
            line.disconnect()
            line.loop_stop()
            for context in list(browser.contexts):
                context.close()
