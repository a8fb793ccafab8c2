"""``generate_example_data``: fill the eight other components with example figures.

The figures go in by the real way: logged in as an administrator or technician, registered as the
feed ``example-generator``, sent to its webhook, signed. The console marks all that comes from this
feed as example data, and it never takes the place of a real value.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any
from urllib.parse import urlsplit

from central.feeds.example_profiles import Record, example_records
from central.feeds.signature import sign
from central.indicators.catalogue import EXAMPLE_SOURCE

BATCH = 500
"""Records per webhook: a tenth of a second of the centre's only SQLite writer."""
TIMEOUT_S = 60.0
HTTP_ERROR = 400
Progress = Callable[[int, int], None]
"""(records sent, records in all)."""


class CentreError(Exception):
    """The centre refused or cannot be reached; says what it answered."""


@dataclass
class CentreClient:
    """A client of one centre's API; keeps the session cookie after :meth:`log_in`."""

    url: str
    """Address of the centre, without a path."""
    headers: dict[str, str] = field(default_factory=lambda: {"X-Songlam": "1"})

    def log_in(self, username: str, password: str) -> None:
        """Log in; later calls are that person's.

        Raises:
            CentreError: The centre refused.
        """
        body = json.dumps({"username": username, "password": password}).encode()
        _, cookies = self._send("POST", "/session", body, {})
        self.headers["Cookie"] = "; ".join(cookie.partition(";")[0] for cookie in cookies)

    def feed_secret(self) -> str:
        """Register the example feed, or renew its secret when it is there, and return it.

        Raises:
            CentreError: The centre refused.
        """
        answer, _ = self._send("GET", "/feeds", b"", {})
        if any(feed["code"] == EXAMPLE_SOURCE for feed in answer["items"]):
            answer, _ = self._send("POST", f"/feeds/{EXAMPLE_SOURCE}/secret", b"", {})
        else:
            feed = {"code": EXAMPLE_SOURCE, "name": "Dữ liệu ví dụ", "component": None}
            answer, _ = self._send("POST", "/feeds", json.dumps(feed).encode(), {})
        return str(answer["secret"])

    def send_records(self, secret: str, records: Sequence[Record]) -> dict[str, Any]:
        """Send records to the example feed's webhook, signed, and return the centre's answer.

        Raises:
            CentreError: The centre refused the whole of it.
        """
        body = json.dumps({"records": records}).encode()
        timestamp = str(int(time.time()))
        signature = sign(secret, timestamp, body)
        headers = {"X-Songlam-Timestamp": timestamp, "X-Songlam-Signature": signature}
        answer: dict[str, Any]
        answer, _ = self._send("POST", f"/feeds/{EXAMPLE_SOURCE}/webhook", body, headers)
        return answer

    def _send(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> tuple[Any, list[str]]:
        """Return (parsed answer, cookies set).

        Raises:
            CentreError: It cannot be reached, or answers with an error.
        """
        parts = urlsplit(self.url)
        kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        connection = kind(parts.hostname or "", parts.port, timeout=TIMEOUT_S)
        sent = {"Content-Type": "application/json", **self.headers, **headers}
        try:
            connection.request(method, f"/api/v1{path}", body, sent)
            response = connection.getresponse()
            content = response.read()
        except (OSError, HTTPException) as error:
            raise CentreError(f"{self.url} does not answer: {error}") from error
        finally:
            connection.close()
        if response.status >= HTTP_ERROR:
            raise CentreError(f"{method} {path}: {response.status} {content.decode()[:500]}")
        cookies = response.headers.get_all("Set-Cookie") or []
        return (json.loads(content) if content else None), cookies


def send_example_data(
    client: CentreClient, seed: int, days: int, progress: Progress, now: datetime
) -> int:
    """Send example figures up to ``now`` and return how many the centre accepted.

    ``client`` must be logged in. Sending twice changes nothing the second time.

    Raises:
        CentreError: The centre refused, or a record that should be right was rejected.
    """
    secret = client.feed_secret()
    records = list(example_records(seed, now, days))
    accepted = 0
    for batch in _batches(records):
        answer = client.send_records(secret, batch)
        accepted += answer["accepted"]
        wrong = [item for item in answer["rejected"] if "example" not in item["message_en"]]
        if wrong:
            raise CentreError(f"the centre rejected a record: {wrong[0]}")
        progress(accepted, len(records))
    return accepted


def _batches(records: Sequence[Record]) -> Iterator[Sequence[Record]]:
    """Yield the records in pieces that fit one webhook."""
    for index in range(0, len(records), BATCH):
        yield records[index : index + BATCH]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit status."""
    parser = argparse.ArgumentParser(
        prog="generate_example_data",
        description="Fill the eight other components with example figures (never real ones).",
        epilog="The password is read from SONGLAM_PASSWORD.",
    )
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="address of the centre")
    parser.add_argument("--username", default="admin", help="administrator or technician")
    parser.add_argument("--seed", type=int, default=37, help="the same seed, the same figures")
    parser.add_argument("--days", type=int, default=14, help="days of daily figures")
    options = parser.parse_args(arguments)
    client = CentreClient(options.url)
    try:
        client.log_in(options.username, os.environ.get("SONGLAM_PASSWORD", ""))
        sent = send_example_data(
            client, options.seed, options.days, show_progress, datetime.now(UTC)
        )
    except CentreError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    sys.stdout.write(f"\n{sent} example records are at {options.url}\n")
    return 0


def show_progress(sent: int, total: int) -> None:
    """Show progress on one line."""
    sys.stderr.write(f"\rexample data: {sent} of {total} records")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
