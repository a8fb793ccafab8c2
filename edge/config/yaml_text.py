"""YAML text → plain values that still know their line; duplicate keys and unset variables refused.

Invariants:
    * Every problem is collected, none hides another; only unreadable YAML stops the reading.
    * ``${NAME}`` in any text value is replaced from the environment given; a missing variable is a
      problem, never an empty string.
    * ``false`` and numbers stay what YAML says they are; text that came out of a variable stays
      text.

This module knows nothing of cameras or boxes: see :mod:`edge.config.load`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from edge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

KeyPath = tuple[str | int, ...]
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


@dataclass(slots=True)
class YamlText:
    """What a file says: plain values, the line of each key path, and what is wrong with it."""

    value: Any
    lines: dict[KeyPath, int] = field(default_factory=dict)
    problems: list[tuple[KeyPath, str]] = field(default_factory=list)

    def line_of(self, path: KeyPath) -> int:
        """Return the line of ``path``, or of its nearest known parent."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


def parse_yaml(text: str, name: str, environment: Mapping[str, str]) -> YamlText:
    """Read one YAML document.

    Args:
        text: The document.
        name: How messages call the file.
        environment: Values for ``${NAME}``.

    Raises:
        ConfigError: The text is not YAML at all.
    """
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        reason = getattr(error, "problem", None) or str(error)
        raise ConfigError([f"{name}:{line}: not valid YAML: {reason}"]) from error
    result = YamlText(value=None)
    if root is not None:
        result.value = _read(root, (), result, environment)
    return result


def _read(node: yaml.Node, path: KeyPath, into: YamlText, environment: Mapping[str, str]) -> Any:
    """Turn one node into a plain value, noting its line and its problems."""
    into.lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        return _read_mapping(node, path, into, environment)
    if isinstance(node, yaml.SequenceNode):
        return [_read(child, (*path, i), into, environment) for i, child in enumerate(node.value)]
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        into.problems.append((path, f"unreadable value {node.value!r}: {error}"))
        return None
    return _substitute(value, path, into, environment) if isinstance(value, str) else value


def _read_mapping(
    node: yaml.MappingNode, path: KeyPath, into: YamlText, environment: Mapping[str, str]
) -> dict[str, Any]:
    """Turn a mapping into a dict; a key written twice is a problem and the first one stands."""
    values: dict[str, Any] = {}
    for key_node, child in node.value:
        key = str(key_node.value)
        line = key_node.start_mark.line + 1
        if key in values:
            first = into.lines[(*path, key)]
            problem = f"key written twice (first on line {first}, again on line {line})"
            into.problems.append(((*path, key), problem))
            continue
        values[key] = _read(child, (*path, key), into, environment)
        into.lines[(*path, key)] = line
    return values


def _substitute(text: str, path: KeyPath, into: YamlText, environment: Mapping[str, str]) -> str:
    """Replace every ``${NAME}``; name those the environment does not have."""

    def value_of(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in environment:
            into.problems.append(
                (path, f"environment variable {name} is not set; export it or write the value")
            )
        return environment.get(name, "")

    return _VARIABLE.sub(value_of, text)
