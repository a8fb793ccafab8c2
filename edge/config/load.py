"""Box and camera files → checked configuration, with every mistake at once.

Invariants:
    * One :class:`~edge.errors.ConfigError` carries all problems of all files, each as
      ``file:line: key: what is wrong, what is allowed``.
    * Paths come out absolute: a relative one starts at the file that names it.
    * A value that failed because its variable is unset is reported once, as that.

Nothing is started, created or connected here, and no camera is opened.
"""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from edge.config.box import BoxConfig
from edge.config.camera import CameraConfig, FileSource
from edge.config.yaml_text import KeyPath, YamlText, parse_yaml
from edge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pydantic_core import ErrorDetails

ConfigT = TypeVar("ConfigT", BoxConfig, CameraConfig)
MAX_VALUE_CHARS = 60
SECRET_KEYS = frozenset({"token", "url"})
"""Keys whose value may hold a password and is never repeated in a message."""


@dataclass(frozen=True, slots=True)
class LoadedCamera:
    """A camera file and where it stands."""

    path: Path
    config: CameraConfig


@dataclass(frozen=True, slots=True)
class LoadedBox:
    """A box file with the camera files it names."""

    path: Path
    config: BoxConfig
    cameras: tuple[LoadedCamera, ...]


def load_camera(path: Path, environment: Mapping[str, str] = os.environ) -> CameraConfig:
    """Read one camera file.

    Raises:
        ConfigError: The file is missing, not YAML, or says something that is not allowed.
    """
    camera = _load(path, CameraConfig, environment)
    if isinstance(camera.source, FileSource):
        video = _resolved(camera.source.path, path)
        camera = camera.model_copy(
            update={"source": camera.source.model_copy(update={"path": video})}
        )
    return camera


def load_box(
    path: Path,
    environment: Mapping[str, str] = os.environ,
    *,
    check_camera: Callable[[CameraConfig], list[str]] = lambda _: [],
    check_model: Callable[[Path], list[str]] = lambda _: [],
) -> LoadedBox:
    """Read a box file and all camera files it names.

    Args:
        path: The box file.
        environment: Values for ``${NAME}``.
        check_camera: Returns ``key: problem`` lines of what only others know, such as rules.
        check_model: Likewise for the path of the model's manifest.

    Raises:
        ConfigError: Any of the files is missing or wrong, a file named in them does not exist, or
            two cameras share an id; with all problems of all files.
    """
    problems: list[str] = []
    box: BoxConfig | None = None
    try:
        box = _with_paths(_load(path, BoxConfig, environment), path)
    except ConfigError as error:
        problems += error.problems
    cameras = _load_cameras(_camera_paths(path, box, environment), environment, problems)
    problems += _missing_files(path, box, cameras)
    for camera in cameras:
        problems += [f"{camera.path}: {problem}" for problem in check_camera(camera.config)]
    if box is not None and Path(box.detector.manifest).is_file():
        found = check_model(Path(box.detector.manifest))
        problems += [f"{path}: detector.manifest: {problem}" for problem in found]
    if problems or box is None:
        raise ConfigError(problems)
    return LoadedBox(path, box, tuple(cameras))


def _camera_paths(path: Path, box: BoxConfig | None, environment: Mapping[str, str]) -> list[Path]:
    """Return the camera files named, even by a box file that is wrong elsewhere."""
    if box is not None:
        return [Path(name) for name in box.cameras]
    try:
        value = parse_yaml(path.read_text(encoding="utf-8"), str(path), environment).value
    except (OSError, UnicodeDecodeError, ConfigError):
        return []
    names = value.get("cameras") if isinstance(value, dict) else None
    if not isinstance(names, list):
        return []
    return [Path(_resolved(name, path)) for name in names if isinstance(name, str)]


def _load_cameras(
    paths: list[Path], environment: Mapping[str, str], problems: list[str]
) -> list[LoadedCamera]:
    """Read camera files one by one, adding what is wrong to ``problems``."""
    cameras: list[LoadedCamera] = []
    for path in paths:
        try:
            cameras.append(LoadedCamera(path, load_camera(path, environment)))
        except ConfigError as error:
            problems += error.problems
    return cameras


def _missing_files(path: Path, box: BoxConfig | None, cameras: list[LoadedCamera]) -> list[str]:
    """Return problems that only several files together show."""
    problems = []
    first_file: dict[str, Path] = {}
    for camera in cameras:
        config, source = camera.config, camera.config.source
        if config.id in first_file:
            problems.append(
                f"{camera.path}: id: {config.id!r} is already the id of {first_file[config.id]}; "
                "every camera of a box needs its own"
            )
        first_file.setdefault(config.id, camera.path)
        if source is None:
            problems.append(f"{camera.path}: source: missing; a running box needs one per camera")
        if isinstance(source, FileSource) and not Path(source.path).is_file():
            problems.append(f"{camera.path}: source.path: no such file: {source.path}")
    if box is not None:
        for key, name in (
            ("detector.manifest", box.detector.manifest),
            ("broker.tls_ca", box.broker.tls_ca),
        ):
            if name and not Path(name).is_file():
                problems.append(f"{path}: {key}: no such file: {name}")
    return problems


