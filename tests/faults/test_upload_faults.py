"""What can happen to evidence on its way to the centre."""

from __future__ import annotations

import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from edge.uploads import CHUNK_BYTES
from tests.fault_uploads import TOKEN, UploadLine
from tests.lossy_proxy import LossyProxy, Weather
from tests.stand_in_centre import StandInUploads, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


@pytest.fixture
def line(tmp_path: Path, stack: ExitStack) -> UploadLine:
    centre = stack.enter_context(StandInUploads(TOKEN))
    made = UploadLine(tmp_path, centre)
    stack.callback(made.close)
    return made


def line_through(proxy: LossyProxy, folder: Path, centre: StandInUploads) -> UploadLine:
    """Return a line whose uploads pass the proxy."""
    return UploadLine(folder, centre, f"http://127.0.0.1:{proxy.port('http')}")


@pytest.mark.fault("centre")
@pytest.mark.parametrize("status", [401, 500, 507])
def test_a_centre_in_trouble_gets_the_evidence_later(
    line: UploadLine, fault_case: FaultCase, status: int
) -> None:
    fault_case.injected(f"every upload answered with {status}, then healed")
    line.file("clip")
    line.file("still", 2_000)
    line.centre.answer_with = status
    line.uploader.start()
    assert line.counted("uploads_retried", 2)
    assert line.outbox.depth() == 2
    line.centre.answer_with = 0
    with fault_case.recovering():
        assert line.has_all()
    line.settle(fault_case)


@pytest.mark.fault("centre")
def test_evidence_refused_for_good_leaves_the_queue_and_is_counted(
    line: UploadLine, fault_case: FaultCase
) -> None:
    fault_case.injected("one of 4 files answered with 413")
    line.file("refused")
    line.centre.answer_with = 413
    line.uploader.start()
    assert line.counted("uploads_refused")
    line.centre.answer_with = 0
    for number in range(3):
        line.file(f"next-{number}")
    assert line.counted("uploads_completed", 3)
    assert (line.folder / "refused").exists()
    line.settle(fault_case, "uploads_refused")
    fault_case.not_interrupted()


@pytest.mark.fault("centre")
def test_an_upload_closed_half_way_goes_on_where_it_broke(
    line: UploadLine, fault_case: FaultCase
) -> None:
    fault_case.injected("connection closed in the middle of a chunk, without an answer")
    line.file("clip", 2 * CHUNK_BYTES)
    line.centre.break_after = CHUNK_BYTES // 2
    began_s = time.monotonic()
    line.uploader.start()
    assert line.counted("uploads_retried")
    assert line.has_all()
    fault_case.recovered_in(time.monotonic() - began_s)
    assert sum(request.startswith("POST") for request in line.centre.requests) == 1
    line.settle(fault_case)


@pytest.mark.fault("centre")
def test_bytes_damaged_on_the_way_are_found_by_their_hash_and_sent_anew(
    line: UploadLine, fault_case: FaultCase
) -> None:
    fault_case.injected("500 bytes of one upload altered at the centre")
    line.file("clip")
    line.centre.lengths["clip"] = len(line.wanted["clip"])
    line.centre.partial["clip"] = b"damaged" + line.wanted["clip"][7:500]
    line.centre.metadata["clip"] = {"sha256": "0" * 64}
    line.uploader.start()
    assert line.counted("uploads_rejected")
    with fault_case.recovering():
        assert line.has_all()
    line.settle(fault_case)


@pytest.mark.fault("network")
def test_a_centre_that_cannot_be_reached_gets_everything_later(
    tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("every connection to the centre reset, for 2 s")
    centre = stack.enter_context(StandInUploads(TOKEN))
    port = int(centre.url.rpartition(":")[2])
    proxy = stack.enter_context(LossyProxy({"http": port}))
    proxy.refuse()
    line = line_through(proxy, tmp_path, centre)
    stack.callback(line.close)
    for number in range(5):
        line.file(f"clip-{number}")
    line.uploader.start()
    assert line.counted("uploads_retried")
    time.sleep(2)
    proxy.refuse(refusing=False)
    with fault_case.recovering():
        assert line.has_all()
    line.settle(fault_case)


@pytest.mark.fault("network")
def test_uploads_over_a_line_that_freezes_go_on_when_it_thaws(
    tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("line carries nothing for 4 s in the middle of 3 MB, connections stay open")
    centre = stack.enter_context(StandInUploads(TOKEN))
    port = int(centre.url.rpartition(":")[2])
    proxy = stack.enter_context(LossyProxy({"http": port}, Weather(rate_bytes_per_s=2_000_000)))
    line = line_through(proxy, tmp_path, centre)
    stack.callback(line.close)
    line.file("clip", 3 * CHUNK_BYTES)
    line.uploader.start()
    assert wait_until(lambda: proxy.traffic["http"].up_bytes > CHUNK_BYTES)
    proxy.freeze()
    time.sleep(4)
    proxy.thaw()
    with fault_case.recovering():
        assert line.has_all()
    line.settle(fault_case)


@pytest.mark.fault("network")
def test_a_second_of_delay_each_way_slows_uploads_and_breaks_none(
    tmp_path: Path, stack: ExitStack, fault_case: FaultCase
) -> None:
    fault_case.injected("1 s delay each way to the centre, 2 files")
    centre = stack.enter_context(StandInUploads(TOKEN))
    port = int(centre.url.rpartition(":")[2])
    proxy = stack.enter_context(LossyProxy({"http": port}, Weather(delay_s=1.0)))
    line = line_through(proxy, tmp_path, centre)
    stack.callback(line.close)
    for number in range(2):
        line.file(f"still-{number}", 10_000)
    line.uploader.start()
    assert line.has_all()
    assert line.counters.get("uploads_retried") == 0
    line.settle(fault_case)
    fault_case.not_interrupted()


@pytest.mark.fault("disk")
@pytest.mark.parametrize("damage", ["removed", "cut short", "altered"])
def test_evidence_spoilt_on_the_box_before_its_upload_is_never_sent_as_if_it_were_right(
    line: UploadLine, fault_case: FaultCase, damage: str
) -> None:
    fault_case.injected(f"one of 4 evidence files {damage} while it waits")
    spoilt = line.file("spoilt")
    for number in range(3):
        line.file(f"clip-{number}")
    if damage == "removed":
        spoilt.unlink()
    else:
        content = line.wanted["spoilt"]
        spoilt.write_bytes(content[:5_000] if damage == "cut short" else content[::-1])
    line.uploader.start()
    assert line.counted("uploads_missing")
    assert line.counted("uploads_completed", 3)
    assert "spoilt" not in line.centre.stored
    line.settle(fault_case, "uploads_missing")
    fault_case.not_interrupted()
