"""The outbox: nothing leaves without a receipt, live before late, bounded, and never in silence."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.config.box import OutboxConfig
from edge.contract.catalogue_entry import Lane
from edge.contract.messages import EvidenceItem, EvidenceKind, SignalChange
from edge.counters import Counters
from edge.errors import ConfigError
from edge.outbox import LATE_AFTER_S, MAX_PAYLOAD_BYTES, MediaUpload, Outbox
from tests.builders import NOON, SHA256, ManualClock, incident_message, telemetry_message

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WINDOW = 4
RETRY_S = 5.0


class Bench:
    """An outbox on disk with a clock and counters that the test owns."""

    def __init__(self, folder: Path, **config: int) -> None:
        self.path = folder / "outbox.sqlite3"
        self.clock = ManualClock()
        self.counters = Counters()
        self.config = OutboxConfig(**config)
        self.outbox = self.open()

    def open(self) -> Outbox:
        """Open the file once more."""
        return Outbox(self.path, config=self.config, clock=self.clock, counters=self.counters)

    def restart(self) -> None:
        """End the process's hold on the file and open it as the next process would."""
        self.outbox.close()
        self.outbox = self.open()

    def take(self, window: int = WINDOW) -> list[str]:
        """Take messages and return their ids."""
        return [p.message_id for p in self.outbox.take_messages(window, RETRY_S)]


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.outbox.close()


def media(evidence_id: str, kind: EvidenceKind = EvidenceKind.CLIP) -> MediaUpload:
    return MediaUpload(
        evidence_id=evidence_id,
        incident_id="i1",
        kind=kind,
        media_type="video/mp4",
        sha256=SHA256,
        size_bytes=10,
        path=f"/x/{evidence_id}",
    )


def test_a_message_stays_until_its_receipt_and_leaves_on_it(bench: Bench) -> None:
    assert bench.outbox.put(incident_message())
    assert bench.take() == ["i1:1"]
    assert bench.outbox.depth() == 1
    assert bench.outbox.settle("i1:1")
    assert bench.outbox.depth() == 0
    assert not bench.outbox.settle("i1:1")


def test_what_was_sent_comes_again_only_when_it_is_due(bench: Bench) -> None:
    bench.outbox.put(incident_message())
    assert bench.take() == ["i1:1"]
    bench.clock.advance(RETRY_S - 0.1)
    assert bench.take() == []
    bench.clock.advance(0.2)
    [again] = bench.outbox.take_messages(WINDOW, RETRY_S)
    assert (again.message_id, again.tries) == ("i1:1", 1)


def test_the_delay_doubles_up_to_sixteen_times(bench: Bench) -> None:
    bench.outbox.put(incident_message())
    waits = []
    for _ in range(7):
        assert bench.take() == ["i1:1"]
        waited = 0.0
        while not bench.outbox.take_messages(0, RETRY_S) and waited < 200 and not due(bench):
            bench.clock.advance(RETRY_S)
            waited += RETRY_S
        waits.append(waited)
    assert waits == [5, 10, 20, 40, 80, 80, 80]


def due(bench: Bench) -> bool:
    """Tell whether anything could be taken, without taking it."""
    row = bench.outbox._db.execute("SELECT min(due_s) FROM trial").fetchone()
    return bool(row[0] <= bench.clock.monotonic())


def test_after_a_restart_everything_is_due_and_historical(bench: Bench) -> None:
    bench.outbox.put(incident_message())
    bench.take()
    bench.restart()
    [parcel] = bench.outbox.take_messages(WINDOW, RETRY_S)
    assert parcel.late


def test_a_message_is_late_by_elapsed_time_not_by_the_wall_clock(bench: Bench) -> None:
    bench.outbox.put(incident_message("a"))
    bench.clock.set_wall(NOON.replace(year=2030))
    [parcel] = bench.outbox.take_messages(WINDOW, RETRY_S)
    assert not parcel.late
    bench.clock.advance(LATE_AFTER_S + 1)
    [parcel] = bench.outbox.take_messages(WINDOW, RETRY_S)
    assert parcel.late


def test_lanes_are_served_in_order_and_each_in_the_order_of_arrival(bench: Bench) -> None:
    bench.outbox.put(telemetry_message(1))
    bench.outbox.put(incident_message("a"))
    bench.outbox.put(telemetry_message(2))
    bench.outbox.put(incident_message("b"))
    assert bench.take(10) == ["a:1", "b:1", "t1", "t2"]


def test_a_live_incident_overtakes_any_backlog_even_with_a_full_window(bench: Bench) -> None:
    for number in range(50):
        bench.outbox.put(incident_message(f"old{number}"))
    bench.clock.advance(LATE_AFTER_S + 1)
    assert len(bench.take()) == WINDOW
    assert bench.take() == []
    bench.outbox.put(incident_message("now"))
    assert bench.take() == ["now:1"]


