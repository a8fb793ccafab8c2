"""Rollouts over real HTTP with real networks: only a fit model ever replaces another."""

from __future__ import annotations

import base64
import os
import signal
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from edge.clock import SystemClock
from edge.config.box import BoxConfig
from edge.contract.messages import RolloutPhase
from edge.errors import ModelError
from edge.model_store.active import MAX_DEATHS
from edge.model_store.store import load_running
from edge.model_store.trial import judge, run_trial
from tests.model_bench import FRAME, TOKEN, ModelBench
from tests.mosquitto import free_port
from tests.stand_in_centre import StandInUploads, wait_until
from tests.tiny_models import Signer, manifest_of, weights
from tests.videos import make_video

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.model_store.store import Trial


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[ModelBench]:
    with StandInUploads(TOKEN) as centre:
        made = ModelBench(tmp_path, centre)
        yield made
        made.store.stop()


def test_a_fit_model_is_swapped_in_and_survives_a_restart(bench: ModelBench) -> None:
    """And every step of the way is reported in order."""
    assert bench.running == "1.0.0"
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    report = bench.ended()
    assert report.phase is RolloutPhase.ACTIVE
    assert bench.running == "2.0.0"
    assert report.active == report.desired == bench.shared.model
    assert len(bench.shared.detect(FRAME)) == 1
    phases = list(dict.fromkeys(r.phase for r in bench.reports))
    assert phases == [
        RolloutPhase.ACTIVE,
        RolloutPhase.DOWNLOADING,
        RolloutPhase.VERIFYING,
        RolloutPhase.TESTING,
        RolloutPhase.WARMING_UP,
    ]
    bench.restart()
    assert bench.running == "2.0.0"
    assert bench.counters.get("rollouts_activated") == 1


def test_a_golden_clip_that_shows_it_road_users_lets_a_model_in(bench: ModelBench) -> None:
    golden = make_video(bench.folder / "golden.mp4", seconds=1.0).read_bytes()
    bench.offer("2.0.0", model_onnx=weights(), golden_mp4=golden)
    assert bench.ended().phase is RolloutPhase.ACTIVE


def refused(bench: ModelBench, version: str = "2.0.0") -> str:
    """Wait for a refusal; return its reason after checking that nothing has changed."""
    report = bench.ended()
    assert report.phase is RolloutPhase.KEPT_OLD
    assert report.active is not None
    assert report.active.version == bench.running == "1.0.0" != version
    assert len(bench.shared.detect(FRAME)) == 1
    assert bench.counters.get("rollouts_activated") == 0
    return report.reason


def test_a_model_that_sees_nobody_on_the_golden_clip_is_refused(bench: ModelBench) -> None:
    golden = make_video(bench.folder / "golden.mp4", seconds=1.0).read_bytes()
    bench.offer("2.0.0", model_onnx=weights("sees_nothing"), golden_mp4=golden)
    assert refused(bench) == "self-test failed: sees nobody on the golden clip"


def test_a_golden_clip_that_is_no_video_is_refused(bench: ModelBench) -> None:
    bench.offer("2.0.0", model_onnx=weights(salt=2), golden_mp4=b"no video at all")
    assert refused(bench).startswith("self-test failed: ")


def test_a_model_signed_by_another_key_is_refused(bench: ModelBench) -> None:
    files = {"model_onnx": weights(salt=2)}
    manifest = bench.serve(manifest_of("2.0.0", **files), **files)
    bench.store.want(Signer().desired(manifest))
    assert "not signed by the centre" in refused(bench)
    assert bench.centre.requests == []


def test_an_unsigned_model_is_refused(bench: ModelBench) -> None:
    manifest = manifest_of("2.0.0", model_onnx=weights(salt=2))
    desired = bench.signer.desired(manifest).model_copy(update={"signature": ""})
    bench.store.want(desired)
    assert "not signed by the centre" in refused(bench)


def test_a_manifest_changed_after_signing_is_refused(bench: ModelBench) -> None:
    desired = bench.signer.desired(manifest_of("2.0.0", model_onnx=weights(salt=2)))
    changed = desired.manifest_json.replace('"yolo"', '"deim"')
    bench.store.want(desired.model_copy(update={"manifest_json": changed}))
    assert "not signed by the centre" in refused(bench)


def test_without_a_pinned_key_no_model_is_taken(bench: ModelBench) -> None:
    bench.restart(public_key="")
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert refused(bench) == (
        "no key of the centre is pinned: set centre.public_key in the box file"
    )


