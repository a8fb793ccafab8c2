"""A real box process and the real centre: what a court would get, checked by the verifier alone."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from edge.contract.chain import parse_sealed
from edge.contract.verify import main as verify
from tests.centre import add_box, running_centre
from tests.edge_process import ROOT, EdgeProcess, Home, write_box
from tests.mosquitto import free_port
from tests.stand_in_centre import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx

    from tests.centre import RunningCentre

pytestmark = pytest.mark.timeout(150)
WANTED = {"still", "thumbnail", "clip", "overlay", "manifest", "playback"}


class Line:
    """A centre, a box that belongs to it, and a person who looks."""

    def __init__(self, folder: Path, centre: RunningCentre, mqtt_port: int) -> None:
        self.api: httpx.Client = centre.person()
        self.url = centre.url
        self.folder = folder
        home = Home(mqtt_port, centre.url, "", add_box(centre.parts.database, "n1"))
        self.box_file = write_box(folder, home)
        self.data_dir = folder / "var"

    def stored(self) -> list[dict[str, str]]:
        """Return the evidence of the newest incident that is at the centre."""
        items = self.api.get("/incidents").json()["items"]
        if not items:
            return []
        detail = self.api.get(f"/incidents/{items[0]['incident_id']}").json()
        return [item for item in detail["evidence"] if item["state"] == "stored"]

    def complete(self) -> bool:
        """Tell whether everything has arrived, the manifest of the playback copy too."""
        stored = self.stored()
        ids = {item["evidence_id"].rpartition(".")[2] for item in stored}
        return {item["kind"] for item in stored} >= WANTED and "manifest-2" in ids

    def download(self, item: dict[str, str]) -> bytes:
        """Return a file as the centre hands it out."""
        return self.api.get(f"{self.url}{item['url']}").content

    def hold(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        """Type ``python -m edge hold`` beside the running box."""
        command = [sys.executable, "-m", "edge", "hold", *arguments]
        return subprocess.run(
            [*command, "--config", str(self.box_file)], cwd=ROOT, capture_output=True, check=False
        )


@pytest.fixture(scope="module")
def line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Line]:
    """One box and one centre for all tests here: starting them takes longest."""
    folder, mqtt_port = tmp_path_factory.mktemp("line"), free_port()
    (folder / "centre").mkdir()
    with running_centre(folder / "centre", mqtt_port=mqtt_port) as centre:
        made = Line(folder / "box", centre, mqtt_port)
        with EdgeProcess(made.box_file):
            yield made


def test_what_the_centre_has_of_an_incident_verifies_by_itself_and_with_the_boxs_chain(
    line: Line, tmp_path: Path
) -> None:
    assert wait_until(line.complete, 90)
    folder = tmp_path / "download"
    folder.mkdir()
    for item in line.stored():
        ending = "jsonl" if item["kind"] == "manifest" else "bin"
        (folder / f"{item['evidence_id']}.{ending}").write_bytes(line.download(item))
    key = key_of(line.data_dir)
    assert verify([str(folder), "--key", key]) == 0
    assert verify([str(line.data_dir), "--key", key]) == 0
    package = tmp_path / "package.zip"
    incident_id = line.stored()[0]["evidence_id"].partition(".")[0]
    answer = line.api.get(f"/incidents/{incident_id}/export", params={"purpose": "vụ 7"})
    package.write_bytes(answer.content)
    assert answer.status_code == 200
    assert verify([str(package), "--key", key]) == 0
    clip = next(folder.glob("*.clip.bin"))
    clip.write_bytes(clip.read_bytes()[:-1] + b"!")
    assert verify([str(folder), "--key", key]) == 1


def test_the_thumbnail_is_a_small_picture_of_the_scene(line: Line) -> None:
    assert wait_until(lambda: any(i["kind"] == "thumbnail" for i in line.stored()), 60)
    [item] = [i for i in line.stored() if i["kind"] == "thumbnail"]
    content = line.download(item)
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    assert image is not None
    assert image.shape == (160, 320, 3)
    assert len(content) <= 20_000


def test_a_hold_typed_beside_a_running_box_is_told_and_enters_the_chain(line: Line) -> None:
    assert wait_until(lambda: any(i["kind"] == "manifest" for i in line.stored()), 90)
    incident_id = line.stored()[0]["evidence_id"].partition(".")[0]
    placed = line.hold("place", incident_id, "--reason", "toà án yêu cầu")
    again = line.hold("place", incident_id, "--reason", "toà án yêu cầu")
    listed = line.hold("list")
    assert (placed.returncode, again.returncode, listed.returncode) == (0, 1, 0)
    assert f"{incident_id}  ".encode() in listed.stdout
    entries = (line.data_dir / "chain.jsonl").read_bytes().splitlines()
    assert any(b'"kind":"hold"' in entry for entry in entries)
    assert line.hold("release", incident_id, "--reason", "xong").returncode == 0
    assert line.hold("release", "nobody", "--reason", "xong").returncode == 1
    assert line.hold("place", incident_id).returncode == 2


def key_of(data_dir: Path) -> str:
    """Return the public key that the box's newest manifest names."""
    sealed = next(data_dir.glob("evidence/*/*.manifest.jsonl")).read_bytes()
    key: str = json.loads(sealed.split(b"\n")[0])["public_key"]
    assert parse_sealed(sealed, key, "n1").head.length > 0
    return key
