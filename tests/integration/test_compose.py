"""docker-compose.yml: a real compose parser takes it, secrets are asked for, paths exist."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from edge.config.box import BoxConfig
from edge.config.camera import RtspSource
from edge.config.load import load_camera
from edge.config.yaml_text import parse_yaml

ROOT = Path(__file__).resolve().parents[2]
SECRETS = (
    "SONGLAM_DATABASE_PASSWORD",
    "SONGLAM_MQTT_PASSWORD",
    "SONGLAM_BOX_ID",
    "SONGLAM_BOX_TOKEN",
    "SONGLAM_PUBLIC_URL",
)
MADE_AT_SETUP = ("./var/", "./.cache/")


def parse(without: str = "") -> subprocess.CompletedProcess[str]:
    """Run the parser on the file, every secret set but one."""
    given = {name: "given-by-the-test" for name in SECRETS if name != without}
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **given}
    command = ["docker-compose", "--file", str(ROOT / "docker-compose.yml"), "config"]
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def services() -> dict[str, Any]:
    """Return the services as the parser understood them."""
    result = parse()
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = yaml.safe_load(result.stdout)["services"]
    return found


def test_a_compose_parser_takes_the_file_and_every_service_is_watched() -> None:
    found = services()

    assert {"mosquitto", "database", "centre", "edge", "cameras"} <= set(found)
    for name, service in found.items():
        watched = "healthcheck" in service or service.get("restart") == "no"
        assert watched, f"{name} has no health check"


def test_every_service_that_is_to_run_comes_back_by_itself() -> None:
    """A box whose loop hangs ends itself, and so comes back as well."""
    policies = {name: service.get("restart", "no") for name, service in services().items()}

    assert policies.pop("provision") == "no"
    assert set(policies.values()) <= {"unless-stopped", "always"}, policies


@pytest.mark.parametrize("secret", SECRETS)
def test_a_missing_secret_stops_the_start_and_is_named(secret: str) -> None:
    result = parse(without=secret)

    assert result.returncode != 0
    assert secret in result.stderr


def test_no_secret_stands_in_the_file() -> None:
    text = (ROOT / "docker-compose.yml").read_text()

    assert re.findall(r"\w*(?:PASSWORD|TOKEN): +(?!\$\{)\S+", text) == []


def test_every_mounted_file_of_the_repository_exists() -> None:
    raw = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    mounts = [volume.split(":")[0] for service in raw.values() for volume in service["volumes"]]
    ours = [m for m in mounts if m.startswith("./") and not m.startswith(MADE_AT_SETUP)]

    assert ours
    assert [m for m in ours if not (ROOT / m).exists()] == []


def test_the_example_environment_lists_what_the_file_asks_for() -> None:
    asked = set(re.findall(r"\$\{(\w+):", (ROOT / "docker-compose.yml").read_text()))
    listed = set(
        re.findall(r"^(\w+)=", (ROOT / "configs/compose/example.env").read_text(), re.MULTILINE)
    )

    assert asked == listed


def test_the_box_file_of_the_composition_is_a_valid_one_with_rtsp_cameras() -> None:
    """An empty key is allowed: it means that the box keeps the model it started with."""
    folder = ROOT / "configs/compose"
    given = {"SONGLAM_BOX_ID": "box-1", "SONGLAM_BOX_TOKEN": "t" * 32, "SONGLAM_CENTRE_KEY": ""}

    box = BoxConfig.model_validate(
        parse_yaml((folder / "box.yaml").read_text(), "box.yaml", given).value
    )

    served = yaml.safe_load((folder / "mediamtx.yml").read_text())["paths"]
    for name in box.cameras:
        source = load_camera(folder / name, given).source
        assert isinstance(source, RtspSource)
        assert PurePosixPath(source.url).name in served


def test_what_the_box_file_names_is_where_the_composition_mounts_it() -> None:
    edge = services()["edge"]
    mounted = {
        volume["target"] if isinstance(volume, dict) else volume.split(":")[1]
        for volume in edge["volumes"]
    }
    box = yaml.safe_load((ROOT / "configs/compose/box.yaml").read_text())

    assert box["broker"]["tls_ca"] in mounted
    assert {"/etc/songlam/box.yaml", "/etc/songlam/cameras"} <= mounted
    assert edge["environment"]["SONGLAM_MODELS"] in mounted
    manifest = box["detector"]["manifest"].removeprefix("/opt/songlam/")
    assert (ROOT / manifest).is_file()