def test_a_key_that_is_no_key_is_said(bench: ModelBench) -> None:
    bench.restart(public_key="bm8ga2V5")
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert "centre.public_key is not a base64 Ed25519 key" in refused(bench)


def test_a_signed_text_that_is_no_manifest_is_refused(bench: ModelBench) -> None:
    desired = bench.signer.desired(manifest_of("2.0.0", model_onnx=b"x"))
    text = '{"name": "tiny"}'
    signature = base64.b64encode(bench.signer.key.sign(text.encode())).decode()
    bench.store.want(desired.model_copy(update={"manifest_json": text, "signature": signature}))
    assert "the signed manifest is unusable: version" in refused(bench)


def test_weights_missing_from_the_files_are_refused(bench: ModelBench) -> None:
    bench.offer("2.0.0", other_onnx=weights(salt=2))
    assert "weights 'model.onnx' are not among its files" in refused(bench)


def test_a_file_with_other_bytes_than_signed_is_refused_and_deleted(bench: ModelBench) -> None:
    right, wrong = weights(salt=2), weights(salt=3)
    assert len(right) == len(wrong)
    manifest = bench.serve(manifest_of("2.0.0", model_onnx=right), model_onnx=wrong)
    bench.store.want(bench.signer.desired(manifest))
    assert refused(bench) == "model.onnx is not the signed file: size or SHA-256 differs"
    assert list((bench.folder / "var/models/tiny/2.0.0").iterdir()) == []


def test_a_truncated_file_never_becomes_active_and_the_rest_is_fetched_later(
    bench: ModelBench,
) -> None:
    bench.centre.truncate_to = 300
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    part = bench.folder / "var/models/tiny/2.0.0/model.onnx.part"
    assert wait_until(lambda: part.exists() and part.stat().st_size >= 300)
    assert bench.running == "1.0.0"
    bench.centre.truncate_to = 0
    assert bench.ended().phase is RolloutPhase.ACTIVE
    assert bench.running == "2.0.0"


def test_a_download_goes_on_where_an_earlier_process_was_killed(bench: ModelBench) -> None:
    content = weights(salt=2)
    folder = bench.folder / "var/models/tiny/2.0.0"
    folder.mkdir(parents=True)
    (folder / "model.onnx.part").write_bytes(content[:200])
    bench.offer("2.0.0", model_onnx=content)
    assert bench.ended().phase is RolloutPhase.ACTIVE
    progress = [r.progress_ratio for r in bench.reports if r.phase is RolloutPhase.DOWNLOADING]
    assert progress == sorted(progress)


def test_a_file_the_centre_does_not_have_is_refused(bench: ModelBench) -> None:
    bench.store.want(bench.signer.desired(manifest_of("2.0.0", model_onnx=weights(salt=2))))
    assert refused(bench).endswith("/model.onnx: HTTP 404")


def test_a_centre_that_is_away_is_tried_again_and_a_newer_wish_wins(bench: ModelBench) -> None:
    bench.restart(url=f"http://127.0.0.1:{free_port()}")
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert wait_until(lambda: bench.reports[-1].phase is RolloutPhase.DOWNLOADING)
    bench.store.want(Signer().desired(manifest_of("3.0.0", model_onnx=b"x"), number=2))
    assert "not signed" in refused(bench)


def test_a_file_that_is_no_network_is_refused(bench: ModelBench) -> None:
    bench.offer("2.0.0", model_onnx=b"\x08 this is no network")
    assert "cannot open the model" in refused(bench)


def test_a_network_that_calculates_nonsense_is_refused(bench: ModelBench) -> None:
    bench.offer("2.0.0", model_onnx=weights("not_finite"))
    assert refused(bench) == "self-test failed: output 'output0' is not finite"


def test_a_network_that_never_ends_is_killed_and_refused(bench: ModelBench) -> None:
    """A real ONNX Loop without end; only the patience is shortened."""
    bench.restart(lambda m, g, limits, s: run_trial(m, g, replace(limits, timeout_s=4.0), s))
    bench.offer("2.0.0", model_onnx=weights("endless"))
    assert refused(bench) == "self-test did not end within 4 s"


def program(code: str) -> Trial:
    """Return a trial whose process runs ``code`` in the model's place."""
    command = [sys.executable, "-c", code]
    return lambda _manifest, _golden, limits, is_stopped: judge(command, limits, is_stopped)


