"""What a new model can do to a box; whatever it is, a working one goes on seeing."""

from __future__ import annotations

import os
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Self

import pytest

from edge.contract.messages import RolloutPhase
from edge.model_store.active import MAX_DEATHS
from edge.model_store.trial import judge, run_trial
from tests.model_bench import FRAME, TOKEN, ModelBench
from tests.stand_in_centre import StandInUploads, wait_until
from tests.tiny_models import Signer, manifest_of, weights

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.fault_matrix import FaultCase

pytestmark = pytest.mark.fault("model")
AT_LEAST = 50
"""Frames to be judged in each case."""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ModelBench]:
    with StandInUploads(TOKEN) as centre:
        made = ModelBench(tmp_path, centre)
        yield made
        made.store.stop()


class Watcher:
    """Judges frames all the time, as a box does, and counts those in which it sees the car."""

    def __init__(self, bench: ModelBench) -> None:
        self._bench = bench
        self.frames = self.seen = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        wait_until(lambda: self.frames >= AT_LEAST)
        self._ended.set()
        self._thread.join()

    def settle(self, case: FaultCase) -> None:
        """Tell the case how many frames were judged in vain."""
        case.lost("frames", self.frames - self.seen, of=self.frames)

    def _watch(self) -> None:
        while not self._ended.wait(0.02):
            self.frames += 1
            self.seen += len(self._bench.shared.detect(FRAME)) == 1


def refusal(bench: ModelBench) -> str:
    """Return why the new model was refused, the old one running."""
    report = bench.ended()
    assert report.phase is RolloutPhase.KEPT_OLD
    assert bench.running == "1.0.0"
    assert bench.counters.get("rollouts_refused") == 1
    return report.reason


NO_NETWORK, NONSENSE, TOO_SLOW = b"\x08 no network", weights("not_finite"), weights(salt=4)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param(NO_NETWORK, "cannot open the model", id="file is no network"),
        pytest.param(weights(salt=2)[:-40], "cannot open the model", id="file cut short"),
        pytest.param(NONSENSE, "output 'output0' is not finite", id="output is not finite"),
    ],
)
def test_a_model_that_does_not_work_never_replaces_one_that_does(
    bench: ModelBench, fault_case: FaultCase, content: bytes, said: str
) -> None:
    fault_case.injected("signed rollout of an unusable network while frames are judged")
    with Watcher(bench) as watcher:
        bench.offer("2.0.0", model_onnx=content)
        assert said in refusal(bench)
    watcher.settle(fault_case)
    fault_case.not_interrupted()


def test_a_model_with_other_bytes_than_signed_is_refused(
    bench: ModelBench, fault_case: FaultCase
) -> None:
    fault_case.injected("centre serves other weights than the signed ones")
    manifest = manifest_of("2.0.0", model_onnx=weights(salt=2))
    with Watcher(bench) as watcher:
        bench.serve(manifest, model_onnx=weights(salt=3))
        bench.store.want(bench.signer.desired(manifest))
        assert "not the signed file" in refusal(bench)
    watcher.settle(fault_case)
    fault_case.not_interrupted()


@pytest.mark.parametrize("signed", ["by nobody", "by a stranger"])
def test_a_model_that_the_centre_did_not_sign_is_refused(
    bench: ModelBench, fault_case: FaultCase, signed: str
) -> None:
    fault_case.injected(f"rollout signed {signed}")
    manifest = bench.serve(manifest_of("2.0.0", model_onnx=weights(salt=2)))
    desired = Signer().desired(manifest)
    if signed == "by nobody":
        desired = desired.model_copy(update={"signature": ""})
    with Watcher(bench) as watcher:
        bench.store.want(desired)
        assert "not signed by the centre" in refusal(bench)
    watcher.settle(fault_case)
    fault_case.not_interrupted()


def test_a_model_too_slow_for_the_box_is_refused(bench: ModelBench, fault_case: FaultCase) -> None:
    fault_case.injected("new model takes 0.9 s a frame, 0.5 s are allowed")
    code = """print('{"latency_s": 0.9, "problem": ""}')"""
    bench.restart(lambda _m, _g, limits, s: judge([sys.executable, "-c", code], limits, s))
    with Watcher(bench) as watcher:
        bench.offer("2.0.0", model_onnx=TOO_SLOW)
        assert "too slow for this box" in refusal(bench)
    watcher.settle(fault_case)
    fault_case.not_interrupted()


def test_a_model_that_never_answers_is_killed_in_its_trial(
    bench: ModelBench, fault_case: FaultCase
) -> None:
    fault_case.injected("a real network with an endless loop")
    bench.restart(lambda m, g, limits, s: run_trial(m, g, replace(limits, timeout_s=4.0), s))
    with Watcher(bench) as watcher:
        bench.offer("2.0.0", model_onnx=weights("endless"))
        assert "did not end within 4 s" in refusal(bench)
    watcher.settle(fault_case)
    fault_case.not_interrupted()


def test_a_model_that_kills_its_process_dies_in_its_trial_alone(
    bench: ModelBench, fault_case: FaultCase
) -> None:
    fault_case.injected("new model's process dies of SIGSEGV")
    code = "import os; os.kill(os.getpid(), 11)"
    bench.restart(lambda _m, _g, limits, s: judge([sys.executable, "-c", code], limits, s))
    with Watcher(bench) as watcher:
        bench.offer("2.0.0", model_onnx=weights(salt=5))
        assert "SIGSEGV" in refusal(bench)
    watcher.settle(fault_case)
    fault_case.not_interrupted()


def test_a_download_that_is_cut_goes_on_where_it_was(
    bench: ModelBench, fault_case: FaultCase
) -> None:
    fault_case.injected("connection closed after 300 bytes of the weights, then healed")
    bench.centre.truncate_to = 300
    with Watcher(bench) as watcher:
        bench.offer("2.0.0", model_onnx=weights(salt=2))
        part = bench.folder / "var/models/tiny/2.0.0/model.onnx.part"
        assert wait_until(lambda: part.exists() and part.stat().st_size >= 300)
        assert bench.running == "1.0.0"
        bench.centre.truncate_to = 0
        with fault_case.recovering():
            assert bench.ended().phase is RolloutPhase.ACTIVE
    assert bench.running == "2.0.0"
    watcher.settle(fault_case)


def test_a_model_whose_box_dies_again_and_again_is_given_up(
    bench: ModelBench, fault_case: FaultCase
) -> None:
    fault_case.injected(f"accepted model makes the box die {MAX_DEATHS} times")
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert bench.ended().phase is RolloutPhase.ACTIVE
    for _ in range(MAX_DEATHS):
        assert bench.running == "2.0.0"
        with fault_case.recovering():
            bench.die_and_start()
    assert bench.running == "1.0.0"
    assert f"made the box die {MAX_DEATHS}×" in bench.fallback_reason
    with Watcher(bench) as watcher:
        pass
    watcher.settle(fault_case)


def test_an_active_model_whose_file_rots_gives_way_to_the_one_before(
    bench: ModelBench, fault_case: FaultCase
) -> None:
    fault_case.injected("active weights cut to 100 bytes on disk, box restarted")
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert bench.ended().phase is RolloutPhase.ACTIVE
    os.truncate(bench.folder / "var/models/tiny/2.0.0/model.onnx", 100)
    with fault_case.recovering():
        bench.restart()
    assert bench.running == "1.0.0"
    assert "truncated or another file" in bench.fallback_reason
    with Watcher(bench) as watcher:
        pass
    watcher.settle(fault_case)
