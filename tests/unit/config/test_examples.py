"""The annotated examples: they hold every key there is, explain each, and are right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from edge.config.box import BoxConfig
from edge.config.camera import CameraConfig, FileSource, UsbSource
from edge.config.load import load_box, load_camera
from edge.errors import ConfigError
from edge.rules import check_rules

CONFIGS = Path(__file__).parents[3] / "configs"
ENVIRONMENT = {
    "SONGLAM_BOX_TOKEN": "0123456789abcdef",
    "SONGLAM_CENTRE_KEY": "",
    "CAMERA_PASSWORD": "not-a-secret",
}


def keys_of(schema: dict[str, Any], whole: dict[str, Any], below: str = "") -> set[str]:
    """Return every key path of a JSON Schema; lists are looked into."""
    if "$ref" in schema:
        schema = whole["$defs"][schema["$ref"].rpartition("/")[2]]
    found: set[str] = set()
    for choice in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        found |= keys_of(choice, whole, below)
    if "items" in schema:
        found |= keys_of(schema["items"], whole, below)
    for name, value in schema.get("properties", {}).items():
        found |= {f"{below}{name}"} | keys_of(value, whole, f"{below}{name}.")
    return found


def keys_in(value: object, below: str = "") -> set[str]:
    """Return every key path that a read YAML file holds."""
    if isinstance(value, list):
        return set().union(*(keys_in(item, below) for item in value))
    if not isinstance(value, dict):
        return set()
    return {f"{below}{key}" for key in value}.union(
        *(keys_in(item, f"{below}{key}.") for key, item in value.items())
    )


def test_the_box_example_holds_every_key_and_no_other() -> None:
    schema = BoxConfig.model_json_schema()
    example = yaml.safe_load((CONFIGS / "box.example.yaml").read_text(encoding="utf-8"))
    assert keys_in(example) == keys_of(schema, schema)


def test_the_camera_example_holds_every_key_and_no_other() -> None:
    """The keys of the other kinds of source stand there commented out."""
    schema = CameraConfig.model_json_schema()
    text = (CONFIGS / "camera.example.yaml").read_text(encoding="utf-8")
    example = keys_in(yaml.safe_load(text))
    commented = {
        f"source.{key}"
        for model in (FileSource, UsbSource)
        for key in model.model_fields
        if f"  # {key}: " in text
    }
    rules = {key for key in example if key.startswith("rules.")}
    assert (example | commented) - rules == keys_of(schema, schema)


@pytest.mark.parametrize("name", ["box.example.yaml", "camera.example.yaml"])
def test_every_key_of_an_example_is_explained(name: str) -> None:
    """On its own line, on the line of the block it opens, or where the same key stood before."""
    explained: set[str] = set()
    unexplained = []
    for line in (CONFIGS / name).read_text(encoding="utf-8").splitlines():
        before, mark, _ = line.removeprefix("  # ").partition(" #")
        key = before.strip().removeprefix("- ").split(":")[0]
        if not key or line.startswith("#") or key.startswith("{"):
            continue
        if mark:
            explained.add(key)
        elif ":" in before and key not in explained:
            unexplained.append(key)
    blocks = {"centre", "broker", "detector", "evidence", "video", "outbox", "uploads", "ground"}
    rules = {"red_light", "stop_line", "stopped_vehicle", "hold_s"}
    assert set(unexplained) <= blocks | rules | {"id"}


def test_the_examples_are_right() -> None:
    camera = load_camera(CONFIGS / "camera.example.yaml", ENVIRONMENT)
    assert check_rules(camera) == []
    box = load_box(CONFIGS / "box.example.yaml", ENVIRONMENT)
    assert box.config.box_id == "box-example"
    assert [c.config.id for c in box.cameras] == ["camera-example"]


def test_the_examples_hold_no_secret() -> None:
    with pytest.raises(ConfigError) as caught:
        load_box(CONFIGS / "box.example.yaml", {})
    missing = {p.split("environment variable ")[1].split()[0] for p in caught.value.problems}
    assert missing == set(ENVIRONMENT)