def test_no_more_than_the_window_is_under_way_and_receipts_open_it(bench: Bench) -> None:
    for number in range(6):
        bench.outbox.put(telemetry_message(number))
    assert bench.take() == ["t0", "t1", "t2", "t3"]
    assert bench.take() == []
    bench.outbox.settle("t1")
    assert bench.take() == ["t4"]


def test_a_message_that_is_never_receipted_does_not_block_the_others(bench: Bench) -> None:
    for number in range(WINDOW + 3):
        bench.outbox.put(telemetry_message(number))
    seen: set[str] = set()
    for _ in range(6):
        taken = bench.take()
        seen.update(taken)
        for message_id in taken:
            if int(message_id[1:]) >= WINDOW:
                bench.outbox.settle(message_id)
        bench.clock.advance(RETRY_S * 3)
    assert {f"t{n}" for n in range(WINDOW + 3)} <= seen


def test_after_a_reconnect_all_messages_are_due_but_uploads_keep_their_pause(bench: Bench) -> None:
    bench.outbox.put(incident_message())
    bench.outbox.put_media(media("e1"))
    bench.take()
    assert bench.outbox.take_media(RETRY_S) is not None
    bench.outbox.make_due()
    assert bench.take() == ["i1:1"]
    assert bench.outbox.take_media(RETRY_S) is None


def test_stills_are_uploaded_before_clips(bench: Bench) -> None:
    bench.outbox.put_media(media("clip"))
    bench.outbox.put_media(media("copy", EvidenceKind.PLAYBACK))
    bench.outbox.put_media(media("still", EvidenceKind.STILL))
    order = [bench.outbox.take_media(RETRY_S) for _ in range(3)]
    assert [p.message_id for p in order if p] == ["media:still", "media:copy", "media:clip"]
    assert bench.take() == []


def test_a_live_clip_is_uploaded_before_an_old_still(bench: Bench) -> None:
    bench.outbox.put_media(media("old", EvidenceKind.STILL))
    bench.clock.advance(LATE_AFTER_S + 1)
    bench.outbox.put_media(media("new"))
    first = bench.outbox.take_media(RETRY_S)
    assert first is not None
    assert first.message_id == "media:new"


def test_a_message_put_twice_is_kept_once(bench: Bench) -> None:
    assert bench.outbox.put(incident_message())
    assert bench.outbox.put(incident_message())
    assert bench.outbox.depth() == 1


def test_telemetry_beyond_its_limit_goes_oldest_first_and_is_counted(tmp_path: Path) -> None:
    bench = Bench(tmp_path, telemetry_rows=3)
    with closing(bench.outbox):
        bench.outbox.put(incident_message())
        for number in range(5):
            bench.outbox.put(telemetry_message(number))
        assert bench.take(10) == ["i1:1", "t2", "t3", "t4"]
        assert bench.counters.get("telemetry_dropped") == 2
        assert bench.counters.get("telemetry_queued") == 5


def test_a_full_outbox_refuses_and_says_so_and_takes_again_when_emptied(tmp_path: Path) -> None:
    bench = Bench(tmp_path, max_bytes=1_000_000)
    big: dict[str, Any] = {"boxes": tuple((float(n), 1.0, 2.0, 3.0, 4.0) for n in range(5_000))}
    with closing(bench.outbox):
        kept = [n for n in range(12) if bench.outbox.put(incident_message(f"i{n}", **big))]
        assert kept == list(range(len(kept)))
        assert 3 < len(kept) < 12
        assert bench.counters.get("outbox_refused") == 12 - len(kept)
        for number in kept:
            bench.outbox.settle(f"i{number}:1")
        assert bench.outbox.put(incident_message("after", **big))


def test_an_oversize_message_is_refused_and_counted(bench: Bench) -> None:
    change = SignalChange(signal_id="s" * 200, state="red", clip_s=0.0, at=NOON)
    huge = incident_message(signal_log=(change,) * 40_000)
    assert len(huge.model_dump_json()) > 10_000_000 > MAX_PAYLOAD_BYTES
    assert not bench.outbox.put(huge)
    assert bench.counters.get("outbox_oversize") == 1
    assert bench.outbox.depth() == 0


CLIP = EvidenceItem(
    evidence_id="i1.clip",
    kind=EvidenceKind.CLIP,
    media_type="video/mp4",
    sha256=SHA256,
    size_bytes=1,
    starts_at=NOON,
)


