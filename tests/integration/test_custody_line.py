"""A real box and a real centre: signed evidence arrives, is held on both, and is taken out."""

from __future__ import annotations

import io
import subprocess
import sys
import time
import zipfile
from typing import TYPE_CHECKING, Any

import pytest

from central.auth.schemas import Role
from tests.centre import add_box, running_centre
from tests.edge_process import EdgeProcess, Home, write_box
from tests.mosquitto import free_port

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import httpx

WITHIN_S = 90.0
REASON = "Công văn 45/CSGT-Đ4"


def wait_for(what: str, look: Callable[[], Any]) -> Any:
    """Return what ``look`` finds once it finds something."""
    until = time.monotonic() + WITHIN_S
    while time.monotonic() < until:
        if found := look():
            return found
        time.sleep(0.3)
    pytest.fail(f"{what}: not within {WITHIN_S:.0f} s")


def incident(officer: httpx.Client, **wanted: object) -> dict[str, Any] | None:
    """Return the details of an incident in which some fields have some values."""
    for item in officer.get("/incidents").json()["items"]:
        detail: dict[str, Any] = officer.get(f"/incidents/{item['incident_id']}").json()
        if all(detail[name] == value for name, value in wanted.items()):
            return detail
    return None


def is_verified(officer: httpx.Client) -> dict[str, Any] | None:
    for item in officer.get("/incidents").json()["items"]:
        detail: dict[str, Any] = officer.get(f"/incidents/{item['incident_id']}").json()
        assert detail["integrity"]["state"] != "broken", detail["integrity"]
        if detail["integrity"]["state"] == "verified" and detail["clip_ready"]:
            return detail
    return None


@pytest.mark.timeout(300)
def test_what_a_box_signed_is_verified_held_and_exported(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "centre").mkdir()
    with running_centre(tmp_path / "centre", mqtt_port=port) as centre:
        token = add_box(centre.parts.database, "n1")
        home = Home(mqtt_port=port, url=centre.url, token=token)
        officer = centre.person(Role.OFFICER)
        (tmp_path / "box").mkdir()
        with EdgeProcess(write_box(tmp_path / "box", home)):
            found = wait_for("signed evidence", lambda: is_verified(officer))
            name = found["incident_id"]
            kinds = {entry["kind"] for entry in found["evidence"]}
            assert {"clip", "still", "thumbnail", "manifest"} <= kinds
            assert found["thumbnail_url"].endswith("thumbnail")

            officer.post(f"/incidents/{name}/hold", json={"reason": REASON})
            wait_for(
                "hold on the box", lambda: incident(officer, incident_id=name, held_on_box=True)
            )
            box = officer.get("/boxes/n1").json()
            assert (box["chain"]["state"], box["chain"]["length"] > 2) == ("ok", True)

            status, said = exported(officer, name, tmp_path / "out", box["chain"]["public_key"])
            assert status == 0, said

            officer.delete(f"/incidents/{name}/hold", params={"reason": "xong"})
            wait_for("release", lambda: incident(officer, incident_id=name, held_on_box=False))


def exported(officer: httpx.Client, name: str, folder: Path, key: str) -> tuple[int, str]:
    """Take the package out, unpack it, and return what its own verifier says."""
    content = officer.get(f"/incidents/{name}/export", params={"purpose": REASON}).content
    zipfile.ZipFile(io.BytesIO(content)).extractall(folder)
    place = folder / name
    done = subprocess.run(
        [sys.executable, "-I", str(place / "verify.py"), str(place), "--key", key],
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout + done.stderr
