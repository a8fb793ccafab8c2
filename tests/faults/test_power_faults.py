"""Power cuts: box, broker and centre killed at instants that dice choose, alone and together."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from edge.contract.topics import Channel
from tests.box_bench import BoxBench
from tests.lossy_proxy import LossyProxy, Weather
from tests.stand_in_centre import wait_until
from tests.tiny_models import manifest_of, weights

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = [pytest.mark.broker, pytest.mark.fault("power"), pytest.mark.timeout(240)]
SEED = 20261124


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def bench(tmp_path: Path, stack: ExitStack) -> BoxBench:
    return BoxBench(tmp_path, stack, ("gate", "bridge"))


@pytest.fixture
def dice() -> random.Random:
    return random.Random(SEED)  # noqa: S311  # chance, not secrecy


def test_a_box_that_loses_power_again_and_again_loses_no_incident(
    bench: BoxBench, dice: random.Random, fault_case: FaultCase
) -> None:
    fault_case.injected(f"box killed 5 times, 0 to 5 s after it began to watch (seed {SEED})")
    for _ in range(5):
        box = bench.working_box()
        time.sleep(dice.uniform(0.0, 5.0))
        box.kill()
        bench.note_written()
    with fault_case.recovering():
        box = bench.working_box()
        assert bench.has_written()
    assert bench.has_incidents()
    assert "outbox_unreadable" not in box.log
    closed = {i["incident_id"] for i in bench.centre.of_kind("incident") if i["phase"] == "closed"}
    lives = {name.rpartition(":")[0] for name in bench.written}
    assert wait_until(lambda: lives <= closed | _closed(bench), 30)
    bench.settle(fault_case)


def test_box_and_broker_without_power_together_lose_no_incident(
    bench: BoxBench, dice: random.Random, fault_case: FaultCase
) -> None:
    fault_case.injected(f"box and broker killed together, 3 times (seed {SEED})")
    for _ in range(3):
        box = bench.box()
        assert bench.has_incidents()
        time.sleep(dice.uniform(0.0, 2.0))
        bench.broker.kill()
        box.kill()
        bench.note_written()
        bench.broker.start()
    with fault_case.recovering():
        bench.working_box()
        assert bench.has_written()
    bench.settle(fault_case)


def test_an_upload_cut_by_a_power_cut_goes_on_after_it(
    tmp_path: Path, stack: ExitStack, dice: random.Random, fault_case: FaultCase
) -> None:
    fault_case.injected(f"box killed 3 times while evidence crawls up at 64 kbit/s (seed {SEED})")
    bench = BoxBench(tmp_path, stack)
    port = int(bench.uploads.url.rpartition(":")[2])
    proxy = stack.enter_context(LossyProxy({"http": port}, Weather(rate_bytes_per_s=8_000)))
    text = bench.box_file.read_text(encoding="utf-8")
    slow = text.replace(bench.uploads.url, f"http://127.0.0.1:{proxy.port('http')}")
    bench.box_file.write_text(slow, encoding="utf-8")
    wanted = set[str]()
    for _ in range(3):
        carried = proxy.traffic["http"].up_bytes
        box = bench.box()
        assert wait_until(lambda before=carried: proxy.traffic["http"].up_bytes > before, 40)  # type: ignore[misc]
        time.sleep(dice.uniform(0.0, 3.0))
        box.kill()
        wanted |= bench.files_waiting() | set(bench.uploads.order)
    proxy.weather = Weather()
    with fault_case.recovering():
        bench.box()
        assert wait_until(lambda: wanted <= set(bench.uploads.stored), 90)
    missing = wanted - set(bench.uploads.stored)
    fault_case.lost("evidence files", len(missing), of=len(wanted))


def test_a_rollout_cut_by_power_cuts_ends_with_the_new_model_or_the_old_one(
    bench: BoxBench, dice: random.Random, fault_case: FaultCase
) -> None:
    """Never with none: after each cut the box sees its car again."""
    fault_case.injected(
        f"box killed 4 times 0 to 3 s after it began to watch, new model wanted (seed {SEED})"
    )
    content = weights("elsewhere")
    manifest = manifest_of("2.0.0", model_onnx=content)
    bench.uploads.files["/api/v1/box/models/tiny/2.0.0/model.onnx"] = content
    desired = bench.signer.desired(manifest).model_dump_json()
    bench.centre.send("n1", Channel.DESIRED, desired, retain=True)
    blind = 0
    for _ in range(4):
        box = bench.working_box()
        time.sleep(dice.uniform(0.0, 3.0))
        box.kill()
        bench.note_written()
    before = len(bench.centre.of_kind("reported"))
    with fault_case.recovering():
        box = bench.box()
        blind += not bench.has_incidents()
        assert wait_until(
            lambda: any(
                report["phase"] in {"active", "kept_old"} and report["active"]
                for report in bench.centre.of_kind("reported")[before:]
            ),
            60,
        )
    fault_case.lost("lives with a working model", blind, of=5)
    assert bench.has_written()
    bench.settle(fault_case)


def _closed(bench: BoxBench) -> set[str]:
    """Return the incidents that have come to an end."""
    return {i["incident_id"] for i in bench.centre.of_kind("incident") if i["phase"] == "closed"}
