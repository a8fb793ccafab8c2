"""A real box process and the real centre: incident, evidence, health and rollout over the API."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import pytest

from central.signing import load_signing_key
from tests.centre import RunningCentre, add_box, running_centre
from tests.edge_process import EdgeProcess, Home, write_box
from tests.mosquitto import free_port
from tests.stand_in_centre import wait_until
from tests.tiny_models import manifest_of, weights

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

pytestmark = pytest.mark.timeout(150)


class Bench:
    """A centre with its embedded broker, a box that belongs to it, and a technician."""

    def __init__(self, folder: Path, centre: RunningCentre, mqtt_port: int) -> None:
        key = load_signing_key(centre.parts.data_dir).public_base64
        token = add_box(centre.parts.database, "n1")
        self.centre = centre
        self.api: httpx.Client = centre.person()
        self.box_file = write_box(folder, Home(mqtt_port, centre.url, key, token))

    def get(self, path: str) -> Any:
        """Return the JSON of a resource."""
        answer = self.api.get(path)
        answer.raise_for_status()
        return answer.json()

    def box(self) -> dict[str, Any]:
        """Return the box as the console shows it."""
        shown: dict[str, Any] = self.get("/boxes/n1")
        return shown

    def stored_evidence(self) -> dict[str, dict[str, Any]]:
        """Return kind → item of the newest incident's evidence, of what is stored."""
        items = self.get("/incidents")["items"]
        if not items:
            return {}
        detail = self.get(f"/incidents/{items[0]['incident_id']}")
        return {e["kind"]: e for e in detail["evidence"] if e["state"] == "stored"}

    def upload(self, version: str, content: bytes) -> None:
        """Upload a model version as a technician does."""
        manifest = manifest_of(version, model_onnx=content)
        answer = self.api.post(
            "/models",
            data={"manifest": manifest.model_dump_json()},
            files={"weights": ("model.onnx", content)},
        )
        assert answer.status_code == 201, answer.text

    def assign(self, version: str) -> None:
        """Assign a version to the box."""
        body = {"name": "tiny", "version": version}
        assert self.api.put("/boxes/n1/assignment", json=body).is_success


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    mqtt_port = free_port()
    (tmp_path / "centre").mkdir()
    with running_centre(tmp_path / "centre", mqtt_port=mqtt_port) as centre:
        made = Bench(tmp_path / "box", centre, mqtt_port)
        with EdgeProcess(made.box_file):
            yield made


def test_an_incident_is_stored_with_a_clip_of_the_right_bytes(bench: Bench) -> None:
    """And a copy that plays in a browser, since the clip's codec does not."""
    assert wait_until(lambda: {"still", "clip", "playback"} <= set(bench.stored_evidence()), 60)
    for item in bench.stored_evidence().values():
        content = bench.api.get(f"{bench.centre.url}{item['url']}").content
        assert hashlib.sha256(content).hexdigest() == item["sha256"]
    [incident, *_] = bench.get("/incidents")["items"]
    assert (incident["rule"], incident["box_id"]) == ("stopped_vehicle", "n1")
    assert incident["clip_ready"]
    assert incident["thumbnail_url"]
    detail = bench.get(f"/incidents/{incident['incident_id']}")
    assert detail["model"]["name"] == "tiny"
    assert [r["revision"] for r in detail["revisions"]] == sorted(
        r["revision"] for r in detail["revisions"]
    )


def test_the_box_is_shown_online_with_its_camera(bench: Bench) -> None:
    def is_healthy() -> bool:
        box = bench.box()
        return box["status"] == "online" and [c["status"] for c in box["cameras"]] == ["online"]

    assert wait_until(is_healthy, 40)
    # The state sent first was written before the connection counted; the next heartbeat has it.
    assert wait_until(lambda: bench.box()["counters"]["broker_connects"] == 1, 20)


def test_a_model_goes_from_the_console_to_the_running_box_and_a_bad_one_does_not(
    bench: Bench,
) -> None:
    """Uploaded, signed, assigned, downloaded, tried, swapped, reported; then one is refused."""

    def active() -> str | None:
        now = bench.box()["active"]
        return now["version"] if now else None

    assert wait_until(lambda: active() == "1.0.0", 40)
    bench.upload("2.0.0", weights("elsewhere"))
    bench.assign("2.0.0")
    assert wait_until(lambda: active() == "2.0.0", 60)
    bench.upload("3.0.0", weights("not_finite"))
    bench.assign("3.0.0")
    assert wait_until(lambda: bench.box()["rollout_phase"] == "kept_old", 60)
    box = bench.box()
    assert box["rollout_reason"] == "self-test failed: output 'output0' is not finite"
    assert (box["active"]["version"], box["desired"]["version"]) == ("2.0.0", "3.0.0")
