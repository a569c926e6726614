"""Reading a source folder: ``source.yaml``, ``rules.yaml`` and the SQL files, wherever the folder lies."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from features.errors import InputError
from features.source_spec import SourceSpec
from models.rules.points import PointsRules
from pipeline.settings.settings import SOURCE_SECTIONS
from pipeline.settings.yaml_trees import merged, parse_yaml, read_text

TABLES = ("leads", "changes", "events", "stages", "handovers")
"""The tables a source can give; only ``leads`` is required."""

RESERVED_COLUMNS = ("lead_id", "created_at", "account_id")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


@dataclass(frozen=True)
class Source:
    """A source folder as read.

    Parameters
    ----------
    folder : Path
        Where it lies.
    spec : SourceSpec
        ``source.yaml`` with the overrides laid over it; ``spec.split`` holds the source's own split defaults.
    rules : dict or None
        ``rules.yaml`` as written (checked for its form), or None where the source has no points rules.
    sql : dict of str to str
        Text of ``leads.sql``, ``changes.sql``, ``events.sql``, ``stages.sql``,
        ``handovers.sql``, for those that are there.
    """

    folder: Path
    spec: SourceSpec
    rules: dict[str, Any] | None
    sql: dict[str, str]


def read_source(folder: Path, overrides: Mapping[str, Any] | None = None) -> Source:
    """Read and check a source folder.

    Parameters
    ----------
    folder : Path
        Holds ``source.yaml`` and optionally ``rules.yaml`` and SQL files named as the tables.
    overrides : mapping, optional
        From ``--set``; only the sections named in ``SOURCE_SECTIONS`` are used here.

    Raises
    ------
    InputError
        One message on the first thing that is wrong, with file and key.
    """
    if not folder.is_dir():
        raise InputError(expected="a source folder", found=f"no folder {folder}", hint="'leadscore init' writes one")
    tree = merged(read_strict_yaml(folder / "source.yaml"), _of_source(overrides or {}))
    try:
        spec = SourceSpec.model_validate(tree)
    except ValidationError as error:
        raise _as_input_error(error, file="source.yaml") from None
    _check_names(spec)
    return Source(folder, spec, _read_rules(folder / "rules.yaml"), _read_sql(folder))


def _of_source(overrides: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in overrides.items() if key in SOURCE_SECTIONS}


def read_strict_yaml(file: Path) -> dict[str, Any]:
    """Read a YAML mapping; a missing or broken file, or a key that stands twice, is an InputError."""
    try:
        tree = parse_yaml(read_text(file), file.name)
    except FileNotFoundError:
        raise InputError(
            expected=f"a file {file.name}", found=f"none in {file.parent}", hint="'leadscore init' writes one"
        ) from None
    if not isinstance(tree, dict):
        content = "an empty file" if tree is None else type(tree).__name__
        raise InputError(expected="keys and values (a YAML mapping)", found=content, table=file.name)
    return tree


def _as_input_error(error: ValidationError, *, file: str) -> InputError:
    """Turn pydantic's list into one message on the first problem, saying how many more there are."""
    problems = error.errors()
    first = problems[0]
    key = ".".join(str(part) for part in first["loc"] if part != "[key]")
    more = f"; {len(problems) - 1} more after it" if len(problems) > 1 else ""
    hint = None
    if first["type"] == "extra_forbidden":
        expected, content = "only known keys", f"the unknown key {first['loc'][-1]!r}{more}"
        near = nearest(str(first["loc"][-1]), _known_keys(first["loc"]))
        hint = f"Did you mean {near!r}?" if near else None
    elif first["type"] == "missing":
        expected, content = "a value", f"none{more}"
    elif first["type"] == "string_type" and isinstance(first["input"], bool):
        expected, content = "text", f"yes/no{more}"
        hint = "YAML reads yes, no, on and off as true and false: write them in quotes"
    elif first["type"] == "value_error":
        expected, content = "settings that fit together", first["msg"].removeprefix("Value error, ") + more
    else:
        expected, content = first["msg"][:1].lower() + first["msg"][1:], f"{first['input']!r}{more}"
    return InputError(expected=expected, found=content, table=file, column=key or None, hint=hint)


def _known_keys(place: tuple[int | str, ...]) -> list[str]:
    """Return the keys that may stand where an unknown one was found."""
    schema = {**SourceSpec.model_json_schema(by_alias=True), "title": "spec"}
    if len(place) == 1:
        return list(schema["properties"])
    names = {
        "targets": "Target",
        "snapshots": "Snapshots",
        "fit": "FitColumn",
        "events": "EventFamily",
        "files": "FileSpec",
    }
    definition = schema["$defs"].get(names.get(str(place[0]), ""), {})
    return list(definition.get("properties", {}))


def nearest(name: str, names: Iterable[str]) -> str | None:
    """Return the known name that looks most like ``name``, or None."""
    by_lower = {other.lower().replace(" ", "_"): other for other in names}
    close = difflib.get_close_matches(name.lower().replace(" ", "_"), list(by_lower), n=1)
    return by_lower[close[0]] if close else None


def _check_names(spec: SourceSpec) -> None:
    """Names that become parts of feature names must be plain words, and must not be those of our own columns."""
    for section, names in (("fit", spec.fit), ("events", spec.events)):
        for name in names:
            if not _NAME.fullmatch(name):
                raise InputError(
                    expected="a name of letters, digits and underscores, starting with a letter",
                    found=repr(name),
                    table="source.yaml",
                    column=section,
                    hint='Rename it in the SQL: SELECT "Lead Source" AS lead_source' if section == "fit" else None,
                )
    taken = [name for name in spec.fit if name in RESERVED_COLUMNS]
    if taken:
        raise InputError(
            expected="fit columns that tell something about the lead",
            found=f"{taken[0]!r}, which has a meaning of its own",
            table="source.yaml",
            column=f"fit.{taken[0]}",
            hint="Remove it from fit; it is read anyway",
        )


def _read_rules(file: Path) -> dict[str, Any] | None:
    if not file.exists():
        return None
    rules = read_strict_yaml(file)
    try:
        PointsRules.model_validate(rules)
    except ValidationError as error:
        raise _as_input_error(error, file="rules.yaml") from None
    return rules


def _read_sql(folder: Path) -> dict[str, str]:
    texts = {}
    for file in sorted(folder.glob("*.sql")):
        if file.stem not in TABLES:
            near = nearest(file.stem, TABLES)
            raise InputError(
                expected=f"SQL files named {', '.join(f'{table}.sql' for table in TABLES)}",
                found=file.name,
                hint=f"Did you mean {near}.sql?" if near else "Keep other SQL outside the source folder",
            )
        texts[file.stem] = read_text(file)
    return texts
