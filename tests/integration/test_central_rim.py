"""The HTTP rim: security headers, health, metrics, the built console."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from central.settings import Settings
from central.web import security_headers
from tests.centre import RunningCentre, running_centre

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


SCRIPT = "export const word = 'đường';\n" * 300


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[RunningCentre]:
    """A centre with a small built console."""
    console = tmp_path / "console"
    (console / "assets").mkdir(parents=True)
    (console / "index.html").write_text("<!doctype html><title>Sông Lam</title>", "utf-8")
    (console / "assets" / "app-1a2b.js").write_text("export {}")
    (console / "assets" / "page-3c4d.js").write_text(SCRIPT)
    (console / "assets" / "model.bin").write_bytes(bytes(9000))
    with running_centre(tmp_path, console_dir=str(console)) as running:
        yield running


def test_every_answer_carries_the_security_headers(centre: RunningCentre) -> None:
    expected = security_headers(centre.parts.settings)
    for path in ("/", "/healthz", "/api/v1/incidents", "/assets/app-1a2b.js", "/api/v1/none"):
        answer = httpx.get(f"{centre.url}{path}")
        assert {name: answer.headers[name] for name in expected} == expected


def test_what_the_api_tells_is_kept_by_no_cache(centre: RunningCentre) -> None:
    person = centre.person()

    assert person.get("/incidents").headers["cache-control"] == "no-store"
    assert person.get("/incidents/none").headers["cache-control"] == "no-store"


def test_maps_may_use_their_workers_and_the_configured_tiles_only() -> None:
    policy = security_headers(Settings(tile_url="https://tiles.example/{z}/{x}/{y}.png"))[
        "Content-Security-Policy"
    ]

    assert "worker-src 'self' blob:" in policy
    assert "img-src 'self' data: blob: https://tiles.example;" in policy
    assert "default-src 'self'; script-src 'self';" in policy


def test_any_page_of_the_console_is_served_by_its_index(centre: RunningCentre) -> None:
    for path in ("/", "/incidents/abc", "/login"):
        answer = httpx.get(f"{centre.url}{path}", headers={"Accept": "text/html"})
        assert (answer.status_code, "Sông Lam" in answer.text) == (200, True)


def test_an_unknown_address_of_the_api_is_not_a_page(centre: RunningCentre) -> None:
    answer = httpx.get(f"{centre.url}/api/v1/none", headers={"Accept": "application/json"})

    assert (answer.status_code, answer.json()["detail"]["code"]) == (404, "not_found")


def test_assets_are_cached_for_ever_and_pages_are_not(centre: RunningCentre) -> None:
    asset = httpx.get(f"{centre.url}/assets/app-1a2b.js")
    page = httpx.get(f"{centre.url}/", headers={"Accept": "text/html"})

    assert "immutable" in asset.headers["cache-control"]
    assert page.headers["cache-control"] == "no-cache"


def test_pages_and_answers_are_compressed_for_who_takes_that(centre: RunningCentre) -> None:
    url = f"{centre.url}/assets/page-3c4d.js"
    packed = httpx.get(url)
    plain = httpx.get(url, headers={"Accept-Encoding": "identity"})
    answer = httpx.get(f"{centre.url}/api/openapi.json")

    assert packed.text == plain.text == SCRIPT
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"]) / 10
    assert (packed.headers["vary"], plain.headers["vary"]) == ("Accept-Encoding",) * 2
    assert answer.headers["content-encoding"] == "gzip"


def test_what_is_fetched_by_its_bytes_comes_as_it_is(centre: RunningCentre) -> None:
    whole = httpx.get(f"{centre.url}/assets/model.bin")
    rest = httpx.get(f"{centre.url}/assets/page-3c4d.js", headers={"Range": "bytes=10-19"})

    assert (whole.headers["content-length"], "content-encoding" in whole.headers) == ("9000", False)
    assert (rest.status_code, rest.content) == (206, SCRIPT.encode()[10:20])


def test_a_centre_without_a_built_console_still_serves_its_api(tmp_path: Path) -> None:
    with running_centre(tmp_path, console_dir=str(tmp_path / "none")) as centre:
        assert httpx.get(f"{centre.url}/").status_code == 404
        assert httpx.get(f"{centre.url}/healthz").json() == {"status": "ok"}


def test_metrics_are_for_loopback_when_no_token_is_set(centre: RunningCentre) -> None:
    local = httpx.get(f"{centre.url}/metrics")
    behind_proxy = httpx.get(f"{centre.url}/metrics", headers={"X-Forwarded-For": "203.0.113.9"})

    assert "songlam_broker_connected" in local.text
    assert behind_proxy.status_code == 403


def test_metrics_with_a_token_are_for_its_holder_only(tmp_path: Path) -> None:
    with running_centre(tmp_path, metrics_token="only-for-prometheus") as centre:
        statuses = [
            httpx.get(
                f"{centre.url}/metrics", headers={"Authorization": f"Bearer {token}"}
            ).status_code
            for token in ("none", "wrong", "only-for-prometheus")
        ]

    assert statuses == [403, 403, 200]


def test_a_centre_whose_database_is_gone_is_not_ready(centre: RunningCentre) -> None:
    centre.parts.database.ping = _broken  # type: ignore[method-assign]  # the outage itself
    answer = httpx.get(f"{centre.url}/readyz")

    assert (answer.status_code, answer.json()["database"]) == (503, False)


def _broken() -> None:
    raise OperationalError("SELECT 1", {}, Exception("gone"))