def _with_paths(box: BoxConfig, path: Path) -> BoxConfig:
    """Return the box with every path absolute."""
    ca = box.broker.tls_ca
    return box.model_copy(
        update={
            "data_dir": _resolved(box.data_dir, path),
            "cameras": tuple(_resolved(name, path) for name in box.cameras),
            "detector": box.detector.model_copy(
                update={"manifest": _resolved(box.detector.manifest, path)}
            ),
            "broker": box.broker.model_copy(update={"tls_ca": _resolved(ca, path) if ca else ""}),
        }
    )


def _resolved(name: str, beside: Path) -> str:
    """Return ``name`` as an absolute path, starting at the folder of ``beside``."""
    return str((beside.parent / Path(name).expanduser()).resolve())


def _load(path: Path, model: type[ConfigT], environment: Mapping[str, str]) -> ConfigT:
    """Read and check one file.

    Raises:
        ConfigError: With every problem of this file.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError([f"{path}: no such file"]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{path}: cannot be read as UTF-8 text: {error}"]) from error
    parsed = parse_yaml(text, str(path), environment)
    if not isinstance(parsed.value, dict):
        raise ConfigError([f"{path}:1: expected keys and values, found {_shown(parsed.value)}"])
    problems = list(parsed.problems)
    try:
        config = model.model_validate(parsed.value)
    except ValidationError as error:
        known = {key for key, _ in problems}
        found = [(_key_path(e, parsed), _explain(e, model)) for e in error.errors()]
        problems += [(key, what) for key, what in found if key not in known]
    else:
        if not problems:
            return config
    problems.sort(key=lambda problem: parsed.line_of(problem[0]))
    raise ConfigError(
        [f"{path}:{parsed.line_of(key)}: {_dotted(key)}{what}" for key, what in problems]
    )


def _key_path(error: ErrorDetails, parsed: YamlText) -> KeyPath:
    """Return where in the file an error stands; pydantic's union tags are not keys and go."""
    path: KeyPath = ()
    loc = error["loc"]
    for position, part in enumerate(loc):
        is_last = position == len(loc) - 1
        if (*path, part) in parsed.lines or (is_last and error["type"] == "missing"):
            path = (*path, part)
    return path


def _dotted(path: KeyPath) -> str:
    """Write a key path as people do: ``zones[2].polygon: ``."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return f"{text}: " if text else ""


def _explain(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Say what is wrong, with the value and what is allowed."""
    if error["type"] == "extra_forbidden":
        return _unknown_key(error, model)
    if error["type"] == "missing":
        return "missing; it has no default"
    message = error["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    secret = any(part in SECRET_KEYS for part in error["loc"])
    whole_model = error["type"] == "value_error"
    return message if secret or whole_model else f"{_shown(error['input'])} is wrong: {message}"


def _unknown_key(error: ErrorDetails, model: type[BaseModel]) -> str:
    """Name the keys allowed where an unknown one stands, the likeliest first."""
    allowed = sorted(_allowed_keys(model, error["loc"][:-1]))
    close = difflib.get_close_matches(str(error["loc"][-1]), allowed, n=1, cutoff=0.6)
    hint = f"did you mean {close[0]!r}? " if close else ""
    return f"unknown key; {hint}allowed here: {', '.join(allowed)}"


def _allowed_keys(model: type[BaseModel], loc: tuple[int | str, ...]) -> set[str]:
    """Return the keys of the model that stands at ``loc`` below ``model``.

    Walks the JSON Schema, where references, unions and lists are already spelled out.
    """
    schema = model.model_json_schema()
    here: dict[str, Any] = schema
    for part in loc:
        here = _step(here, part, schema)
    return set(_dereferenced(here, schema).get("properties", {}))


def _step(here: dict[str, Any], part: int | str, schema: dict[str, Any]) -> dict[str, Any]:
    """Go one key, list index or union tag down in a JSON Schema."""
    here = _dereferenced(here, schema)
    if isinstance(part, int):
        items: dict[str, Any] = here.get("items", {})
        return items
    if part in here.get("properties", {}):
        below: dict[str, Any] = here["properties"][part]
        return below
    tags = here.get("discriminator", {}).get("mapping", {})
    if part in tags:
        return {"$ref": tags[part]}
    return {}


def _dereferenced(here: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """Follow ``$ref``, and an optional value to what it is when given."""
    while True:
        choices = [c for c in here.get("anyOf", []) if c.get("type") != "null"]
        if "$ref" in here:
            here = schema["$defs"][here["$ref"].rpartition("/")[2]]
        elif len(choices) == 1:
            here = choices[0]
        else:
            return here


def _shown(value: Any) -> str:
    """Return a value short enough for one line."""
    text = repr(value)
    return text if len(text) <= MAX_VALUE_CHARS else text[: MAX_VALUE_CHARS - 1] + "…"
