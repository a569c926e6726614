"""Settings as trees: read from a file of bounded size and depth, and laid on each other."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from features.errors import InputError

MOST_CHARACTERS = 4 * 2**20
MOST_DEEP = 40
"""Lists and mappings in each other; a settings file has five."""
MOST_VALUES = 1_000_000
"""Values of a file, those that ``*name`` repeats counted each time."""


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice, which YAML would silently drop."""


def _unique_mapping(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    keys: set[str] = set()
    for key, _ in node.value:
        if isinstance(key, yaml.ScalarNode):
            if key.value in keys:
                raise yaml.constructor.ConstructorError(None, None, f"key {key.value!r} stands twice", key.start_mark)
            keys.add(key.value)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _unique_mapping)


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``over`` laid on it, section by section."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def parse_yaml(text: str, name: str) -> Any:
    """Return what a text in YAML says.

    Parameters
    ----------
    text : str
        Of at most ``MOST_CHARACTERS``, ``MOST_DEEP`` and ``MOST_VALUES``.
    name : str
        The file, for a message.

    Raises
    ------
    InputError
        If it is no YAML or beyond one of these, if a key stands twice, or a number has too many digits.
    """
    try:
        _check_size(text, name)
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        row = None if mark is None else f"line {mark.line + 1}"
        raise InputError(
            expected="readable YAML", found=error.problem or "something else", table=name, row=row
        ) from None
    except (yaml.YAMLError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(expected="readable YAML", found=" ".join(str(error).split())[:200], table=name) from None


def _check_size(text: str, name: str) -> None:
    """Read the text without building anything, and refuse what would build too much."""
    if len(text) > MOST_CHARACTERS:
        raise _too_much(name, f"{MOST_CHARACTERS:,} characters", f"{len(text):,}")
    values, started, named = 0, list[tuple[str | None, int]](), dict[str, int]()
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            values += named.get(event.anchor or "", 1)
        elif isinstance(event, yaml.NodeEvent):
            values += 1
            if isinstance(event, yaml.CollectionStartEvent):
                started.append((event.anchor, values))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = started.pop()
            if anchor is not None:
                named[anchor] = values - before + 1
        if len(started) > MOST_DEEP:
            raise _too_much(name, f"lists and mappings {MOST_DEEP} deep", "deeper ones")
        if values > MOST_VALUES:
            raise _too_much(name, f"{MOST_VALUES:,} values", "more, repeated ones counted each time")


def _too_much(name: str, most: str, found: str) -> InputError:
    return InputError(expected=f"YAML of at most {most}", found=found, table=name)


def read_text(file: Path) -> str:
    """Return the text of a file that people write: UTF-8, no pipe or device, and not too long.

    Raises
    ------
    InputError
        If it is not that.
    OSError
        If it is not there or must not be read.
    """
    state = file.stat()
    if not stat.S_ISREG(state.st_mode):
        raise InputError(expected="a file", found="a folder, a pipe or a device", table=file.name)
    if state.st_size > 4 * MOST_CHARACTERS:
        raise _too_much(file.name, f"{MOST_CHARACTERS:,} characters", f"{state.st_size:,} bytes")
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InputError(
            expected="text in UTF-8", found="other bytes", table=file.name, hint="Save the file as UTF-8"
        ) from None


def read_yaml(file: Path) -> dict[str, Any]:
    """Read a YAML mapping; a missing or broken file, or a key that stands twice, is an InputError."""
    try:
        tree = parse_yaml(read_text(file), file.name)
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise InputError(expected=f"a file {file.name}", found=problem, hint=f"Looked in {file.parent}") from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise InputError(expected="a YAML mapping", found=type(tree).__name__, table=file.name)
    return tree