@pytest.mark.parametrize(
    ("last", "is_finished"),
    [
        ({"phase": "opened"}, False),
        ({"phase": "updated", "evidence": (CLIP,)}, False),
        ({"phase": "closed"}, False),
        ({"phase": "closed", "evidence": (CLIP,)}, True),
        ({"phase": "closed", "evidence_missing": "clip: the disk is full"}, True),
    ],
)
def test_an_incident_is_finished_when_closed_and_its_clip_is_there_or_excused(
    bench: Bench, last: dict[str, Any], *, is_finished: bool
) -> None:
    """Its receipts do not matter: the next process must know even when all was delivered."""
    bench.outbox.put(incident_message("i1", 1))
    bench.outbox.put(incident_message("i1", 2, **last))
    for revision in (1, 2):
        bench.outbox.settle(f"i1:{revision}")
    assert bench.outbox.unfinished() == []
    bench.restart()
    assert [m.revision for m in bench.outbox.unfinished()] == ([] if is_finished else [2])


def test_an_unfinished_incident_of_another_program_version_is_passed_over(bench: Bench) -> None:
    bench.outbox.put(incident_message("i1"))
    bench.outbox.put(incident_message("i2"))
    bench.outbox._db.execute("UPDATE unfinished SET payload = '{}' WHERE incident_id = 'i1'")
    bench.restart()
    assert [m.incident_id for m in bench.outbox.unfinished()] == ["i2"]


def test_depth_and_oldest_tell_what_waits(bench: Bench) -> None:
    assert bench.outbox.oldest_at() is None
    bench.outbox.put(incident_message())
    bench.clock.advance(60)
    bench.outbox.put(telemetry_message())
    assert bench.outbox.depth() == 2
    assert bench.outbox.oldest_at() == NOON


def test_a_second_process_on_the_same_file_is_refused_with_a_hint(bench: Bench) -> None:
    with pytest.raises(ConfigError, match="is another edge process using this data_dir"):
        bench.open()


def test_an_unreadable_file_is_put_aside_and_the_box_starts_anew(tmp_path: Path) -> None:
    path = tmp_path / "outbox.sqlite3"
    path.write_bytes(b"this was a database once" * 100)
    bench = Bench(tmp_path)
    with closing(bench.outbox):
        assert bench.outbox.put(incident_message())
        assert bench.counters.get("outbox_rebuilt") == 1
        [aside] = tmp_path.glob("outbox.sqlite3.unreadable-*")
        assert aside.read_bytes().startswith(b"this was a database once")


def test_a_write_that_fails_is_refused_in_words_not_raised(bench: Bench) -> None:
    bench.outbox._db.execute("PRAGMA query_only = ON")
    assert not bench.outbox.put(incident_message())
    assert not bench.outbox._db.in_transaction
    assert not bench.outbox.settle("i1:1")
    assert bench.counters.get("outbox_refused") == 1


def test_whoever_waits_is_woken_by_a_put(bench: Bench) -> None:
    seen = bench.outbox.wait_for_change(-1, 0.0)
    results: list[int] = []
    waiter = threading.Thread(
        target=lambda: results.append(bench.outbox.wait_for_change(seen, 30.0))
    )
    waiter.start()
    bench.outbox.put(incident_message())
    waiter.join(timeout=10)
    assert results
    assert results[0] > seen


@settings(max_examples=25, deadline=None)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(["incident", "telemetry", "take", "settle", "restart", "wait"]),
            st.integers(0, 9),
        ),
        max_size=40,
    )
)
def test_any_history_keeps_exactly_what_was_put_and_not_settled(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    """Restarts, resends and receipts in any order: the file equals the model, memory is bounded."""
    bench = Bench(tmp_path_factory.mktemp("outbox"))
    waiting: set[str] = set()
    for step, number in steps:
        play(bench, waiting, step, number)
    rows = bench.outbox._db.execute("SELECT message_id FROM parcel").fetchall()
    trials = bench.outbox._db.execute("SELECT message_id FROM trial").fetchall()
    bench.outbox.close()
    assert {row[0] for row in rows} == waiting
    assert {row[0] for row in trials} <= waiting


def play(bench: Bench, waiting: set[str], step: str, number: int) -> None:
    """Do one step of a history on the outbox and on its model, a set of ids."""
    message: Any = (
        incident_message(f"i{number}") if step == "incident" else telemetry_message(number)
    )
    if step in {"incident", "telemetry"}:
        assert bench.outbox.put(message)
        waiting.add(message.message_id)
    elif step == "take":
        assert set(bench.take(number)) <= waiting
    elif step == "settle":
        assert bench.outbox.settle(f"i{number}:1") == (f"i{number}:1" in waiting)
        waiting.discard(f"i{number}:1")
    elif step == "restart":
        bench.restart()
    else:
        bench.clock.advance(number * 10)


def test_lanes_of_messages_follow_the_catalogue(bench: Bench) -> None:
    bench.outbox.put(incident_message("unknown", rule="brand_new_rule"))
    [parcel] = bench.outbox.take_messages(WINDOW, RETRY_S)
    assert parcel.lane is Lane.INCIDENT
    assert isinstance(bench.outbox._db, sqlite3.Connection)