@pytest.mark.parametrize("number", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_a_network_that_crashes_its_process_is_refused(bench: ModelBench, number: int) -> None:
    code = f"import os; os.kill(os.getpid(), {int(number)})"
    bench.restart(program(code))
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert refused(bench) == f"self-test crashed: {signal.Signals(number).name}"


def test_a_process_that_ends_without_a_verdict_is_refused_with_its_last_words(
    bench: ModelBench,
) -> None:
    bench.restart(program("raise SystemExit('no more memory')"))
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert refused(bench) == "self-test ended with code 1: no more memory"


def test_a_model_slower_than_the_box_allows_is_refused(bench: ModelBench) -> None:
    code = """print('{"latency_s": 0.9, "problem": ""}')"""
    bench.restart(program(code))
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert refused(bench) == (
        "too slow for this box: 0.900 s per frame, detector.max_latency_s allows 0.5"
    )


def test_the_same_wish_delivered_again_is_answered_and_not_repeated(bench: ModelBench) -> None:
    bench.offer("2.0.0", model_onnx=weights("not_finite"))
    refused(bench)
    asked, said = len(bench.centre.requests), len(bench.reports)
    bench.offer("2.0.0", model_onnx=weights("not_finite"))
    assert wait_until(lambda: len(bench.reports) == said + 1)
    assert bench.reports[-1] == bench.reports[-2]
    assert len(bench.centre.requests) == asked


def test_a_wish_for_what_runs_already_is_answered_at_once(bench: ModelBench) -> None:
    own = (bench.folder / "own/model.onnx").read_bytes()
    bench.offer("1.0.0", model_onnx=own)
    report = bench.ended()
    assert report.phase is RolloutPhase.ACTIVE
    assert bench.centre.requests == []


def test_only_the_running_version_and_the_one_before_keep_their_files(bench: ModelBench) -> None:
    for number in (2, 3, 4):
        bench.offer(f"{number}.0.0", number, model_onnx=weights(salt=number))
        assert wait_until(lambda wanted=f"{number}.0.0": bench.running == wanted)  # type: ignore[misc]
    versions = bench.folder / "var/models/tiny"
    assert wait_until(lambda: {p.name for p in versions.iterdir()} == {"3.0.0", "4.0.0"})


def test_a_model_whose_box_dies_again_and_again_is_given_up(bench: ModelBench) -> None:
    """It passed its self-test and kills the process later: after some deaths the old one runs."""
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert bench.ended().phase is RolloutPhase.ACTIVE
    for _ in range(MAX_DEATHS - 1):
        bench.die_and_start()
        assert bench.running == "2.0.0"
    bench.die_and_start()
    assert bench.running == "1.0.0"
    assert f"made the box die {MAX_DEATHS}×" in bench.fallback_reason
    bench.offer("2.0.0", 2, model_onnx=weights(salt=2))
    assert "then made the box die" in bench.ended().reason
    assert bench.running == "1.0.0"


def test_a_box_that_is_stopped_on_purpose_does_not_blame_its_model(bench: ModelBench) -> None:
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert bench.ended().phase is RolloutPhase.ACTIVE
    for _ in range(2 * MAX_DEATHS):
        bench.restart()
    assert bench.running == "2.0.0"


def test_a_damaged_active_model_falls_back_to_the_box_files_own(bench: ModelBench) -> None:
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert bench.ended().phase is RolloutPhase.ACTIVE
    damaged = bench.folder / "var/models/tiny/2.0.0/model.onnx"
    os.truncate(damaged, 100)
    bench.restart()
    assert bench.running == "1.0.0"
    assert "truncated or another file" in bench.fallback_reason


def test_a_box_without_any_usable_model_says_so(tmp_path: Path) -> None:
    box = BoxConfig.model_validate(
        {
            "box_id": "n1",
            "data_dir": str(tmp_path),
            "centre": {"url": "http://127.0.0.1:1", "token": TOKEN},
            "detector": {"manifest": str(tmp_path / "none.json")},
            "cameras": ["unused"],
        }
    )
    with pytest.raises(ModelError, match="cannot read the model's manifest"):
        load_running(box)


def test_stopping_does_not_wait_for_a_trial(bench: ModelBench) -> None:
    bench.restart(program("import time; time.sleep(60)"))
    bench.offer("2.0.0", model_onnx=weights(salt=2))
    assert wait_until(lambda: bench.reports[-1].phase is RolloutPhase.TESTING)
    began = SystemClock().monotonic()
    bench.store.stop()
    assert SystemClock().monotonic() - began < 5
    bench.start()
