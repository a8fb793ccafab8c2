"""A poor link: 128 kbit/s each way, 30 % of what the box sends lost, and clips that want to go up.

Where namespaces and TUN devices may be made (root), the kernel's own TCP crosses a line that drops
30 % of the box's packets, as ``netem`` on its interface would; the row says so. Elsewhere
:class:`LossyProxy` plays the line, which is a model.
"""

from __future__ import annotations

import json
import statistics
import time
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
        centre_port = int(self.line.url.rpartition(":")[2])
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

    def charged_bytes(self) -> int:
        """Return all bytes of evidence that the box has sent, as its own books say."""
        books = json.loads((self.folder / "uploads-spent.json").read_text(encoding="utf-8"))
        return int(sum(books["bytes_by_link"].values()))


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
        received, charged = poor.received_bytes(), poor.charged_bytes()
        pictures = len(list((tmp_path / "evidence").glob("*/*.thumbnail")))
        clips = received - pictures * THUMBNAIL_BYTES
    p95 = statistics.quantiles(took, n=20)[-1]
    resent = max(0, charged - received) / charged
    print(  # noqa: T201  # figures for people
        f"\n{poor.what}: JSON p50 {statistics.median(took):.2f} s, p95 {p95:.2f} s, max"
        f" {max(took):.2f} s; {received} bytes of evidence, {resent:.1%} sent again,"
        f" {pictures} of {INCIDENTS} thumbnails, {clips} bytes of clips"
    )
    fault_case.lost("incidents", INCIDENTS - len(took), of=INCIDENTS)
    fault_case.not_interrupted()
    assert p95 <= P95_S
    assert resent <= RESENT_RATIO
    assert pictures > INCIDENTS / 2, "the clips kept the thumbnails waiting"
    assert clips > 0, "no clip was under way"
