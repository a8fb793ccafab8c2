"""A poor link: 128 kbit/s each way, 30 % of what the box sends lost, and clips that want to go up.

Where namespaces and TUN devices may be made (root), the kernel's own TCP crosses a line that drops
30 % of the box's packets, as ``netem`` on its interface would; the row says so. Elsewhere
:class:`LossyProxy` plays the line, which is a model.
"""

from __future__ import annotations

import json
import re
import statistics
import time
from collections import defaultdict
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.delivery_line import DeliveryLine
from tests.delivery_process import THUMBNAIL_BYTES
from tests.lossy_link import LossyLink, is_possible
from tests.lossy_proxy import LossyProxy, Weather
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.timed, pytest.mark.timeout(300)]
RATE_BYTES_PER_S = 16_000
DELAY_S = 0.05
LOSS_RATIO = 0.3
INCIDENTS = 25
EVERY_S = 3.5
CLIPS, CLIP_BYTES = 2, 2_000_000
P95_S = 5.0
RESENT_RATIO = 0.05


PATCH = re.compile(
    rb"PATCH \S+/(?P<file>[^/\s]+) HTTP.*?upload-offset: (?P<at>\d+)\r\n.*?"
    rb"content-length: (?P<size>\d+).*?\r\n\r\n",
    re.IGNORECASE | re.DOTALL,
)
"""The head of a request that appends to a file."""


class PoorLine:
    """Box and centre with a poor line between them, real where that is possible."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.link: LossyLink | None = None
        if is_possible():
            self.link = stack.enter_context(
                LossyLink(
                    rate_bytes_per_s=RATE_BYTES_PER_S, delay_s=DELAY_S, loss_ratio=(LOSS_RATIO, 0.0)
                )
            )
        self.line = DeliveryLine(folder, stack, self.link)
        self.line.start_centre()
        centre_port = self._centre_port = int(self.line.url.rpartition(":")[2])
        if self.link is None:
            weather = Weather(
                rate_bytes_per_s=RATE_BYTES_PER_S, delay_s=DELAY_S, loss_ratio=LOSS_RATIO
            )
            ports = {"mqtt": self.line.mqtt_port, "http": centre_port}
            proxy = stack.enter_context(LossyProxy(ports, weather))
            self.line.mqtt_port = proxy.port("mqtt")
            centre_port = proxy.port("http")
        self.centre_url = f"http://{self.line.host}:{centre_port}"

    @property
    def what(self) -> str:
        """Return what was injected, and by what."""
        by = "kernel TCP over a TUN link" if self.link else "played by a TCP proxy, a model"
        return f"128 kbit/s, {LOSS_RATIO:.0%} packet loss, clips uploading ({by})"

    def received_bytes(self) -> int:
        """Return all bytes of evidence that the centre has, incomplete files included."""
        files = (self.folder / "evidence").glob("*/*")
        return sum(path.stat().st_size for path in files if path.is_file())

    def resent_ratio(self) -> float:
        """Return the share of evidence sent twice: counted on the line, else by the box's books."""
        if self.link is None:
            books = json.loads((self.folder / "uploads-spent.json").read_text(encoding="utf-8"))
            charged = int(sum(books["bytes_by_link"].values()))
            return max(0, charged - self.received_bytes()) / charged
        passed: dict[bytes, set[int]] = defaultdict(set)
        sent = 0
        for flow in self.link.flows_to(self._centre_port):
            found = list(PATCH.finditer(bytes(flow.stream)))
            ends = [*(each.start() for each in found[1:]), flow.reached]
            for each, end in zip(found, ends, strict=True):
                size = min(int(each["size"]), end - each.end())
                passed[each["file"]].update(range(int(each["at"]), int(each["at"]) + size))
                sent += size
        return 1 - sum(len(each) for each in passed.values()) / sent

    def overhead_ratio(self) -> float:
        """Return what TCP sent again of what programs gave it, uploads only; 0 when unknown."""
        flows = self.link.flows_to(self._centre_port) if self.link else []
        given = sum(flow.reached for flow in flows)
        return sum(flow.payload_bytes for flow in flows) / given - 1 if given else 0.0


@pytest.mark.fault("network")
def test_on_a_poor_link_incidents_pass_the_clips_and_hardly_a_byte_goes_twice(
    tmp_path: Path, fault_case: FaultCase
) -> None:
    with ExitStack() as stack:
        poor = PoorLine(tmp_path, stack)
        fault_case.injected(poor.what)
        options = ("--live", "--pause", str(EVERY_S), "--cameras", "4")
        files = ("--clips", str(CLIPS), "--clip-bytes", str(CLIP_BYTES))
        box = poor.line.box(0, INCIDENTS, *options, "--centre", poor.centre_url, *files)
        assert wait_until(lambda: poor.received_bytes() > 0, 60)
        box.put(INCIDENTS)
        assert wait_until(lambda: poor.line.count() == INCIDENTS, 60)
        time.sleep(5)
        box.kill()
        time.sleep(1)
        took = [each.delay_s for each in poor.line.stored()]
        received, resent = poor.received_bytes(), poor.resent_ratio()
        pictures = len(list((tmp_path / "evidence").glob("*/*.thumbnail")))
        clips = received - pictures * THUMBNAIL_BYTES
    p95 = statistics.quantiles(took, n=20)[-1]
    print(  # noqa: T201  # figures for people
        f"\n{poor.what}: JSON p50 {statistics.median(took):.2f} s, p95 {p95:.2f} s, max"
        f" {max(took):.2f} s; {received} bytes of evidence, {resent:.1%} sent again"
        f" (and {poor.overhead_ratio():.0%} by TCP for lost packets),"
        f" {pictures} of {INCIDENTS} thumbnails, {clips} bytes of clips"
    )
    fault_case.lost("incidents", INCIDENTS - len(took), of=INCIDENTS)
    fault_case.not_interrupted()
    assert p95 <= P95_S
    assert resent <= RESENT_RATIO
    assert pictures > INCIDENTS / 2, "the clips kept the thumbnails waiting"
    assert clips > 0, "no clip was under way"
