"""The verdict of a long run: what counts as grown, and what a process uses."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.soak import Sample, Usage, cells, growth, header

MB = 1_000_000


def samples(*, rss: list[float], threads: list[int] | None = None) -> list[Sample]:
    """Return samples of a box every 10 s with the given memory in MB and threads."""
    counts = threads or [20] * len(rss)
    return [
        Sample(
            at_s=10.0 * i,
            usage={"box": Usage(round(mb * MB), count, 15, 5.0 * i)},
            queue=0,
            frames=i,
            dropped=0,
            incidents=i,
        )
        for i, (mb, count) in enumerate(zip(rss, counts, strict=True))
    ]


def test_memory_that_grows_in_the_first_quarter_alone_has_not_grown() -> None:
    found = growth(samples(rss=[100.0 + 5 * i for i in range(10)] + [150.0] * 30), "box")

    assert list(found.rss_mb) == [150.0, 150.0]
    assert not found.has_grown
    assert found.cores == 0.5


def test_memory_that_goes_on_growing_has_grown() -> None:
    found = growth(samples(rss=[100.0 + i for i in range(40)]), "box")

    assert found.rss_growth > 0.1
    assert found.has_grown


def test_one_busy_moment_means_nothing() -> None:
    rss = [150.0] * 39 + [400.0]

    assert not growth(samples(rss=rss), "box").has_grown


def test_one_thread_more_at_the_end_is_growth() -> None:
    found = growth(samples(rss=[150.0] * 40, threads=[20] * 30 + [21] * 10), "box")

    assert list(found.threads) == [20, 21]
    assert found.has_grown


def test_what_this_process_uses_is_read_from_the_kernel() -> None:
    used = Usage.of(os.getpid())

    assert 10 * MB < used.rss_bytes < 10_000 * MB
    assert used.threads >= 1
    assert used.descriptors >= 3
    assert used.cpu_s > 0


def test_a_process_that_has_ended_is_an_error() -> None:
    ended = subprocess.Popen(["true"])
    ended.wait()

    with pytest.raises(OSError, match="stat"):
        Usage.of(ended.pid)


def test_every_cell_of_the_table_has_its_column() -> None:
    [one] = samples(rss=[150.0])

    assert dict(zip(header(one), cells(one), strict=True)) == {
        "at_s": 0.0,
        "box_rss_bytes": 150 * MB,
        "box_threads": 20,
        "box_descriptors": 15,
        "box_cpu_s": 0.0,
        "queue": 0,
        "frames": 0,
        "dropped": 0,
        "incidents": 0,
    }
