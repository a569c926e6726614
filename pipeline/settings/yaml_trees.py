"""Settings as trees: read from a file, and laid on each other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from features.errors import InputError


def merged(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with ``over`` laid on it, section by section."""
    result = dict(base)
    for key, value in over.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, Mapping) and isinstance(value, Mapping) else value
    return result


def read_yaml(file: Path) -> dict[str, Any]:
    """Read a YAML mapping; a missing or broken file is an InputError."""
    try:
        tree = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        problem = error.strerror or type(error).__name__
        raise InputError(expected=f"a file {file.name}", found=problem, hint=f"Looked in {file.parent}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        first_line = " ".join(str(error).split())
        raise InputError(expected="readable YAML", found=first_line, table=file.name) from None
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise InputError(expected="a YAML mapping", found=type(tree).__name__, table=file.name)
    return tree
