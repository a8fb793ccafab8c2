"""The centre's HTTP interface as the demonstration uses it: the same calls as the console."""

from __future__ import annotations

from typing import Any

import httpx

from scripts.demo_stack.parts import DemoError

Json = Any


class Api:
    """A logged-in client; close it when done."""

    def __init__(self, address: str) -> None:
        """Prepare for the centre at ``address``; nothing is sent yet."""
        self._http = httpx.Client(
            base_url=address, headers={"X-Songlam": "1"}, timeout=20.0, trust_env=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def is_ready(self) -> bool:
        """Return whether the centre answers and its parts are up."""
        try:
            return self._http.get("/readyz", timeout=2.0).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def log_in(self, username: str, password: str) -> None:
        """Start a session."""
        self.call("POST", "/session", {"username": username, "password": password})

    def get(self, path: str) -> Json:
        """Return the JSON of a resource."""
        return self.call("GET", path)

    def call(self, method: str, path: str, body: Json = None) -> Json:
        """Send a request below /api/v1 and return its JSON, None where there is no content.

        Raises:
            DemoError: The centre refused; the message is its own.
        """
        answer = self._http.request(method, f"/api/v1{path}", json=body)
        if answer.is_error:
            raise DemoError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer.json() if answer.content else None

    def fetch(self, url: str, byte_range: str = "") -> httpx.Response:
        """Return the bytes behind a URL of the centre, a range of them when asked."""
        return self._http.get(url, headers={"Range": byte_range} if byte_range else {})
